"""Network interfaces and their IP configurations."""

from __future__ import annotations

import hashlib
import ipaddress
import uuid
from typing import Any

from localazure.arm import ids, shape
from localazure.arm.cloud import Cloud
from localazure.arm.errors import network_error
from localazure.arm.request import Reply, Request, listing
from localazure.arm.router import Route
from localazure.providers import kinds
from localazure.providers.common import envelope, existing, place, refuse_if_busy, spelled
from localazure.providers.network import attach, ip_configurations, network
from localazure.store.resources import Resource

KIND = kinds.NIC
_PACE = network.Pace(retry_after=None, duration=0, first_state="Succeeded")
_SHAPE: dict[str, Any] = {
    "kind": str,
    "properties": {
        "ipConfigurations": [ip_configurations.SHAPE],
        "networkSecurityGroup": shape.SUB_RESOURCE,
        "enableAcceleratedNetworking": bool,
        "enableIPForwarding": bool,
        "disableTcpStateTracking": bool,
        "auxiliaryMode": str,
        "auxiliarySku": str,
        "dnsSettings": {"dnsServers": [str], "internalDnsNameLabel": str},
    },
}
_AUXILIARY = {
    "auxiliaryMode": ("None", "MaxConnections", "Floating", "AcceleratedConnections"),
    "auxiliarySku": ("None", "A1", "A2", "A4", "A8"),
}
_INTERNAL_SUFFIX = "internal.cloudapp.net"


def routes() -> list[Route]:
    one = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{KIND}/{{nic}}"
    return [
        *network.standard_routes(KIND, "nic", render, put, delete, expanded),
        Route("GET", f"{one}/ipConfigurations", list_configurations, KIND),
        Route("GET", f"{one}/ipConfigurations/{{configuration}}", get_configuration, KIND),
        Route("GET", f"{one}/loadBalancers", list_load_balancers, KIND),
    ]


def mac_of(nic: ids.ResourceId) -> str:
    """A stable hardware address from Microsoft's range, like 00:0d:3a:1b:2c:3d."""
    digest = hashlib.sha256(ids.key(nic).encode()).digest()
    return ":".join(["00", "0d", "3a", *(f"{byte:02x}" for byte in digest[:3])])


def render(cloud: Cloud, nic: Resource) -> dict[str, Any]:
    properties = {"provisioningState": nic.state, **nic.properties}
    properties["ipConfigurations"] = [
        ip_configurations.render(nic, one) for one in nic.properties["ipConfigurations"]
    ]
    vm = attach.vm_of(cloud, nic)
    if vm is not None:
        properties["virtualMachine"] = {"id": str(vm.id)}
        properties["primary"] = True
        properties["macAddress"] = mac_of(nic.id).upper().replace(":", "-")
    return {**envelope(nic, properties, etag=True), "kind": "Regular"}


def expanded(cloud: Cloud, request: Request, nic: Resource) -> dict[str, Any]:
    """With what `$expand` names in full: ipConfigurations/publicIPAddress, …/subnet, networkSecurityGroup."""
    from localazure.providers.network import nsgs, public_ips, subnets

    body = render(cloud, nic)
    wanted = {one.strip().lower() for one in request.query["$expand"].split(",")}
    properties = body["properties"]
    group = properties.get("networkSecurityGroup")
    if "networksecuritygroup" in wanted and group:
        found = cloud.store.get(group["id"])
        properties["networkSecurityGroup"] = nsgs.render(cloud, found) if found else group
    for one in properties["ipConfigurations"]:
        inner = one["properties"]
        public_ip = inner.get("publicIPAddress")
        if "ipconfigurations/publicipaddress" in wanted and public_ip:
            found = cloud.store.get(public_ip["id"])
            inner["publicIPAddress"] = public_ips.render(cloud, found) if found else public_ip
        if "ipconfigurations/subnet" in wanted:
            whole = subnets.find(cloud, ids.parse(inner["subnet"]["id"]))
            inner["subnet"] = subnets.render(cloud, *whole) if whole else inner["subnet"]
    return body


def configurations_in(cloud: Cloud, subnet: ids.ResourceId) -> list[dict[str, Any]]:
    """The IP configurations in a subnet, in full."""
    return [
        one
        for nic in cloud.store.referrers(subnet, KIND)
        for one in render(cloud, nic)["properties"]["ipConfigurations"]
        if ids.key(one["properties"]["subnet"]["id"]) == ids.key(subnet)
    ]


def taken(cloud: Cloud, subnet: ids.ResourceId, except_nic: ids.ResourceId | None = None) -> dict[str, str]:
    """Addresses in use in a subnet, each with the IP configuration that has it."""
    found = {}
    for nic in cloud.store.referrers(subnet, KIND):
        if except_nic is None or ids.key(nic.id) != ids.key(except_nic):
            for one in nic.properties["ipConfigurations"]:
                if ids.key(one["properties"]["subnet"]["id"]) == ids.key(subnet):
                    found[one["properties"]["privateIPAddress"]] = f"{nic.id}/ipConfigurations/{one['name']}"
    return found


# writing


