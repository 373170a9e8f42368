"""Parts that bear the host's name: whose they are, and whether the host can stand on them."""

from __future__ import annotations

from azext_dockervm.advice import host_commands, network_commands, option_values
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import network_interface, public_ip, virtual_network
from azext_dockervm.body.resource import Resource, has_failed
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import Conflict, NotFound
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import filling
from azext_dockervm.spec.host import HostSpec


def _group(azure: Azure, spec: HostSpec, _found: Found) -> Resource:
    group: Resource | None = azure.group(spec.group)
    if group is None:
        raise NotFound(f"The resource group '{spec.group}' does not exist.", host_commands.create_group(spec))
    return group


def network(azure: Azure, spec: HostSpec, _found: Found) -> Resource | None:
    """The hosts' network in the region, where it can be used: ours is made or mended where it can't."""
    found = azure.get(kinds.VIRTUAL_NETWORK, spec.group, names.virtual_network(spec.location or ""))
    if found is not None and names.tag(found, names.TAG_SHARED) is None and (
            has_failed(found) or virtual_network.subnet_id(found) is None):
        raise Conflict(f"The virtual network '{found['name']}' was not made by dockervm, and it can't be used: "
                       f"{_what_is_wrong(found)}. It was left as it is.",
                       "To look at it: " + network_commands.show_virtual_network(spec, found["name"]))
    return found


# The group, and what bears the host's name in it: all that is read without its region.
BY_NAME = (
    filling("group", _group),
    filling("vm", lambda azure, spec, _: azure.get(kinds.VM, spec.group, spec.name)),
    filling("security_group", lambda azure, spec, _: azure.get(
        kinds.SECURITY_GROUP, spec.group, names.network_security_group(spec.name))),
    filling("public_ip", lambda azure, spec, _: azure.get(kinds.PUBLIC_IP, spec.group, names.public_ip(spec.name))),
    filling("network_interface", lambda azure, spec, _: azure.get(
        kinds.NETWORK_INTERFACE, spec.group, names.network_interface(spec.name))),
)


def check_ownership(spec: HostSpec, found: Found) -> None:
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


def check_interface(spec: HostSpec, found: Found) -> None:
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


def _to_tag_again(spec: HostSpec, found: Found, resource: Resource) -> tuple[str, ...]:
    """For what bears signs of ours: commands that set tags (az ... update --tags) take away those that were there."""
    of_our_host = (names.tag(found.vm, names.TAG_HOST) or "").lower() == spec.name.lower()
    if not of_our_host and all(names.tag(resource, tag) is None for tag in (names.TAG_RUN, names.TAG_AUTHORITY)):
        return ()
    return ("If it is this host's, say so with its tag: " + host_commands.mark_as_part(spec, resource["id"]),)


def _what_is_wrong(found: Resource) -> str:
    if virtual_network.subnet_id(found) is None:
        return f"it has no subnet '{names.SUBNET}'"
    return "its provisioning state is Failed"


def _is_same(resource_id: str, group: str, name: str) -> bool:
    return [part.lower() for part in names.id_parts(resource_id)] == [group.lower(), name.lower()]


def _uses(vm: Resource, nic: Resource | None) -> bool:
    used = (vm["properties"].get("networkProfile") or {}).get("networkInterfaces")
    if not used:        # a VM that Azure could not make
        return True
    return nic is not None and any(one["id"].lower() == nic["id"].lower() for one in used)
