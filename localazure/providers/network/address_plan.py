"""The address plan of a virtual network: its prefixes, its subnets' ones, and which addresses are free."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from localazure.machines.machine import WIRE_SERVER
from localazure.protocol import ids
from localazure.protocol.errors import network_error

# Azure keeps the first four addresses of a subnet and the last one; nothing smaller than this has any left.
RESERVED = (0, 1, 2, 3, -1)
_LONGEST_PREFIX = 29
# https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq: what no virtual network can have.
_FORBIDDEN = [
    ipaddress.IPv4Network(prefix)
    for prefix in ("224.0.0.0/4", "255.255.255.255/32", "127.0.0.0/8", "169.254.0.0/16", f"{WIRE_SERVER}/32")
]


def network(prefix: str, resource: str) -> ipaddress.IPv4Network:
    """A prefix of a resource, read; raises ArmError for what is no IPv4 prefix or has bits behind its length."""
    try:
        loose = ipaddress.ip_network(prefix, strict=False)
    except ValueError:
        loose = None
    if loose is None or "/" not in prefix:
        message = (
            f"Address prefix {prefix} of resource {resource} is not formatted correctly. It should follow CIDR "
            "notation, for example 10.0.0.0/24."
        )
        raise network_error(400, "InvalidAddressPrefixFormat", message)
    if not isinstance(loose, ipaddress.IPv4Network):
        raise network_error(400, "IPv6NotSupportedByLocalAzure", "Local Azure's virtual networks have IPv4 only.")
    if str(loose.network_address) != prefix.split("/")[0]:
        message = (
            f"The address prefix {prefix} in resource {resource} has an invalid CIDR notation. For the given prefix "
            f"length, the address prefix should be {loose}."
        )
        raise network_error(400, "InvalidCIDRNotation", message)
    return loose


def check_space(vnet: ids.ResourceId, prefixes: list[str]) -> list[ipaddress.IPv4Network]:
    """A network's address space, read; raises ArmError when it can't be one."""
    if not prefixes:
        message = f"Virtual network {vnet} must have at least one address prefix."
        raise network_error(400, "NoAddressPrefixOrPoolProvided", message)
    spaces = [network(prefix, str(vnet)) for prefix in prefixes]
    for at, space in enumerate(spaces):
        taken = next((one for one in _FORBIDDEN if one.overlaps(space)), None)
        if taken is not None:
            message = f"Address prefix {space} of virtual network {vnet} overlaps {taken}, which is reserved."
            raise network_error(400, "NetcfgInvalidIPAddressPrefix", message)
        other = next((one for one in spaces[:at] if one.overlaps(space)), None)
        if other is not None:
            message = f"Address prefixes {other} and {space} of virtual network {vnet} overlap."
            raise network_error(400, "NetcfgInvalidVirtualNetworkSite", message)
    return spaces


def check_subnets(vnet: ids.ResourceId, prefixes: list[str], subnets: list[dict[str, Any]]) -> None:
    """Raise ArmError unless the subnets lie in the network's space, side by side, under names of their own."""
    spaces = check_space(vnet, prefixes)
    taken: list[tuple[str, ipaddress.IPv4Network]] = []
    for subnet in subnets:
        name = subnet["name"]
        prefix = network(subnet["properties"]["addressPrefix"], str(vnet.child("subnets", name)))
        if not any(prefix.subnet_of(space) for space in spaces):
            message = (
                f"Subnet '{name}' is not valid because its IP address range is outside the IP address range of "
                f"virtual network '{vnet.name}'."
            )
            raise network_error(400, "NetcfgSubnetRangeOutsideVnet", message)
        if prefix.prefixlen > _LONGEST_PREFIX:
            message = f"Subnet '{name}' is too small: the smallest subnet that Azure takes is a /29."
            raise network_error(400, "NetcfgSubnetRangeTooSmall", message)
        for other, range_ in taken:
            if other.lower() == name.lower():
                message = f"Virtual network {vnet} has more than one subnet of the name {name}."
                raise network_error(400, "DuplicateResourceName", message)
            if range_.overlaps(prefix):
                message = (
                    f"Subnet '{name}' is not valid because its IP address range overlaps with that of an existing "
                    f"subnet '{other}'."
                )
                raise network_error(400, "NetcfgSubnetRangesOverlap", message)
        taken.append((name, prefix))


def free(prefix: str, taken: Iterable[str], most: int) -> list[str]:
    """The first free addresses of a subnet, at most so many."""
    range_, used, found = ipaddress.IPv4Network(prefix), set(taken), []
    for offset in range(4, range_.num_addresses - 1):
        address = str(range_[offset])
        if address not in used:
            found.append(address)
            if len(found) == most:
                break
    return found


def reserved(prefix: str, address: ipaddress.IPv4Address) -> bool:
    """Whether Azure keeps this address of a subnet for itself."""
    range_ = ipaddress.IPv4Network(prefix)
    return address in [range_[offset] for offset in RESERVED]


def choose(prefix: str, subnet: ids.ResourceId, source: str, taken: dict[str, str], wanted: str | None) -> str:
    """The wanted address of a subnet, or the first free one; raises ArmError.

    `taken` has the addresses in use with the IP configurations that have them, `source` is the one that asks.
    """
    if wanted is None:
        found = free(prefix, taken, 1)
        if not found:
            message = (
                f"Subnet {subnet.name} with address prefix {prefix} does not have enough capacity for 1 IP addresses."
            )
            raise network_error(400, "SubnetIsFull", message)
        return found[0]
    try:
        address = ipaddress.IPv4Address(wanted)
    except ValueError:
        message = f"IP address {wanted} is not a valid IPv4 address."
        raise network_error(400, "InvalidIPAddressFormat", message) from None
    if address not in ipaddress.IPv4Network(prefix):
        message = f"Private static IP address {wanted} does not belong to the range of subnet prefix {prefix}."
        raise network_error(400, "PrivateIPAddressNotInSubnet", message)
    if reserved(prefix, address):
        message = f"Private static IP address {wanted} falls within reserved IP range of subnet prefix {prefix}."
        raise network_error(400, "PrivateIPAddressInReservedRange", message)
    if wanted in taken:
        message = (
            f"IP configuration {source} is using the private IP address {wanted} which is already allocated to "
            f"resource {taken[wanted]}."
        )
        raise network_error(400, "PrivateIPAddressIsAllocated", message)
    return str(address)
