"""Versions of a gallery's image: made of a generalized VM, a managed image or another version."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import timestamp
from localazure.protocol import ids, locations, shape
from localazure.protocol.errors import ArmError, invalid_parameter, parent_not_found
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import envelope, existing, missing_property, place
from localazure.providers.compute import compute, gallery_writes, image_sources, model
from localazure.providers.model import READ_ONLY, NotHere, enum, named, obj
from localazure.store.resources import Resource

KIND = kinds.GALLERY_VERSION
_NAME = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}")
_DISKS = NotHere("ImageOfDisk", "image versions of disks, snapshots and blobs: name a source of the whole")
_EDGE = NotHere("ExtendedLocation", "edge zones (targetExtendedLocations)")
_STORAGE = enum("StorageAccountType", "Standard_LRS Standard_ZRS Premium_LRS PremiumV2_LRS")
_REGION = obj(
    "TargetRegion", name=str, regionalReplicaCount=int, storageAccountType=_STORAGE, excludeFromLatest=bool,
    encryption=NotHere("ImageEncryption", "encryption of image versions with keys of one's own"),
    additionalReplicaSets=NotHere("ReplicaSets", "replicas of image versions on other storage (additionalReplicaSets)"),
)  # fmt: skip
_MODEL = model.resource(
    obj(
        "GalleryImageVersionProperties",
        publishingProfile=obj(
            "GalleryImageVersionPublishingProfile", targetRegions=[_REGION], replicaCount=int, excludeFromLatest=bool,
            publishedDate=READ_ONLY, endOfLifeDate=str, storageAccountType=_STORAGE,
            replicationMode=enum("ReplicationMode", "Full Shallow"), targetExtendedLocations=_EDGE,
        ),
        storageProfile=obj(
            "GalleryImageVersionStorageProfile",
            source=obj(
                "GalleryArtifactVersionFullSource", **named("id virtualMachineId", str),
                communityGalleryImageId=NotHere("GallerySharing", "galleries that are shared with others"),
            ),
            osDiskImage=_DISKS, dataDiskImages=_DISKS,
        ),
        safetyProfile=obj(
            "GalleryImageVersionSafetyProfile",
            **named("allowDeletionOfReplicatedLocations blockDeletionBeforeEndOfLife", bool),
            reportedForPolicyViolation=READ_ONLY, policyViolations=READ_ONLY,
        ),
        securityProfile=NotHere("ImageSecurity", "keys of one's own for secure boot (securityProfile)"),
        restore=NotHere("SoftDelete", "soft deletion of images (restore)"),
        **named("provisioningState replicationStatus validationsProfile imageMetadataProfiles", READ_ONLY),
    )
)  # fmt: skip


def routes() -> list[Route]:
    names = ("gallery", "image", "version")
    return crud.routes(
        KIND, *names, show=_shown, put=put, patch=patch, delete=gallery_writes.deletion(KIND, *names)
    )


def _shown(cloud: Cloud, request: Request, version: Resource) -> dict[str, Any]:
    body = envelope(version, {"provisioningState": version.state, **version.properties})
    if "replicationstatus" in request.query.get("$expand", "").lower():
        regions = version.properties["publishingProfile"]["targetRegions"]
        summary = [{"region": one["name"], "state": "Completed", "progress": 100, "details": ""} for one in regions]
        body["properties"]["replicationStatus"] = {"aggregatedState": "Completed", "summary": summary}
    return body


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "gallery", "image", "version")
    definition = cloud.store.get(request.resource_id(kinds.GALLERY_IMAGE, "gallery", "image"))
    if definition is None:
        parent = f"{request.params['gallery']}/{request.params['image']}"
        raise parent_not_found(kinds.GALLERY_IMAGE, parent, KIND, identifier.name)
    gallery_writes.refuse_if_going(cloud, definition)
    if not _NAME.fullmatch(identifier.name):
        message = (
            "The entity name 'galleryImageVersionName' is invalid according to its validation rule: "
            "^[0-9]+\\.[0-9]+\\.[0-9]+$."
        )
        raise invalid_parameter("galleryImageVersionName", message)
    given = model.read(request, _MODEL, "galleryImageVersion").body["properties"]
    location, tags = place(cloud, request, identifier)
    found = cloud.store.get(identifier)
    if found is not None:
        return _changed(cloud, request, found, given, tags)
    source = _source(cloud, definition, given)
    properties: dict[str, Any] = {
        "publishingProfile": {**_profile(location, given), "publishedDate": timestamp()},
        "storageProfile": {
            "source": {name: str(source.id) for name in ("id", "virtualMachineId")[: 1 + (source.type == kinds.VM)]},
            "osDiskImage": {"sizeInGB": 31, "hostCaching": "ReadWrite", "source": {}},
        },
        "safetyProfile": _safety(given),
    }
    hidden = {"origin": image_sources.origin_of(cloud, source)}
    return gallery_writes.write(cloud, request, Resource(identifier, location, tags, properties, {}, hidden), _shown)


def _source(cloud: Cloud, definition: Resource, given: dict[str, Any]) -> Resource:
    """What a version is made of; raises ArmError where that is not there, or no match for its definition."""
    source = (given.get("storageProfile") or {}).get("source") or {}
    identifier = source.get("virtualMachineId") or source.get("id")
    if not identifier:
        raise missing_property("galleryImageVersion.properties.storageProfile.source.id")
    path = "galleryImageVersion.properties.storageProfile.source.id"
    found = cloud.store.get(ids.parse(identifier, path))
    security = image_sources.security_of(definition)
    if found is not None and found.type in (kinds.IMAGE, KIND):
        generation = found.properties.get("hyperVGeneration") or _generation(cloud, found)
    else:
        found = image_sources.capture(cloud, identifier, path)
        generation = found.hidden["generation"]
        trusted = (found.properties.get("securityProfile") or {}).get("securityType") == image_sources.TRUSTED_LAUNCH
        if security not in ("", image_sources.TRUSTED_LAUNCH):
            message = (
                f"The security type '{security}' is not supported for the source id '{found.id}'. Currently only Vhd "
                f"Blob, User Image and Gallery Image Version sources are supported for '{security}' images."
            )
            raise invalid_parameter(path, message)
        if trusted is not (security == image_sources.TRUSTED_LAUNCH):
            # The service's own words are not known.
            message = (
                f"The security type of the source '{found.id}' ({'TrustedLaunch' if trusted else 'Standard'}) does not "
                f"match that of the gallery image ({security or 'none'})."
            )
            raise invalid_parameter(path, message)
    if generation != definition.properties["hyperVGeneration"]:
        message = (
            f"The resource '{found.id}' has a different Hypervisor generation ['{generation}'] than the parent gallery "
            f"image Hypervisor generation ['{definition.properties['hyperVGeneration']}']."
        )
        raise ArmError(409, "InvalidParameter", message, target=path)
    return found


def _generation(cloud: Cloud, version: Resource) -> str:
    definition = cloud.store.get(version.id.parent) if version.id.parent else None
    return definition.properties["hyperVGeneration"] if definition else ""


def _profile(location: str, given: dict[str, Any]) -> dict[str, Any]:
    profile = given.get("publishingProfile") or {}
    account = profile.get("storageAccountType") or "Standard_LRS"
    replicas = profile.get("replicaCount") or 1
    regions = []
    for one in profile.get("targetRegions") or [{"name": location}]:
        name = locations.for_resource(one.get("name"), KIND)
        known = {"name": name, "regionalReplicaCount": replicas, "storageAccountType": account,
                 "excludeFromLatest": False}  # fmt: skip
        regions.append({**known, **{key: value for key, value in one.items() if key != "name" and value is not None}})
    kept = {name: profile[name] for name in ("endOfLifeDate", "replicationMode") if profile.get(name) is not None}
    return {
        "targetRegions": regions, "replicaCount": replicas, "storageAccountType": account,
        "excludeFromLatest": bool(profile.get("excludeFromLatest")), **kept,
    }  # fmt: skip


def _safety(given: dict[str, Any]) -> dict[str, Any]:
    profile = given.get("safetyProfile") or {}
    names = ("allowDeletionOfReplicatedLocations", "blockDeletionBeforeEndOfLife")
    return {"reportedForPolicyViolation": False, **{name: bool(profile.get(name)) for name in names}}


def _changed(
    cloud: Cloud, request: Request, version: Resource, given: dict[str, Any], tags: dict[str, str] | None
) -> Reply:
    source = (given.get("storageProfile") or {}).get("source") or {}
    named_source = source.get("virtualMachineId") or source.get("id")
    if named_source and named_source.lower() != version.properties["storageProfile"]["source"]["id"].lower():
        raise compute.unchangeable("galleryImageVersion.properties.storageProfile.source", "source")
    published = version.properties["publishingProfile"]["publishedDate"]
    properties = {
        **version.properties,
        "publishingProfile": {**_profile(version.location, given), "publishedDate": published},
        "safetyProfile": _safety(given),
    }
    return gallery_writes.write(cloud, request, replace(version, properties=properties, tags=tags), _shown)


def patch(cloud: Cloud, request: Request) -> Reply:
    version = existing(cloud, request.resource_id(KIND, "gallery", "image", "version"))
    body = model.read(request, _MODEL, "galleryImageVersion").body
    given = {name: {**version.properties[name], **(body["properties"].get(name) or {})}
             for name in ("publishingProfile", "safetyProfile")}  # fmt: skip
    given["storageProfile"] = body["properties"].get("storageProfile") or {}
    tags = shape.tags(body) if "tags" in body else version.tags
    return _changed(cloud, request, version, given, tags)
