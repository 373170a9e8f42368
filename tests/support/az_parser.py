"""What az makes of typed words: its own parser and validators, for the commands of this extension alone."""

from __future__ import annotations

import functools
import os
import tempfile
from types import SimpleNamespace
from typing import Any
from unittest import mock

_FOLDER = tempfile.TemporaryDirectory(prefix="dockervm-az-")


@functools.cache
def _parser():
    from azure.cli.core.commands import ExtensionCommandSource
    from azure.cli.core.commands.parameters import ignore_type
    from azure.cli.core.mock import DummyCli
    from azure.cli.core.parser import AzCliCommandParser

    from azext_dockervm import COMMAND_LOADER_CLS

    # It stays: az's parser keeps things there when it refuses something.
    with mock.patch.dict(os.environ, AZURE_CONFIG_DIR=_FOLDER.name):
        cli = DummyCli()
        loader = COMMAND_LOADER_CLS(cli_ctx=cli)
        cli.invocation = SimpleNamespace(commands_loader=loader, data={})
        loader.skip_applicability = True
        found = loader.load_command_table([])
        with loader.argument_context("") as context:    # as az's main loader has it
            context.argument("cmd", ignore_type)
        for name, command in found.items():
            command.command_source = ExtensionCommandSource(extension_name="dockervm")
            loader.command_name = name
            loader.load_arguments(name)
            command.load_arguments()
        loader._update_command_definitions()
        loader.cmd_to_loader_map = {name: [loader] for name in found}
        loader.command_table = found
        loader.command_group_table = loader.command_group_table or {}
        parser = AzCliCommandParser(cli)
        parser.load_command_table(loader)
    return parser


def parsed(*words: str) -> dict[str, Any]:
    """``("dockervm", "create", "-g", …)`` → what the handler is called with. ``SystemExit`` with 2 for what az's parser
    refuses, whose words are on stderr."""
    from azext_dockervm.options.commands import options_of

    namespace = _parser().parse_args(list(words))
    for validate in getattr(namespace, "_argument_validators", ()) or ():
        validate(namespace)
    names = [option.name for option in options_of(" ".join(words[1:_options_begin(words)]))]
    return {name: getattr(namespace, name) for name in names if hasattr(namespace, name)}


def _options_begin(words: tuple[str, ...]) -> int:
    return next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
