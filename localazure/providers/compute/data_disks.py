"""The data disks of a VM: what a body asks for, making and attaching them, and what the machine gets of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.machines.machine import DataDisk
from localazure.protocol import ids
from localazure.protocol.errors import ArmError, invalid_parameter
from localazure.providers.common import existing, missing_property, refuse_if_busy
from localazure.providers.compute import compute, disk_kinds, disks, encryption_sets
from localazure.providers.compute.model import out_of_range
from localazure.providers.compute.sizes import Size, check_account_type
from localazure.store.resources import Resource

_LAST_LUN = 63


@dataclass(frozen=True)
class Host:
    """The VM that gets the disks: where it is, what its size allows, what it has now."""

    id: ids.ResourceId
    location: str
    zones: tuple[str, ...]
    size: Size
    kept: tuple[dict[str, Any], ...] = ()


@dataclass
class Plan:
    """What is to be done: `entries` is the VM's whole new list, the rest is the way there."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    # id, GB, account type, encryption
    new: list[tuple[ids.ResourceId, int, str, dict[str, Any] | None]] = field(default_factory=list)
    attached: list[Resource] = field(default_factory=list)
    detached: bool = False
    grown: list[tuple[Resource, int]] = field(default_factory=list)
    retyped: list[tuple[Resource, str]] = field(default_factory=list)  # account type

    @property
    def changes(self) -> bool:
        """Whether the machine's disks change."""
        return bool(self.new or self.attached or self.detached or self.grown)


def plan(cloud: Cloud, host: Host, given: list[dict[str, Any]] | None) -> Plan:
    """Check a VM's `dataDisks`; None leaves them as they are. Raises ArmError."""
    result = Plan()
    if given is None:
        result.entries = [dict(one) for one in host.kept]
    for entry in given or ():
        found = _kept(host, entry)
        if entry.get("detachOption") and not entry.get("toBeDetached"):
            message = "The detachOption of a data disk is for one that shall be detached (toBeDetached)."
            raise invalid_parameter("dataDisk.detachOption", message)
        if entry.get("toBeDetached"):
            if found is None:
                message = f"There is no data disk '{entry.get('name')}' to detach (toBeDetached)."
                raise invalid_parameter("dataDisk.name", message)
        elif found is not None:
            result.entries.append(_changed(cloud, host, found, entry, result))
        else:
            result.entries.append(_added(cloud, host, entry, result))
    _check_together(host, result.entries)
    left = {ids.key(one["managedDisk"]["id"]) for one in result.entries}
    result.detached = any(ids.key(one["managedDisk"]["id"]) not in left for one in host.kept)
    return result


def _kept(host: Host, entry: dict[str, Any]) -> dict[str, Any] | None:
    """The disk that the VM has already, by its id or name."""
    identifier = (entry.get("managedDisk") or {}).get("id")
    name = entry.get("name")
    for one in host.kept:
        if identifier and ids.key(identifier) == ids.key(one["managedDisk"]["id"]):
            return one
        if not identifier and name and name.lower() == one["name"].lower():
            return one
    return None


def _changed(
    cloud: Cloud, host: Host, before: dict[str, Any], entry: dict[str, Any], result: Plan
) -> dict[str, Any]:
    after = dict(before)
    disk_kinds.refuse_write_accelerator(entry, host.size.name)
    sku = (entry.get("managedDisk") or {}).get("storageAccountType")
    wanted = ((entry.get("managedDisk") or {}).get("diskEncryptionSet") or {}).get("id")
    for name, value, kept in (
        ("dataDisk.managedDisk.diskEncryptionSet", ids.key(wanted or "") or None,
         ids.key((before["managedDisk"].get("diskEncryptionSet") or {}).get("id") or "")),
        ("dataDisk.lun", entry.get("lun"), before["lun"]),
        ("dataDisk.managedDisk.storageAccountType", sku, before["managedDisk"]["storageAccountType"]),
    ):
        if value is not None and value != kept:
            raise compute.unchangeable(name)
    for name in ("caching", "deleteOption", "writeAcceleratorEnabled"):
        if entry.get(name) is not None:
            after[name] = entry[name]
    size = entry.get("diskSizeGB")
    disk = cloud.store.get(before["managedDisk"]["id"])
    if disk is not None and size is not None and size != disk.properties["diskSizeGB"]:
        disks.check_growth(disk, size, cloud.store.get(host.id))
        result.grown.append((disk, size))
        after["diskSizeGB"] = size
    return after


