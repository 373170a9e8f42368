"""Microsoft.Compute: every recorded operation on Local Azure, compared member by member with what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from arm_support import PASSWORD, encoded
from conformance_calls import Calls, perform
from conformance_exceptions import NOT_SERVED
from recorded import faults, operations

PUBLISHERS = "/providers/Microsoft.Compute/locations/westus/publishers"
OFFER = f"{PUBLISHERS}/Canonical/artifacttypes/vmimage/offers"
TYPES = f"{PUBLISHERS}/Microsoft.Azure.Extensions/artifacttypes/vmextension/types"


def vm_body(calls: Calls, nic: str) -> dict[str, Any]:
    """As az sends it."""
    body = calls.group.vm_body(nic)
    storage = body["properties"]["storageProfile"]
    storage["osDisk"] |= {"caching": "ReadWrite", "managedDisk": {"storageAccountType": "Premium_LRS"}}
    return {**body, "tags": {}}


def networks(calls: Calls) -> None:
    calls.group.nic(calls.group.vnet(), public_ip=calls.group.public_ip(), nsg=calls.group.nsg())


def vm(calls: Calls) -> None:
    group, platform = calls.group, calls.arm.platform
    path = group.compute("virtualMachines/web1")
    body = vm_body(calls, group.id_of(group.network("networkInterfaces/nic")))
    platform.unblocked.clear()
    created = calls.do("vm put new", path, body, wait=False)
    calls.follow("operation in progress", created)
    platform.unblocked.set()
    calls.finish("vm put new", created)
    calls.follow("operation succeeded", created)
    calls.do("vm put existing", path, body)
    calls.do("vm get", path)
    calls.do("vm list in subscription", "/providers/Microsoft.Compute/virtualMachines")
    calls.do("vm list", group.compute("virtualMachines"))
    calls.do("vm patch", path, {"tags": {"a": "b"}})
    calls.do("vm get instance view running", path, _expand="instanceView")
    calls.do("vm sizes available", f"{path}/vmSizes")
    platform.agents[group.machine(path)] = False
    calls.do("vm get instance view agent silent", path, _expand="instanceView")
    platform.agents.clear()


def vm_diagnostics(calls: Calls) -> None:
    path = calls.group.compute("virtualMachines/web1")
    calls.arm.done("PATCH", path, {"properties": {"diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}}})
    calls.do("vm retrieve boot diagnostics data", f"{path}/retrieveBootDiagnosticsData")


def extensions(calls: Calls) -> None:
    path = calls.group.compute("virtualMachines/web1/extensions/script")
    properties = {
        "publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1",
        "autoUpgradeMinorVersion": True, "settings": {"commandToExecute": "true"},
    }  # fmt: skip
    body = {"location": "westus", "properties": properties}
    calls.do("vm extension put new", path, body)
    calls.do("vm extension put existing", path, body)
    calls.do("vm extension get", path)
    calls.do("vm extension get instance view", path, _expand="instanceView")
    calls.do("vm extension delete", path)


def run_commands(calls: Calls) -> None:
    vm_path = calls.group.compute("virtualMachines/web1")
    calls.do("vm run command", f"{vm_path}/runCommand", {"commandId": "RunShellScript", "script": ["echo here"]})
    path = f"{vm_path}/runCommands/first"
    body = {"location": "westus", "properties": {"source": {"script": "echo there"}}}
    calls.do("vm managed run command put", path, body)
    calls.do("vm managed run command get", path)
    calls.do("vm managed run command get instance view", path, _expand="instanceView")
    calls.do("vm managed run command list", f"{vm_path}/runCommands")
    calls.do("vm managed run command delete", path)


def disks(calls: Calls) -> None:
    group = calls.group
    path = group.compute("disks/data")
    properties = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}
    body = {"location": "westus", "sku": {"name": "Premium_LRS"}, "tags": {}, "properties": properties}
    put = calls.do("disk put", path, body)
    calls.follow("disk operation succeeded", put)
    calls.do("disk get empty unattached", path)
    calls.do("disk list", group.compute("disks"))
    vm_path = group.compute("virtualMachines/web1")
    attached = {"lun": 0, "createOption": "Attach", "managedDisk": {"id": group.id_of(path)}}
    calls.arm.done("PATCH", vm_path, {"properties": {"storageProfile": {"dataDisks": [attached]}}})
    calls.do("disk get attached", path)
    calls.arm.done("PATCH", vm_path, {"properties": {"storageProfile": {"dataDisks": []}}})
    vm_answer = calls.arm.call("GET", vm_path)
    os_disk = vm_answer.body["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    calls.do("disk get os", os_disk)
    calls.do("disk delete", path)


def disk_in_progress(calls: Calls) -> None:
    properties = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}
    put = calls.arm.call(
        "PUT", calls.group.compute("disks/other"), {"location": "westus", "properties": properties}, "2023-04-02"
    )
    calls.follow("disk operation in progress", put)
    calls.finish("disk put", put)


def placement(calls: Calls) -> None:
    group = calls.group
    path = group.compute("availabilitySets/set")
    properties = {"platformFaultDomainCount": 2, "platformUpdateDomainCount": 5}
    calls.do(
        "availability set put", path,
        {"location": "westus", "sku": {"name": "Aligned"}, "tags": {}, "properties": properties},
    )  # fmt: skip
    calls.do("availability set get", path)
    calls.do("availability set list", group.compute("availabilitySets"))
    calls.do("availability set delete", path)
    path = group.compute("proximityPlacementGroups/near")
    body = {"location": "westus", "tags": {}, "properties": {"proximityPlacementGroupType": "Standard"}}
    calls.do("proximity placement group put", path, body)
    calls.do("proximity placement group get", path)
    calls.do("proximity placement group list", group.compute("proximityPlacementGroups"))
    calls.do("proximity placement group delete", path)


def ssh_keys(calls: Calls) -> None:
    path = calls.group.compute("sshPublicKeys/mine")
    calls.do("ssh public key put", path, {"location": "westus"})
    calls.do("ssh public key generate", f"{path}/generateKeyPair", {"encryptionType": "Ed25519"})
    calls.do("ssh public key get", path)
    calls.do("ssh public key list", calls.group.compute("sshPublicKeys"))
    calls.do("ssh public key list in subscription", "/providers/Microsoft.Compute/sshPublicKeys")
    calls.do("ssh public key patch", path, {"properties": {"publicKey": calls.answers["ssh public key get"].body[
        "properties"]["publicKey"]}})  # fmt: skip
    calls.do("ssh public key delete", path)


def catalogue(calls: Calls) -> None:
    here = "/providers/Microsoft.Compute/locations/westus"
    calls.do("vm sizes", f"{here}/vmSizes")
    calls.do("usages", f"{here}/usages")
    calls.do("publishers", PUBLISHERS)
    calls.do("image offers", OFFER)
    calls.do("image skus", f"{OFFER}/ubuntu-24_04-lts/skus")
    versions = f"{OFFER}/ubuntu-24_04-lts/skus/server/versions"
    listed = calls.do("image versions", versions, _expand="properties/imageDeprecationStatus")
    calls.do("image version get", f"{versions}/{listed.body[0]['name']}")
    calls.do("extension image types", TYPES)
    listed = calls.do("extension image versions", f"{TYPES}/DockerExtension/versions")
    calls.do("extension image get", f"{TYPES}/DockerExtension/versions/{listed.body[0]['name']}")


def power(calls: Calls) -> None:
    path = calls.group.compute("virtualMachines/web1")
    for action in ("powerOff", "start", "restart", "redeploy", "reapply", "deallocate"):
        calls.do(f"vm {action}", f"{path}/{action}")
    calls.do("vm get deallocated", path)
    calls.do("vm get instance view deallocated", path, _expand="instanceView")
    calls.do("vm start", f"{path}/start")
    calls.arm.done("POST", f"{path}/deallocate")
    calls.do("vm generalize", f"{path}/generalize")
    calls.do("vm delete", path)


def failure(calls: Calls) -> None:
    """An operation that ends Failed: a size without capacity."""
    group = calls.group
    body = vm_body(calls, group.nic(group.id_of(group.network("virtualNetworks/vnet/subnets/default")), "nic2"))
    body["properties"]["hardwareProfile"]["vmSize"] = "Standard_L8s_v3"
    body["properties"]["osProfile"] |= {"adminPassword": PASSWORD, "customData": encoded(b"#cloud-config\n")}
    created = calls.arm.call("PUT", group.compute("virtualMachines/web2"), body)
    calls.arm.wait(created)
    calls.follow("operation failed", created)


PARTS = (
    networks, vm, vm_diagnostics, extensions, run_commands, disks, disk_in_progress, placement, ssh_keys, catalogue,
    failure, power,
)  # fmt: skip


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    performed = perform(tmp_path_factory.mktemp("conformance"), "compute", *PARTS)
    yield performed
    performed.arm.stop()


def test_all_could_be_performed(calls: Calls) -> None:
    assert calls.errors == {}


@pytest.mark.parametrize("name", [name for name in operations("compute") if f"compute/{name}" not in NOT_SERVED])
def test_the_answer_is_as_recorded(calls: Calls, name: str) -> None:
    assert name in calls.answers, f"not performed: {calls.errors}"
    assert faults("compute", name, calls.answers[name]) == []
