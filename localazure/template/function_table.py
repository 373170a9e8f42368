"""The table of functions that need nothing but their arguments: how they get into it, are checked and are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localazure.template.budget import LARGEST
from localazure.template.errors import unevaluable
from localazure.template.values import type_name

ANY = "Any"


@dataclass(frozen=True)
class Function:
    """`types` are those of the arguments ("String|Array"); the last one counts for all that follow if `more`."""

    call: Callable[..., Any]
    types: tuple[str, ...]
    least: int
    more: bool = False


PURE: dict[str, Function] = {}


def apply(name: str, arguments: list[Any]) -> Any:
    """Call one of PURE; raises TemplateError for a wrong number or type of arguments."""
    found = PURE[name.lower()]
    _check(name, found, arguments)
    try:
        return found.call(*arguments)
    except (ValueError, OverflowError, IndexError) as error:
        raise unevaluable(name, f"{error}.") from None
    except RecursionError:
        raise unevaluable(name, "the value is nested too deeply.") from None


def _check(name: str, called: Function, arguments: list[Any]) -> None:
    count = len(arguments)
    if count < called.least or (count > len(called.types) and not called.more):
        expected = (
            str(called.least)
            if not called.more and called.least == len(called.types)
            else (f"{called.least} or more" if called.more else f"{called.least} to {len(called.types)}")
        )
        raise unevaluable(name, f"the function expects {expected} arguments and was given {count}.")
    for place, value in enumerate(arguments):
        wanted = called.types[min(place, len(called.types) - 1)]
        if wanted != ANY and type_name(value) not in wanted.split("|"):
            raise unevaluable(
                name,
                f"the argument at position {place + 1} must be of type '{wanted.replace('|', ', ')}', and is of type "
                f"'{type_name(value)}'.",
            )


def function(name: str, *types: str, least: int | None = None, more: bool = False) -> Callable[[Any], Any]:
    """Put what is decorated into PURE; the arguments are those of Function, `least` by default all."""

    def register(call: Any) -> Any:
        PURE[name.lower()] = Function(call, types, len(types) if least is None else least, more)
        return call

    return register


def simple(types: str, functions: dict[str, Callable[..., Any]]) -> None:
    """Put several with the same types of arguments (separated by spaces) into PURE."""
    for name, call in functions.items():
        function(name, *types.split())(call)


def refuse_size(size: int) -> None:
    """Raise ValueError for a text that would be too long to make."""
    if size > LARGEST:
        raise ValueError(f"the result would be longer than {LARGEST} characters")
