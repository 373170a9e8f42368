"""What the engine on a host says right now, or the plain reason why it says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from azext_dockervm.certs.summary import describe, iso
from azext_dockervm.engine.client import engine_state
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.names import TAG_CERTIFICATE_EXPIRES
from azext_dockervm.plan.view import MachineView


@dataclass(frozen=True)
class EngineReport:
    """``state`` as ``engine.client.engine_state`` gives it, or None and a ``reason``.

    ``certificate_expires`` (ISO 8601) is read from the certificate shown; from the VM's tag where none was shown.
    """

    state: dict | None
    reason: str | None
    certificate_expires: str | None


def ask_engine(view: MachineView, folder: Path) -> EngineReport:
    noted = view.tags.get(TAG_CERTIFICATE_EXPIRES)
    reason = _why_not_even_try(view)
    if reason:
        return EngineReport(None, reason, noted)
    endpoint = Endpoint(view.fqdn or view.public_address, view.port, folder)
    try:
        shown = iso(describe(handshake(endpoint)).not_after)
    except EngineUnreachable as error:
        elsewhere = " (certificates in another folder? name it with -dc)" if error.kind in ("certificate", "rejected") \
            else ""
        return EngineReport(None, error.cause + elsewhere, noted)
    try:
        return EngineReport(engine_state(endpoint), None, shown)
    except EngineUnreachable as error:
        return EngineReport(None, error.cause, shown)


def _why_not_even_try(view: MachineView) -> str | None:
    if view.power_state not in ("running", "unknown"):
        return f"the VM is {view.power_state}; 'az vm start -g {view.group} -n {view.vm['name']}' starts it"
    if view.port is None:
        address = view.fqdn or view.public_address or "ADDRESS"
        return ("the VM has no dockervm-port tag: dockervm did not make it, or did not finish. Where its engine is "
                f"known to listen, ask it: docker --tlsverify -H tcp://{address}:PORT info")
    if not (view.fqdn or view.public_address):
        return "the VM has no public address, so it can't be reached from here"
    return None
