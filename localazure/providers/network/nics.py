"""Network interfaces and their private addresses."""

from __future__ import annotations

import hashlib
import ipaddress
import uuid
from typing import Any, TypeGuard

from localazure.arm import ids, shape
from localazure.arm.cloud import Cloud
from localazure.arm.errors import ArmError, network_error, reference_not_found
from localazure.arm.request import Reply, Request
from localazure.arm.router import Route
from localazure.providers.common import envelope, place
from localazure.providers.network import attach, network, nsgs, public_ips, vnets
from localazure.store.resources import Resource

KIND = attach.NIC
_PACE = network.Pace(retry_after=None, duration=0, first_state="Succeeded")
_CONFIGURATION: dict[str, Any] = {
    "name": str,
    "properties": {
        "privateIPAddress": str,
        "privateIPAllocationMethod": str,
        "privateIPAddressVersion": str,
        "primary": bool,
        "subnet": shape.SUB_RESOURCE,
        "publicIPAddress": {"id": str, "properties": {"deleteOption": str}},
    },
}
_SHAPE: dict[str, Any] = {
    "properties": {
        "ipConfigurations": [_CONFIGURATION],
        "networkSecurityGroup": shape.SUB_RESOURCE,
        "enableAcceleratedNetworking": bool,
        "enableIPForwarding": bool,
        "dnsSettings": {"dnsServers": [str]},
    }
}


def routes() -> list[Route]:
    return network.standard_routes(KIND, "nic", render, put, delete, expanded)


def mac_of(nic: ids.ResourceId) -> str:
    """A stable hardware address from Microsoft's range, like 00:0d:3a:1b:2c:3d."""
    digest = hashlib.sha256(ids.key(nic).encode()).digest()
    return ":".join(["00", "0d", "3a", *(f"{byte:02x}" for byte in digest[:3])])


def render(cloud: Cloud, nic: Resource) -> dict[str, Any]:
    properties = {"provisioningState": nic.state, **nic.properties}
    properties["ipConfigurations"] = [
        {
            "name": one["name"],
            "id": f"{nic.id}/ipConfigurations/{one['name']}",
            "etag": f'W/"{nic.etag}"',
            "type": f"{KIND}/ipConfigurations",
            "properties": {"provisioningState": nic.state, **one["properties"]},
        }
        for one in nic.properties["ipConfigurations"]
    ]
    vm = attach.vm_of(cloud, nic)
    if vm is not None:
        properties["virtualMachine"] = {"id": str(vm.id)}
        properties["primary"] = True
        properties["macAddress"] = mac_of(nic.id).upper().replace(":", "-")
    return envelope(nic, properties, etag=True)


def expanded(cloud: Cloud, request: Request, nic: Resource) -> dict[str, Any]:
    """With what `$expand` names in full: ipConfigurations/publicIPAddress, …/subnet, networkSecurityGroup."""
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
            place_ = vnets.find_subnet(cloud, ids.parse(inner["subnet"]["id"]))
            inner["subnet"] = vnets.render_subnet(cloud, *place_) if place_ else inner["subnet"]
    return body


# private addresses


def _taken(cloud: Cloud, subnet: ids.ResourceId, except_nic: ids.ResourceId) -> dict[str, str]:
    """Addresses in use in a subnet, each with the IP configuration that has it."""
    found = {}
    for nic in cloud.store.referrers(subnet, KIND):
        if ids.key(nic.id) != ids.key(except_nic):
            for one in nic.properties["ipConfigurations"]:
                if ids.key(one["properties"]["subnet"]["id"]) == ids.key(subnet):
                    found[one["properties"]["privateIPAddress"]] = f"{nic.id}/ipConfigurations/{one['name']}"
    return found


