"""The virtual machine: its body, its tags, and what its state means."""

from __future__ import annotations

import base64

import pytest
from specs import changed, host_spec

from azext_dockervm.body import virtual_machine
from azext_dockervm.flow.request import Ref, printed, refs
from azext_dockervm.secret import Secret
from azext_dockervm.spec.machine import Image

SPEC = host_spec("demo", "web1", ssh_keys=("ssh-ed25519 AAAA me", "ssh-rsa BBBB you"), tags={"team": "a"})
PASSWORD = Secret("Very-secret-1")
SUPPORTED = {"name": "SecurityType", "value": "TrustedLaunchSupported"}


def body(shown=None, custom_data=None, **changes):
    """``shown``: the image, as Azure shows it."""
    return virtual_machine.body(changed(SPEC, **changes), "r1", network_interface=Ref("network_interface", "id"),
                                endpoint=Ref("public_ip", "fqdn"), image=shown, custom_data=custom_data,
                                authority=Ref("authority", "fingerprint"))


def test_the_body():
    """Deleting the VM leaves neither interface nor disk; whose the host is stands on it from the first request on."""
    assert body() == {
        "location": "westus",
        "tags": {"team": "a", "dockervm-host": "web1", "dockervm-run": "r1", "dockervm-schema": "1",
                 "dockervm-port": "4243", "dockervm-fqdn": Ref("public_ip", "fqdn"),
                 "dockervm-ca": Ref("authority", "fingerprint")},
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {
                "imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server",
                                   "version": "latest"},
                "osDisk": {"createOption": "FromImage", "caching": "ReadWrite", "deleteOption": "Delete"}},
            "osProfile": {
                "computerName": "web1", "adminUsername": "azureuser",
                "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [
                    {"path": "/home/azureuser/.ssh/authorized_keys", "keyData": "ssh-ed25519 AAAA me"},
                    {"path": "/home/azureuser/.ssh/authorized_keys", "keyData": "ssh-rsa BBBB you"}]}}},
            "networkProfile": {"networkInterfaces": [
                {"id": Ref("network_interface", "id"), "properties": {"primary": True, "deleteOption": "Delete"}}]}}}
    assert refs(body()) == {"network_interface", "public_ip", "authority"}


def test_what_is_asked_for_is_in_it():
    image = Image.parse("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/i")
    made = body(image=image, size="Standard_B2s", port=2376, user="me")
    assert made["properties"]["hardwareProfile"] == {"vmSize": "Standard_B2s"}
    assert made["properties"]["storageProfile"]["imageReference"] == {"id": image.id}
    assert made["tags"]["dockervm-port"] == "2376"
    profile = made["properties"]["osProfile"]
    assert profile["adminUsername"] == "me"
    assert {key["path"] for key in profile["linuxConfiguration"]["ssh"]["publicKeys"]} == {
        "/home/me/.ssh/authorized_keys"}


def test_a_password_switches_passwords_on_and_stays_a_secret():
    made = body(ssh_keys=(), password=PASSWORD)
    assert made["properties"]["osProfile"] == {
        "computerName": "web1", "adminUsername": "azureuser", "adminPassword": PASSWORD,
        "linuxConfiguration": {"disablePasswordAuthentication": False}}
    assert "Very-secret-1" not in str(printed(made))


def test_custom_data_is_base64():
    data = body(custom_data=b"#!/bin/sh\n")["properties"]["osProfile"]["customData"]
    assert base64.b64decode(data) == b"#!/bin/sh\n"


@pytest.mark.parametrize(("generation", "features", "trusted"), [
    ("V2", [SUPPORTED], True),
    ("V2", [{"name": "DiskControllerTypes", "value": "SCSI"}, SUPPORTED], True),
    ("V2", [{"name": "SecurityType", "value": "TrustedLaunchAndConfidentialVmSupported"}], True),
    ("V2", [{"name": "SecurityType", "value": "ConfidentialVmSupported"}], False),
    ("V2", [{"name": "SomethingElse", "value": "TrustedLaunchSupported"}], False),
    ("V2", [{}], False), ("V2", None, False), ("V1", [SUPPORTED], False), (None, [SUPPORTED], False)])
