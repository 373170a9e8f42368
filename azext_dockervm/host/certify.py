"""Giving a host its certificate: by the provisioner of choice, then proof, tags, tidying; one way for all commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from azext_dockervm.advice import host_commands
from azext_dockervm.advice.certificates import new_client
from azext_dockervm.advice.host_messages import vm_is_gone
from azext_dockervm.advice.refusals import in_warning
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.names import EXTENSION_TYPE
from azext_dockervm.body import virtual_machine
from azext_dockervm.body.resource import Resource, state
from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.records import HostRecords, signed_last
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.certs.summary import iso
from azext_dockervm.errors import (
    AzureRefused,
    AzureUnreachable,
    CertificateError,
    DeadlinePassed,
    DockerVMError,
    HostFailed,
    HostGone,
    Interrupted,
    LoginRequired,
    NotFound,
)
from azext_dockervm.flow.deadline import Deadline, Limit, at_most, of_its_own, part_of_the_rest
from azext_dockervm.flow.request import Ref, Request
from azext_dockervm.flow.step import Alternative, Listener, Results, Step
from azext_dockervm.provision import cloud_init, docker_extension, run_command
from azext_dockervm.provision.choice import RUN_COMMAND, ProvisionerChoice
from azext_dockervm.provision.proof import Proof, prove
from azext_dockervm.provision.run_commands import RunCommands
from azext_dockervm.provision.target import ADDRESS, AUTHORITY, PROVISIONED, Provisioned, Target
from azext_dockervm.spec.host import HostSpec

# The part of the time left that the Docker VM extension may use before run-command takes over, and the most of it in
# seconds: where it worked it took some 270 (2017).
EXTENSION_SHARE = 0.5
EXTENSION_SECONDS = 480.0
REMOVAL_SHARE = 0.3
# The part of the time left within which a host comes forward by itself, before run-command takes over.
LANE_SHARE = 0.6
# For removing an extension that an earlier run left: long enough for the agent's round trip, short enough to wait.
SECOND_REMOVAL_SECONDS = 120.0
# Azure's code for an extension or a run command that the VM's agent could not do.
BLOCKED = "VMExtensionProvisioningError"
# What comes after the proof has a time of its own, so that neither a time-out nor what hangs holds a host that works.
NOTE_SECONDS = 60.0
DELETE_RUN_COMMANDS_SECONDS = 120.0

# The keys of the steps whose results others read.
PROOF, TAGS = "proof", "tags"


# Certificates of the folder


def authority(store: CertificateStore, listener: Listener) -> Step:
    """First and alone: a full disk or a folder that takes no file must not cost a round of making and undoing."""
    told: list[str] = [str(store.folder)]

    def ensure(_results: Results, _deadline: Deadline) -> Authority:
        change = store.ensure()
        for warning in change.warnings:
            listener.warn(warning)
        if change.created:
            told[0] = f"made in {store.folder}"
        elif change.client_issued:
            kept = f"; the old files are in {change.backup}" if change.backup else ""
            told[0] = f"{new_client(store.folder, change.client_words or '')}{kept}"
        return store.load_authority()

    return Step(AUTHORITY, "certificate authority and client certificate", ensure, detail=lambda _result: told[0])


# Set-up


def set_up(target: Target, choice: ProvisionerChoice, after: tuple[str, ...], leftover_extension: bool = False,
           lane: cloud_init.Lane | None = None) -> list[Step | Alternative]:
    """Set the host up, or give it a new certificate: the steps to ``PROVISIONED``, which begin after those that
    ``after`` names. ``leftover_extension``: an earlier try left the Docker VM extension on the VM. ``lane``: where
    cloud-init was chosen, how the host comes forward by itself."""
    if lane is not None:
        return [Alternative(tuple(lane.steps()), tuple(run_command.steps(target, after)), cloud_init.takes_over,
                            part_of_the_rest(LANE_SHARE))]
    if choice.provisioner == RUN_COMMAND:
        if target.resumed and leftover_extension:
            # Now: what follows starts Docker again.
            removal = _remove_extension(target, after, at_most(SECOND_REMOVAL_SECONDS))
            return [removal, *run_command.steps(target, (removal.key,))]
        return [*run_command.steps(target, after)]
    by_extension = docker_extension.steps(target, after)
    if not choice.falls_back:
        return [*by_extension]
    removal = _remove_extension(target, after, part_of_the_rest(REMOVAL_SHARE))
    return [Alternative(tuple(by_extension), (removal, *run_command.steps(target, (removal.key,))), _why_take_over,
                        part_of_the_rest(EXTENSION_SHARE, EXTENSION_SECONDS))]


def _why_take_over(error: BaseException) -> str | None:
    if isinstance(error, (HostFailed, DeadlinePassed, AzureRefused)):
        return f"{error} It is removed; run-command takes over."
    return None


def extension_is_left(target: Target) -> bool:
    """Whether an earlier try left the Docker VM extension there; one that Azure is busy with may be another terminal's.
    Where it may not be read it counts as none."""
    return _state_of_extension(target) not in ("", "Creating", "Updating", "Deleting")


def _state_of_extension(target: Target) -> str:
    spec = target.spec
    try:
        return state(target.azure.get(kinds.EXTENSION, spec.group, spec.name, EXTENSION_TYPE))
    except Interrupted:
        raise
    except DockerVMError:
        return ""


def unblocking(target: Target, refusal: BaseException) -> Step | None:
    """The step that lets a host that was never finished be asked after all: an extension that has failed blocks others
    that are new, and nobody knows whether run commands count. None where the refusal is another."""
    blocked = isinstance(refusal, AzureRefused) and refusal.code == BLOCKED
    if not blocked or target.finished or _state_of_extension(target) != "Failed":
        return None
    return _remove_extension(target, (), at_most(SECOND_REMOVAL_SECONDS))


def tell_of_extension(target: Target, provisioner: str, listener: Listener) -> None:
    """The rest of a failed try on a host that works is left to the user: deleting it stops Docker."""
    if provisioner == RUN_COMMAND and extension_is_left(target):
        listener.warn(f"The Docker VM extension, which did not set '{target.spec.name}' up, is still on it. "
                      f"{_why_to_delete_extension(target.spec)}")


def _why_to_delete_extension(spec: HostSpec) -> str:
    delete = host_commands.delete_extension(spec)
    return ("Other extensions may refuse to install beside it. To delete it, which stops Docker until the same create "
            f"starts it again: {delete}")


def _remove_extension(target: Target, after: tuple[str, ...], limit: Limit) -> Step:
    """In a limited time, and before Docker is started: the agent removes an extension only after its handler has
    stopped Docker, which it can't where it never got Docker installed. Then the resource stays, with a warning."""
    spec = target.spec
    request = Request("DELETE", kinds.EXTENSION.type, spec.group, (spec.name, EXTENSION_TYPE))

    def warning(error: BaseException) -> str | None:
        return None if isinstance(error, (Interrupted, LoginRequired)) else f"{error} {_why_to_delete_extension(spec)}"

    return Step("remove_extension", "delete the Docker VM extension",
                lambda _results, deadline: target.azure.until(deadline).send(request), request, after, limit=limit,
                forgiven=warning)


