"""Subnets: kept in their virtual network, read and written alone too."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids, versions
from localazure.protocol.errors import network_error, parent_not_found, reference_not_found
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import existing, spelled
from localazure.providers.model import READ_ONLY, REFERENCE, NotHere, enum, named, obj
from localazure.providers.network import (
    address_plan,
    bodies,
    catalogue,
    machine_updates,
    model,
    nat_gateways,
    network,
    references,
)
from localazure.store.resources import Resource

KIND = kinds.SUBNET
POOLS_SINCE = "2024-01-01"
PACE = network.Pace(retry_after=3, duration=3)
MODEL = model.part(
    "Subnet",
    obj(
        "SubnetPropertiesFormat",
        addressPrefix=str, addressPrefixes=[str], defaultOutboundAccess=bool,
        **named("networkSecurityGroup routeTable natGateway", REFERENCE), serviceEndpointPolicies=[REFERENCE],
        serviceEndpoints=[obj(
            "ServiceEndpointPropertiesFormat", service=str, locations=[str],
            networkIdentifier=REFERENCE,
            provisioningState=READ_ONLY,
        )],
        delegations=[model.part("Delegation", obj(
            "ServiceDelegationPropertiesFormat", serviceName=str, **named("actions provisioningState", READ_ONLY)
        ))],
        **named("privateEndpointNetworkPolicies privateLinkServiceNetworkPolicies", str),
        ipAllocations=NotHere("IpAllocations", "IP allocations"),
        applicationGatewayIPConfigurations=NotHere("ApplicationGateways", "application gateways"),
        sharingScope=enum("SharingScope", "Tenant DelegatedServices"),
        ipamPoolPrefixAllocations=model.POOLS,
        serviceGateway=NotHere("ServiceGateways", "service gateways"),
        **named(
            "privateEndpoints ipConfigurations ipConfigurationProfiles resourceNavigationLinks "
            "serviceAssociationLinks purpose provisioningState",
            READ_ONLY,
        ),
    ),
)  # fmt: skip
_POLICIES = {
    "privateEndpointNetworkPolicies": ("Disabled", "Enabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled"),
    "privateLinkServiceNetworkPolicies": ("Enabled", "Disabled"),
}


def routes() -> list[Route]:
    return crud.routes(KIND, "vnet", "subnet", list_all=list_all, get=get, put=put, delete=delete)


# writing


def checked(
    cloud: Cloud, request: Request, vnet: ids.ResourceId, location: str, given: dict[str, Any],
    before: dict[str, Any] | None,
) -> dict[str, Any]:  # fmt: skip
    """A subnet as it is kept: its prefix in `addressPrefix`, defaults filled in, read-only members dropped."""
    name = before["name"] if before else given.get("name") or ""
    network.check_name(name)
    identifier = vnet.child("subnets", name)
    body = given.get("properties") or {}
    kept: dict[str, Any] = {"addressPrefix": _prefix(identifier, body)}
    for member, allowed in _POLICIES.items():
        kept[member] = _policy(identifier, member, body.get(member), allowed)
    kept["delegations"] = [_delegation(identifier, one) for one in body.get("delegations") or []]
    endpoints = [_endpoint(cloud, identifier, location, one) for one in body.get("serviceEndpoints") or []]
    if endpoints:
        kept["serviceEndpoints"] = endpoints
    if body.get("sharingScope"):  # there is nobody else here who could use it
        kept["sharingScope"] = body["sharingScope"]
    access = body.get("defaultOutboundAccess") if request.api_version >= versions.OUTBOUND_ACCESS_SINCE else None
    if access is None and before is not None:
        access = before["properties"].get("defaultOutboundAccess")
    elif access is None and request.api_version >= versions.PRIVATE_SUBNETS_SINCE:
        access = False
    if access is not None:
        kept["defaultOutboundAccess"] = access
    path = "properties.networkSecurityGroup"
    group = network.reference(body.get("networkSecurityGroup"), path)
    if group:
        found = network.referred(cloud, group, path, kinds.NSG, location, str(identifier))
        kept["networkSecurityGroup"] = {"id": str(found.id)}
    path = "properties.natGateway"
    gateway = network.reference(body.get("natGateway"), path)
    if gateway:
        found = network.referred(cloud, gateway, path, kinds.NAT_GATEWAY, location, str(identifier))
        nat_gateways.check_subnet(cloud, identifier, found.id)
        kept["natGateway"] = {"id": str(found.id)}
    table = network.reference(body.get("routeTable"), "properties.routeTable")
    if table:
        raise reference_not_found(table, str(identifier))  # a type that Local Azure has none of
    for policy in body.get("serviceEndpointPolicies") or []:
        raise reference_not_found(str(policy.get("id")), str(identifier))
    if before is not None:
        _refuse_other_use(cloud, identifier, before["properties"], kept)
    return {"name": name, "properties": kept}


def _prefix(identifier: ids.ResourceId, body: dict[str, Any]) -> str:
    prefixes = body.get("addressPrefixes") or ([body["addressPrefix"]] if body.get("addressPrefix") else [])
    if not prefixes:
        message = f"Subnet {identifier} must have at least one address prefix."
        raise network_error(400, "NoAddressPrefixOrPoolProvided", message)
    if len(prefixes) > 1:
        message = f"Local Azure gives a subnet one address prefix only; {identifier} names {len(prefixes)}."
        raise network_error(400, "SeveralSubnetPrefixesNotSupportedByLocalAzure", message)
    return str(prefixes[0])


def _policy(identifier: ids.ResourceId, member: str, value: str | None, allowed: tuple[str, ...]) -> str:
    if value is None:
        return allowed[0]
    known = spelled(value, allowed)
    if known is None:
        message = f"Value '{value}' of {member} in {identifier} is invalid. Allowed values are {', '.join(allowed)}."
        raise network_error(400, "InvalidRequestFormat", message)
    return known


def _delegation(identifier: ids.ResourceId, given: dict[str, Any]) -> dict[str, Any]:
    service = (given.get("properties") or {}).get("serviceName") or ""
    actions = catalogue.delegation_actions(service)
    if actions is None:
        message = f"Subnet {identifier} can't be delegated to '{service}': no such service takes subnets."
        raise network_error(400, "InvalidServiceNameOnDelegation", message)
    return {"name": given.get("name") or "0", "properties": {"serviceName": service, "actions": actions}}


def _endpoint(cloud: Cloud, identifier: ids.ResourceId, location: str, given: dict[str, Any]) -> dict[str, Any]:
    service = catalogue.endpoint_service(given.get("service") or "")
    if service is None:
        message = f"Service endpoint '{given.get('service')}' of subnet {identifier} is not known."
        raise network_error(400, "SubnetServiceEndpointUnknown", message)
    kept = {"service": service, "locations": given.get("locations") or ["*"]}
    path = "properties.serviceEndpoints.networkIdentifier"
    known_as = network.reference(given.get("networkIdentifier"), path)
    if known_as:
        public_ip = network.referred(cloud, known_as, path, kinds.PUBLIC_IP, location, str(identifier))
        kept["networkIdentifier"] = {"id": str(public_ip.id)}
    return kept


def _refuse_other_use(
    cloud: Cloud, identifier: ids.ResourceId, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """What a subnet's users would not survive: another prefix, or a delegation."""
    if not cloud.store.referrers(identifier):
        return
    if before["addressPrefix"] != after["addressPrefix"]:
        message = (
            f"IpPrefix {before['addressPrefix']} on Subnet {identifier.name} has active allocations and cannot be "
            "deleted."
        )
        raise network_error(400, "InUsePrefixCannotBeDeleted", message)
    if after["delegations"] and not before["delegations"]:
        message = f"Subnet {identifier} has existing allocations and can't be delegated."
        raise network_error(400, "SubnetInUseCannotBeDelegated", message)


