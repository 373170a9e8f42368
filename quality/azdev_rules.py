"""The rules of azdev's linter, run on the extension alone and without the internet: ``python -m quality.azdev_rules``.

``azdev linter`` wants a checkout of azure-cli beside it and fetches two files as it starts; its rules need neither. So
the extension is loaded as az loads it, and each rule is asked, of every severity.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).parents[1]

# A rule that is not asked → why.
LEFT_OUT = {
    "missing_command_test_coverage": "compares two branches of azure-cli's own repository",
    "missing_parameter_test_coverage": "compares two branches of azure-cli's own repository",
    "missing_command_example": "compares two branches of azure-cli's own repository",
    "broken_site_link_from_command": "asks the site, and tests reach no network",
    "broken_site_link_from_command_group": "asks the site, and tests reach no network",
    "broken_site_link_from_parameter": "asks the site, and tests reach no network",
}
# (rule, what its message must contain) → why it is no finding.
ACCEPTED = {
    ("bad_short_option", "short options: -dp."): "the old `azure vm docker create` has it",
    ("bad_short_option", "short options: -dc."): "the old `azure vm docker create` has it",
    ("option_length_too_long", "'--boot-diagnostics-storage'"): "az vm create has it, under no other name",
}
# What azdev fetches as it is imported: patterns for the rules that compare branches, which are left out.
NO_PATTERNS = ("CMD_PATTERN", "QUO_PATTERN", "END_PATTERN", "DOCS_END_PATTERN", "NOT_END_PATTERN",
               "NUMBER_SIGN_PATTERN")


class _Answer:
    """What stands in for the file on patterns of commands."""

    text = "\n".join(f"{name}: []" for name in NO_PATTERNS)


def findings() -> Iterator[str]:
    """One line a finding: the rule, its severity, and azdev's words."""
    linter, rules = _linter()
    for name, (check, _, severity) in sorted(rules.items()):
        if name in LEFT_OUT:
            continue
        for message, _, _ in sorted(check(), key=str):
            said = " ".join(message.split())
            if not any(rule == name and part in said for rule, part in ACCEPTED):
                yield f"{name} ({severity.name.lower()}): {said}"
    if not linter.commands:
        yield "the extension has no command: nothing was checked"


def _linter() -> tuple[Any, dict[str, Any]]:
    """azdev's linter with the extension's commands, and its rules by name."""
    from knack.help_files import helps

    with mock.patch("requests.get", return_value=_Answer()):
        import azdev.operations.linter.linter as linting
    before = set(helps)
    loader, loaded = _extension()
    import yaml

    manager = linting.LinterManager(
        command_loader=loader, loaded_help=loaded, exclusions={}, min_severity=linting.LinterSeverity.LOW,
        help_file_entries={name: yaml.safe_load(text) for name, text in helps.items() if name not in before})
    rules: dict[str, Any] = {}
    with mock.patch.object(manager, "add_rule", lambda kind, name, check, severity: rules.update(
            {name: (check, kind, severity)})):
        _add_rules(manager)
    return manager.linter, rules


def _add_rules(manager: Any) -> None:
    """As LinterManager.run finds them, without running them."""
    import inspect
    from importlib import import_module
    from pkgutil import iter_modules

    import azdev.operations.linter.rules as folder

    for _, name, _ in iter_modules(folder.__path__):
        for _, function in inspect.getmembers(import_module(f"{folder.__name__}.{name}"), inspect.isfunction):
            if hasattr(function, "linter_rule"):
                function(manager)


def _extension() -> tuple[Any, dict[str, Any]]:
    """az's loader with the extension as its only commands, and its help by command."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests/scenario")]
    import in_process_az
    from azure.cli.core.file_util import create_invoker_and_load_cmds_and_args, get_all_help

    with tempfile.TemporaryDirectory() as folder, in_process_az.configured_in(Path(folder)):
        cli = in_process_az.az(Path(folder))
        cli.commands_loader_cls = _with_arguments_of_all(cli.commands_loader_cls)
        create_invoker_and_load_cmds_and_args(cli)
        loaded = {entry.command: entry for entry in get_all_help(cli) if entry.command}
    return cli.invocation.commands_loader, loaded


def _with_arguments_of_all(loader_class: Any) -> Any:
    """A loader that describes every command's arguments, not only those of the command that was typed."""

    class EveryCommand(loader_class):
        def load_command_table(self, args: Any) -> Any:
            table = super().load_command_table(args)
            for loader in self.loaders:
                loader.skip_applicability = True
            return table

    return EveryCommand


if __name__ == "__main__":
    found = list(findings())
    sys.stdout.writelines(f"{line}\n" for line in found)
    sys.exit(bool(found))
