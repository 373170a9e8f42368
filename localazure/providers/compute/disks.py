"""Managed disks: OS disks, which come and go with their VM, and data disks with a content of their own."""

from __future__ import annotations

import uuid
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation, timestamp
from localazure.protocol import ids, shape
from localazure.protocol.errors import ArmError, busy, invalid_parameter
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import envelope, existing, missing_property, place, refuse_if_busy
from localazure.providers.compute import (
    compute,
    disk_kinds,
    disk_versions,
    encryption_sets,
    image_catalog,
    model,
    vm_image,
)
from localazure.store.resources import Resource

KIND = kinds.DISK
OS_DISK_GB = 30
# While its VM runs, a disk grows up to this size only.
_LARGEST_ONLINE_GB = 4095
# Members that are kept as they are given; nothing here acts on them.
_PASSED_ON = ("networkAccessPolicy", "publicNetworkAccess", "burstingEnabled", "optimizedForFrequentAttach",
              "dataAccessAuthMode", "osType", "hyperVGeneration", "supportsHibernation", "supportedCapabilities",
              "availabilityPolicy", "securityProfile", "purchasePlan", "maxShares")  # fmt: skip


def routes() -> list[Route]:
    one = crud.address(KIND, "disk")
    return [
        *map(disk_versions.spoken, crud.routes(KIND, "disk", show=_shown, put=put, patch=patch, delete=delete)),
        Route("POST", f"{one}/beginGetAccess", refuse_access, KIND),
        Route("POST", f"{one}/endGetAccess", refuse_access, KIND),
    ]


# making


