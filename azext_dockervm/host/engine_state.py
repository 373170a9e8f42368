"""What the engine on a host says right now, or the plain reason why it says nothing."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from azext_dockervm.advice import network_commands
from azext_dockervm.advice.host_messages import certificate_ends
from azext_dockervm.azure import names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import security_rule, virtual_machine
from azext_dockervm.body.knock import Knock
from azext_dockervm.body.resource import Resource
from azext_dockervm.certs.summary import describe, iso
from azext_dockervm.engine.client import engine_state
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.host import docker_disk, renewal
from azext_dockervm.host.cause import NOT_DIALLED, Cause, Facts, authorities_held, conclude
from azext_dockervm.host.published_ports import closed_ports
from azext_dockervm.host.vm_state import VmState, security_rules
from azext_dockervm.provision.choice import was_finished
from azext_dockervm.spec.host import Given, HostSpec


@dataclass(frozen=True)
class EngineState:
    """``state`` as ``engine.client.engine_state`` gives it, or None and a ``reason``.

    ``cause`` is what the reason comes from. ``expires`` is read from the certificate shown; from the VM's tag where
    none was shown. ``closed`` are published ports, as (number, protocol), that the security group keeps from
    everybody; ``openers`` are the commands that open these.
    """

    state: dict[str, Any] | None
    reason: str | None
    expires: datetime | None
    closed: tuple[tuple[int, str], ...] = ()
    openers: tuple[str, ...] = ()
    cause: Cause | None = None

    @property
    def certificate_expires(self) -> str | None:
        return iso(self.expires) if self.expires else None


def ask_engine(azure: Azure, vm_state: VmState, folder: Path, cert_dir: str | None = None) -> EngineState:
    """``cert_dir`` is the folder as it was typed, for the commands."""
    noted = renewal.noted_expiry(vm_state.tags.get(names.TAG_CERTIFICATE_EXPIRES))
    facts = _facts(vm_state, folder, cert_dir)
    address, port, before = vm_state.endpoint, vm_state.port, conclude(facts)
    # An unfinished host may answer all the same: its last tag could not be written.
    if address is None or port is None or (before is not None and before.key in NOT_DIALLED):
        return _unreachable(before, noted)
    endpoint = Endpoint(address, port, folder)
    try:
        shown = describe(handshake(endpoint)).not_after
    except EngineUnreachable as error:
        admits = _admitted(azure, vm_state) if error.kind == "timeout" else None
        return _unreachable(conclude(replace(facts, wire=error, admits=admits)), noted)
    try:
        state = engine_state(endpoint)
    except EngineUnreachable as error:
        return EngineState(None, error.cause, shown)
    published = any(port.get("PublicPort") for one in state["containers"] for port in one.get("Ports") or ())
    rules = security_rules(azure, vm_state) if published else None
    if rules is None:
        return EngineState(state, None, shown)
    closed = tuple(closed_ports(state["containers"], rules, _knock(vm_state)))
    return EngineState(state, None, shown, closed, _openers(_host(vm_state, cert_dir), vm_state, closed, rules))


def _openers(host: HostSpec, vm_state: VmState, closed: Sequence[tuple[int, str]], rules: Sequence[Resource]
             ) -> tuple[str, ...]:
    """A create for TCP, whose list of ports is all that stays open; rules beside it for what a create does not open."""
    group = vm_state.security_group or ""
    commands = []
    tcp = [str(port) for port, protocol in closed if protocol == "tcp"]
    if tcp:
        ours = [rule["properties"] for rule in rules if rule.get("name", "").lower() == names.PORTS_RULE]
        own = [one.lower() for one in (host.group, names.network_security_group(host.name))]
        commands.append(network_commands.open_ports(
            host, [*(port for rule in ours for port in security_rule.ports(rule)), *tcp],
            in_group_of_others=[one.lower() for one in names.id_parts(group)] != own))
    taken = {rule["properties"]["priority"] for rule in rules}
    free = (number for number in range(900, 4097) if number not in taken)
    for kind in dict.fromkeys(protocol for _, protocol in closed if protocol != "tcp"):
        priority, ports = next(free), [str(port) for port, protocol in closed if protocol == kind]
        # Azure's rules know no SCTP: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
        commands.append(network_commands.create_rule(
            host, group, f"allow-{kind}-{priority}", priority, ports, ["*"], "Udp" if kind == "udp" else "*"))
    return tuple(commands)


def _knock(vm_state: VmState) -> Knock:
    """Anybody from outside; of a host without a public address, from its network."""
    at = ipaddress.ip_network(vm_state.private_address) if vm_state.private_address else None
    return Knock(inside=vm_state.public_address is None, at=at)


def warnings(vm_state: VmState, engine: EngineState, cert_dir: str | None) -> list[str]:
    """What the user should do about this host, each with the command."""
    spec = _host(vm_state, cert_dir)
    found = [engine.cause.text] if engine.cause else []
    if engine.expires is not None and renewal.days_left(engine.expires) < names.RENEWAL_DAYS:
        found.append(certificate_ends(spec, iso(engine.expires), renewal.days_left(engine.expires)))
    if engine.closed:
        shown = ", ".join(f"{port}/{protocol}" for port, protocol in engine.closed)
        found.append(f"Containers publish {shown}, which the network security group keeps from everybody outside. To "
                     f"open {'it' if len(engine.closed) == 1 else 'them'}: {' and '.join(engine.openers)}")
    return found


def _host(vm_state: VmState, cert_dir: str | None = None) -> HostSpec:
    given = {"cert_dir": Given(("-dc", cert_dir))} if cert_dir else {}
    return HostSpec(vm_state.group, vm_state.vm["name"], given=given, subscription=vm_state.subscription)


def _unreachable(cause: Cause | None, expires: datetime | None) -> EngineState:
    return EngineState(None, cause.sentence if cause else None, expires, cause=cause)


def _facts(vm_state: VmState, folder: Path, cert_dir: str | None) -> Facts:
    host, vm = _host(vm_state, cert_dir), vm_state.vm
    return Facts(
        host, vm_state.power_state, virtual_machine.is_spot(vm), vm["properties"].get("provisioningState"),
        was_finished(vm_state.tags.get(names.TAG_PROVISIONER)), vm_state.port, vm_state.endpoint,
        vm_state.unread.message if vm_state.unread else None,
        vm_state.tags.get(names.TAG_AUTHORITY, "").lower() or None,
        authorities_held(folder), folder, docker_disk.why_not_attached(host, vm))


def _admitted(azure: Azure, vm_state: VmState) -> tuple[str, ...] | None:
    """Whom the interface's security group lets in at Docker's port; None where that is not known."""
    rules = security_rules(azure, vm_state)
    return None if rules is None or vm_state.port is None else _knock(vm_state).admitted(rules, vm_state.port)