def refuse_used(cloud: Cloud, subnet: ids.ResourceId) -> None:
    """Raise ArmError while something is in a subnet that shall go."""
    for nic in cloud.store.referrers(subnet):
        user = next(iter(references.ip_configuration_ids(nic, subnet)), str(nic.id))
        raise network_error(
            400,
            "InUseSubnetCannotBeDeleted",
            f"Subnet {subnet.name} is in use by {user} and cannot be deleted. In order to delete the subnet, delete "
            "all the resources within the subnet. See aka.ms/deletesubnet.",
        )


# requests


def list_all(cloud: Cloud, request: Request) -> Reply:
    vnet = existing(cloud, request.resource_id(kinds.VNET, "vnet"))
    return listing([_shown(cloud, request, vnet, subnet) for subnet in vnet.properties["subnets"]])


def _shown(cloud: Cloud, request: Request, vnet: Resource, subnet: dict[str, Any]) -> dict[str, Any]:
    return in_version(request, bodies.subnet_body(cloud, vnet, subnet))


def in_version(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """The body of a subnet without what older versions do not know, with what newer ones tell besides.

    That is what it has from a pool of addresses: nothing here.
    """
    if request.api_version < versions.OUTBOUND_ACCESS_SINCE:
        body["properties"].pop("defaultOutboundAccess", None)
    if request.api_version >= POOLS_SINCE:
        body["properties"]["ipamPoolPrefixAllocations"] = []
    return body


def get(cloud: Cloud, request: Request) -> Reply:
    existing(cloud, request.resource_id(kinds.VNET, "vnet"))
    identifier = request.resource_id(KIND, "vnet", "subnet")
    found = references.find_subnet(cloud, identifier)
    if found is None:
        raise network.not_found(identifier)
    return Reply(200, expanded(cloud, request, *found))


def expanded(cloud: Cloud, request: Request, vnet: Resource, subnet: dict[str, Any]) -> dict[str, Any]:
    """A subnet with what `$expand` names in full: networkSecurityGroup, ipConfigurations."""
    body = _shown(cloud, request, vnet, subnet)
    wanted = request.query.get("$expand", "").lower()
    properties = body["properties"]
    if "networksecuritygroup" in wanted and "networkSecurityGroup" in properties:
        group = cloud.store.get(properties["networkSecurityGroup"]["id"])
        properties["networkSecurityGroup"] = bodies.nsg_body(cloud, group) if group else {}
    if "ipconfigurations" in wanted and "ipConfigurations" in properties:
        properties["ipConfigurations"] = bodies.ip_configurations_in(cloud, vnet.id.child("subnets", subnet["name"]))
    return body


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "vnet", "subnet")
    parent = identifier.parent
    vnet = cloud.store.get(parent) if parent else None
    if vnet is None or vnet.state == "Deleting":
        raise parent_not_found(kinds.VNET, request.params["vnet"], KIND, identifier.name)
    request = model.read(request, MODEL)
    found = references.find_subnet(cloud, identifier)
    before = found[1] if found else None
    given = {**request.body, "name": identifier.name}
    subnet = checked(cloud, request, vnet.id, vnet.location, given, before)
    subnets = network.with_part(vnet.properties["subnets"], before, subnet)
    address_plan.check_subnets(vnet.id, vnet.properties["addressSpace"]["addressPrefixes"], subnets)
    network.refuse_if_busy_below(cloud, vnet.id)
    vnet.properties = {**vnet.properties, "subnets": subnets}

    async def effect() -> None:
        await machine_updates.apply_vnet(cloud, vnet.id)

    return network.write(
        cloud, request, vnet, PACE, bodies.vnet_body, effect, is_new=before is None,
        answer=lambda: _shown(cloud, request, vnet, subnet), target=identifier,
    )  # fmt: skip


def delete(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "vnet", "subnet")
    found = references.find_subnet(cloud, identifier)
    if found is None:
        return Reply(204)
    refuse_used(cloud, identifier)
    network.refuse_if_busy_below(cloud, found[0].id)
    return network.remove_part(cloud, request, found[0], identifier, "subnets", machine_updates.apply_vnet)
