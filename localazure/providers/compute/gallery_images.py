"""Image definitions of a gallery: what its versions have in common, and what VMs of them must be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import shape
from localazure.protocol.errors import ArmError, invalid_parameter, parent_not_found
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import envelope, existing, missing_property, place
from localazure.providers.compute import compute, gallery_writes, model
from localazure.providers.model import READ_ONLY, NotHere, enum, named, obj
from localazure.store.resources import Resource

KIND = kinds.GALLERY_IMAGE
_SPECIALIZED = NotHere("SpecializedImage", "images that keep the users and the name of their VM (osState Specialized)")
_RANGE = obj("ResourceRange", **named("min max", int))
_MODEL = model.resource(
    obj(
        "GalleryImageProperties",
        **named("description eula privacyStatementUri releaseNoteUri endOfLifeDate", str),
        osType=model.OS_TYPE, osState=enum("OperatingSystemStateTypes", "Generalized", "Specialized", _SPECIALIZED),
        hyperVGeneration=enum("HyperVGeneration", "V1 V2"), architecture=enum("Architecture", "x64 Arm64"),
        identifier=obj("GalleryImageIdentifier", **named("publisher offer sku", str)),
        purchasePlan=obj("ImagePurchasePlan", **named("name publisher product", str)),
        features=[obj("GalleryImageFeature", **named("name value", str), startsAtVersion=str)],
        recommended=obj("RecommendedMachineConfiguration", vCPUs=_RANGE, memory=_RANGE),
        disallowed=obj("Disallowed", diskTypes=[str]),
        allowUpdateImage=bool, provisioningState=READ_ONLY,
    )
)  # fmt: skip
_SECURITY_TYPES = (
    "TrustedLaunch", "TrustedLaunchSupported", "ConfidentialVM", "ConfidentialVMSupported",
    "TrustedLaunchAndConfidentialVmSupported",
)  # fmt: skip
_CHANGE = ("description", "eula", "privacyStatementUri", "releaseNoteUri", "endOfLifeDate", "recommended", "disallowed",
           "allowUpdateImage")  # fmt: skip
_FIXED = ("osType", "osState", "hyperVGeneration", "architecture", "identifier", "purchasePlan", "features")


def routes() -> list[Route]:
    return crud.routes(
        KIND, "gallery", "image", show=_shown, put=put, patch=patch,
        delete=gallery_writes.deletion(KIND, "gallery", "image", inner=kinds.GALLERY_VERSION),
    )  # fmt: skip


def _shown(cloud: Cloud, request: Request, definition: Resource) -> dict[str, Any]:
    return envelope(definition, {"provisioningState": definition.state, **definition.properties})


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "gallery", "image")
    gallery = cloud.store.get(request.resource_id(kinds.GALLERY, "gallery"))
    if gallery is None:
        raise parent_not_found(kinds.GALLERY, request.params["gallery"], KIND, identifier.name)
    gallery_writes.refuse_if_going(cloud, gallery)
    compute.check_name("galleryImageName", identifier.name)
    given = model.read(request, _MODEL, "galleryImage").body["properties"]
    location, tags = place(cloud, request, identifier)
    properties = _checked(cloud, gallery, identifier.name, given)
    found = cloud.store.get(identifier)
    for name in _FIXED if found is not None else ():
        if properties.get(name) != found.properties.get(name):  # type: ignore[union-attr]
            raise compute.unchangeable(f"galleryImage.properties.{name}", name)
    return gallery_writes.write(cloud, request, Resource(identifier, location, tags, properties), _shown)


def _checked(cloud: Cloud, gallery: Resource, name: str, given: dict[str, Any]) -> dict[str, Any]:
    for wanted in ("osType", "osState", "identifier"):
        if not given.get(wanted):
            raise missing_property(f"galleryImage.properties.{wanted}")
    parts = [given["identifier"].get(part) or "" for part in ("publisher", "offer", "sku")]
    if not all(parts):
        raise missing_property("galleryImage.properties.identifier")
    for feature in given.get("features") or ():
        known = {one.lower(): one for one in _SECURITY_TYPES}
        if (feature.get("name") or "").lower() == "securitytype" and (feature.get("value") or "").lower() not in known:
            message = f"The value '{feature.get('value')}' for feature 'SecurityType' is invalid."
            raise invalid_parameter("galleryImage.properties.features", message)
    for other in cloud.store.children(gallery.id, KIND):
        taken = [other.properties["identifier"][part].lower() for part in ("publisher", "offer", "sku")]
        if other.name.lower() != name.lower() and taken == [part.lower() for part in parts]:
            message = (
                f"The gallery has an image of publisher '{parts[0]}', offer '{parts[1]}' and sku '{parts[2]}' already: "
                f"'{other.name}'."
            )
            raise ArmError(409, "Conflict", message, target="identifier")
    defaults = {"hyperVGeneration": "V1", "architecture": "x64"}
    return {**defaults, **{name: value for name, value in given.items() if value is not None}}


def patch(cloud: Cloud, request: Request) -> Reply:
    definition = existing(cloud, request.resource_id(KIND, "gallery", "image"))
    body = model.read(request, _MODEL, "galleryImage").body
    for name in _FIXED:
        if body["properties"].get(name) not in (None, definition.properties.get(name)):
            raise compute.unchangeable(f"galleryImage.properties.{name}", name)
    properties = gallery_writes.merged(definition.properties, body["properties"], _CHANGE.__contains__)
    tags = shape.tags(body) if "tags" in body else definition.tags
    return gallery_writes.write(cloud, request, replace(definition, properties=properties, tags=tags), _shown)
