"""NSG rules as machines take them, and the one list that two NSGs together amount to."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from localazure.machines.machine import WIRE_SERVER, FirewallRule
from localazure.providers.network.rules import DEFAULT_RULES, prefix_of
from localazure.providers.network.service_tags import ENFORCED
from localazure.store.resources import Resource

_ANY = ("*", "any", "0.0.0.0/0", "0.0.0.0")
_TAGS = tuple(tag.lower() for tag in ENFORCED)
# The private addresses of the members of an application security group, by its id.
Members = Callable[[str], list[str]]


def rules_of(group: Resource, members: Members) -> list[FirewallRule]:
    """An NSG's own rules by priority; without those that no packet of these machines can match."""
    rules = []
    for one in group.properties["securityRules"]:
        properties = one["properties"]
        sources, destinations = (_addresses(properties, side, members) for side in ("source", "destination"))
        if sources and destinations:
            rules.append(
                FirewallRule(
                    one["name"], properties["priority"], properties["direction"], properties["access"],
                    properties["protocol"], sources, _ports_of(properties, "source"), destinations,
                    _ports_of(properties, "destination"),
                )
            )  # fmt: skip
    return sorted(rules, key=lambda rule: rule.priority)


def _ports_of(properties: dict[str, Any], side: str) -> tuple[str, ...]:
    return tuple(properties.get(f"{side}PortRanges") or [properties[f"{side}PortRange"]])


def _addresses(properties: dict[str, Any], side: str, members: Members) -> tuple[str, ...]:
    """One side's addresses and enforced tags; none for IPv6 and for services that are not here."""
    groups = properties.get(f"{side}ApplicationSecurityGroups")
    if groups:
        return tuple(dict.fromkeys(address for one in groups for address in members(one["id"])))
    given = properties.get(f"{side}AddressPrefixes") or [properties[f"{side}AddressPrefix"]]
    return tuple(
        prefix_of(one) for one in given if one.lower() in (*_ANY, *_TAGS) or (one[0].isdigit() and ":" not in one)
    )


def defaults() -> list[FirewallRule]:
    """Azure's own rules at the end of every NSG."""
    return [
        FirewallRule(name, priority, direction, access, "*", (source,), ("*",), (destination,), ("*",))
        for name, priority, direction, access, source, destination, _ in DEFAULT_RULES
    ]


def both(first: list[FirewallRule], second: list[FirewallRule], vnet: list[str]) -> list[FirewallRule]:
    """One list that lets through what both lists let through; the first match decides, as in each of them.

    Pairs in lexicographic order: a packet's first match among them is its first match in either list. `vnet` are
    the network's prefixes, for rules that meet at the tags VirtualNetwork and Internet.
    """
    joined: list[FirewallRule] = []
    for direction in ("Inbound", "Outbound"):
        left, right = (
            [rule for rule in [*rules, *defaults()] if rule.direction == direction] for rules in (first, second)
        )
        for one in left:
            if one.access == "Deny":
                joined.append(one)  # whatever the other list says
                continue
            joined.extend(meeting for other in right if (meeting := _meet(one, other, vnet)) is not None)
    return [replace(rule, priority=number) for number, rule in enumerate(joined, 1)]


def _meet(one: FirewallRule, other: FirewallRule, vnet: list[str]) -> FirewallRule | None:
    """The rule for packets that both rules match, with the second one's verdict; None when there are none."""
    protocols = {one.protocol, other.protocol} - {"*"}
    parts = (
        _prefixes(one.source_prefixes, other.source_prefixes, vnet),
        _ports(one.source_ports, other.source_ports),
        _prefixes(one.destination_prefixes, other.destination_prefixes, vnet),
        _ports(one.destination_ports, other.destination_ports),
    )
    if len(protocols) > 1 or not all(parts):
        return None
    name = f"{one.name}+{other.name}"
    return FirewallRule(name, 0, one.direction, other.access, protocols.pop() if protocols else "*", *parts)


def _ports(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    found = []
    for a in map(_range, one):
        for b in map(_range, other):
            low, high = max(a[0], b[0]), min(a[1], b[1])
            if low <= high:
                found.append("*" if (low, high) == (0, 65535) else str(low) if low == high else f"{low}-{high}")
    return tuple(dict.fromkeys(found))


def _range(text: str) -> tuple[int, int]:
    if text == "*":
        return 0, 65535
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def _prefixes(one: tuple[str, ...], other: tuple[str, ...], vnet: list[str]) -> tuple[str, ...]:
    found = [prefix for a in one for b in other for prefix in _common(a, b, vnet)]
    return tuple(dict.fromkeys(found))


def _common(one: str, other: str, vnet: list[str]) -> list[str]:
    """The prefixes that stand for the addresses in both."""
    if one.lower() in _ANY:
        return [other]
    if other.lower() in _ANY or one.lower() == other.lower():
        return [one]
    if one.lower() in _TAGS and other.lower() in _TAGS:
        return []  # no two of these tags share an address
    if other.lower() in _TAGS:
        one, other = other, one
    if one.lower() == "virtualnetwork":
        return [prefix for space in vnet for prefix in _common(space, other, vnet)]
    if one.lower() == "azureloadbalancer":
        return _common(f"{WIRE_SERVER}/32", other, vnet)
    network = ipaddress.ip_network(other, strict=False)
    if one.lower() == "internet":
        inside = network.version == 4 and any(network.subnet_of(ipaddress.ip_network(space)) for space in vnet)  # type: ignore[arg-type]
        return [] if inside else [other]
    against = ipaddress.ip_network(one, strict=False)
    if network.version != against.version or not network.overlaps(against):
        return []
    return [one if against.prefixlen >= network.prefixlen else other]
