"""Disks: their own resource, and the data disks of VMs from attaching to the end of the VM."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Answer, Group, LocalAzure

from localazure.protocol import ids


def _body(size: int = 4, **more: Any) -> dict[str, Any]:
    properties = {"creationData": {"createOption": "Empty"}, "diskSizeGB": size}
    return {"location": "westus", "sku": {"name": "Premium_LRS"}, "properties": properties, **more}


def _disk(group: Group, name: str = "data", size: int = 4) -> str:
    """Make a disk; returns its id."""
    group.arm.done("PUT", group.compute(f"disks/{name}"), _body(size))
    return group.id_of(group.compute(f"disks/{name}"))


def _set_disks(group: Group, vm: str, *entries: dict[str, Any]) -> Answer:
    return group.arm.call("PATCH", vm, {"properties": {"storageProfile": {"dataDisks": list(entries)}}})


def _set(group: Group, vm: str, *entries: dict[str, Any]) -> None:
    answer = _set_disks(group, vm, *entries)
    assert answer.status == 200, answer.body
    assert group.arm.wait(answer).body["status"] == "Succeeded"


def _attached(identifier: str, lun: int = 0, **more: Any) -> dict[str, Any]:
    return {"lun": lun, "createOption": "Attach", "managedDisk": {"id": identifier}, **more}


def _empty(name: str, lun: int = 0, size: int = 4, **more: Any) -> dict[str, Any]:
    return {"lun": lun, "createOption": "Empty", "name": name, "diskSizeGB": size, **more}


def _of_machine(group: Group, vm: str) -> list[tuple[str, int, int]]:
    spec = group.arm.platform.machines[group.machine(vm)]
    return [(disk.id, disk.lun, disk.size_gib) for disk in spec.data_disks]


def test_a_disk_is_made_shown_grown_and_deleted_with_its_content(arm: LocalAzure, group: Group) -> None:
    path = group.compute("disks/data")
    first = arm.call("PUT", path, _body(100))
    assert (first.status, first.body["properties"]["provisioningState"]) == (202, "Updating")
    assert "tier" not in first.body["sku"]
    output = arm.wait(first).body["properties"]["output"]
    assert output == arm.call("GET", path).body
    properties = output["properties"]
    assert (properties["diskState"], properties["tier"], properties["diskIOPSReadWrite"]) == ("Unattached", "P10", 500)
    key = ids.short_id(group.id_of(path))
    assert arm.platform.disks[key] == 100
    arm.done("PATCH", path, {"properties": {"diskSizeGB": 200}, "tags": {"a": "b"}})
    grown = arm.call("GET", path).body
    assert (grown["properties"]["tier"], grown["tags"], arm.platform.disks[key]) == ("P15", {"a": "b"}, 200)
    assert arm.call("PATCH", path, {"properties": {"diskSizeGB": 10}}).code == "ResizeDiskError"
    arm.done("PUT", path, {**grown, "sku": {"name": "StandardSSD_LRS"}})
    assert arm.call("GET", path).body["sku"] == {"name": "StandardSSD_LRS", "tier": "Standard"}
    arm.done("DELETE", path)
    assert key not in arm.platform.disks
    assert arm.call("DELETE", path).status == 204


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"properties": {"diskSizeGB": 4}}, "InvalidParameter"),
        ({"properties": {"creationData": {"createOption": "Empty"}}}, "InvalidParameter"),
        ({"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 40000}}, "InvalidParameter"),
        ({"properties": {"creationData": {"createOption": "Made"}, "diskSizeGB": 4}}, "BadRequest"),
        ({"properties": {"creationData": {"createOption": "Copy"}, "diskSizeGB": 4}}, "OperationNotAllowed"),
        ({"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4, "size": 1}}, "BadRequest"),
        ({"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": "four"}}, "BadRequest"),
        ({"properties": {"creationData": {"createOption": "Empty", "performancePlus": True}, "diskSizeGB": 512}},
         "InvalidParameter"),
        ({"properties": {"creationData": {"galleryImageReference": None}, "diskSizeGB": 4}}, "InvalidParameter"),
        ({"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4, "maxShares": 2}},
         "OperationNotAllowed"),
        ({"sku": {"name": "Fast_LRS"}}, "InvalidParameter"),
        ({"sku": {"name": "UltraSSD_LRS"}}, "OperationNotAllowed"),
        ({"zones": ["1"]}, "AvailabilityZoneNotSupported"),
        ({"location": "westeurope", "zones": ["9"]}, "InvalidAvailabilityZone"),
        ({"location": None}, "LocationRequired"),
    ],
)
def test_a_bad_disk_is_refused(arm: LocalAzure, group: Group, changes: dict[str, Any], code: str) -> None:
    assert arm.call("PUT", group.compute("disks/data"), {**_body(), **changes}).code == code
    assert arm.call("GET", group.compute("disks/data")).status == 404


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"maxShares": 2}, "OperationNotAllowed"),
        ({"hyperVGeneration": "V2"}, "PropertyChangeNotAllowed"),
        ({"creationData": {"createOption": "Empty", "performancePlus": True}}, "PropertyChangeNotAllowed"),
        ({"diskIOPSReadWrite": 9999}, "InvalidParameter"),
        ({"diskMBpsReadWrite": 9999}, "InvalidParameter"),
    ],
)
def test_what_can_not_be_changed_of_a_disk(
    arm: LocalAzure, group: Group, properties: dict[str, Any], code: str
) -> None:
    _disk(group)
    before = arm.call("GET", group.compute("disks/data")).body
    assert arm.call("PATCH", group.compute("disks/data"), {"properties": properties}).code == code
    assert arm.call("GET", group.compute("disks/data")).body == before


def test_a_disk_that_is_being_made_is_left_alone(arm: LocalAzure, group: Group, behavior: Any) -> None:
    vm, path = group.vm(), group.compute("disks/data")
    behavior(rules=[{"do": "endless_operation", "method": "PUT", "type": "Microsoft.Compute/disks"}])
    assert arm.call("PUT", path, _body()).status == 202
    for method, body in (("PUT", _body()), ("PATCH", {"tags": {"a": "b"}}), ("DELETE", None)):
        assert arm.call(method, path, body).code == "Conflict", method
    assert _set_disks(group, vm, _attached(group.id_of(path))).code == "Conflict"


def test_a_disk_must_be_where_the_vm_is(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    away, zonal = group.compute("disks/away"), group.compute("disks/zonal")
    arm.done("PUT", away, {**_body(), "location": "eastus"})
    assert "is in location 'eastus'" in _set_disks(group, vm, _attached(group.id_of(away))).message
    arm.done("PUT", zonal, {**_body(), "location": "westeurope", "zones": ["1"]})
    group.location = "westeurope"
    body = group.vm_body(group.nic(group.vnet("there"), "nic2"))
    body["properties"]["storageProfile"]["dataDisks"] = [_attached(group.id_of(zonal))]
    refused = arm.call("PUT", group.compute("virtualMachines/web2"), body)
    assert (refused.code, "because it is not in zone" in refused.message) == ("BadRequest", True)


def test_a_vm_is_made_with_empty_and_existing_data_disks(arm: LocalAzure, group: Group) -> None:
    old = _disk(group, "old", 8)
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["storageProfile"]["dataDisks"] = [
        _empty("", 0, 16), _attached(old, 5, caching="ReadOnly", deleteOption="Delete"),
    ]  # fmt: skip
    vm = group.compute("virtualMachines/web1")
    arm.done("PUT", vm, body)
    new, kept = arm.call("GET", vm).body["properties"]["storageProfile"]["dataDisks"]
    assert new["name"].startswith("web1_disk2_")
    assert (new["caching"], new["deleteOption"], new["managedDisk"]["storageAccountType"]) == (
        "None", "Detach", "Premium_LRS",
    )  # fmt: skip
    assert (kept["name"], kept["lun"], kept["caching"], kept["diskSizeGB"]) == ("old", 5, "ReadOnly", 8)
    assert _of_machine(group, vm) == [(ids.short_id(new["managedDisk"]["id"]), 0, 16), (ids.short_id(old), 5, 8)]
    assert arm.call("GET", group.compute("disks/old")).body["properties"]["diskState"] == "Attached"
    view = arm.call("GET", f"{vm}/instanceView").body
    assert len(view["disks"]) == 3


def test_disks_come_and_go_while_the_vm_runs_and_keep_their_content(arm: LocalAzure, group: Group) -> None:
    vm, disk = group.vm(), _disk(group)
    _set(group, vm, _attached(disk, 3))
    assert _of_machine(group, vm) == [(ids.short_id(disk), 3, 4)]
    refused = arm.call("DELETE", group.compute("disks/data"))
    assert (refused.status, refused.code) == (409, "OperationNotAllowed")
    _set(group, vm)
    assert _of_machine(group, vm) == []
    assert "managedBy" not in arm.call("GET", group.compute("disks/data")).body
    assert ids.short_id(disk) in arm.platform.disks


def test_attaching_a_disk_as_another_account_type_changes_it(arm: LocalAzure, group: Group) -> None:
    vm, disk = group.vm(), _disk(group)
    managed = {"id": disk, "storageAccountType": "premium_lrs"}
    _set(group, vm, _attached(disk, managedDisk=managed))
    shown = arm.call("GET", group.compute("disks/data")).body
    assert (shown["sku"], shown["properties"]["tier"]) == ({"name": "Premium_LRS", "tier": "Premium"}, "P1")
    (entry,) = arm.call("GET", vm).body["properties"]["storageProfile"]["dataDisks"]
    assert entry["managedDisk"] == {"storageAccountType": "Premium_LRS", "id": disk}
    other = {"id": _disk(group, "other"), "storageAccountType": "UltraSSD_LRS"}
    assert _set_disks(group, vm, _attached("", 1, managedDisk=other)).code == "OperationNotAllowed"


def test_a_premium_disk_has_the_tier_of_its_size_or_a_higher_one(arm: LocalAzure, group: Group) -> None:
    path = group.compute("disks/fast")

    def shown(**changes: Any) -> tuple[str, int]:
        arm.done("PATCH", path, {"properties": changes})
        properties = arm.call("GET", path).body["properties"]
        return properties["tier"], properties["diskIOPSReadWrite"]

    creation = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4, "tier": "P20"}
    arm.done("PUT", path, {"location": "westus", "sku": {"name": "Premium_LRS"}, "properties": creation})
    assert shown(burstingEnabled=False) == ("P20", 2300)
    assert shown(tier="p30") == ("P30", 5000)
    assert shown(diskSizeGB=2000) == ("P40", 7500)
    for tier in ("P5", "E10"):
        assert arm.call("PATCH", path, {"properties": {"tier": tier}}).code == "InvalidParameter"
    plain = {**creation, "tier": "P10"}
    slow = arm.call("PUT", group.compute("disks/slow"), {"location": "westus", "properties": plain})
    assert slow.code == "InvalidParameter"


def test_the_whole_vm_as_it_is_read_can_be_put_again(arm: LocalAzure, group: Group) -> None:
    vm, disk = group.vm(), _disk(group)
    _set(group, vm, _attached(disk))
    body = arm.call("GET", vm, _expand="instanceView").body
    arm.done("PUT", vm, body)
    assert _of_machine(group, vm) == [(ids.short_id(disk), 0, 4)]
    storage = body["properties"]["storageProfile"]
    storage["dataDisks"][0]["toBeDetached"] = True
    arm.done("PUT", vm, body)
    assert _of_machine(group, vm) == []


def test_the_action_attaches_and_detaches_by_id(arm: LocalAzure, group: Group) -> None:
    vm, one, two = group.vm(), _disk(group, "one"), _disk(group, "two")
    arm.done("POST", f"{vm}/attachDetachDataDisks", {"dataDisksToAttach": [{"diskId": one}, {"diskId": two}]})
    assert [lun for _, lun, _ in _of_machine(group, vm)] == [0, 1]
    answer = arm.call("POST", f"{vm}/attachDetachDataDisks", {"dataDisksToDetach": [{"diskId": one}]})
    location = answer.headers["Location"].split(f":{arm.port}", 1)[1]
    arm.wait(answer)
    storage = arm.raw("GET", location, headers={"Authorization": f"Bearer {arm.token}"}).body
    assert [disk["name"] for disk in storage["dataDisks"]] == ["two"]
    again = arm.call("POST", f"{vm}/attachDetachDataDisks", {"dataDisksToAttach": [{"diskId": two}]})
    assert again.code == "ConflictingUserInput"
    gone = arm.call("POST", f"{vm}/attachDetachDataDisks", {"dataDisksToDetach": [{"diskId": one}]})
    assert gone.code == "InvalidParameter"


def test_what_can_not_be_attached_is_refused(arm: LocalAzure, group: Group) -> None:
    vm, disk = group.vm(), _disk(group)
    _set(group, vm, _attached(disk))
    os_disk = arm.call("GET", vm).body["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    kept = _attached(disk)
    missing = group.id_of(group.compute("disks/none"))
    _disk(group, "idle")
    nic = group.id_of(group.network("networkInterfaces/nic"))
    for entries, words in (
        ([kept, {"lun": 1, "name": "none", "createOption": "Empty", "toBeDetached": True}], "no data disk 'none'"),
        ([kept, {"lun": 1, "name": "x", "diskSizeGB": 1}], "dataDisk.createOption"),
        ([kept, {"lun": 1, "name": "x", "createOption": "Copy", "diskSizeGB": 1}], "createOption 'Copy'"),
        ([kept, {"lun": 1, "createOption": "Attach"}], "dataDisk.managedDisk.id"),
        ([kept, _attached(nic, 1)], "is not a managed disk"),
        ([kept, _empty("x", 1), _empty("X", 2)], "A disk named 'X' already exists"),
        ([kept, _empty("idle", 1)], "Disk idle already exists in resource group"),
    ):
        assert words in _set_disks(group, vm, *entries).message, entries
    for entries, code in (
        ([kept, _attached(_disk(group, "other"), 0)], "InvalidParameter"),  # the LUN is taken
        ([kept, _empty("DATA", 1)], "PropertyChangeNotAllowed"),  # which is the same disk once more
        ([kept, _attached(missing, 1)], "ResourceNotFound"),
        ([kept, _attached(os_disk, 1)], "OperationNotAllowed"),
        ([kept, _empty("x", 64)], "InvalidParameter"),
        ([kept, {"createOption": "Empty", "diskSizeGB": 1}], "InvalidParameter"),
        ([kept, {"lun": 1, "createOption": "Empty", "name": "x"}], "InvalidParameter"),
        ([kept, {"lun": 1, "createOption": "FromImage", "name": "x"}], "InvalidParameter"),
        ([{**kept, "lun": 2}], "PropertyChangeNotAllowed"),
        ([kept, *(_empty(f"d{lun}", lun) for lun in range(1, 5))], "OperationNotAllowed"),  # this size takes four
    ):
        answer = _set_disks(group, vm, *entries)
        assert answer.code == code, (entries, answer.body)
    assert len(_of_machine(group, vm)) == 1


def test_a_disk_belongs_to_one_vm(arm: LocalAzure, group: Group) -> None:
    vm, disk = group.vm(), _disk(group)
    _set(group, vm, _attached(disk))
    subnet = group.id_of(group.network("virtualNetworks/vnet/subnets/default"))
    second = group.vm_body(group.nic(subnet, "nic2"))
    second["properties"]["storageProfile"]["dataDisks"] = [_attached(disk)]
    answer = arm.call("PUT", group.compute("virtualMachines/web2"), second)
    assert (answer.status, answer.code) == (409, "ConflictingUserInput")
    assert "is already owned by VM" in answer.message


def test_a_smaller_size_must_take_the_disks_that_are_there(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    _set(group, vm, *(_empty(f"d{lun}", lun) for lun in range(4)))
    answer = arm.call("PATCH", vm, {"properties": {"hardwareProfile": {"vmSize": "Standard_B1s"}}})
    assert (answer.code, answer.message[-5:]) == ("OperationNotAllowed", "is 2.")


def test_the_end_of_a_vm_frees_its_disks_or_takes_them_along(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    _set(group, vm, _empty("stays", 0), _empty("goes", 1, deleteOption="Delete"))
    arm.done("DELETE", vm)
    assert arm.call("GET", group.compute("disks/stays")).body["properties"]["diskState"] == "Unattached"
    assert arm.call("GET", group.compute("disks/goes")).status == 404
    keys = {name: ids.short_id(group.id_of(group.compute(f"disks/{name}"))) for name in ("stays", "goes")}
    assert keys["stays"] in arm.platform.disks
    assert keys["goes"] not in arm.platform.disks


def test_the_end_of_a_group_removes_the_content_of_its_disks(arm: LocalAzure) -> None:
    group = Group(arm)
    disk = _disk(group)
    arm.done("DELETE", group.path)
    assert ids.short_id(disk) not in arm.platform.disks


def test_a_deallocated_vm_reserves_its_disks_and_does_not_tell_their_size(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    _set(group, vm, _empty("data"))
    arm.done("POST", f"{vm}/deallocate")
    storage = arm.call("GET", vm).body["properties"]["storageProfile"]
    for disk in (storage["osDisk"], *storage["dataDisks"]):
        assert "diskSizeGB" not in disk
        assert set(disk["managedDisk"]) == {"id"}
    assert arm.call("GET", group.compute("disks/data")).body["properties"]["diskState"] == "Reserved"


def test_an_os_disk_grows_only_while_its_vm_is_deallocated(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    name = arm.call("GET", vm).body["properties"]["storageProfile"]["osDisk"]["name"]
    disk = group.compute(f"disks/{name}")
    assert arm.call("PATCH", disk, {"properties": {"diskSizeGB": 64}}).code == "Conflict"
    arm.done("POST", f"{vm}/deallocate")
    arm.done("PATCH", disk, {"properties": {"diskSizeGB": 64}})
    arm.done("POST", f"{vm}/start")
    assert arm.call("GET", vm).body["properties"]["storageProfile"]["osDisk"]["diskSizeGB"] == 64


def test_a_data_disk_grows_under_a_running_vm(arm: LocalAzure, group: Group) -> None:
    vm, disk = group.vm(), _disk(group)
    _set(group, vm, _attached(disk))
    arm.done("PATCH", group.compute("disks/data"), {"properties": {"diskSizeGB": 10}})
    assert arm.platform.disks[ids.short_id(disk)] == 10
    assert arm.call("GET", vm).body["properties"]["storageProfile"]["dataDisks"][0]["diskSizeGB"] == 10
    assert arm.call("PATCH", group.compute("disks/data"), {"sku": {"name": "Standard_LRS"}}).code == (
        "OperationNotAllowed"
    )


def test_disks_are_attached_again_after_a_restart_of_the_server(instance: Any) -> None:
    group = Group(instance.arm)
    vm, disk = group.vm(), _disk(group)
    _set(group, vm, _attached(disk, 2))
    machine = group.machine(vm)
    instance.platform.machine_disks(machine, ())
    arm = instance.restart()
    assert [one.lun for one in arm.platform.machines[machine].data_disks] == [2]


def test_a_disk_can_not_be_handed_out(arm: LocalAzure, group: Group) -> None:
    _disk(group)
    answer = arm.call("POST", group.compute("disks/data/beginGetAccess"), {"access": "Read", "durationInSeconds": 60})
    assert answer.code == "OperationNotAllowed"
    assert "Local Azure" in answer.message


@pytest.mark.parametrize("version", ["2016-04-30-preview", "2017-03-30"])
def test_the_first_versions_of_disks(arm: LocalAzure, group: Group, version: str) -> None:
    path = group.compute("disks/old")
    first = version == "2016-04-30-preview"
    properties: dict[str, Any] = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}
    body: dict[str, Any] = {"location": "westus", "properties": properties}
    if first:
        properties["accountType"] = "Premium_LRS"
    else:
        body["sku"] = {"name": "Premium_LRS"}
    made = arm.call("PUT", path, body, version)
    assert made.status == 202
    arm.wait(made)
    (listed,) = arm.call("GET", group.compute("disks"), api=version).body["value"]
    for disk in (made.body, listed, arm.call("GET", path, api=version).body):
        assert disk["properties"].get("accountType") == ("Premium_LRS" if first else None)
        assert ("sku" in disk) != first
    assert arm.call("GET", path).body["sku"]["name"] == "Premium_LRS"
    deleted = arm.call("DELETE", path, api=version)
    assert deleted.status == 202
    arm.wait(deleted)
    assert arm.call("GET", path, api=version).code == "ResourceNotFound"


@pytest.mark.parametrize(
    ("more", "account_type", "told"),
    [({"Properties": {"AccountType": "Premium_LRS"}}, "Premium_LRS", ""), ({}, "Standard_LRS", ""),
     ({"sku": {"name": "Premium_LRS"}, "properties": {"accountType": "Standard_LRS"}}, None, "member 'sku'"),
     ({"properties": {"accountType": "Fast"}}, None, "Fast")],
)  # fmt: skip
def test_what_the_first_version_of_disks_takes_for_an_account_type(
    arm: LocalAzure, group: Group, more: dict[str, Any], account_type: str | None, told: str
) -> None:
    (name, given), *_ = [(name, more[name]) for name in more if name.lower() == "properties"] or [("properties", {})]
    body = {"location": "westus", **more, name: {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4, **given}}
    answer = arm.call("PUT", group.compute("disks/old"), body, "2016-04-30-preview")
    if account_type is None:
        assert (answer.status, told in answer.message) == (400, True)
    else:
        assert answer.body["properties"]["accountType"] == account_type


def test_the_preview_version_of_compute_that_libcloud_deletes_by(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    assert arm.call("GET", vm, api="2016-04-30-preview").body["name"] == "web1"
    deleted = arm.call("DELETE", vm, api="2016-04-30-preview")
    assert deleted.status == 202
    arm.wait(deleted)
    assert arm.call("GET", group.compute("snapshots"), api="2016-04-30-preview").body == {"value": []}
