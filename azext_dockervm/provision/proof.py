"""The proof that a host works: the host's own check, and a verified call from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from azext_dockervm.advice import network_commands
from azext_dockervm.certs.summary import describe, have_one_key
from azext_dockervm.engine.client import engine_state
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import turns_strangers_away
from azext_dockervm.engine.wait import FINAL, until_answering
from azext_dockervm.errors import EngineUnreachable, HostFailed
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.waiting import ended_by
from azext_dockervm.provision.script.answer import encoded
from azext_dockervm.provision.target import Address, Provisioned, Target

# Once a host has checked itself, only names and firewalls between here and there can be in the way; a new name takes
# some seconds to appear, a closed port stays closed.
PATIENCE_SECONDS = 30.0
# Where rules let in some addresses alone, packets that are dropped twice, five seconds each, are dropped for ever.
LIMITED_DROPS = 2
# The extension's handler restarts the engine as its last act.
UNCHECKED_PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Proof:
    """``version`` is the engine's, None where it could not be asked; ``cause`` is why it could not, ``wire`` how that
    showed."""

    reachable: bool
    version: str | None = None
    cause: str | None = None
    wire: EngineUnreachable | None = field(default=None, compare=False)


def prove(target: Target, address: Address, provisioned: Provisioned, folder: Path, deadline: Deadline,
          patience: float | None = None) -> Proof:
    """A verified call from here. Where none gets through, the host's own check decides whether the host is sound.

    ``patience`` in seconds; what the host's state asks for where it is None. Raises ``HostFailed`` for a host that is
    not sound, or that lets strangers in.
    """
    endpoint = Endpoint(address.endpoint, target.spec.engine.port, folder)
    usual = PATIENCE_SECONDS if provisioned.checked else UNCHECKED_PATIENCE_SECONDS
    waiting = deadline.within(usual if patience is None else patience)
    while True:
        try:
            shown = until_answering(endpoint, waiting, LIMITED_DROPS if target.is_limited else None)
            return Proof(True, _version(target, provisioned, endpoint, shown, deadline))
        except EngineUnreachable as error:
            # An engine that is being restarted answers once and then does not, or the other way round.
            shut_out = target.is_limited and error.kind == "timeout"
            if error.kind not in FINAL and not shut_out and waiting.remaining() > 1:
                waiting.sleep(min(1.0, waiting.remaining() / 2), error.cause)
                continue
            if not provisioned.checked or error.kind in ("certificate", "expired", "rejected", "protocol"):
                _ask_the_host(target, provisioned, deadline)
            return Proof(False, cause=error.cause, wire=error)


def _version(target: Target, provisioned: Provisioned, endpoint: Endpoint, shown: bytes, deadline: Deadline) -> str:
    """The engine's version, from a host that shows the certificate made for it and turns strangers away.

    Another certificate of the same authority for the same key is as good: it comes of two terminals that finish one
    host at once.
    """
    known = provisioned.certificate
    if describe(shown).fingerprint != provisioned.fingerprint and not (known and have_one_key(shown, known)):
        raise HostFailed(f"{endpoint.docker_host} shows another certificate than the one just made for it.")
    if not turns_strangers_away(endpoint):
        raise HostFailed(f"{endpoint.docker_host} answers clients without a certificate: an open door. Close its port "
                         "before anything else.", network_commands.close_docker_port(target.spec))
    state = ended_by(deadline, f"asking {endpoint.docker_host} for its version", lambda: engine_state(endpoint))
    return str(state["version"]["Version"])


def _ask_the_host(target: Target, provisioned: Provisioned, deadline: Deadline) -> None:
    known = {"DOCKERVM_CERT": encoded(provisioned.certificate)} if provisioned.certificate else {}
    target.commands.run(target.commands.request("check", known), deadline)