def check_dns_server(resource: ids.ResourceId, server: str) -> None:
    """Raise ArmError for a DNS server that is no address. A NIC may also say that it takes Azure's own."""
    try:
        ipaddress.ip_address(server)
    except ValueError:
        message = f"DNS server '{server}' of {resource} is not a valid IP address."
        raise network_error(400, "InvalidDnsServerIpAddress", message) from None


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "nic")
    network.check_name(identifier.name)
    network.check_shape(request.body, _SHAPE)
    location, tags = place(cloud, request, identifier)
    given = request.body.get("properties") or {}
    found = cloud.store.get(identifier)
    network.refuse_if_going(cloud, identifier)
    kept = ip_configurations.checked(cloud, identifier, location, given.get("ipConfigurations") or [], found)
    properties = _properties(identifier, given, kept, found)
    path = "properties.networkSecurityGroup"
    group = network.reference(given.get("networkSecurityGroup"), path)
    if group:
        nsg = network.referred(cloud, group, path, kinds.NSG, location, str(identifier))
        properties["networkSecurityGroup"] = {"id": str(nsg.id)}
    before = attach.asgs_of(found) if found else set()
    moved = found is not None and _moved(cloud, found, kept)
    nic = Resource(identifier, location, tags, properties)
    # Who is a member of a group, and at which address, counts for the rules of others too.
    asgs = before ^ attach.asgs_of(nic) | (before if moved else set())
    return network.write(
        cloud, request, nic, _PACE, render, lambda: _apply(cloud, identifier, asgs), is_new=found is None
    )


def _properties(
    identifier: ids.ResourceId, given: dict[str, Any], configurations: list[dict[str, Any]], found: Resource | None
) -> dict[str, Any]:
    settings = given.get("dnsSettings") or {}
    for server in settings.get("dnsServers") or []:
        if server != "AzureProvidedDNS":
            check_dns_server(identifier, server)
    dns: dict[str, Any] = {
        "dnsServers": [one for one in settings.get("dnsServers") or [] if one != "AzureProvidedDNS"],
        "appliedDnsServers": [],
    }
    if settings.get("internalDnsNameLabel"):
        dns["internalDnsNameLabel"] = settings["internalDnsNameLabel"]
        dns["internalFqdn"] = f"{settings['internalDnsNameLabel']}.{_INTERNAL_SUFFIX}"
    return {
        "resourceGuid": found.properties["resourceGuid"] if found else str(uuid.uuid4()),
        "ipConfigurations": configurations,
        "dnsSettings": {**dns, "internalDomainNameSuffix": _INTERNAL_SUFFIX},
        "enableAcceleratedNetworking": bool(given.get("enableAcceleratedNetworking")),
        "vnetEncryptionSupported": False,
        "enableIPForwarding": bool(given.get("enableIPForwarding")),
        "disableTcpStateTracking": bool(given.get("disableTcpStateTracking")),
        "hostedWorkloads": [],
        "tapConfigurations": [],
        "nicType": "Standard",
        "allowPort25Out": False,
        **{member: _auxiliary(identifier, member, given.get(member)) for member in _AUXILIARY},
    }


def _auxiliary(identifier: ids.ResourceId, member: str, value: str | None) -> str:
    if value is None:
        return "None"
    known = spelled(value, _AUXILIARY[member])
    if known is None:
        message = f"Value '{value}' of {member} in {identifier} is invalid. Allowed values are "
        message += f"{', '.join(_AUXILIARY[member])}."
        raise network_error(400, "InvalidRequestFormat", message)
    return known


def _moved(cloud: Cloud, nic: Resource, after: list[dict[str, Any]]) -> bool:
    """Whether private addresses change; raises ArmError when a VM that uses the NIC could not follow."""

    def places(configurations: list[dict[str, Any]]) -> set[tuple[str, str]]:
        inner = [one["properties"] for one in configurations]
        return {(ids.key(one["subnet"]["id"]), one["privateIPAddress"]) for one in inner}

    before = nic.properties["ipConfigurations"]
    if places(before) == places(after) and [one["properties"]["primary"] for one in before] == [
        one["properties"]["primary"] for one in after
    ]:
        return False
    vm = attach.vm_of(cloud, nic)
    if vm is None:
        return True
    refuse_if_busy(cloud, vm.id)
    old, new = (
        {ids.key(ids.parse(one["properties"]["subnet"]["id"]).parent or "") for one in configurations}
        for configurations in (before, after)
    )
    if old != new:
        message = (
            f"Subnet of network interface {nic.id} cannot be changed to one of another virtual network while {vm.id} "
            "uses it."
        )
        raise network_error(400, "SubnetChangeNotAllowedAcrossVirtualNetworks", message)
    return True


async def _apply(cloud: Cloud, identifier: ids.ResourceId, asgs: set[str]) -> None:
    nic = cloud.store.get(identifier)
    if nic is not None:
        await attach.sync_nics(cloud, [nic])
    await attach.sync_asgs(cloud, asgs)


def delete(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "nic")

    def check(nic: Resource) -> None:
        vm = attach.vm_of(cloud, nic)
        if vm is not None:
            raise network_error(
                400,
                "NicInUse",
                f"Network Interface {nic.id} is used by existing resource {vm.id}. In order to delete the network "
                "interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.",
            )
        attach.refuse_reserved(cloud, nic.id)

    async def effect() -> None:
        nic = cloud.store.get(identifier)
        asgs = attach.asgs_of(nic) if nic else set()
        cloud.store.delete(identifier)
        await attach.sync_asgs(cloud, asgs)

    return network.remove(cloud, request, identifier, check, effect)


# parts


def list_configurations(cloud: Cloud, request: Request) -> Reply:
    nic = existing(cloud, request.resource_id(KIND, "nic"))
    return listing(render(cloud, nic)["properties"]["ipConfigurations"])


def get_configuration(cloud: Cloud, request: Request) -> Reply:
    nic = existing(cloud, request.resource_id(KIND, "nic"))
    for one in render(cloud, nic)["properties"]["ipConfigurations"]:
        if one["name"].lower() == request.params["configuration"].lower():
            return Reply(200, one)
    raise network.not_found(nic.id.child("ipConfigurations", request.params["configuration"]))


def list_load_balancers(cloud: Cloud, request: Request) -> Reply:
    """There are none."""
    existing(cloud, request.resource_id(KIND, "nic"))
    return listing([])