def _added(cloud: Cloud, host: Host, entry: dict[str, Any], result: Plan) -> dict[str, Any]:
    lun = entry.get("lun")
    if lun is None:
        raise missing_property("dataDisk.lun")
    if not 0 <= lun <= _LAST_LUN:
        raise out_of_range("dataDisk.lun", lun, 0, _LAST_LUN)
    option = entry.get("createOption")
    if not option:
        raise missing_property("dataDisk.createOption")
    disk_kinds.refuse_write_accelerator(entry, host.size.name)
    if option == "Attach":
        found = _attached(cloud, host, entry, result)
    elif option == "Empty":
        found = _made(cloud, host, entry, result)
    elif option == "FromImage":
        message = "StorageProfile.dataDisks.lun does not have required value(s) for image specified in storage profile."
        raise invalid_parameter("storageProfile", message)
    else:
        message = f"Local Azure attaches existing and empty data disks, none by createOption '{option}'."
        raise ArmError(409, "OperationNotAllowed", message, target="dataDisk.createOption")
    added: dict[str, Any] = {
        "lun": lun,
        "name": found["name"],
        "createOption": option,
        "caching": entry.get("caching") or "None",
        "managedDisk": {"storageAccountType": found["sku"], "id": found["id"]},
        "deleteOption": entry.get("deleteOption") or "Detach",
        "diskSizeGB": found["size"],
        "toBeDetached": False,
    }
    if found["encryption"].get("diskEncryptionSetId"):
        added["managedDisk"]["diskEncryptionSet"] = {"id": found["encryption"]["diskEncryptionSetId"]}
    if entry.get("writeAcceleratorEnabled") is not None:
        added["writeAcceleratorEnabled"] = entry["writeAcceleratorEnabled"]
    return added


def _attached(cloud: Cloud, host: Host, entry: dict[str, Any], result: Plan) -> dict[str, Any]:
    """An existing disk: in the VM's region and zone, and free."""
    given = (entry.get("managedDisk") or {}).get("id")
    if not given:
        raise missing_property("dataDisk.managedDisk.id")
    identifier = ids.parse(given, "properties.storageProfile.dataDisks[0].managedDisk.id")
    disk = existing(cloud, identifier)
    if disk.type != disks.KIND:
        raise invalid_parameter("dataDisk.managedDisk.id", f"The resource '{given}' is not a managed disk.")
    refuse_if_busy(cloud, disk.id)
    if disk.location != host.location:
        message = f"Disk {disk.id} is in location '{disk.location}', the VM in '{host.location}'."
        raise ArmError(400, "BadRequest", message, target="dataDisk.managedDisk.id")
    zones = disk.extra.get("zones") or []
    if zones and tuple(zones) != host.zones:
        message = f"Disk {disk.id} cannot be attached to the VM because it is not in zone '{','.join(host.zones)}'."
        raise ArmError(400, "BadRequest", message, target="dataDisk.managedDisk.id")
    owner = disk.extra.get("managedBy")
    if owner and ids.key(owner) != ids.key(host.id):
        message = f"Disk '{disk.id}' cannot be attached as the disk is already owned by VM '{owner}'."
        raise ArmError(409, "ConflictingUserInput", message, target="dataDisk.managedDisk.id")
    if not disk.hidden.get("data"):
        message = f"Local Azure can't attach the OS disk '{disk.id}' as a data disk."
        raise ArmError(409, "OperationNotAllowed", message, target="dataDisk.managedDisk.id")
    size = entry.get("diskSizeGB") or disk.properties["diskSizeGB"]
    if size != disk.properties["diskSizeGB"]:
        disks.check_growth(disk, size, None)
        result.grown.append((disk, size))
    result.attached.append(disk)
    sku = (entry.get("managedDisk") or {}).get("storageAccountType") or disk.extra["sku"]["name"]
    known = disk_kinds.sku_of(sku, "dataDisk.managedDisk.storageAccountType")
    if known != disk.extra["sku"]["name"]:
        result.retyped.append((disk, known))
    encryption = disk.properties["encryption"]
    wanted = encryption_sets.of_managed_disk(cloud, entry.get("managedDisk"), host.location, "dataDisk")
    if wanted not in (None, encryption):  # the service's own words are not known
        raise compute.unchangeable("dataDisk.managedDisk.diskEncryptionSet")
    return {"name": disk.name, "id": str(disk.id), "sku": known, "size": size, "encryption": encryption}


def _made(cloud: Cloud, host: Host, entry: dict[str, Any], result: Plan) -> dict[str, Any]:
    """An empty disk, made with the VM."""
    if entry.get("diskSizeGB") is None:
        raise missing_property("dataDisk.diskSizeGB")
    size = disk_kinds.check_size(entry["diskSizeGB"], "dataDisk.diskSizeGB")
    sku = (entry.get("managedDisk") or {}).get("storageAccountType") or host.size.account_type
    known = disk_kinds.sku_of(sku, "dataDisk.managedDisk.storageAccountType")
    name = entry.get("name") or f"{host.id.name}_disk{entry['lun'] + 2}_{uuid.uuid4().hex}"
    identifier = ids.resource_id(host.id.subscription, host.id.group, disks.KIND, name)
    disks.refuse_taken_name(cloud, identifier, host.id)
    encryption = encryption_sets.of_managed_disk(cloud, entry.get("managedDisk"), host.location, "dataDisk")
    result.new.append((identifier, size, known, encryption))
    return {"name": name, "id": str(identifier), "sku": known, "size": size, "encryption": encryption or {}}


