"""A security group of somebody's: what it shuts, and the rules of ours beside theirs."""

from __future__ import annotations

import ipaddress

import pytest
from specs import changed, host_spec

from azext_dockervm.azure import names
from azext_dockervm.body.guard import Guard, description, is_of_host, run_of
from azext_dockervm.body.knock import Knock
from azext_dockervm.flow.request import Ref
from azext_dockervm.spec.ports import parse_ports

HOST_GROUP = "/subscriptions/s/resourceGroups/g"
SPEC = host_spec("g", "web1")
AT = ipaddress.ip_network("10.0.0.4")
ADDRESS = Ref("network_interface", "address")
EVERY = (names.DOCKER_RULE, names.SSH_RULE, names.PORTS_RULE)


def rule(name, priority, ports, access="Allow", source="*", **more):
    return {"name": name, "properties": {
        "priority": priority, "direction": "Inbound", "access": access, "protocol": "Tcp", "sourcePortRange": "*",
        "sourceAddressPrefix": source, "destinationAddressPrefix": "*", "destinationPortRange": ports, **more}}


def guard(*rules):
    return Guard({"name": "theirs", "properties": {"securityRules": list(rules), "defaultSecurityRules": [
        rule("DenyAllInBound", 65500, "*", "Deny")]}}, HOST_GROUP)


def gaps(group, spec=SPEC, knock=None, wanted=EVERY):
    return {gap.rule: (gap.ports, gap.by, gap.priority) for gap in group.gaps(spec, knock or Knock(), wanted)}


def changes(group, spec=SPEC, at=None, **options):
    found = group.changes(spec, "run1", group.gaps(spec, Knock(at=at), EVERY), ADDRESS, **options)
    return {change.name: change for change in found}


DOCKER, SSH, PORTS = (guard().name_of(SPEC, name) for name in EVERY)


def test_names_are_readable_and_of_one_host_alone():
    assert DOCKER.startswith("allow-docker-web1-") and len(DOCKER) == len("allow-docker-web1-") + 8
    assert DOCKER != Guard({}, "/subscriptions/s/resourceGroups/h").name_of(SPEC, names.DOCKER_RULE)
    longest = changed(SPEC, name="a" * 64)
    assert len(guard().name_of(longest, names.DOCKER_RULE)) <= 80
    assert len(description("a" * 64, "f" * 12)) <= 140


# What is shut


def test_what_is_let_in_is_no_gap():
    assert gaps(guard(rule("docker", 300, "4000-5000"))) == {}
    assert gaps(guard(rule("docker", 300, "4243", source="203.0.113.7"))) == {}, "for whom is its owner's decision"


def test_what_nothing_lets_in_is_one_at_the_usual_priority():
    asked = changed(SPEC, ssh_port=22, open_ports=parse_ports(["80 443"]))
    assert gaps(guard(), asked) == {
        "allow-docker": (("4243",), None, 1010), "allow-ssh": (("22",), None, 1000),
        "allow-ports": (("80", "443"), None, 1020)}
    assert gaps(guard(), asked, wanted=("allow-ssh",)).keys() == {"allow-ssh"}
    assert gaps(guard(rule("web", 300, "80")), asked)["allow-ports"] == (("443",), None, 1020)


@pytest.mark.parametrize(("denying", "taken", "priority"), [
    (4096, (), 1010), (1011, (), 1010), (1010, (), 1009), (200, (), 199), (200, (199, 198), 197),
    (101, (), 100), (101, (100,), None), (100, (), None), (4096, tuple(range(1010, 1020)), 1020)])
def test_ours_comes_before_the_rule_that_shuts_the_port(denying, taken, priority):
    theirs = [rule(f"t{number}", number, "9") for number in taken]
    assert gaps(guard(rule("no", denying, "*", "Deny"), *theirs)) == {"allow-docker": (("4243",), "no", priority)}


def test_two_of_ours_never_share_a_priority():
    asked = changed(SPEC, ssh_port=22, open_ports=parse_ports(["80"]))
    found = gaps(guard(rule("no", 300, "*", "Deny")), asked)
    assert {name: priority for name, (_, _, priority) in found.items()} == {
        "allow-docker": 299, "allow-ssh": 298, "allow-ports": 297}


