"""Checked values: what a member of behavior.json may hold. Messages name the member and never repeat its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Reader = Callable[[Any, str], Any]


class BehaviorError(Exception):
    """behavior.json is not what it must be; the message names the member."""


def text(value: Any, path: str) -> str:
    if not isinstance(value, str) or not value:
        raise BehaviorError(f"{path}: a text that is not empty is expected")
    return value


def number(value: Any, path: str) -> float:
    """A number from 0 to a day in seconds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 86400:
        raise BehaviorError(f"{path}: a number from 0 to 86400 is expected")
    return float(value)


def integers(low: int, high: int, what: str = "a whole number") -> Reader:
    """Whole numbers from `low` to `high`, called `what` where something else stands in their place."""

    def read(value: Any, path: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise BehaviorError(f"{path}: {what} from {low} to {high} is expected")
        return value

    return read


count = integers(1, 1_000_000)
whole = integers(0, 1_000_000)
status = integers(200, 599, "an HTTP status")
exit_code = integers(0, 255, "an exit status")


def boolean(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise BehaviorError(f"{path}: true or false is expected")
    return value


def switch(value: Any, path: str) -> bool | None:
    """true, false, or null for the default."""
    return None if value is None else boolean(value, path)


def header_value(value: Any, path: str) -> str | None:
    """What a header says: a text, a whole number, or null for "not sent"."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.isprintable():
        return value
    raise BehaviorError(f"{path}: a text, a whole number or null is expected")


def obj(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BehaviorError(f"{path}: an object is expected")
    return value


def array(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise BehaviorError(f"{path}: an array is expected")
    return value


def texts(value: Any, path: str) -> dict[str, str]:
    """An object of texts, with names in lower case."""
    return {name.lower(): text(inner, f"{path}.{name}") for name, inner in obj(value, path).items()}


def words(value: Any, path: str) -> tuple[str, ...]:
    """One text or an array of them."""
    if isinstance(value, list) and value:
        return tuple(text(one, f"{path}[{at}]") for at, one in enumerate(value))
    return (text(value, path),)


def one_of(*choices: str) -> Reader:
    def read(value: Any, path: str) -> str:
        if not isinstance(value, str) or value not in choices:
            raise BehaviorError(f"{path}: one of {', '.join(choices)} is expected")
        return value

    return read


def members(value: Any, path: str, readers: Mapping[str, Reader], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """An object with these members and no others; returns those that are there, read."""
    given = obj(value, path)
    for name in given:
        if name not in readers:
            known = ", ".join(sorted(readers))
            raise BehaviorError(f"{_joined(path, name)}: there is no such member; known are {known}")
    for name in required:
        if name not in given:
            raise BehaviorError(f"{_joined(path, name)}: this member is required")
    return {name: readers[name](inner, _joined(path, name)) for name, inner in given.items()}


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
