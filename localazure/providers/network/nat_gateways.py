"""NAT gateways: the way out of subnets whose machines have no public address of their own."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.protocol.errors import network_error, reference_not_found
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import kinds
from localazure.providers.common import spelled
from localazure.providers.model import READ_ONLY, REFERENCE, NotHere, enum, named, obj
from localazure.providers.network import bodies, machine_updates, model, network, references
from localazure.store.resources import Resource

KIND = kinds.NAT_GATEWAY
_PACE = network.Pace(retry_after=10, duration=3)
_IPV6 = NotHere("IPv6", "IPv6 addresses of NAT gateways")
_MODEL = model.resource(
    "NatGateway",
    obj(
        "NatGatewayPropertiesFormat",
        idleTimeoutInMinutes=int,
        publicIpAddresses=[REFERENCE],
        publicIpPrefixes=[REFERENCE],
        **named("publicIpAddressesV6 publicIpPrefixesV6", _IPV6),
        sourceVirtualNetwork=NotHere("SourceVirtualNetwork", "NAT gateways of whole virtual networks"),
        serviceGateway=NotHere("ServiceGateways", "service gateways"),
        nat64=enum("Nat64State", "None Enabled Disabled"),
        **named("subnets resourceGuid provisioningState", READ_ONLY),
    ),
    sku=obj("NatGatewaySku", name=str),
    zones=[str],
)


def routes() -> list[Route]:
    return network.standard_routes(KIND, "natgateway", bodies.nat_gateway_body, put, delete)


def put(cloud: Cloud, request: Request) -> Reply:
    request = model.read(request, _MODEL)
    identifier, location, tags, given, found = network.read_put(cloud, request, KIND, "natgateway")
    idle = given.get("idleTimeoutInMinutes") or 4
    if not 4 <= idle <= 120:
        message = f"The idle timeout {idle} of {identifier} is invalid. Allowed range is 4-120 minutes."
        raise network_error(400, "NatGatewayIdleTimeoutIsInvalid", message)
    for prefix in given.get("publicIpPrefixes") or []:
        raise reference_not_found(str(prefix.get("id")), str(identifier))  # a type that Local Azure has none of
    addresses = [
        _address(cloud, identifier, location, one, index)
        for index, one in enumerate(given.get("publicIpAddresses") or [])
    ]
    network.refuse_if_going(cloud, identifier)
    properties: dict[str, Any] = {"resourceGuid": network.guid(found), "idleTimeoutInMinutes": idle}
    if addresses:
        properties["publicIpAddresses"] = [{"id": one} for one in addresses]
    if given.get("nat64"):  # what it would translate is not here
        properties["nat64"] = given["nat64"]
    extra: dict[str, Any] = {"sku": _sku(request.body, found)}
    zones = request.body.get("zones") or (found.extra.get("zones") if found else None)
    if zones:
        extra["zones"] = zones
    gateway = Resource(identifier, location, tags, properties, extra)

    async def effect() -> None:
        await _apply(cloud, identifier)

    return network.write(cloud, request, gateway, _PACE, bodies.nat_gateway_body, effect, is_new=found is None)


def _sku(body: dict[str, Any], before: Resource | None) -> dict[str, str]:
    name = (body.get("sku") or {}).get("name") or (before.extra["sku"]["name"] if before else "Standard")
    known = spelled(name, ("Standard", "StandardV2"))
    if known is None:
        message = f"The NAT gateway SKU '{name}' is not known. Allowed values are Standard, StandardV2."
        raise network_error(400, "InvalidNatGatewaySku", message)
    return {"name": known}


def _address(cloud: Cloud, gateway: ids.ResourceId, location: str, given: dict[str, Any], index: int) -> str:
    """The id of a public address that nobody else has."""
    path = f"properties.publicIpAddresses[{index}]"
    public_ip = network.referred(
        cloud, network.reference(given, path) or "", path, kinds.PUBLIC_IP, location, str(gateway)
    )
    user = references.user_of_public_ip(cloud, public_ip) or references.gateway_of_public_ip(cloud, public_ip)
    if user and ids.key(user) != ids.key(gateway):
        message = (
            f"Resource {gateway} is referencing public IP address {public_ip.id} that is already allocated to resource "
            f"{user}."
        )
        raise network_error(400, "PublicIPAddressInUse", message)
    return str(public_ip.id)


async def _apply(cloud: Cloud, identifier: ids.ResourceId) -> None:
    """A gateway with an address lets its subnets' machines out, one without does not."""
    for vnet in cloud.store.referrers(identifier, kinds.VNET):
        await machine_updates.apply_vnet(cloud, vnet.id)


def check_subnet(cloud: Cloud, subnet: ids.ResourceId, gateway: ids.ResourceId) -> None:
    """Raise ArmError for a subnet of another network than those that have the gateway already."""
    users = references.subnets_with_gateway(cloud, gateway)
    other = next((one for one in users if ids.parse(one).parent != subnet.parent), None)
    if other is not None:
        message = (
            f"NatGateway {gateway} cannot be used by subnets {other}, {subnet} because they belong to different "
            "virtual networks."
        )
        raise network_error(400, "NatGatewayCannotBeUsedBySubnetsBelongingToDifferentVirtualNetworks", message)


def delete(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "natgateway")

    def check(gateway: Resource) -> None:
        users = references.subnets_with_gateway(cloud, gateway.id)
        if users:
            message = (
                f"Nat gateway {gateway.name} cannot be deleted because it is in use by the following resources: "
                f"{', '.join(users)}. In order to delete the nat gateway, remove the association with the resource(s)."
            )
            raise network_error(400, "InUseNatGatewayCannotBeDeleted", message)

    async def effect() -> None:
        cloud.store.delete(identifier)

    return network.remove(cloud, request, identifier, check, effect)
