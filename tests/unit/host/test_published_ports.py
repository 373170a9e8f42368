"""Which published ports of containers a security group keeps closed."""

from __future__ import annotations

import pytest

from azext_dockervm.host.published_ports import closed_ports


def container(*ports: tuple) -> dict:
    """As Docker's API lists it; a port is (address, host's port, protocol), the second None when not published."""
    return {"Id": "c", "Ports": [{"PrivatePort": 80, "Type": kind, **({"IP": address, "PublicPort": public}
                                                                      if public else {})}
                                 for address, public, kind in ports]}


def rule(priority: int, ports: str | list[str], access: str = "Allow", source: str | list[str] = "*",
         protocol: str = "Tcp", direction: str = "Inbound") -> dict:
    properties = {"priority": priority, "access": access, "protocol": protocol, "direction": direction,
                  "sourcePortRange": "*", "destinationAddressPrefix": "*",
                  "destinationPortRanges": [], "sourceAddressPrefixes": []}
    properties["destinationPortRange" if isinstance(ports, str) else "destinationPortRanges"] = ports
    properties["sourceAddressPrefix" if isinstance(source, str) else "sourceAddressPrefixes"] = source
    return {"name": f"rule{priority}", "properties": properties}


DEFAULTS = [rule(65000, "*", source="VirtualNetwork", protocol="*"),
            rule(65001, "*", source="AzureLoadBalancer", protocol="*"),
            rule(65500, "*", access="Deny", protocol="*")]
HOST = [rule(1000, "4243"), *DEFAULTS]
WEB = [container(("0.0.0.0", 80, "tcp"), ("::", 80, "tcp"))]


def test_a_port_that_only_docker_publishes_is_closed():
    assert closed_ports(WEB, HOST) == [(80, "tcp")]


@pytest.mark.parametrize("opened", [
    rule(900, "80"), rule(900, "*"), rule(900, "70-90"), rule(900, ["443", "79-80"]), rule(900, "80", protocol="*"),
    rule(900, "80", source="203.0.113.7"), rule(900, "80", source=["203.0.113.0/24", "198.51.100.1"]),
    rule(900, "80", source="Internet"), rule(900, "80", access="allow", protocol="TCP", direction="inbound"),
], ids=lambda one: str(one["properties"]["destinationPortRange" if "destinationPortRange" in one["properties"]
                                        else "destinationPortRanges"]))
def test_a_rule_from_outside_opens_it(opened):
    assert closed_ports(WEB, [opened, *HOST]) == []


@pytest.mark.parametrize("useless", [
    rule(900, "81"), rule(900, "81-90"), rule(900, ["8", "800"]), rule(900, "80", protocol="Udp"),
    rule(900, "80", direction="Outbound"), rule(900, "80", source="VirtualNetwork"),
    rule(900, "80", source="AzureLoadBalancer"), rule(900, "80", access="Deny"), rule(900, "80", source=[]),
], ids=str)
def test_what_does_not_open_it(useless):
    assert closed_ports(WEB, [useless, *HOST]) == [(80, "tcp")]


def test_the_lower_priority_number_decides_wherever_it_stands_in_the_list():
    allow, deny = rule(1010, "80"), rule(1005, "80", access="Deny")
    assert closed_ports(WEB, [allow, deny, *DEFAULTS]) == [(80, "tcp")]
    assert closed_ports(WEB, [rule(1020, "80", access="Deny"), allow, *DEFAULTS]) == []


def test_a_deny_for_some_keeps_it_open_for_the_others():
    assert closed_ports(WEB, [rule(900, "80", access="Deny", source="203.0.113.0/24"), rule(910, "80"), *HOST]) == []


def test_what_is_published_on_loopback_or_not_at_all_does_not_count():
    assert closed_ports([container(("127.0.0.1", 5432, "tcp"), ("::1", 5432, "tcp"), ("", None, "tcp"))], HOST) == []
    assert closed_ports([{"Id": "c", "Ports": None}, {"Id": "d"}], HOST) == []
    both = [container(("127.0.0.1", 5432, "tcp")), container(("0.0.0.0", 5432, "tcp"))]
    assert closed_ports(both, HOST) == [(5432, "tcp")]


def test_ports_come_in_order_each_once_with_their_protocol():
    containers = [container(("0.0.0.0", 8080, "tcp"), ("0.0.0.0", 53, "udp")), container(("0.0.0.0", 53, "tcp")),
                  container(("0.0.0.0", 443, "tcp")), container(("10.0.0.4", 8080, "tcp"))]
    assert closed_ports(containers, [rule(900, "443"), *HOST]) == [(53, "tcp"), (53, "udp"), (8080, "tcp")]
    assert closed_ports(containers, [rule(900, "53", protocol="Udp"), *HOST])[:2] == [(53, "tcp"), (443, "tcp")]
