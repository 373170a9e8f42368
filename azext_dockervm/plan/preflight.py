"""Small reads before anything is made: does the group exist, is the name taken, is the image there, which extension."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from azext_dockervm import advice, names
from azext_dockervm.errors import AzureRefused, Conflict, InvalidValue, NotFound
from azext_dockervm.plan import interface
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
    port: int | None = None     # the engine's, where the host was asked

    @property
    def docker_port(self) -> int | None:
        """The engine's port, by the host's own word or by the VM's tag; None where neither tells."""
        if self.port is not None:
            return self.port
        return names.port_tag(self.vm)


def unknown_if_forbidden(call: Callable[[], Any]) -> Callable[[], Any]:
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
    that name that are not ours, or not the host's). Nothing is created here.
    """
    azure.connect("compute", "network", "resources")
    group = azure.group(spec.group)
    if group is None:
        raise NotFound(f"The resource group '{spec.group}' does not exist.",
                       advice.az("group", "create", "-n", spec.group, "-l", spec.location or "westus",
                                 subscription=spec.subscription))
    typed_location, location = spec.location, spec.location or group["location"]
    other_region = location != group["location"]
    spec = replace(spec, location=location)
    vnet = names.virtual_network(location)
    reads: dict[str, Callable[[], Any]] = {
        "regions": unknown_if_forbidden(azure.locations) if other_region else lambda: None,
        "vm": lambda: azure.virtual_machine(spec.group, spec.name),
        "vnet": lambda: azure.virtual_network(spec.group, vnet),
        "security_group": lambda: azure.security_group(spec.group, names.network_security_group(spec.name)),
        "public_ip": lambda: azure.public_ip(spec.group, names.public_ip(spec.name)),
        "network_interface": lambda: azure.network_interface(spec.group, names.network_interface(spec.name)),
    }
    answers = side_by_side(reads)
    _check_region(spec, answers.pop("regions"))
    found = Found(**answers)
    if found.vm is not None and not typed_location:
        # A host that exists is gone on with where it is, whatever the group's region.
        spec, found = _where_the_host_is(azure, spec, found)
    _check_ownership(spec, found)
    _check_parts(spec, found)
    # The group's id begins with the subscription's: the same label for the same host, whoever creates it.
    derived = names.derived_dns_label(spec.name, group["id"])
    more: dict[str, Callable[[], Any]] = {
        "extension_published": lambda: _extension_published(azure, spec),
        "label": lambda: _choose_label(azure, spec, found, derived),
    }
    if found.vm is None:
        more |= {"image": unknown_if_forbidden(lambda: _find_image(azure, spec)),
                 "size": lambda: _check_size(azure, spec)}
    known = side_by_side(more)
    label, reason = known["label"]
    return spec, replace(found, image=known.get("image"), extension_published=known["extension_published"],
                         label=label, other_label="" if spec.dns_label else derived, label_was_replaced=reason)


def _where_the_host_is(azure: Azure, spec: HostSpec, found: Found) -> tuple[HostSpec, Found]:
    where = _region(found.vm)
    if where == spec.location:
        return spec, found
    vnet = azure.virtual_network(spec.group, names.virtual_network(where))
    return replace(spec, location=where), replace(found, vnet=vnet)


def _region(resource: dict) -> str:
    return resource["location"].replace(" ", "").lower()


def _check_region(spec: HostSpec, regions: list[str] | None) -> None:
    if regions is not None and spec.location not in regions:
        raise InvalidValue(f"--location: this subscription has no region '{spec.location}'.",
                           advice.az("account", "list-locations", "--query", "[].name", "-o", "tsv",
                                     subscription=spec.subscription))


def _check_ownership(spec: HostSpec, found: Found) -> None:
    parts = {"VM": found.vm, "network security group": found.security_group, "public IP address": found.public_ip,
             "network interface": found.network_interface}
    for kind, resource in parts.items():
        if resource is None:
            continue
        if (names.tag(resource, names.TAG_HOST) or "").lower() != spec.name.lower():
            raise Conflict(f"The resource group '{spec.group}' has a {kind} '{resource['name']}' already, and "
                           "dockervm did not make it, or its tags were lost. It was left as it is.",
                           ("Choose another --name, or another --resource-group.",
                            *_to_tag_again(spec, found, resource)))
        where = _region(resource)
        if where != spec.location:
            raise Conflict(f"The {kind} '{resource['name']}' is in {where}, not in {spec.location}.",
                           f"To go on with it there: {advice.other_create_command(spec, '-l', where)}")
    label = _label_of(found.public_ip)
    if spec.dns_label and label and spec.dns_label != label:
        raise Conflict(f"The public IP address '{found.public_ip['name']}' has the DNS label '{label}' already, not "
                       f"'{spec.dns_label}'.", "Leave --public-ip-address-dns-name out, or choose another --name.")


def _to_tag_again(spec: HostSpec, found: Found, resource: dict) -> tuple[str, ...]:
    """For what bears signs of ours: commands that set tags (az ... update --tags) take away those that were there."""
    of_our_host = (names.tag(found.vm, names.TAG_HOST) or "").lower() == spec.name.lower()
    if not of_our_host and all(names.tag(resource, tag) is None for tag in (names.TAG_RUN, names.TAG_AUTHORITY)):
        return ()
    return ("If it is this host's, say so with its tag: " + advice.az(
        "tag", "update", "--operation", "Merge", "--resource-id", resource["id"], "--tags",
        f"{names.TAG_HOST}={spec.name}", subscription=spec.subscription),)


def _check_parts(spec: HostSpec, found: Found) -> None:
    """Parts that bear the host's names and are not what the host stands on; what is only missing gets mended."""
    vnet, nic = found.vnet, found.network_interface
    if vnet is not None and names.tag(vnet, names.TAG_SHARED) is None and (
            vnet["properties"].get("provisioningState") == "Failed" or not _has_subnet(vnet)):
        raise Conflict(f"The virtual network '{vnet['name']}' was not made by dockervm, and it can't be used: "
                       f"{_what_is_wrong(vnet)}. It was left as it is.",
                       "To look at it: " + advice.az("network", "vnet", "show", "-g", spec.group, "-n", vnet["name"],
                                                     subscription=spec.subscription))
    if found.vm is not None and not _uses(found.vm, nic):
        raise Conflict(
            f"The VM '{spec.name}' does not use the network interface '{names.network_interface(spec.name)}' that "
            "dockervm made for it, so its address is not known. It was left as it is.",
            "The interfaces that it uses: " + advice.az("vm", "nic", "list", "-g", spec.group, "--vm-name", spec.name,
                                                        subscription=spec.subscription))
    if nic is None:
        return
    holder = (nic["properties"].get("virtualMachine") or {}).get("id", "")
    if found.vm is None and holder:
        raise Conflict(f"The network interface '{nic['name']}' is in use by another VM, "
                       f"'{holder.rpartition('/')[2]}'. It was left as it is.", "Choose another --name.")
    address = interface.public_ip_id(nic)
    if address and not _is_same(address, spec.group, names.public_ip(spec.name)):
        group, name = names.id_parts(address)
        raise Conflict(
            f"The network interface '{nic['name']}' has the public IP address '{name}' of the group '{group}', not "
            f"'{names.public_ip(spec.name)}' of '{spec.group}'. It was left as it is.",
            "To take that one away, so that the same create gives it the host's own: " + advice.az(
                "network", "nic", "ip-config", "update", "-g", spec.group, "--nic-name", nic["name"], "-n",
                interface.primary(nic)["name"], "--public-ip-address", "null", subscription=spec.subscription))


