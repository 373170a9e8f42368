"""What goes to ARM: only what was asked for is open, nothing is left behind, shared things carry no host's name."""

from __future__ import annotations

import base64
import json

from azext_dockervm import names
from azext_dockervm.plan import network, vm
from azext_dockervm.secret import Secret
from azext_dockervm.spec import HostSpec

KEY = "ssh-ed25519 AAAA me"
SPEC = HostSpec("demo", "web1", location="westus", ssh_keys=(KEY,), tags={"team": "a"})


def with_changes(**changes):
    return HostSpec(**{**SPEC.__dict__, **changes})


def vm_body(spec=SPEC, image=None, custom_data=None):
    return vm.body(spec, "run", network_interface="/nic", fqdn="web1.example", image=image, custom_data=custom_data)


def test_without_e_only_docker_is_open():
    rules = network.security_group_body(SPEC, "run")["properties"]["securityRules"]
    assert [rule["properties"]["destinationPortRange"] for rule in rules] == ["4243"]


def test_e_opens_that_port_and_no_other():
    rules = network.security_group_body(with_changes(ssh_port=2222), "run")["properties"]["securityRules"]
    assert {rule["properties"]["destinationPortRange"] for rule in rules} == {"4243", "2222"}


def test_the_address_is_standard_and_static():
    body = network.public_ip_body(SPEC, "run", "web1")
    assert body["sku"]["name"] == "Standard" and body["properties"]["publicIPAllocationMethod"] == "Static"


def test_the_shared_network_carries_neither_the_host_s_name_nor_the_user_s_tags():
    tags = network.virtual_network_body(SPEC, "run")["tags"]
    assert names.TAG_HOST not in tags and "team" not in tags


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


def test_a_vm_that_azure_could_not_place_counts_as_never_run():
    failed = {"properties": {"provisioningState": "Failed", "instanceView": {"statuses": []}}}
    running = {"properties": {"provisioningState": "Failed",
                              "instanceView": {"statuses": [{"code": "PowerState/running"}]}}}
    assert vm.never_ran(failed) and not vm.never_ran(running)


def test_a_host_that_exists_gets_the_ports_that_are_asked_for_and_keeps_its_other_rules():
    body = network.security_group_body(SPEC, "run")
    own = {"name": "office", "properties": {"destinationPortRange": "443", "priority": 500}}
    existing = {**body, "properties": {"securityRules": [*body["properties"]["securityRules"], own]}}
    assert network.with_missing_rules(SPEC, existing) is None
    changed = network.with_missing_rules(with_changes(ssh_port=2222), existing)
    assert {rule["name"]: rule["properties"]["destinationPortRange"]
            for rule in changed["properties"]["securityRules"]} == {
        "allow-docker": "4243", "office": "443", "allow-ssh": "2222"}
