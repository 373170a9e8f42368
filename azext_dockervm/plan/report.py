"""What the engine on a host says right now, or the plain reason why it says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from azext_dockervm import advice, names
from azext_dockervm.certs.summary import describe, iso
from azext_dockervm.engine.client import engine_state
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.plan import adopt
from azext_dockervm.plan.arm import Azure
from azext_dockervm.plan.published import closed_ports
from azext_dockervm.plan.view import MachineView, inbound_rules
from azext_dockervm.spec import HostSpec


@dataclass(frozen=True)
class EngineReport:
    """``state`` as ``engine.client.engine_state`` gives it, or None and a ``reason``.

    ``expires`` is read from the certificate shown; from the VM's tag where none was shown. ``closed`` are published
    ports, as (number, protocol), that the security group keeps from everybody; ``priority`` is free for a rule.
    """

    state: dict | None
    reason: str | None
    expires: datetime | None
    closed: tuple[tuple[int, str], ...] = ()
    priority: int = 900

    @property
    def certificate_expires(self) -> str | None:
        return iso(self.expires) if self.expires else None


def ask_engine(azure: Azure, view: MachineView, folder: Path) -> EngineReport:
    noted = adopt.noted_expiry(view.tags.get(names.TAG_CERTIFICATE_EXPIRES))
    reason = _why_not_even_try(view)
    if reason:
        return EngineReport(None, reason, noted)
    endpoint = Endpoint(view.fqdn or view.public_address, view.port, folder)
    try:
        shown = describe(handshake(endpoint)).not_after
    except EngineUnreachable as error:
        elsewhere = " (certificates in another folder? name it with -dc)" if error.kind in ("certificate", "rejected") \
            else ""
        return EngineReport(None, error.cause + elsewhere, noted)
    try:
        state = engine_state(endpoint)
    except EngineUnreachable as error:
        return EngineReport(None, error.cause, shown)
    published = any(port.get("PublicPort") for one in state["containers"] for port in one.get("Ports") or ())
    rules = inbound_rules(azure, view) if published else None
    if rules is None:
        return EngineReport(state, None, shown)
    taken = {rule["properties"]["priority"] for rule in rules}
    return EngineReport(state, None, shown, tuple(closed_ports(state["containers"], rules)),
                        next(number for number in range(900, 4097) if number not in taken))


def warnings(view: MachineView, report: EngineReport, cert_dir: str | None) -> list[str]:
    """What the user should do about this host, each with the command."""
    spec = HostSpec(view.group, view.vm["name"], typed={"-dc": (cert_dir,)} if cert_dir else {},
                    subscription=view.subscription)
    found = []
    if report.expires is not None and adopt.days_left(report.expires) < names.RENEWAL_DAYS:
        found.append(advice.renewal(spec, iso(report.expires), adopt.days_left(report.expires)))
    if report.closed:
        shown = ", ".join(f"{port}/{protocol}" for port, protocol in report.closed)
        command = advice.open_port_command(spec, dict.fromkeys(port for port, _ in report.closed), report.priority)
        found.append(f"Containers publish {shown}, which the network security group keeps from everybody outside. To "
                     f"open it: {command}")
    return found


def _why_not_even_try(view: MachineView) -> str | None:
    if view.power_state not in ("running", "unknown"):
        start = advice.on(HostSpec(view.group, view.vm["name"], subscription=view.subscription), "vm", "start")
        return f"the VM is {view.power_state}; '{start}' starts it"
    if view.port is None:
        address = view.fqdn or view.public_address or "ADDRESS"
        return ("the VM has no dockervm-port tag that names a port: dockervm did not make it, or did not finish. Where "
                f"its engine is known to listen, ask it: docker --tlsverify -H tcp://{address}:PORT info")
    if not (view.fqdn or view.public_address):
        return "the VM has no public address, so it can't be reached from here"
    return None