def _has_subnet(vnet: dict) -> bool:
    return any(one["name"].lower() == names.SUBNET for one in vnet["properties"].get("subnets") or ())


def _what_is_wrong(vnet: dict) -> str:
    if not _has_subnet(vnet):
        return f"it has no subnet '{names.SUBNET}'"
    return "its provisioning state is Failed"


def _is_same(resource_id: str, group: str, name: str) -> bool:
    return [part.lower() for part in names.id_parts(resource_id)] == [group.lower(), name.lower()]


def _uses(vm: dict, nic: dict | None) -> bool:
    used = (vm["properties"].get("networkProfile") or {}).get("networkInterfaces")
    if not used:        # a VM that Azure could not make
        return True
    return nic is not None and any(one["id"].lower() == nic["id"].lower() for one in used)


def _find_image(azure: Azure, spec: HostSpec) -> dict | None:
    image = spec.image
    if image.id is not None:
        return None
    version = image.version
    missing = InvalidValue(f"--image: {spec.location} has no image '{image}'.", advice.images_command(spec))
    if version.lower() == "latest":
        versions = azure.image_versions(spec.location, image.publisher, image.offer, image.sku)
        if not versions:
            raise missing
        version = versions[0]["name"]
    found = azure.image(spec.location, image.publisher, image.offer, image.sku, version)
    if found is None:
        raise missing
    return found


def _check_size(azure: Azure, spec: HostSpec) -> None:
    """The default is taken on trust: it is a request less for nearly everybody."""
    if spec.size == names.DEFAULT_SIZE:
        return
    sizes = unknown_if_forbidden(lambda: azure.sizes(spec.location))()
    if sizes and spec.size.lower() not in {size.lower() for size in sizes}:
        raise InvalidValue(f"--size: {spec.location} has no size '{spec.size}'.", advice.sizes_command(spec))


def _extension_published(azure: Azure, spec: HostSpec) -> bool | None:
    if spec.provisioner == "run-command":
        return False
    versions = unknown_if_forbidden(lambda: azure.extension_versions(
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
    # An address that was lost is made again under the name that people and certificates know.
    known = (names.tag(found.vm, names.TAG_FQDN) or "").partition(".")[0]
    wanted = spec.dns_label or (known if names.is_dns_label(known) else spec.label)
    free = unknown_if_forbidden(lambda: azure.label_is_free(spec.location, wanted)) if wanted else None
    if free is not None and free() is not False:
        return wanted, None
    if spec.dns_label:
        raise InvalidValue(f"--public-ip-address-dns-name: '{spec.dns_label}' is taken in {spec.location}.",
                           "Choose another label, or leave the option out: dockervm then finds a free one.")
    rule = "3 to 63 characters, beginning with a letter"
    reason = f"'{wanted}' is taken" if wanted else f"'{spec.name}' is not a valid DNS label ({rule})"
    return derived, reason
