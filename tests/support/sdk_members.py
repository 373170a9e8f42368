"""What an Azure SDK can say of a resource: the members of its models, by their paths on the wire."""

from __future__ import annotations

import enum
import inspect
import sys
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Whose parts these are. Any other resource in a resource is a reference, of which the id counts.
_PARTS = {
    "Subnet": "VirtualNetwork", "SecurityRule": "NetworkSecurityGroup", "Delegation": "Subnet",
    "NetworkInterfaceIPConfiguration": "NetworkInterface",
}  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One member: `properties.subnets[].name` is the name of each element; `kind` is bool, int, …, or an Enum."""

    path: str
    kind: Any
    read_only: bool


def members(model: type) -> Iterator[Member]:
    """The members of a model and of all that is in it."""
    yield from _of_model(model, "", (), False)


def _of_model(model: Any, path: str, outer: tuple[Any, ...], read_only: bool) -> Iterator[Member]:
    types = _types(model)
    for attribute, field in _fields(model).items():
        below = f"{path}.{field._rest_name}" if path else field._rest_name
        fixed = read_only or field._visibility == ["read"]
        yield from _of_value(types.get(attribute, str), below, (*outer, model), fixed)


def _of_value(kind: Any, path: str, outer: tuple[Any, ...], read_only: bool) -> Iterator[Member]:
    kind = _one_of(kind)
    if typing.get_origin(kind) is list:
        yield from _of_value(typing.get_args(kind)[0], f"{path}[]", outer, read_only)
    elif not _is_model(kind):
        yield Member(path, typing.get_origin(kind) or kind, read_only)
    elif read_only:
        yield Member(path, dict, True)
    elif _is_resource(kind) and (len(outer) < 2 or _PARTS.get(kind.__name__) != outer[-2].__name__):
        yield Member(f"{path}.id", str, False)
    else:
        yield from _of_model(kind, path, outer, False)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and kind.__module__.startswith("azure.mgmt") and not issubclass(kind, enum.Enum)


def _is_resource(kind: Any) -> bool:
    return {"id", "properties"} <= {field._rest_name for field in _fields(kind).values()}


def _fields(model: Any) -> dict[str, Any]:
    model.__new__(model)  # the first instance fills the table
    found: dict[str, Any] = model._attr_to_rest_field
    return found


def _types(model: Any) -> dict[str, Any]:
    """The types of a model's attributes, those of its bases too."""
    found: dict[str, Any] = {}
    for one in reversed(model.__mro__):
        own = inspect.get_annotations(one) if one.__module__.startswith("azure.mgmt") else {}
        if own:
            package = sys.modules[one.__module__.rpartition(".")[0]]
            names = {**vars(sys.modules[one.__module__]), "_models": package, "_types": None}
            hints = typing.get_type_hints(one, names)
            found.update({name: hints[name] for name in own})
    return found


def _one_of(kind: Any) -> Any:
    """The type itself of one that may be missing; of an open set of words the words."""
    if typing.get_origin(kind) is not typing.Union:
        return kind
    inner = [one for one in typing.get_args(kind) if one is not type(None)]
    words = [one for one in inner if isinstance(one, type) and issubclass(one, enum.Enum)]
    return _one_of((words or inner)[0])
