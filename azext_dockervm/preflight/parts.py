"""Parts that bear the host's name: whose they are, and whether the host can stand on them."""

from __future__ import annotations

from azext_dockervm.advice import host_commands, network_commands, option_values
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import network_interface, public_ip
from azext_dockervm.body.resource import Resource
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import Conflict, NotFound, Obstacle
from azext_dockervm.preflight import address, interface
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import filling
from azext_dockervm.spec.host import HostSpec


def _group(azure: Azure, spec: HostSpec, _found: Found) -> Resource:
    group: Resource | None = azure.group(spec.group)
    if group is None:
        raise NotFound(f"The resource group '{spec.group}' does not exist.", host_commands.create_group(spec))
    return group


# The group, and what bears the host's name in it, or was named: all that is read without its region.
BY_NAME = (
    filling("group", _group),
    filling("vm", lambda azure, spec, _: azure.get(kinds.VM, spec.group, spec.name)),
    filling("security_group", lambda azure, spec, _: azure.get(
        kinds.SECURITY_GROUP, spec.group, names.network_security_group(spec.name))),
    address.ADDRESS,
    filling("network_interface", lambda azure, spec, _: azure.get(
        kinds.NETWORK_INTERFACE, spec.group, names.network_interface(spec.name))),
    interface.NAMED,
)


def check_room_for_tags(spec: HostSpec, found: Found) -> None:
    """On what is there of the host already: others may have tagged it since."""
    for kind, part in ((kinds.VM, found.vm), (kinds.SECURITY_GROUP, found.security_group),
                       (kinds.PUBLIC_IP, found.public_ip), (kinds.NETWORK_INTERFACE, found.network_interface)):
        if part is None or not names.is_of_host(part, spec.name):
            continue
        ours = dict.fromkeys(names.VM_TAGS if kind is kinds.VM else (names.TAG_HOST, names.TAG_RUN), "")
        has, then = part.get("tags") or {}, names.with_tags(names.own_tags(part), {**spec.tags, **ours})
        if len(then) > max(names.MOST_TAGS, len(has)):
            raise Obstacle(
                f"--tags: the {kind.noun} '{part['name']}' has {len(has)} tags, and would have up to {len(then)}; "
                f"Azure allows {names.MOST_TAGS} on a resource.",
                f"To see them: {host_commands.show_tags(spec, part['id'])}")


def check_ownership(spec: HostSpec, found: Found) -> None:
    """What the host is to be made of, or to be mended in. What its VM stands on may be somebody's, who named it: that
    is used as it is."""
    for kind, resource in _own_parts(spec, found).items():
        if resource is None:
            continue
        if not names.is_of_host(resource, spec.name):
            raise Conflict(f"The resource group '{spec.group}' has a {kind} '{resource['name']}' already, and "
                           "dockervm did not make it, or its tags were lost. It was left as it is.",
                           (option_values.OTHER_NAME_OR_GROUP,
                            *_to_tag_again(spec, found, resource)))
        region = region_of(resource)
        if region != spec.location:
            raise Conflict(f"The {kind} '{resource['name']}' is in {region}, not in {spec.location}.",
                           f"To go on with it there: {host_commands.create_with(spec, 'location', '-l', region)}")
    ip, label = found.public_ip, public_ip.label_of(found.public_ip)
    if ip is not None and names.is_of_host(ip, spec.name) and spec.network.dns_label and label and (
            spec.network.dns_label != label):
        raise Conflict(f"The public IP address '{ip['name']}' has the DNS label '{label}' already, not "
                       f"'{spec.network.dns_label}'.",
                       option_values.NO_DNS_LABEL)


def _own_parts(spec: HostSpec, found: Found) -> dict[str, Resource | None]:
    parts = {"VM": found.vm, "network security group": found.security_group, "public IP address": found.public_ip,
             "network interface": found.network_interface}
    nic, ip = found.network_interface, found.public_ip
    if found.vm is not None and nic is not None and _bears_other_name(spec, nic) or found.interfaces:
        parts["network interface"] = None
    hangs = nic is not None and ip is not None and (network_interface.public_ip_id(nic) or "").lower() == (
        ip["id"].lower())
    if ip is not None and (address.is_theirs(spec, ip) or found.vm is not None and hangs and (
            not _is_same(ip["id"], spec.group, names.public_ip(spec.name)))):
        parts["public IP address"] = None
    return parts


def _bears_other_name(spec: HostSpec, nic: Resource) -> bool:
    return not _is_same(nic["id"], spec.group, names.network_interface(spec.name))


def check_rest(spec: HostSpec, found: Found) -> None:
    """An interface of the host whose VM is not there: whether it is what was asked for; what is only missing gets
    mended."""
    nic = found.network_interface
    if found.vm is not None or nic is None or found.interfaces:
        return
    holder = network_interface.vm_id(nic)
    if holder:
        raise Conflict(f"The network interface '{nic['name']}' is in use by another VM, "
                       f"'{holder.rpartition('/')[2]}'. It was left as it is.", option_values.OTHER_NAME)
    has, wanted = network_interface.public_ip_id(nic), spec.public_ip
    if has and (wanted is None or not _is_same(has, wanted.group_or(spec.group), wanted.name)):
        group, name = names.id_parts(has)
        other = (f"not '{wanted.name}' of '{wanted.group_or(spec.group)}'" if wanted
                 else "and the host is to have none")
        raise Conflict(
            f"The network interface '{nic['name']}' has the public IP address '{name}' of the group '{group}', "
            f"{other}. It was left as it is.",
            "To take that one away, so that the same create goes on: "
            + network_commands.remove_address(spec, nic["name"], network_interface.primary(nic)["name"]))
    _check_place(spec, nic)


def _check_place(spec: HostSpec, nic: Resource) -> None:
    """A rest of an earlier create, that asked for something else."""
    asked = spec.network
    subnet_id, address_now = network_interface.subnet_id(nic), network_interface.private_address_if_any(nic)
    named = asked.virtual_network is not None or asked.subnet is not None
    elsewhere = named and subnet_id is not None and (
        not _is_same(subnet_id.rpartition("/subnets/")[0], spec.virtual_network.group_or(spec.group),
                     spec.virtual_network.name)
        or spec.subnet_name not in (None, names.id_parts(subnet_id)[1]))
    if elsewhere or asked.private_address not in (None, address_now):
        raise Conflict(f"The network interface '{nic['name']}', which an earlier create has left, stands elsewhere "
                       f"than it was asked for now: {address_now} in {subnet_id}.",
                       f"To delete what is left: {host_commands.delete(spec)}")


def _to_tag_again(spec: HostSpec, found: Found, resource: Resource) -> tuple[str, ...]:
    """For what bears signs of ours: commands that set tags (az ... update --tags) take away those that were there."""
    of_our_host = names.is_of_host(found.vm, spec.name)
    if not of_our_host and all(names.tag(resource, tag) is None for tag in (names.TAG_RUN, names.TAG_AUTHORITY)):
        return ()
    return ("If it is this host's, say so with its tag: " + host_commands.mark_as_part(spec, resource["id"]),)


def _is_same(resource_id: str, group: str, name: str) -> bool:
    return [part.lower() for part in names.id_parts(resource_id)] == [group.lower(), name.lower()]
