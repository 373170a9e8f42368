"""Galleries of images (Azure Compute Gallery): what holds image definitions."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import shape
from localazure.protocol.errors import invalid_parameter
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import envelope, existing, place
from localazure.providers.compute import gallery_sharing, gallery_writes, model
from localazure.providers.model import READ_ONLY, NotHere, enum, named, obj
from localazure.store.resources import Resource

KIND = kinds.GALLERY
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._]{0,78}[A-Za-z0-9])?")
_MODEL = model.resource(
    obj(
        "GalleryProperties", description=str, identifier=READ_ONLY, sharingStatus=READ_ONLY,
        provisioningState=READ_ONLY,
        sharingProfile=obj(
            "SharingProfile",
            permissions=enum("GallerySharingPermissionTypes", "Private Groups Community"), groups=READ_ONLY,
            communityGalleryInfo=obj(
                "CommunityGalleryInfo", **named(" ".join(gallery_sharing.TOLD), str),
                **named("communityGalleryEnabled publicNames", READ_ONLY),
            ),
        ),
        softDeletePolicy=NotHere("SoftDelete", "soft deletion of images (softDeletePolicy)"),
    ),
    identity=NotHere("GalleryIdentity", "identities of galleries"),
)  # fmt: skip


def routes() -> list[Route]:
    return crud.routes(
        KIND, "gallery", show=_shown, put=put, patch=patch,
        delete=gallery_writes.deletion(KIND, "gallery", inner=kinds.GALLERY_IMAGE),
    )  # fmt: skip


def _shown(cloud: Cloud, request: Request, gallery: Resource) -> dict[str, Any]:
    shown = envelope(gallery, {"provisioningState": gallery.state, **gallery.properties})
    groups, sharing = gallery.hidden.get("groups"), gallery.properties.get("sharingProfile")
    asked = f"{request.query.get('$select', '')} {request.query.get('$expand', '')}".lower()
    if groups and sharing and ("permissions" in asked or "sharingprofile/groups" in asked):
        shown["properties"]["sharingProfile"] = {**sharing, "groups": groups}
    return shown


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "gallery")
    if not _NAME.fullmatch(identifier.name):
        message = (
            "The entity name 'galleryName' is invalid according to its validation rule: "
            "^[^\\W_]([\\w._]{0,78}[^\\W_])?$."
        )
        raise invalid_parameter("galleryName", message)
    given = model.read(request, _MODEL, "gallery").body["properties"]
    location, tags = place(cloud, request, identifier)
    unique = f"{cloud.settings.subscription}-{identifier.name.upper()}"
    properties: dict[str, Any] = {"identifier": {"uniqueName": unique}}
    if given.get("description") is not None:
        properties["description"] = given["description"]
    before = cloud.store.get(identifier)
    sharing = gallery_sharing.profile(given.get("sharingProfile"), before)
    if sharing:
        properties["sharingProfile"] = sharing
    hidden = dict(before.hidden) if before else {}
    return gallery_writes.write(cloud, request, Resource(identifier, location, tags, properties, {}, hidden), _shown)


def patch(cloud: Cloud, request: Request) -> Reply:
    gallery = existing(cloud, request.resource_id(KIND, "gallery"))
    body = model.read(request, _MODEL, "gallery").body
    properties = gallery_writes.merged(gallery.properties, body["properties"], {"description"}.__contains__)
    sharing = gallery_sharing.profile(body["properties"].get("sharingProfile"), gallery)
    if sharing:
        properties["sharingProfile"] = sharing
    tags = shape.tags(body) if "tags" in body else gallery.tags
    return gallery_writes.write(cloud, request, replace(gallery, properties=properties, tags=tags), _shown)
