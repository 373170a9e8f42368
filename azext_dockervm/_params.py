"""az's arguments, made of the tables of options; nothing here makes a request while az parses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azext_dockervm.options.option import Option


def load_arguments(loader: Any, command: str) -> None:
    """Of the command that is called; of all where az names none."""
    from azext_dockervm.options.commands import COMMANDS, options_of

    called = command.removeprefix("dockervm ")
    for name in [called] if called in COMMANDS else COMMANDS:
        with loader.argument_context(f"dockervm {name}") as context:
            for option in options_of(name):
                context.argument(option.name, **_settings(option))


def _settings(option: Option) -> dict[str, Any]:
    """As knack takes them; what the signature tells, such as what is a switch, it has from there."""
    from azure.cli.core.commands import parameters

    from azext_dockervm import _completers

    settings = {"options_list": option.words, "help": option.full_help, **option.parser}
    if option.group:
        settings["arg_group"] = option.group
    if option.choices:
        settings["arg_type"] = parameters.get_enum_type(option.choices)
    elif option.read is not str:
        settings["type"] = _type(option)
    if "type" in option.parser:
        settings["arg_type"] = getattr(parameters, settings.pop("type"))
    if "completer" in option.parser:
        settings["completer"] = getattr(_completers, option.parser["completer"])
    return settings


def _type(option: Option) -> Callable[[str], Any]:
    """Refuses a word as az's parser does, which then exits with 2; but that adds three examples of the help, which
    rarely have to do with the option. Here it is one of the option itself."""
    from azext_dockervm.errors import InvalidValue

    def parse(text: str) -> Any:
        try:
            return option.read(text)
        except InvalidValue as error:
            from azure.cli.core.azclierror import InvalidArgumentValueError

            told = InvalidArgumentValueError(f"argument {'/'.join(option.words)}: {error.message}",
                                             list(error.recommendations or option.shown_example))
            told.print_error()
            told.send_telemetry()
            raise SystemExit(2) from error
    return parse
