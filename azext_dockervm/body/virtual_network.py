"""The virtual network of hosts: the one that those of a group and region share, or one of another name; its subnets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azext_dockervm.azure import names
from azext_dockervm.body.resource import Resource
from azext_dockervm.spec import prefixes as ranges
from azext_dockervm.spec.host import HostSpec

# Members of a subnet that name what stands in it or hangs on it.
_USES = ("ipConfigurations", "ipConfigurationProfiles", "privateEndpoints", "serviceAssociationLinks",
         "resourceNavigationLinks", "delegations", "natGateway", "routeTable", "networkSecurityGroup")


def body(spec: HostSpec, run_id: str, subnet_name: str = names.SUBNET, prefix: str = names.VNET_PREFIX,
         subnet_prefix: str = names.SUBNET_PREFIX) -> Resource:
    """Shared, so it does not carry one host's name; the user's tags, because policies ask for them on everything. The
    name of its one subnet is noted where it is not the usual one."""
    tags = {**spec.tags, names.TAG_SHARED: names.SCHEMA, names.TAG_RUN: run_id,
            **({} if subnet_name == names.SUBNET else {names.TAG_SUBNET: subnet_name})}
    return {"location": spec.location, "tags": tags,
            "properties": {"addressSpace": {"addressPrefixes": [prefix]},
                           "subnets": [{"name": subnet_name, **subnet_body(subnet_prefix)}]}}


def subnet_body(prefix: str = names.SUBNET_PREFIX) -> Resource:
    """Private, and said so, since what Azure makes of silence depends on the api-version: an address that Azure lends
    to whoever has none, and changes, is nobody's way out. Each host has a public address of its own, or its network a
    way out that somebody has made."""
    return {"properties": {"addressPrefix": prefix, "defaultOutboundAccess": False}}


def subnets(virtual_network: Resource | None) -> list[Resource]:
    return ((virtual_network or {}).get("properties") or {}).get("subnets") or []


def subnet(virtual_network: Resource | None, name: str) -> Resource | None:
    """Azure compares names without case."""
    return next((one for one in subnets(virtual_network) if one["name"].lower() == name.lower()), None)


def subnet_by_id(virtual_network: Resource | None, wanted: str) -> Resource | None:
    return next((one for one in subnets(virtual_network) if one["id"].lower() == wanted.lower()), None)


def subnet_id(virtual_network: Resource, name: str = names.SUBNET) -> str | None:
    """None where the network has no such subnet."""
    found = subnet(virtual_network, name)
    return found["id"] if found else None


def prefixes(virtual_network: Resource) -> list[str]:
    return (virtual_network["properties"].get("addressSpace") or {}).get("addressPrefixes") or []


def subnet_prefixes(found: Resource | None) -> list[str]:
    """Azure has the property twice: for one range, and for several."""
    properties: Mapping[str, Any] = (found or {}).get("properties") or {}
    one = properties.get("addressPrefix")
    return list(properties.get("addressPrefixes") or ([one] if one else []))


def is_ours(virtual_network: Resource | None) -> bool:
    """Whether a create made it, for all hosts that come."""
    return names.tag(virtual_network, names.TAG_SHARED) is not None


def own_subnet(virtual_network: Resource | None) -> str:
    """The name of the hosts' subnet in a network of ours, or in one that is to be made."""
    return names.tag(virtual_network, names.TAG_SUBNET) or names.SUBNET


def lost_subnet_prefix(virtual_network: Resource) -> str:
    """The range for the hosts' subnet of a network of ours that somebody has taken it from: the usual one where it is
    free, else one that is."""
    wholes = prefixes(virtual_network)
    taken = [one for found in subnets(virtual_network) for one in subnet_prefixes(found)]
    usual = names.SUBNET_PREFIX
    if not wholes or ranges.lies_in(usual, wholes) and ranges.overlapping(usual, taken) is None:
        return usual
    return ranges.free(wholes, taken, ranges.Prefix(usual).prefixlen) or usual


def subnet_group_id(found: Resource | None) -> str | None:
    """Of the security group that guards a subnet."""
    return (((found or {}).get("properties") or {}).get("networkSecurityGroup") or {}).get("id")


def route_table_id(found: Resource | None) -> str | None:
    """Of the route table that a subnet's packets go by."""
    return (((found or {}).get("properties") or {}).get("routeTable") or {}).get("id")


def has_way_out(virtual_network: Resource | None, found: Resource) -> bool:
    """Whether who stands in a subnet without a public address gets out of it, or may: a route table may lead to a
    firewall, and what is not told is not known to be missing."""
    properties = found.get("properties") or {}
    gateway = properties.get("natGateway") or ((virtual_network or {}).get("properties") or {}).get(
        "defaultPublicNatGateway")
    return bool(gateway or properties.get("routeTable")) or properties.get("defaultOutboundAccess") is not False


def is_unused(virtual_network: Resource) -> bool:
    """Whether nothing is in a network of ours that anybody would miss: it has our subnet alone, and nobody stands
    there."""
    properties, ours = virtual_network["properties"], own_subnet(virtual_network)
    every = subnets(virtual_network)
    if properties.get("virtualNetworkPeerings") or any(one["name"].lower() != ours.lower() for one in every):
        return False
    return not any((one.get("properties") or {}).get(used) for one in every for used in _USES)