def _properties(
    sku: str, size: int, creation: dict[str, Any], encryption: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "creationData": creation,
        "diskSizeGB": size,
        "diskSizeBytes": size * 2**30,
        **disk_kinds.performance(sku, size),
        "encryption": encryption or {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "timeCreated": timestamp(),
        "uniqueId": str(uuid.uuid4()),
    }


def _sku(name: str) -> dict[str, Any]:
    return {"name": name, "tier": disk_kinds.SKUS[name]}


def create_os_disk(cloud: Cloud, vm: Resource, image: str, generation: str) -> Resource:
    """The resource of a new VM's OS disk; `image` is the id of the platform image."""
    os_disk = vm.properties["storageProfile"]["osDisk"]
    identifier = ids.resource_id(vm.id.subscription, vm.id.group, KIND, os_disk["name"])
    name = os_disk["managedDisk"]["storageAccountType"]
    extra = {"managedBy": str(vm.id), "sku": _sku(name)}
    if vm.extra.get("zones"):
        extra["zones"] = vm.extra["zones"]
    creation = {"createOption": "FromImage", "imageReference": {"id": image}}
    encryption = encryption_sets.of_managed_disk(cloud, os_disk["managedDisk"], vm.location, "osDisk")
    properties = _properties(name, os_disk["diskSizeGB"], creation, encryption)
    properties.update(osType="Linux", hyperVGeneration=generation, LastOwnershipUpdateTime=timestamp())
    architecture = image_catalog.architecture(vm_image.origin(vm).get("sku", ""))
    properties["supportedCapabilities"] = {"acceleratedNetwork": True, "architecture": architecture}
    return cloud.store.put(Resource(identifier, vm.location, vm.tags, properties, extra))


def create_data_disk(
    cloud: Cloud, identifier: ids.ResourceId, location: str, size: int, sku: str,
    encryption: dict[str, Any] | None = None, extra: dict[str, Any] | None = None,
) -> Resource:  # fmt: skip
    """The resource of a new, empty data disk, still without its content (`fill`)."""
    properties = _properties(sku, size, {"createOption": "Empty"}, encryption)
    disk = Resource(identifier, location, None, properties, {"sku": _sku(sku), **(extra or {})}, {"data": True})
    return cloud.store.put(disk)


def refuse_taken_name(cloud: Cloud, identifier: ids.ResourceId, vm: ids.ResourceId) -> None:
    """Raise ArmError when a disk that a VM shall make exists already and is not that VM's."""
    found = cloud.store.get(identifier)
    if found is not None and ids.key(found.extra.get("managedBy", "")) != ids.key(vm):
        message = (
            f"Disk {identifier.name} already exists in resource group {vm.group.upper()}. Only CreateOption.Attach is "
            "supported."
        )
        raise ArmError(409, "ConflictingUserInput", message, target=str(identifier))


def retype(cloud: Cloud, disk: Resource, sku: str) -> None:
    """Make a disk one of another account type, with what such a one performs."""
    disk.extra["sku"] = _sku(sku)
    _perform(disk, disk.properties["diskSizeGB"])
    cloud.store.put(disk)


def _perform(disk: Resource, size: int) -> None:
    """What a disk of its type, size and, if somebody chose it, performance tier does."""
    disk.properties.pop("tier", None)
    disk.properties.update(disk_kinds.performance(disk.extra["sku"]["name"], size, disk.hidden.get("tier")))


async def fill(cloud: Cloud, disk: Resource) -> None:
    """Make the content of a data disk. Raises MachineError."""
    await cloud.blocking(cloud.platform.disk_create, ids.short_id(disk.id), disk.properties["diskSizeGB"])


def own(cloud: Cloud, disk: Resource, vm: ids.ResourceId | None) -> None:
    """Write down which VM has a disk; None: it is free."""
    if vm is None:
        disk.extra.pop("managedBy", None)
    else:
        disk.extra["managedBy"] = str(vm)
    disk.properties["LastOwnershipUpdateTime"] = timestamp()
    cloud.store.put(disk)


async def erase(cloud: Cloud, disk: Resource) -> None:
    """Delete a disk's content. Raises MachineError."""
    if disk.hidden.get("data"):
        await cloud.blocking(cloud.platform.disk_delete, ids.short_id(disk.id))


async def remove(cloud: Cloud, disk: Resource) -> None:
    """Delete a disk with its content. Raises MachineError."""
    await erase(cloud, disk)
    cloud.store.delete(disk.id)


# reading


def owner(cloud: Cloud, disk: Resource) -> Resource | None:
    """The VM that has a disk."""
    return cloud.store.get(disk.extra["managedBy"]) if "managedBy" in disk.extra else None


def render(cloud: Cloud, disk: Resource) -> dict[str, Any]:
    vm = owner(cloud, disk)
    power = vm.hidden.get("power") if vm else None
    state = "Unattached" if vm is None else "Reserved" if power == "deallocated" else "Attached"
    return envelope(disk, {**disk.properties, "provisioningState": disk.state, "diskState": state})


def _shown(cloud: Cloud, request: Request, disk: Resource) -> dict[str, Any]:
    return render(cloud, disk)


def _first_answer(disk: Resource, given: dict[str, Any]) -> dict[str, Any]:
    """Little more than what was asked for: the rest is known when the operation has ended."""
    properties = {name: given[name] for name in ("creationData", "diskSizeGB", *_PASSED_ON) if given.get(name)}
    body = envelope(disk, {**properties, "provisioningState": "Updating"})
    body["sku"] = {"name": disk.extra["sku"]["name"]}
    return body


# writing


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "disk")
    compute.check_name("disk.name", identifier.name)
    request = model.read(request, model.DISK, "disk")
    given = request.body["properties"]
    location, tags = place(cloud, request, identifier)
    found = cloud.store.get(identifier)
    if found is not None:
        refuse_if_busy(cloud, found.id)
        if found.state == "Succeeded":
            return _change(cloud, request, found, given, tags)
    disk = _new(cloud, request, identifier, location, given)
    disk.tags, disk.state = tags, "Updating"
    cloud.store.put(disk)

    async def work(_: Operation) -> dict[str, Any]:
        await fill(cloud, disk)
        return _settled(cloud, disk, "Succeeded")

    operation = cloud.operations.start(
        "compute", location, identifier, "put", work, lambda _: _settled(cloud, disk, "Failed")
    )
    return compute.follow(cloud, operation, request, 202, _first_answer(disk, given))


def _settled(cloud: Cloud, disk: Resource, state: str) -> dict[str, Any]:
    disk.state = state
    cloud.store.put(disk)
    return render(cloud, disk)


