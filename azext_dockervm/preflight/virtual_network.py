"""The virtual network and the subnet that a host stands in, or is to: whether they are there, and whether they can be
used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from azext_dockervm.advice import network_commands, option_values
from azext_dockervm.advice.option_values import example
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import network_interface, virtual_machine, virtual_network
from azext_dockervm.body.resource import Resource, has_failed
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import AzureRefused, AzureUnreachable, Conflict, InvalidValue
from azext_dockervm.flow.workers import run_in_parallel
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import filling, unknown_if_forbidden
from azext_dockervm.spec import prefixes
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.named import Named

Place = tuple[Resource | None, Resource | None, Resource | None, Resource | None]


def _read(azure: Azure, spec: HostSpec, found: Found) -> Place:
    """Network, subnet, and the subnet's security group and route table."""
    interface = found.network_interface
    network_id = network_interface.virtual_network_id(interface) if interface else None
    if interface is not None and network_id is not None:
        return _of_interface(azure, interface, network_id, found.vm is None)
    if found.vm is not None and interface is None and virtual_machine.interfaces(found.vm):
        # Its interface is followed beside this.
        return None, None, None, None
    named = spec.virtual_network
    try:
        network = azure.get(kinds.VIRTUAL_NETWORK, named.group_or(spec.group), named.name,
                            subscription=named.subscription)
    except AzureRefused as error:
        if error.status != 403 or spec.subnet_name is None:
            raise
        return None, _unseen(azure, spec, spec.subnet_name), None, None
    inside = _checked(azure, spec, network)
    reads = _of_subnet(azure, inside, found.vm is None)
    if spec.network.private_address and network is not None and inside is not None:
        reads["free"] = partial(_check_free, azure, network, spec.network.private_address)
    return network, inside, *_read_at_once(azure, reads)


def _of_interface(azure: Azure, interface: Resource, network_id: str, is_new: bool) -> Place:
    """As it is: nobody has asked for another one."""
    subnet_id = network_interface.subnet_id(interface) or ""
    try:
        network = azure.get(kinds.VIRTUAL_NETWORK, *names.id_parts(network_id))
    except AzureRefused as error:
        if error.status != 403:
            raise
        return None, {"name": names.id_parts(subnet_id)[1], "id": subnet_id}, None, None
    inside = virtual_network.subnet_by_id(network, subnet_id)
    return network, inside, *_read_at_once(azure, _of_subnet(azure, inside, is_new))


def _unseen(azure: Azure, spec: HostSpec, name: str) -> Resource:
    """One that may be used, and not be read."""
    named = spec.virtual_network
    return {"name": name, "id": azure.resource_id(kinds.SUBNET, named.group_or(spec.group), named.name, name)}


def _of_subnet(azure: Azure, inside: Resource | None, is_new: bool) -> dict[str, Callable[[], Any]]:
    """What hangs on the subnet. A route table changes nothing of a host that is there, and is read for a warning."""
    reads: dict[str, Callable[[], Any]] = {"guard": partial(_guard, azure, inside)}
    table_id = virtual_network.route_table_id(inside)
    if is_new and table_id is not None:
        reads["route_table"] = partial(_route_table, azure, table_id)
    return reads


def _read_at_once(azure: Azure, reads: dict[str, Callable[[], Any]]) -> tuple[Resource | None, Resource | None]:
    """The subnet's security group and its route table."""
    read = run_in_parallel(reads, azure.deadline)
    return read["guard"], read.get("route_table")


def _route_table(azure: Azure, table_id: str) -> Resource | None:
    try:
        return azure.get(kinds.ROUTE_TABLE, *names.id_parts(table_id))
    except (AzureRefused, AzureUnreachable):    # no create fails for a warning
        return None


def _guard(azure: Azure, inside: Resource | None) -> Resource | None:
    group_id = virtual_network.subnet_group_id(inside)
    if group_id is None:
        return None
    return unknown_if_forbidden(lambda: azure.get(kinds.SECURITY_GROUP, *names.id_parts(group_id)))()


def _check_free(azure: Azure, network: Resource, address: str) -> None:
    place = names.id_parts(network["id"])
    if unknown_if_forbidden(lambda: azure.private_address_is_free(*place, address))() is False:
        raise InvalidValue(f"--private-ip-address: {address} is in use in the virtual network '{network['name']}'.",
                           option_values.leave_out("--private-ip-address", option_values.OTHER_PRIVATE_ADDRESS))


# What can be used


def _checked(azure: Azure, spec: HostSpec, network: Resource | None) -> Resource | None:
    """The subnet for a host that is to be made, None where it is to be made too. Raises for what can't be had."""
    named, asked = spec.virtual_network, spec.network
    option = "--subnet" if isinstance(asked.subnet, Named) else "--vnet-name"
    if named.subscription and named.id("", "").lower() != azure.resource_id(
            kinds.VIRTUAL_NETWORK, named.group_or(spec.group), named.name).lower():
        raise InvalidValue(f"{option}: '{named}' is in another subscription than the host, and Azure lets no host "
                           "stand there.", network_commands.list_virtual_networks(spec))
    if network is None:
        if named.is_id:
            raise InvalidValue(f"{option}: there is no virtual network '{named}'.",
                               network_commands.list_virtual_networks(spec))
        made = prefixes.planned(asked.network_prefix, asked.subnet_prefix)
        if asked.private_address:
            prefixes.check_address_in(asked.private_address, made[1:])
        return None
    _check_network(spec, network, option)
    inside = _subnet(spec, network)
    if inside is not None:
        _check_subnet(spec, inside)
    return inside


