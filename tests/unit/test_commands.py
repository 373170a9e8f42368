"""The extension as az loads it: its commands, their arguments, help and tables."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import yaml
from azure.cli.core.mock import DummyCli
from knack.help_files import helps

from azext_dockervm import COMMAND_LOADER_CLS, _completers
from azext_dockervm.options.commands import COMMANDS, options_of
from azext_dockervm.output import tables

HANDLERS = {"dockervm create": "create#create", "dockervm enable": "enable#enable", "dockervm env": "env#env",
            "dockervm info": "info#info", "dockervm list": "hosts#list_hosts", "dockervm show": "hosts#show",
            "dockervm delete": "hosts#delete", "dockervm wait": "hosts#wait",
            "dockervm cert create": "cert#create", "dockervm cert show": "cert#show",
            "dockervm context create": "context#create", "dockervm context list": "context#list_contexts",
            "dockervm context show": "context#show", "dockervm context use": "context#use",
            "dockervm context remove": "context#remove", "dockervm builder create": "builder#create",
            "dockervm builder remove": "builder#remove"}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Name → command, its arguments as az's parser gets them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AZURE_CONFIG_DIR", str(tmp_path_factory.mktemp("azure")))
        loader = COMMAND_LOADER_CLS(cli_ctx=DummyCli())
        loader.cli_ctx.invocation = SimpleNamespace(commands_loader=loader)
        loader.skip_applicability = True        # az asks for one command only, and its arguments
        found = loader.load_command_table([])
        for name, command in found.items():
            loader.command_name = name
            loader.load_arguments(name)
            command.load_arguments()
        loader._update_command_definitions()
        return found


def settings(loaded, command, argument):
    return loaded[f"dockervm {command}"].arguments[argument].type.settings


def test_az_finds_each_command_and_its_handler(loaded):
    assert {name: command.command_kwargs["command_operation"].op_path for name, command in loaded.items()} == {
        name: f"azext_dockervm.handlers.{handler}" for name, handler in HANDLERS.items()}


def test_each_command_and_group_has_its_help_with_examples():
    assert set(HANDLERS) | {"dockervm", "dockervm cert", "dockervm context", "dockervm builder"} <= set(helps)
    assert all("examples:" in helps[name] for name in HANDLERS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_is_an_argument_with_its_words_and_help(loaded, command):
    from azext_dockervm.options.commands import options_of

    for option in options_of(command):
        found = settings(loaded, command, option.name)
        assert (found["options_list"], found["help"]) == (option.words, option.full_help)
        assert found.get("arg_group") == option.group


COMPLETERS = {
    "create": {
        "location": "regions", "image": "image_names", "arch": "architectures", "security_type": "security_types",
        "nsg": "security_groups", "asgs": "application_groups", "vnet_name": "virtual_networks",
        "public_ip_address": "public_addresses", "nics": "network_interfaces", "attach_data_disks": "disks",
        "docker_disk": "disks", "os_disk_encryption_set": "encryption_sets", "availability_set": "availability_sets",
        "proximity_placement_group": "proximity_groups", "assign_identity": "identities", "ssh_key_name": "ssh_keys",
        "auto_shutdown_time_zone": "time_zones", "ssh_key_values": "files", "user_data": "files",
        "custom_data": "files", "daemon_json": "files", "compose_file": "files", "compose_env_file": "files",
        "timeline": "files"},
    "info": {"vm_name": "host_names"}, "enable": {"vm_name": "host_names"},
    "context use": {"context_name": "context_names"}}


@pytest.mark.parametrize(("command", "argument", "completer"), [
    (command, *one) for command, found in COMPLETERS.items() for one in found.items()])
def test_tab_offers_what_the_option_says(loaded, command, argument, completer):
    assert settings(loaded, command, argument)["completer"] is getattr(_completers, completer)


def test_each_option_of_create_that_tab_helps_with_is_above():
    assert {option.name for option in options_of("create") if "completer" in option.parser} == set(
        COMPLETERS["create"])


def test_what_names_something_of_azure_s_that_is_there_is_offered():
    told = ("Name or id of", "Name or resource id of", "by name or resource id", "by names or ids",
            "ids of those that are there")
    found = {option.name for option in options_of("create") if any(word in option.help for word in told)}
    assert len(found) > 5 and found - set(COMPLETERS["create"]) <= {"subnet"}, "a subnet is none of a group's resources"


@pytest.mark.parametrize(("option", "text", "message", "example"), [
    ("docker_port", "70000", "argument --docker-port/-dp: '70000' is not a valid port; use a number from 1 to 65535.",
     "--docker-port 2376"),
    ("ssh_port", "abc", "argument --ssh-port/-e: 'abc' is not a valid port", "--ssh-port 2222"),
    ("max_price", "much", "argument --max-price: 'much'", "--max-price 0.05"),
    ("sources", "", "argument --source-address-prefixes/--sources: the value is empty",
     "--source-address-prefixes 203.0.113.0/24")])
def test_a_wrong_word_is_refused_while_az_parses_with_one_example_of_its_option(
        loaded, capsys, caplog, option, text, message, example):
    found = settings(loaded, "create", option)["type"]
    with pytest.raises(SystemExit) as ended:
        found(text)
    assert ended.value.code == 2 and message in caplog.text
    assert capsys.readouterr().err.strip() == f"For example: {example}"


def test_a_right_word_is_taken_while_az_parses(loaded):
    assert settings(loaded, "create", "docker_port")["type"]("2376") == 2376


def test_each_example_is_one_command_as_az_s_parser_shows_it_on_one_line():
    for name, text in helps.items():
        for one in yaml.safe_load(text).get("examples", ()):
            if name == "dockervm create":
                assert one["text"].count("az dockervm ") == 1, f"{name}: {one['text']}"


def test_one_of_several_values_is_taken_in_any_case(loaded):
    found = settings(loaded, "create", "provisioner")
    assert list(found["choices"]) == ["auto", "docker-extension", "cloud-init", "run-command"]
    assert "AUTO" in found["choices"] and "magic" not in found["choices"]


def test_text_is_left_to_az(loaded):
    assert settings(loaded, "create", "size").get("type") in (None, str)


@pytest.mark.parametrize(("name", "row"), [
    ("dockervm create", "host_row"), ("dockervm enable", "host_row"), ("dockervm info", "info_row"),
    ("dockervm list", "noted_rows"), ("dockervm show", "noted_rows"),
    ("dockervm cert create", "certificates_rows"), ("dockervm cert show", "certificates_rows"),
    *((f"dockervm context {verb}", "context_rows") for verb in ("create", "list", "show", "use")),
    ("dockervm builder create", "builder_rows")])
def test_each_result_has_its_table(loaded, monkeypatch, name, row):
    monkeypatch.setattr(tables, row, lambda result: f"{row} of {result}")
    assert loaded[name].table_transformer("it") == f"{row} of it"


def test_what_only_shows_is_a_show_command_of_az_s(loaded):
    from azure.cli.core.commands.command_operation import ShowCommandOperation

    shows = [name for name, command in loaded.items()
             if isinstance(command.command_kwargs["command_operation"], ShowCommandOperation)]
    assert shows == ["dockervm info", "dockervm show", "dockervm cert show", "dockervm context show"]


def test_create_says_why_it_always_waits(loaded):
    from azext_dockervm.options.commands import options_of

    assert "There is no --no-wait: the server's certificate is signed here" in helps["dockervm create"]
    assert not [option.name for option in options_of("create") if "--no-wait" in option.words]
    assert "no_wait" not in loaded["dockervm create"].arguments


def test_each_group_of_create_s_options_has_an_example():
    said = set(helps["dockervm create"].partition("examples:")[2].split())
    shown = {option.group for option in options_of("create") if said & set(option.words)}
    assert {option.group for option in options_of("create")} == shown


def test_each_option_of_create_has_a_text_of_its_own():
    from azext_dockervm.options.commands import options_of

    texts = [option.help for option in options_of("create")]
    assert len(set(texts)) == len(texts) and all(text[0].isupper() and text.endswith((".", "'")) for text in texts)
