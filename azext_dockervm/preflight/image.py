"""The image that a VM is to be made of: whether it is there, and can be used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from azext_dockervm.advice import image_commands, region_commands
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.image_ids import is_managed, version_of
from azext_dockervm.body import image as image_body
from azext_dockervm.body import image_version
from azext_dockervm.body.resource import Resource
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import AzureRefused, InvalidValue
from azext_dockervm.flow.workers import run_in_parallel
from azext_dockervm.nearest import did_you_mean, nearest
from azext_dockervm.preflight import terms
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import filling, is_new, unknown_if_forbidden
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.images import ALIASES

# ARM's code, with status 401, for a read of what is in a subscription of another tenant.
OTHER_TENANT = "InvalidAuthenticationTokenTenant"


def _image(azure: Azure, spec: HostSpec) -> Resource | None:
    image = spec.machine.image
    if image.id is not None:
        return _image_by_id(azure, spec, image.id)
    location, publisher, offer, sku, version = (
        part or "" for part in (spec.location, image.publisher, image.offer, image.sku, image.version))
    # Most of what is missing is a URN with one part that is misspelled.
    meant = did_you_mean(name for name in nearest(str(image), ALIASES.values(), cutoff=0.85) if name != str(image))
    missing = InvalidValue(f"--image: {spec.location} has no image '{image}'.{meant}",
                           region_commands.list_publisher_images(spec))
    if version.lower() == "latest":
        versions = azure.image_versions(location, publisher, offer, sku)
        if not versions:
            raise missing
        version = versions[0]["name"]
    found = azure.image(location, publisher, offer, sku, version)
    if found is None:
        raise missing
    return found


def _image_by_id(azure: Azure, spec: HostSpec, image_id: str) -> Resource | None:
    """One of the user's own, or another's that is shared: what it asks of a VM is told before anything is made. None
    where it is in another tenant than the login."""
    show = image_commands.show(image_id, spec.location or "")
    reads: dict[str, Callable[[], Any]] = {
        "image": partial(azure.image_by_id, image_id, spec.location or "")}
    if version_of(image_id):
        reads["versions"] = unknown_if_forbidden(partial(azure.image_versions_by_id, image_id, spec.location or ""))
    try:
        read = run_in_parallel(reads, azure.deadline)
    except AzureRefused as error:
        if error.code != OTHER_TENANT:
            raise
        return None
    found: Resource | None = read["image"]
    if found is None or read.get("versions") == [] and version_of(image_id) != "latest":
        raise InvalidValue(f"--image: there is no image '{image_id}'.", show)
    problem = image_body.why_no_host(found)
    if problem is None and read.get("versions") is not None:
        found, problem = _with_version(found, read["versions"], image_id, spec.location or "")
    if problem is None and is_managed(image_id) and region_of(found) != spec.location:
        problem = f"it is in {region_of(found)}, and a managed image makes VMs in its own region only"
    if problem is not None:
        raise InvalidValue(f"--image: '{image_id}' can't be used: {problem}.", show)
    return found


def _with_version(definition: Resource, versions: list[Resource], image_id: str, region: str
                  ) -> tuple[Resource, str | None]:
    """With what the version that is booted has of disks; and why none can be booted."""
    if version_of(image_id) == "latest":
        version = image_version.booted(versions, region)
        problem = None if version else f"no version of it is in {region}"
    else:
        version, = versions
        where = ", ".join(image_version.regions(version))
        problem = None if image_version.is_in(version, region) else f"this version is not in {region}, but in {where}"
    return image_version.with_disks(definition, version) if version else definition, problem


def _read(azure: Azure, spec: HostSpec, _found: Found) -> tuple[Resource | None, bool | None]:
    """And whether the terms of its plan are accepted: asked at the same time where the plan is known so far, else after
    the image where that is one read. So no more than two wait for each other."""
    read: Callable[[], Resource | None] = unknown_if_forbidden(lambda: _image(azure, spec))
    known = terms.probable(spec)
    if known is not None:
        both = run_in_parallel({"image": read, "terms": partial(terms.accepted, azure, known)}, azure.deadline)
        own = terms.of_image(both["image"])
        return both["image"], both["terms"] if own in (None, known) or spec.plan.is_named else None
    image, one_read = read(), (spec.machine.image.version or "").lower() != "latest"
    bought = terms.of_image(image) if one_read else None
    return image, terms.accepted(azure, bought) if bought else None


# Its versions, and of the newest one its features: two reads that wait for each other. (Versions are listed with their
# properties, where one asks for it, but never with their features.)
IMAGE = filling("image terms_accepted", _read, is_new)
