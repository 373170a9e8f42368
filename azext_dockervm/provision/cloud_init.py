"""The cloud-init provisioner, the fast lane: the host sets itself up at first boot, and is certified at its door.

A small server on the host's Docker port, the door, gives the signing request away and takes the certificate, over
mutual TLS with a key of this run alone that came with the custom data. No write in Azure follows the VM's own.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from azext_dockervm.advice.host_messages import silent_mirrors, vm_is_gone
from azext_dockervm.azure import names
from azext_dockervm.door import messages
from azext_dockervm.door.patience import Patience
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from azext_dockervm.errors import EngineUnreachable, HostFailed, HostSilent
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Ref
from azext_dockervm.flow.step import COURSE, Course, Listener, Results, Step
from azext_dockervm.provision import run_commands
from azext_dockervm.provision.choice import CLOUD_INIT
from azext_dockervm.provision.custom_data import fast_lane
from azext_dockervm.provision.host_values import Values, settings_tag, to_install, to_serve
from azext_dockervm.provision.run_command import SILENT_MIRRORS
from azext_dockervm.provision.script.answer import in_words
from azext_dockervm.provision.target import (
    ADDRESS,
    AUTHORITY,
    PROVISIONED,
    Address,
    Provisioned,
    Target,
    names_in_words,
)
from azext_dockervm.provision.unfit import unfit
from azext_dockervm.secret import Secret
from azext_dockervm.spec.host import HostSpec

if TYPE_CHECKING:
    from azext_dockervm.certs.authority import Authority
    from azext_dockervm.certs.one_time import OneTimeIdentity
    from azext_dockervm.door.client import Door

# The keys of the steps.
REQUEST, CERTIFICATE, ENGINE = "door", "certificate", "engine"
# Between two looks, in seconds: at a door that may open at any time; at a host that installs; at an engine that starts.
KNOCK_PAUSE, INSTALL_PAUSE, START_PAUSE = 0.5, 1.0, 0.3
# Seconds of silence after which the VM itself is looked at. Azure allows 12 such reads a minute (azure/kinds).
VM_LOOK_SECONDS = 10.0


def told(spec: HostSpec) -> Values:
    """What the set-up script is told of the host, as it is in the custom data; keys and certificates are not in it."""
    return {"DOCKERVM_PORT": str(spec.engine.port), "DOCKERVM_SSH_PORT": str(spec.network.ssh_port or ""),
            **to_install(spec), **to_serve(spec)}


@dataclass(frozen=True)
class Order:
    """What is ordered with the VM itself: its custom data, and tags that say what will be."""

    spec: HostSpec
    run_id: str
    moment: datetime

    @classmethod
    def of(cls, spec: HostSpec, run_id: str) -> Order:
        return cls(spec, run_id, datetime.now(timezone.utc))

    @cached_property
    def identity(self) -> OneTimeIdentity:
        from azext_dockervm.certs.one_time import OneTimeIdentity

        return OneTimeIdentity.create(self.run_id, self.moment)

    @property
    def custom_data(self) -> Ref:
        """A leaf of the VM's body, secret by the key in it."""
        return Ref(AUTHORITY, via=self.first_boot)

    @property
    def tags(self) -> Mapping[str, str | Ref]:
        """No write follows the VM's: what the set-up shall come to stands there from the beginning."""
        return {**settings_tag(self.spec), names.TAG_PROVISIONER: CLOUD_INIT,
                names.TAG_CERTIFICATE_EXPIRES: Ref(AUTHORITY, via=self.expires)}

    def first_boot(self, authority: Authority) -> Secret[str]:
        """In base64, as a VM's body has it."""
        return Secret(base64.b64encode(self.packed(authority)).decode())

    def packed(self, authority: Authority, spare: int = 0) -> bytes:
        """Raises ``CustomDataTooLong`` where it does not leave as many ``spare`` bytes."""
        spec = self.spec
        return fast_lane(
            told(spec), run_id=self.run_id, authority=authority.certificate_pem,
            door_certificate=self.identity.certificate_pem, door_key=self.identity.key_pem.reveal(),
            users=spec.custom_data, spare=spare)

    def expires(self, authority: Authority) -> str:
        from azext_dockervm.certs.summary import iso

        return iso(authority.server_expiry(self.moment))

    def sign(self, authority: Authority, csr: str, address: Address) -> bytes:
        return authority.sign_request(csr.encode(), address.identity, self.moment)


