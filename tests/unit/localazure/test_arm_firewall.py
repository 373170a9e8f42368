"""Two NSGs as one list: a packet passes exactly when both would let it pass."""

from __future__ import annotations

import ipaddress
import itertools

import pytest

from localazure.machines.machine import FirewallRule
from localazure.providers.network.firewall import both, defaults

VNET = ["10.0.0.0/16"]


def _rule(priority: int, access: str, source: str = "*", port: str = "*", protocol: str = "*") -> FirewallRule:
    return FirewallRule(f"r{priority}", priority, "Inbound", access, protocol, (source,), ("*",), ("*",), (port,))


def _in(prefixes: tuple[str, ...], address: str) -> bool:
    ip = ipaddress.ip_address(address)
    inside = any(ip in ipaddress.ip_network(one) for one in VNET)
    for prefix in prefixes:
        tag = {
            "*": True,
            "virtualnetwork": inside,
            "internet": not inside,
            "azureloadbalancer": address == "168.63.129.16",
        }
        if tag.get(prefix.lower(), False) or (prefix[0].isdigit() and ip in ipaddress.ip_network(prefix)):
            return True
    return False


def _passes(rules: list[FirewallRule], source: str, port: int, protocol: str) -> bool:
    for rule in rules:
        ports = any(
            one == "*" or int(one.split("-")[0]) <= port <= int(one.split("-")[-1]) for one in rule.destination_ports
        )
        inbound = rule.direction == "Inbound" and rule.protocol in ("*", protocol)
        if inbound and ports and _in(rule.source_prefixes, source) and _in(rule.destination_prefixes, "10.0.0.4"):
            return rule.access == "Allow"
    return False


LISTS = [
    [],
    [_rule(100, "Allow", port="22")],
    [_rule(100, "Allow", port="20-30"), _rule(200, "Deny")],
    [_rule(100, "Deny", source="10.0.0.0/24"), _rule(200, "Allow", source="VirtualNetwork", port="22")],
    [_rule(100, "Allow", source="Internet", port="4243", protocol="Tcp")],
    [_rule(100, "Allow", source="203.0.113.0/24", port="4000-5000"), _rule(300, "Deny", source="Internet")],
    [_rule(100, "Allow", source="*"), _rule(200, "Deny", source="*")],
]
PACKETS = list(
    itertools.product(["10.0.0.9", "10.0.7.9", "203.0.113.5", "8.8.8.8"], [22, 25, 4243, 80], ["Tcp", "Udp"])
)


@pytest.mark.parametrize(("first", "second"), list(itertools.product(range(len(LISTS)), repeat=2)))
def test_the_joined_list_passes_what_both_pass(first: int, second: int) -> None:
    one, other = LISTS[first], LISTS[second]
    joined = both(one, other, VNET)
    assert [rule.priority for rule in joined] == sorted(rule.priority for rule in joined)
    for packet in PACKETS:
        expected = _passes(one + defaults(), *packet) and _passes(other + defaults(), *packet)
        assert _passes(joined, *packet) == expected, packet