def _choose(prefix: str, subnet: ids.ResourceId, taken: dict[str, str], wanted: str | None) -> str:
    """The wanted address, or the first free one. Azure keeps the first four of a subnet and the last."""
    network_ = ipaddress.IPv4Network(prefix)
    if wanted is None:
        for offset in range(4, network_.num_addresses - 1):
            if str(network_[offset]) not in taken:
                return str(network_[offset])
        raise network_error(400, "SubnetIsFull", f"Subnet {subnet.name} with address prefix {prefix} is already full.")
    try:
        address = ipaddress.IPv4Address(wanted)
    except ValueError:
        raise network_error(
            400, "InvalidIPAddressFormat", f"IP address {wanted} is not a valid IPv4 address."
        ) from None
    if address not in network_:
        message = f"Private static IP address {wanted} does not belong to the range of subnet prefix {prefix}."
        raise network_error(400, "PrivateIPAddressNotInSubnet", message)
    if address in [network_[at] for at in (0, 1, 2, 3, -1)]:
        message = f"Private static IP address {wanted} falls within reserved IP range of subnet prefix {prefix}."
        raise network_error(400, "PrivateIPAddressInReservedRange", message)
    if wanted in taken:
        message = f"IP configuration's private IP address {wanted} is already allocated to resource {taken[wanted]}."
        raise network_error(400, "PrivateIPAddressIsAllocated", message)
    return str(address)


# writing


def _configuration(
    cloud: Cloud, nic: ids.ResourceId, location: str, given: dict[str, Any], before: dict[str, Any] | None
) -> dict[str, Any]:
    name = given.get("name") or ""
    network.check_name(name)
    source = f"{nic}/ipConfigurations/{name}"
    properties = given.get("properties") or {}
    subnet_id = (properties.get("subnet") or {}).get("id")
    if not subnet_id:
        raise network_error(
            400, "SubnetNotSpecifiedInIpConfiguration", f"IP configuration {source} must name a subnet."
        )
    subnet = ids.parse(subnet_id, "properties.ipConfigurations[0].properties.subnet.id")
    found = vnets.find_subnet(cloud, subnet)
    if found is None or found[0].location != location or found[0].state == "Deleting":
        raise reference_not_found(subnet_id, source)
    if found[0].state == "Updating":
        # What the service says while a subnet is still being made; without Retry-After.
        message = f"A retryable error occurred: resource {subnet_id} is in provisioning state Updating."
        raise network_error(429, "RetryableError", message)
    method = properties.get("privateIPAllocationMethod") or "Dynamic"
    wanted = properties.get("privateIPAddress") if method.lower() == "static" else None
    if method.lower() == "static" and not wanted:
        message = f"IP configuration {source} uses static allocation but does not have a private IP address."
        raise network_error(400, "PrivateIPAddressNotSpecified", message)
    old = (before or {}).get("properties", {})
    if wanted is None and old and ids.key(old["subnet"]["id"]) == ids.key(subnet):
        wanted = old["privateIPAddress"]  # an address once given stays until the subnet changes
    kept: dict[str, Any] = {
        "privateIPAddress": _choose(
            found[1]["properties"]["addressPrefix"], subnet, _taken(cloud, subnet, nic), wanted
        ),
        "privateIPAllocationMethod": "Static" if method.lower() == "static" else "Dynamic",
        "subnet": {"id": subnet_id},
        "primary": True,
        "privateIPAddressVersion": "IPv4",
    }
    public_ip = properties.get("publicIPAddress")
    if public_ip and public_ip.get("id"):
        kept["publicIPAddress"] = _public_ip(cloud, nic, location, source, public_ip)
    return {"name": name, "properties": kept}


def _usable(found: Resource | None, location: str, kind: str) -> TypeGuard[Resource]:
    """Whether a resource that is named is there, stays, and is of the right kind and region."""
    return found is not None and found.location == location and found.type == kind and found.state != "Deleting"


def _public_ip(cloud: Cloud, nic: ids.ResourceId, location: str, source: str, given: dict[str, Any]) -> dict[str, Any]:
    identifier = ids.parse(given["id"], "properties.ipConfigurations[0].properties.publicIPAddress.id")
    found = cloud.store.get(identifier)
    if not _usable(found, location, public_ips.KIND):
        raise reference_not_found(given["id"], source)
    for user in cloud.store.referrers(identifier, KIND):
        if ids.key(user.id) != ids.key(nic):
            other = attach.ip_configuration_ids(user, identifier)[0]
            message = (
                f"Resource {source} is referencing public IP address {found.id} that is already allocated to "
                f"resource {other}."
            )
            raise network_error(400, "PublicIPAddressInUse", message)
    kept: dict[str, Any] = {"id": str(found.id)}
    option = (given.get("properties") or {}).get("deleteOption")
    if option:
        if option not in ("Delete", "Detach"):
            message = f"The deleteOption '{option}' of {found.id} is invalid. Allowed values are Delete, Detach."
            raise network_error(400, "InvalidDeleteOption", message)
        kept["properties"] = {"deleteOption": option}
    return kept


