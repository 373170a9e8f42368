"""Reading a body by the model of its type: names, JSON types, values, and what Azure has but Local Azure has not.

Providers read JSON with Newtonsoft's reader: names and the values of enumerations are found without regard to case,
numbers and booleans may come as texts and texts as numbers, and a member that the model does not have is refused.
`read` answers with a copy in the model's own spelling and types, so that providers look at one form only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from localazure.protocol.errors import ArmError, gateway_error

# A model is an Obj, an Enum, a list with the model of its members, str, int, float, bool, dict (an object of any
# members), NotHere, READ_ONLY, or ANY: whatever it holds is left as it is.
Model = Any
ANY: Model = None


class _ReadOnly:
    """What the service fills in itself: clients send it back with what they have read, and it is passed over."""


READ_ONLY = _ReadOnly()


@dataclass(frozen=True)
class NotHere:
    """A member of Azure's that Local Azure has not: refused unless it says nothing. `feature` is for error codes."""

    feature: str
    words: str


@dataclass(frozen=True)
class Enum:
    """A text out of a fixed set; the case of the answer is the model's. `absent` are values that are not here."""

    type: str
    values: tuple[str, ...]
    absent: tuple[str, ...] = ()
    words: NotHere | None = None


@dataclass(frozen=True)
class Obj:
    """An object: the name of its type, for messages, and its members. Of a `loose` one others are passed over."""

    type: str
    members: dict[str, Model]
    loose: bool = False


def obj(type_name: str, words: str = "", **members: Model) -> Obj:
    """An object with members of any value (`words`, separated by spaces) and members with models of their own."""
    return Obj(type_name, {**dict.fromkeys(words.split(), ANY), **members})


def named(words: str, model: Model) -> dict[str, Model]:
    """Members (`words`, separated by spaces) that all have the same model, for `obj(…, **named(…))`."""
    return dict.fromkeys(words.split(), model)


def enum(type_name: str, words: str, absent: str = "", not_here: NotHere | None = None) -> Enum:
    return Enum(type_name, tuple(words.split()), tuple(absent.split()), not_here)


# A reference: only its id counts, whatever a client sends along of what it has read.
REFERENCE = Obj("SubResource", {"id": str}, loose=True)


class Refusals(Protocol):
    """How a provider says no."""

    def unknown(self, type_name: str, name: str, path: str) -> ArmError: ...

    def unreadable(self, message: str, path: str) -> ArmError: ...

    def not_here(self, what: NotHere, path: str) -> ArmError: ...


class FrontDoor:
    """How Resource Manager itself says no, and who has no words of its own."""

    def unknown(self, type_name: str, name: str, path: str) -> ArmError:
        return self.unreadable(f"Could not find member '{name}' on object of type '{type_name}'. Path '{path}'.", path)

    def unreadable(self, message: str, path: str) -> ArmError:
        message = f"The request content was invalid and could not be deserialized: '{message}'."
        return gateway_error(400, "InvalidRequestContent", message)

    def not_here(self, what: NotHere, path: str) -> ArmError:
        return ArmError(400, "BadRequest", f"Local Azure has no {what.words} ({path}).")


FRONT_DOOR = FrontDoor()


def read(value: Any, model: Model, refusals: Refusals, path: str = "") -> Any:
    """The value in the model's spelling and types. Raises ArmError for the first member that can't be read.

    null counts as absent and is left, but not in a list.
    """
    if model is ANY or value is None:
        return value
    if isinstance(model, NotHere):
        if _says_something(value):
            raise refusals.not_here(model, path)
        return value
    if isinstance(model, Enum):
        return _read_enum(value, model, refusals, path)
    if isinstance(model, Obj):
        return _read_object(value, model, refusals, path)
    if isinstance(model, list):
        return _read_list(value, model[0], refusals, path)
    return _read_plain(value, model, refusals, path)


def _says_something(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_says_something(inner) for inner in value.values())
    if isinstance(value, list):
        return bool(value)
    return value not in (None, "", 0, False) and str(value).lower() not in ("false", "none")


def _read_object(value: Any, model: Obj, refusals: Refusals, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unconverted(value, "object", refusals, path)
    known = {name.lower(): name for name in model.members}
    result: dict[str, Any] = {}
    for given, inner in value.items():
        name = known.get(given.lower())
        below = f"{path}.{name or given}" if path else name or given
        if name is None:
            if model.loose:
                continue
            raise refusals.unknown(model.type, given, below)
        if model.members[name] is not READ_ONLY:
            result[name] = read(inner, model.members[name], refusals, below)
    return result


def _read_list(value: Any, model: Model, refusals: Refusals, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise _unconverted(value, "array", refusals, path)
    result = []
    for at, one in enumerate(value):
        if one is None:
            raise _unconverted(one, "value", refusals, f"{path}[{at}]")
        result.append(read(one, model, refusals, f"{path}[{at}]"))
    return result


def _read_enum(value: Any, model: Enum, refusals: Refusals, path: str) -> str:
    if isinstance(value, str):
        for known in model.values:
            if known.lower() == value.lower():
                return known
        if model.words is not None and value.lower() in (one.lower() for one in model.absent):
            raise refusals.not_here(model.words, path)
    raise refusals.unreadable(f"Error converting value \"{value}\" to type '{model.type}'. Path '{path}'.", path)


_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object"}


def _read_plain(value: Any, wanted: type, refusals: Refusals, path: str) -> Any:
    """A value of one of JSON's own types, converted as the service's reader converts. An empty text is null."""
    found: Any = value
    if wanted is bool:
        found = _boolean(value)
    elif wanted in (int, float):
        found = _number(value, wanted)
    elif wanted is str and isinstance(value, (bool, int, float)):
        found = str(value).lower() if isinstance(value, bool) else str(value)
    elif not isinstance(value, wanted):
        raise _unconverted(value, _NAMES[wanted], refusals, path)
    if found is _WRONG:
        raise _unconverted(value, _NAMES[wanted], refusals, path)
    return found


_WRONG = object()


def _boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value != 0
    if isinstance(value, str):
        return {"true": True, "false": False, "": None}.get(value.strip().lower(), _WRONG)
    return _WRONG


def _number(value: Any, wanted: type) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value if wanted is float or isinstance(value, int) else _WRONG
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if re.fullmatch(r"[+-]?\d{1,18}" + (r"(\.\d{1,18})?" if wanted is float else ""), text, re.ASCII):
            return wanted(text)
    return _WRONG


def _unconverted(value: Any, wanted: str, refusals: Refusals, path: str) -> ArmError:
    if isinstance(value, str):
        return refusals.unreadable(f"Could not convert string to {wanted}: {value}. Path '{path}'.", path)
    return refusals.unreadable(f"Error converting value at '{path}': {wanted} expected. Path '{path}'.", path)
