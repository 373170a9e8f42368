"""Shapes: the JSON types that a body must have, checked before a provider reads it."""

from __future__ import annotations

from typing import Any

from localazure.protocol.errors import ArmError, gateway_error

# A shape is a Python type (str, int, bool, dict), a list with the shape of its members, or a dict of named members.
# Members that a shape does not name may hold anything.
Shape = Any
SUB_RESOURCE: Shape = {"id": str}
TAGS: Shape = {}
_NAMES = {str: "string", int: "integer", bool: "boolean", dict: "object"}


def check(value: Any, shape: Shape, path: str = "") -> None:
    """Raise ArmError InvalidRequestContent for the first member of the wrong type. null counts as absent."""
    if value is None:
        return
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise _wrong(path, "object")
        for name, inner in shape.items():
            check(value.get(name), inner, f"{path}.{name}" if path else name)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise _wrong(path, "array")
        for index, member in enumerate(value):
            if member is None:
                raise _wrong(f"{path}[{index}]", "value")
            check(member, shape[0], f"{path}[{index}]")
    elif not isinstance(value, shape) or (shape is int and isinstance(value, bool)):
        raise _wrong(path, _NAMES[shape])


def _wrong(path: str, expected: str) -> ArmError:
    return gateway_error(
        400,
        "InvalidRequestContent",
        f'The request content was invalid and could not be deserialized: \'Error converting value at "{path}": '
        f"{expected} expected'.",
    )


_ENVELOPE = ("location", "tags", "properties")


def with_own_names(body: Any) -> Any:
    """A body in which what Resource Manager reads itself is spelled its way. Clients may write it in any case; of two
    spellings the later one counts."""
    if type(body) is not dict:  # what deployments make of their templates knows more than a dict does
        return body
    return {name.lower() if name.lower() in _ENVELOPE else name: value for name, value in body.items()}


def tags(body: dict[str, Any]) -> dict[str, str] | None:
    """The tags of a body, checked against Azure's limits: 50 a resource, names 512, values 256, no < > % & \\ ? /."""
    value = body.get("tags")
    if value is None:
        return None
    check(value, dict, "tags")
    if len(value) > 50:
        raise gateway_error(400, "TooManyTags", f"The number of tags '{len(value)}' exceeds the maximum allowed: '50'.")
    seen: set[str] = set()
    for name, text in value.items():
        check(text, str, f"tags.{name}")
        if any(sign in "<>%&\\?/" or ord(sign) < 32 or ord(sign) == 127 for sign in name):
            message = f"The tag names '{name}' have reserved characters '<,>,%,&,\\,?,/' or control characters."
            raise gateway_error(400, "InvalidTagNameCharacters", message)
        if not 1 <= len(name.strip()) <= len(name) <= 512:
            message = f"The tag name '{name}' is invalid: it must have 1 to 512 characters."
            raise gateway_error(400, "InvalidTagName", message)
        if len(text or "") > 256:
            raise gateway_error(
                400, "InvalidTagValue", f"The value of tag '{name}' exceeds the maximum of 256 characters."
            )
        if name.lower() in seen:
            message = f"The tag name '{name}' is used more than once; tag names are case-insensitive."
            raise gateway_error(400, "DuplicateTagName", message)
        seen.add(name.lower())
    return {name: text or "" for name, text in value.items()}
