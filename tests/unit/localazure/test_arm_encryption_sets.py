"""Disk encryption sets: made and changed, named by disks and VMs, in use; and encryption on the VM's own server."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Answer, Group, LocalAzure

KEY = "https://vault1.vault.azure.net/keys/mine/0123456789abcdef0123456789abcdef"
CUSTOMER, BOTH = "EncryptionAtRestWithCustomerKey", "EncryptionAtRestWithPlatformAndCustomerKeys"
API = "2023-04-02"


def put(group: Group, name: str = "keys", location: str = "", identity: Any = None, **properties: Any) -> Answer:
    body = {"location": location or group.location, "properties": {"activeKey": {"keyUrl": KEY}, **properties}}
    if identity:
        body["identity"] = identity
    return group.arm.call("PUT", group.compute(f"diskEncryptionSets/{name}"), body, api=API)


def made(group: Group, **properties: Any) -> str:
    group.arm.wait(put(group, **properties))
    return group.id_of(group.compute("diskEncryptionSets/keys"))


def shown(group: Group, path: str = "diskEncryptionSets/keys") -> Any:
    return group.arm.call("GET", group.compute(path), api=API).body


def vm(group: Group, encryption_set: str, **properties: Any) -> Answer:
    body = group.vm_body(group.nic(group.vnet()))
    storage = body["properties"]["storageProfile"]
    storage["osDisk"] |= {"name": "os", "managedDisk": {"diskEncryptionSet": {"id": encryption_set}}}
    storage["dataDisks"] = [{"lun": 0, "name": "data", "createOption": "Empty", "diskSizeGB": 4,
                             "managedDisk": {"diskEncryptionSet": {"id": encryption_set}}}]  # fmt: skip
    body["properties"] |= properties
    return group.arm.call("PUT", group.compute("virtualMachines/web1"), body)


def test_one_is_made_changed_and_listed(group: Group) -> None:
    made(group, identity={"type": "SystemAssigned"})
    found = shown(group)
    assert found["properties"] == {
        "encryptionType": CUSTOMER, "activeKey": {"keyUrl": KEY}, "previousKeys": [], "provisioningState": "Succeeded",
    }  # fmt: skip
    assert found["identity"]["type"] == "SystemAssigned" and found["identity"]["principalId"]
    newer = KEY[:-1] + "0"
    group.arm.done("PATCH", group.compute("diskEncryptionSets/keys"), {
        "tags": {"a": "1"}, "properties": {"activeKey": {"keyUrl": newer}, "rotationToLatestKeyVersionEnabled": True},
    }, api=API)  # fmt: skip
    after = shown(group)
    assert (after["tags"], after["properties"]["activeKey"]["keyUrl"]) == ({"a": "1"}, newer)
    assert after["identity"]["principalId"] == found["identity"]["principalId"]
    assert [one["name"] for one in shown(group, "diskEncryptionSets")["value"]] == ["keys"]


@pytest.mark.parametrize(("properties", "code"), [
    ({"activeKey": {"keyUrl": "http://vault/keys/a"}}, "InvalidParameter"), ({"activeKey": {}}, "InvalidParameter"),
    ({"encryptionType": "None"}, "BadRequest"), ({"activeKey": {"keyUrl": KEY, "url": "x"}}, "BadRequest"),
])  # fmt: skip
def test_what_is_no_set_is_refused(group: Group, properties: dict[str, Any], code: str) -> None:
    assert (put(group, **properties).status, put(group, **properties).code) == (400, code)


def test_its_type_stays(group: Group) -> None:
    made(group)
    assert put(group, encryptionType=BOTH).code == "PropertyChangeNotAllowed"


def test_disks_of_a_vm_are_encrypted_by_it_and_hold_it(group: Group) -> None:
    keys = made(group, encryptionType=BOTH)
    group.arm.wait(vm(group, keys))
    for disk in ("os", "data"):
        assert shown(group, f"disks/{disk}")["properties"]["encryption"] == {"type": BOTH, "diskEncryptionSetId": keys}
    storage = shown_vm(group)["storageProfile"]
    assert storage["osDisk"]["managedDisk"]["diskEncryptionSet"] == {"id": keys}
    assert storage["dataDisks"][0]["managedDisk"]["diskEncryptionSet"] == {"id": keys}
    associated = shown(group, "diskEncryptionSets/keys/associatedResources")["value"]
    assert sorted(one.rpartition("/")[2] for one in associated) == ["data", "os"]
    refused = group.arm.call("DELETE", group.compute("diskEncryptionSets/keys"), api=API)
    assert (refused.status, refused.code) == (409, "OperationNotAllowed")
    for disk in ("virtualMachines/web1", "disks/data"):
        group.arm.done("DELETE", group.compute(disk), api=API if "disks" in disk else "2024-11-01")
    group.arm.done("DELETE", group.compute("diskEncryptionSets/keys"), api=API)
    assert shown(group, "diskEncryptionSets")["value"] == []


def shown_vm(group: Group) -> Any:
    return group.arm.call("GET", group.compute("virtualMachines/web1")).body["properties"]


def test_the_set_of_a_vm_s_disk_is_no_other_vm_s_affair(group: Group) -> None:
    keys = made(group)
    group.arm.wait(vm(group, keys))
    again = {"location": group.location, "properties": {"storageProfile": {"osDisk": {
        "managedDisk": {"diskEncryptionSet": {"id": f"{keys}2"}}}}}}  # fmt: skip
    assert group.arm.call("PATCH", group.compute("virtualMachines/web1"), again).code == "PropertyChangeNotAllowed"


@pytest.mark.parametrize("where", ["none", "elsewhere"])
def test_a_set_has_to_be_there_and_in_the_region(group: Group, where: str) -> None:
    keys = made(group, location="eastus") if where == "elsewhere" else group.id_of(
        group.compute("diskEncryptionSets/none"))
    refused = vm(group, keys)
    assert (refused.status, refused.code) == ((400, "InvalidParameter") if where == "elsewhere" else (404, "NotFound"))


def disk(group: Group, **encryption: Any) -> Answer:
    return group.arm.call("PUT", group.compute("disks/own"), {
        "location": group.location, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4,
                                                   "encryption": encryption}}, api=API)  # fmt: skip


def test_a_disk_of_its_own_is_encrypted_by_it_now_or_later(group: Group) -> None:
    keys = made(group)
    group.arm.wait(disk(group))
    assert shown(group, "disks/own")["properties"]["encryption"] == {"type": "EncryptionAtRestWithPlatformKey"}
    group.arm.wait(disk(group, type=CUSTOMER, diskEncryptionSetId=keys))
    assert shown(group, "disks/own")["properties"]["encryption"] == {"type": CUSTOMER, "diskEncryptionSetId": keys}


@pytest.mark.parametrize(("encryption", "target"), [
    ({"type": CUSTOMER}, "disk.encryption.diskEncryptionSetId"), ({"type": BOTH, "set": True}, "disk.encryption.type"),
    ({"type": "EncryptionAtRestWithPlatformKey", "set": True}, "disk.encryption.diskEncryptionSetId"),
])  # fmt: skip
def test_type_and_set_belong_together(group: Group, encryption: dict[str, Any], target: str) -> None:
    keys = made(group)
    if encryption.pop("set", False):
        encryption["diskEncryptionSetId"] = keys
    refused = disk(group, **encryption)
    assert (refused.status, refused.code, refused.body["error"]["target"]) == (400, "InvalidParameter", target)


def test_encryption_on_the_server_wants_a_registered_feature(arm: LocalAzure, group: Group) -> None:
    keys = made(group)
    refused = vm(group, keys, securityProfile={"encryptionAtHost": True})
    assert (refused.status, refused.code) == (400, "InvalidParameter") and "is not enabled" in refused.message
    at = "/providers/Microsoft.Features/providers/Microsoft.Compute/features/EncryptionAtHost"
    arm.call("POST", f"{at}/register", api="2021-07-01")
    for _ in range(100):
        if arm.call("GET", at, api="2021-07-01").body["properties"]["state"] == "Registered":
            break
    group.arm.wait(vm(group, keys, securityProfile={"encryptionAtHost": True}))
    assert shown_vm(group)["securityProfile"] == {"encryptionAtHost": True}


AGREEMENT = ("/providers/Microsoft.MarketplaceOrdering/offerTypes/virtualmachine/publishers/{}/offers/{}/plans/{}"
             "/agreements/current")  # fmt: skip
ROCKY = ("resf", "rockylinux-x86_64", "9-base")


def test_terms_are_accepted_before_a_vm_of_the_image_is_made(arm: LocalAzure, group: Group) -> None:
    at = AGREEMENT.format(*ROCKY)
    told = arm.call("GET", at, api="2021-01-01").body["properties"]
    assert (told["publisher"], told["product"], told["plan"], told["accepted"]) == (*ROCKY, False)
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["storageProfile"]["imageReference"] = {
        "publisher": "resf", "offer": "rockylinux-x86_64", "sku": "9-base", "version": "latest"}  # fmt: skip
    body["plan"] = {"name": "9-base", "publisher": "resf", "product": "rockylinux-x86_64"}
    refused = arm.call("PUT", group.compute("virtualMachines/web1"), body)
    assert (refused.status, refused.code) == (400, "ResourcePurchaseValidationFailed")
    assert "You have not accepted the legal terms" in refused.message
    accepted = arm.done("PUT", at, {"properties": {**told, "accepted": True}}, api="2021-01-01")
    assert accepted.body["properties"]["accepted"]
    arm.done("PUT", group.compute("virtualMachines/web1"), body)
    assert not arm.done("PUT", at, {"properties": {"accepted": False}}, api="2021-01-01").body["properties"]["accepted"]


def test_an_image_without_a_plan_has_no_terms(arm: LocalAzure) -> None:
    refused = arm.call("GET", AGREEMENT.format("Canonical", "ubuntu-24_04-lts", "server"), api="2021-01-01")
    assert (refused.status, refused.code) == (400, "BadRequest")


@pytest.mark.parametrize(("size", "sku"), [("Standard_D2s_v6", "server-gen1"), ("Standard_D2_v3", "server"),
                                           ("Standard_D2ps_v6", "server-arm64")])  # fmt: skip
def test_image_and_size_are_of_one_generation(group: Group, size: str, sku: str) -> None:
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["hardwareProfile"]["vmSize"] = size
    body["properties"]["storageProfile"]["imageReference"]["sku"] = sku
    answer = group.arm.call("PUT", group.compute("virtualMachines/web1"), body)
    if sku == "server-arm64":
        assert answer.status == 201
        group.arm.wait(answer)
    else:
        assert answer.code == "BadRequest" and "cannot boot Hypervisor Generation" in answer.message
