"""The network interface that a host stands on: one of its own, one that its VM has, or one that was named."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from azext_dockervm.advice import network_commands, option_values
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import network_interface, public_ip, virtual_machine, virtual_network
from azext_dockervm.body.resource import Resource
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import Conflict, InvalidValue
from azext_dockervm.flow.workers import run_in_parallel
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import filling
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.words import NO_PUBLIC_IP

Hanging = tuple[Resource | None, Resource | None]


# The first round: by their names


def _read_named(azure: Azure, spec: HostSpec, _found: Found) -> tuple[Resource, ...]:
    reads = {str(index): partial(azure.get, kinds.NETWORK_INTERFACE, one.group_or(spec.group), one.name,
                                 subscription=one.subscription)
             for index, one in enumerate(spec.network.interfaces)}
    found = run_in_parallel(reads, azure.deadline)
    for index, one in enumerate(spec.network.interfaces):
        if found[str(index)] is None:
            raise InvalidValue(f"--nics: there is no network interface '{one}'.",
                               network_commands.list_all_interfaces(spec))
    return tuple(found[index] for index in reads)


NAMED = filling("interfaces", _read_named, lambda spec, _found: bool(spec.network.interfaces))


# Between the rounds: what of it the host stands on


def stood_on(spec: HostSpec, found: Found) -> Found:
    """``found`` without what bears the host's names and is not what the host stands on. That a VM has, whatever it is
    called, is followed from its interface."""
    found = replace(found, no_address_asked=spec.network.public_ip == NO_PUBLIC_IP)
    if found.vm is not None:
        found = replace(found, network_interface=_of_vm(found), interfaces=())
    elif found.interfaces:      # they bring all the rest along
        found = replace(found, network_interface=found.interfaces[0], security_group=None)
    interface = found.network_interface
    address, reference = found.public_ip, _address_id(interface)
    if interface is None:
        followed = bool(virtual_machine.interfaces(found.vm))
        return replace(found, public_ip=None if followed else address)
    if found.vm is None and not found.interfaces:       # a rest of a create; checked against what was asked
        return found
    if reference is None and (found.interfaces or names.is_address(names.endpoint_tag(found.vm))):
        # One of its own is given back to it.
        address = address if address and not found.interfaces and names.is_of_host(address, spec.name) else None
    elif reference is not None and (address is None or address["id"].lower() != reference.lower()):
        address = None
    return replace(found, public_ip=address)


def _of_vm(found: Found) -> Resource | None:
    """None where it is one that was not read yet."""
    used = [one.lower() for one in virtual_machine.interfaces(found.vm)]
    own = found.network_interface
    if not used:        # a VM that Azure could not make
        return own
    if own is not None and own["id"].lower() in used:       # others may have been given to it, before it too
        return own
    return next((one for one in found.interfaces if one["id"].lower() == used[0]), None)


def _address_id(interface: Resource | None) -> str | None:
    return network_interface.public_ip_id(interface) if interface else None


# The second round: what hangs on it


def _is_followed(_spec: HostSpec, found: Found) -> bool:
    if found.network_interface is None:
        return bool(virtual_machine.interfaces(found.vm))
    return found.public_ip is None and _stands(found) and _address_id(found.network_interface) is not None


def _stands(found: Found) -> bool:
    return found.vm is not None or bool(found.interfaces)


def _follow(azure: Azure, spec: HostSpec, found: Found) -> Hanging:
    interface = found.network_interface or _interface_of_vm(azure, spec, found)
    reference = _address_id(interface)
    address = azure.get(kinds.PUBLIC_IP, *names.id_parts(reference)) if reference else None
    return interface, address


def _interface_of_vm(azure: Azure, spec: HostSpec, found: Found) -> Resource:
    interface_id = virtual_machine.interfaces(found.vm)[0]
    interface = azure.get(kinds.NETWORK_INTERFACE, *names.id_parts(interface_id))
    if interface is None:
        raise Conflict(f"The VM '{spec.name}' stands on the network interface '{names.id_parts(interface_id)[1]}', "
                       "which is not there, so its address is not known. It was left as it is.",
                       "The interfaces that it uses: " + network_commands.list_interfaces(spec))
    return interface


FOLLOWED = filling("network_interface public_ip", _follow, _is_followed)


# Whether a host can stand on those that were named


def check_named(spec: HostSpec, found: Found) -> None:
    if found.vm is not None:
        return
    for interface in found.interfaces:
        name, holder = interface["name"], network_interface.vm_id(interface)
        region = region_of(interface)
        if names.subscription_of(interface["id"]) != names.subscription_of((found.group or interface)["id"]):
            raise Conflict(f"--nics: the network interface '{interface['id']}' is in another subscription than the "
                           "host.", network_commands.list_all_interfaces(spec))
        if region != spec.location:
            raise Conflict(f"--nics: the network interface '{name}' is in {region}, and the host is to be in "
                           f"{spec.location}.", option_values.example("-l", region))
        if holder:
            raise Conflict(f"--nics: the network interface '{name}' is in use by the VM "
                           f"'{names.id_parts(holder)[1]}'. It was left as it is.",
                           network_commands.list_all_interfaces(spec))


def check_guarded(spec: HostSpec, found: Found) -> None:
    """A public address of today is shut where no security group opens it."""
    if not _unguarded(found) or found.public_ip is None:
        return
    interface = found.interfaces[0]
    raise Conflict(f"--nics: neither the network interface '{interface['name']}' nor its subnet has a network security "
                   "group, and without one nobody reaches its public IP address.",
                   "To give it one: " + network_commands.guard_interface(spec, interface))


def remark(_spec: HostSpec, found: Found) -> list[str]:
    if not _unguarded(found):
        return []
    return [f"Neither the network interface '{found.interfaces[0]['name']}' nor its subnet has a network security "
            "group: all ports of the host are open to its network and those that are joined with it."]


def _unguarded(found: Found) -> bool:
    """Of a host that is to be made; where the subnet may not be read, nobody knows."""
    if found.vm is not None or not found.interfaces or "properties" not in (found.subnet or {}):
        return False
    return (network_interface.security_group_id(found.interfaces[0]) is None
            and virtual_network.subnet_group_id(found.subnet) is None)


# Whether the address of a named one is known


def check_address(spec: HostSpec, found: Found) -> None:
    if found.vm is None and found.interfaces and found.public_ip is not None:
        problem = public_ip.why_unusable(found.public_ip)
        if problem:
            raise Conflict(f"--nics: the public IP address '{found.public_ip['name']}' of the network interface "
                           f"'{found.interfaces[0]['name']}' can't be used: {problem}.",
                           network_commands.list_addresses(spec))