# Proof and what comes after it


def finish(target: Target, folder: Path, listener: Listener, *, vm_run_id: str, patience: float | None = None,
           before: Sequence[Step] = (), further: Sequence[Step] = ()) -> list[Step]:
    """Prove the host, note it in its tags, tidy: the steps to ``PROOF`` (a ``Proof``) and ``TAGS`` (the VM).

    ``vm_run_id`` is of the run that made the VM. ``before`` come before the proof, ``further`` between tags and
    tidying, one after the other: Azure takes one change of a VM at a time. Whatever fails after the proof is a warning,
    since the host works; but ``HostGone`` is raised for one that was deleted meanwhile.
    """
    spec = target.spec
    proof = Step(PROOF, f"verified call of Docker on '{spec.name}', port {spec.engine.port}",
                 lambda results, deadline: prove(target, results[ADDRESS], results[PROVISIONED], folder, deadline,
                                                 patience),
                 needs=(PROVISIONED, ADDRESS, *(step.key for step in before)), detail=_seen)
    steps, last = [*before, _record(target, folder, listener), proof], proof
    for step in (_note(target, vm_run_id), *further, _delete_run_commands(target, listener)):
        last = _after_the_proof(spec, step, last)
        steps.append(last)
    return steps


def _record(target: Target, folder: Path, listener: Listener) -> Step:
    """Whom the host's certificate names is known from it alone later, whatever tags say."""
    spec = target.spec

    def keep(results: Results, _deadline: Deadline) -> None:
        certificate, records = results[PROVISIONED].certificate, HostRecords(folder)
        vm_id = target.azure.resource_id(kinds.VM, spec.group, spec.name)
        if certificate is None or signed_last([certificate, records.read(vm_id)]) != certificate:
            return
        try:
            records.keep(vm_id, certificate)
        except CertificateError as error:
            listener.warn(f"The names in the certificate of '{spec.name}' were not recorded: {error.message}")

    return Step("record", "record the server's certificate", keep, needs=(PROVISIONED,), quiet=True)


