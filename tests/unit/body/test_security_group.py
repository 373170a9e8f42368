"""The security group: only what was asked for is open, and what others opened or narrowed stays as they left it."""

from __future__ import annotations

import copy

import pytest
from specs import changed, host_spec

from azext_dockervm.body import security_group
from azext_dockervm.spec.ports import parse_ports

SPEC = host_spec("demo", "web1", tags={"team": "a"})
OFFICE = {"name": "office", "properties": {
    "priority": 1000, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
    "destinationAddressPrefix": "*", "sourceAddressPrefix": "*", "destinationPortRange": "443"}}


def with_changes(**changes):
    return changed(SPEC, **changes)


def rule(priority=1010, port="4243", **changes):
    return {"priority": priority, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "sourceAddressPrefix": "*", "destinationPortRange": port, **changes}


def existing(*more, **properties):
    """A group whose rule for Docker has these ``properties``, and ``more`` rules; None takes a property away."""
    docker = {key: value for key, value in rule(**properties).items() if value is not None}
    rules = [{"name": "allow-docker", "id": "/rule", "properties": docker}, *more]
    return {"etag": "1", "id": "/nsg", "name": "web1NSG", "tags": {"theirs": "1"},
            "properties": {"provisioningState": "Succeeded", "securityRules": rules}}


def opened(spec, group, **options):
    """name → rule, of the body that opens; None where nothing is to be written."""
    before = copy.deepcopy(group)
    body = security_group.opened(spec, group, **options)
    assert group == before, "what was read is not changed"
    return body and {one["name"]: one["properties"] for one in body["properties"]["securityRules"]}


# A group that is made


def test_without_e_only_docker_is_open():
    assert security_group.body(SPEC, "r1") == {
        "location": "westus", "tags": {"team": "a", "dockervm-host": "web1", "dockervm-run": "r1"},
        "properties": {"securityRules": [{"name": "allow-docker", "properties": {
            "priority": 1010, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "sourceAddressPrefix": "*", "destinationPortRange": "4243"}}]}}


def test_e_opens_that_port_and_no_other():
    rules = security_group.body(with_changes(port=2376, ssh_port=2222), "r1")["properties"]["securityRules"]
    assert rules == [{"name": "allow-docker", "properties": rule(port="2376")},
                     {"name": "allow-ssh", "properties": rule(1000, "2222")}]


def test_sources_narrow_both_rules():
    for sources, expected in [(("192.0.2.0/24",), {"sourceAddressPrefix": "192.0.2.0/24"}),
                              (("192.0.2.0/24", "198.51.100.7"),
                               {"sourceAddressPrefixes": ["192.0.2.0/24", "198.51.100.7"]})]:
        rules = security_group.body(with_changes(ssh_port=22, sources=sources), "r1")["properties"]["securityRules"]
        assert len(rules) == 2
        for one in rules:
            assert {key: value for key, value in one["properties"].items() if key.startswith("sourceA")} == expected


def test_open_ports_are_one_rule_for_those_who_may_reach_docker():
    asked = with_changes(open_ports=parse_ports(["80 443 32768-60999"]), sources=("192.0.2.0/24",))
    assert security_group.body(asked, "r1")["properties"]["securityRules"][1:] == [{
        "name": "allow-ports", "properties": {
            "priority": 1020, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "sourceAddressPrefix": "192.0.2.0/24",
            "destinationPortRanges": ["80", "443", "32768-60999"]}}]


def test_open_ports_may_be_for_others_than_docker():
    asked = with_changes(open_ports=parse_ports(["80"]), sources=("192.0.2.0/24",), open_ports_sources=("*",))
    docker, ports = security_group.body(asked, "r1")["properties"]["securityRules"]
    assert docker["properties"]["sourceAddressPrefix"] == "192.0.2.0/24"
    assert ports["properties"] == rule(1020, "80")


# A group that exists


def test_a_group_that_lets_in_what_is_asked_for_is_not_written():
    assert opened(SPEC, existing(OFFICE)) is None
    assert opened(with_changes(ssh_port=22), existing({"name": "Allow-SSH", "properties": rule(1000, "22")})) is None


def test_a_group_gets_the_ports_that_are_asked_for_and_goes_back_whole_but_for_its_etag():
    assert security_group.opened(with_changes(ssh_port=2222), existing(OFFICE)) == {
        "id": "/nsg", "name": "web1NSG", "tags": {"theirs": "1"}, "properties": {
            "provisioningState": "Succeeded", "securityRules": [
                OFFICE, {"name": "allow-docker", "id": "/rule", "properties": rule()},
                # 1000 is the user's own rule's.
                {"name": "allow-ssh", "properties": rule(1001, "2222")}]}}


def test_a_group_without_any_rule_gets_those_that_are_asked_for():
    group = existing()
    for none in ([], None):
        group["properties"]["securityRules"] = none
        assert opened(with_changes(ssh_port=22), group) == {"allow-docker": rule(), "allow-ssh": rule(1000, "22")}


