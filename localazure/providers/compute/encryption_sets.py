"""Disk encryption sets: which key encrypts the disks that name them. Here nothing is encrypted by it.

The key is a URL and no more: there are no key vaults here to look into.
"""

from __future__ import annotations

import re
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids, shape
from localazure.protocol.errors import ArmError, invalid_parameter
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import envelope, existing, missing_property, place, refuse_if_busy
from localazure.providers.compute import compute, gallery_writes, model, vm_identity
from localazure.providers.model import ANY, READ_ONLY, REFERENCE, enum, named, obj
from localazure.store.resources import Resource

KIND = kinds.ENCRYPTION_SET
CUSTOMER_KEY = "EncryptionAtRestWithCustomerKey"
BOTH_KEYS = "EncryptionAtRestWithPlatformAndCustomerKeys"
_CONFIDENTIAL = "ConfidentialVmEncryptedWithCustomerKey"
_KEY = re.compile(r"https://[a-z0-9][a-z0-9.-]*/keys/[A-Za-z0-9-]{1,127}(/[0-9a-f]{32})?", re.IGNORECASE)
_MODEL = model.resource(
    obj(
        "EncryptionSetProperties",
        encryptionType=enum("DiskEncryptionSetType", f"{CUSTOMER_KEY} {BOTH_KEYS} {_CONFIDENTIAL}"),
        activeKey=obj("KeyForDiskEncryptionSet", keyUrl=str, sourceVault=REFERENCE),
        **named("rotationToLatestKeyVersionEnabled", bool),
        **named("federatedClientId", str),
        **named("previousKeys provisioningState lastKeyRotationTimestamp autoKeyRotationError", READ_ONLY),
    ),
    identity=ANY,
)


def routes() -> list[Route]:
    return [
        *crud.routes(KIND, "encryption", show=_shown, put=put, patch=patch, delete=delete),
        Route("GET", f"{crud.address(KIND, 'encryption')}/associatedResources", list_associated, KIND),
    ]


def _shown(cloud: Cloud, request: Request, found: Resource) -> dict[str, Any]:
    return envelope(found, {**found.properties, "provisioningState": found.state})


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "encryption")
    compute.check_name("diskEncryptionSetName", identifier.name)
    request = model.read(request, _MODEL, "diskEncryptionSet")
    given = request.body["properties"]
    location, tags = place(cloud, request, identifier)
    before = cloud.store.get(identifier)
    if not (given.get("activeKey") or {}).get("keyUrl"):
        raise missing_property("diskEncryptionSet.properties.activeKey.keyUrl")
    found = Resource(identifier, location, tags, {"previousKeys": []}, dict(before.extra) if before else {})
    if before is not None:
        found.properties = dict(before.properties)
    return _written(cloud, request, found, given, merge=False)


def patch(cloud: Cloud, request: Request) -> Reply:
    before = existing(cloud, request.resource_id(KIND, "encryption"))
    request = model.read(request, _MODEL, "diskEncryptionSet")
    found = Resource(before.id, before.location, before.tags, dict(before.properties), dict(before.extra))
    if "tags" in request.body:
        found.tags = shape.tags(request.body)
    return _written(cloud, request, found, request.body["properties"], merge=True)


def _written(cloud: Cloud, request: Request, found: Resource, given: dict[str, Any], *, merge: bool) -> Reply:
    kind = given.get("encryptionType") or found.properties.get("encryptionType") or CUSTOMER_KEY
    if found.properties.get("encryptionType", kind) != kind:
        raise compute.unchangeable("encryptionType", "diskEncryptionSet.encryptionType")
    found.properties["encryptionType"] = kind
    if given.get("activeKey"):
        url = given["activeKey"].get("keyUrl") or ""
        if not _KEY.fullmatch(url):
            message = f"The value '{url}' of parameter 'keyUrl' is not the URL of a key (https://VAULT/keys/NAME/VERSION)."
            raise invalid_parameter("diskEncryptionSet.activeKey.keyUrl", message)
        found.properties["activeKey"] = given["activeKey"]
    for name in ("rotationToLatestKeyVersionEnabled", "federatedClientId"):
        if given.get(name) is not None:
            found.properties[name] = given[name]
    vm_identity.write(cloud, found, request.body, merge=merge)
    return gallery_writes.write(cloud, request, found, _shown, new_status=202)


