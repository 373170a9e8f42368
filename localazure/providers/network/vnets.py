"""Virtual networks: writing and removing them, which addresses are free, and how machines know them."""

from __future__ import annotations

import ipaddress
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.protocol.errors import ArmError, network_error, reference_not_found
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import existing
from localazure.providers.model import READ_ONLY, REFERENCE, NotHere, enum, named, obj
from localazure.providers.network import (
    address_plan,
    bgp_communities,
    bodies,
    machine_updates,
    model,
    network,
    references,
    subnets,
)
from localazure.store.resources import Resource

KIND = kinds.VNET
PEERING = f"{KIND}/virtualNetworkPeerings"
_MODEL = model.resource(
    "VirtualNetwork",
    obj(
        "VirtualNetworkPropertiesFormat",
        addressSpace=obj("AddressSpace", addressPrefixes=[str], ipamPoolPrefixAllocations=model.POOLS),
        subnets=[subnets.MODEL],
        dhcpOptions=obj("DhcpOptions", dnsServers=[str]),
        enableDdosProtection=bool,
        enableVmProtection=NotHere("VmProtection", "protection of all VMs of a virtual network"),
        ddosProtectionPlan=REFERENCE,
        encryption=obj(
            "VirtualNetworkEncryption",
            enabled=bool,
            enforcement=enum("VirtualNetworkEncryptionEnforcement", "DropUnencrypted AllowUnencrypted"),
        ),
        flowTimeoutInMinutes=int,
        virtualNetworkPeerings=NotHere("Peering", "peerings: it keeps virtual networks apart"),
        bgpCommunities=obj(
            "VirtualNetworkBgpCommunities", virtualNetworkCommunity=str, regionalCommunity=READ_ONLY
        ),
        ipAllocations=NotHere("IpAllocations", "IP allocations"),
        privateEndpointVNetPolicies=enum("PrivateEndpointVNetPolicies", "Disabled Basic"),
        summarizedGatewayPrefixes=NotHere("Gateways", "gateways of virtual networks"),
        **named("resourceGuid provisioningState flowLogs defaultPublicNatGateway", READ_ONLY),
    ),
)
_SUGGESTIONS = 5


def routes() -> list[Route]:
    one = crud.address(KIND, "vnet")
    return [
        *network.standard_routes(KIND, "vnet", bodies.vnet_body, put, delete, in_version=_in_version),
        Route("GET", f"{one}/CheckIPAddressAvailability", check_address, KIND),
        Route("GET", f"{one}/usages", list_usages, KIND),
        *network.part_routes(KIND, "vnet", "virtualNetworkPeerings", "peering", _peerings, PEERING),
        *crud.routes(PEERING, "vnet", "peering", put=put_peering, delete=delete_peering),
    ]


