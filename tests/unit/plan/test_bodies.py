"""What goes to ARM: only what was asked for is open, nothing is left behind, shared things carry no host's name."""

from __future__ import annotations

import base64
import json

import pytest

from azext_dockervm import names
from azext_dockervm.plan import network, vm
from azext_dockervm.secret import Secret
from azext_dockervm.spec import HostSpec

KEY = "ssh-ed25519 AAAA me"
SPEC = HostSpec("demo", "web1", location="westus", ssh_keys=(KEY,), tags={"team": "a"})


def with_changes(**changes):
    return HostSpec(**{**SPEC.__dict__, **changes})


def vm_body(spec=SPEC, image=None, custom_data=None):
    return vm.body(spec, "run", network_interface="/nic", fqdn="web1.example", image=image, custom_data=custom_data,
                   authority="c0ffee")


def test_without_e_only_docker_is_open():
    rules = network.security_group_body(SPEC, "run")["properties"]["securityRules"]
    assert [rule["properties"]["destinationPortRange"] for rule in rules] == ["4243"]


def test_e_opens_that_port_and_no_other():
    rules = network.security_group_body(with_changes(ssh_port=2222), "run")["properties"]["securityRules"]
    assert {rule["properties"]["destinationPortRange"] for rule in rules} == {"4243", "2222"}


def test_the_address_is_standard_and_static():
    body = network.public_ip_body(SPEC, "run", "web1")
    assert body["sku"]["name"] == "Standard" and body["properties"]["publicIPAllocationMethod"] == "Static"


def test_the_shared_network_carries_the_user_s_tags_but_not_one_host_s_name():
    tags = network.virtual_network_body(SPEC, "run")["tags"]
    assert names.TAG_HOST not in tags and tags["team"] == "a"


def test_deleting_the_vm_leaves_neither_interface_nor_disk_nor_address():
    properties = vm_body()["properties"]
    assert properties["storageProfile"]["osDisk"]["deleteOption"] == "Delete"
    assert properties["networkProfile"]["networkInterfaces"][0]["properties"]["deleteOption"] == "Delete"
    interface = network.network_interface_body(SPEC, "run", subnet="/s", security_group="/n", public_ip="/p")
    configuration = interface["properties"]["ipConfigurations"][0]["properties"]
    assert configuration["publicIPAddress"]["properties"]["deleteOption"] == "Delete"


def test_keys_switch_passwords_off_and_a_password_switches_them_on():
    keyed = vm_body()["properties"]["osProfile"]
    assert keyed["linuxConfiguration"]["disablePasswordAuthentication"] is True and "adminPassword" not in keyed
    profile = vm_body(with_changes(ssh_keys=(), admin_password=Secret("Very-secret-1")))["properties"]["osProfile"]
    assert profile["linuxConfiguration"] == {"disablePasswordAuthentication": False}
    assert profile["adminPassword"] == "Very-secret-1"


def test_trusted_launch_where_the_image_supports_it():
    image = {"properties": {"hyperVGeneration": "V2",
                            "features": [{"name": "SecurityType", "value": "TrustedLaunchSupported"}]}}
    assert vm_body(image=image)["properties"]["securityProfile"]["securityType"] == "TrustedLaunch"
    assert "securityProfile" not in vm_body()["properties"]


def test_custom_data_is_base64_and_holds_no_secret():
    body = vm_body(with_changes(admin_password=Secret("Very-secret-1")), custom_data=b"#!/bin/sh\n")
    assert base64.b64decode(body["properties"]["osProfile"]["customData"]) == b"#!/bin/sh\n"
    assert "Very-secret-1" not in json.dumps(body["tags"])


def test_tags_tell_what_the_host_is():
    tags = vm_body()["tags"]
    assert tags[names.TAG_SCHEMA] == "1" and tags[names.TAG_PORT] == "4243" and tags["team"] == "a"
    assert tags[names.TAG_HOST] == "web1" and tags[names.TAG_FQDN] == "web1.example"
    assert tags[names.TAG_AUTHORITY] == "c0ffee"


def test_a_vm_that_azure_could_not_place_counts_as_never_run():
    failed = {"properties": {"provisioningState": "Failed", "instanceView": {"statuses": [
        {"code": "ProvisioningState/failed/AllocationFailed"}]}}}
    running = {"properties": {"provisioningState": "Failed",
                              "instanceView": {"statuses": [{"code": "PowerState/running"}]}}}
    assert vm.never_ran(failed) and not vm.never_ran(running)
    with_agent = {"properties": {**failed["properties"], "instanceView": {
        **failed["properties"]["instanceView"], "vmAgent": {"vmAgentVersion": "2.9"}}}}
    without_view = {"properties": {"provisioningState": "Failed"}}
    assert not vm.never_ran(with_agent) and not vm.never_ran(without_view), "nothing that may hold data is deleted"


def existing(spec=SPEC, **changes):
    body = network.security_group_body(spec, "run")
    for rule in body["properties"]["securityRules"]:
        rule["properties"] |= changes
    return {"etag": "1", "id": "/nsg", **body}