def _check_together(host: Host, entries: list[dict[str, Any]]) -> None:
    luns: set[int] = set()
    names: set[str] = set()
    for one in entries:
        if one["lun"] in luns:
            raise invalid_parameter("dataDisk.lun", f"A disk at LUN {one['lun']} already exists.")
        if one["name"].lower() in names:
            raise invalid_parameter("dataDisk.name", f"A disk named '{one['name']}' already exists.")
        target = "dataDisk.managedDisk.storageAccountType"
        check_account_type(host.size, one["managedDisk"].get("storageAccountType") or "", target)
        luns.add(one["lun"])
        names.add(one["name"].lower())
    if len(entries) > host.size.data_disks:
        message = (
            "The maximum number of data disks allowed to be attached to a VM of this size is "
            f"{host.size.data_disks}."
        )
        raise ArmError(409, "OperationNotAllowed", message, target="dataDisks")


def attach_or_detach(host: Host, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The `dataDisks` that the action attachDetachDataDisks asks for. Raises ArmError."""
    gone = {ids.key(one.get("diskId") or "") for one in body.get("dataDisksToDetach") or ()}
    has = {ids.key(one["managedDisk"]["id"]) for one in host.kept}
    for key in sorted(gone - has):
        raise invalid_parameter("dataDisksToDetach", f"The disk '{key}' is not attached to VM '{host.id.name}'.")
    entries = [dict(one) for one in host.kept if ids.key(one["managedDisk"]["id"]) not in gone]
    for one in body.get("dataDisksToAttach") or ():
        if ids.key(one.get("diskId") or "") in has - gone:
            message = f"Disk '{one['diskId']}' is already attached to VM '{host.id}'."
            raise ArmError(409, "ConflictingUserInput", message, target="dataDisksToAttach")
        luns = {entry["lun"] for entry in entries}
        lun = one.get("lun")
        entry = {name: one[name] for name in ("caching", "deleteOption", "writeAcceleratorEnabled") if one.get(name)}
        free = min(set(range(_LAST_LUN + 2)) - luns)
        entry.update(lun=free if lun is None else lun, createOption="Attach", managedDisk={"id": one.get("diskId")})
        entries.append(entry)
    return entries


# doing it


def apply(cloud: Cloud, vm: Resource, result: Plan) -> None:
    """Write a plan into the store: new disks, who owns which, the VM's list. The machine follows (`bring`)."""
    for identifier, size, sku, encryption in result.new:
        extra = {"managedBy": str(vm.id)}
        if vm.extra.get("zones"):
            extra["zones"] = vm.extra["zones"]
        disk = disks.create_data_disk(cloud, identifier, vm.location, size, sku, encryption, extra)
        disk.tags, disk.state = vm.tags, "Updating"
        cloud.store.put(disk)
    for disk in result.attached:
        disks.own(cloud, disk, vm.id)
    for disk, sku in result.retyped:
        disks.retype(cloud, disk, sku)
    vm.properties["storageProfile"]["dataDisks"] = result.entries


def of_machine(cloud: Cloud, vm: Resource) -> tuple[DataDisk, ...]:
    """The data disks as a machine takes them."""
    found = []
    for one in vm.properties["storageProfile"]["dataDisks"]:
        disk = cloud.store.get(one["managedDisk"]["id"])
        if disk is not None:
            found.append(DataDisk(ids.short_id(disk.id), one["lun"], disk.properties["diskSizeGB"]))
    return tuple(found)


async def make(cloud: Cloud, vm: Resource) -> None:
    """Make the contents that are still missing. Raises MachineError."""
    for one in vm.properties["storageProfile"]["dataDisks"]:
        disk = cloud.store.get(one["managedDisk"]["id"])
        if disk is not None and disk.state != "Succeeded":
            await disks.fill(cloud, disk)
            disk.state = "Succeeded"
            cloud.store.put(disk)


async def bring(cloud: Cloud, vm: Resource, grown: Sequence[tuple[Resource, int]] = ()) -> None:
    """Let the machine have just the disks of its VM; those that it had before are free afterwards."""
    await make(cloud, vm)
    await cloud.blocking(cloud.platform.machine_disks, vm.hidden["machine"], of_machine(cloud, vm))
    for disk, size in grown:
        await disks.resize(cloud, disk, size)
        disk.properties.update(disk_kinds.performance(disk.extra["sku"]["name"], size))
        cloud.store.put(disk)
    storage = vm.properties["storageProfile"]
    has = {ids.key(one["managedDisk"]["id"]) for one in (storage["osDisk"], *storage["dataDisks"])}
    for disk in cloud.store.of_type(disks.KIND):
        if ids.key(disk.extra.get("managedBy", "")) == ids.key(vm.id) and ids.key(disk.id) not in has:
            disks.own(cloud, disk, None)


def parted(cloud: Cloud, vm: Resource) -> tuple[list[Resource], list[Resource]]:
    """A VM's disks that go with it, as their deleteOption says, and those that stay."""
    storage = vm.properties["storageProfile"]
    going: list[Resource] = []
    staying: list[Resource] = []
    for one in (storage["osDisk"], *storage["dataDisks"]):
        disk = cloud.store.get(one["managedDisk"]["id"])
        if disk is not None:
            (going if one["deleteOption"] == "Delete" else staying).append(disk)
    return going, staying
