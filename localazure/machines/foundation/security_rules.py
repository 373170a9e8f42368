"""Security rules as Azure decides by them: which come into question, what their words mean, which ports are open.

By priority, the first match decides, Azure's default rules come last. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence

from localazure.machines.machine import FirewallRule, MachineError

ANY = ("*",)
EVERYWHERE = ("*", "0.0.0.0/0", "any")
_SERVICE_TAG = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)*")


def _default(name: str, priority: int, direction: str, access: str, source: str, destination: str) -> FirewallRule:
    return FirewallRule(name, priority, direction, access, "*", (source,), ANY, (destination,), ANY)


# https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules
DEFAULT_RULES = (
    _default("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    _default("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    _default("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    _default("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    _default("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    _default("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)


def effective_rules(rules: Iterable[FirewallRule] | None, direction: str) -> list[FirewallRule]:
    """The rules of one direction with the default ones behind them.

    Without a security group the same defaults hold: a Standard public address is closed until a rule opens it.
    """
    own = sorted((rule for rule in rules or () if rule.direction == direction), key=lambda rule: rule.priority)
    return [*own, *(rule for rule in DEFAULT_RULES if rule.direction == direction)]


def open_ports(rules: Iterable[FirewallRule] | None, source: str) -> list[tuple[int, int]]:
    """The ranges of TCP ports of the machine that let in the outside address `source`."""
    address = ipaddress.IPv4Address(source)
    relevant = [
        rule
        for rule in effective_rules(rules, "Inbound")
        if rule.protocol.lower() in ("*", "tcp") and _covers_outside(rule.source_prefixes, address)
    ]
    # Decisions change at the edges of ranges only.
    edges = {1, 65536}
    for rule in relevant:
        for first, last in port_ranges(rule.destination_ports):
            edges |= {max(first, 1), min(last, 65535) + 1}
    found: list[tuple[int, int]] = []
    starts = sorted(edges)
    for first, following in zip(starts, starts[1:], strict=False):
        if _decides(relevant, first):
            if found and found[-1][1] == first - 1:
                found[-1] = (found[-1][0], following - 1)
            else:
                found.append((first, following - 1))
    return found


def _decides(rules: Iterable[FirewallRule], port: int) -> bool:
    for rule in rules:
        if any(first <= port <= last for first, last in port_ranges(rule.destination_ports)):
            return rule.access == "Allow"
    return False


def _covers_outside(prefixes: Sequence[str], address: ipaddress.IPv4Address) -> bool:
    for prefix in prefixes:
        if prefix.lower() in (*EVERYWHERE, "internet"):
            return True
        if net := network_of(prefix):
            if address in ipaddress.IPv4Network(net):
                return True
    return False


def network_of(prefix: str) -> str:
    """The prefix in canonical form; "" for IPv6 and for service tags of which there is no address here."""
    if _SERVICE_TAG.fullmatch(prefix):
        return ""
    try:
        network = ipaddress.ip_network(prefix, strict=False)
    except ValueError as error:
        raise MachineError("InvalidRule", f"{prefix!r} is not an address, a prefix or a known service tag") from error
    return str(network) if network.version == 4 else ""


def port_ranges(ports: Sequence[str]) -> list[tuple[int, int]]:
    """ "22", "1000-2000", "*" as first and last port."""
    ranges: list[tuple[int, int]] = []
    for port in ports:
        if port == "*":
            ranges.append((0, 65535))
            continue
        first, _, last = port.partition("-")
        try:
            ranges.append((int(first), int(last or first)))
        except ValueError as error:
            raise MachineError("InvalidRule", f"{port!r} is not a port or a range of ports") from error
    return ranges
