"""Who is let in by the rules of a security group, as Azure evaluates them."""

from __future__ import annotations

import ipaddress

import pytest

from azext_dockervm.body.knock import Knock

ASG = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/applicationSecurityGroups/web"


def rule(priority, source="*", ports="*", access="Allow", to="*", **more):
    properties = {"priority": priority, "direction": "Inbound", "access": access, "protocol": "*",
                  "sourcePortRange": "*", "sourceAddressPrefix": source, "destinationAddressPrefix": to,
                  "destinationPortRange": ports, **more}
    return {"name": f"r{priority}", "properties": {key: value for key, value in properties.items() if value}}


DEFAULTS = [rule(65000, "VirtualNetwork", to="VirtualNetwork"), rule(65001, "AzureLoadBalancer"),
            rule(65500, access="Deny")]


def verdict(knock, *rules, port=4243):
    is_open, by = knock.verdict([*rules, *DEFAULTS], port)
    return is_open, by and by["name"]


@pytest.mark.parametrize(("knock", "rules", "expected"), [
    (Knock(), (), (False, "r65500")),
    (Knock(), (rule(200),), (True, "r200")),
    (Knock(), (rule(200), rule(150, access="Deny")), (False, "r150")),
    (Knock(), (rule(200, ports="443"),), (False, "r65500")),
    (Knock(), (rule(200, direction="Outbound"),), (False, "r65500")),
    (Knock(), (rule(200, protocol="Udp"),), (False, "r65500")),
    (Knock(), (rule(200, sourcePortRange="1024"),), (False, "r65500")),
    # Somebody of those who knock is enough to let in; to shut, all of them.
    (Knock(), (rule(200, "203.0.113.7"),), (True, "r200")),
    (Knock(), (rule(150, "203.0.113.7", access="Deny"), rule(200)), (True, "r200")),
    (Knock(), (rule(150, "Internet", access="Deny"), rule(200)), (False, "r150")),
    (Knock(("203.0.113.0/24",)), (rule(200, "203.0.113.7"),), (True, "r200")),
    (Knock(("203.0.113.0/24",)), (rule(200, "198.51.100.7"),), (False, "r65500")),
    (Knock(("203.0.113.0/24",)), (rule(150, "203.0.0.0/16", access="Deny"), rule(200)), (False, "r150")),
    (Knock(("203.0.113.0/24",)), (rule(150, "203.0.113.7", access="Deny"), rule(200)), (True, "r200")),
    (Knock(("203.0.113.7",)), (rule(200, "AzureCloud"),), (True, "r200")),      # whom it means only Azure knows
    (Knock(("AzureCloud",)), (rule(150, "AzureCloud", access="Deny"), rule(200)), (False, "r150")),
    (Knock(("2001:db8::/32",)), (rule(200, "203.0.113.7"),), (False, "r65500")),
    # From the host's own network
    (Knock(inside=True), (), (True, "r65000")),
    (Knock(inside=True), (rule(200, "VirtualNetwork", access="Deny"),), (False, "r200")),
    (Knock(inside=True), (rule(200, "Internet", access="Deny"),), (True, "r65000")),
    (Knock(inside=True), (rule(200, access="Deny"), rule(150, "10.0.0.0/8")), (True, "r150")),
    (Knock(inside=True), (rule(200, access="Deny"), rule(150, "Internet")), (False, "r200")),
    (Knock(inside=True), (rule(150, "203.0.113.7", access="Deny"),), (True, "r65000")),
    (Knock(("10.9.0.0/16",), inside=True), (rule(150, "203.0.113.7"), rule(200, access="Deny")), (False, "r200")),
    (Knock(), (rule(150, "VirtualNetwork", access="Deny"), rule(200)), (True, "r200")),
    (Knock(), (rule(200, "VirtualNetwork"),), (False, "r65500")),
    (Knock(), (rule(200, None, sourceApplicationSecurityGroups=[{"id": ASG}]),), (False, "r65500")),
    (Knock(inside=True), (rule(150, None, sourceApplicationSecurityGroups=[{"id": ASG}]), rule(200, access="Deny")),
     (True, "r150")),
])
def test_the_first_rule_that_is_about_them_decides(knock, rules, expected):
    assert verdict(knock, *rules) == expected


@pytest.mark.parametrize(("at", "to", "is_open"), [
    (None, "10.0.0.4", False), ("10.0.0.4", "10.0.0.4", True), ("10.0.0.4", "10.0.0.0/24", True),
    ("10.0.0.5", "10.0.0.4", False), ("10.0.0.0/24", "10.0.0.4", False), ("10.0.0.0/24", "10.0.0.0/16", True),
    (None, "VirtualNetwork", True), ("10.0.0.4", "Storage", False), ("10.0.0.4", "2001:db8::/32", False)])
def test_a_rule_for_another_host_is_none_for_this_one(at, to, is_open):
    knock = Knock(at=at and ipaddress.ip_network(at))
    assert verdict(knock, rule(200, to=to))[0] is is_open


def test_a_rule_may_be_for_the_host_s_application_security_groups():
    mine = rule(200, to=None, destinationApplicationSecurityGroups=[{"id": ASG.upper()}])
    assert verdict(Knock(groups=frozenset({ASG.lower()})), mine)[0]
    assert not verdict(Knock(), mine)[0]


@pytest.mark.parametrize(("sources", "rules", "others"), [
    (("203.0.113.0/24",), (rule(200),), "r200"), (("203.0.113.0/24",), (rule(200, "203.0.113.7"),), None),
    (("203.0.113.0/24",), (rule(200, "198.51.100.7"),), "r200"),
    (("203.0.113.0/24",), (rule(150, access="Deny"), rule(200)), None),
    (("203.0.113.0/24",), (rule(150, "Internet", ports="443"), rule(200, "Internet")), "r200"),
    (("203.0.113.0/24",), (rule(150, "192.0.2.0/24", access="Deny"), rule(200, "203.0.113.0/24")), None),
    (("Internet",), (rule(200, "AzureCloud"),), None), (("*",), (rule(200),), None)])
def test_who_is_let_in_besides(sources, rules, others):
    found = Knock(sources).lets_in_others([*rules, *DEFAULTS], 4243)
    assert (found and found["name"]) == others
