"""Making an existing host trust this folder's certificate authority, for who is root there by Azure's rights."""

from __future__ import annotations

import ssl
import uuid
from dataclasses import dataclass, replace

from azext_dockervm.advice import host_commands, host_messages, refusals
from azext_dockervm.advice.host_messages import nothing_was_changed, with_sentence
from azext_dockervm.azure import names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import virtual_machine
from azext_dockervm.certs.records import HostRecords
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from azext_dockervm.errors import Conflict, DockerVMError, EngineUnreachable, HostGone, Interrupted
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.execute import PlanFailed, execute
from azext_dockervm.flow.step import Alternative, Listener, Step
from azext_dockervm.host import adopt, certify, server_names, vm_state
from azext_dockervm.host.finished import FinishedHost
from azext_dockervm.host.look import ask_itself, authorities, by_its_word
from azext_dockervm.host.vm_state import VmState
from azext_dockervm.provision.choice import RUN_COMMAND, ProvisionerChoice, as_it_was_set_up, was_finished
from azext_dockervm.provision.run_commands import RunCommands
from azext_dockervm.provision.target import ADDRESS, PROVISIONED, Address, Provisioned, Target
from azext_dockervm.spec.host import HostSpec


@dataclass(frozen=True)
class _Trust:
    """``port`` is the engine's, ``authorities`` those that the host trusts by its own word, () where it said nothing.
    ``ours`` is its certificate where it trusts this folder's authority and is sound."""

    port: int
    authorities: tuple[str, ...] = ()
    ours: Provisioned | None = None


