"""Network interfaces and their IP configurations."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.protocol.errors import network_error
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import existing, refuse_if_busy, spelled
from localazure.providers.model import READ_ONLY, REFERENCE, NotHere, enum, named, obj
from localazure.providers.network import (
    bodies,
    ip_configurations,
    machine_updates,
    model,
    network,
    nic_reservations,
    references,
)
from localazure.store.resources import Resource

KIND = kinds.NIC
_PACE = network.Pace(retry_after=None, duration=0, first_state="Succeeded")
_LINKS = NotHere("PrivateLink", "private link services")
_MODEL = model.resource(
    "NetworkInterface",
    obj(
        "NetworkInterfacePropertiesFormat",
        ipConfigurations=[ip_configurations.MODEL],
        networkSecurityGroup=REFERENCE,
        **named("enableAcceleratedNetworking enableIPForwarding disableTcpStateTracking", bool),
        **named("auxiliaryMode auxiliarySku", str),
        dnsSettings=obj(
            "NetworkInterfaceDnsSettings",
            dnsServers=[str],
            internalDnsNameLabel=str,
            **named("appliedDnsServers internalFqdn internalDomainNameSuffix", READ_ONLY),
        ),
        workloadType=NotHere("WorkloadType", "bare metal"),
        nicType=enum("NetworkInterfaceNicType", "Standard", "Elastic", _LINKS),
        privateLinkService=_LINKS,
        migrationPhase=NotHere("Migration", "migrations of network interfaces"),
        **named(
            "virtualMachine privateEndpoint tapConfigurations macAddress primary vnetEncryptionSupported "
            "defaultOutboundConnectivityEnabled hostedWorkloads dscpConfiguration resourceGuid provisioningState "
            "nicAuxiliarySkuBillingNotificationType allowPort25Out",
            READ_ONLY,
        ),
    ),
)
_AUXILIARY = {
    "auxiliaryMode": ("None", "MaxConnections", "Floating", "AcceleratedConnections"),
    "auxiliarySku": ("None", "A1", "A2", "A4", "A8"),
}
_INTERNAL_SUFFIX = "internal.cloudapp.net"


def routes() -> list[Route]:
    return [
        *network.standard_routes(KIND, "nic", bodies.nic_body, put, delete, expanded),
        *network.part_routes(KIND, "nic", "ipConfigurations", "configuration", _configurations),
        Route("GET", f"{crud.address(KIND, 'nic')}/loadBalancers", list_load_balancers, KIND),
    ]


def expanded(cloud: Cloud, request: Request, nic: Resource) -> dict[str, Any]:
    """With what `$expand` names in full: ipConfigurations/publicIPAddress, …/subnet, networkSecurityGroup."""
    body = bodies.nic_body(cloud, nic)
    wanted = {one.strip().lower() for one in request.query["$expand"].split(",")}
    properties = body["properties"]
    group = properties.get("networkSecurityGroup")
    if "networksecuritygroup" in wanted and group:
        found = cloud.store.get(group["id"])
        properties["networkSecurityGroup"] = bodies.nsg_body(cloud, found) if found else group
    for one in properties["ipConfigurations"]:
        inner = one["properties"]
        public_ip = inner.get("publicIPAddress")
        if "ipconfigurations/publicipaddress" in wanted and public_ip:
            found = cloud.store.get(public_ip["id"])
            inner["publicIPAddress"] = bodies.public_ip_body(cloud, found) if found else public_ip
        if "ipconfigurations/subnet" in wanted:
            whole = references.find_subnet(cloud, ids.parse(inner["subnet"]["id"]))
            inner["subnet"] = bodies.subnet_body(cloud, *whole) if whole else inner["subnet"]
    return body


# writing


def put(cloud: Cloud, request: Request) -> Reply:
    request = model.read(request, _MODEL)
    identifier, location, tags, given, found = network.read_put(cloud, request, KIND, "nic")
    network.refuse_if_going(cloud, identifier)
    kept = ip_configurations.checked(cloud, identifier, location, given.get("ipConfigurations") or [], found)
    properties = _properties(identifier, given, kept, found)
    path = "properties.networkSecurityGroup"
    group = network.reference(given.get("networkSecurityGroup"), path)
    if group:
        nsg = network.referred(cloud, group, path, kinds.NSG, location, str(identifier))
        properties["networkSecurityGroup"] = {"id": str(nsg.id)}
    before = references.asgs_of(found) if found else set()
    moved = found is not None and _moved(cloud, found, kept)
    nic = Resource(identifier, location, tags, properties)
    # Who is a member of a group, and at which address, counts for the rules of others too.
    asgs = before ^ references.asgs_of(nic) | (before if moved else set())
    return network.write(
        cloud, request, nic, _PACE, bodies.nic_body, lambda: _apply(cloud, identifier, asgs), is_new=found is None
    )


def _properties(
    identifier: ids.ResourceId, given: dict[str, Any], configurations: list[dict[str, Any]], found: Resource | None
) -> dict[str, Any]:
    settings = given.get("dnsSettings") or {}
    for server in settings.get("dnsServers") or []:
        if server != "AzureProvidedDNS":
            network.check_dns_server(identifier, server)
    dns: dict[str, Any] = {
        "dnsServers": [one for one in settings.get("dnsServers") or [] if one != "AzureProvidedDNS"],
        "appliedDnsServers": [],
    }
    if settings.get("internalDnsNameLabel"):
        dns["internalDnsNameLabel"] = settings["internalDnsNameLabel"]
        dns["internalFqdn"] = f"{settings['internalDnsNameLabel']}.{_INTERNAL_SUFFIX}"
    return {
        "resourceGuid": network.guid(found),
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
    vm = references.vm_of(cloud, nic)
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
        await machine_updates.sync_nics(cloud, [nic])
    await machine_updates.sync_asgs(cloud, asgs)


def delete(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "nic")

    def check(nic: Resource) -> None:
        vm = references.vm_of(cloud, nic)
        if vm is not None:
            raise network_error(
                400,
                "NicInUse",
                f"Network Interface {nic.id} is used by existing resource {vm.id}. In order to delete the network "
                "interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.",
            )
        nic_reservations.refuse_reserved(cloud, nic.id)

    async def effect() -> None:
        nic = cloud.store.get(identifier)
        asgs = references.asgs_of(nic) if nic else set()
        cloud.store.delete(identifier)
        await machine_updates.sync_asgs(cloud, asgs)

    return network.remove(cloud, request, identifier, check, effect)


# parts


def _configurations(cloud: Cloud, nic: Resource) -> list[dict[str, Any]]:
    return [bodies.ip_configuration_body(nic, one) for one in nic.properties["ipConfigurations"]]


def list_load_balancers(cloud: Cloud, request: Request) -> Reply:
    """There are none."""
    existing(cloud, request.resource_id(KIND, "nic"))
    return listing([])
