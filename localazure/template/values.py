"""JSON values as the expression language sees them: their type names, equality, text, and members without case."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from localazure.template.errors import TemplateError


def type_name(value: Any) -> str:
    """The service's name for a value's type."""
    if value is None:
        return "Null"
    for kind, name in ((bool, "Boolean"), (int, "Integer"), (float, "Float"), (str, "String"), (list, "Array")):
        if isinstance(value, kind):
            return name
    return "Object"


def text(value: Any) -> str:
    """What string() makes of a value."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, (int, float)):
        return str(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def same(first: Any, second: Any) -> bool:
    """Deep equality; true and 1 differ, members of objects are found without case."""
    if type_name(first) != type_name(second):
        return False
    if isinstance(first, list):
        return len(first) == len(second) and all(same(a, b) for a, b in zip(first, second, strict=True))
    if isinstance(first, dict):
        other = {name.lower(): value for name, value in second.items()}
        return len(first) == len(second) and all(
            name.lower() in other and same(value, other[name.lower()]) for name, value in first.items()
        )
    return bool(first == second)


def mark(value: Any) -> Any:
    """What is equal for values that are the same, and can be looked up."""
    if isinstance(value, list):
        return ("Array", *(mark(one) for one in value))
    if isinstance(value, dict):
        return ("Object", frozenset((name.lower(), mark(inner)) for name, inner in value.items()))
    return (type_name(value), value)


def find(names: Iterable[str], wanted: str) -> str | None:
    """The name in its own spelling; case does not matter."""
    lowered = wanted.lower()
    return next((name for name in names if name.lower() == lowered), None)


def member(value: Any, name: str) -> Any:
    """A property of an object; raises TemplateError where there is none."""
    if not isinstance(value, dict):
        raise TemplateError(
            f"The language expression property '{name}' can't be evaluated, property name must be used on an object; "
            f"the value is of type '{type_name(value)}'."
        )
    found = find(value, name)
    if found is None:
        available = ", ".join(value)
        raise TemplateError(
            f"The language expression property '{name}' doesn't exist, available properties are '{available}'."
        )
    return value[found]


def item(value: Any, index: Any) -> Any:
    """An item of an array by its number, or a property of an object by its name; raises TemplateError."""
    if isinstance(value, list) and isinstance(index, int) and not isinstance(index, bool):
        if not 0 <= index < len(value):
            message = f"The language expression property array index '{index}' is out of bounds."
            raise TemplateError(message)
        return value[index]
    if isinstance(value, dict) and isinstance(index, str):
        return member(value, index)
    raise TemplateError(
        f"The language expression property '{text(index)}' can't be evaluated: the value is of type "
        f"'{type_name(value)}'."
    )
