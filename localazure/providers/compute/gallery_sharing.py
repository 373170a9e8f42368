"""Whom a gallery is shared with: nobody, groups (subscriptions and tenants), or everybody (a community gallery)."""

from __future__ import annotations

import re
import uuid
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol.errors import ArmError, invalid_parameter
from localazure.providers import kinds
from localazure.providers.common import missing_property
from localazure.store.resources import Resource

PRIVATE, GROUPS, COMMUNITY = "Private", "Groups", "Community"
SHARED_GALLERIES, COMMUNITY_GALLERIES = "SharedGalleries", "CommunityGalleries"
# What a community gallery tells of its publisher.
TOLD = ("publisherUri", "publisherContact", "eula", "publicNamePrefix")
_PREFIX = re.compile(r"[A-Za-z0-9]{5,16}")
_ID = re.compile(
    rf"/(?P<kind>{SHARED_GALLERIES}|{COMMUNITY_GALLERIES})/(?P<gallery>[^/]+)/images/(?P<image>[^/]+)"
    r"(/versions/(?P<version>[^/]+))?/?",
    re.IGNORECASE,
)


def profile(given: dict[str, Any] | None, before: Resource | None) -> dict[str, Any] | None:
    """A gallery's `sharingProfile` as it is kept, of what a body says; None where nothing was ever said. Raises
    ArmError. The service's own words are not known."""
    kept: dict[str, Any] | None = before.properties.get("sharingProfile") if before else None
    if not given:
        return kept
    permissions = given.get("permissions") or (kept or {}).get("permissions") or PRIVATE
    if before and is_shared(before) and permissions != (kept or {}).get("permissions"):
        message = f"The gallery '{before.name}' is shared: reset its sharing before its permissions are changed."
        raise ArmError(409, "Conflict", message, target="gallery.properties.sharingProfile.permissions")
    path = "gallery.properties.sharingProfile.communityGalleryInfo"
    info = {name: value for name, value in (given.get("communityGalleryInfo") or {}).items() if value is not None}
    if permissions != COMMUNITY:
        if info:
            raise invalid_parameter(path, "communityGalleryInfo is for galleries with the permissions 'Community'.")
        return {"permissions": permissions}
    info = {**((kept or {}).get("communityGalleryInfo") or {}), **info}
    for name in TOLD:
        if not info.get(name):
            raise missing_property(f"{path}.{name}")
    if not _PREFIX.fullmatch(info["publicNamePrefix"]):
        raise invalid_parameter(f"{path}.publicNamePrefix", "publicNamePrefix must be 5 to 16 letters and digits.")
    prefix = info["publicNamePrefix"]
    names = [one for one in info.get("publicNames") or () if one.startswith(f"{prefix}-")]
    info["publicNames"] = names or [f"{prefix}-{uuid.uuid4()}"]
    info["communityGalleryEnabled"] = bool(info.get("communityGalleryEnabled"))
    return {"permissions": permissions, "communityGalleryInfo": info}


def is_shared(gallery: Resource) -> bool:
    info = (gallery.properties.get("sharingProfile") or {}).get("communityGalleryInfo") or {}
    return bool(gallery.hidden.get("groups")) or bool(info.get("communityGalleryEnabled"))


def changed(gallery: Resource, operation: str, groups: list[dict[str, Any]]) -> None:
    """Carry out an update of whom the gallery is shared with; raises ArmError."""
    sharing = gallery.properties.get("sharingProfile") or {"permissions": PRIVATE}
    wanted = COMMUNITY if operation == "EnableCommunity" else GROUPS
    if operation == "Reset":
        gallery.hidden.pop("groups", None)
        gallery.properties["sharingProfile"] = {"permissions": PRIVATE}
        return
    if sharing["permissions"] != wanted:
        message = (
            f"The operation '{operation}' needs a gallery with the permissions '{wanted}'; those of '{gallery.name}' "
            f"are '{sharing['permissions']}'."
        )
        raise ArmError(409, "Conflict", message, target="sharingUpdate.operationType")
    if operation == "EnableCommunity":
        info = {**sharing["communityGalleryInfo"], "communityGalleryEnabled": True}
        gallery.properties["sharingProfile"] = {**sharing, "communityGalleryInfo": info}
        return
    kept = {one["type"]: list(one["ids"]) for one in gallery.hidden.get("groups") or ()}
    for group in groups:
        ids = kept.setdefault(group.get("type") or "", [])
        for identifier in group.get("ids") or ():
            if operation == "Add" and identifier not in ids:
                ids.append(identifier)
            if operation == "Remove" and identifier in ids:
                ids.remove(identifier)
    gallery.hidden["groups"] = [{"type": kind, "ids": ids} for kind, ids in kept.items() if ids]


def galleries(cloud: Cloud, kind: str) -> dict[str, Resource]:
    """Those that this subscription sees as it would see somebody else's: by unique or public name, in small letters."""
    settings, found = cloud.settings, {}
    for gallery in cloud.store.of_type(kinds.GALLERY):
        if kind == COMMUNITY_GALLERIES:
            info = (gallery.properties.get("sharingProfile") or {}).get("communityGalleryInfo") or {}
            names = info["publicNames"] if info.get("communityGalleryEnabled") else []
            found.update({name.lower(): gallery for name in names})
        elif {settings.subscription, settings.tenant} & {
            identifier for one in gallery.hidden.get("groups") or () for identifier in one["ids"]
        }:
            found[gallery.properties["identifier"]["uniqueName"].lower()] = gallery
    return found


def image(cloud: Cloud, identifier: str, kind: str) -> Resource | None:
    """The definition, or the version, that an id of a shared or of a community gallery means; None for none."""
    parts = _ID.fullmatch(identifier)
    if parts is None or parts["kind"].lower() != kind.lower():
        return None
    gallery = galleries(cloud, kind).get(parts["gallery"].lower())
    definition = gallery and child(cloud, gallery, kinds.GALLERY_IMAGE, parts["image"])
    if definition is None or (parts["version"] or "latest").lower() == "latest":
        return definition
    return child(cloud, definition, kinds.GALLERY_VERSION, parts["version"])


def child(cloud: Cloud, parent: Resource, kind: str, name: str) -> Resource | None:
    found = [one for one in cloud.store.children(parent.id, kind) if one.name.lower() == name.lower()]
    return found[0] if found else None
