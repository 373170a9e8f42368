"""Paths: what a request's path names — type, scope, action — and patterns for it. All comparisons ignore case."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

_METHODS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}


def fits(value: str, pattern: str) -> bool:
    """Whether a text fits a pattern with * and ?; * also spans slashes."""
    return fnmatchcase(value.lower(), pattern.lower())


def fits_any(value: str, patterns: Iterable[str]) -> bool:
    return any(fits(value, pattern) for pattern in patterns)


def _split(path: str) -> tuple[list[str], list[str]]:
    """What is in front of the last `providers`, and what is behind it."""
    parts = [part for part in path.split("/") if part]
    places = [at for at, part in enumerate(parts) if part.lower() == "providers"]
    return (parts[: places[-1]], parts[places[-1] + 1 :]) if places else (parts, [])


def type_of(method: str, path: str) -> str:
    """The resource type that a request is about; groups are Microsoft.Resources/subscriptions/resourceGroups."""
    front, behind = _split(path)
    if method == "POST" and len(behind) % 2 == 0:
        behind = behind[:-1]  # an action's name
    if behind:
        return "/".join((behind[0], *behind[1::2]))
    lowered = [part.lower() for part in front]
    if lowered[:1] == ["subscriptions"]:
        inner = ["resourceGroups", *front[4::2]] if lowered[2:3] == ["resourcegroups"] else front[2::2]
        return "/".join(("Microsoft.Resources/subscriptions", *inner))
    return "/".join(front[:1])


def scope_of(path: str) -> str:
    """The scope that permissions are asked for: the resource, or what a list is taken from."""
    front, behind = _split(path)
    if behind and len(behind) % 2 == 0:
        behind = behind[:-1]  # a list, or an action's name
    if len(behind) > 1:
        return "/" + "/".join((*front, "providers", *behind))
    return "/" + "/".join(front[:-1] if not behind and len(front) % 2 else front)


def action_of(method: str, path: str) -> str:
    """The action that permissions are asked for, like Microsoft.Compute/virtualMachines/start/action."""
    full_type = type_of(method, path)
    word = _METHODS.get(method)
    return f"{full_type}/{word}" if word else f"{full_type}/{path.rstrip('/').rpartition('/')[2]}/action"
