"""What az's configuration says for dockervm: az config set dockervm.OPTION=VALUE, or AZURE_DOCKERVM_OPTION.

az's own ``configured_default`` reads the section [defaults] only and checks no choices.
"""

from __future__ import annotations

import configparser
import os
from typing import Any

from azext_dockervm.advice import option_values
from azext_dockervm.errors import DockerVMError, InvalidValue
from azext_dockervm.options.option import Option
from azext_dockervm.printable import printable

SECTION = "dockervm"


class Configuration:
    """Of knack's ``CLIConfig`` (``cmd.cli_ctx.config``): the environment first, then the file.

    A configuration of the current folder (``az config set --local``) is not read: a folder of certificates that came
    along with somebody's repository would make that somebody root on every host made there.
    """

    def __init__(self, config: Any) -> None:
        self._config = config

    def value(self, option: Option, typed: Any) -> Any:
        """``typed`` unless it is None, else what is configured, else the default; checked, as the spec takes it.

        Raises ``InvalidValue`` that names the option, or where the configured value stands. An empty one counts as
        none, as with az's own defaults.
        """
        if typed is not None:
            return option.checked(typed)
        text = self._text(option) if option.example else None
        if not text:
            return option.default_value()
        try:
            return option.of_text(text)
        except DockerVMError as error:
            raise self._error(option, error.message, error.recommendations) from error

    def _text(self, option: Option) -> str | None:
        try:
            text: str | None = self._config.get(SECTION, option.name, None)
            return text
        except configparser.Error as error:     # a '%' in it, which the file's format wants doubled
            raise self._error(option, f"it can't be read: {printable(str(error))}") from error

    def _error(self, option: Option, problem: str, more: tuple[str, ...] = ()) -> InvalidValue:
        # Of what is to be typed, words of the command line don't help here.
        more = tuple(one for one in more if one.startswith("az "))
        variable = self._config.env_var_name(SECTION, option.name)
        if variable in os.environ:
            return InvalidValue(f"environment variable {variable}: {problem}", [
                *more, option_values.change_variable(variable, option.example),
                option_values.remove_variable(variable)])
        name = f"{SECTION}.{option.name}"
        return InvalidValue(f"{name} in az's configuration: {problem}", [
            *more, f"To change it: {option_values.configure(name, option.example)}",
            f"To remove it: {option_values.unconfigure(name)}"])
