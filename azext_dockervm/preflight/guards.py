"""The security groups of others that guard a host: its interface's, which was named or is there, and its subnet's."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from functools import partial

from azext_dockervm.advice import network_commands
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import network_interface, virtual_network
from azext_dockervm.body.guard import Change, Gap, Guard
from azext_dockervm.body.knock import Knock
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import AzureRefused
from azext_dockervm.flow.request import Ref
from azext_dockervm.flow.workers import run_in_parallel
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import Look, filling
from azext_dockervm.preflight.named import there
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.named import Named

# Which options ask for what the rules of ours are for, by the rules' names.
ASKING = {names.DOCKER_RULE: "docker_port", names.SSH_RULE: "ssh_port", names.PORTS_RULE: "open_ports"}

# Reading them


def _read_guard(azure: Azure, spec: HostSpec, _found: Found) -> Resource | None:
    named = spec.network.security_group
    if not isinstance(named, Named):
        return None
    return there(azure, spec, kinds.SECURITY_GROUP, named, "--nsg", network_commands.list_security_groups(spec))


def _read_application_groups(azure: Azure, spec: HostSpec, _found: Found) -> tuple[Resource, ...]:
    named = spec.network.application_groups
    return tuple(run_in_parallel({str(index): partial(
        there, azure, spec, kinds.APPLICATION_GROUP, one, "--asgs", "To make it: " +
        network_commands.create_application_group(spec, one.group_or(spec.group), one.name))
        for index, one in enumerate(named)}, azure.deadline).values())


# In the first round; one that is named for a host that is there already is read in vain.
BY_NAME: tuple[Look, ...] = (
    filling("guard", _read_guard, lambda spec, _found: isinstance(spec.network.security_group, Named)),
    filling("application_groups", _read_application_groups,
            lambda spec, _found: bool(spec.network.application_groups)))


def _is_followed(spec: HostSpec, found: Found) -> bool:
    return found.guard is None and _has_decided(spec, found) and reference(found) != "" and not is_at(
        found.security_group, reference(found))


def _follow(azure: Azure, _spec: HostSpec, found: Found) -> Resource:
    behind = reference(found)
    try:
        return azure.get(kinds.SECURITY_GROUP, *names.id_parts(behind)) or {"id": behind}
    except AzureRefused as error:
        if error.status != 403:
            raise
        return {"id": behind}


# In the second round: what an interface that is there stands behind.
FOLLOWED = filling("guard", _follow, _is_followed)


# Whose they are


def sorted_out(spec: HostSpec, found: Found) -> Found:
    """``found`` with what of the security groups guards the host: its own, or somebody's."""
    guard, own = found.guard, found.security_group
    if _has_decided(spec, found):
        return replace(found, guard=guard if guard is not None and is_at(guard, reference(found)) and not is_at(
            own, guard["id"]) else None)
    if spec.network.security_group is None:
        return found
    if guard is not None and own is not None and is_at(own, guard["id"]) and names.is_of_host(own, spec.name):
        return replace(found, guard=None)       # named, and yet the host's own
    return replace(found, security_group=None)


def makes_group(spec: HostSpec, found: Found) -> bool:
    """Whether the host has, or is to have, a security group of its own."""
    if found.interfaces:
        return False
    if found.security_group is not None:
        return True
    if found.network_interface is not None and _has_decided(spec, found):
        # One that is guarded by its subnet alone was made so, be it that this login can't read that group.
        return (spec.network.security_group is None and not reference(found)
                and virtual_network.subnet_group_id(found.subnet) is None)
    return spec.network.security_group is None


def group_id(spec: HostSpec, found: Found) -> str | None:
    """Of somebody's group that the host's interface is to stand behind."""
    return None if found.guard is None or makes_group(spec, found) else str(found.guard["id"])


def guards(spec: HostSpec, found: Found) -> list[Guard]:
    """Those of others, the interface's first."""
    own = makes_group(spec, found)
    subnet = virtual_network.subnet_group_id(found.subnet) if found.subnet is not None else None
    unread = {"id": subnet} if subnet is not None else None
    every = (None if own else found.guard, found.subnet_group or unread)
    by_id = {one["id"].lower(): one for one in every if one is not None}
    return [Guard(one, (found.group or {}).get("id", "")) for one in by_id.values()]


def _has_decided(spec: HostSpec, found: Found) -> bool:
    """Whether what is there tells which group guards the host: its VM's interface, one that was named, or one that an
    earlier create has left behind a group, where no other is asked for now."""
    behind = reference(found)
    own = [one.lower() for one in (spec.group, names.network_security_group(spec.name))]
    left = spec.network.security_group is None and behind and [
        one.lower() for one in names.id_parts(behind)] != own
    return found.vm is not None or bool(found.interfaces) or bool(left)


def reference(found: Found) -> str:
    """The id of the group that the interface stands behind; empty where there is none."""
    return network_interface.security_group_id(found.network_interface) or ""


def is_at(resource: Resource | None, resource_id: str) -> bool:
    return resource is not None and resource["id"].lower() == resource_id.lower()


# What they let in


def as_it_is(spec: HostSpec, found: Found) -> HostSpec:
    port = None if "docker_port" in spec.given else found.docker_port
    return spec.having({"engine.port": port}) if port else spec


def knock(spec: HostSpec, found: Found) -> Knock:
    """Whoever is outside; inside, where the host has no public address."""
    has_none = found.is_private or (found.vm is None and spec.public_ip is None)
    groups = {one["id"].lower() for one in found.application_groups}
    return Knock(inside=found.public_ip is None and has_none, at=_place(spec, found),
                 groups=frozenset(groups or network_interface.application_groups(found.network_interface)))


def _place(spec: HostSpec, found: Found) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    address = network_interface.private_address_if_any(found.network_interface) or spec.network.private_address
    if address:
        return ipaddress.ip_network(address)
    inside = (found.subnet or {}).get("properties") or {}
    prefixes = [one for one in (inside.get("addressPrefix"), *(inside.get("addressPrefixes") or ())) if one]
    return ipaddress.ip_network(prefixes[0]) if len(set(prefixes)) == 1 else None


def asked(spec: HostSpec, found: Found) -> list[str]:
    """The names of the rules that matter: of a host that exists those alone that something was typed for."""
    everything = found.vm is None or "open" in spec.given
    return [name for name, option in ASKING.items() if everything or option in spec.given]


def changes(spec: HostSpec, found: Found, guard: Guard, run_id: str, at: str | Ref, only: bool = False
            ) -> list[Change]:
    """What a create writes into a group of others: where it was asked to, and rules of its own."""
    if not guard.is_known():
        return []
    spec = as_it_is(spec, found)
    gaps = [gap for gap in guard.gaps(spec, knock(spec, found), asked(spec, found)) if may_add(spec, guard, gap)]
    return guard.changes(spec, run_id, () if only else gaps, at, None if only else found.docker_port, only)


def may_add(spec: HostSpec, guard: Guard, gap: Gap) -> bool:
    return gap.priority is not None and (spec.network.adds_rules or gap.rule in guard.own(spec))
