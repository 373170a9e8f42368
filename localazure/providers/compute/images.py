"""Platform images: publishers, offers, SKUs and versions of a region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import locations
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers.compute import extension_images
from localazure.providers.compute.image_catalog import (
    ALIASES,
    IMAGES,
    WINDOWS_ALIASES,
    Image,
    architecture,
    find,
    lacking,
    ordered,
)

_KIND = "Microsoft.Compute/locations"
# What a list that is expanded shows of a version: in recordings never its features, nor what it is sold by.
_LISTED = ("hyperVGeneration", "architecture", "replicaType", "replicaCount")


def routes() -> list[Route]:
    publishers = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/publishers"
    offers = f"{publishers}/{{publisher}}/artifacttypes/vmimage/offers"
    skus = f"{offers}/{{offer}}/skus"
    versions = f"{skus}/{{sku}}/versions"
    return [
        Route("GET", "/metadata/aliases.json", alias_document, open=True),
        Route("GET", publishers, list_publishers, _KIND),
        Route("GET", offers, list_offers, _KIND),
        Route("GET", skus, list_skus, _KIND),
        Route("GET", versions, list_versions, _KIND),
        Route("GET", f"{versions}/{{version}}", get_version, _KIND),
    ]


def _at(cloud: Cloud, request: Request, *names: str) -> tuple[str, str]:
    location = locations.in_path(request.params["location"], f"{_KIND}/publishers", request.api_version)
    path = f"/Subscriptions/{cloud.settings.subscription}/Providers/Microsoft.Compute/Locations/{location}/Publishers"
    return location, "/".join((path, *names))


def _items(location: str, path: str, names: Iterable[str]) -> Reply:
    # These lists are bare arrays, without "value".
    return Reply(200, [{"location": location, "name": name, "id": f"{path}/{name}"} for name in names])


def not_found(*names: str) -> ArmError:
    """`names` are those of a publisher, offer and SKU, as far as the path has them."""
    message = f"Artifact: VMImage was not found. {lacking(*names) if names else ''}".strip()
    return ArmError(404, "NotFound", message)


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def alias_document(cloud: Cloud, request: Request) -> Reply:
    """The document at vmImageAliasDoc, a template whose output az reads: short names of images and what they mean."""
    known = {"Linux": _told(ALIASES), "Windows": _told(WINDOWS_ALIASES)}
    outputs = {"aliases": {"type": "object", "value": known}}
    schema = "http://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json"
    body = {"$schema": schema, "contentVersion": "1.0.0.0", "parameters": {}, "variables": {}, "resources": []}
    return Reply(200, {**body, "outputs": outputs})


def _told(aliases: Mapping[str, str]) -> dict[str, dict[str, str]]:
    found = {}
    for alias, urn in aliases.items():
        publisher, offer, sku = urn.split(":")
        found[alias] = {
            "publisher": publisher, "offer": offer, "sku": sku, "version": "latest", "architecture": architecture(sku),
        }  # fmt: skip
    return found


def list_publishers(cloud: Cloud, request: Request) -> Reply:
    location, path = _at(cloud, request)
    names = dict.fromkeys([*(image.publisher for image in IMAGES), *extension_images.publishers()])
    return _items(location, path, sorted(names, key=str.lower))


def list_offers(cloud: Cloud, request: Request) -> Reply:
    publisher = request.params["publisher"]
    location, path = _at(cloud, request, publisher, "ArtifactTypes", "VMImage", "Offers")
    offers = dict.fromkeys(image.offer for image in IMAGES if _same(image.publisher, publisher))
    if not offers and not any(_same(publisher, one) for one in extension_images.publishers()):
        raise not_found(publisher)
    return _items(location, path, offers)


def list_skus(cloud: Cloud, request: Request) -> Reply:
    publisher, offer = request.params["publisher"], request.params["offer"]
    location, path = _at(cloud, request, publisher, "ArtifactTypes", "VMImage", "Offers", offer, "Skus")
    skus = [image.sku for image in IMAGES if _same(image.publisher, publisher) and _same(image.offer, offer)]
    if not skus:
        raise not_found(publisher, offer)
    reply = _items(location, path, skus)
    for one in reply.body:
        one["properties"] = {"automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": False}}
    return reply


def _image(request: Request) -> Image:
    names = [request.params[name] for name in ("publisher", "offer", "sku")]
    image = find(*names)
    if image is None:
        raise not_found(*names)
    return image


def list_versions(cloud: Cloud, request: Request) -> Reply:
    image = _image(request)
    location, path = _versions_at(cloud, request, image)
    reply = _items(location, path, ordered(image.versions, request.query))
    expand = request.query.get("$expand", "").lower()
    if "properties" in expand:
        whole = _properties(image)
        shown = {name: whole[name] for name in _LISTED}
        if "imagedeprecationstatus" in expand:
            shown["imageDeprecationStatus"] = {**whole["imageDeprecationStatus"], "scheduledDeprecationTime": None}
        for one in reply.body:
            one["properties"] = shown
    return reply


def get_version(cloud: Cloud, request: Request) -> Reply:
    image = _image(request)
    version = image.versions[-1] if request.params["version"] == "latest" else request.params["version"]
    if version not in image.versions:
        raise not_found()
    location, path = _versions_at(cloud, request, image)
    return Reply(
        200, {"location": location, "name": version, "id": f"{path}/{version}", "properties": _properties(image)}
    )


def _versions_at(cloud: Cloud, request: Request, image: Image) -> tuple[str, str]:
    parts = (image.publisher, "ArtifactTypes", "VMImage", "Offers", image.offer, "Skus", image.sku, "Versions")
    return _at(cloud, request, *parts)


def _properties(image: Image) -> dict[str, Any]:
    features = [
        {"name": "IsAcceleratedNetworkSupported", "value": "True"},
        {"name": "DiskControllerTypes", "value": "SCSI, NVMe"},
        {"name": "IsHibernateSupported", "value": "True"},
    ]
    if image.trusted_launch:
        features.insert(0, {"name": "SecurityType", "value": "TrustedLaunchSupported"})
    return {
        **({"plan": image.plan} if image.plan else {}),
        "hyperVGeneration": image.generation,
        "architecture": architecture(image.sku),
        "replicaType": "Managed",
        "replicaCount": 10,
        "disallowed": {"vmDiskType": "None"},
        "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": False},
        "imageDeprecationStatus": {"imageState": "Active"},
        "features": features,
        "osDiskImage": {"operatingSystem": "Linux", "sizeInGb": 31, "sizeInBytes": 32213303808},
        "dataDiskImages": [],
    }