class Lane:
    """The steps by which one host comes forward. ``vm`` is the key of the step that makes it, beside which they run:
    Azure may report the VM before or after the guest has opened its door."""

    def __init__(self, target: Target, order: Order, folder: Path, listener: Listener, vm: str) -> None:
        self.target, self.order, self.folder, self.listener, self.vm = target, order, folder, listener, vm
        self.patience = Patience(behind_others=target.spec.custom_data is not None,
                                 firewalled=target.spec.machine.image.has_firewall)
        self.told = ""
        self.noted: set[str] = set()
        self.silent_since: float | None = None

    def steps(self) -> list[Step]:
        """door → certificate → engine → provisioned; they need the host's address, not its VM."""
        name = self.target.spec.name

        def sign(results: Results, _deadline: Deadline) -> bytes:
            return self.order.sign(results[AUTHORITY], results[REQUEST], results[ADDRESS])

        return [
            Step(REQUEST, f"wait for '{name}' at its door", self._wait_for_request, needs=(ADDRESS, AUTHORITY)),
            Step(CERTIFICATE, "sign the server's certificate", sign, needs=(REQUEST, AUTHORITY, ADDRESS),
                 detail=names_in_words),
            Step(ENGINE, "hand the certificate in; the host installs Docker and starts it", self._wait_for_engine,
                 needs=(CERTIFICATE, REQUEST, ADDRESS)),
            Step(PROVISIONED, "note the certificate",
                 lambda results, _deadline: Provisioned.of(CLOUD_INIT, results[CERTIFICATE], checked=False),
                 needs=(ENGINE, CERTIFICATE), quiet=True),
        ]

    # What the steps do

    def _wait_for_request(self, results: Results, deadline: Deadline) -> str:
        door = self._door(results)
        while True:
            seen = self._ask(door.state)
            if isinstance(seen, messages.Said) and seen.csr:
                self._tell(seen)
                return seen.csr
            self._wait(seen, results, deadline, KNOCK_PAUSE)

    def _wait_for_engine(self, results: Results, deadline: Deadline) -> None:
        """One certificate for one request: whatever else the door asks for later gets none."""
        door, csr, certificate = self._door(results), results[REQUEST], results[CERTIFICATE].decode()
        engine = Endpoint(results[ADDRESS].number, self.target.spec.engine.port, self.folder)
        certified, pause = messages.digest(certificate), START_PAUSE
        handed_in = False
        while True:
            seen = self._ask(door.state if handed_in else lambda: door.hand_in(csr, certificate))
            if isinstance(seen, messages.Said):
                self._check_same(seen, csr, certified)
                handed_in = handed_in or seen.certified == certified
                pause = START_PAUSE if seen.state == messages.STARTING else INSTALL_PAUSE
            elif self._engine_answers(seen, engine):
                return
            else:
                pause = START_PAUSE
            self._wait(seen, results, deadline, pause)

    def _check_same(self, seen: messages.Said, csr: str, certified: str) -> None:
        if seen.refusal in ("other-request", "other-certificate") or seen.csr not in (None, csr) or (
                seen.certified not in (None, certified)):
            raise HostSilent(f"'{self.target.spec.name}' did not come forward: what stands at its door has another "
                             "signing request, or has taken another certificate.")

    def _engine_answers(self, seen: EngineUnreachable, engine: Endpoint) -> bool:
        """Whether what answered, and was not the door, is the engine with its certificate."""
        if seen.kind in ("timeout", "refused", "dns"):
            return False
        try:
            handshake(engine)
        except EngineUnreachable:
            return False
        return True

    # How they wait

    def _door(self, results: Results) -> Door:
        from azext_dockervm.door.client import Door

        return Door(results[ADDRESS].number, self.target.spec.engine.port, self.order.run_id, self.order.identity,
                    self.folder)

    def _ask(self, ask: Callable[[], messages.Said]) -> messages.Said | EngineUnreachable:
        try:
            return ask()
        except EngineUnreachable as error:
            return error

    def _wait(self, seen: messages.Said | EngineUnreachable, results: Results, deadline: Deadline,
              pause: float) -> None:
        """Tell what is new, and go on in a moment; raises where nothing is to be waited for any more."""
        course: Course = results[COURSE]
        if course.has_failed:
            raise HostSilent("The VM was not made.")
        if isinstance(seen, messages.Said):
            self._tell(seen)
        self._check_vm(seen, course.done.get(self.vm), deadline)
        why = self.patience.look(seen, time.monotonic(), course.done.get(self.vm))
        if why:
            raise HostSilent(f"'{self.target.spec.name}' did not come forward by itself: {why}.")
        deadline.sleep(pause, self._last_seen(seen))

    def _check_vm(self, seen: messages.Said | EngineUnreachable, vm_ended: float | None, deadline: Deadline) -> None:
        """A deleted VM is as silent as one that is late."""
        now = time.monotonic()
        if isinstance(seen, messages.Said) or vm_ended is None:
            self.silent_since = None
            return
        self.silent_since = now if self.silent_since is None else self.silent_since
        if now - self.silent_since < VM_LOOK_SECONDS:
            return
        self.silent_since = now
        spec = self.target.spec
        if self.target.azure.until(deadline).vm_is_gone(spec.group, spec.name):
            raise vm_is_gone(spec)

    def _tell(self, seen: messages.Said) -> None:
        if seen.state == messages.FAILED:
            # At once: the run ends only when Azure has made the VM.
            why = in_words(seen.reason)
            self.listener.say(f"'{self.target.spec.name}' says: {messages.IN_WORDS[seen.state]}: {why}.")
            words = "\n".join(f"    {line}" for line in seen.details)
            error = HostFailed(f"The host's set-up failed: {why}. The host says:\n{words}",
                               run_commands.advice(seen.reason, self.target.spec))
            error.unfit = unfit(seen.reason, seen.details, self.target.spec)
            raise error
        for note in seen.notes:
            word, _, words = note.partition(" ")
            if word == SILENT_MIRRORS and note not in self.noted:
                self.noted.add(note)
                self.listener.warn(silent_mirrors(words.split()))
        if seen.state and seen.state != self.told:
            self.told = seen.state
            self.listener.say(f"'{self.target.spec.name}' says: {messages.IN_WORDS[seen.state]}.")

    def _last_seen(self, seen: messages.Said | EngineUnreachable) -> str:
        if isinstance(seen, messages.Said):
            return f"the host says that {messages.IN_WORDS.get(seen.state, 'it refuses')}"
        return seen.cause


def takes_over(error: BaseException) -> str | None:
    """Why run commands set the host up instead; None for what they could not do either: a set-up that the host itself
    says has failed would fail again in the same way."""
    from azext_dockervm.errors import CertificateError, DeadlinePassed

    if isinstance(error, (HostSilent, DeadlinePassed, CertificateError)):
        return f"{error} run-command takes over."
    return None