def _new(
    cloud: Cloud, request: Request, identifier: ids.ResourceId, location: str, given: dict[str, Any]
) -> Resource:
    creation = given.get("creationData")
    if not creation:
        raise missing_property("disk.creationData")
    option = creation.get("createOption")
    if not option:
        raise missing_property("disk.creationData.createOption")
    if option != "Empty":
        message = f"Local Azure makes empty disks only, none by createOption '{option}'."
        raise ArmError(409, "OperationNotAllowed", message, target="disk.creationData.createOption")
    if given.get("diskSizeGB") is None:
        raise missing_property("disk.diskSizeGB")
    size = disk_kinds.check_size(given["diskSizeGB"], "disk.diskSizeGB")
    sku = disk_kinds.sku_of((request.body.get("sku") or {}).get("name"), "disk.sku.name")
    disk_kinds.check_performance_plus(creation, size)
    _refuse_shared(given)
    tier = disk_kinds.check_tier(given.get("tier"), sku)
    extra = {"sku": _sku(sku), **compute.zones_of(request.body, location, identifier)}
    encryption = encryption_sets.encryption(cloud, given.get("encryption"), location, "disk.encryption")
    properties = {**_properties(sku, size, creation, encryption), **_passed_on(given)}
    disk = Resource(identifier, location, None, properties, extra, {"data": True, "tier": tier})
    _perform(disk, size)
    _refuse_performance(disk, given)
    return disk


