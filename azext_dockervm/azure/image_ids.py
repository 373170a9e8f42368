"""Ids of images, and where what is known of one is read: the image itself, or its definition in a gallery."""

from __future__ import annotations

import re

from azext_dockervm.azure import kinds
from azext_dockervm.azure.kinds import Spoken

_OWN = r"(?P<image>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/"
_VERSION = r"(/versions/(?P<version>[^/]+))?/?"
_MANAGED = re.compile(_OWN + r"images/[^/]+)/?", re.IGNORECASE)
_IN_GALLERY = re.compile(_OWN + r"galleries/[^/]+/images/[^/]+)" + _VERSION, re.IGNORECASE)
_SHARED = re.compile(r"(?P<image>/(SharedGalleries|CommunityGalleries)/[^/]+/images/[^/]+)" + _VERSION, re.IGNORECASE)


def is_managed(image_id: str) -> bool:
    """Whether it is a managed image, which is in one region only."""
    return _MANAGED.fullmatch(image_id) is not None


def image_path(image_id: str, subscription: str, location: str) -> tuple[str, Spoken] | None:
    """What to read of an image, and in which words; None for an id of another kind. Galleries that others share are
    asked where the VM shall be."""
    found = _MANAGED.fullmatch(image_id)
    if found:
        return found["image"].lstrip("/"), kinds.MANAGED_IMAGES
    found = _IN_GALLERY.fullmatch(image_id)
    if found:
        return found["image"].lstrip("/"), kinds.GALLERY_IMAGES
    found = _SHARED.fullmatch(image_id)
    if found:
        place = f"subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
        return f"{place}{found['image']}", kinds.GALLERY_IMAGES
    return None


def version_of(image_id: str) -> str | None:
    """The version that the id of a gallery's image names, "latest" where it names none; None for other images."""
    found = _IN_GALLERY.fullmatch(image_id) or _SHARED.fullmatch(image_id)
    return (found["version"] or "latest").lower() if found else None
