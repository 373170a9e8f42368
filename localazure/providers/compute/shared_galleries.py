"""Galleries as those see them with whom they are shared, and the action that shares one."""

from __future__ import annotations

import copy
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import locations
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Handler, Route
from localazure.providers import kinds
from localazure.providers.common import existing
from localazure.providers.compute import gallery_sharing, image_sources, model
from localazure.providers.compute.gallery_sharing import COMMUNITY_GALLERIES, SHARED_GALLERIES
from localazure.providers.crud import address
from localazure.providers.model import READ_ONLY, enum, obj
from localazure.store.resources import Resource

_UPDATE = obj(
    "SharingUpdate",
    operationType=enum("SharingUpdateOperationTypes", "Add Remove Reset EnableCommunity"),
    groups=[obj("SharingProfileGroup", type=enum("SharingProfileGroupTypes", "Subscriptions AADTenants"), ids=[str])],
    properties=READ_ONLY,
)  # fmt: skip
# What others see of a definition.
_SHOWN = ("osType", "osState", "endOfLifeDate", "identifier", "recommended", "disallowed", "hyperVGeneration",
          "features", "purchasePlan", "architecture", "privacyStatementUri", "eula")  # fmt: skip


def routes() -> list[Route]:
    of_region = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
    shared = f"{of_region}/sharedGalleries"
    made = [
        Route("POST", f"{address(kinds.GALLERY, 'gallery')}/share", share, kinds.GALLERY),
        Route("GET", shared, list_galleries, kinds.GALLERY),
    ]
    for kind, at in ((SHARED_GALLERIES, shared), (COMMUNITY_GALLERIES, f"{of_region}/communityGalleries")):
        images = f"{at}/{{gallery}}/images"
        for path, handler in (
            (f"{at}/{{gallery}}", _gallery), (images, _images), (f"{images}/{{image}}", _image),
            (f"{images}/{{image}}/versions", _versions), (f"{images}/{{image}}/versions/{{version}}", _version),
        ):  # fmt: skip
            made.append(Route("GET", path, _of(kind, handler), kinds.GALLERY))
    return made


def share(cloud: Cloud, request: Request) -> Reply:
    gallery = copy.deepcopy(existing(cloud, request.resource_id(kinds.GALLERY, "gallery")))
    body = model.read(request, _UPDATE, "sharingUpdate").body
    gallery_sharing.changed(gallery, body.get("operationType") or "Add", body.get("groups") or [])
    cloud.store.put(gallery)
    return Reply(200, {name: value for name, value in body.items() if name in ("operationType", "groups")})


def _of(kind: str, handler: Any) -> Handler:
    def answer(cloud: Cloud, request: Request) -> Reply:
        reply: Reply = handler(cloud, request, kind)
        return reply

    return answer


def _envelope(request: Request, kind: str, name: str, path: str, properties: dict[str, Any]) -> dict[str, Any]:
    location = locations.for_resource(request.params["location"], kinds.GALLERY)
    kinds_of = "/".join(path.split("/")[1::2])
    return {"name": name, "location": location, "type": f"Microsoft.Compute/Locations/{kinds_of}",
            "identifier": {"uniqueId": path}, "properties": properties}  # fmt: skip


def _found(cloud: Cloud, request: Request, kind: str) -> Resource:
    name = request.params["gallery"]
    gallery = gallery_sharing.galleries(cloud, kind).get(name.lower())
    if gallery is None:
        raise _missing(f"/{kind}/{name}")
    return gallery


def _missing(path: str) -> ArmError:
    return ArmError(404, "NotFound", f"The gallery resource '{path}' was not found.")


def list_galleries(cloud: Cloud, request: Request) -> Reply:
    found = gallery_sharing.galleries(cloud, SHARED_GALLERIES)
    return listing([_shown_gallery(request, SHARED_GALLERIES, one) for one in found.values()])


def _gallery(cloud: Cloud, request: Request, kind: str) -> Reply:
    return Reply(200, _shown_gallery(request, kind, _found(cloud, request, kind)))


def _shown_gallery(request: Request, kind: str, gallery: Resource) -> dict[str, Any]:
    if kind == SHARED_GALLERIES:
        name = gallery.properties["identifier"]["uniqueName"]
        return _envelope(request, kind, name, f"/{kind}/{name}", {"artifactTags": {}})
    info = gallery.properties["sharingProfile"]["communityGalleryInfo"]
    told = {name: info[name] for name in ("publisherUri", "publisherContact", "eula", "publicNames")}
    name = info["publicNames"][0]
    return _envelope(request, kind, name, f"/{kind}/{name}", {"artifactTags": {}, "communityMetadata": told})


def _definitions(cloud: Cloud, request: Request, kind: str) -> dict[str, tuple[Resource, list[Resource]]]:
    """Those of which versions are in the region, with these."""
    location, made = locations.for_resource(request.params["location"], kinds.GALLERY), {}
    for definition in cloud.store.children(_found(cloud, request, kind).id, kinds.GALLERY_IMAGE):
        versions = [one for one in cloud.store.children(definition.id, kinds.GALLERY_VERSION)
                    if one.state == "Succeeded" and location in image_sources.regions_of(one)]  # fmt: skip
        if versions:
            made[definition.name.lower()] = (definition, versions)
    return made


def _path(request: Request, kind: str, *names: str) -> str:
    every = (request.params["gallery"], *names)
    return "".join(f"/{word}/{name}" for word, name in zip((kind, "Images", "Versions"), every, strict=False))


def _shown_image(request: Request, kind: str, definition: Resource) -> dict[str, Any]:
    properties = {name: definition.properties[name] for name in _SHOWN if name in definition.properties}
    return _envelope(request, kind, definition.name, _path(request, kind, definition.name), properties)


def _images(cloud: Cloud, request: Request, kind: str) -> Reply:
    return listing([_shown_image(request, kind, one) for one, _ in _definitions(cloud, request, kind).values()])


def _one(cloud: Cloud, request: Request, kind: str) -> tuple[Resource, list[Resource]]:
    found = _definitions(cloud, request, kind).get(request.params["image"].lower())
    if found is None:
        raise _missing(_path(request, kind, request.params["image"]))
    return found


def _image(cloud: Cloud, request: Request, kind: str) -> Reply:
    return Reply(200, _shown_image(request, kind, _one(cloud, request, kind)[0]))


def _shown_version(request: Request, kind: str, definition: Resource, version: Resource) -> dict[str, Any]:
    profile = version.properties["publishingProfile"]
    disk = {"diskSizeGB": version.properties["storageProfile"]["osDiskImage"]["sizeInGB"], "hostCaching": "ReadWrite"}
    told = {name: profile[name] for name in ("publishedDate", "endOfLifeDate", "excludeFromLatest") if name in profile}
    path = _path(request, kind, definition.name, version.name)
    return _envelope(request, kind, version.name, path, {**told, "storageProfile": {"osDiskImage": disk}})


def _versions(cloud: Cloud, request: Request, kind: str) -> Reply:
    definition, versions = _one(cloud, request, kind)
    return listing([_shown_version(request, kind, definition, one) for one in versions])


def _version(cloud: Cloud, request: Request, kind: str) -> Reply:
    definition, versions = _one(cloud, request, kind)
    for one in versions:
        if one.name == request.params["version"]:
            return Reply(200, _shown_version(request, kind, definition, one))
    raise _missing(_path(request, kind, definition.name, request.params["version"]))