def test_trusted_launch_where_the_image_supports_it(generation, features, trusted):
    made = body({"properties": {"hyperVGeneration": generation, "features": features}})["properties"]
    assert made.get("securityProfile") == ({
        "securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}}
        if trusted else None)


@pytest.mark.parametrize("image", [None, {}, {"properties": None}, {"properties": {"plan": None}}])
def test_an_image_that_says_nothing_adds_nothing(image):
    assert body(image) == body()


def test_an_image_with_terms_has_its_plan_in_the_body():
    plan = {"name": "p", "publisher": "q", "product": "r"}
    assert body({"properties": {"plan": plan}}) == {**body(), "plan": plan}


def test_tags_are_the_user_s_ours_and_what_is_known():
    assert virtual_machine.tags(changed(SPEC, port=2376), "r2", {"dockervm-fqdn": "web1.example"}) == {
        "team": "a", "dockervm-host": "web1", "dockervm-run": "r2", "dockervm-schema": "1", "dockervm-port": "2376",
        "dockervm-fqdn": "web1.example"}


# What a VM says


def vm(*codes, state="Failed", **view):
    statuses = [{"code": code} if isinstance(code, str) else code for code in codes]
    return {"properties": {"provisioningState": state, "instanceView": {"statuses": statuses, **view}}}


@pytest.mark.parametrize(("found", "told"), [
    (vm("PowerState/running", {"code": "ProvisioningState/failed/AllocationFailed", "message": "no room"}),
     ("AllocationFailed", "no room")),
    (vm({"code": "ProvisioningState/Failed/InternalError"}), ("InternalError", "Failed/InternalError")),
    (vm("ProvisioningState/succeeded"), (None, "its state is Failed")),
    (vm("Other/failed/X"), (None, "its state is Failed")), (vm({}), (None, "its state is Failed")),
    ({"properties": {"provisioningState": "Canceled"}}, (None, "its state is Canceled")),
    ({}, (None, "its state is "))])
def test_why_a_creation_failed(found, told):
    assert virtual_machine.failure(found) == told


@pytest.mark.parametrize(("found", "power"), [
    (vm("ProvisioningState/succeeded", "PowerState/deallocated"), "deallocated"), (vm("PowerState/running"), "running"),
    (vm("ProvisioningState/updating"), "unknown"), (vm({}), "unknown"), ({"properties": None}, "unknown"),
    ({}, "unknown")])
def test_the_power_state(found, power):
    assert virtual_machine.power_state(found) == power


@pytest.mark.parametrize(("found", "user"), [
    ({"properties": {"osProfile": {"adminUsername": "me"}}}, "me"), ({"properties": {"osProfile": None}}, None),
    ({"properties": None}, None), ({}, None)])
def test_the_user_is_none_where_azure_does_not_say(found, user):
    assert virtual_machine.user_name(found) == user


FAILED = "ProvisioningState/failed/AllocationFailed"


@pytest.mark.parametrize(("found", "never"), [
    (vm(FAILED), True), (vm(FAILED, state="Succeeded"), False), (vm(FAILED, "PowerState/running"), False),
    (vm(FAILED, "PowerState/stopped"), False), (vm(FAILED, vmAgent={"vmAgentVersion": "2.9"}), False), (vm(), False),
    ({"properties": {"provisioningState": "Failed"}}, False), ({}, False)])
def test_only_a_vm_that_azure_could_not_place_counts_as_never_run(found, never):
    """Nothing that may hold data is deleted."""
    assert virtual_machine.never_ran(found) is never


def vm_with(interfaces=None, disks=None, os_disk=None):
    return {"properties": {"networkProfile": {"networkInterfaces": interfaces},
                           "storageProfile": {"dataDisks": disks, "osDisk": os_disk}}}


def attached(interface_id, option=None, **more):
    return {"id": interface_id, "properties": {**more, **({"deleteOption": option} if option else {})}}


def test_nothing_but_its_own_interface_goes_with_a_vm():
    vm = vm_with([attached("/OWN", "Delete", primary=True), attached("/theirs", "Delete", primary=False)])
    assert virtual_machine.leaving(vm, "/own", False) == {"networkProfile": {"networkInterfaces": [
        attached("/OWN", "Delete", primary=True), attached("/theirs", "Detach", primary=False)]}}
    assert virtual_machine.leaving(vm_with([attached("/own", "Delete")]), "", False)


@pytest.mark.parametrize("go", [True, False])
@pytest.mark.parametrize("option", ["Delete", "Detach", None])
def test_data_disks_go_or_stay_as_is_asked(go, option):
    disk = {"lun": 0, "name": "data0", **({"deleteOption": option} if option else {})}
    changes = virtual_machine.leaving(vm_with(disks=[disk]), "/own", go)
    if go is (option == "Delete"):
        assert changes is None
    else:
        assert changes == {"storageProfile": {"dataDisks": [{**disk, "deleteOption": "Delete" if go else "Detach"}]}}


@pytest.mark.parametrize("vm", [vm_with([attached("/own", "Delete"), attached("/theirs"), {"id": "/other"}], []),
                                vm_with(), {"properties": {}}])
def test_nothing_is_changed_where_that_is_so(vm):
    assert virtual_machine.leaving(vm, "/own", False) is None


def test_what_hangs_on_a_vm():
    vm = vm_with([attached("/OWN"), attached("/theirs")], [{"name": "data0"}, {"lun": 3}],
                 {"name": "os", "deleteOption": "Delete"})
    assert virtual_machine.other_interfaces(vm, "/own") == ["/theirs"]
    assert virtual_machine.data_disks(vm) == ["data0", "LUN 3"]
    assert virtual_machine.os_disk_that_goes(vm) == "os"


@pytest.mark.parametrize("vm", [vm_with(os_disk={"name": "os", "deleteOption": "Detach"}), vm_with(),
                                {"properties": {}}])
def test_a_disk_that_stays(vm):
    assert virtual_machine.os_disk_that_goes(vm) is None
    assert virtual_machine.data_disks(vm) == virtual_machine.other_interfaces(vm, "") == []


# On interfaces of somebody's; further names of its certificate


def test_interfaces_of_somebody_s_stay_when_the_vm_goes():
    made = virtual_machine.body(SPEC, "r1", network_interface="/nic1", endpoint="x", image=None, custom_data=None,
                                authority="f", more_interfaces=("/nic2",), interfaces_stay=True)
    assert made["properties"]["networkProfile"] == {"networkInterfaces": [
        {"id": "/nic1", "properties": {"primary": True, "deleteOption": "Detach"}},
        {"id": "/nic2", "properties": {"primary": False, "deleteOption": "Detach"}}]}


@pytest.mark.parametrize(("names", "typed", "tag"), [
    (("a.example", "10.0.0.9"), {}, "a.example,10.0.0.9"), ((), {}, None), ((), {"--tls-san": ("",)}, "")])
def test_the_names_of_its_certificate_are_noted_and_taken_back(names, typed, tag):
    tags = virtual_machine.tags(changed(SPEC, tls_names=names, typed=typed), "r1", {})
    assert tags.get("dockervm-tls-san") == tag
    assert virtual_machine.noted_names({"tags": {"DockerVM-TLS-SAN": tag or ""}}) == names
    assert virtual_machine.noted_names(None) == virtual_machine.noted_names({}) == ()


def test_which_interfaces_a_vm_has_the_primary_one_first():
    found = {"properties": {"networkProfile": {"networkInterfaces": [
        {"id": "/a"}, {"id": "/b", "properties": {"primary": True}}, {"id": "/c", "properties": None}]}}}
    assert virtual_machine.interfaces(found) == ["/b", "/a", "/c"]
    assert virtual_machine.primary_interface(found)["id"] == "/b"
    unmarked = {"properties": {"networkProfile": {"networkInterfaces": [{"id": "/a"}, {"id": "/b"}]}}}
    assert virtual_machine.interfaces(unmarked) == ["/a", "/b"]
    for none in (None, {}, {"properties": {"networkProfile": None}}):
        assert virtual_machine.interfaces(none) == []
    assert virtual_machine.primary_interface({}) is None


@pytest.mark.parametrize(("vm", "found"), [
    (None, (None, None)),
    ({"tags": {"dockervm-docker-disk": "kept"}, "properties": {}}, ("kept", None)),
    ({"tags": {"dockervm-docker-disk": "/x/disks/kept"}, "properties": {"storageProfile": {"dataDisks": [
        {"lun": 0, "name": "other"}, {"lun": 3, "name": "KEPT"}]}}}, ("kept", 3)),
    ({"properties": {"storageProfile": {"dataDisks": [{"lun": 0}]}}}, (None, None))], ids=repr)
def test_docker_s_own_disk_is_the_one_that_the_tag_names(vm, found):
    assert virtual_machine.docker_disk(vm) == found