def test_two_new_rules_never_share_a_priority():
    taken = [{"name": f"theirs-{number}", "properties": rule(number, "443")} for number in range(1000, 1020)]
    group = existing()
    group["properties"]["securityRules"] = taken
    rules = opened(with_changes(ssh_port=22), group)
    assert {name: rules[name]["priority"] for name in ("allow-docker", "allow-ssh")} == {
        "allow-docker": 1020, "allow-ssh": 1021}


def test_the_last_priority_is_still_given_away():
    group = existing()
    group["properties"]["securityRules"] = [
        {"name": f"theirs-{number}", "properties": rule(number, "443")} for number in range(1000, 4096)]
    assert opened(SPEC, group)["allow-docker"]["priority"] == 4096


@pytest.mark.parametrize(("changes", "enough"), [
    ({}, True), ({"protocol": "*"}, True), ({"sourceAddressPrefix": "192.0.2.0/24"}, True),
    ({"destinationPortRange": None, "destinationPortRanges": ["22", "4000-5000"]}, True),
    ({"access": "Deny"}, False), ({"direction": "Outbound"}, False), ({"protocol": "Udp"}, False),
    ({"destinationPortRange": "443"}, False), ({"destinationPortRange": None}, False)])
def test_no_rule_is_added_beside_somebody_s_that_lets_the_port_in(changes, enough):
    group = existing(**changes)
    group["properties"]["securityRules"][0]["name"] = "office"
    assert (opened(SPEC, group) is None) is enough
    assert "allow-docker" in opened(with_changes(typed={"--sources": ("*",)}), group), "unless it is asked for"


def test_somebody_s_rule_for_docker_does_not_keep_ssh_closed():
    group = existing()
    group["properties"]["securityRules"][0]["name"] = "office"
    assert opened(with_changes(ssh_port=22), group) == {"office": rule(), "allow-ssh": rule(1000, "22")}


@pytest.mark.parametrize(("ranges", "enough"), [
    ("4000-5000", True), ("4243-4243", True), ("*", True), ("4242-4243", True), ("4243-4244", True),
    ("4244-5000", False), ("4000-4242", False), ("443", False)])
def test_a_rule_of_ours_is_left_as_it_is_where_it_opens_the_port_or_more(ranges, enough):
    rules = opened(SPEC, existing(port=ranges))
    assert rules is None if enough else rules["allow-docker"] == rule()


def test_a_rule_that_must_open_only_what_is_asked_is_narrowed():
    assert opened(SPEC, existing(port="4000-5000"), only=True)["allow-docker"] == rule()
    assert opened(SPEC, existing(), only=True) is None


def test_the_old_port_stays_open_until_the_new_one_is_proven():
    moved = with_changes(port=2376)
    both = rule(destinationPortRanges=["2376", "4243"])
    del both["destinationPortRange"]
    assert opened(moved, existing(), old_port=4243)["allow-docker"] == both
    group = existing(port=None, destinationPortRanges=["2376", "4243"])
    assert opened(moved, group, old_port=4243) is None
    assert opened(moved, group) is None
    assert opened(moved, group, only=True)["allow-docker"] == rule(port="2376")


def test_a_port_that_stays_is_opened_once():
    assert opened(SPEC, existing(port="443"), old_port=4243)["allow-docker"] == rule()


def test_the_old_docker_port_is_not_ssh_s():
    group = existing({"name": "allow-ssh", "properties": rule(1000, "22")})
    assert opened(with_changes(port=2376, ssh_port=2222), group, old_port=4243)["allow-ssh"] == rule(1000, "2222")


def test_sources_that_somebody_narrowed_stay_unless_others_are_typed():
    some = ("192.0.2.0/24", "198.51.100.7")
    narrowed = existing(sourceAddressPrefix=None, sourceAddressPrefixes=list(some))
    assert opened(SPEC, narrowed) is None
    assert opened(with_changes(sources=some), existing()) is None, "a default, or from the configuration"
    wide = rule(sourceAddressPrefixes=list(some))
    del wide["sourceAddressPrefix"]
    assert opened(with_changes(sources=some, typed={"--sources": some}), existing())["allow-docker"] == wide
    typed = with_changes(sources=("*",), typed={"--sources": ("*",)})
    assert opened(typed, narrowed)["allow-docker"] == rule()
    back = with_changes(sources=some[::-1], typed={"--sources": some[::-1]})
    assert opened(back, narrowed) is None, "their order means nothing"


def test_a_rule_whose_port_moves_keeps_its_sources_its_priority_and_what_else_somebody_set():
    group = existing(priority=300, sourceAddressPrefix="192.0.2.0/24", description="ours", port="443")
    assert opened(SPEC, group)["allow-docker"] == rule(
        300, "4243", sourceAddressPrefix="192.0.2.0/24", description="ours")


OFFICE_ALONE = {"sourceAddressPrefix": "192.0.2.0/24"}


def asking(*texts, **changes):
    return with_changes(open_ports=parse_ports(texts), **changes)


