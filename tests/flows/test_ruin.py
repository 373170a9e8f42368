"""A VM that is there and is no host: it never ran, or it goes while it is waited for."""

from __future__ import annotations

import threading
import time

import pytest
from flow_cloud import HOST, PASSWORD, REGION

VM = "Microsoft.Compute/virtualMachines"


@pytest.fixture
def ruin(cloud):
    leave_a_ruin(cloud)


def leave_a_ruin(cloud, **tags: str) -> None:
    """What a create leaves that was killed while Azure could not place its VM."""
    body = _body(cloud)
    body["tags"] |= {name.replace("_", "-"): value for name, value in tags.items()}
    cloud.behavior(conditions={"allocation_failed": [{"size": "*"}]})
    cloud.arm("PUT", VM, HOST, body)
    assert cloud.settled(VM, HOST)["properties"]["provisioningState"] == "Failed"
    cloud.behavior()


def test_it_is_made_anew_as_it_was_asked_for(cloud, ruin):
    made = cloud.create("--provisioner", "run-command", "--size", "Standard_D4s_v5", "-u", "skipper", "-p", PASSWORD)
    assert made.succeeded().json["reachable"] is True
    assert "which never ran" in made.stderr and "Not applied" not in made.stderr
    properties = cloud.vm()["properties"]
    assert properties["hardwareProfile"]["vmSize"] == "Standard_D4s_v5"
    assert properties["osProfile"]["adminUsername"] == "skipper"
    assert properties["osProfile"]["linuxConfiguration"]["disablePasswordAuthentication"] is False


def test_without_a_login_it_gets_the_usual_keys(cloud, ruin):
    made = cloud.az("create", "-g", cloud.group, "-n", HOST, "--provisioner", "run-command").succeeded()
    assert "a key pair was made" in made.stderr
    linux = cloud.vm()["properties"]["osProfile"]["linuxConfiguration"]
    assert len(linux["ssh"]["publicKeys"]) == 1


def test_a_deletion_that_is_refused_is_one_clear_error(cloud, ruin):
    cloud.behavior(rules=[{"do": "answer", "status": 409, "code": "ScopeLocked", "message": "It is locked.",
                         "method": "DELETE", "type": VM}])
    failed = cloud.create("--provisioner", "run-command", "--size", "Standard_D4s_v5")
    assert failed.code == 1 and failed.stdout == ""
    assert "It is locked" in failed.stderr and "never ran, and had to be deleted" in failed.stderr
    assert f"az lock list -g {cloud.group}" in failed.stderr
    assert f"az dockervm delete -g {cloud.group} -n {HOST}" in failed.stderr
    assert "--size Standard_D4s_v5 -p" in failed.stderr, "all that was typed, for the next time"
    assert cloud.vm() is not None


def test_one_of_another_authority_is_not_deleted(cloud):
    leave_a_ruin(cloud, dockervm_ca="0" * 64)
    refused = cloud.create("--provisioner", "run-command")
    assert refused.code == 1 and "It was left as it is" in refused.stderr and cloud.vm() is not None


def test_a_vm_that_goes_while_it_is_waited_for_is_made_anew_with_its_login(cloud):
    cloud.behavior(rules=[{"do": "endless_operation", "method": "PUT", "type": VM, "nth": 1}])
    cloud.arm("PUT", VM, HOST, _body(cloud))

    def delete_it() -> None:
        time.sleep(3)
        cloud.behavior()
        cloud.arm("DELETE", VM, HOST)

    later = threading.Thread(target=delete_it)
    later.start()
    made = cloud.create("--provisioner", "run-command", "-u", "skipper", "-p", PASSWORD)
    later.join()
    assert made.succeeded().json["reachable"] is True
    assert "is being created" in made.stderr and "Not applied" not in made.stderr
    assert cloud.vm()["properties"]["osProfile"]["adminUsername"] == "skipper"


def _body(cloud) -> dict:
    """A VM on parts of its own; only its name and tags are a host's."""
    vnet = cloud.arm("PUT", "Microsoft.Network/virtualNetworks", f"dockervm-{REGION}-vnet", {
        "location": REGION, "tags": {"dockervm-shared": "1"}, "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "hosts", "properties": {"addressPrefix": "10.0.0.0/20"}}]}})
    cloud.settled("Microsoft.Network/virtualNetworks", f"dockervm-{REGION}-vnet")
    interface = cloud.arm("PUT", "Microsoft.Network/networkInterfaces", f"{HOST}VMNic", {
        "location": REGION, "tags": {"dockervm-host": HOST}, "properties": {"ipConfigurations": [
            {"name": "ipconfig1", "properties": {"subnet": {"id": vnet["properties"]["subnets"][0]["id"]}}}]}})
    cloud.settled("Microsoft.Network/networkInterfaces", f"{HOST}VMNic")
    return {"location": REGION, "tags": {"dockervm-host": HOST, "dockervm-port": "4243"}, "properties": {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {"imageReference": {"publisher": "Debian", "offer": "debian-13", "sku": "13-gen2",
                                              "version": "latest"}},
        "osProfile": {"computerName": HOST, "adminUsername": "somebody", "adminPassword": PASSWORD},
        "networkProfile": {"networkInterfaces": [
            {"id": interface["id"], "properties": {"deleteOption": "Delete"}}]}}}