def _in_version(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Newer versions tell what comes from pools of addresses (nothing here) and how private endpoints are served."""
    properties = body["properties"]
    for subnet in properties["subnets"]:
        subnets.in_version(request, subnet)
    if request.api_version < subnets.POOLS_SINCE:
        properties.pop("privateEndpointVNetPolicies", None)
    else:
        properties["addressSpace"] = {**properties["addressSpace"], "ipamPoolPrefixAllocations": []}
    return body


# writing


def put(cloud: Cloud, request: Request) -> Reply:
    request = model.read(request, _MODEL)
    identifier, location, tags, given, found = network.read_put(cloud, request, KIND, "vnet")
    space = (given.get("addressSpace") or {}).get("addressPrefixes") or []
    kept = _subnets(cloud, request, identifier, location, given, found)
    address_plan.check_subnets(identifier, space, kept)
    for name in _names(found.properties["subnets"] if found else []) - _names(kept):
        subnets.refuse_used(cloud, identifier.child("subnets", name))
    network.refuse_if_going(cloud, identifier)
    properties = {
        "resourceGuid": network.guid(found),
        "addressSpace": {"addressPrefixes": space},
        **_options(identifier, given),
        **bgp_communities.kept(identifier, location, given.get("bgpCommunities")),
        "subnets": kept,
        "virtualNetworkPeerings": [],
        "enableDdosProtection": bool(given.get("enableDdosProtection")),
    }
    vnet = Resource(identifier, location, tags, properties)

    async def effect() -> None:
        await machine_updates.apply_vnet(cloud, identifier)

    def shown() -> dict[str, Any]:
        return _in_version(request, bodies.vnet_body(cloud, vnet))

    return network.write(
        cloud, request, vnet, subnets.PACE, bodies.vnet_body, effect, is_new=found is None, answer=shown
    )


def _names(of: list[dict[str, Any]]) -> set[str]:
    return {one["name"].lower() for one in of}


def _subnets(
    cloud: Cloud, request: Request, identifier: ids.ResourceId, location: str, given: dict[str, Any],
    found: Resource | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """The subnets that a body names. One without the member leaves the network's subnets as they are."""
    known = found.properties["subnets"] if found else []
    if given.get("subnets") is None:
        return known
    before = {one["name"].lower(): one for one in known}
    return [
        subnets.checked(cloud, request, identifier, location, one, before.get((one.get("name") or "").lower()))
        for one in given["subnets"]
    ]


def _options(identifier: ids.ResourceId, given: dict[str, Any]) -> dict[str, Any]:
    """What is kept as it was given, and refused where it would have to do something that is not here."""
    options: dict[str, Any] = {}
    if given.get("dhcpOptions") is not None:
        servers = given["dhcpOptions"].get("dnsServers") or []
        for server in servers:
            network.check_dns_server(identifier, server)
        options["dhcpOptions"] = {"dnsServers": servers}
    minutes = given.get("flowTimeoutInMinutes")
    if minutes is not None:
        if not 4 <= minutes <= 30:
            message = f"The flow timeout {minutes} of {identifier} is invalid. Allowed range is 4-30 minutes."
            raise network_error(400, "FlowTimeoutInMinutesIsInvalid", message)
        options["flowTimeoutInMinutes"] = minutes
    plan = network.reference(given.get("ddosProtectionPlan"), "properties.ddosProtectionPlan")
    if plan:
        raise reference_not_found(plan, str(identifier))
    if (given.get("encryption") or {}).get("enabled"):
        message = "Local Azure does not encrypt the traffic of virtual networks (properties.encryption)."
        raise network_error(400, "EncryptionNotSupportedByLocalAzure", message)
    if given.get("encryption"):
        options["encryption"] = given["encryption"]
    options["privateEndpointVNetPolicies"] = given.get("privateEndpointVNetPolicies") or "Disabled"
    return options


def delete(cloud: Cloud, request: Request) -> Reply:
    def check(vnet: Resource) -> None:
        for subnet in vnet.properties["subnets"]:
            subnets.refuse_used(cloud, vnet.id.child("subnets", subnet["name"]))
        network.refuse_if_busy_below(cloud, vnet.id)

    identifier = request.resource_id(KIND, "vnet")

    async def effect() -> None:
        vnet = cloud.store.get(identifier)
        if vnet is not None:
            await remove(cloud, vnet)

    return network.remove(cloud, request, identifier, check, effect)


async def remove(cloud: Cloud, vnet: Resource) -> None:
    """Take a network away that no machine uses any more."""
    await cloud.blocking(cloud.platform.network_delete, ids.short_id(vnet.id))
    cloud.store.delete(vnet.id)


# questions


def check_address(cloud: Cloud, request: Request) -> Reply:
    """Whether an address of one of the subnets is free, and some that are if it is not."""
    vnet = existing(cloud, request.resource_id(KIND, "vnet"))
    text = request.query.get("ipaddress", "")
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        message = f"IP address {text} is not a valid IPv4 address."
        raise network_error(400, "InvalidIPAddressFormat", message) from None
    for subnet in vnet.properties["subnets"]:
        prefix = subnet["properties"]["addressPrefix"]
        if address not in ipaddress.IPv4Network(prefix):
            continue
        taken = references.addresses_taken(cloud, vnet.id.child("subnets", subnet["name"]))
        kept = address_plan.reserved(prefix, address)
        if not kept and str(address) not in taken:
            return Reply(200, {"available": True, "isPlatformReserved": False})
        free = address_plan.free(prefix, taken, _SUGGESTIONS)
        return Reply(200, {"available": False, "availableIPAddresses": free, "isPlatformReserved": kept})
    message = (
        f"Private static IP address {address} does not belong to the range of any subnet in the virtual network "
        f"{vnet.id}."
    )
    raise network_error(400, "PrivateIPAddressNotInAnySubnet", message)


def list_usages(cloud: Cloud, request: Request) -> Reply:
    """How full each subnet is."""
    vnet = existing(cloud, request.resource_id(KIND, "vnet"))
    usages = []
    for subnet in vnet.properties["subnets"]:
        identifier = vnet.id.child("subnets", subnet["name"])
        size = ipaddress.IPv4Network(subnet["properties"]["addressPrefix"]).num_addresses
        usages.append(
            {
                "currentValue": len(references.addresses_taken(cloud, identifier)),
                "id": str(identifier),
                "limit": size - len(address_plan.RESERVED),
                "name": {"localizedValue": "Subnet size and usage", "value": "SubnetSpace"},
                "unit": "Count",
            }
        )
    return listing(usages)


# peerings: networks of machines are strictly apart here


def _no_peerings() -> ArmError:
    message = "Local Azure keeps virtual networks apart: it does not peer them."
    return network_error(400, "PeeringNotSupportedByLocalAzure", message)


def _peerings(cloud: Cloud, vnet: Resource) -> list[dict[str, Any]]:
    return []


def put_peering(cloud: Cloud, request: Request) -> Reply:
    existing(cloud, request.resource_id(KIND, "vnet"))
    raise _no_peerings()


def delete_peering(cloud: Cloud, request: Request) -> Reply:
    existing(cloud, request.resource_id(KIND, "vnet"))
    return Reply(204)
