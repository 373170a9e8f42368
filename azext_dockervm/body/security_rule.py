"""One rule of a network security group, by its properties: whom it is about, and which ports."""

from __future__ import annotations

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
    for text in ports(rule):
        first, _, last = text.partition("-")
        if text == "*" or (first.isdigit() and int(first) <= port <= int(last or first)):
            return True
    return False


def ports(rule: Resource) -> list[str]:
    """Such as ``22``, ``1000-2000`` and ``*``."""
    return _all(rule, "destinationPortRange", "destinationPortRanges")


def sources(rule: Resource) -> list[str]:
    """Addresses, networks, service tags and ``*``; none where application security groups stand in their place."""
    return _all(rule, "sourceAddressPrefix", "sourceAddressPrefixes")


def _all(rule: Resource, one: str, several: str) -> list[str]:
    """ARM has each property twice: for one value, and for a list."""
    return [text for text in (rule.get(one), *(rule.get(several) or ())) if text]
