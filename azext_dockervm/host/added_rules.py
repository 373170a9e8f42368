"""Rules that creates of a host have added to security groups of others: found by name and description, and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import guard, network_interface, virtual_machine, virtual_network
from azext_dockervm.body.guard import Guard
from azext_dockervm.body.resource import Resource
from azext_dockervm.flow.request import Request
from azext_dockervm.preflight.look import unknown_if_forbidden
from azext_dockervm.spec.host import HostSpec


@dataclass(frozen=True)
class AddedRule:
    group_id: str       # of the security group
    name: str

    @property
    def request(self) -> Request:
        group, security_group = names.id_parts(self.group_id)
        return Request("DELETE", kinds.SECURITY_RULE.type, group, (security_group, self.name))

    def delete(self, azure: Azure, spec: HostSpec) -> None:
        """Unless somebody has made it theirs since."""
        request = self.request
        if guard.is_of_host(azure.get(kinds.SECURITY_RULE, request.group, *request.names), spec.name):
            azure.send(request)


def find(azure: Azure, spec: HostSpec, vm: Resource | None, interface: Resource | None, own: Resource | None,
         network: Resource | None) -> tuple[tuple[AddedRule, ...], list[str]]:
    """The rules, and names of the groups of others that the host's own ``interface`` stands behind. ``own`` is its own
    group, ``network`` its virtual network where that was read."""
    goes, interface = interface is not None, interface or _interface_of(azure, vm)
    if interface is None:
        return (), []
    behind = network_interface.security_group_id(interface) or ""
    theirs = behind if behind and behind.lower() != ((own or {}).get("id") or "").lower() else ""
    # The group's id begins that of everything in it.
    host_group = azure.resource_id(kinds.VM, spec.group, spec.name).partition("/providers/")[0]
    found = tuple(rule for group_id in dict.fromkeys((theirs, _of_subnet(azure, interface, network)))
                  if group_id for rule in _rules(azure, spec, group_id, host_group))
    return found, [names.id_parts(theirs)[1]] if theirs and goes else []


def _interface_of(azure: Azure, vm: Resource | None) -> Resource | None:
    """One that somebody else has made."""
    used = virtual_machine.interfaces(vm)
    if not used:
        return None
    return unknown_if_forbidden(lambda: azure.get(kinds.NETWORK_INTERFACE, *names.id_parts(used[0])))()


def _of_subnet(azure: Azure, interface: Resource, network: Resource | None) -> str:
    """The id of the group that guards the subnet; empty where there is none, or it is not told."""
    subnet_id = network_interface.subnet_id(interface)
    if subnet_id is None:
        return ""
    inside = virtual_network.subnet_by_id(network, subnet_id)
    if network is None:
        group, name = names.id_parts(subnet_id.rpartition("/subnets/")[0])
        inside = unknown_if_forbidden(lambda: azure.get(kinds.SUBNET, group, name, names.id_parts(subnet_id)[1]))()
    return virtual_network.subnet_group_id(inside) or ""


def _rules(azure: Azure, spec: HostSpec, group_id: str, host_group: str) -> Iterator[AddedRule]:
    found = unknown_if_forbidden(lambda: azure.get(kinds.SECURITY_GROUP, *names.id_parts(group_id)))()
    if found is not None:
        yield from (AddedRule(found["id"], rule["name"]) for rule in Guard(found, host_group).own(spec).values())
