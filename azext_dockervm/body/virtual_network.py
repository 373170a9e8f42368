"""The virtual network that the hosts of a group and region share."""

from __future__ import annotations

from azext_dockervm.azure import names
from azext_dockervm.body.resource import Resource
from azext_dockervm.spec.host import HostSpec

# Members of a subnet that name what stands in it or hangs on it.
_USES = ("ipConfigurations", "ipConfigurationProfiles", "privateEndpoints", "serviceAssociationLinks",
         "resourceNavigationLinks", "delegations", "natGateway", "routeTable", "networkSecurityGroup")


def body(spec: HostSpec, run_id: str) -> Resource:
    """Shared, so it does not carry one host's name; the user's tags, because policies ask for them on everything."""
    return {"location": spec.location, "tags": {**spec.tags, names.TAG_SHARED: names.SCHEMA, names.TAG_RUN: run_id},
            "properties": {"addressSpace": {"addressPrefixes": [names.VNET_PREFIX]},
                           "subnets": [{"name": names.SUBNET, **subnet_body()}]}}


def subnet_body() -> Resource:
    """Private, and said so, since what Azure makes of silence depends on the api-version: an address that Azure lends
    to whoever has none, and changes, is nobody's way out. Each host has a public address of its own."""
    return {"properties": {"addressPrefix": names.SUBNET_PREFIX, "defaultOutboundAccess": False}}


def subnet_id(virtual_network: Resource) -> str | None:
    """The id of the hosts' subnet; None where the network has none."""
    for subnet in virtual_network["properties"].get("subnets") or ():
        if subnet["name"].lower() == names.SUBNET:
            found: str = subnet["id"]
            return found
    return None


def is_unused(virtual_network: Resource) -> bool:
    """Whether nothing is in a network of ours that anybody would miss: it has our subnet alone, and nobody stands
    there."""
    properties = virtual_network["properties"]
    subnets = properties.get("subnets") or ()
    if properties.get("virtualNetworkPeerings") or any(one["name"].lower() != names.SUBNET for one in subnets):
        return False
    return not any((one.get("properties") or {}).get(used) for one in subnets for used in _USES)
