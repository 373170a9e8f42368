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


def count(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise BehaviorError(f"{path}: a whole number from 1 to 1000000 is expected")
    return value


def whole(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1_000_000:
        raise BehaviorError(f"{path}: a whole number from 0 to 1000000 is expected")
    return value


def status(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:
        raise BehaviorError(f"{path}: an HTTP status from 200 to 599 is expected")
    return value


def exit_code(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 255:
        raise BehaviorError(f"{path}: an exit status from 0 to 255 is expected")
    return value


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
