"""Options of where in which network a host stands, by which addresses, or of the interfaces that it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azext_dockervm.advice import network_commands, vm_commands
from azext_dockervm.azure import names
from azext_dockervm.options.option import Option, Vm, filled
from azext_dockervm.spec import network_rules as rules
from azext_dockervm.spec.prefixes import check_prefix, check_private_address
from azext_dockervm.spec.words import NO_PUBLIC_IP

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec

_GROUP = "Network"
_WITH_THEM = "Leave one of them out: interfaces that are there already have all of that."
_OF_INTERFACES = {name: _WITH_THEM for name in (
    "vnet_name", "subnet", "vnet_address_prefix", "subnet_address_prefix", "private_ip_address", "public_ip_address",
    "public_ip_address_dns_name", "idle_timeout", "accelerated_networking")}


def interface_of(vm: Vm) -> Vm | None:
    """The one that a host stands on, where its VM shows it whole."""
    from azext_dockervm.body import virtual_machine

    primary = virtual_machine.primary_interface(vm)
    return primary if primary and (primary.get("properties") or {}).get("ipConfigurations") else None


def _another_network(spec: HostSpec, vm: Vm) -> str | None:
    from azext_dockervm.body import network_interface

    nic, asked = interface_of(vm), spec.network.virtual_network
    if nic is None or asked is None:
        return None
    group, name = names.id_parts(network_interface.virtual_network_id(nic) or "")
    if [name.lower(), group.lower()] == [asked.name.lower(), asked.group_or(spec.group).lower()]:
        return None
    return f"the host stands in the virtual network '{name}', and a VM can't leave the one that it was made in"


def _another_subnet(spec: HostSpec, vm: Vm) -> str | None:
    from azext_dockervm.body import network_interface
    from azext_dockervm.spec.named import Named

    nic, asked = interface_of(vm), spec.network.subnet
    if nic is None or asked is None:
        return None
    subnet_id = network_interface.subnet_id(nic) or ""
    if isinstance(asked, Named):
        if asked.id(names.subscription_of(subnet_id), spec.group).lower() == subnet_id.lower():
            return None
    elif _another_network(spec, vm) is None and asked.lower() == names.id_parts(subnet_id)[1].lower():
        return None
    return f"the host stands in the subnet '{names.id_parts(subnet_id)[1]}', and keeps it"


def _network_is_there(_spec: HostSpec, _vm: Vm) -> str:
    return "it is for a network that is to be made; the host's is there already, and stays as it is"


def _other_interfaces(spec: HostSpec, vm: Vm) -> str | None:
    from azext_dockervm.body import virtual_machine

    subscription = names.subscription_of(vm["id"])
    has = [one.lower() for one in virtual_machine.interfaces(vm)]
    asked = [one.id(subscription, spec.group).lower() for one in spec.network.interfaces]
    if sorted(has) == sorted(asked):
        return None
    add = network_commands.add_interfaces(spec, [one for one in spec.network.interfaces
                                                 if one.id(subscription, spec.group).lower() not in has])
    held = ", ".join(f"'{names.id_parts(one)[1]}'" for one in virtual_machine.interfaces(vm)) or "none"
    return f"the VM keeps the interfaces that it was made with: {held}.\n" \
           f"{vm_commands.while_deallocated(spec, add)}"


def _another_private_address(spec: HostSpec, vm: Vm) -> str | None:
    from azext_dockervm.body import network_interface

    nic, asked = interface_of(vm), spec.network.private_address
    has = network_interface.private_address_if_any(nic)
    if nic is None or asked is None or has == asked:
        return None
    return f"the host has {has}.\nTo change it: {network_commands.set_private_address(spec, nic, asked)}"


def _another_public_address(spec: HostSpec, vm: Vm) -> str | None:
    from azext_dockervm.body import network_interface
    from azext_dockervm.spec.named import Named

    nic, asked = interface_of(vm), spec.network.public_ip
    if nic is None or asked is None:
        return None
    has = network_interface.public_ip_id(nic)
    if asked == NO_PUBLIC_IP:
        return has and (f"the host has the public IP address '{names.id_parts(has)[1]}'.\nTo take it away: "
                        f"{network_commands.set_address(spec, nic, None)}")
    wanted = asked.id(names.subscription_of(nic["id"]), spec.group) if isinstance(asked, Named) else ""
    if has and has.lower() == wanted.lower():
        return None
    now = f"the public IP address '{names.id_parts(has)[1]}'" if has else "no public IP address"
    return f"the host has {now}.\nTo change it: {network_commands.set_address(spec, nic, wanted)}"


def _otherwise_accelerated(spec: HostSpec, vm: Vm) -> str | None:
    nic, asked = interface_of(vm), spec.network.accelerated
    if nic is None or bool(nic["properties"].get("enableAcceleratedNetworking")) == asked:
        return None
    has = "without" if asked else "with"
    return (f"the host's interface is {has} accelerated networking.\n"
            + vm_commands.while_deallocated(spec, network_commands.accelerate(spec, nic, bool(asked))))


def _flag(text: str) -> bool:
    """az's own three-state flag leaves 'true' or 'false'."""
    return text.lower() == "true"


