"""az vm: lists and views, power, updates, disks' delete options, and the end of a VM."""

from __future__ import annotations

import pytest
from compute_support import body, make_nic, make_vm, put_vm

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def home(azure):
    """A group with a VM "web1" that all tests of this file share."""
    azure.az("group", "create", "-n", "vmgroup", "-l", "westus", "-o", "none").succeeded()
    make_vm(azure, "vmgroup", "web1")
    yield "vmgroup"
    azure.az("group", "delete", "-n", "vmgroup", "--yes", "--no-wait")


@pytest.fixture
def web1(home):
    return ("-g", home, "-n", "web1")


def test_vm_list_and_show(azure, home, web1):
    (vm,) = azure.query("vm", "list", "-g", home)
    assert vm["name"] == "web1"
    assert "web1" in [one["name"] for one in azure.query("vm", "list")]
    (detailed,) = azure.query("vm", "list", "-g", home, "-d")
    assert (detailed["powerState"], detailed["privateIps"]) == ("VM running", "10.0.0.4")
    shown = azure.query("vm", "show", *web1, "-d")
    assert shown["powerState"] == "VM running"
    assert shown["hardwareProfile"]["vmSize"] == "Standard_B2s"


def test_vm_list_ip_addresses(azure, web1):
    (found,) = azure.query("vm", "list-ip-addresses", *web1)
    assert found["virtualMachine"]["network"]["privateIpAddresses"] == ["10.0.0.4"]


def test_vm_stop_start_and_restart(azure, web1):
    azure.az("vm", "stop", *web1).succeeded()
    assert azure.query("vm", "show", *web1, "-d")["powerState"] == "VM stopped"
    refused = azure.az("vm", "restart", *web1)
    assert refused.code == 1
    assert "OperationNotAllowed" in refused.stderr
    azure.az("vm", "start", *web1).succeeded()
    azure.az("vm", "restart", *web1).succeeded()
    azure.az("vm", "redeploy", *web1).succeeded()
    azure.az("vm", "reapply", *web1).succeeded()
    assert azure.query("vm", "show", *web1, "-d")["powerState"] == "VM running"


def test_vm_deallocate_and_start(azure, web1):
    azure.az("vm", "deallocate", *web1).succeeded()
    view = azure.query("vm", "get-instance-view", *web1)["instanceView"]
    assert [one["code"] for one in view["statuses"]] == ["ProvisioningState/succeeded", "PowerState/deallocated"]
    assert "vmAgent" not in view
    azure.az("vm", "start", *web1).succeeded()
    view = azure.query("vm", "get-instance-view", *web1)["instanceView"]
    assert view["vmAgent"]["statuses"][0]["displayStatus"] == "Ready"


def test_vm_update(azure, web1):
    assert azure.query("vm", "update", *web1, "--set", "tags.x=y")["tags"]["x"] == "y"
    azure.az("vm", "update", *web1, "--user-data", "hello").succeeded()
    assert azure.query("vm", "show", *web1, "--include-user-data")["userData"] == "aGVsbG8="
    assert azure.query("vm", "show", *web1)["tags"]["x"] == "y"
    refused = azure.az("vm", "update", *web1, "--set", "osProfile.computerName=other")
    assert refused.code == 1
    assert "PropertyChangeNotAllowed" in refused.stderr


def test_vm_resize(azure, web1):
    names = [one["name"] for one in azure.query("vm", "list-vm-resize-options", *web1)]
    assert "Standard_B4ms" in names
    assert azure.query("vm", "resize", *web1, "--size", "Standard_B4ms")["hardwareProfile"]["vmSize"] == (
        "Standard_B4ms"
    )
    refused = azure.az("vm", "resize", *web1, "--size", "Standard_Nothing")
    assert refused.code == 1
    assert "InvalidParameter" in refused.stderr
    azure.az("vm", "resize", *web1, "--size", "Standard_B2s").succeeded()


