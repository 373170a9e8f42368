"""VMs with an ephemeral OS disk: which sizes have room for one, and what can't be done with it."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Answer, Group, LocalAzure


def _body(arm: LocalAzure, group: Group, size: str = "Standard_D2ds_v5", **disk: Any) -> dict[str, Any]:
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["hardwareProfile"]["vmSize"] = size
    body["properties"]["storageProfile"]["osDisk"] |= {"caching": "ReadOnly", "diffDiskSettings": {"option": "Local"}}
    body["properties"]["storageProfile"]["osDisk"] |= disk
    return body


def _put(arm: LocalAzure, group: Group, size: str = "Standard_D2ds_v5", **disk: Any) -> Answer:
    return arm.call("PUT", group.compute("virtualMachines/web1"), _body(arm, group, size, **disk))


@pytest.mark.parametrize(
    ("size", "disk", "placement"),
    [
        ("Standard_D2ds_v5", {}, "CacheDisk"),
        ("Standard_D2ds_v5", {"diskSizeGB": 75, "diffDiskSettings": {"option": "local", "placement": "resourcedisk"}},
         "ResourceDisk"),
        ("Standard_D2s_v3", {"diskSizeGB": 50}, "CacheDisk"),
        ("Standard_B4ms", {}, "ResourceDisk"),
    ],
)  # fmt: skip
def test_it_is_where_its_size_has_room(
    arm: LocalAzure, group: Group, size: str, disk: dict[str, Any], placement: str
) -> None:
    arm.done("PUT", group.compute("virtualMachines/web1"), _body(arm, group, size, **disk))
    shown = arm.call("GET", group.compute("virtualMachines/web1")).body["properties"]["storageProfile"]["osDisk"]
    assert shown["diffDiskSettings"] == {"option": "Local", "placement": placement}
    assert (shown["caching"], shown["managedDisk"]["storageAccountType"]) == ("ReadOnly", "Standard_LRS")


@pytest.mark.parametrize(
    ("size", "disk", "status", "code", "text"),
    [
        ("Standard_D2s_v3", {"diskSizeGB": 64}, 409, "NotSupported",
         "OS disk of Ephemeral VM with size greater than 50 GB is not allowed for VM size Standard_D2s_v3 when the "
         "DiffDiskPlacement is CacheDisk."),
        ("Standard_D2s_v5", {}, 409, "NotSupported", "greater than 0 GB is not allowed for VM size Standard_D2s_v5"),
        ("Standard_B2s", {}, 409, "NotSupported", "greater than 8 GB is not allowed for VM size Standard_B2s when the "
         "DiffDiskPlacement is ResourceDisk."),
        ("Standard_D2ds_v5", {"caching": "ReadWrite"}, 409, "NotSupported", "support only Readonly caching"),
        ("Standard_D2ds_v5", {"caching": None}, 409, "NotSupported", "support only Readonly caching"),
        ("Standard_D2ds_v5", {"managedDisk": {"storageAccountType": "Premium_LRS"}}, 409, "NotSupported",
         "Standard_LRS"),
        ("Standard_D2ds_v5", {"diffDiskSettings": {"option": "Remote"}}, 400, "BadRequest", "DiffDiskOptions"),
        ("Standard_D2ds_v5", {"diffDiskSettings": {"placement": "CacheDisk"}}, 400, "InvalidParameter", "placement"),
        ("Standard_D2ds_v5", {"diffDiskSettings": {"option": "Local", "placement": "NvmeDisk"}}, 409,
         "OperationNotAllowed", "Local Azure has no NVMe disks"),
    ],
)  # fmt: skip
def test_what_an_ephemeral_disk_cant_be_is_refused(
    arm: LocalAzure, group: Group, size: str, disk: dict[str, Any], status: int, code: str, text: str
) -> None:
    answer = _put(arm, group, size, **disk)
    assert (answer.status, answer.code) == (status, code)
    assert text in answer.message


def test_it_cant_be_deallocated_but_stopped(arm: LocalAzure, group: Group) -> None:
    vm = group.compute("virtualMachines/web1")
    arm.done("PUT", vm, _body(arm, group))
    answer = arm.call("POST", f"{vm}/deallocate")
    assert (answer.status, answer.code) == (409, "OperationNotAllowed")
    assert answer.message == (
        "Operation 'deallocate' is not supported for VMs or VM Scale Set instances using an ephemeral OS disk."
    )
    arm.done("POST", f"{vm}/powerOff")
    arm.done("POST", f"{vm}/start")


def test_its_place_changes_with_the_size_only(arm: LocalAzure, group: Group) -> None:
    vm = group.compute("virtualMachines/web1")
    arm.done("PUT", vm, _body(arm, group))

    def patch(size: str | None = None, **settings: str) -> Answer:
        properties: dict[str, Any] = {"storageProfile": {"osDisk": {"diffDiskSettings": settings}}}
        if size:
            properties["hardwareProfile"] = {"vmSize": size}
        return arm.call("PATCH", vm, {"properties": properties})

    arm.wait(patch(option="Local", placement="CacheDisk"))
    refused = patch(placement="ResourceDisk")
    assert (refused.code, "The 'Placement' option override" in refused.message) == ("OperationNotAllowed", True)
    arm.wait(patch("Standard_D4ds_v5", placement="ResourceDisk"))
    disk = arm.call("GET", vm).body["properties"]["storageProfile"]["osDisk"]
    assert disk["diffDiskSettings"]["placement"] == "ResourceDisk"
    assert patch("Standard_D2s_v5").code == "NotSupported"


def test_a_disk_that_stays_does_not_become_ephemeral(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    body = {"properties": {"storageProfile": {"osDisk": {"diffDiskSettings": {"option": "Local"}}}}}
    assert arm.call("PATCH", vm, body).code == "PropertyChangeNotAllowed"


def test_sizes_say_whether_they_have_room(arm: LocalAzure) -> None:
    skus = arm.call("GET", "/providers/Microsoft.Compute/skus", api="2021-07-01", _filter="location eq 'westus'")
    found = {
        one["name"]: {part["name"]: part["value"] for part in one["capabilities"]}
        for one in skus.body["value"] if one["resourceType"] == "virtualMachines"
    }  # fmt: skip
    said = {name: (one["EphemeralOSDiskSupported"], one["CachedDiskBytes"]) for name, one in found.items()}
    assert said["Standard_D2ds_v5"] == ("True", str(50 * 2**30))
    assert said["Standard_D2s_v5"] == ("False", "0")
    assert said["Standard_B4ms"] == ("True", "0")