def _passed_on(given: dict[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in _PASSED_ON if given.get(name) is not None}


def _refuse_shared(given: dict[str, Any]) -> None:
    if (given.get("maxShares") or 1) > 1:
        message = "Local Azure can't share a disk between VMs: maxShares must be 1."
        raise ArmError(409, "OperationNotAllowed", message, target="disk.maxShares")


def patch(cloud: Cloud, request: Request) -> Reply:
    disk = existing(cloud, request.resource_id(KIND, "disk"))
    request = model.read(request, model.DISK, "disk")
    given = request.body["properties"]
    refuse_if_busy(cloud, disk.id)
    tags = shape.tags(request.body) if "tags" in request.body else disk.tags
    return _change(cloud, request, disk, given, tags)


def _change(
    cloud: Cloud, request: Request, disk: Resource, given: dict[str, Any], tags: dict[str, str] | None
) -> Reply:
    """Change size, type and what nothing acts on; what is left out stays as it is."""
    _refuse_changes(disk, request.body, given)
    _refuse_shared(given)
    size = given.get("diskSizeGB") or disk.properties["diskSizeGB"]
    sku = disk_kinds.sku_of((request.body.get("sku") or {}).get("name") or disk.extra["sku"]["name"], "disk.sku.name")
    vm = owner(cloud, disk)
    check_growth(disk, size, vm)
    allocated = vm is not None and vm.hidden.get("power") != "deallocated"
    if sku != disk.extra["sku"]["name"] and allocated:
        message = f"Changing the type of disk '{disk.name}' is allowed only when its VM is deallocated."
        raise ArmError(409, "OperationNotAllowed", message, target="disk.sku")
    encryption = encryption_sets.encryption(cloud, given.get("encryption"), disk.location, "disk.encryption")
    if encryption not in (None, disk.properties["encryption"]) and allocated:
        message = f"Changing the encryption of disk '{disk.name}' is allowed only when its VM is deallocated."
        raise ArmError(409, "OperationNotAllowed", message, target="disk.encryption")
    # What a client sends back of what it has read is no wish.
    tier = disk_kinds.check_tier(given.get("tier"), sku) if given.get("tier") != disk.properties.get("tier") else None
    disk.tags = tags
    disk.extra["sku"] = _sku(sku)
    disk.hidden["tier"] = tier or disk.hidden.get("tier")
    disk.properties.update(_passed_on(given), **({"encryption": encryption} if encryption else {}))
    disk.state = "Updating"
    cloud.store.put(disk)

    async def work(_: Operation) -> dict[str, Any]:
        await resize(cloud, disk, size)
        _perform(disk, size)
        if vm is not None:
            _tell(cloud, vm, disk)
        return _settled(cloud, disk, "Succeeded")

    operation = cloud.operations.start(
        "compute", disk.location, disk.id, "put", work, lambda _: _settled(cloud, disk, "Failed")
    )
    return compute.follow(cloud, operation, request, 202, _first_answer(disk, {**disk.properties, **given}))


def _refuse_changes(disk: Resource, body: dict[str, Any], given: dict[str, Any]) -> None:
    kept = disk.properties
    pairs = [
        ("creationData", (given.get("creationData") or {}).get("createOption"), kept["creationData"]["createOption"]),
        ("creationData.performancePlus", (given.get("creationData") or {}).get("performancePlus"),
         kept["creationData"].get("performancePlus", False)),
        ("hyperVGeneration", given.get("hyperVGeneration"), kept.get("hyperVGeneration")),
        ("zones", body.get("zones") or None, disk.extra.get("zones")),
    ]
    for name, value, before in pairs:
        if value is not None and value != before:
            raise compute.unchangeable(name, f"disk.{name}")
    _refuse_performance(disk, given)


def _refuse_performance(disk: Resource, given: dict[str, Any]) -> None:
    for name in ("diskIOPSReadWrite", "diskMBpsReadWrite"):
        if given.get(name) not in (None, disk.properties[name]):
            raise invalid_parameter(f"disk.{name}", f"{name} is only settable for UltraSSD and PremiumV2 disks.")


def check_growth(disk: Resource, size: int, vm: Resource | None) -> None:
    """Raise ArmError when a disk can't have this size: it only grows, an OS disk only while its VM is deallocated."""
    before = disk.properties["diskSizeGB"]
    if size == before:
        return
    disk_kinds.check_size(size, "disk.diskSizeGB")
    if size < before:
        message = (
            f"Disk size reduction is not supported. Current size is {before * 2**30} bytes, requested size is "
            f"{size * 2**30} bytes."
        )
        raise ArmError(409, "ResizeDiskError", message, target="disk.diskSizeGB")
    allocated = vm is not None and vm.hidden.get("power") != "deallocated"
    if allocated and (not disk.hidden.get("data") or size > _LARGEST_ONLINE_GB):
        message = "Disk resizing is allowed only when creating a VM or when the VM is deallocated."
        raise ArmError(409, "Conflict", message, target="disk.diskSizeGB")


async def resize(cloud: Cloud, disk: Resource, size: int) -> None:
    """Let a disk grow; the size must have been checked. Raises MachineError."""
    if size != disk.properties["diskSizeGB"]:
        if disk.hidden.get("data"):
            await cloud.blocking(cloud.platform.disk_resize, ids.short_id(disk.id), size)
        disk.properties.update(diskSizeGB=size, diskSizeBytes=size * 2**30)


def _tell(cloud: Cloud, vm: Resource, disk: Resource) -> None:
    """Write a disk's size and type into the VM that has it."""
    storage = vm.properties["storageProfile"]
    for one in (storage["osDisk"], *storage["dataDisks"]):
        if ids.key(one["managedDisk"]["id"]) == ids.key(disk.id):
            one["diskSizeGB"] = disk.properties["diskSizeGB"]
            one["managedDisk"]["storageAccountType"] = disk.extra["sku"]["name"]
            encrypted_by = disk.properties["encryption"].get("diskEncryptionSetId")
            if encrypted_by:
                one["managedDisk"]["diskEncryptionSet"] = {"id": encrypted_by}
    cloud.store.put(vm)


def delete(cloud: Cloud, request: Request) -> Reply:
    disk = cloud.store.get(request.resource_id(KIND, "disk"))
    if disk is None:
        return Reply(204)
    vm = owner(cloud, disk)
    if vm is not None:
        raise ArmError(409, "OperationNotAllowed", f"Disk {disk.name} is attached to VM {vm.id}.")
    for running in cloud.operations.below(disk.id):
        if running.action == "delete":
            return compute.follow(cloud, running, request, 202)
        raise busy(running.provider, running.uri)

    async def work(_: Operation) -> None:
        await remove(cloud, disk)

    operation = cloud.operations.start("compute", disk.location, disk.id, "delete", work)
    return compute.follow(cloud, operation, request, 202)


def refuse_access(cloud: Cloud, request: Request) -> Reply:
    existing(cloud, request.resource_id(KIND, "disk"))
    message = "Local Azure can't hand out the content of a disk: there is no blob behind it."
    raise ArmError(409, "OperationNotAllowed", message)
