"""One rule of a network security group, by its properties: whom it is about, and which ports."""

from __future__ import annotations

from collections.abc import Iterable

from azext_dockervm.body.resource import Resource


def is_inbound(rule: Resource) -> bool:
    return bool(rule["direction"].lower() == "inbound")


def allows(rule: Resource) -> bool:
    """Else it denies."""
    return bool(rule["access"].lower() == "allow")


def covers(rule: Resource, port: int, protocol: str = "tcp") -> bool:
    """``protocol`` in lower case."""
    if rule["protocol"].lower() not in ("*", protocol):
        return False
    return any(first <= port <= last for first, last in map(_range, ports(rule)))


def telling_ports(text: str, rules: Iterable[Resource]) -> list[int]:
    """Of a port or a range such as ``1000-2000``: those ports that stand for all of it, since no rule tells one of the
    others from them."""
    first, last = _range(text)
    edges = {edge for rule in rules for begin, end in map(_range, ports(rule)) for edge in (begin, end + 1)}
    return sorted({first, *(edge for edge in edges if first <= edge <= last)})


def ports(rule: Resource) -> list[str]:
    """Such as ``22``, ``1000-2000`` and ``*``."""
    return _all(rule, "destinationPortRange", "destinationPortRanges")


def sources(rule: Resource) -> list[str]:
    """Addresses, networks, service tags and ``*``; none where application security groups stand in their place."""
    return _all(rule, "sourceAddressPrefix", "sourceAddressPrefixes")


def destinations(rule: Resource) -> list[str]:
    """As ``sources``."""
    return _all(rule, "destinationAddressPrefix", "destinationAddressPrefixes")


def destination_groups(rule: Resource) -> frozenset[str]:
    """Ids of application security groups, in lower case."""
    return frozenset(one["id"].lower() for one in rule.get("destinationApplicationSecurityGroups") or ())


def any_source_port(rule: Resource) -> bool:
    """From which port somebody calls is chance."""
    found = _all(rule, "sourcePortRange", "sourcePortRanges")
    return not found or "*" in found or "0-65535" in found


def _range(text: str) -> tuple[int, int]:
    """Both ends; of what is no range, one that holds nothing."""
    if text == "*":
        return 0, 65535
    first, _, last = text.partition("-")
    return (int(first), int(last or first)) if first.isdigit() and (last or first).isdigit() else (0, -1)


def _all(rule: Resource, one: str, several: str) -> list[str]:
    """ARM has each property twice: for one value, and for a list."""
    return [text for text in (rule.get(one), *(rule.get(several) or ())) if text]
