"""Machines follow their network: their security rules, private and public addresses are brought in line with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.machines.machine import FirewallRule, Network, Subnet
from localazure.protocol import ids
from localazure.providers import kinds
from localazure.providers.network import firewall, references, rules
from localazure.store.resources import Resource


def rules_of_nic(cloud: Cloud, nic: Resource) -> list[FirewallRule] | None:
    """The NSG rules that hold for a NIC: its own and its subnet's joined; None where there is neither."""
    place = references.vnet_and_subnet(cloud, nic)
    named = [
        (place[1]["properties"] if place else {}).get("networkSecurityGroup"),
        nic.properties.get("networkSecurityGroup"),
    ]
    groups = [cloud.store.get(one["id"]) for one in named if one]
    vnet = place[0] if place else None

    def members(asg: str) -> list[str]:
        return rules.addresses_of(cloud, asg, vnet)

    lists = [firewall.rules_of(group, members) for group in groups if group is not None]
    if not lists:
        return None
    prefixes = vnet.properties["addressSpace"]["addressPrefixes"] if vnet else []
    return lists[0] if len(lists) == 1 else firewall.both(lists[0], lists[1], prefixes)


async def sync(cloud: Cloud, vm: Resource) -> None:
    """Bring a VM's machine in line: its NSG rules first, then its private address, then its public one and its name."""
    if not vm.hidden.get("machine"):
        return
    machine = vm.hidden["machine"]
    async with cloud.lock(vm.id, "network"):
        nic = references.nic_of(cloud, vm)
        if nic is None or cloud.store.get(vm.id) is None:
            return
        # A deallocated VM keeps static addresses, but nothing answers there.
        address = references.public_address(cloud, nic) if vm.hidden.get("power") != "deallocated" else None
        await cloud.blocking(cloud.platform.machine_firewall, machine, rules_of_nic(cloud, nic))
        await _readdress(cloud, vm, nic)
        await cloud.blocking(cloud.platform.machine_expose, machine, address)
        await cloud.after_network_update(cloud, vm)


async def _readdress(cloud: Cloud, vm: Resource, nic: Resource) -> None:
    """Let the machine follow its NIC's private address. A new machine was made with the one that the NIC had."""
    place = references.vnet_and_subnet(cloud, nic)
    now = cloud.store.get(vm.id)
    if place is None or now is None:
        return
    wanted = [references.primary_configuration(nic)["privateIPAddress"], place[1]["properties"]["addressPrefix"]]
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
        vm = references.vm_of(cloud, nic)
        if vm is not None:
            await sync(cloud, vm)


async def sync_network(cloud: Cloud, vnet: Resource) -> None:
    """Bring all machines of a VNet in line (a subnet's NSG may have changed)."""
    for subnet in vnet.properties["subnets"]:
        await sync_nics(cloud, cloud.store.referrers(vnet.id.child("subnets", subnet["name"]), kinds.NIC))


async def sync_asgs(cloud: Cloud, asgs: Iterable[str]) -> None:
    """Bring all machines in line whose NSGs have rules for these application security groups."""
    groups = {ids.key(one.id): one for asg in asgs for one in cloud.store.referrers(asg, kinds.NSG)}
    for group in groups.values():
        await sync_nsg(cloud, group.id)


async def sync_nsg(cloud: Cloud, group: ids.ResourceId) -> None:
    """Bring all machines in line that an NSG protects, by their NIC or by their subnet."""
    await sync_nics(cloud, cloud.store.referrers(group, kinds.NIC))
    for vnet in cloud.store.referrers(group, kinds.VNET):
        await sync_network(cloud, vnet)


def machine_network(cloud: Cloud, vnet: Resource) -> Network:
    """The network as machines know it."""
    found = tuple(
        Subnet(one["name"], one["properties"]["addressPrefix"], _lets_out(cloud, one["properties"]))
        for one in vnet.properties["subnets"]
    )
    return Network(ids.short_id(vnet.id), tuple(vnet.properties["addressSpace"]["addressPrefixes"]), found)


def _lets_out(cloud: Cloud, subnet: dict[str, Any]) -> bool:
    """Whether who has no public address gets out: a gateway takes the place of the address that Azure lends."""
    gateway = cloud.store.get(subnet["natGateway"]["id"]) if subnet.get("natGateway") else None
    if gateway is not None:
        return bool(gateway.properties.get("publicIpAddresses"))
    return subnet.get("defaultOutboundAccess") is not False


async def apply_vnet(cloud: Cloud, identifier: ids.ResourceId) -> None:
    """Bring a network's machines in line with it."""
    vnet = cloud.store.get(identifier)
    if vnet is not None:
        await cloud.blocking(cloud.platform.network_put, machine_network(cloud, vnet))
        await sync_network(cloud, vnet)
