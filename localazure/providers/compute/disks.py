"""Managed disks: the OS disks of VMs, as resources of their own."""

from __future__ import annotations

import uuid
from typing import Any

from localazure.arm import ids
from localazure.arm.cloud import Cloud
from localazure.arm.errors import ArmError
from localazure.arm.operations import Operation, timestamp
from localazure.arm.request import Reply, Request, listing
from localazure.arm.router import Route
from localazure.arm.shape import tags as checked_tags
from localazure.providers.common import envelope, existing
from localazure.providers.compute import compute
from localazure.store.resources import Resource

KIND = "Microsoft.Compute/disks"
OS_DISK_GB = 30
# Each storage account type and its tier.
SKUS = {
    "Standard_LRS": "Standard",
    "StandardSSD_LRS": "Standard",
    "StandardSSD_ZRS": "Standard",
    "Premium_LRS": "Premium",
    "Premium_ZRS": "Premium",
}


def routes() -> list[Route]:
    in_group = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{KIND}"
    return [
        Route("GET", in_group, list_disks, KIND),
        Route("GET", f"/subscriptions/{{subscription}}/providers/{KIND}", list_disks, KIND),
        Route("GET", f"{in_group}/{{disk}}", get, KIND),
        Route("PATCH", f"{in_group}/{{disk}}", patch, KIND),
        Route("DELETE", f"{in_group}/{{disk}}", delete, KIND),
    ]


def create_os_disk(cloud: Cloud, vm: Resource, image: str, generation: str) -> Resource:
    """The resource of a new VM's OS disk; `image` is the id of the platform image."""
    os_disk = vm.properties["storageProfile"]["osDisk"]
    identifier = ids.resource_id(vm.id.subscription, vm.id.group, KIND, os_disk["name"])
    name = os_disk["managedDisk"]["storageAccountType"]
    extra = {"managedBy": str(vm.id), "sku": {"name": name, "tier": SKUS[name]}}
    if vm.extra.get("zones"):
        extra["zones"] = vm.extra["zones"]
    size = os_disk["diskSizeGB"]
    properties = {
        "osType": "Linux",
        "hyperVGeneration": generation,
        "creationData": {"createOption": "FromImage", "imageReference": {"id": image}},
        "diskSizeGB": size,
        "diskSizeBytes": size * 2**30,
        "diskIOPSReadWrite": 500,
        "diskMBpsReadWrite": 100,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "timeCreated": timestamp(),
        "uniqueId": str(uuid.uuid4()),
    }
    return cloud.store.put(Resource(identifier, vm.location, vm.tags, properties, extra))


def render(cloud: Cloud, disk: Resource) -> dict[str, Any]:
    vm = cloud.store.get(disk.extra["managedBy"]) if "managedBy" in disk.extra else None
    power = vm.hidden.get("power") if vm else None
    state = "Unattached" if vm is None else "Reserved" if power == "deallocated" else "Attached"
    return envelope(disk, {**disk.properties, "provisioningState": disk.state, "diskState": state})


def list_disks(cloud: Cloud, request: Request) -> Reply:
    return listing([render(cloud, disk) for disk in cloud.store.of_type(KIND, request.params.get("group"))])


def get(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, render(cloud, existing(cloud, request.resource_id(KIND, "disk"))))


def patch(cloud: Cloud, request: Request) -> Reply:
    """Change tags; nothing else of a disk can be changed here."""
    disk = existing(cloud, request.resource_id(KIND, "disk"))
    if request.body.get("properties") or request.body.get("sku"):
        message = "Local Azure can change the tags of a disk only."
        raise ArmError(409, "OperationNotAllowed", message)
    disk.tags = checked_tags(request.body)
    cloud.store.put(disk)

    async def nothing(_: Operation) -> None:
        return None

    operation = cloud.operations.start("compute", disk.location, disk.id, "put", nothing)
    return compute.follow(cloud, operation, request, 202, render(cloud, disk))


def delete(cloud: Cloud, request: Request) -> Reply:
    disk = cloud.store.get(request.resource_id(KIND, "disk"))
    if disk is None:
        return Reply(204)
    vm = cloud.store.get(disk.extra["managedBy"]) if "managedBy" in disk.extra else None
    if vm is not None:
        raise ArmError(409, "OperationNotAllowed", f"Disk {disk.name} is attached to VM {vm.id}.")

    async def work(_: Operation) -> None:
        cloud.store.delete(disk.id)

    operation = cloud.operations.start("compute", disk.location, disk.id, "delete", work)
    return compute.follow(cloud, operation, request, 202)
