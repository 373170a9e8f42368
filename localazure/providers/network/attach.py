"""What ties VMs to the network: which NIC, address and NSGs a VM has, and bringing its machine in line with them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from localazure.arm import ids
from localazure.arm.cloud import Cloud
from localazure.arm.errors import network_error
from localazure.machines.machine import FirewallRule, PublicAddress
from localazure.providers import kinds
from localazure.providers.network import firewall
from localazure.providers.network import rules as security_rules
from localazure.store.resources import Resource

_RESERVATION = "nic-reservation"
_RESERVATION_S = 180.0  # how long Azure keeps the NIC of a VM that never ran


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
    return next(iter(cloud.store.referrers(nic.id, kinds.VM)), None)


def nic_of(cloud: Cloud, vm: Resource) -> Resource | None:
    """A VM's network interface."""
    interfaces = vm.properties["networkProfile"]["networkInterfaces"]
    return cloud.store.get(interfaces[0]["id"]) if interfaces else None


def reserve(cloud: Cloud, nic: ids.ResourceId, vm: ids.ResourceId) -> None:
    """Keep a NIC from other VMs for a while (real seconds; the time scale does not shorten it)."""
    cloud.records.put(_RESERVATION, ids.key(nic), {"vm": str(vm), "until": time.time() + _RESERVATION_S})


def reserved_for(cloud: Cloud, nic: ids.ResourceId) -> str | None:
    """The id of the VM for which a NIC is still reserved."""
    record = cloud.records.get(_RESERVATION, ids.key(nic))
    if record is None:
        return None
    if time.time() < record["until"]:
        return str(record["vm"])
    cloud.records.delete(_RESERVATION, ids.key(nic))
    return None


def refuse_reserved(cloud: Cloud, nic: ids.ResourceId, vm: ids.ResourceId | None = None) -> None:
    """Raise ArmError NicReservedForAnotherVm while a NIC is reserved, unless it is for this VM."""
    reserved = reserved_for(cloud, nic)
    if reserved is not None and (vm is None or ids.key(reserved) != ids.key(vm)):
        raise network_error(
            400,
            "NicReservedForAnotherVm",
            "Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another nic(s) "
            f"or retry after 180 seconds. Reserved VM: {reserved}",
        )


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
    from localazure.providers.compute import instance_metadata  # late: it reads addresses by this module

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
        await instance_metadata.push(cloud, vm)


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
        await sync_nics(cloud, cloud.store.referrers(vnet.id.child("subnets", subnet["name"]), kinds.NIC))


async def sync_asgs(cloud: Cloud, asgs: Iterable[str]) -> None:
    """Bring all machines in line whose NSGs have rules for these application security groups."""
    groups = {ids.key(one.id): one for asg in asgs for one in cloud.store.referrers(asg, kinds.NSG)}
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
    await sync_nics(cloud, cloud.store.referrers(group, kinds.NIC))
    for vnet in cloud.store.referrers(group, kinds.VNET):
        await sync_network(cloud, vnet)
