"""Virtual networks and their subnets."""

from __future__ import annotations

import ipaddress
from typing import Any

from localazure.arm import ids, shape, versions
from localazure.arm.cloud import Cloud
from localazure.arm.errors import network_error, parent_not_found, reference_not_found
from localazure.arm.request import Reply, Request, listing
from localazure.arm.router import Route
from localazure.machines.machine import Network, Subnet
from localazure.providers.common import envelope, existing, place
from localazure.providers.network import attach, network
from localazure.store.resources import Resource

KIND = "Microsoft.Network/virtualNetworks"
SUBNET = f"{KIND}/subnets"
_PACE = network.Pace(retry_after=3, duration=3)
_SUBNET_PROPERTIES: dict[str, Any] = {
    "addressPrefix": str,
    "addressPrefixes": [str],
    "networkSecurityGroup": shape.SUB_RESOURCE,
    "defaultOutboundAccess": bool,
    "serviceEndpoints": [dict],
    "delegations": [dict],
}
_SUBNET_SHAPE: dict[str, Any] = {"name": str, "properties": _SUBNET_PROPERTIES}
_SHAPE: dict[str, Any] = {
    "properties": {
        "addressSpace": {"addressPrefixes": [str]},
        "subnets": [_SUBNET_SHAPE],
        "dhcpOptions": {"dnsServers": [str]},
        "enableDdosProtection": bool,
    }
}


def routes() -> list[Route]:
    subnets = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{KIND}/{{vnet}}/subnets"
    return [
        *network.standard_routes(KIND, "vnet", render, put, delete),
        Route("GET", subnets, list_subnets, SUBNET),
        Route("GET", f"{subnets}/{{subnet}}", get_subnet, SUBNET),
        Route("PUT", f"{subnets}/{{subnet}}", put_subnet, SUBNET),
        Route("DELETE", f"{subnets}/{{subnet}}", delete_subnet, SUBNET),
    ]


def machine_network(vnet: Resource) -> Network:
    """The network as machines know it."""
    subnets = tuple(Subnet(one["name"], one["properties"]["addressPrefix"]) for one in vnet.properties["subnets"])
    return Network(ids.short_id(vnet.id), tuple(vnet.properties["addressSpace"]["addressPrefixes"]), subnets)


def find_subnet(cloud: Cloud, identifier: ids.ResourceId) -> tuple[Resource, dict[str, Any]] | None:
    """The VNet and the subnet in it that an id names."""
    parent = identifier.parent
    vnet = cloud.store.get(parent) if parent is not None else None
    if vnet is None or identifier.type.lower() != SUBNET.lower():
        return None
    for subnet in vnet.properties["subnets"]:
        if subnet["name"].lower() == identifier.name.lower():
            return vnet, subnet
    return None


def render(cloud: Cloud, vnet: Resource) -> dict[str, Any]:
    properties = {"provisioningState": vnet.state, **vnet.properties}
    properties["subnets"] = [render_subnet(cloud, vnet, subnet) for subnet in vnet.properties["subnets"]]
    return envelope(vnet, properties, etag=True)


def render_subnet(cloud: Cloud, vnet: Resource, subnet: dict[str, Any]) -> dict[str, Any]:
    identifier = vnet.id.child("subnets", subnet["name"])
    properties = {"provisioningState": vnet.state, **subnet["properties"]}
    users = [one for nic in cloud.store.referrers(identifier) for one in attach.ip_configuration_ids(nic, identifier)]
    if users:
        properties["ipConfigurations"] = [{"id": one} for one in users]
    return {
        "name": subnet["name"],
        "id": str(identifier),
        "etag": f'W/"{vnet.etag}"',
        "properties": properties,
        "type": SUBNET,
    }


def _networks(prefixes: list[str], name: str) -> list[ipaddress.IPv4Network]:
    found = []
    for prefix in prefixes:
        try:
            found.append(ipaddress.IPv4Network(prefix))
        except ValueError:
            message = f"The address prefix {prefix} in resource {name} is not a valid IPv4 prefix."
            raise network_error(400, "InvalidAddressPrefixFormat", message) from None
    return found


