"""Resource ids: taking them apart, putting them together, comparing them without case, and short stable forms."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from localazure.protocol.errors import gateway_error


@dataclass(frozen=True)
class ResourceId:
    """One resource below a group: `types` and `names` run in parallel, parents first."""

    subscription: str
    group: str
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def type(self) -> str:
        """Like Microsoft.Compute/virtualMachines/extensions."""
        return "/".join((self.namespace, *self.types))

    @property
    def name(self) -> str:
        return self.names[-1]

    @property
    def parent(self) -> ResourceId | None:
        if len(self.names) == 1:
            return None
        return ResourceId(self.subscription, self.group, self.namespace, self.types[:-1], self.names[:-1])

    def child(self, type_name: str, name: str) -> ResourceId:
        return ResourceId(self.subscription, self.group, self.namespace, (*self.types, type_name), (*self.names, name))

    def __str__(self) -> str:
        pairs = "/".join(f"{t}/{n}" for t, n in zip(self.types, self.names, strict=True))
        return f"{group_id(self.subscription, self.group)}/providers/{self.namespace}/{pairs}"


def group_id(subscription: str, group: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def resource_id(subscription: str, group: str, full_type: str, *names: str) -> ResourceId:
    """`full_type` like Microsoft.Network/virtualNetworks/subnets, with one name for each of its parts."""
    namespace, *types = full_type.split("/")
    return ResourceId(subscription, group, namespace, tuple(types), tuple(names))


def parse(text: str, path: str = "id") -> ResourceId:
    """Take an id apart; `path` names the property that holds it. Raises ArmError LinkedInvalidPropertyId."""
    parts = text.split("/") if isinstance(text, str) else []
    well_formed = (
        len(parts) >= 9
        and len(parts) % 2 == 1
        and all(parts[1:])
        and (parts[1].lower(), parts[3].lower(), parts[5].lower()) == ("subscriptions", "resourcegroups", "providers")
    )
    if not well_formed:
        raise gateway_error(
            400,
            "LinkedInvalidPropertyId",
            f"Property id '{text}' at path '{path}' is invalid. Expect fully qualified resource Id that start with "
            "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
        )
    return ResourceId(parts[2], parts[4], parts[6], tuple(parts[7::2]), tuple(parts[8::2]))


def key(identifier: ResourceId | str) -> str:
    """The form in which ids are compared: Azure ignores case."""
    return str(identifier).lower()


def named_in(value: Any) -> Iterator[str]:
    """Every id named anywhere in a body: members called `id` whose value looks like one."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "id" and isinstance(inner, str) and inner.lower().startswith("/subscriptions/"):
                yield inner
            else:
                yield from named_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from named_in(inner)


def short_id(identifier: ResourceId | str) -> str:
    """Eight hexadecimal digits, stable for an id: names machines and networks on this computer."""
    return hashlib.sha256(key(identifier).encode()).hexdigest()[:8]