class TrustReplacement:
    """Giving one host a certificate of this folder's CA, which from then on is the one that it trusts.

    ``ask_the_host``, then ``whom_it_cuts_off``, then ``carry_out`` or ``give_up``.
    """

    def __init__(self, azure: Azure, spec: HostSpec, store: CertificateStore, listener: Listener) -> None:
        self.azure, self.store, self.listener = azure, store, listener
        self.spec = spec
        self.run_id = uuid.uuid4().hex[:12]
        self.commands = RunCommands(azure, spec, self.run_id)
        # Known once the host was asked.
        self.seen: VmState
        self.address: Address
        self.trust: _Trust

    def ask_the_host(self) -> None:
        """Whom it trusts and on which port; changes nothing there.

        Raises ``NotFound``, and ``Conflict`` for a VM that is off, that dockervm did not make or that has lost its
        address.
        """
        spec = self.spec
        try:
            self.seen = seen = vm_state.read(self.azure, spec.group, spec.name, spec.subscription)
        except DockerVMError as error:
            raise nothing_was_changed(refusals.with_recommendation(error, spec), host_commands.enable(spec)) from error
        self.spec = spec = _as_it_is(spec, seen)
        adopt.check_runs(spec, seen.vm)
        self.address = _address(spec, seen)
        self.commands = self.commands.on(spec)
        try:
            self.trust = self._ask(self.commands)
        except DockerVMError as error:
            raise self._nothing_changed(error) from error
        presented = self.trust.ours.certificate if self.trust.ours else None
        record = HostRecords(self.store.folder).read(seen.vm["id"])
        further = server_names.taken_over([record, presented], seen.fqdn)
        self.spec = spec.having({"engine.port": self.trust.port, "engine.tls_names": further})
        self.address = replace(self.address, more=further)
        self.commands = self.commands.on(self.spec)

    def whom_it_cuts_off(self) -> str:
        """What the user has to agree to; empty where the host trusts this folder's authority already."""
        if self.trust.ours is not None:
            return ""
        spec, mine = self.spec, self.store.authority_fingerprints()
        noted = (names.tag(self.seen.vm, names.TAG_AUTHORITY) or "").lower()
        theirs = self.trust.authorities or ((noted,) if noted else ())
        if theirs and theirs[0] in mine[:1]:
            return (f"The host '{spec.name}' was set up for the authority in {self.store.folder} already, but it is "
                    "not sound. It is given a certificate of that authority again; whoever else it trusts is cut "
                    "off. Its containers run on; the engine is restarted.")
        whose = (f"the certificate authority with the SHA-256 fingerprint {' or '.join(theirs)}" if theirs
                 else "whatever certificate authority it trusts now (neither it nor its tags say which)")
        own = (f"the authority in {self.store.folder} ({mine[0]})" if mine
               else f"a new authority, which will be made in {self.store.folder}")
        return (f"The host '{spec.name}' shall trust {own}. This cuts off everybody whose certificates come from "
                f"{whose}: their docker clients, scripts and CI jobs are turned away from the moment on. Its "
                "containers run on; the engine is restarted.")

    def was_thought_over(self, seconds: float) -> None:
        """The user took that long to agree."""
        self.azure = self.azure.until(self.azure.deadline.later(seconds))

    def give_up(self) -> None:
        """Nothing is changed; what asking has left is deleted."""
        self.commands.delete(self.listener.warn, False, Deadline(certify.DELETE_RUN_COMMANDS_SECONDS))

    def carry_out(self) -> FinishedHost:
        """Containers run on."""
        try:
            authority = execute([certify.authority(self.store, self.listener)], self.listener, self.azure.deadline)
        except PlanFailed as failure:
            raise self._nothing_changed(failure.cause) from failure.cause
        noted = names.tag(self.seen.vm, names.TAG_PROVISIONER)
        target = Target(self.azure, self.spec, self.run_id, self.commands, resumed=True,
                        finished=bool(was_finished(noted)),
                        has_flags=names.tag(self.seen.vm, names.TAG_SETTINGS) is None)
        try:
            steps = [*self._set_up(target, noted), *certify.finish(
                target, self.store.folder, self.listener,
                vm_run_id=names.tag(self.seen.vm, names.TAG_RUN) or self.run_id)]
            results = execute(steps, self.listener, self.azure.deadline, {**authority, ADDRESS: self.address})
            provisioned, proof = certify.proven(results)
            return FinishedHost(certify.vm_as_noted(results, self.seen.vm), self.spec, self.address, provisioned, proof)
        except PlanFailed as failure:
            raise self._unfinished(failure.cause) from failure.cause
        except KeyboardInterrupt:
            raise self._unfinished(Interrupted("Stopped at once")) from None
        except Exception as error:
            raise self._unfinished(error) from error

    def _set_up(self, target: Target, noted: str | None) -> list[Step | Alternative]:
        unknown = ProvisionerChoice(RUN_COMMAND, "nothing says how the host was set up")
        choice = as_it_was_set_up(self.spec, noted) or unknown
        if self.trust.ours is None:
            further = self.spec.engine.tls_names
            noted_names = server_names.not_taken(virtual_machine.noted_names(self.seen.vm), None, further)
            if noted_names:
                self.listener.warn(host_messages.names_of_tag_alone(self.spec, noted_names, further))
            return certify.set_up(target, choice, (), certify.extension_is_left(target))
        self.listener.say(f"The host '{self.spec.name}' trusts the authority in {self.store.folder} already.")
        ours = replace(self.trust.ours, provisioner=choice.provisioner)
        return [Step(PROVISIONED, "use the certificate", lambda _results, _deadline: ours, quiet=True)]

    def _ask(self, commands: RunCommands) -> _Trust:
        """By TLS from here, else by the host's own check: what its tags say is what somebody once ordered."""
        mine, port = self.store.authority_fingerprints(), self.spec.engine.port
        try:
            shown = handshake(Endpoint(self.address.endpoint, port, self.store.folder))
        except EngineUnreachable:
            shown = None
        if mine and shown:
            certificate = ssl.DER_cert_to_PEM_cert(shown).encode()
            return _Trust(port, mine[:1], Provisioned.of(RUN_COMMAND, certificate, checked=False))
        self.listener.say(f"Asking the host '{self.spec.name}' whom it trusts ...")
        port, answer = ask_itself(commands, port, self.azure.deadline)
        theirs = authorities(answer)
        ours = answer.ok and bool(mine) and mine[0] in theirs
        return _Trust(port, theirs, by_its_word(RUN_COMMAND, answer) if ours else None)

    def _nothing_changed(self, cause: BaseException) -> DockerVMError:
        certify.delete_what_asked(cause, self.commands, self.listener)
        error = refusals.as_extension_error(cause, self.spec)
        error.message = with_sentence(error.message, "Nothing was changed.")
        error.recommendations += (f"To try again: {host_commands.enable(self.spec)}",)
        return error

    def _unfinished(self, cause: BaseException) -> DockerVMError:
        error = refusals.as_extension_error(cause, self.spec)
        if isinstance(error, HostGone):
            error.recommendations = (
                f"To make the host anew: {host_commands.create_by_owner(self.spec)}",
                f"To delete what is left of it: {host_commands.delete(self.spec)}")
            return error
        error.message = with_sentence(error.message, f"The host '{self.spec.name}' may trust either authority now.")
        error.recommendations += (f"To go on: {host_commands.enable(self.spec)}",)
        return error


def _as_it_is(spec: HostSpec, seen: VmState) -> HostSpec:
    """What the host is, as far as giving it a certificate needs it."""
    return spec.having({"location": seen.vm["location"], "engine.port": seen.port or spec.engine.port,
                        "tags": names.own_tags(seen.vm), **virtual_machine.noted_docker(seen.vm),
                        "login.user": virtual_machine.user_name(seen.vm) or spec.login.user})


def _address(spec: HostSpec, seen: VmState) -> Address:
    if names.tag(seen.vm, names.TAG_HOST) is None:
        raise Conflict(f"The VM '{spec.name}' was not made by dockervm. It was left as it is.",
                       "To see which were: " + host_commands.list_hosts(spec.subscription))
    known_by_address = names.is_address(names.endpoint_tag(seen.vm))
    if known_by_address and seen.endpoint:
        return Address(seen.fqdn, seen.public_address, seen.private_address or "")
    if not seen.fqdn or not seen.public_address:
        raise Conflict(f"The host '{spec.name}' has no public address with a name, which its certificate has to say. "
                       "It was left as it is.",
                       "Whoever holds its certificates gives it one again with the command that made it: "
                       + host_commands.create_by_owner(spec))
    return Address(seen.fqdn, seen.public_address, seen.private_address or "")
