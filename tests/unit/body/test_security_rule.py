"""What a rule of a security group says, in all the ways in which ARM and its users write it."""

from __future__ import annotations

import pytest

from azext_dockervm.body import security_rule


@pytest.mark.parametrize(("rule", "ports"), [
    ({"destinationPortRange": "22"}, ["22"]), ({"destinationPortRanges": ["22", "80-90"]}, ["22", "80-90"]),
    ({"destinationPortRange": None, "destinationPortRanges": []}, []), ({}, [])])
def test_ports_and_sources_stand_in_one_property_or_in_its_plural(rule, ports):
    assert security_rule.ports(rule) == ports
    sources = {key.replace("destinationPortRange", "sourceAddressPrefix").replace("Prefixs", "Prefixes"): value
               for key, value in rule.items()}
    assert security_rule.sources(sources) == ports


@pytest.mark.parametrize(("ports", "protocol", "covered"), [
    ("*", "*", True), ("80", "Tcp", True), ("80", "TCP", True), ("79-81", "tcp", True), ("80-90", "*", True),
    ("70-80", "*", True), ("81", "*", False), ("81-90", "*", False), ("80", "Udp", False), ("", "*", False),
    ("http", "*", False)])
def test_which_ports_it_covers_and_for_which_protocol(ports, protocol, covered):
    rule = {"protocol": protocol, "destinationPortRanges": ["1", ports]}
    assert security_rule.covers(rule, 80) is covered
    if protocol != "*":
        assert security_rule.covers(rule, 80, "udp") is (protocol == "Udp")


@pytest.mark.parametrize(("text", "ports", "telling"), [
    ("80", ("80",), [80]), ("80-90", (), [80]), ("80-90", ("85", "88-100"), [80, 85, 86, 88]),
    ("80-90", ("*", "1-90", "90", "http"), [80, 90])])
def test_a_few_ports_stand_for_a_range(text, ports, telling):
    assert security_rule.telling_ports(text, [{"destinationPortRanges": [one]} for one in ports]) == telling


@pytest.mark.parametrize("upper", [str, str.lower, str.upper])
def test_words_are_read_in_any_case(upper):
    assert security_rule.is_inbound({"direction": upper("Inbound")})
    assert not security_rule.is_inbound({"direction": upper("Outbound")})
    assert security_rule.allows({"access": upper("Allow")}) and not security_rule.allows({"access": upper("Deny")})