def test_a_range_is_shut_where_one_of_its_ports_is():
    asked = changed(SPEC, open_ports=parse_ports(["32768-60999"]))
    assert gaps(guard(rule("docker", 300, "4243"), rule("all", 400, "1-65535")), asked) == {}
    one = rule("no", 350, "40000", "Deny")
    told = gaps(guard(rule("docker", 300, "4243"), one, rule("all", 400, "1-65535")), asked)
    assert told == {"allow-ports": (("32768-60999",), "no", 349)}


def test_it_is_shut_for_those_who_are_meant():
    office = changed(SPEC, sources=("198.51.100.0/24",))
    assert gaps(guard(rule("docker", 300, "4243", source="203.0.113.7")), office) == {
        "allow-docker": (("4243",), None, 1010)}
    apart = changed(SPEC, open_ports=parse_ports(["80"]), open_ports_sources=("198.51.100.1",))
    assert gaps(guard(rule("all", 300, "*", source="203.0.113.7")), apart).keys() == {"allow-ports"}


def test_what_may_not_be_read_is_not_known():
    assert not Guard({"id": "/x"}, HOST_GROUP).is_known() and guard().is_known()


# The rules of ours


def test_a_new_one_is_for_this_host_alone_and_says_whose_it_is():
    change = changes(guard(rule("no", 300, "*", "Deny")), changed(SPEC, sources=("203.0.113.0/24",)))[DOCKER]
    assert change.is_new and change.body == {"properties": {
        "priority": 299, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
        "destinationAddressPrefix": ADDRESS, "sourceAddressPrefix": "203.0.113.0/24", "destinationPortRange": "4243",
        "description": "dockervm-host=web1 dockervm-run=run1"}}


def test_nothing_is_added_where_nothing_is_shut():
    assert changes(guard(rule("docker", 300, "*"))) == {}


def test_where_no_priority_is_left_none_is_added():
    assert changes(guard(rule("no", 100, "*", "Deny"))) == {}


def ours(name=DOCKER, priority=299, ports="4243", **more):
    return rule(name, priority, ports, **{"description": description("web1", "run0"),
                                          "destinationAddressPrefix": "10.0.0.4", **more})


def test_one_that_is_there_is_changed_as_it_is_asked_for_and_stays_where_it_is():
    group = guard(ours(), rule("no", 300, "*", "Deny"))
    asked = changed(SPEC, sources=("203.0.113.7",), typed={"--sources": ("203.0.113.7",)})
    change = changes(group, asked, AT)[DOCKER]
    assert not change.is_new and change.body["properties"] == {
        **ours()["properties"], "sourceAddressPrefix": "203.0.113.7", "priority": 299}
    assert changes(group, at=AT) == {}
    moved = changes(group, changed(SPEC, port=2376), AT, old_port=4243)[DOCKER].body["properties"]
    assert moved["destinationPortRanges"] == ["2376", "4243"] and moved["priority"] == 299
    overtaken = guard(ours(), rule("no", 250, "*", "Deny"))
    assert changes(overtaken, at=AT)[DOCKER].body["properties"]["priority"] == 249
    both = guard(ours(destinationPortRange=None, destinationPortRanges=["2376", "4243"]))
    closing = both.changes(changed(SPEC, port=2376), "run1", (), ADDRESS, only=True)
    assert [change.body["properties"]["destinationPortRange"] for change in closing] == ["2376"]


def test_what_somebody_else_made_by_that_name_is_theirs():
    theirs = {**ours(), "properties": {**ours()["properties"], "description": "mine"}}
    assert guard(theirs).own(SPEC) == {} and guard(ours()).own(SPEC).keys() == {"allow-docker"}
    assert guard(ours(description=description("web2", "run0"))).own(SPEC) == {}
    assert is_of_host(ours(), "WEB1") and run_of(ours()) == "run0" and run_of(None) is None


def test_a_priority_that_was_taken_meanwhile_is_replaced_by_another():
    group = guard()
    change = changes(group)[DOCKER]
    again = group.anew(change, {"properties": {"securityRules": [rule("theirs", 1010, "9")]}})
    assert again.name == DOCKER and again.body["properties"]["priority"] == 1009
