"""Options of the machine that a host stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azext_dockervm.advice import host_commands
from azext_dockervm.azure import names
from azext_dockervm.options.option import Gap, Option, Vm
from azext_dockervm.spec import rules

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec
    from azext_dockervm.spec.machine import Image


def _image(text: str) -> Image:
    from azext_dockervm.spec.machine import Image

    return Image.parse(text)


def _architecture(text: str) -> str:
    from azext_dockervm.spec.architecture import check_arch

    return check_arch(text)


def _another_image(spec: HostSpec, vm: Vm) -> str | None:
    has = (vm["properties"].get("storageProfile") or {}).get("imageReference") or {}
    asked = spec.machine.image.reference
    if all(has.get(key, "").lower() == (value or "").lower() for key, value in asked.items()):
        return None
    return "a VM keeps the image that it was made of"


def _another_size(spec: HostSpec, vm: Vm) -> str | None:
    has = (vm["properties"].get("hardwareProfile") or {}).get("vmSize") or ""
    if spec.machine.size.lower() == has.lower():
        return None
    return f"the host has {has}.\nTo change it: {host_commands.resize(spec, spec.machine.size)}"


def _unknown_to_the_extension(spec: HostSpec) -> str | None:
    image = spec.machine.image
    if not image.publisher or image.known_to_docker_extension:
        return None
    return f"the Docker VM extension knows Ubuntu, RHEL, CentOS and CoreOS only, not the image '{image}'"


def _another_architecture(spec: HostSpec, vm: Vm) -> str | None:
    from azext_dockervm.spec import sizes

    has = sizes.architecture((vm["properties"].get("hardwareProfile") or {}).get("vmSize") or "")
    return None if has in (None, spec.machine.architecture) else f"a VM keeps its architecture, which is {has}"


def _not_for_arm(spec: HostSpec) -> str | None:
    """Its handler is one program, for x64 (Azure/azure-docker-extension)."""
    from azext_dockervm.spec import sizes

    of = {spec.machine.image.architecture, sizes.architecture(spec.machine.size)}
    return "the Docker VM extension runs on amd64 only" if sizes.ARM64 in of else None


def _without_cloud_init(spec: HostSpec) -> str | None:
    image = spec.machine.image
    return f"the image '{image}' has Ignition, and no cloud-init" if image.has_ignition else None


IMAGE_GROUP = "Image and security"

MACHINE = (
    Option("image", "--image",
           "Linux image: an alias such as Debian13 or one of az's, a URN (publisher:offer:sku:version) or a resource "
           "id. Any will do that has apt, dnf, yum, zypper or tdnf and a Docker package.", IMAGE_GROUP,
           default=names.DEFAULT_IMAGE, default_in_words="Ubuntu 24.04 LTS (Ubuntu2404)", example="Debian13",
           check=_image, place="machine.image", only_new=True, not_applied=_another_image,
           gaps=(Gap("docker-extension", _unknown_to_the_extension), Gap("cloud-init", _without_cloud_init)),
           parser={"completer": "image_names"}),
    Option("size", "--size", "Size of the VM; see 'az vm list-skus'.", default=names.DEFAULT_SIZE,
           example="Standard_D4s_v5", check=rules.check_size, place="machine.size", only_new=True,
           not_applied=_another_size),
    Option("arch", "--arch",
           "Architecture of image and size: arm64 takes the image of that name for Arm, where its publisher has one, "
           "and a size with an Arm processor. An image or a size of the other architecture is an error.", IMAGE_GROUP,
           default_in_words="that of image and size, which is amd64 where neither is typed", example="arm64",
           check=_architecture, place="machine.architecture", only_new=True, not_applied=_another_architecture,
           gaps=(Gap("docker-extension", _not_for_arm),), parser={"completer": "architectures"}),
)
