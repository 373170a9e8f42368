"""Options of the machine that a host stands on."""

from __future__ import annotations

from azext_dockervm.advice import host_commands
from azext_dockervm.azure import names
from azext_dockervm.options.option import Gap, Option, Vm
from azext_dockervm.spec import rules
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.machine import Image, Machine


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
    return f"the host has {has}; to change it: {host_commands.resize(spec, spec.machine.size)}"


def _unknown_to_the_extension(spec: HostSpec) -> str | None:
    image = spec.machine.image
    if not image.publisher or image.known_to_docker_extension:
        return None
    return f"the Docker VM extension knows Ubuntu, RHEL, CentOS and CoreOS only, not the image '{image}'"


MACHINE = (
    Option("image", "--image",
           "Linux image: an alias such as Debian13 or one of az's, a URN (publisher:offer:sku:version) or a resource "
           "id. Any will do that has apt, dnf, yum, zypper or tdnf and a Docker package.",
           default=names.DEFAULT_IMAGE, default_in_words="Ubuntu 24.04 LTS (Ubuntu2404)", example="Debian13",
           check=Image.parse, place="machine.image", only_new=True, not_applied=_another_image,
           gaps=(Gap("docker-extension", _unknown_to_the_extension),), parser={"completer": "image_names"}),
    Option("size", "--size", "Size of the VM; see 'az vm list-skus'.", default=Machine.size,
           example="Standard_D4s_v5", check=rules.check_size, place="machine.size", only_new=True,
           not_applied=_another_size),
)
