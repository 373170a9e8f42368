"""What is there of a host, whole or half deleted: what is its own and would go, and what would stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from azext_dockervm.advice import host_commands, refusals
from azext_dockervm.advice.host_messages import nothing_was_changed
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.body import network_interface, public_ip, security_group, virtual_machine, virtual_network
from azext_dockervm.body.resource import Resource
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import Conflict, DockerVMError, NotFound
from azext_dockervm.flow.workers import run_in_parallel
from azext_dockervm.host import added_rules
from azext_dockervm.host.added_rules import AddedRule
from azext_dockervm.host.noted import is_host
from azext_dockervm.preflight.look import unknown_if_forbidden
from azext_dockervm.preflight.placement import find_schedule
from azext_dockervm.spec.host import HostSpec


@dataclass(frozen=True)
class Remains:
    """Of the host ``spec`` names; resources as ARM shows them, None where there is none that is the host's own.

    ``virtual_network`` is the one that hosts share. ``kept`` names, for people, what stays though it bears the host's
    names or hangs on its VM. ``data_disks_go``: so was asked. ``disks`` are data disks that were made with a VM which
    is gone, and go.
    """

    spec: HostSpec
    vm: Resource | None
    network_interface: Resource | None
    public_ip: Resource | None
    security_group: Resource | None
    schedule: Resource | None
    virtual_network: Resource | None
    kept: tuple[str, ...] = ()
    data_disks_go: bool = False
    disks: tuple[Resource, ...] = ()
    rules: tuple[AddedRule, ...] = ()       # in security groups of others, which stay
    only_tagged: tuple[str, ...] = ()       # ids of parts that nothing but a tag leads to, which others may write

    @property
    def own(self) -> list[tuple[Kind, Resource]]:
        """All but the network, in the order in which they can go."""
        parts = ((kinds.VM, self.vm), (kinds.NETWORK_INTERFACE, self.network_interface),
                 (kinds.PUBLIC_IP, self.public_ip), (kinds.SECURITY_GROUP, self.security_group),
                 (kinds.SCHEDULE, self.schedule), *((kinds.DISK, disk) for disk in self.disks))
        return [(kind, part) for kind, part in parts if part is not None]

    @property
    def parts(self) -> list[tuple[Kind, Resource]]:
        """All, with the network."""
        network = self.virtual_network
        return [*self.own, *([(kinds.VIRTUAL_NETWORK, network)] if network is not None else [])]


def certain(remains: Remains) -> Remains:
    """What a deletion takes that nobody is asked about: without what only a tag leads to, which is named instead.

    Raises ``NotFound`` where nothing else is left.
    """
    tagged = {one["id"]: (kind, one) for kind, one in remains.parts if one["id"] in remains.only_tagged}
    if not tagged:
        return remains

    def known(part: Resource | None) -> Resource | None:
        return None if part is not None and part["id"] in tagged else part

    words = [f"the {kind.noun} '{part['name']}', which only a tag names ("
             f"{host_commands.delete_resource(remains.spec, part['id'])})" for kind, part in tagged.values()]
    left = replace(
        remains, network_interface=known(remains.network_interface), public_ip=known(remains.public_ip),
        security_group=known(remains.security_group), schedule=known(remains.schedule),
        virtual_network=known(remains.virtual_network), disks=tuple(one for one in remains.disks if known(one)),
        kept=(*remains.kept, *words))
    if not left.parts and not left.rules:
        spec = remains.spec
        named = ", ".join(repr(part["name"]) for _, part in tagged.values())
        raise NotFound(f"Nothing is left of a host '{spec.name}' but what only a tag names, and whoever may write tags "
                       f"may have written that: {named}. It was left as it is.", (
                           f"To be asked about it: {host_commands.delete(spec, remains.data_disks_go)}",
                           *(f"To delete the {kind.noun} '{part['name']}': "
                             f"{host_commands.delete_resource(spec, part['id'])}" for kind, part in tagged.values())))
    return left


def find(azure: Azure, spec: HostSpec, data_disks_go: bool) -> Remains:
    """Raises ``NotFound`` where nothing is there, not even a network that was left with nobody in it, ``Conflict`` for
    a VM that dockervm did not make."""
    try:
        return _find(azure, spec, data_disks_go)
    except DockerVMError as error:
        error = refusals.with_recommendation(error, spec)
        raise nothing_was_changed(error, host_commands.delete(spec, data_disks_go)) from error


def _find(azure: Azure, spec: HostSpec, data_disks_go: bool) -> Remains:
    azure.connect("resources")
    parts = {kinds.VM: spec.name, kinds.NETWORK_INTERFACE: names.network_interface(spec.name),
             kinds.PUBLIC_IP: names.public_ip(spec.name),
             kinds.SECURITY_GROUP: names.network_security_group(spec.name)}
    calls = {kind.type: partial(azure.get, kind, spec.group, name) for kind, name in parts.items()}
    answers = run_in_parallel({**calls, kinds.SCHEDULE.type: partial(find_schedule, azure, spec)}, azure.deadline)
    found: dict[Kind, Resource | None] = {kind: answers[kind.type] for kind in (*parts, kinds.SCHEDULE)}
    _check_vm(spec, found[kinds.VM])
    left = [] if found[kinds.VM] else _left_disks(azure, spec)
    going = left if data_disks_go else []
    own_group = found[kinds.SECURITY_GROUP] if _is_own(spec, found[kinds.SECURITY_GROUP]) else None
    kept = [*_of_others(azure, spec, found),
            *_hanging_on(found[kinds.VM], found[kinds.NETWORK_INTERFACE], data_disks_go),
            *(f"the data disk '{disk['name']}'" for disk in left if not data_disks_go)]
    for kind, why in _not_its_own(spec, found, azure.resource_id(kinds.VM, spec.group, spec.name)):
        part = found[kind] or {}
        kept.append(f"the {kind.noun} '{part['name']}', which {why}")
        found[kind] = None
    there = [part for part in (*found.values(), *going) if part is not None]
    empty = None if there else _empty_network(azure, spec)
    if not there and empty is None:
        stays = f" There is {', and '.join(kept)}." if kept else ""
        raise NotFound(f"There is no host '{spec.name}' in a resource group '{spec.group}', nor anything that was made "
                       f"for one.{stays}", f"The hosts that there are: {host_commands.list_hosts(spec.subscription)}")
    network, theirs = (empty, []) if empty else _network(azure, spec, found, region_of(there[0]))
    rules, groups = added_rules.find(azure, spec, found[kinds.VM], found[kinds.NETWORK_INTERFACE], own_group, network)
    kept += [*theirs, *(one for one in (f"the network security group '{name}'" for name in groups)
                        if not any(told.startswith(one) for told in kept))]
    return Remains(spec, found[kinds.VM], found[kinds.NETWORK_INTERFACE], found[kinds.PUBLIC_IP],
                   found[kinds.SECURITY_GROUP], found[kinds.SCHEDULE], network, tuple(kept), data_disks_go,
                   tuple(going), rules, tuple(_only_tagged(spec, found, going, empty)))


def _check_vm(spec: HostSpec, vm: Resource | None) -> None:
    if vm is None or _is_own(spec, vm):
        return
    advice = ((f"If it is a host all the same, say so with its tag: {host_commands.mark_as_part(spec, vm['id'])}",)
              if is_host(vm) else ())
    raise Conflict(f"The VM '{spec.name}' was not made by dockervm, or its tags were lost. It was left as it is.",
                   (*advice, f"The hosts that there are: {host_commands.list_hosts(spec.subscription)}"))


def _not_its_own(spec: HostSpec, found: dict[Kind, Resource | None], vm_id: str) -> Iterator[tuple[Kind, str]]:
    """What bears the host's names and stays, and why. ``vm_id``: of its VM, which may be gone and still be named."""
    for kind, part in found.items():
        if part is not None and not _is_own(spec, part):
            yield kind, "dockervm did not make, or whose tags were lost"
    interface, address, group = (found[kind] for kind in (
        kinds.NETWORK_INTERFACE, kinds.PUBLIC_IP, kinds.SECURITY_GROUP))
    holder = network_interface.vm_id(interface)
    if interface and _is_own(spec, interface) and holder and holder.lower() != vm_id.lower():
        yield kinds.NETWORK_INTERFACE, f"the VM '{names.id_parts(holder)[1]}' uses"
    user = public_ip.interface_id(address)
    if address and _is_own(spec, address) and user and not _is_at(user, interface):
        yield kinds.PUBLIC_IP, f"the network interface '{names.id_parts(user)[1]}' uses"
    others = [one for one in security_group.users(group) if not _is_at(one, interface)]
    if group and _is_own(spec, group) and others:
        yield kinds.SECURITY_GROUP, f"'{names.id_parts(others[0])[1]}' uses too"