def _check_subnets(
    cloud: Cloud, vnet: ids.ResourceId, location: str, space: list[str], subnets: list[dict[str, Any]]
) -> None:
    spaces = _networks(space, vnet.name)
    taken: list[tuple[str, ipaddress.IPv4Network]] = []
    for subnet in subnets:
        name, properties = subnet["name"], subnet["properties"]
        (prefix,) = _networks([properties["addressPrefix"]], name)
        if not any(prefix.subnet_of(one) for one in spaces):
            message = f"Subnet '{name}' is not valid in virtual network '{vnet.name}'."
            raise network_error(400, "NetcfgInvalidSubnet", message)
        if prefix.prefixlen > 29:
            message = f"Subnet '{name}' is too small: the smallest subnet that Azure takes is a /29."
            raise network_error(400, "NetcfgSubnetRangeTooSmall", message)
        for other, range_ in taken:
            if range_.overlaps(prefix):
                message = (
                    f"Subnet '{name}' is not valid because its IP address range overlaps with that of an existing "
                    f"subnet '{other}'."
                )
                raise network_error(400, "NetcfgSubnetRangesOverlap", message)
            if other.lower() == name.lower():
                message = f"Virtual network {vnet} has more than one subnet of the name {name}."
                raise network_error(400, "DuplicateResourceName", message)
        taken.append((name, prefix))
        group = (properties.get("networkSecurityGroup") or {}).get("id")
        if group:
            found = cloud.store.get(ids.parse(group, "properties.networkSecurityGroup.id"))
            if found is None or found.location != location:
                raise reference_not_found(group, str(vnet.child("subnets", name)))


def _subnet(
    request: Request, vnet: ids.ResourceId, name: str, given: dict[str, Any], before: dict[str, Any] | None
) -> dict[str, Any]:
    """A subnet as it is kept: its prefix in `addressPrefix`, defaults filled in, read-only members dropped."""
    network.check_name(name)
    properties = {key: value for key, value in given.items() if value is not None}
    for computed in ("provisioningState", "ipConfigurations", "purpose"):
        properties.pop(computed, None)
    prefixes = properties.pop("addressPrefixes", None) or []
    properties.setdefault("addressPrefix", prefixes[0] if len(prefixes) == 1 else "")
    if not properties["addressPrefix"]:
        message = f"Subnet {vnet.child('subnets', name)} must have exactly one address prefix."
        raise network_error(400, "NoAddressPrefixOrPoolProvided", message)
    if before is not None:
        properties.setdefault("defaultOutboundAccess", before["properties"].get("defaultOutboundAccess"))
    elif request.api_version >= versions.PRIVATE_SUBNETS_SINCE:
        properties.setdefault("defaultOutboundAccess", False)
    if properties.get("defaultOutboundAccess") is None:
        properties.pop("defaultOutboundAccess", None)
    properties.setdefault("delegations", [])
    properties.setdefault("privateEndpointNetworkPolicies", "Disabled")
    properties.setdefault("privateLinkServiceNetworkPolicies", "Enabled")
    return {"name": name, "properties": properties}


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "vnet")
    network.check_name(identifier.name)
    shape.check(request.body, _SHAPE)
    location, tags = place(cloud, request, identifier)
    given = request.body.get("properties") or {}
    space = (given.get("addressSpace") or {}).get("addressPrefixes") or []
    if not space:
        message = f"Virtual network {identifier} must have at least one address prefix."
        raise network_error(400, "NoAddressPrefixOrPoolProvided", message)
    found = cloud.store.get(identifier)
    before = {one["name"].lower(): one for one in found.properties["subnets"]} if found else {}
    subnets = []
    for one in given.get("subnets") or []:
        name = one.get("name") or ""
        subnets.append(_subnet(request, identifier, name, one.get("properties") or {}, before.get(name.lower())))
    _check_subnets(cloud, identifier, location, space, subnets)
    kept = {one["name"].lower() for one in subnets}
    for name in before.keys() - kept:
        _refuse_used(cloud, identifier.child("subnets", before[name]["name"]))
    network.refuse_if_busy(cloud, identifier)
    properties = {
        "resourceGuid": found.properties["resourceGuid"] if found else _guid(identifier),
        "addressSpace": {"addressPrefixes": space},
        "subnets": subnets,
        "virtualNetworkPeerings": [],
        "enableDdosProtection": bool(given.get("enableDdosProtection")),
    }
    if (given.get("dhcpOptions") or {}).get("dnsServers"):
        properties["dhcpOptions"] = {"dnsServers": given["dhcpOptions"]["dnsServers"]}
    vnet = Resource(identifier, location, tags, properties)
    return network.write(cloud, request, vnet, _PACE, render, lambda: _apply(cloud, identifier), is_new=found is None)