def delete(cloud: Cloud, request: Request) -> Reply:
    found = cloud.store.get(request.resource_id(KIND, "encryption"))
    if found is not None and _associated(cloud, found):
        message = (
            f"Disk encryption set '{found.name}' can't be deleted: it is associated with resources such as "
            f"'{_associated(cloud, found)[0]}'."
        )
        raise ArmError(409, "OperationNotAllowed", message)
    reply: Reply = gallery_writes.deletion(KIND, "encryption")(cloud, request)  # type: ignore[assignment]
    return reply


def list_associated(cloud: Cloud, request: Request) -> Reply:
    """Ids of all disks that its key encrypts."""
    return Reply(200, {"value": _associated(cloud, existing(cloud, request.resource_id(KIND, "encryption")))})


def _associated(cloud: Cloud, found: Resource) -> list[str]:
    disks = cloud.store.of_type(kinds.DISK)
    return [str(disk.id) for disk in disks if _is_of(disk.properties["encryption"], found.id)]


def _is_of(encryption: dict[str, Any], identifier: ids.ResourceId) -> bool:
    return ids.key(encryption.get("diskEncryptionSetId") or "") == ids.key(identifier)


def encryption(cloud: Cloud, given: dict[str, Any] | None, location: str, target: str) -> dict[str, Any] | None:
    """A disk's `encryption` as it is kept, from what a body asks for (`type`, `diskEncryptionSetId`); None where it
    asks for nothing. Raises ArmError."""
    kind, identifier = (given or {}).get("type"), (given or {}).get("diskEncryptionSetId")
    if not kind and not identifier:
        return None
    if kind == "EncryptionAtRestWithPlatformKey":
        if identifier:
            message = "A disk encryption set must not be given for a disk that Azure's own keys encrypt."
            raise invalid_parameter(f"{target}.diskEncryptionSetId", message)
        return {"type": kind}
    if not identifier:
        raise missing_property(f"{target}.diskEncryptionSetId")
    found = check_reference(cloud, identifier, location, f"{target}.diskEncryptionSetId")
    own = found.properties["encryptionType"]
    if kind and kind != own:
        message = f"The encryption type {kind} of a disk must be that of its disk encryption set, {own}."
        raise invalid_parameter(f"{target}.type", message)
    return {"type": own, "diskEncryptionSetId": str(found.id)}


def check_reference(cloud: Cloud, identifier: str, location: str, target: str) -> Resource:
    """The set that a disk names; raises ArmError where there is none, in the disk's region. The service's own words
    are not known."""
    found = cloud.store.get(ids.parse(identifier, target))
    if found is None or found.type != KIND or found.state == "Deleting":
        raise ArmError(404, "NotFound", f"The disk encryption set '{identifier}' was not found.", target=target)
    refuse_if_busy(cloud, found.id)
    if found.location != location:
        message = f"The disk encryption set '{identifier}' is in '{found.location}', the disk in '{location}'."
        raise ArmError(400, "InvalidParameter", message, target=target)
    if found.properties["encryptionType"] == _CONFIDENTIAL:
        raise ArmError(400, "InvalidParameter", "Local Azure has no confidential VMs.", target=target)
    return found


def of_managed_disk(cloud: Cloud, managed: dict[str, Any] | None, location: str, target: str) -> dict[str, Any] | None:
    """The same of the `managedDisk` of a VM's body, which names the set alone."""
    identifier = ((managed or {}).get("diskEncryptionSet") or {}).get("id")
    if not identifier:
        return None
    return encryption(cloud, {"diskEncryptionSetId": identifier}, location, f"{target}.managedDisk")