def _hanging_on(vm: Resource | None, interface: Resource | None, data_disks_go: bool) -> list[str]:
    """What others have given the VM, and stays."""
    if vm is None:
        return []
    kept = [f"the network interface '{names.id_parts(one)[1]}'"
            for one in virtual_machine.other_interfaces(vm, (interface or {}).get("id", ""))]
    disks = virtual_machine.data_disks(vm, there_before=True if data_disks_go else None)
    return [*kept, *(f"the data disk '{one}'" for one in disks)]


def _only_tagged(spec: HostSpec, found: dict[Kind, Resource | None], disks: list[Resource], empty: Resource | None
                 ) -> Iterator[str]:
    """Ids of what nothing but a tag says is the host's: neither another part of it leads there, nor does the part bear
    a name that a create gives, and the id of a run. Who may write tags writes them on anything, but renames nothing."""
    vm, interface = found[kinds.VM], found[kinds.NETWORK_INTERFACE]
    usual = {kinds.NETWORK_INTERFACE: names.network_interface(spec.name), kinds.PUBLIC_IP: names.public_ip(spec.name),
             kinds.SECURITY_GROUP: names.network_security_group(spec.name), kinds.SCHEDULE: names.schedule(spec.name)}
    leads = f"{vm and vm['properties']} {interface and interface['properties']}".lower()
    for kind, name in usual.items():
        part = found[kind]
        if part is None or f"'{part['id'].lower()}'" in leads:
            continue
        if part["name"].lower() != name.lower() or not names.tag(part, names.TAG_RUN):
            yield part["id"]
    for disk in disks:
        if not names.is_data_disk(disk["name"], spec.name, names.tag(disk, names.TAG_RUN) or ""):
            yield disk["id"]
    if empty is not None and empty["name"].lower() != names.virtual_network(region_of(empty)).lower():
        yield empty["id"]


