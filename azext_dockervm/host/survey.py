"""Small reads before anything is made: does the group exist, is the name taken, is the image there, which extension."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from azext_dockervm.advice import host_commands, image_commands, network_commands, option_values, region_commands
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.image_ids import is_managed
from azext_dockervm.azure.reserved import HOLDS_A_RESERVED_WORD, RESERVED_LABEL
from azext_dockervm.body import image as image_body
from azext_dockervm.body import network_interface, public_ip, virtual_network
from azext_dockervm.body.resource import Resource, has_failed
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import AzureRefused, Conflict, InvalidValue, NotFound
from azext_dockervm.flow.workers import run_in_parallel
from azext_dockervm.host.found import Found
from azext_dockervm.provision.choice import depends_on_publication
from azext_dockervm.spec.host import HostSpec

Answer = TypeVar("Answer")

# ARM's code, with status 401, for a read of what is in a subscription of another tenant.
OTHER_TENANT = "InvalidAuthenticationTokenTenant"


def unknown_if_forbidden(call: Callable[[], Answer]) -> Callable[[], Answer | None]:
    """People with rights on one group only are normal: a 403 on a read means 'unknown', not failure."""
    def read() -> Answer | None:
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
    that name that are not ours, or not the host's). Nothing is created here.
    """
    azure.connect("compute", "network", "resources")
    group, found = _what_is_there(azure, spec)
    # A host that exists is gone on with where it is, whatever the group's region.
    typed, home = spec.location, region_of(found.vm) if found.vm is not None else group["location"]
    spec = replace(spec, location=typed or home)
    _check_ownership(spec, found)
    _check_interface(spec, found)
    # The group's id begins with the subscription's: the same label for the same host, whoever creates it.
    derived = names.derived_dns_label(spec.name, group["id"])
    other_region = typed is not None and typed != group["location"]
    # The order counts: of errors the first one is told.
    reads: dict[str, Callable[[], Any]] = {
        "regions": lambda: _check_region(azure, spec) if other_region else None,
        "virtual_network": lambda: _network(azure, spec),
        "label": lambda: _choose_label(azure, spec, found, derived),
    }
    if found.vm is None:
        reads |= {"image": unknown_if_forbidden(lambda: _find_image(azure, spec)),
                  "size": lambda: _check_size(azure, spec)}
    if depends_on_publication(spec):
        reads["extension_published"] = unknown_if_forbidden(lambda: _extension_published(azure, spec))
    known = run_in_parallel(reads, azure.deadline)
    label, reason = known["label"]
    return spec, replace(
        found, virtual_network=known["virtual_network"], image=known.get("image"),
        extension_published=known.get("extension_published"), label=label,
        other_label="" if spec.network.dns_label else derived, label_was_replaced=reason)


def _what_is_there(azure: Azure, spec: HostSpec) -> tuple[Resource, Found]:
    """The group, and what bears the host's name in it: all that is read without its region, so that at most three reads
    wait for each other: these, the image's versions, the newest one's features. (Versions are listed with their
    properties, where one asks for it, but never with their features.)"""
    reads: dict[str, Callable[[], Any]] = {
        "group": lambda: azure.group(spec.group),
        "vm": lambda: azure.get(kinds.VM, spec.group, spec.name),
        "security_group": lambda: azure.get(kinds.SECURITY_GROUP, spec.group, names.network_security_group(spec.name)),
        "public_ip": lambda: azure.get(kinds.PUBLIC_IP, spec.group, names.public_ip(spec.name)),
        "network_interface": lambda: azure.get(kinds.NETWORK_INTERFACE, spec.group, names.network_interface(spec.name)),
    }
    answers = run_in_parallel(reads, azure.deadline)
    group: Resource | None = answers.pop("group")
    if group is None:
        raise NotFound(f"The resource group '{spec.group}' does not exist.", host_commands.create_group(spec))
    return group, Found(**answers)


def _check_region(azure: Azure, spec: HostSpec) -> None:
    regions = unknown_if_forbidden(azure.locations)()
    if regions is not None and spec.location not in regions:
        raise InvalidValue(f"--location: this subscription has no region '{spec.location}'.",
                           region_commands.list_region_names(spec.subscription))


def _check_ownership(spec: HostSpec, found: Found) -> None:
    parts = {"VM": found.vm, "network security group": found.security_group, "public IP address": found.public_ip,
             "network interface": found.network_interface}
    for kind, resource in parts.items():
        if resource is None:
            continue
        if (names.tag(resource, names.TAG_HOST) or "").lower() != spec.name.lower():
            raise Conflict(f"The resource group '{spec.group}' has a {kind} '{resource['name']}' already, and "
                           "dockervm did not make it, or its tags were lost. It was left as it is.",
                           (option_values.OTHER_NAME_OR_GROUP,
                            *_to_tag_again(spec, found, resource)))
        region = region_of(resource)
        if region != spec.location:
            raise Conflict(f"The {kind} '{resource['name']}' is in {region}, not in {spec.location}.",
                           f"To go on with it there: {host_commands.create_with(spec, 'location', '-l', region)}")
    address, label = found.public_ip, public_ip.label_of(found.public_ip)
    if address is not None and spec.network.dns_label and label and spec.network.dns_label != label:
        raise Conflict(f"The public IP address '{address['name']}' has the DNS label '{label}' already, not "
                       f"'{spec.network.dns_label}'.",
                       option_values.NO_DNS_LABEL)