def written(spec, group, **options):
    changed = network.with_asked_rules(spec, group, **options)
    return changed and {rule["name"]: rule["properties"] for rule in changed["properties"]["securityRules"]}


def test_a_host_that_exists_gets_the_ports_that_are_asked_for_and_keeps_its_other_rules():
    group = existing()
    group["properties"]["securityRules"].append(
        {"name": "office", "properties": {"destinationPortRange": "443", "priority": 1000, "direction": "Inbound",
                                          "access": "Allow", "protocol": "Tcp"}})
    assert network.with_asked_rules(SPEC, group) is None
    rules = written(with_changes(ssh_port=2222), group)
    assert {name: rule["destinationPortRange"] for name, rule in rules.items()} == {
        "allow-docker": "4243", "office": "443", "allow-ssh": "2222"}
    assert rules["allow-ssh"]["priority"] == 1001      # the user's own rule has the usual one


@pytest.mark.parametrize(("changes", "enough"), [
    ({}, True), ({"protocol": "*", "destinationPortRange": "", "destinationPortRanges": ["22", "4000-5000"]}, True),
    ({"access": "Deny"}, False), ({"direction": "Outbound"}, False), ({"protocol": "Udp"}, False),
    ({"destinationPortRange": "443"}, False)])
def test_no_rule_is_added_beside_somebody_s_that_lets_the_port_in(changes, enough):
    group = existing(**changes)
    group["properties"]["securityRules"][0]["name"] = "office"
    assert (network.with_asked_rules(SPEC, group) is None) is enough
    assert "allow-docker" in written(with_changes(typed={"--sources": ("*",)}), group), "unless it is asked for"


@pytest.mark.parametrize("ranges", [{"destinationPortRange": "4000-5000"}, {"destinationPortRange": "*"}])
def test_a_rule_that_opens_more_than_was_asked_is_left_as_it_is(ranges):
    assert network.with_asked_rules(SPEC, existing(**ranges)) is None


def test_the_old_port_stays_open_until_the_new_one_is_proven():
    moved = with_changes(docker_port=2376)
    rule = written(moved, existing(), old_port=4243)["allow-docker"]
    assert sorted(rule["destinationPortRanges"]) == ["2376", "4243"] and "destinationPortRange" not in rule
    both = existing(destinationPortRanges=["2376", "4243"])
    del both["properties"]["securityRules"][0]["properties"]["destinationPortRange"]
    assert network.with_asked_rules(moved, both) is None
    assert written(moved, both, only=True)["allow-docker"]["destinationPortRange"] == "2376"


def test_sources_narrow_the_rules_and_only_typed_ones_change_those_that_are_there():
    some = ("192.0.2.0/24", "198.51.100.7")
    rules = network.security_group_body(with_changes(sources=some), "run")["properties"]["securityRules"]
    assert rules[0]["properties"]["sourceAddressPrefixes"] == list(some)
    assert network.with_asked_rules(with_changes(sources=some), existing()) is None
    typed = with_changes(sources=some, typed={"--sources": some})
    rule = written(typed, existing())["allow-docker"]
    assert rule["sourceAddressPrefixes"] == list(some) and "sourceAddressPrefix" not in rule


def test_a_changed_group_goes_back_whole_but_for_its_etag():
    changed = network.with_asked_rules(with_changes(ssh_port=22), {**existing(), "tags": {"theirs": "1"}})
    assert changed["id"] == "/nsg" and changed["tags"] == {"theirs": "1"} and "etag" not in changed


def interface(**properties):
    first = {"name": "ipconfig1", "properties": {"subnet": {"id": "/s"}, "publicIPAddress": {"id": "/ip"}}}
    return {"name": "nic", "etag": "1", "properties": {
        "provisioningState": "Succeeded", "networkSecurityGroup": {"id": "/nsg"}, "ipConfigurations": [first],
        **properties}}


def test_an_interface_that_lacks_nothing_is_not_written():
    assert network.mended_interface(interface(), security_group="/nsg", public_ip="/ip") is None


def test_an_interface_gets_the_address_and_the_new_group_that_it_lacks():
    bare = interface(networkSecurityGroup=None, ipConfigurations=[
        {"name": "ipconfig1", "properties": {"subnet": {"id": "/s"}}}, {"name": "second", "properties": {}}])
    mended = network.mended_interface(bare, security_group="/new", public_ip="/ip")["properties"]
    first, second = mended["ipConfigurations"]
    assert first["properties"] == {"subnet": {"id": "/s"},
                                   "publicIPAddress": {"id": "/ip", "properties": {"deleteOption": "Delete"}}}
    assert second == {"name": "second", "properties": {}} and mended["networkSecurityGroup"] == {"id": "/new"}
    # A group that was there before is the user's to attach: they may guard the subnet instead.
    kept = network.mended_interface(bare, security_group=None, public_ip="/ip")["properties"]
    assert kept["networkSecurityGroup"] is None


def test_an_interface_in_failed_is_put_again_as_it_is():
    failed = interface(provisioningState="Failed")
    again = network.mended_interface(failed, security_group=None, public_ip="/ip")
    assert again == {key: value for key, value in failed.items() if key != "etag"}
