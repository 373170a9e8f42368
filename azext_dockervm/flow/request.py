"""A write as data: what goes to the service, with leaves for what is not known yet and for what must not be shown.

Who prints it and who sends it read the same tree, each with an encoder of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from azext_dockervm.secret import REDACTED, Secret


@dataclass(frozen=True, init=False)
class Ref:
    """A leaf that another step's result will fill: ``Ref("public_ip", "id")``, ``Ref("certificate", via=encoded)``.

    ``path`` leads through keys, indices and attributes; ``via`` makes the value of what is found there.
    """

    step: str
    path: tuple[str | int, ...]
    via: Callable[[Any], Any] | None

    def __init__(self, step: str, *path: str | int, via: Callable[[Any], Any] | None = None) -> None:
        object.__setattr__(self, "step", step)
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "via", via)

    def __str__(self) -> str:
        way = ".".join(map(str, (self.step, *self.path)))
        return f"<{way}: {self.via.__name__.replace('_', ' ')}>" if self.via else f"<{way}>"

    def value(self, results: Mapping[str, Any]) -> Any:
        found = results[self.step]
        for part in self.path:
            found = getattr(found, part) if isinstance(part, str) and not isinstance(found, Mapping) else found[part]
        return self.via(found) if self.via else found


@dataclass(frozen=True)
class Request:
    """``kind`` is the type of the resource, such as Microsoft.Network/networkSecurityGroups; ``names`` has its name,
    for a child after its parent's. ``force``: a VM is deleted without being shut down first."""

    method: str
    kind: str
    group: str
    names: tuple[str, ...]
    body: Any = None
    force: bool = False

    @property
    def name(self) -> str:
        return "/".join(self.names)

    def resolved(self, results: Mapping[str, Any]) -> Request:
        """The request as it can be sent: no ``Ref`` is left in it; secrets still are what they are."""
        return replace(self, body=resolved(self.body, results))

    def printed(self) -> dict[str, Any]:
        """What a person may read before it is sent: plain JSON."""
        shown: dict[str, Any] = {"method": self.method, "type": self.kind, "name": self.name}
        if self.force:
            shown["forceDeletion"] = True
        return shown if self.body is None else {**shown, "body": printed(self.body)}


def refs(tree: Any) -> set[str]:
    """The keys of the steps that the tree waits for."""
    return {leaf.step for leaf in _leaves(tree) if isinstance(leaf, Ref)}


def resolved(tree: Any, results: Mapping[str, Any]) -> Any:
    return _mapped(tree, lambda leaf: leaf.value(results) if isinstance(leaf, Ref) else leaf)


def printed(tree: Any) -> Any:
    """Plain JSON: secrets redacted, what is not known yet in angle brackets."""
    def shown(leaf: Any) -> Any:
        if isinstance(leaf, Secret):
            return REDACTED
        return str(leaf) if isinstance(leaf, Ref) else leaf

    return _mapped(tree, shown)


def to_bytes(tree: Any) -> bytes:
    """JSON as it goes over the wire: the one place where secrets of a body are revealed."""
    def revealed(leaf: Any) -> str:
        if not isinstance(leaf, Secret):
            raise TypeError(f"{type(leaf).__name__} in a request's body")
        value = leaf.reveal()
        return value if isinstance(value, str) else value.decode()

    return json.dumps(tree, default=revealed).encode()


def _mapped(tree: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(tree, Mapping):
        return {key: _mapped(value, change) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_mapped(value, change) for value in tree]
    return change(tree)


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, Mapping):
        for value in tree.values():
            yield from _leaves(value)
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            yield from _leaves(value)
    else:
        yield tree
