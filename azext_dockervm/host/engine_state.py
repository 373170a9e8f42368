"""What the engine on a host says right now, or the plain reason why it says nothing."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from azext_dockervm.advice import docker_commands, host_commands, network_commands
from azext_dockervm.advice.host_messages import certificate_ends, why_deallocated
from azext_dockervm.azure import names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import virtual_machine
from azext_dockervm.body.knock import Knock
from azext_dockervm.certs.summary import describe, iso
from azext_dockervm.engine.client import engine_state
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.host import docker_disk, renewal
from azext_dockervm.host.published_ports import closed_ports
from azext_dockervm.host.vm_state import VmState, security_rules
from azext_dockervm.spec.host import Given, HostSpec


@dataclass(frozen=True)
class EngineState:
    """``state`` as ``engine.client.engine_state`` gives it, or None and a ``reason``.

    ``expires`` is read from the certificate shown; from the VM's tag where none was shown. ``closed`` are published
    ports, as (number, protocol), that the security group keeps from everybody; ``priority`` is free for a rule.
    """

    state: dict[str, Any] | None
    reason: str | None
    expires: datetime | None
    closed: tuple[tuple[int, str], ...] = ()
    priority: int = 900

    @property
    def certificate_expires(self) -> str | None:
        return iso(self.expires) if self.expires else None


def ask_engine(azure: Azure, vm_state: VmState, folder: Path) -> EngineState:
    noted = renewal.noted_expiry(vm_state.tags.get(names.TAG_CERTIFICATE_EXPIRES))
    reason = _why_not_even_try(vm_state)
    address, port = vm_state.endpoint, vm_state.port
    if reason or address is None or port is None:
        return EngineState(None, reason, noted)
    endpoint = Endpoint(address, port, folder)
    try:
        shown = describe(handshake(endpoint)).not_after
    except EngineUnreachable as error:
        elsewhere = " (certificates in another folder? name it with -dc)" if error.kind in ("certificate", "rejected") \
            else ""
        missing = docker_disk.why_not_attached(_host(vm_state), vm_state.vm)
        reason = f"{missing[0]}: {error.cause}. {missing[1]}" if missing else error.cause + elsewhere
        return EngineState(None, reason, noted)
    try:
        state = engine_state(endpoint)
    except EngineUnreachable as error:
        return EngineState(None, error.cause, shown)
    published = any(port.get("PublicPort") for one in state["containers"] for port in one.get("Ports") or ())
    rules = security_rules(azure, vm_state) if published else None
    if rules is None:
        return EngineState(state, None, shown)
    taken = {rule["properties"]["priority"] for rule in rules}
    free = next(number for number in range(900, 4097) if number not in taken)
    return EngineState(state, None, shown, tuple(closed_ports(state["containers"], rules, _knock(vm_state))), free)


def _knock(vm_state: VmState) -> Knock:
    """Anybody from outside; of a host without a public address, from its network."""
    at = ipaddress.ip_network(vm_state.private_address) if vm_state.private_address else None
    return Knock(inside=vm_state.public_address is None, at=at)


def warnings(vm_state: VmState, engine: EngineState, cert_dir: str | None) -> list[str]:
    """What the user should do about this host, each with the command."""
    given = {"cert_dir": Given(("-dc", cert_dir))} if cert_dir else {}
    spec = HostSpec(vm_state.group, vm_state.vm["name"], given=given, subscription=vm_state.subscription)
    found = []
    if engine.expires is not None and renewal.days_left(engine.expires) < names.RENEWAL_DAYS:
        found.append(certificate_ends(spec, iso(engine.expires), renewal.days_left(engine.expires)))
    if engine.closed:
        shown = ", ".join(f"{port}/{protocol}" for port, protocol in engine.closed)
        command = network_commands.open_port(spec, dict.fromkeys(port for port, _ in engine.closed), engine.priority)
        found.append(f"Containers publish {shown}, which the network security group keeps from everybody outside. To "
                     f"open it: {command}")
    return found


def _host(vm_state: VmState) -> HostSpec:
    return HostSpec(vm_state.group, vm_state.vm["name"], subscription=vm_state.subscription)


def _why_not_even_try(vm_state: VmState) -> str | None:
    if vm_state.power_state not in ("running", "unknown"):
        start = host_commands.start(_host(vm_state))
        state = why_deallocated(vm_state.power_state, virtual_machine.is_spot(vm_state.vm))
        return f"the VM is {state}; '{start}' starts it"
    if vm_state.port is None:
        command = docker_commands.on_unknown_port(vm_state.endpoint)
        return ("the VM has no dockervm-port tag that names a port: dockervm did not make it, or did not finish. Where "
                f"its engine is known to listen, ask it: {command}")
    if not vm_state.endpoint:
        return "the VM has no public address, so it can't be reached from here"
    return None
