"""A host that exists: why it is set up again, and what of it changes although it is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_azure import shown
from specs import host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.host.existing import further_changes, stays_as_it_is, why_set_up
from azext_dockervm.host.look import Standing
from azext_dockervm.preflight.found import Found

FQDN = "web1.westus.cloudapp.azure.com"
SPEC = host_spec()
VM = {"name": "web1", "tags": {"dockervm-fqdn": FQDN, "dockervm-port": "4243"}, "properties": {}}
ADDRESS = {"name": "web1PublicIP", "properties": {"dnsSettings": {"fqdn": FQDN}}}
FOUND = Found(vm=VM, public_ip=ADDRESS)
SOUND = Standing(4243)


def tagged(**tags):
    return {**VM, "tags": {name.replace("_", "-"): value for name, value in tags.items()}}


def test_a_sound_host_is_left_alone():
    assert why_set_up(SPEC, FOUND, SOUND, FQDN) == ""


def test_what_its_look_found_comes_first():
    assert why_set_up(SPEC, replace(FOUND, public_ip=None), Standing(2376, reason="broken"), "new") == "broken"


def test_another_port():
    assert why_set_up(host_spec(port=2376), FOUND, SOUND, FQDN) == "its Docker port becomes 2376, it was 4243"


def test_an_address_that_was_made_anew():
    assert "address was made anew" in why_set_up(SPEC, replace(FOUND, public_ip=None), SOUND, FQDN)


def test_a_name_that_was_changed():
    assert why_set_up(SPEC, FOUND, SOUND, "new.example") == (
        f"its name is now new.example, and its certificate names {FQDN}")


@pytest.mark.parametrize(("unreachable", "tag", "why"), [
    (None, "old.example", False),       # a verified call has just compared the name
    ("dropped", "old.example", True), ("dropped", None, False), ("dropped", FQDN, False)])
def test_whether_the_certificate_names_it_is_told_by_the_tag_where_nobody_got_through(unreachable, tag, why):
    found = replace(FOUND, vm=tagged(dockervm_fqdn=tag) if tag else tagged())
    reason = why_set_up(SPEC, found, Standing(4243, unreachable=unreachable), FQDN)
    assert reason == (f"its name is now {FQDN}, and its certificate names old.example" if why else "")


def test_a_name_that_the_address_just_got_is_compared_with_the_tag():
    nameless = replace(FOUND, public_ip={"properties": {}})
    assert why_set_up(SPEC, nameless, SOUND, FQDN) == ""
    assert why_set_up(SPEC, nameless, SOUND, "new.example").endswith(f"names {FQDN}")


# What had to be mended

PARTS = {"security_group": {"name": "a"}, "public_ip": {"name": "b"}, "network_interface": {"name": "c"}}


def test_a_network_that_stays_as_it_is():
    assert stays_as_it_is(Found(**PARTS), {**PARTS, "virtual_network": {}})


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_was_written(part):
    assert not stays_as_it_is(Found(**PARTS), {**PARTS, part: dict(PARTS[part])})


# What changes although the host is left alone


def changes(cloud, asked=SPEC, spec=SPEC, port=4243):
    found = Found(vm=cloud.find(kinds.VM, "web1"), security_group=cloud.find(kinds.SECURITY_GROUP, "web1NSG"),
                  public_ip=cloud.find(kinds.PUBLIC_IP, "web1PublicIP"),
                  network_interface=cloud.find(kinds.NETWORK_INTERFACE, "web1VMNic"), port=port)
    return further_changes(cloud.azure(), asked, spec, found, {"security_group": found.security_group})


def carry_out(cloud, steps):
    for step in steps:
        step.do({}, Deadline(10))
    return [shown(one) for one in cloud.log if one.method != "GET"]


def test_nothing_without_a_new_port_or_tags(cloud, finished):
    assert changes(cloud) == []


def open_ports(cloud):
    rule, = cloud.find(kinds.SECURITY_GROUP, "web1NSG")["properties"]["securityRules"]
    return rule["properties"].get("destinationPortRanges") or [rule["properties"]["destinationPortRange"]]


def both_open(cloud):
    rule = cloud.find(kinds.SECURITY_GROUP, "web1NSG")["properties"]["securityRules"][0]["properties"]
    del rule["destinationPortRange"]
    rule["destinationPortRanges"] = ["2376", "4243"]


def test_the_port_that_it_has_left_is_closed(cloud, finished):
    both_open(cloud)
    steps = changes(cloud, spec=host_spec(port=2376))
    assert carry_out(cloud, steps) == ["PUT networkSecurityGroups/web1NSG"] and open_ports(cloud) == ["2376"]
    assert steps[0].title == "close the old Docker port in 'web1NSG'"


@pytest.mark.parametrize(("port", "tag", "closes"), [
    (4243, "4243", True), (2376, "4243", True), (4243, "2376", True), (4243, None, True), (None, None, False),
    (2376, "2376", False), (2376, None, False)])
def test_whichever_word_of_an_old_port_there_is_counts(cloud, finished, port, tag, closes):
    both_open(cloud)
    cloud.retag(kinds.VM, "web1", dockervm_port=tag)
    assert bool(changes(cloud, spec=host_spec(port=2376), port=port)) is closes


def test_nothing_is_closed_where_nothing_else_is_open(cloud, finished):
    cloud.retag(kinds.VM, "web1", dockervm_port="2376")
    assert changes(cloud) == []


def test_new_tags_go_on_the_parts_and_theirs_stay(cloud, finished):
    cloud.retag(kinds.PUBLIC_IP, "web1PublicIP", Owner="me")
    asked = host_spec(tags={"owner": "you", "cost": "1"})
    steps = changes(cloud, asked=asked)
    assert carry_out(cloud, steps) == [
        "PATCH networkSecurityGroups/web1NSG", "PATCH publicIPAddresses/web1PublicIP",
        "PATCH networkInterfaces/web1VMNic"]
    tags = cloud.tags(kinds.PUBLIC_IP, "web1PublicIP")
    assert tags["owner"] == "you" and tags["cost"] == "1" and tags["dockervm-host"] == "web1" and "Owner" not in tags
    assert steps[0].title == "write the tags of the network security group 'web1NSG'"


def test_a_part_that_this_run_made_has_them_already(cloud, finished):
    asked = host_spec(tags={"cost": "1"})
    found = Found(vm=VM, public_ip=cloud.find(kinds.PUBLIC_IP, "web1PublicIP"))
    steps = further_changes(cloud.azure(), asked, SPEC, found, {})
    assert [step.request.names for step in steps] == [("web1PublicIP",)]
