"""What a VM is made of: a platform image, a managed image, or one of a gallery; and what that asks of the VM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.protocol.errors import ArmError
from localazure.providers import kinds
from localazure.providers.compute import ephemeral_disks, gallery_sharing, vm_checks
from localazure.providers.compute.image_catalog import Image, find
from localazure.providers.compute.vm_image import origin
from localazure.store.resources import Resource

TRUSTED_LAUNCH = "TrustedLaunch"
# Members of a VM's reference that name an image of a gallery that is shared, and whose ids they are.
_OF_OTHERS = {
    "sharedGalleryImageId": gallery_sharing.SHARED_GALLERIES,
    "communityGalleryImageId": gallery_sharing.COMMUNITY_GALLERIES,
}
# Values of the feature SecurityType of a gallery's image of which Trusted Launch VMs can be made.
_TRUSTED = (TRUSTED_LAUNCH, "TrustedLaunchSupported", "TrustedLaunchAndConfidentialVmSupported")


@dataclass(frozen=True)
class Source:
    """`platform` is the platform image that it is or comes from; `reference` is what the VM shows of it. `security` is
    the feature SecurityType, "" where there is none; `plan` what a VM of it must say."""

    platform: Image
    reference: dict[str, Any]
    id: str
    generation: str
    security: str
    plan: Mapping[str, str] | None = None
    origin: dict[str, Any] | None = None


def find_source(cloud: Cloud, storage: dict[str, Any], location: str) -> Source:
    """The image that a VM's storage profile names; raises ArmError where it is not there, or not in the region."""
    reference = storage.get("imageReference") or {}
    by = next((name for name in ("id", *_OF_OTHERS) if reference.get(name)), None)
    if by is None:
        return _platform(cloud, storage, location)
    identifier = reference[by]
    ways = ("publisher", "offer", "sku", "version", *_OF_OTHERS)
    beside = [name for name in ways if name != by and reference.get(name)]
    if beside:  # the service's own words are not known
        message = (
            f"An image is named by its id or by its publisher, offer, sku and version, not by {by} and {beside[0]}."
        )
        raise ArmError(400, "InvalidParameter", message, target=f"imageReference.{beside[0]}")
    image = _named(cloud, identifier) if by == "id" else _of_others(cloud, identifier, by)
    if image.type == kinds.IMAGE:
        if image.location != location:
            message = f"The image '{identifier}' is in '{image.location}', not in '{location}'."
            raise ArmError(400, "InvalidParameter", message, target="imageReference")
        return _made_of(image, identifier, image.properties["hyperVGeneration"], "", None)
    version = image if image.type == kinds.GALLERY_VERSION else newest_version(cloud, image)
    if location not in regions_of(version):
        raise _gallery_image_not_found(identifier)
    definition = cloud.store.get(version.id.parent) if version.id.parent else None
    if definition is None:
        raise _gallery_image_not_found(identifier)
    properties = definition.properties
    exact = version.name
    return _made_of(version, identifier, properties["hyperVGeneration"], security_of(definition),
                    properties.get("purchasePlan"), exact, by)  # fmt: skip


def _platform(cloud: Cloud, storage: dict[str, Any], location: str) -> Source:
    image, version = vm_checks.image(storage)
    given = storage["imageReference"]
    reference = {name: given[name] for name in ("publisher", "offer", "sku", "version")}
    identifier = (
        f"/Subscriptions/{cloud.settings.subscription}/Providers/Microsoft.Compute/Locations/{location}/Publishers/"
        f"{given['publisher']}/ArtifactTypes/VMImage/Offers/{given['offer']}/Skus/{given['sku']}/Versions/{version}"
    )
    security = "TrustedLaunchSupported" if image.trusted_launch else ""
    return Source(image, {**reference, "exactVersion": version}, identifier, image.generation, security, image.plan)


def _made_of(
    image: Resource, identifier: str, generation: str, security: str, plan: Mapping[str, str] | None, exact: str = "",
    by: str = "id",
) -> Source:  # fmt: skip
    came_from: dict[str, Any] = image.hidden["origin"]
    platform = find(came_from["publisher"], came_from["offer"], came_from["sku"])
    if platform is None:
        raise AssertionError("an image is made of a VM, and that of an image of the catalogue")
    reference = {by: identifier, **({"exactVersion": exact} if exact else {})}
    return Source(platform, reference, str(image.id), generation, security, plan, came_from)


