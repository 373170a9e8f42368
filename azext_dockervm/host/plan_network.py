"""The steps to a host's network: security group, virtual network and address side by side, then the interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.reserved import HOLDS_A_RESERVED_WORD, RESERVED_LABEL
from azext_dockervm.body import network_interface, public_ip, security_group, virtual_network
from azext_dockervm.body.resource import Resource, has_failed, state
from azext_dockervm.errors import AzureRefused
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Ref, Request
from azext_dockervm.flow.step import Alternative, Results, Step
from azext_dockervm.host import plan_guards
from azext_dockervm.host.making import (
    NETWORK_INTERFACE,
    PUBLIC_IP,
    SECURITY_GROUP,
    SUBNET,
    VIRTUAL_NETWORK,
    Making,
    made,
    use,
)
from azext_dockervm.preflight import guards
from azext_dockervm.provision.target import AUTHORITY
from azext_dockervm.spec import prefixes

# How the operation of a PUT ends that another PUT of the same resource has overtaken; the resource is made all the
# same.
SUPERSEDED = frozenset({"Canceled", "CanceledAndSupersededDueToAnotherOperation"})

# Azure's codes for a label that can't be had, and what they mean.
WHY_NO_LABEL = {"DnsRecordInUse": "was taken meanwhile", RESERVED_LABEL: HOLDS_A_RESERVED_WORD}


def steps(making: Making) -> list[Step | Alternative]:
    """Whatever of it somebody else has made is used, and stays as it is; a host may have no public address."""
    address = [_public_ip(making)] if making.has_address else []
    if not making.makes_interface:
        return [*address, _their_interface(making), *plan_guards.steps(making)]
    own = [_security_group(making)] if making.makes_group else []
    return [*own, *_network(making), *address, _network_interface(making), *plan_guards.steps(making)]


def _security_group(making: Making) -> Step:
    spec, existing, kind = making.spec, making.found.security_group, kinds.SECURITY_GROUP
    name = names.network_security_group(spec.name)
    if existing is None:
        return making.write(kind, SECURITY_GROUP, "create", name, security_group.body(spec, making.run_id), undone=True)
    opened = security_group.opened(spec, existing, making.found.docker_port)
    if opened:
        return making.write(kind, SECURITY_GROUP, "open ports in", name, opened)
    return making.mend(kind, SECURITY_GROUP, existing)


def _network(making: Making) -> list[Step]:
    """The network and the host's subnet in it; what somebody else has made is used as it is."""
    spec, existing, inside = making.spec, making.found.virtual_network, making.found.subnet
    if inside is not None and not (existing and virtual_network.is_ours(existing)):
        return [_subnet_is_there(inside)]
    group, name = names.id_parts(existing["id"]) if existing else (spec.group, spec.virtual_network.name)
    subnet = inside["name"] if inside else spec.subnet_name or virtual_network.own_subnet(existing)
    network = _network_itself(making, group, name, subnet)
    if existing is not None and inside is None:
        body = virtual_network.subnet_body(
            spec.network.subnet_prefix or virtual_network.lost_subnet_prefix(existing))
        return [network, making.write(kinds.SUBNET, SUBNET, "create", subnet, body, needs=(AUTHORITY, VIRTUAL_NETWORK),
                                      parent=(name,), group=group)]

    def find(results: Results, _deadline: Deadline) -> Resource:
        return {"id": virtual_network.subnet_id(results[VIRTUAL_NETWORK], subnet)}

    return [network, Step(SUBNET, f"find the subnet '{subnet}' of '{name}'", find, needs=(VIRTUAL_NETWORK,), quiet=True,
                          gives=(kinds.SUBNET.type, (name, subnet)))]


def _network_itself(making: Making, group: str, name: str, subnet: str) -> Step:
    """Never undone: another host may have moved in meanwhile. Only what a create has made is mended."""
    spec, existing, kind = making.spec, making.found.virtual_network, kinds.VIRTUAL_NETWORK
    if existing is None:
        ranges = prefixes.planned(spec.network.network_prefix, spec.network.subnet_prefix)
        body = virtual_network.body(spec, making.run_id, subnet, *ranges)
        return making.write(kind, VIRTUAL_NETWORK, "create", name, body, do=_put_together)
    if not virtual_network.is_ours(existing):
        return use(kind, VIRTUAL_NETWORK, existing)
    return making.mend(kind, VIRTUAL_NETWORK, existing, do=_put_together, group=group)


