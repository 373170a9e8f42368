"""An exit code beside a result: az prints the result first, whatever --output and --query make of it; and no result."""

from __future__ import annotations

import io

import pytest
from knack import CLI
from knack.arguments import ArgumentsContext
from knack.commands import CLICommandsLoader, CommandGroup

from azext_dockervm.output import exit_code


def look(cmd, code):
    """The handler of the command; with code 0 as of several --ids that have no results."""
    if code == 9:
        exit_code.print_nothing(cmd.cli_ctx)
        return [None, None]
    if code:
        exit_code.end_with(cmd.cli_ctx, code)
    return {"reachable": not code}


class Commands(CLICommandsLoader):
    """``host look``, as an extension's command: it ends with the code that it is told."""

    def load_command_table(self, args):
        with CommandGroup(self, "host", f"{__name__}#{{}}") as group:
            group.command("look", "look")
        return super().load_command_table(args)

    def load_arguments(self, command):
        with ArgumentsContext(self, "host look") as arguments:
            arguments.argument("cmd", default=self)
            arguments.argument("code", type=int)
        super().load_arguments(command)


@pytest.fixture(name="run")
def knack_command(tmp_path):
    """run(words) → exit code and standard output of a command of knack, on which az stands."""
    def run(*words):
        shown = io.StringIO()
        cli = CLI("test", config_dir=str(tmp_path), config_env_var_prefix="TEST", commands_loader_cls=Commands)
        try:
            code = cli.invoke(["host", "look", *words], out_file=shown)
        except SystemExit as ended:
            code = ended.code
        return code, shown.getvalue()

    return run


@pytest.mark.parametrize(("options", "shown"), [((), '{\n  "reachable": false\n}\n'), (("-o", "none"), ""),
                                                (("--query", "reachable", "-o", "tsv"), "false\n")])
def test_the_result_is_printed_before_az_ends_with_the_code(run, options, shown):
    assert run("--code", str(exit_code.UNREACHABLE), *options) == (4, shown), "a code that is none of az's own"


def test_another_command_ends_as_ever(run):
    assert run("--code", "0") == (0, '{\n  "reachable": true\n}\n')


@pytest.mark.parametrize("options", [(), ("-o", "table"), ("--query", "[0]")])
def test_several_commands_without_results_print_nothing(run, options):
    assert run("--code", "9", *options) == (0, "")