def _to_tag_again(spec: HostSpec, found: Found, resource: Resource) -> tuple[str, ...]:
    """For what bears signs of ours: commands that set tags (az ... update --tags) take away those that were there."""
    of_our_host = (names.tag(found.vm, names.TAG_HOST) or "").lower() == spec.name.lower()
    if not of_our_host and all(names.tag(resource, tag) is None for tag in (names.TAG_RUN, names.TAG_AUTHORITY)):
        return ()
    return ("If it is this host's, say so with its tag: " + host_commands.mark_as_part(spec, resource["id"]),)


def _network(azure: Azure, spec: HostSpec) -> Resource | None:
    """The hosts' network in the region, where it can be used: ours is made or mended where it can't."""
    network = azure.get(kinds.VIRTUAL_NETWORK, spec.group, names.virtual_network(spec.location or ""))
    if network is not None and names.tag(network, names.TAG_SHARED) is None and (
            has_failed(network) or virtual_network.subnet_id(network) is None):
        raise Conflict(f"The virtual network '{network['name']}' was not made by dockervm, and it can't be used: "
                       f"{_what_is_wrong(network)}. It was left as it is.",
                       "To look at it: " + network_commands.show_virtual_network(spec, network["name"]))
    return network


def _check_interface(spec: HostSpec, found: Found) -> None:
    """An interface that bears the host's name and is not what the host stands on; what is only missing gets mended."""
    nic = found.network_interface
    if found.vm is not None and not _uses(found.vm, nic):
        raise Conflict(
            f"The VM '{spec.name}' does not use the network interface '{names.network_interface(spec.name)}' that "
            "dockervm made for it, so its address is not known. It was left as it is.",
            "The interfaces that it uses: " + network_commands.list_interfaces(spec))
    if nic is None:
        return
    holder = (nic["properties"].get("virtualMachine") or {}).get("id", "")
    if found.vm is None and holder:
        raise Conflict(f"The network interface '{nic['name']}' is in use by another VM, "
                       f"'{holder.rpartition('/')[2]}'. It was left as it is.", option_values.OTHER_NAME)
    address = network_interface.public_ip_id(nic)
    if address and not _is_same(address, spec.group, names.public_ip(spec.name)):
        group, name = names.id_parts(address)
        raise Conflict(
            f"The network interface '{nic['name']}' has the public IP address '{name}' of the group '{group}', not "
            f"'{names.public_ip(spec.name)}' of '{spec.group}'. It was left as it is.",
            "To take that one away, so that the same create gives it the host's own: "
            + network_commands.remove_address(spec, nic["name"], network_interface.primary(nic)["name"]))


def _what_is_wrong(network: Resource) -> str:
    if virtual_network.subnet_id(network) is None:
        return f"it has no subnet '{names.SUBNET}'"
    return "its provisioning state is Failed"


def _is_same(resource_id: str, group: str, name: str) -> bool:
    return [part.lower() for part in names.id_parts(resource_id)] == [group.lower(), name.lower()]


def _uses(vm: Resource, nic: Resource | None) -> bool:
    used = (vm["properties"].get("networkProfile") or {}).get("networkInterfaces")
    if not used:        # a VM that Azure could not make
        return True
    return nic is not None and any(one["id"].lower() == nic["id"].lower() for one in used)


def _find_image(azure: Azure, spec: HostSpec) -> Resource | None:
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


def _check_size(azure: Azure, spec: HostSpec) -> None:
    """The default is taken on trust: it is a request less for nearly everybody."""
    if spec.machine.size == names.DEFAULT_SIZE:
        return
    sizes = unknown_if_forbidden(lambda: azure.sizes(spec.location or ""))()
    if sizes and spec.machine.size.lower() not in {size.lower() for size in sizes}:
        raise InvalidValue(f"--size: {spec.location} has no size '{spec.machine.size}'.",
                           region_commands.list_sizes(spec.location, spec.subscription))


def _extension_published(azure: Azure, spec: HostSpec) -> bool:
    return bool(azure.extension_versions(spec.location or "", names.EXTENSION_PUBLISHER, names.EXTENSION_TYPE))


def _choose_label(azure: Azure, spec: HostSpec, found: Found, derived: str) -> tuple[str, str | None]:
    """The label to take, and why it is not the VM's name where it is not."""
    kept = public_ip.label_of(found.public_ip)
    if kept:
        return kept, None
    # An address that was lost is made again under the name that people and certificates know.
    known = (names.tag(found.vm, names.TAG_FQDN) or "").partition(".")[0]
    wanted = spec.network.dns_label or (known if names.is_dns_label(known) else spec.label)
    problem = _why_not(azure, spec.location or "", wanted) if wanted else None
    if wanted and problem is None:
        return wanted, None
    if spec.network.dns_label:
        raise InvalidValue(f"--public-ip-address-dns-name: '{spec.network.dns_label}' {problem} in {spec.location}.",
                           option_values.OTHER_DNS_LABEL)
    rule = "3 to 63 characters, beginning with a letter"
    reason = f"'{wanted}' {problem}" if wanted else f"'{spec.name}' is not a valid DNS label ({rule})"
    return derived, reason


def _why_not(azure: Azure, location: str, label: str) -> str | None:
    """Why a label can't be had; None where it can, or where that may not be asked."""
    try:
        free = unknown_if_forbidden(lambda: azure.label_is_free(location, label))()
    except AzureRefused as error:
        if error.code != RESERVED_LABEL:
            raise
        return HOLDS_A_RESERVED_WORD
    return "is taken" if free is False else None
