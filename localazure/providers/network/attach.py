"""What ties VMs to the network: which NIC, address and NSGs a VM has, and bringing its machine in line with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localazure.arm import ids
from localazure.arm.cloud import Cloud
from localazure.machines.machine import FirewallRule, PublicAddress
from localazure.providers.network import firewall
from localazure.providers.network import rules as security_rules
from localazure.store.resources import Resource

NIC = "Microsoft.Network/networkInterfaces"
VNET = "Microsoft.Network/virtualNetworks"
VM = "Microsoft.Compute/virtualMachines"


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


def primary_configuration(nic: Resource) -> dict[str, Any]:
    """The properties of a NIC's primary IP configuration: the one that a machine gets."""
    configurations: list[dict[str, Any]] = [one["properties"] for one in nic.properties["ipConfigurations"]]
    return next((one for one in configurations if one["primary"]), configurations[0])


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
    vnet = place[1] if place else None

    def members(asg: str) -> list[str]:
        return security_rules.addresses_of(cloud, asg, vnet)

    lists = [firewall.rules_of(group, members) for group in groups if group is not None]
    if not lists:
        return None
    prefixes = vnet.properties["addressSpace"]["addressPrefixes"] if vnet else []
    return lists[0] if len(lists) == 1 else firewall.both(lists[0], lists[1], prefixes)


async def sync(cloud: Cloud, vm: Resource) -> None:
    """Bring a VM's machine in line: its NSG rules first, then its private address, then its public one and its name."""
    if not vm.hidden.get("machine"):
        return
    from localazure.providers.compute import imds  # late: it reads addresses by this module

    machine = vm.hidden["machine"]
    async with cloud.lock(vm.id, "network"):
        nic = nic_of(cloud, vm)
        if nic is None or cloud.store.get(vm.id) is None:
            return
        # A deallocated VM keeps static addresses, but nothing answers there.
        address = public_address(cloud, nic) if vm.hidden.get("power") != "deallocated" else None
        await cloud.blocking(cloud.platform.machine_firewall, machine, rules(cloud, nic))
        await _readdress(cloud, vm, nic)
        await cloud.blocking(cloud.platform.machine_expose, machine, address)
        await imds.push(cloud, vm)


async def _readdress(cloud: Cloud, vm: Resource, nic: Resource) -> None:
    """Let the machine follow its NIC's private address. A new machine was made with the one that the NIC had."""
    place = subnet_and_vnet(cloud, nic)
    now = cloud.store.get(vm.id)
    if place is None or now is None:
        return
    wanted = [primary_configuration(nic)["privateIPAddress"], place[0]["properties"]["addressPrefix"]]
    known = now.hidden.get("address")
    if known not in (None, wanted):
        await cloud.blocking(cloud.platform.machine_readdress, vm.hidden["machine"], *wanted)
    if known != wanted:
        now = cloud.store.get(vm.id) or now
        now.hidden["address"] = wanted
        cloud.store.put(now)


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


async def sync_asgs(cloud: Cloud, asgs: Iterable[str]) -> None:
    """Bring all machines in line whose NSGs have rules for these application security groups."""
    groups = {ids.key(one.id): one for asg in asgs for one in cloud.store.referrers(asg, security_rules.GROUP)}
    for group in groups.values():
        await sync_nsg(cloud, group.id)


def asgs_of(nic: Resource) -> set[str]:
    """The ids of the application security groups that a NIC belongs to, in lower case."""
    configurations = nic.properties.get("ipConfigurations", ())
    return {
        ids.key(asg["id"]) for one in configurations for asg in one["properties"].get("applicationSecurityGroups", ())
    }


async def sync_nsg(cloud: Cloud, group: ids.ResourceId) -> None:
    """Bring all machines in line that an NSG protects, by their NIC or by their subnet."""
    await sync_nics(cloud, cloud.store.referrers(group, NIC))
    for vnet in cloud.store.referrers(group, VNET):
        await sync_network(cloud, vnet)
