"""The image that a VM is to be made of: whether it is there, and can be used."""

from __future__ import annotations

from azext_dockervm.advice import image_commands, region_commands
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.image_ids import is_managed
from azext_dockervm.body import image as image_body
from azext_dockervm.body.resource import Resource
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import AzureRefused, InvalidValue
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import filling, is_new, unknown_if_forbidden
from azext_dockervm.spec.host import HostSpec

# ARM's code, with status 401, for a read of what is in a subscription of another tenant.
OTHER_TENANT = "InvalidAuthenticationTokenTenant"


def _image(azure: Azure, spec: HostSpec) -> Resource | None:
    image = spec.machine.image
    if image.id is not None:
        return _image_by_id(azure, spec, image.id)
    location, publisher, offer, sku, version = (
        part or "" for part in (spec.location, image.publisher, image.offer, image.sku, image.version))
    missing = InvalidValue(f"--image: {spec.location} has no image '{image}'.",
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
    try:
        found = azure.image_by_id(image_id, spec.location or "")
    except AzureRefused as error:
        if error.code != OTHER_TENANT:
            raise
        return None
    if found is None:
        raise InvalidValue(f"--image: there is no image '{image_id}'.", show)
    problem = image_body.why_no_host(found)
    if problem is None and is_managed(image_id) and region_of(found) != spec.location:
        problem = f"it is in {region_of(found)}, and a managed image makes VMs in its own region only"
    if problem is not None:
        raise InvalidValue(f"--image: '{image_id}' can't be used: {problem}.", show)
    return found


def _read(azure: Azure, spec: HostSpec, _found: Found) -> Resource | None:
    return unknown_if_forbidden(lambda: _image(azure, spec))()


# Its versions, and of the newest one its features: two reads that wait for each other. (Versions are listed with their
# properties, where one asks for it, but never with their features.)
IMAGE = filling("image", _read, is_new)