def _seen(proof: Proof) -> str:
    return f"Docker {proof.version}" if proof.reachable else "not reachable from here"


def _after_the_proof(spec: HostSpec, step: Step, before: Step) -> Step:
    def warning(error: BaseException) -> str | None:
        if isinstance(error, (HostGone, Interrupted)):
            return None
        return (f"The host works, but this failed: {step.title}: {in_warning(error)}\n"
                f"The same create again does what is left: {host_commands.create_again(spec)}")

    return replace(step, needs=(*step.needs, before.key), forgiven=warning,
                   limit=step.limit or of_its_own(NOTE_SECONDS))


def _note(target: Target, vm_run_id: str) -> Step:
    """The VM's tags: what the set-up has come to."""
    spec = target.spec
    known = virtual_machine.tags(replace(spec, tags=target.new_tags), vm_run_id, {
        names.TAG_FQDN: Ref(ADDRESS, "endpoint"), names.TAG_PROVISIONER: Ref(PROVISIONED, "provisioner"),
        names.TAG_AUTHORITY: Ref(AUTHORITY, "fingerprint"),
        names.TAG_CERTIFICATE_EXPIRES: Ref(PROVISIONED, "expires", via=iso), **target.noted})
    request = Request("PATCH", kinds.VM.type, spec.group, (spec.name,), {"tags": known})

    def note(results: Results, deadline: Deadline) -> Resource:
        ready, made = request.resolved(results), results.get(target.ordered_in)
        if made is not None and all(names.tag(made, name) == value for name, value in ready.body["tags"].items()):
            return cast(Resource, made)     # it has come to what was ordered
        try:
            return cast(Resource, target.azure.until(deadline).send(ready))
        except NotFound as error:
            # Right after its creation Azure may not find a VM everywhere yet.
            if target.azure.until(deadline).get(kinds.VM, spec.group, spec.name) is not None:
                raise
            raise vm_is_gone(spec) from error

    ordered_in = (target.ordered_in,) if target.ordered_in else ()
    return Step(TAGS, "note the host's data in the VM's tags", note, request, ordered_in, quiet=bool(ordered_in),
                only_if="the host has come to something else than was ordered" if ordered_in else "")


def _delete_run_commands(target: Target, listener: Listener) -> Step:
    seconds = DELETE_RUN_COMMANDS_SECONDS
    return Step("delete_run_commands", f"delete the run commands, which have answered (in {seconds:.0f} s at most)",
                _deletion(target, listener.warn), limit=of_its_own(seconds),
                quiet=not target.commands.planned or bool(target.ordered_in))


def delete_what_asked(cause: BaseException, commands: RunCommands, listener: Listener) -> None:
    """The run commands of a look at a host that has failed. Not where time is over or Azure is out of reach: a later
    create finds them by their prefix."""
    if commands.sent and not isinstance(cause, (DeadlinePassed, Interrupted, AzureUnreachable)):
        commands.delete(listener.warn, False, Deadline(DELETE_RUN_COMMANDS_SECONDS))


def _deletion(target: Target, warn: Callable[[str], None]) -> Callable[[Results, Deadline], None]:
    return lambda _results, deadline: target.commands.delete(warn, target.resumed, deadline)


def vm_as_noted(results: Results, before: Resource) -> Resource:
    """The VM with its tags; as it was ``before``, where they could not be written: the host works all the same."""
    noted: Resource = results[TAGS] or before
    return noted


def proven(results: Results) -> tuple[Provisioned, Proof]:
    return results[PROVISIONED], results[PROOF]
