"""A resource as people name it: by its name, which is one of the host's group, or by its whole id, of any group."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Named:
    """``type`` is ARM's, such as Microsoft.Network/virtualNetworks/subnets; ``names`` has one for each of its words but
    the first. ``group`` and ``subscription`` are None where only a name was given: then they are the host's."""

    type: str
    names: tuple[str, ...]
    group: str | None = None
    subscription: str | None = None

    @property
    def name(self) -> str:
        return self.names[-1]

    @property
    def is_id(self) -> bool:
        return self.group is not None

    def group_or(self, group: str) -> str:
        """Where it is, for a host of ``group``."""
        return self.group or group

    def id(self, subscription: str, group: str) -> str:
        """The whole id; the arguments are the host's own. Ids are compared without case."""
        namespace, *words = self.type.split("/")
        path = "/".join(word for pair in zip(words, self.names, strict=True) for word in pair)
        return (f"/subscriptions/{self.subscription or subscription}/resourceGroups/{self.group or group}"
                f"/providers/{namespace}/{path}")

    def means(self, resource_id: str | None, group: str) -> bool:
        """Whether it is the resource with that id, for a host of ``group`` in the subscription of the id."""
        words = (resource_id or "").lower().split("/")
        return len(words) > 2 and self.id(words[2], group).lower() == "/".join(words)

    def __str__(self) -> str:
        """As it was named; a child by the names that lead to it."""
        if self.group is None or self.subscription is None:
            return "/".join(self.names)
        return self.id(self.subscription, self.group)