@pytest.mark.long
def test_vm_list_sizes_skus_and_usage(azure, home):
    sizes = {one["name"]: one for one in azure.query("vm", "list-sizes", "-l", "westus")}
    assert sizes["Standard_D2s_v5"]["numberOfCores"] == 2
    (sku,) = azure.query("vm", "list-skus", "-l", "westeurope", "--size", "Standard_D2s_v5")
    assert sku["locationInfo"][0]["zones"] == ["1", "2", "3"]
    capabilities = {one["name"]: one["value"] for one in sku["capabilities"]}
    assert (capabilities["vCPUs"], capabilities["MemoryGB"]) == ("2", "8")
    (zoneless,) = azure.query("vm", "list-skus", "-l", "westus", "--size", "Standard_D2s_v5")
    assert zoneless["locationInfo"][0]["zones"] == []
    usage = {one["name"]["value"]: one for one in azure.query("vm", "list-usage", "-l", "westus")}
    assert int(usage["cores"]["currentValue"]) >= 2
    assert int(usage["standardBSFamily"]["currentValue"]) >= 2


def test_vm_identity(azure, home, web1):
    identity = azure.query("identity", "create", "-g", home, "-n", "mine")["id"]
    assigned = azure.query("vm", "identity", "assign", *web1)
    assert assigned["systemAssignedIdentity"]
    both = azure.query("vm", "identity", "assign", *web1, "--identities", identity)
    assert [one.lower() for one in both["userAssignedIdentities"]] == [identity.lower()]
    assert azure.query("vm", "identity", "show", *web1)["type"] == "SystemAssigned, UserAssigned"
    azure.az("vm", "identity", "remove", *web1, "--identities", identity).succeeded()
    assert azure.query("vm", "identity", "show", *web1)["type"] == "SystemAssigned"
    azure.az("vm", "identity", "remove", *web1).succeeded()
    assert azure.az("vm", "identity", "show", *web1).succeeded().stdout.strip() == ""


def test_vm_wait(azure, web1):
    azure.az("vm", "wait", *web1, "--exists").succeeded()
    azure.az("vm", "deallocate", *web1, "--no-wait").succeeded()
    wait = ("vm", "wait", *web1, "--interval", "1", "--custom")
    azure.az(*wait, "instanceView.statuses[?code=='PowerState/deallocated']").succeeded()
    azure.az("vm", "start", *web1).succeeded()  # nothing is going on any more
    azure.az(*wait, "instanceView.statuses[?code=='PowerState/running']").succeeded()


def test_vm_delete_takes_along_what_it_names(azure, home):
    make_vm(azure, home, "gone")
    disk = azure.query("vm", "show", "-g", home, "-n", "gone")["storageProfile"]["osDisk"]["name"]
    azure.az("vm", "delete", "-g", home, "-n", "gone", "--yes").succeeded()
    assert azure.az("vm", "show", "-g", home, "-n", "gone").code == 3
    assert azure.az("disk", "show", "-g", home, "-n", disk).code == 3
    assert azure.az("network", "nic", "show", "-g", home, "-n", "gone").code == 3


def test_vm_generalize(azure, group):
    at = ("-g", group, "-n", "master")
    make_vm(azure, group, "master")
    assert "since the VM is running" in azure.az("vm", "generalize", *at).stderr
    azure.az("vm", "deallocate", *at).succeeded()
    azure.az("vm", "generalize", *at).succeeded()
    assert "since the VM is generalized" in azure.az("vm", "start", *at).stderr


def test_a_vm_that_the_service_refuses_is_not_made(azure, group):
    given = body(make_nic(azure, group, "bad"), "bad")
    given["properties"]["storageProfile"]["osDisk"]["diskSize"] = 30
    refused = put_vm(azure, group, "bad", given)
    assert refused.code == 1
    assert "Could not find member 'diskSize' on object of type 'OSDisk'" in refused.stderr
    assert azure.query("vm", "list", "-g", group) == []