def _named(cloud: Cloud, identifier: str) -> Resource:
    parsed = ids.parse(identifier, "properties.storageProfile.imageReference.id")
    found = cloud.store.get(parsed)
    if found is None and parsed.type == kinds.GALLERY_VERSION and parsed.name.lower() == "latest" and parsed.parent:
        found = cloud.store.get(parsed.parent)
    if found is None or found.type not in (kinds.IMAGE, kinds.GALLERY_IMAGE, kinds.GALLERY_VERSION):
        if parsed.type in (kinds.GALLERY_IMAGE, kinds.GALLERY_VERSION):
            raise _gallery_image_not_found(identifier)
        message = f"The image '{identifier}' could not be found."
        raise ArmError(404, "NotFound", message, target="imageReference.id")
    return found


def _of_others(cloud: Cloud, identifier: str, by: str) -> Resource:
    found = gallery_sharing.image(cloud, identifier, _OF_OTHERS[by])
    if found is None:
        raise _gallery_image_not_found(identifier)
    return found


def _gallery_image_not_found(identifier: str) -> ArmError:
    message = (
        f"The gallery image {identifier} is not available in the region of the VM. Please contact image owner to "
        "replicate to this region, or change your requested region."
    )
    return ArmError(404, "GalleryImageNotFound", message, target="imageReference")


def regions_of(version: Resource) -> list[str]:
    """Where copies of a gallery's image version are."""
    targets = version.properties["publishingProfile"]["targetRegions"]
    return [one["name"].replace(" ", "").lower() for one in targets]


def newest_version(cloud: Cloud, definition: Resource) -> Resource:
    """The one that is taken where none is named; raises ArmError where there is none."""
    versions = [
        one for one in cloud.store.children(definition.id, kinds.GALLERY_VERSION)
        if one.state == "Succeeded" and not one.properties["publishingProfile"]["excludeFromLatest"]
    ]  # fmt: skip
    if not versions:
        raise _gallery_image_not_found(str(definition.id))
    return max(versions, key=lambda one: [int(part) for part in one.name.split(".")])


def security_of(definition: Resource) -> str:
    """The feature SecurityType of a gallery's image; "" for none."""
    features = definition.properties.get("features") or ()
    return next((one["value"] for one in features if one["name"].lower() == "securitytype"), "")


def check_security(source: Source, security_type: str | None) -> None:
    """Raise ArmError for a VM that its image does not let be, or not let be without, a Trusted Launch one."""
    trusted = security_type == TRUSTED_LAUNCH
    if source.security == TRUSTED_LAUNCH and not trusted:
        message = (
            "The provided gallery image only supports creation of VMs and VM Scale Sets with 'TrustedLaunch' security "
            "type."
        )
        raise ArmError(400, "BadRequest", message)
    if trusted and source.security not in _TRUSTED:
        message = (
            "Use of TrustedLaunch setting is not supported for the provided image. Please select Trusted Launch "
            "Supported Gen2 OS Image. For more information, see https://aka.ms/TrustedLaunch-FAQ."
        )
        raise ArmError(400, "BadRequest", message)


def refuse_purchase(wanted: Mapping[str, str] | None, given: Mapping[str, Any], vm: ids.ResourceId) -> None:
    """Raise ArmError for a VM that does not say the plan of its image: found while it is created, not before."""
    if not wanted:
        return
    if not given:
        message = (
            "Creating a virtual machine from Marketplace image or a custom image sourced from a Marketplace image "
            f"requires Plan information in the request. VM: '{vm}'."
        )
        raise ArmError(400, "VMMarketplaceInvalidInput", message)
    if any(str(given.get(name)).lower() != wanted[name].lower() for name in ("name", "publisher", "product")):
        message = (
            f"The purchase information does not match. Unable to deploy from the Marketplace image. VM: '{vm}'."
        )
        raise ArmError(400, "VMMarketplaceInvalidInput", message)


def capture(cloud: Cloud, identifier: str, path: str) -> Resource:
    """The VM that an image is made of; raises ArmError unless it is there and generalized."""
    vm = cloud.store.get(ids.parse(identifier, path))
    if vm is None or vm.type != kinds.VM:
        raise ArmError(404, "NotFound", f"The source '{identifier}' was not found.", target=path)
    if not vm.hidden.get("generalized"):
        message = (
            f"Can't create an image of the VM '{vm.name}': it is not generalized. Run 'az vm generalize' for it first."
        )
        raise ArmError(409, "OperationNotAllowed", message, target=path)
    ephemeral_disks.refuse_capture(vm)
    if vm.properties["storageProfile"]["dataDisks"]:
        message = (
            f"Local Azure copies no contents of disks, so an image can't have the data disks of the VM '{vm.name}': "
            "detach them first (az vm disk detach)."
        )
        raise ArmError(409, "OperationNotAllowed", message, target=path)
    return vm


def origin_of(cloud: Cloud, source: Resource) -> dict[str, Any]:
    """Which platform image a VM, a managed image or a gallery's image version comes from."""
    return origin(source) if source.type == kinds.VM else source.hidden["origin"]
