"""Managed images: made of a generalized VM, and what VMs can be made of. They boot the same local guest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import envelope, missing_property, place
from localazure.providers.compute import compute, gallery_writes, image_sources, model
from localazure.providers.model import READ_ONLY, REFERENCE, NotHere, enum, obj
from localazure.store.resources import Resource

KIND = kinds.IMAGE
_DISKS = NotHere("ImageOfDisk", "images of disks, snapshots and blobs (storageProfile): name a sourceVirtualMachine")
_MODEL = model.resource(
    obj(
        "ImageProperties", sourceVirtualMachine=REFERENCE, hyperVGeneration=enum("HyperVGeneration", "V1 V2"),
        storageProfile=obj("ImageStorageProfile", zoneResilient=bool, osDisk=_DISKS, dataDisks=[_DISKS]),
        provisioningState=READ_ONLY,
    ),
    extendedLocation=model.EXTENDED_LOCATION,
)  # fmt: skip


def routes() -> list[Route]:
    return crud.routes(
        KIND, "image", show=_shown, put=put, patch=crud.patch_tags(KIND, "image", _shown),
        delete=gallery_writes.deletion(KIND, "image"),
    )  # fmt: skip


def _shown(cloud: Cloud, request: Request, image: Resource) -> dict[str, Any]:
    return envelope(image, {"provisioningState": image.state, **image.properties})


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "image")
    compute.check_name("imageName", identifier.name)
    given = model.read(request, _MODEL, "image").body["properties"]
    location, tags = place(cloud, request, identifier)
    source = (given.get("sourceVirtualMachine") or {}).get("id")
    if not source:
        raise missing_property("sourceVirtualMachine")
    found = cloud.store.get(identifier)
    if found is not None and found.properties["sourceVirtualMachine"]["id"].lower() != source.lower():
        raise compute.unchangeable("sourceVirtualMachine")
    if found is not None:  # it stays as it was made, whatever became of the VM
        return gallery_writes.write(cloud, request, replace(found, tags=tags), _shown)
    vm = image_sources.capture(cloud, source, "sourceVirtualMachine")
    if (vm.properties.get("securityProfile") or {}).get("securityType") == image_sources.TRUSTED_LAUNCH:
        message = "Creation of managed images are not supported for virtual machine with TrustedLaunch security type."
        raise ArmError(409, "OperationNotAllowed", message, target="sourceVirtualMachine")
    generation = vm.hidden["generation"]
    if given.get("hyperVGeneration") not in (None, generation):
        raise compute.unchangeable("hyperVGeneration")
    disk = vm.properties["storageProfile"]["osDisk"]
    kept = {
        "osType": "Linux", "osState": "Generalized", "diskSizeGB": disk["diskSizeGB"], "caching": disk["caching"],
        "managedDisk": {"id": disk["managedDisk"]["id"]},
        "storageAccountType": disk["managedDisk"]["storageAccountType"],
    }  # fmt: skip
    zones = bool((given.get("storageProfile") or {}).get("zoneResilient"))
    properties = {
        "sourceVirtualMachine": {"id": str(vm.id)},
        "storageProfile": {"osDisk": kept, "dataDisks": [], "zoneResilient": zones},
        "hyperVGeneration": generation,
    }
    hidden = {"origin": image_sources.origin_of(cloud, vm)}
    return gallery_writes.write(
        cloud, request, Resource(identifier, location, tags, properties, {}, hidden, "Creating"), _shown
    )