def _check_network(spec: HostSpec, network: Resource, option: str) -> None:
    name, wanted = network["name"], spec.network.network_prefix
    region, is_ours = region_of(network), virtual_network.is_ours(network)
    if region != spec.location:
        raise Conflict(f"{option}: the virtual network '{name}' is in {region}, and the host is to be in "
                       f"{spec.location}.", example("-l", region))
    if has_failed(network) and not is_ours:
        raise _unusable(spec, network, "its provisioning state is Failed")
    if wanted and wanted not in virtual_network.prefixes(network):
        raise Conflict(f"--vnet-address-prefix: the virtual network '{name}' is there already, with "
                       f"{', '.join(virtual_network.prefixes(network))}; it stays as it is.",
                       option_values.leave_out("--vnet-address-prefix", option_values.OTHER_NETWORK))


def _subnet(spec: HostSpec, network: Resource) -> Resource | None:
    """None where it is to be made: our network's own, or one that was asked for by name and prefix."""
    name, asked = spec.subnet_name, spec.network
    found = virtual_network.subnet(network, name or virtual_network.own_subnet(network))
    if found is not None or (name is None and virtual_network.is_ours(network)):
        return found
    if name is None and asked.virtual_network is None:      # somebody made it by the name of ours
        raise _unusable(spec, network, f"it has no subnet '{names.SUBNET}'")
    if name is None:
        return _only_one(network)
    if isinstance(asked.subnet, Named):
        raise InvalidValue(f"--subnet: there is no subnet '{asked.subnet}'.", _list_subnets(spec, network))
    _check_room(network, name, asked.subnet_prefix)
    return None


def _unusable(spec: HostSpec, network: Resource, why: str) -> Conflict:
    group, name = names.id_parts(network["id"])
    return Conflict(f"The virtual network '{name}' was not made by dockervm, and it can't be used: {why}. It was left "
                    "as it is.", "To look at it: " + network_commands.show_virtual_network(spec, name, group))


def _only_one(network: Resource) -> Resource:
    every = [one for one in virtual_network.subnets(network)
             if not (one.get("properties") or {}).get("delegations")]
    if len(every) == 1:
        return every[0]
    has = f"has {', '.join(repr(one['name']) for one in every)}" if every else "has none that a host could stand in"
    raise InvalidValue(f"--vnet-name: the virtual network '{network['name']}' {has}; which subnet is meant?",
                       example("--subnet", every[0]["name"]) if every else option_values.NEW_SUBNET)


def _check_room(network: Resource, name: str, prefix: str | None) -> None:
    """Of a subnet that is to be made in a network which is there."""
    wholes = virtual_network.prefixes(network)
    taken = {one["name"]: virtual_network.subnet_prefixes(one) for one in virtual_network.subnets(network)}
    length = prefixes.Prefix(prefix).prefixlen if prefix else prefixes.OFFERED_LENGTH
    free = prefixes.free(wholes, [one for ranges in taken.values() for one in ranges], length)
    advice = example("--subnet-address-prefix", free) if free else (
        f"The virtual network '{network['name']}' has no free range left; name another subnet or network.")
    if prefix is None:
        raise InvalidValue(f"--subnet: the virtual network '{network['name']}' has no subnet '{name}'. It is made "
                           "where its range is given.", advice)
    if not prefixes.lies_in(prefix, wholes):
        raise InvalidValue(f"--subnet-address-prefix: '{prefix}' does not lie in the virtual network "
                           f"'{network['name']}', which has {', '.join(wholes)}.", advice)
    holder = next((one for one, ranges in taken.items() if prefixes.overlapping(prefix, ranges)), None)
    if holder is not None:
        raise InvalidValue(f"--subnet-address-prefix: '{prefix}' overlaps {', '.join(taken[holder])} of the subnet "
                           f"'{holder}'.", advice)


def _check_subnet(spec: HostSpec, inside: Resource) -> None:
    asked, has = spec.network, virtual_network.subnet_prefixes(inside)
    delegations = (inside.get("properties") or {}).get("delegations") or []
    if delegations:
        service = (delegations[0].get("properties") or {}).get("serviceName") or delegations[0]["name"]
        raise InvalidValue(f"--subnet: '{inside['name']}' is delegated to {service}, and takes no VM.",
                           option_values.leave_out("it", option_values.OTHER_SUBNET))
    if asked.subnet_prefix and asked.subnet_prefix not in has:
        raise InvalidValue(f"--subnet-address-prefix: the subnet '{inside['name']}' is there already, with "
                           f"{', '.join(has)}; it stays as it is.",
                           option_values.leave_out("--subnet-address-prefix", option_values.OTHER_SUBNET))
    if asked.private_address and has:
        prefixes.check_address_in(asked.private_address, prefixes.ipv4(has))


def _list_subnets(spec: HostSpec, network: Resource) -> str:
    return network_commands.list_subnets(spec, *names.id_parts(network["id"]))


PLACE = filling("virtual_network subnet subnet_group route_table", _read)
