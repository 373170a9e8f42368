"""What az's configuration says for dockervm: az config set dockervm.OPTION=VALUE, or AZURE_DOCKERVM_OPTION.

az's own ``configured_default`` reads the section [defaults] only and checks no choices.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Callable
from typing import Any, TypeVar

from azext_dockervm import names, rules
from azext_dockervm.errors import DockerVMError, InvalidValue
from azext_dockervm.printable import printable
from azext_dockervm.shell import typed as command
from azext_dockervm.spec import PROVISIONERS

SECTION = "dockervm"

Value = TypeVar("Value")


def _provisioner(text: str) -> str:
    """In any case, as the parser takes it."""
    found = next((one for one in PROVISIONERS if one == text.lower()), None)
    if found is None:
        raise InvalidValue(f"'{printable(text)}' is none of {', '.join(PROVISIONERS)}.")
    return found


# Option, as the handlers name the argument → how a configured text becomes what the parser would have made of it, and
# a value that shows how it is written.
OPTIONS: dict[str, tuple[Callable[[str], Any], str]] = {
    "provisioner": (_provisioner, PROVISIONERS[0]),
    "docker_port": (rules.parse_port, str(names.DEFAULT_DOCKER_PORT)),
    "cert_dir": (str, names.DEFAULT_CERTIFICATE_FOLDER),
    "size": (rules.check_size, names.DEFAULT_SIZE),
    "image": (rules.check_image, "Ubuntu2404"),
    "sources": (lambda text: list(rules.check_sources([text])), "203.0.113.0/24"),
}


class Settings:
    """The options of ``OPTIONS`` in knack's ``CLIConfig`` (``cmd.cli_ctx.config``): environment first, then the file.

    A configuration of the current folder (``az config set --local``) is not read: a folder of certificates that came
    along with somebody's repository would make that somebody root on every host made there.
    """

    def __init__(self, config: Any) -> None:
        self._config = config

    def resolve(self, option: str, typed: Value | None, builtin: Value) -> Value:
        """``typed`` unless it is None, else what is configured, checked like it, else ``builtin``.

        Raises ``InvalidValue`` that names where the configured value stands. An empty one counts as none, as with az's
        own defaults.
        """
        if typed is not None:
            return typed
        text = self._configured(option)
        if not text:
            return builtin
        parse, _example = OPTIONS[option]
        try:
            return parse(text)
        except DockerVMError as error:
            raise self._error(option, error.message, error.recommendations) from error

    def _configured(self, option: str) -> str | None:
        try:
            return self._config.get(SECTION, option, None)
        except configparser.Error as error:     # a '%' in it, which the file's format wants doubled
            raise self._error(option, f"it can't be read: {printable(str(error))}") from error

    def _error(self, option: str, message: str, more: tuple[str, ...] = ()) -> InvalidValue:
        # A rule speaks of the option that it was written for; here the place is another.
        problem = re.sub(r"^--[a-z-]+: ", "", message)
        more = tuple(one for one in more if one.startswith("az "))
        _parse, example = OPTIONS[option]
        variable = self._config.env_var_name(SECTION, option)
        if variable in os.environ:
            return InvalidValue(f"environment variable {variable}: {problem}",
                                [*more, f"To change it: {variable}={example}", f"To take it away: unset {variable}"])
        change = command(["az", "config", "set", f"{SECTION}.{option}={example}"])
        take_away = command(["az", "config", "unset", f"{SECTION}.{option}"])
        return InvalidValue(f"{SECTION}.{option} in az's configuration: {problem}",
                            [*more, f"To change it: {change}", f"To take it away: {take_away}"])
