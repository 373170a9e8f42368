"""What ties VMs to the network: which NIC, address and NSGs a VM has, and bringing its machine in line with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localazure.arm import ids
from localazure.arm.cloud import Cloud
from localazure.machines.machine import FirewallRule, PublicAddress
from localazure.providers.network import firewall
from localazure.store.resources import Resource

NIC = "Microsoft.Network/networkInterfaces"
VNET = "Microsoft.Network/virtualNetworks"
VM = "Microsoft.Compute/virtualMachines"


def ip_configuration_ids(nic: Resource, target: ids.ResourceId) -> list[str]:
    """The ids of a NIC's IP configurations that name `target` (a subnet or a public IP)."""
    found = []
    for one in nic.properties.get("ipConfigurations", ()):
        properties = one["properties"]
        named = [(properties.get(member) or {}).get("id", "") for member in ("subnet", "publicIPAddress")]
        if ids.key(target) in (ids.key(name) for name in named):
            found.append(f"{nic.id}/ipConfigurations/{one['name']}")
    return found


def primary_configuration(nic: Resource) -> dict[str, Any]:
    """The properties of a NIC's first IP configuration: the one that a machine gets."""
    properties: dict[str, Any] = nic.properties["ipConfigurations"][0]["properties"]
    return properties


def vm_of(cloud: Cloud, nic: Resource) -> Resource | None:
    """The VM that a NIC is attached to."""
    return next(iter(cloud.store.referrers(nic.id, VM)), None)


def nic_of(cloud: Cloud, vm: Resource) -> Resource | None:
    """A VM's network interface."""
    interfaces = vm.properties["networkProfile"]["networkInterfaces"]
    return cloud.store.get(interfaces[0]["id"]) if interfaces else None


def subnet_and_vnet(cloud: Cloud, nic: Resource) -> tuple[dict[str, Any], Resource] | None:
    """The subnet (as its VNet keeps it) and the VNet of a NIC."""
    identifier = ids.parse(primary_configuration(nic)["subnet"]["id"])
    vnet = cloud.store.get(identifier.parent) if identifier.parent else None
    if vnet is None:
        return None
    for subnet in vnet.properties["subnets"]:
        if subnet["name"].lower() == identifier.name.lower():
            return subnet, vnet
    return None


def public_address(cloud: Cloud, nic: Resource) -> PublicAddress | None:
    """The public address of a NIC with its name, once it has one."""
    reference = primary_configuration(nic).get("publicIPAddress")
    public_ip = cloud.store.get(reference["id"]) if reference else None
    if public_ip is None or not public_ip.properties.get("ipAddress"):
        return None
    return PublicAddress(public_ip.properties["ipAddress"], (public_ip.properties.get("dnsSettings") or {}).get("fqdn"))


def rules(cloud: Cloud, nic: Resource) -> list[FirewallRule] | None:
    """The NSG rules that hold for a NIC: its own and its subnet's joined; None where there is neither."""
    place = subnet_and_vnet(cloud, nic)
    references = [
        (place[0]["properties"] if place else {}).get("networkSecurityGroup"),
        nic.properties.get("networkSecurityGroup"),
    ]
    groups = [cloud.store.get(one["id"]) for one in references if one]
    lists = [firewall.rules_of(group) for group in groups if group is not None]
    if not lists:
        return None
    prefixes = place[1].properties["addressSpace"]["addressPrefixes"] if place else []
    return lists[0] if len(lists) == 1 else firewall.both(lists[0], lists[1], prefixes)


async def sync(cloud: Cloud, vm: Resource) -> None:
    """Bring a VM's machine in line: its NSG rules first, then its public address and name."""
    if not vm.hidden.get("machine"):
        return
    machine = vm.hidden["machine"]
    async with cloud.lock(vm.id, "network"):
        nic = nic_of(cloud, vm)
        if nic is None or cloud.store.get(vm.id) is None:
            return
        # A deallocated VM keeps static addresses, but nothing answers there.
        address = public_address(cloud, nic) if vm.hidden.get("power") != "deallocated" else None
        await cloud.blocking(cloud.platform.machine_firewall, machine, rules(cloud, nic))
        await cloud.blocking(cloud.platform.machine_expose, machine, address)


async def sync_nics(cloud: Cloud, nics: Iterable[Resource]) -> None:
    """Bring the machines of these NICs in line."""
    for nic in nics:
        vm = vm_of(cloud, nic)
        if vm is not None:
            await sync(cloud, vm)


async def sync_network(cloud: Cloud, vnet: Resource) -> None:
    """Bring all machines of a VNet in line (a subnet's NSG may have changed)."""
    for subnet in vnet.properties["subnets"]:
        await sync_nics(cloud, cloud.store.referrers(vnet.id.child("subnets", subnet["name"]), NIC))


async def sync_nsg(cloud: Cloud, group: ids.ResourceId) -> None:
    """Bring all machines in line that an NSG protects, by their NIC or by their subnet."""
    await sync_nics(cloud, cloud.store.referrers(group, NIC))
    for vnet in cloud.store.referrers(group, VNET):
        await sync_network(cloud, vnet)