def _left_disks(azure: Azure, spec: HostSpec) -> list[Resource]:
    """Data disks of the host, whose VM is gone. Who may not list them has none, as far as can be told."""
    try:
        disks = unknown_if_forbidden(partial(azure.list, kinds.DISK, spec.group))() or []
    except NotFound:        # no such group
        return []
    return [disk for disk in disks if _is_own(spec, disk) and not disk.get("managedBy")
            and not disk["properties"].get("osType")]


def _of_others(azure: Azure, spec: HostSpec, found: dict[Kind, Resource | None]) -> list[str]:
    """What the host has for its public address, whatever it is called: an own one goes into ``found``, one of somebody
    else is named. Where neither VM nor interface leads to one, the tag does."""
    interface = found[kinds.NETWORK_INTERFACE]
    if found[kinds.PUBLIC_IP] is not None:
        return []
    reference = network_interface.public_ip_id(interface) if interface and _is_own(spec, interface) else None
    if reference is not None:
        address = unknown_if_forbidden(lambda: azure.get(kinds.PUBLIC_IP, *names.id_parts(reference)))()
        if _is_own(spec, address):
            found[kinds.PUBLIC_IP] = address
            return []
        return [f"the public IP address '{names.id_parts(reference)[1]}'"]
    if interface is None and found[kinds.VM] is None:
        found[kinds.PUBLIC_IP] = next(iter(_tagged_addresses(azure, spec)), None)
    return []


def _tagged_addresses(azure: Azure, spec: HostSpec) -> list[Resource]:
    try:
        listed = unknown_if_forbidden(lambda: azure.list(kinds.PUBLIC_IP, spec.group))()
    except NotFound:        # no such group
        return []
    return [one for one in listed or () if _is_own(spec, one)]


def _network(azure: Azure, spec: HostSpec, found: dict[Kind, Resource | None], region: str
             ) -> tuple[Resource | None, list[str]]:
    """The one that the host stands in, where a create has made it for all hosts; else it is named, and stays."""
    interface = found[kinds.NETWORK_INTERFACE]
    if interface is None and virtual_machine.interfaces(found[kinds.VM]):
        return None, []     # it stands on what somebody else has made
    group, name = spec.group, names.virtual_network(region)
    network_id = network_interface.virtual_network_id(interface) if interface else None
    if network_id is not None:
        group, name = names.id_parts(network_id)
    if group.lower() == spec.group.lower():
        network = azure.get(kinds.VIRTUAL_NETWORK, group, name)
        if network is None or virtual_network.is_ours(network):
            return network, []
    return None, [f"the virtual network '{name}'"] if network_id else []


def _empty_network(azure: Azure, spec: HostSpec) -> Resource | None:
    """One that hosts have shared, and that a deletion which was cut short has left when the last of them was gone."""
    try:
        networks = azure.list(kinds.VIRTUAL_NETWORK, spec.group)
    except NotFound:        # no such group
        return None
    empty = next((one for one in networks if virtual_network.is_ours(one) and virtual_network.is_unused(one)), None)
    return None if empty and other_hosts(azure, spec, region_of(empty)) else empty


def other_hosts(azure: Azure, spec: HostSpec, region: str) -> list[str]:
    """Names of other hosts of which the group has an address or a security group in the region: one that is just being
    made is not in its network yet. Who may not list those is alone, as far as can be told."""
    found = run_in_parallel({kind.type: unknown_if_forbidden(partial(azure.list, kind, spec.group))
                             for kind in (kinds.PUBLIC_IP, kinds.SECURITY_GROUP)}, azure.deadline)
    tags = {names.tag(part, names.TAG_HOST) for parts in found.values() for part in parts or ()
            if region_of(part) == region}
    return sorted(tag for tag in tags if tag and tag.lower() != spec.name.lower())


def _is_own(spec: HostSpec, part: Resource | None) -> bool:
    return names.is_of_host(part, spec.name)


def _is_at(resource_id: str, part: Resource | None) -> bool:
    return part is not None and part["id"].lower() == resource_id.lower()
