"""az inside the test's own process, with this extension as its only commands, so that its requests can be recorded."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

EXTENSION = "azext_dockervm"


@dataclass(frozen=True)
class Finished:
    """A command that has ended: its exit code, what it printed, and the error that az printed."""

    code: int
    stdout: str
    stderr: str
    error: BaseException | None

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    def succeeded(self) -> Finished:
        assert self.code == 0, f"exit code {self.code}\n{self.stderr}"
        return self


def az(folder: Path):
    """A new az whose profile, login and clouds are in a folder (AZURE_CONFIG_DIR), never in the user's ~/.azure."""
    from azure.cli.core import AzCli, MainCommandsLoader
    from azure.cli.core._config import ENV_VAR_PREFIX
    from azure.cli.core._help import AzCliHelp
    from azure.cli.core._output import AzOutputProducer
    from azure.cli.core.azclierror import AzCLIError, ResourceNotFoundError
    from azure.cli.core.azlogging import AzCliLogging
    from azure.cli.core.commands import AzCliCommandInvoker, _load_extension_command_loader
    from azure.cli.core.parser import AzCliCommandParser

    class OnlyThisExtension(MainCommandsLoader):
        """As az loads an extension, without its index of commands and without its own modules."""

        def load_command_table(self, args):
            commands, groups, loader = _load_extension_command_loader(self, args, EXTENSION)
            self.loaders = [loader]
            self.cmd_to_loader_map = {name: [loader] for name in commands}
            self.command_table.update(commands)
            self.command_group_table.update(groups)
            return self.command_table

    class Az(AzCli):
        def exception_handler(self, ex):
            """As az's own, which needs the whole of azure-cli; what is no error of az is the test's to see."""
            if not isinstance(ex, AzCLIError):
                raise ex
            ex.print_error()
            return 3 if isinstance(ex, ResourceNotFoundError) else 1

    return Az(cli_name="az", config_dir=str(folder), config_env_var_prefix=ENV_VAR_PREFIX,
              commands_loader_cls=OnlyThisExtension, invocation_cls=AzCliCommandInvoker,
              parser_cls=AzCliCommandParser, logging_cls=AzCliLogging, output_cls=AzOutputProducer,
              help_cls=AzCliHelp)


@contextlib.contextmanager
def configured_in(folder: Path):
    """az's core reads AZURE_CONFIG_DIR while it is imported, which another test may have done long ago."""
    from azure.cli.core import cloud

    with mock.patch.object(cloud, "GLOBAL_CONFIG_DIR", str(folder)), \
            mock.patch.object(cloud, "CLOUD_CONFIG_FILE", str(folder / "clouds.config")):
        yield


def run(folder: Path, *words: object) -> Finished:
    """Run one command to its end, as ``az WORDS`` does."""
    from azure.cli.core.azclierror import ManualInterrupt

    stdout, stderr = io.StringIO(), io.StringIO()
    with configured_in(folder), _own_log_handlers(), contextlib.redirect_stderr(stderr):
        command = az(folder)
        try:
            code = command.invoke([str(word) for word in words], out_file=stdout)
        except SystemExit as exit_:     # the parser's
            code = int(exit_.code or 0)
    error = command.result.error if command.result else None
    if isinstance(error, (KeyboardInterrupt, ManualInterrupt)):
        raise KeyboardInterrupt     # it was meant for all that runs here
    return Finished(code, stdout.getvalue(), stderr.getvalue(), error)


def rest(folder: Path, method: str, path: str, version: str, body: Any = None) -> Any:
    """One request as ``az rest`` makes it; ``path`` begins after the subscription. None where nothing is there."""
    from azure.cli.core.azclierror import HTTPError
    from azure.cli.core.util import send_raw_request

    url = f"/subscriptions/{{subscriptionId}}{path}?api-version={version}"
    with configured_in(folder):
        try:
            answer = send_raw_request(az(folder), method, url, body=None if body is None else json.dumps(body))
        except HTTPError as error:
            if error.response.status_code == 404:
                return None
            raise
    return answer.json() if answer.text else {}


@contextlib.contextmanager
def _own_log_handlers():
    """az adds handlers that write to the stderr of its moment, once for the process; each run gets its own."""
    loggers = [logging.getLogger(name) for name in (None, "cli", "azure")]
    kept = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers[:] = []
    try:
        yield
    finally:
        for logger, handlers, level, propagate in kept:
            logger.handlers[:], logger.propagate = handlers, propagate
            logger.setLevel(level)
