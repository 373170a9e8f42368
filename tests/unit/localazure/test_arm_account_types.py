"""Sizes without Premium storage, of families that older templates and clients name: their disks are Standard ones."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Answer, Group, LocalAzure

WEB1 = "virtualMachines/web1"
PREMIUM, STANDARD = "Premium_LRS", "Standard_LRS"


def put(group: Group, size: str, os_type: str | None = None, data_type: str | None = None) -> Answer:
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["hardwareProfile"]["vmSize"] = size
    data: dict[str, Any] = {"lun": 0, "createOption": "Empty", "diskSizeGB": 4}
    storage = body["properties"]["storageProfile"]
    if "_DS" not in size and "s_" not in size:  # of the older ones many boot generation 1 only
        storage["imageReference"]["sku"] = "server-gen1"
    storage["osDisk"].pop("managedDisk", None)
    for disk, account_type in ((storage["osDisk"], os_type), (data, data_type)):
        if account_type:
            disk["managedDisk"] = {"storageAccountType": account_type}
    storage["dataDisks"] = [data]
    answer = group.arm.call("PUT", group.compute(WEB1), body)
    if answer.status < 400:
        group.arm.wait(answer)
    return answer


def account_types(group: Group) -> set[str]:
    disks = group.arm.call("GET", group.compute("disks")).body["value"]
    return {one["sku"]["name"] for one in disks}


@pytest.mark.parametrize(
    ("size", "default"),
    [("Standard_D1_v2", STANDARD), ("Standard_A2_v2", STANDARD), ("Standard_D3", STANDARD),
     ("Standard_D2_v3", STANDARD), ("Standard_F1", STANDARD), ("Standard_DS1_v2", PREMIUM),
     ("Standard_D2s_v3", PREMIUM)],
)  # fmt: skip
def test_a_disk_that_names_no_storage_has_what_the_size_has(group: Group, size: str, default: str) -> None:
    assert put(group, size).status == 201
    assert account_types(group) == {default}


@pytest.mark.parametrize(("os_type", "data_type"), [(PREMIUM, None), (STANDARD, PREMIUM), (None, "Premium_ZRS")])
def test_premium_is_refused_where_the_size_has_none(group: Group, os_type: str | None, data_type: str | None) -> None:
    answer = put(group, "Standard_D2_v2", os_type, data_type)
    assert (answer.status, answer.code) == (400, "InvalidParameter")
    assert answer.message == (
        "Requested operation cannot be performed because storage account type "
        f"'{data_type or os_type}' is not supported for VM size 'Standard_D2_v2'."
    )


@pytest.mark.parametrize(
    ("os_type", "data_type", "taken"),
    [(STANDARD, STANDARD, True), (PREMIUM, STANDARD, False), (STANDARD, PREMIUM, False)],
)
def test_a_vm_with_premium_disks_changes_to_no_such_size(
    arm: LocalAzure, group: Group, os_type: str, data_type: str, taken: bool
) -> None:
    put(group, "Standard_DS2_v2", os_type, data_type)
    change = {"properties": {"hardwareProfile": {"vmSize": "Standard_D2_v2"}}}
    answer = arm.call("PATCH", group.compute(WEB1), change)
    assert (answer.status == 200) is taken, answer.body
    assert taken or answer.code == "InvalidParameter"


def test_the_skus_tell_which_sizes_have_premium_storage(arm: LocalAzure) -> None:
    skus = arm.call("GET", "/providers/Microsoft.Compute/skus", api="2021-07-01", _filter="location eq 'westus'").body
    told = {
        one["name"]: capability["value"]
        for one in skus["value"] if one["resourceType"] == "virtualMachines"
        for capability in one["capabilities"] if capability["name"] == "PremiumIO"
    }  # fmt: skip
    assert (told["Standard_D2_v2"], told["Standard_DS2_v2"]) == ("False", "True")
