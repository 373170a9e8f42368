"""What makes a function the handler of a command: az reads its options from it, and gets az's errors only."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from azext_dockervm.error_map import az_errors

if TYPE_CHECKING:
    from azext_dockervm.options.arguments import Arguments

Handler = Callable[[Any, "Arguments"], Any]


class _SignatureOnDemand(Signature):
    """For the help of a group az loads every handler in it, but asks for no parameters: then no tables are loaded."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._command = name

    @property
    def parameters(self) -> MappingProxyType[str, Parameter]:
        from azext_dockervm.options.commands import signature

        return signature(self._command).parameters


def command(name: str) -> Callable[[Handler], Callable[..., Any]]:
    """Decorate ``handler(cmd, arguments)``, whose command has its options in ``COMMANDS[name]``; az calls what comes
    of it with ``cmd`` and each option by its name."""
    def decorate(handler: Handler) -> Callable[..., Any]:
        def called_by_az(cmd: Any, **typed: Any) -> Any:
            from azext_dockervm.client import programs
            from azext_dockervm.options.arguments import Arguments

            programs.leave_out_current_folder()
            return _harmless(handler(cmd, Arguments(name, typed, cmd.cli_ctx)))

        called_by_az.__doc__ = handler.__doc__
        # As inspect.signature reads it; mypy knows no such attribute of a function.
        called_by_az.__signature__ = _SignatureOnDemand(name)   # type: ignore[attr-defined]
        return az_errors(called_by_az)
    return decorate


def _harmless(result: Any) -> Any:
    """``--output tsv`` and ``yaml`` print texts as they are, ``json`` all but the first 32 control characters; others
    can write some of these texts. A plan of create keeps the texts of its requests: somebody may deploy them."""
    from azext_dockervm.printable import harmless

    is_plan = isinstance(result, dict) and ("steps" in result or "$schema" in result)
    return harmless(result, keep_lines=is_plan)
