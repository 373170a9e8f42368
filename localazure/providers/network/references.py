"""Who refers to whom: network interfaces and the VMs, subnets, addresses and groups that belong together."""

from __future__ import annotations

import hashlib
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.machines.machine import PublicAddress
from localazure.protocol import ids
from localazure.providers import kinds
from localazure.store.resources import Resource

# VMs and their interfaces


def vm_of(cloud: Cloud, nic: Resource) -> Resource | None:
    """The VM that a NIC is attached to."""
    return next(iter(cloud.store.referrers(nic.id, kinds.VM)), None)


def nic_of(cloud: Cloud, vm: Resource) -> Resource | None:
    """A VM's network interface."""
    interfaces = vm.properties["networkProfile"]["networkInterfaces"]
    return cloud.store.get(interfaces[0]["id"]) if interfaces else None


def mac_of(nic: ids.ResourceId) -> str:
    """A stable hardware address from Microsoft's range, like 00:0d:3a:1b:2c:3d."""
    digest = hashlib.sha256(ids.key(nic).encode()).digest()
    return ":".join(["00", "0d", "3a", *(f"{byte:02x}" for byte in digest[:3])])


def primary_configuration(nic: Resource) -> dict[str, Any]:
    """The properties of a NIC's primary IP configuration: the one that a machine gets."""
    configurations: list[dict[str, Any]] = [one["properties"] for one in nic.properties["ipConfigurations"]]
    return next((one for one in configurations if one["primary"]), configurations[0])


def ip_configuration_ids(nic: Resource, target: ids.ResourceId) -> list[str]:
    """The ids of a NIC's IP configurations that name `target` (a subnet, a public IP, a group)."""
    found = []
    for one in nic.properties.get("ipConfigurations", ()):
        properties = one["properties"]
        named = [properties.get("subnet"), properties.get("publicIPAddress")]
        named += properties.get("applicationSecurityGroups", ())
        if ids.key(target) in [ids.key(name["id"]) for name in named if name]:
            found.append(f"{nic.id}/ipConfigurations/{one['name']}")
    return found


def asgs_of(nic: Resource) -> set[str]:
    """The ids of the application security groups that a NIC belongs to, in lower case."""
    configurations = nic.properties.get("ipConfigurations", ())
    return {
        ids.key(asg["id"]) for one in configurations for asg in one["properties"].get("applicationSecurityGroups", ())
    }


# subnets


def find_subnet(cloud: Cloud, identifier: ids.ResourceId) -> tuple[Resource, dict[str, Any]] | None:
    """The VNet and the subnet in it that an id names."""
    parent = identifier.parent
    vnet = cloud.store.get(parent) if parent is not None else None
    if vnet is None or identifier.type.lower() != kinds.SUBNET.lower():
        return None
    for subnet in vnet.properties["subnets"]:
        if subnet["name"].lower() == identifier.name.lower():
            return vnet, subnet
    return None


def vnet_and_subnet(cloud: Cloud, nic: Resource) -> tuple[Resource, dict[str, Any]] | None:
    """The VNet and the subnet in it that a NIC's primary IP configuration is in."""
    return find_subnet(cloud, ids.parse(primary_configuration(nic)["subnet"]["id"]))


def addresses_taken(cloud: Cloud, subnet: ids.ResourceId, except_nic: ids.ResourceId | None = None) -> dict[str, str]:
    """Addresses in use in a subnet, each with the IP configuration that has it."""
    found = {}
    for nic in cloud.store.referrers(subnet, kinds.NIC):
        if except_nic is None or ids.key(nic.id) != ids.key(except_nic):
            for one in nic.properties["ipConfigurations"]:
                if ids.key(one["properties"]["subnet"]["id"]) == ids.key(subnet):
                    found[one["properties"]["privateIPAddress"]] = f"{nic.id}/ipConfigurations/{one['name']}"
    return found


# addresses and groups


def public_address(cloud: Cloud, nic: Resource) -> PublicAddress | None:
    """The public address of a NIC with its name, once it has one."""
    reference = primary_configuration(nic).get("publicIPAddress")
    public_ip = cloud.store.get(reference["id"]) if reference else None
    if public_ip is None or not public_ip.properties.get("ipAddress"):
        return None
    return PublicAddress(public_ip.properties["ipAddress"], (public_ip.properties.get("dnsSettings") or {}).get("fqdn"))


def user_of_public_ip(cloud: Cloud, public_ip: Resource) -> str | None:
    """The id of the IP configuration that has a public address."""
    for nic in cloud.store.referrers(public_ip.id, kinds.NIC):
        return ip_configuration_ids(nic, public_ip.id)[0]
    return None


def gateway_of_public_ip(cloud: Cloud, public_ip: Resource) -> str | None:
    """The id of the NAT gateway that has a public address."""
    return next((str(one.id) for one in cloud.store.referrers(public_ip.id, kinds.NAT_GATEWAY)), None)


def subnets_with_nsg(cloud: Cloud, group: ids.ResourceId) -> list[str]:
    """The ids of the subnets that a security group protects."""
    return _subnets_with(cloud, "networkSecurityGroup", group)


def subnets_with_gateway(cloud: Cloud, gateway: ids.ResourceId) -> list[str]:
    """The ids of the subnets that go out by a NAT gateway."""
    return _subnets_with(cloud, "natGateway", gateway)


def _subnets_with(cloud: Cloud, member: str, named: ids.ResourceId) -> list[str]:
    return [
        str(vnet.id.child("subnets", subnet["name"]))
        for vnet in cloud.store.referrers(named, kinds.VNET)
        for subnet in vnet.properties["subnets"]
        if ids.key((subnet["properties"].get(member) or {}).get("id", "")) == ids.key(named)
    ]
