"""Small reads before anything is made: does the group exist, is the name taken, is the image there, which extension."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from azext_dockervm import names
from azext_dockervm.errors import AzureRefused, Conflict, InvalidValue, NotFound
from azext_dockervm.plan.arm import Azure
from azext_dockervm.plan.execute import side_by_side
from azext_dockervm.spec import HostSpec


@dataclass(frozen=True)
class Found:
    """What is there already; resources as ARM shows them, None where there is none."""

    vm: dict | None = None
    vnet: dict | None = None
    security_group: dict | None = None
    public_ip: dict | None = None
    network_interface: dict | None = None
    image: dict | None = None       # None: a resource id, or not allowed to ask
    extension_published: bool | None = None     # None: not allowed to ask
    label: str = ""
    other_label: str = ""       # the one to take should Azure say after all that ``label`` is taken
    label_was_replaced: str | None = None       # why the label is not the VM's name


def _unknown_if_forbidden(call: Callable[[], Any]) -> Callable[[], Any]:
    """People with rights on one group only are normal: a 403 on a read means 'unknown', not failure."""
    def read():
        try:
            return call()
        except AzureRefused as error:
            if error.status == 403:
                return None
            raise
    return read


def survey(azure: Azure, spec: HostSpec) -> tuple[HostSpec, Found]:
    """Read what the plan has to know → the spec with its location, and what was found.

    Raises ``NotFound`` (group), ``InvalidValue`` (region, image, size, given label) and ``Conflict`` (a VM or parts of
    that name that are not ours). Nothing is created here.
    """
    azure.connect("compute", "network", "resources")
    group = azure.group(spec.group)
    if group is None:
        raise NotFound(f"The resource group '{spec.group}' does not exist.",
                       f"az group create -n {spec.group} -l {spec.location or 'westus'}")
    location = spec.location or group["location"]
    other_region = location != group["location"]
    spec = replace(spec, location=location)
    vnet = names.virtual_network(location)
    reads: dict[str, Callable[[], Any]] = {
        "regions": _unknown_if_forbidden(azure.locations) if other_region else lambda: None,
        "vm": lambda: azure.virtual_machine(spec.group, spec.name),
        "vnet": lambda: azure.virtual_network(spec.group, vnet),
        "security_group": lambda: azure.security_group(spec.group, names.network_security_group(spec.name)),
        "public_ip": lambda: azure.public_ip(spec.group, names.public_ip(spec.name)),
        "network_interface": lambda: azure.network_interface(spec.group, names.network_interface(spec.name)),
    }
    answers = side_by_side(reads)
    _check_region(location, answers.pop("regions"))
    found = Found(**answers)
    _check_ownership(spec, found)
    if found.vm is not None:
        return spec, replace(found, label=_label_of(found.public_ip) or "",
                             extension_published=_extension_published(azure, spec))
    # The group's id begins with the subscription's: the same label for the same host, whoever creates it.
    derived = names.derived_dns_label(spec.name, group["id"])
    more = side_by_side({
        "image": _unknown_if_forbidden(lambda: _find_image(azure, spec)),
        "size": lambda: _check_size(azure, spec),
        "extension_published": lambda: _extension_published(azure, spec),
        "label": lambda: _choose_label(azure, spec, found, derived),
    })
    label, reason = more["label"]
    return spec, replace(found, image=more["image"], extension_published=more["extension_published"], label=label,
                         other_label="" if spec.dns_label else derived, label_was_replaced=reason)


def _check_region(location: str, regions: list[str] | None) -> None:
    if regions is not None and location not in regions:
        raise InvalidValue(f"--location: this subscription has no region '{location}'.",
                           "az account list-locations --query \"[].name\" -o tsv")


def tag(resource: dict | None, name: str) -> str | None:
    """The value of one of our tags; Azure compares tag names without case."""
    for key, value in ((resource or {}).get("tags") or {}).items():
        if key.lower() == name:
            return value
    return None


def _check_ownership(spec: HostSpec, found: Found) -> None:
    parts = {"VM": found.vm, "network security group": found.security_group, "public IP address": found.public_ip,
             "network interface": found.network_interface}
    for kind, resource in parts.items():
        if resource is None:
            continue
        if (tag(resource, names.TAG_HOST) or "").lower() != spec.name.lower():
            raise Conflict(f"The resource group '{spec.group}' has a {kind} '{resource['name']}' already, and "
                           "dockervm did not make it. It was left as it is.",
                           "Choose another --name, or another --resource-group.")
        if resource["location"].replace(" ", "").lower() != spec.location:
            raise Conflict(f"The {kind} '{resource['name']}' is in {resource['location']}, not in {spec.location}.",
                           f"Say --location {resource['location']}, or choose another --name.")
    port = tag(found.vm, names.TAG_PORT)
    if port and port != str(spec.docker_port):
        raise Conflict(f"The host '{spec.name}' exists and its Docker port is {port}, not {spec.docker_port}.",
                       f"az dockervm create -g {spec.group} -n {spec.name} --docker-port {port}")
    label = _label_of(found.public_ip)
    if spec.dns_label and label and spec.dns_label != label:
        raise Conflict(f"The public IP address '{found.public_ip['name']}' has the DNS label '{label}' already, not "
                       f"'{spec.dns_label}'.", "Leave --public-ip-address-dns-name out, or choose another --name.")


def _find_image(azure: Azure, spec: HostSpec) -> dict | None:
    image = spec.image
    if image.id is not None:
        return None
    version = image.version
    if version.lower() == "latest":
        versions = azure.image_versions(spec.location, image.publisher, image.offer, image.sku)
        if not versions:
            raise InvalidValue(f"--image: {spec.location} has no image '{image}'.",
                               f"az vm image list -l {spec.location} --publisher {image.publisher} --all -o table")
        version = versions[0]["name"]
    found = azure.image(spec.location, image.publisher, image.offer, image.sku, version)
    if found is None:
        raise InvalidValue(f"--image: {spec.location} has no image '{image}'.",
                           f"az vm image list -l {spec.location} --publisher {image.publisher} --all -o table")
    return found


def _check_size(azure: Azure, spec: HostSpec) -> None:
    """The default is taken on trust: it is a request less for nearly everybody."""
    if spec.size == names.DEFAULT_SIZE:
        return
    sizes = _unknown_if_forbidden(lambda: azure.sizes(spec.location))()
    if sizes and spec.size.lower() not in {size.lower() for size in sizes}:
        raise InvalidValue(f"--size: {spec.location} has no size '{spec.size}'.",
                           f"az vm list-sizes -l {spec.location} -o table")


def _extension_published(azure: Azure, spec: HostSpec) -> bool | None:
    if spec.provisioner == "run-command":
        return False
    versions = _unknown_if_forbidden(lambda: azure.extension_versions(
        spec.location, names.EXTENSION_PUBLISHER, names.EXTENSION_TYPE) or [])()
    return None if versions is None else bool(versions)


def _label_of(public_ip: dict | None) -> str | None:
    settings = ((public_ip or {}).get("properties") or {}).get("dnsSettings") or {}
    return settings.get("domainNameLabel")


def _choose_label(azure: Azure, spec: HostSpec, found: Found, derived: str) -> tuple[str, str | None]:
    """The label to take, and why it is not the VM's name where it is not."""
    kept = _label_of(found.public_ip)
    if kept:
        return kept, None
    free = _unknown_if_forbidden(lambda: azure.label_is_free(spec.location, spec.label)) if spec.label else None
    if free is not None and free() is not False:
        return spec.label, None
    if spec.dns_label:
        raise InvalidValue(f"--public-ip-address-dns-name: '{spec.dns_label}' is taken in {spec.location}.",
                           "Choose another label, or leave the option out: dockervm then finds a free one.")
    rule = "3 to 63 characters, beginning with a letter"
    reason = f"'{spec.label}' is taken" if spec.label else f"'{spec.name}' is not a valid DNS label ({rule})"
    return derived, reason