def put(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "nic")
    network.check_name(identifier.name)
    shape.check(request.body, _SHAPE)
    location, tags = place(cloud, request, identifier)
    given = request.body.get("properties") or {}
    configurations = given.get("ipConfigurations") or []
    if not configurations:
        message = f"Network interface {identifier} must have one or more IP configurations."
        raise network_error(400, "NetworkInterfaceMustHaveAtLeastOneIpConfiguration", message)
    if len(configurations) > 1:
        message = "Local Azure gives a network interface one IP configuration only."
        raise network_error(400, "MultipleIpConfigurationsNotSupportedByLocalAzure", message)
    found = cloud.store.get(identifier)
    before = found.properties["ipConfigurations"][0] if found else None
    kept = [_configuration(cloud, identifier, location, configurations[0], before)]
    if found is not None and before is not None:
        _refuse_moving(cloud, found, before, kept[0])
    network.refuse_if_busy(cloud, identifier)
    properties = _properties(given, kept, found)
    group = (given.get("networkSecurityGroup") or {}).get("id")
    if group:
        nsg = cloud.store.get(ids.parse(group, "properties.networkSecurityGroup.id"))
        if not _usable(nsg, location, nsgs.KIND):
            raise reference_not_found(group, str(identifier))
        properties["networkSecurityGroup"] = {"id": str(nsg.id)}
    nic = Resource(identifier, location, tags, properties)
    return network.write(cloud, request, nic, _PACE, render, lambda: _apply(cloud, identifier), is_new=found is None)


def _properties(given: dict[str, Any], configurations: list[dict[str, Any]], found: Resource | None) -> dict[str, Any]:
    servers = (given.get("dnsSettings") or {}).get("dnsServers") or []
    return {
        "resourceGuid": found.properties["resourceGuid"] if found else str(uuid.uuid4()),
        "ipConfigurations": configurations,
        "dnsSettings": {
            "dnsServers": servers,
            "appliedDnsServers": [],
            "internalDomainNameSuffix": "internal.cloudapp.net",
        },
        "enableAcceleratedNetworking": bool(given.get("enableAcceleratedNetworking")),
        "vnetEncryptionSupported": False,
        "enableIPForwarding": bool(given.get("enableIPForwarding")),
        "disableTcpStateTracking": False,
        "hostedWorkloads": [],
        "tapConfigurations": [],
        "nicType": "Standard",
        "allowPort25Out": False,
        "auxiliaryMode": "None",
        "auxiliarySku": "None",
    }


def _refuse_moving(cloud: Cloud, nic: Resource, before: dict[str, Any], after: dict[str, Any]) -> None:
    """A machine's address is fixed once it was made: neither subnet nor private address of its NIC can change."""
    vm = attach.vm_of(cloud, nic)
    old, new = before["properties"], after["properties"]
    moved = old["privateIPAddress"] != new["privateIPAddress"] or ids.key(old["subnet"]["id"]) != ids.key(
        new["subnet"]["id"]
    )
    if vm is not None and moved:
        message = f"Local Azure can't change the subnet or private address of {nic.id} while {vm.id} uses it."
        raise ArmError(400, "NicPrivateAddressFixedByLocalAzure", message, details=[])


async def _apply(cloud: Cloud, identifier: ids.ResourceId) -> None:
    nic = cloud.store.get(identifier)
    if nic is not None:
        await attach.sync_nics(cloud, [nic])


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
        reservation = cloud.reservation(nic.id)
        if reservation is not None:
            raise network_error(
                400,
                "NicReservedForAnotherVm",
                "Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another "
                f"nic(s) or retry after 180 seconds. Reserved VM: {reservation}",
            )

    async def effect() -> None:
        cloud.store.delete(identifier)

    return network.remove(cloud, request, identifier, check, effect)