def _guid(identifier: ids.ResourceId) -> str:
    import uuid

    return str(uuid.uuid5(uuid.NAMESPACE_URL, ids.key(identifier)))


async def _apply(cloud: Cloud, identifier: ids.ResourceId) -> None:
    vnet = cloud.store.get(identifier)
    if vnet is not None:
        await cloud.blocking(cloud.platform.network_put, machine_network(vnet))
        await attach.sync_network(cloud, vnet)


def _refuse_used(cloud: Cloud, subnet: ids.ResourceId) -> None:
    for nic in cloud.store.referrers(subnet):
        user = attach.ip_configuration_ids(nic, subnet)[0]
        raise network_error(
            400,
            "InUseSubnetCannotBeDeleted",
            f"Subnet {subnet.name} is in use by {user} and cannot be deleted. In order to delete the subnet, delete "
            "all the resources within the subnet. See aka.ms/deletesubnet.",
        )


def delete(cloud: Cloud, request: Request) -> Reply:
    def check(vnet: Resource) -> None:
        for subnet in vnet.properties["subnets"]:
            _refuse_used(cloud, vnet.id.child("subnets", subnet["name"]))

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


# subnets


def list_subnets(cloud: Cloud, request: Request) -> Reply:
    vnet = existing(cloud, request.resource_id(KIND, "vnet"))
    return listing([render_subnet(cloud, vnet, subnet) for subnet in vnet.properties["subnets"]])


def get_subnet(cloud: Cloud, request: Request) -> Reply:
    existing(cloud, request.resource_id(KIND, "vnet"))
    identifier = request.resource_id(SUBNET, "vnet", "subnet")
    found = find_subnet(cloud, identifier)
    if found is None:
        raise network_error(404, "NotFound", f"Resource {identifier} not found.")
    return Reply(200, render_subnet(cloud, *found))


def put_subnet(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(SUBNET, "vnet", "subnet")
    parent = identifier.parent
    vnet = cloud.store.get(parent) if parent else None
    if vnet is None:
        raise parent_not_found(KIND, request.params["vnet"], SUBNET, identifier.name)
    shape.check(request.body, _SUBNET_SHAPE)
    found = find_subnet(cloud, identifier)
    before = found[1] if found else None
    name = before["name"] if before else identifier.name
    subnet = _subnet(request, vnet.id, name, request.body.get("properties") or {}, before)
    if before and before["properties"]["addressPrefix"] != subnet["properties"]["addressPrefix"]:
        _refuse_used(cloud, identifier)
    subnets = [subnet if one is before else one for one in vnet.properties["subnets"]]
    if before is None:
        subnets.append(subnet)
    _check_subnets(cloud, vnet.id, vnet.location, vnet.properties["addressSpace"]["addressPrefixes"], subnets)
    network.refuse_if_busy(cloud, vnet.id)
    vnet.properties = {**vnet.properties, "subnets": subnets}
    return network.write(
        cloud, request, vnet, _PACE, render, lambda: _apply(cloud, vnet.id), is_new=before is None,
        answer=lambda: render_subnet(cloud, vnet, subnet), target=identifier,
    )  # fmt: skip


def delete_subnet(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(SUBNET, "vnet", "subnet")
    found = find_subnet(cloud, identifier)
    if found is None:
        return Reply(204)
    _refuse_used(cloud, identifier)
    vnet = found[0]

    async def effect() -> None:
        left = [one for one in vnet.properties["subnets"] if one["name"].lower() != identifier.name.lower()]
        vnet.properties = {**vnet.properties, "subnets": left}
        cloud.store.put(vnet)
        await _apply(cloud, vnet.id)

    return network.remove_child(cloud, request, vnet, identifier, effect)