def test_ports_that_are_opened_later_are_for_whoever_may_reach_docker_by_then():
    group = existing(**OFFICE_ALONE)
    assert opened(asking("80"), group)["allow-ports"] == rule(1020, "80", **OFFICE_ALONE)
    assert opened(with_changes(ssh_port=22), group)["allow-ssh"] == rule(1000, "22", **OFFICE_ALONE)
    assert opened(asking("80", open_ports_sources=("*",)), group)["allow-ports"] == rule(1020, "80")
    everybody = asking("80", sources=("*",), typed={"--sources": ("*",)})
    assert opened(everybody, group)["allow-ports"] == opened(everybody, group)["allow-docker"] | {
        "priority": 1020, "destinationPortRange": "80"} == rule(1020, "80")


def test_those_that_are_typed_are_all_that_are_open_by_this_rule():
    group = existing({"name": "allow-ports", "properties": rule(1020, "80-90", description="theirs")})
    assert opened(asking("80"), group)["allow-ports"] == rule(1020, "80", description="theirs")
    assert opened(asking("80-90"), group) is None and opened(SPEC, group) is None
    assert opened(asking("80-90"), group, only=True) is None


def test_none_is_added_where_somebody_s_rules_let_all_of_them_in():
    theirs = {"name": "web", "properties": rule(900, "80-85")}, {"name": "more", "properties": rule(901, "86-90")}
    assert opened(asking("80-90"), existing(*theirs)) is None
    assert opened(asking("80-91"), existing(*theirs))["allow-ports"] == rule(1020, "80-91")
    typed = asking("80-90", open_ports_sources=("*",), typed={"--open-ports-sources": ("*",)})
    assert opened(typed, existing(*theirs))["allow-ports"] == rule(1020, "80-90")


@pytest.mark.parametrize(("ports_for", "typed", "then"), [
    ("*", {"--sources": ("10.0.0.1",)}, "10.0.0.1"),        # they went together so far
    ("192.0.2.7", {"--sources": ("10.0.0.1",)}, "192.0.2.7"),       # somebody has set them apart
    ("192.0.2.7", {}, "192.0.2.7")])
def test_open_ports_go_with_docker_until_they_are_set_apart(ports_for, typed, then):
    group = existing({"name": "allow-ports", "properties": rule(1020, "80", sourceAddressPrefix=ports_for)})
    asked = with_changes(sources=("10.0.0.1",), typed=typed)
    rules = opened(asked, group) or {one["name"]: one["properties"] for one in group["properties"]["securityRules"]}
    assert rules["allow-ports"] == rule(1020, "80", sourceAddressPrefix=then)
    assert security_group.sources_of(asked, group, "allow-ports") == (then,)


def test_whom_rules_that_are_still_to_be_made_will_let_in():
    asked = asking("80", sources=("10.0.0.1",))
    assert security_group.sources_of(asked, None, "allow-ports") == ("10.0.0.1",)
    assert security_group.sources_of(asked, existing(**OFFICE_ALONE), "allow-ports") == ("192.0.2.0/24",)
    assert security_group.has_rule(existing(), "allow-docker") and not security_group.has_rule(None, "allow-docker")


def test_all_rules_azure_s_own_too():
    group = {"properties": {"securityRules": [{"name": "a"}], "defaultSecurityRules": [{"name": "b"}]}}
    assert security_group.every_rule(group) == [{"name": "a"}, {"name": "b"}]
    assert security_group.every_rule({"properties": {"securityRules": None}}) == security_group.every_rule(None) == []


def test_who_stands_behind_it():
    group = {"properties": {"networkInterfaces": [{"id": "/nic"}], "subnets": [{"id": "/subnet"}]}}
    assert security_group.users(group) == ["/nic", "/subnet"]
    assert security_group.users({"properties": {"subnets": None}}) == security_group.users(None) == []


# What a change opens and closes


def change(before, after):
    """(opens, closes, ports, sources) of a rule whose properties are ``after``."""
    found = security_group.opening(before and {"properties": before}, {"properties": after})
    return found and (found.opens, found.closes, found.ports, found.sources)


@pytest.mark.parametrize(("before", "after", "said"), [
    (None, rule(port="9090"), (("9090",), (), ("9090",), ("*",))),
    (rule(port="8080"), rule(port="9090"), (("9090",), ("8080",), ("9090",), None)),
    (rule(port="8080"), rule(port="8080"), None),
    (rule(port="8080"), rule(port="8080", priority=7, description="x"), None),
    (rule(), rule(sourceAddressPrefix="203.0.113.7"), ((), (), ("4243",), ("203.0.113.7",)))])
def test_how_a_rule_changes(before, after, said):
    assert change(before, after) == said


def test_the_order_of_ports_and_sources_is_no_change():
    def two(*both):
        return rule(port=None, destinationPortRanges=both, sourceAddressPrefix=None,
                    sourceAddressPrefixes=[f"10.0.0.{port}" for port in both])

    assert change(two("80", "81"), two("81", "80")) is None


def test_each_rule_of_ours_that_changes_is_told_and_those_of_others_are_not():
    before = existing(OFFICE)
    spec = with_changes(ssh_port=22, open_ports=parse_ports(["80"]))
    found = security_group.openings(before, security_group.opened(spec, before))
    assert sorted(one.opens for one in found) == [("22",), ("80",)]
    assert security_group.openings(before, before) == []