def _subnet_is_there(subnet: Resource) -> Step:
    return Step(SUBNET, f"use the subnet '{subnet['name']}'", lambda _results, _deadline: subnet, quiet=True,
                known=subnet)


def _public_ip(making: Making) -> Step | Alternative:
    existing, kind = making.found.public_ip, kinds.PUBLIC_IP
    if existing is not None and not making.makes_address:
        return use(kind, PUBLIC_IP, existing)
    if existing is None:
        return _labelled(making, "create", lambda label: public_ip.body(making.spec, making.run_id, label),
                         undone=True)
    if not public_ip.label_of(existing):
        return _labelled(making, "give", lambda label: public_ip.changed(making.spec, existing, label) or existing,
                         words=" a DNS label")
    changed = public_ip.changed(making.spec, existing)
    if changed is None:
        return making.mend(kind, PUBLIC_IP, existing)
    return making.write(kind, PUBLIC_IP, "set the idle time-out of", existing["name"], changed, detail=public_ip.fqdn)


def _labelled(making: Making, verb: str, body: Callable[[str], Resource], **more: Any) -> Step | Alternative:
    """The label was free a moment ago, or could not be asked for; another may have taken it."""
    dns, existing, asked = making.found.dns, making.found.public_ip, making.spec.public_ip
    name = existing["name"] if existing else asked.name if asked else names.public_ip(making.spec.name)

    def step(label: str) -> Step:
        return making.write(kinds.PUBLIC_IP, PUBLIC_IP, verb, name, body(label), detail=public_ip.fqdn, **more)

    def other_label(error: BaseException) -> str | None:
        why = WHY_NO_LABEL.get(error.code or "") if isinstance(error, AzureRefused) else None
        return f"DNS label: '{dns.name}' {why}; taking '{dns.other}'." if why else None

    if dns.other in ("", dns.name):
        return step(dns.name)
    return Alternative((step(dns.name),), (step(dns.other),), other_label)


def _network_interface(making: Making) -> Step:
    spec, existing, kind = making.spec, making.found.network_interface, kinds.NETWORK_INTERFACE
    name, address = names.network_interface(spec.name), Ref(PUBLIC_IP, "id") if making.has_address else None
    group = Ref(SECURITY_GROUP, "id") if making.makes_group else guards.group_id(spec, making.found)
    if existing is None:
        body = network_interface.body(spec, making.run_id, subnet=Ref(SUBNET, "id"), security_group=group,
                                      public_ip=address, address_stays=not making.makes_address,
                                      asgs=[one["id"] for one in making.found.application_groups])
        return making.write(kind, NETWORK_INTERFACE, "create", name, body, undone=True,
                            detail=network_interface.private_address)
    # A group that was there before is the user's to attach: they may guard the subnet instead.
    new = group if making.found.security_group is None else None
    mended = network_interface.mended(existing, security_group=new, public_ip=address)
    if mended is None:
        return use(kind, NETWORK_INTERFACE, existing)
    return making.write(kind, NETWORK_INTERFACE, "mend", name, mended, detail=network_interface.private_address,
                        needs=(*((SECURITY_GROUP,) if making.makes_group else ()), SUBNET,
                               *((PUBLIC_IP,) if address else ())))


def _their_interface(making: Making) -> Step:
    interface = making.found.network_interface
    if interface is None:
        raise AssertionError("what somebody else has made is there")
    return use(kinds.NETWORK_INTERFACE, NETWORK_INTERFACE, interface)


def _put_together(azure: Azure, request: Request) -> Resource:
    """Two creates in a new group and region make its network at once: the one that was overtaken uses the other's."""
    try:
        return made(azure, request)
    except AzureRefused as error:
        if error.code not in SUPERSEDED:
            raise
        refusal = error
    while True:
        found = azure.get(kinds.VIRTUAL_NETWORK, request.group, *request.names)
        if found is None or has_failed(found):
            raise refusal
        if state(found) == "Succeeded":
            return found
        azure.deadline.sleep(2, f"another create makes the virtual network '{request.name}'")
