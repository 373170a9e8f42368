"""What holds for every option of every command, and the arguments that az makes of them."""

from __future__ import annotations

import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.handlers import builder, cert, context, create, enable, env, hosts, info
from azext_dockervm.options.commands import COMMANDS, option_of, options_of
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.words import PROVISIONERS

HANDLERS = {"create": create.create, "enable": enable.enable, "env": env.env, "info": info.info,
            "list": hosts.list_hosts, "show": hosts.show, "delete": hosts.delete, "wait": hosts.wait,
            "cert create": cert.create, "cert show": cert.show,
            "context create": context.create, "context list": context.list_contexts, "context show": context.show,
            "context use": context.use, "context remove": context.remove, "builder create": builder.create,
            "builder remove": builder.remove}
EVERY = [pytest.param(option, id=f"{command} {option.words[0]}") for command in COMMANDS
         for option in options_of(command)]


def at(spec: HostSpec, place: str):
    for name in place.split("."):
        spec = getattr(spec, name)
    return spec


@pytest.mark.parametrize("command", COMMANDS)
def test_names_and_words_are_each_said_once(command):
    options = options_of(command)
    names, words = [option.name for option in options], [word for option in options for word in option.words]
    assert len(set(names)) == len(names) and len(set(words)) == len(words)


@pytest.mark.parametrize("option", EVERY)
def test_a_default_is_what_the_spec_has_of_itself(option):
    """So that a host of which only the name is said is the same for every reader."""
    if option.place and not option.required and option.default is not None and option.name != "admin_username":
        assert option.default_value() == at(HostSpec("g", "n"), option.place)


@pytest.mark.parametrize("option", EVERY)
def test_an_option_s_place_is_one_of_the_spec(option):
    if option.place:
        at(HostSpec("g", "n"), option.place)


@pytest.mark.parametrize("option", EVERY)
def test_the_example_of_a_configured_value_is_itself_taken_and_not_the_default(option):
    if option.example:
        assert option.of_text(option.example) != option.default_value()


@pytest.mark.parametrize("option", EVERY)
def test_what_an_option_excludes_or_can_t_be_had_with_exists(option):
    for other in option.excludes:
        assert option_of("create", other).name not in option_of("create", other).excludes
    assert {gap.provisioner for gap in option.gaps} <= set(PROVISIONERS)


@pytest.mark.parametrize("option", EVERY)
def test_a_help_text_is_a_sentence(option):
    assert option.help[0].isupper() and option.help.endswith(".")
    assert not option.told_default.endswith(".")


@pytest.mark.parametrize("text", ["West US", "westus", " WestUS"])
def test_a_region_is_read_in_any_case_and_with_spaces(text):
    assert option_of("create", "location").read(text) == "westus"
    with pytest.raises(InvalidValue, match="the value is empty"):
        option_of("create", "location").read(" ")


def test_every_command_has_a_handler_of_which_az_learns_its_options():
    assert HANDLERS.keys() == COMMANDS.keys()
    for command, handler in HANDLERS.items():
        assert list(signature(handler).parameters) == ["cmd", *(option.name for option in options_of(command))]


@pytest.mark.parametrize(("command", "switches"), [
    ("create", {"apply", "generate_ssh_keys", "open", "validate"}), ("enable", {"replace_trust", "yes"}),
    ("env", {"unset", "no_proxy", "testcontainers"}), ("info", set()), ("list", {"check"}),
    ("show", set()), ("delete", {"no_wait", "yes"}), ("wait", set()),
    ("cert create", {"force", "yes"}), ("cert show", set()), ("context create", {"use"}),
    ("context remove", {"force", "yes"}), ("context use", set()), ("builder create", set())])
def test_what_is_a_switch_is_off_until_it_is_typed(command, switches):
    assert {option.name for option in options_of(command) if option.is_switch} == switches
    assert {option_of(command, name).default_value() for name in switches} <= {False}


def test_required_options_have_no_default_and_switches_a_bool():
    parameters = signature(HANDLERS["create"]).parameters
    assert {name for name, one in parameters.items() if one.default is one.empty} == {
        "cmd", "resource_group_name", "vm_name"}
    assert {name for name, one in parameters.items() if one.default is False} == {
        "apply", "generate_ssh_keys", "open", "validate"}
    # What is typed and equals the default is still typed: az may not put the default there.
    assert {str(one.default) for one in parameters.values() if one.default is not one.empty} == {"None", "False"}


def test_the_tables_load_no_module_of_az_s():
    program = ("import sys, azext_dockervm.options.commands as commands\n"
               "[commands.signature(name) for name in commands.COMMANDS]\n"
               "print([name for name in sys.modules if name.split('.')[0] in "
               "('azure', 'knack', 'docker', 'cryptography', 'requests', 'argparse')])")
    # azext_dockervm/__init__ is az's loader: a package that stands in for it is what counts here.
    stand_in = ("import sys, types; package = types.ModuleType('azext_dockervm'); "
                "package.__path__ = ['azext_dockervm']; sys.modules['azext_dockervm'] = package\n")
    done = subprocess.run([sys.executable, "-c", stand_in + program], cwd=Path(__file__).parents[3],
                          capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