def _kept(name: str, flags: str, text: str, *, place: str, not_applied: Any, **more: Any) -> Option:
    return Option(name, flags, text, _GROUP, place=place, only_new=True, not_applied=not_applied, **more)


INTERFACE = (
    _kept("vnet_name", "--vnet-name",
          "Virtual network of the host: the name of one in the group, which is made where there is none, or the id of "
          "one in any group.", default_in_words="the one that hosts of the group and region share, "
          "dockervm-REGION-vnet", read=filled, check=rules.check_virtual_network, place="network.virtual_network",
          not_applied=_another_network, parser={"completer": "virtual_networks"}),
    _kept("subnet", "--subnet",
          "Subnet of the host: the name of one in --vnet-name, or the id of any. One that is not there is made with "
          "--subnet-address-prefix, or together with its network.",
          default_in_words="'hosts', or the only one of --vnet-name", read=filled, check=rules.check_subnet,
          place="network.subnet", not_applied=_another_subnet),
    _kept("vnet_address_prefix", "--vnet-address-prefix",
          "IPv4 range of a virtual network that is made, such as 10.1.0.0/16.",
          default_in_words=names.VNET_PREFIX, check=lambda text: check_prefix(text, "--vnet-address-prefix"),
          place="network.network_prefix", not_applied=_network_is_there),
    _kept("subnet_address_prefix", "--subnet-address-prefix",
          "IPv4 range of a subnet that is made. It lies in that of the network, and overlaps no other subnet.",
          default_in_words=f"{names.SUBNET_PREFIX}, or the first part of --vnet-address-prefix",
          check=lambda text: check_prefix(text, "--subnet-address-prefix"), place="network.subnet_prefix",
          not_applied=_network_is_there),
    _kept("private_ip_address", "--private-ip-address",
          "Private address of the host, which it keeps. It lies in the subnet, and is free.",
          default_in_words="the next one that is free", check=check_private_address, place="network.private_address",
          not_applied=_another_private_address),
    _kept("public_ip_address", "--public-ip-address",
          "Public IP address of the host: the name of one that is there or is to be made, or an id. One that is there "
          'is never changed. With "" the host has none: it is known by its private address, and can be reached from '
          "its network alone; then the subnet needs a way out, such as a NAT gateway, to install Docker.",
          default_in_words="NAMEPublicIP, which is made", check=rules.check_public_ip, place="network.public_ip",
          not_applied=_another_public_address, parser={"completer": "public_addresses"}),
    _kept("accelerated_networking", "--accelerated-networking",
          "Let the network bypass the hypervisor, for sizes that can: true, which the bare option means, or false.",
          default_in_words="on for the older sizes and images for which az itself turns it on, else as Azure decides",
          choices=("true", "false"), check=_flag, place="network.accelerated",
          not_applied=_otherwise_accelerated, parser={"nargs": "?", "const": "true"}),
    _kept("nics", "--nics",
          "Network interfaces that are there already, by names or ids, separated by spaces; the first is the primary "
          "one. They are never changed or deleted. The host is known by what the primary one has: the name of its "
          "public address, that address, or the private one.",
          default_in_words="one is made", check=rules.check_interfaces, place="network.interfaces",
          not_applied=_other_interfaces, excludes=_OF_INTERFACES,
          parser={"nargs": "+", "completer": "network_interfaces"}),
)
