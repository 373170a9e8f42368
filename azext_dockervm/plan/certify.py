"""Giving a host its certificate: by the provisioner of choice, then proof, tags, tidying; one way for all commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from azext_dockervm import advice, names
from azext_dockervm.certs.summary import iso
from azext_dockervm.errors import AzureRefused, DeadlinePassed, DockerVMError, HostFailed, HostGone, Interrupted
from azext_dockervm.plan import vm
from azext_dockervm.plan.execute import PlanFailed, execute
from azext_dockervm.plan.step import Listener, Step
from azext_dockervm.provision import base, docker_extension, proof, run_command
from azext_dockervm.spec import HostSpec

# The part of the time left that the Docker VM extension may use before run-command takes over, and the most of it in
# seconds: where it worked it took some 270 (2017).
EXTENSION_SHARE = 0.5
EXTENSION_SECONDS = 480.0
REMOVAL_SHARE = 0.3
# For removing an extension that an earlier run left: long enough for the agent's round trip, short enough to wait.
SECOND_REMOVAL_SECONDS = 120.0


def provision(job: base.Job, choice: base.Choice, listener: Listener) -> base.Provisioned:
    """Set the host up, or give it a new certificate. Raises ``PlanFailed``."""
    if choice.provisioner == base.RUN_COMMAND:
        if job.resumed and _extension_is_left(job):
            _remove_extension(job, listener, SECOND_REMOVAL_SECONDS)    # now: what follows starts Docker again
        return _by_run_command(job, listener)
    azure, whole = job.azure, job.azure.deadline
    if choice.fallback:
        azure.deadline = whole.within(min(whole.remaining() * EXTENSION_SHARE, EXTENSION_SECONDS))
    try:
        return execute(docker_extension.steps(job), listener, azure.deadline)["serve"]
    except PlanFailed as failure:
        if not choice.fallback or not isinstance(failure.cause, (HostFailed, DeadlinePassed, AzureRefused)):
            raise
        listener.warn(f"{failure.cause} It is removed; run-command takes over.")
    finally:
        azure.deadline = whole
    _remove_extension(job, listener, whole.remaining() * REMOVAL_SHARE)
    return _by_run_command(job, listener)


def _by_run_command(job: base.Job, listener: Listener) -> base.Provisioned:
    return execute(run_command.steps(job), listener, job.azure.deadline)["serve"]


def _extension_is_left(job: base.Job) -> bool:
    """Whether an earlier try left the Docker VM extension there; one that Azure is busy with may be another terminal's.
    Where it may not be read it counts as none."""
    try:
        found = job.azure.extension(job.spec.group, job.spec.name, names.EXTENSION_TYPE)
    except DockerVMError:
        return False
    return found is not None and vm.state(found) not in ("Creating", "Updating", "Deleting")


def tell_of_extension(job: base.Job, provisioner: str, listener: Listener) -> None:
    """The rest of a failed try on a host that works is left to the user: deleting it stops Docker."""
    if provisioner == base.RUN_COMMAND and _extension_is_left(job):
        listener.warn(f"The Docker VM extension, which did not set '{job.spec.name}' up, is still on it. "
                      f"{_why_to_delete_extension(job.spec)}")


def _why_to_delete_extension(spec: HostSpec) -> str:
    delete = advice.az("vm", "extension", "delete", "-g", spec.group, "--vm-name", spec.name, "-n",
                       names.EXTENSION_TYPE, subscription=spec.subscription)
    return ("Other extensions may refuse to install beside it. To delete it, which stops Docker until the same create "
            f"starts it again: {delete}")


def _remove_extension(job: base.Job, listener: Listener, seconds: float) -> None:
    """In a limited time, and before Docker is started: the agent removes an extension only after its handler has
    stopped Docker, which it can't where it never got Docker installed. Then the resource stays, with a warning."""
    spec, azure, whole = job.spec, job.azure, job.azure.deadline
    azure.deadline = share = whole.within(seconds)
    remove = Step("remove", "delete the Docker VM extension", lambda _results: run_command.when_free(
        share, lambda: azure.delete_extension(spec.group, spec.name, names.EXTENSION_TYPE)))
    try:
        execute([remove], listener, share)
    except PlanFailed as failure:
        if isinstance(failure.cause, Interrupted):
            raise
        listener.warn(f"{failure.cause} {_why_to_delete_extension(spec)}")
    finally:
        azure.deadline = whole


def finish(job: base.Job, provisioned: base.Provisioned, folder: Path, listener: Listener, *,
           patience: float | None = None, more: Sequence[Step] = ()) -> tuple[dict, proof.Proof]:
    """Prove the host, note it in its tags, tidy → the VM and the proof. ``more`` runs between tags and tidying.

    Raises ``PlanFailed`` for a host that is not sound, ``HostGone`` for one that was deleted meanwhile. What else fails
    after the proof is a warning: the host works.
    """
    azure, spec = job.azure, job.spec

    def note(_results) -> dict:
        return run_command.when_free(azure.deadline, lambda: _write_tags(job, provisioned))

    def tidy(_results) -> None:
        job.commands.delete(listener.warn, leftovers=job.resumed)

    done = execute([Step("proof", f"verified call of {job.fqdn}:{spec.docker_port}",
                         lambda _r: proof.prove(job, provisioned, folder, patience),
                         detail=lambda found: f"Docker {found.version}" if found.reachable
                         else "not reachable from here")], listener, azure.deadline)
    machine = None
    for step in (Step("tags", "note the host's data in the VM's tags", note), *more,
                 Step("tidy", "delete the run commands, which have answered", tidy, quiet=not job.commands.made)):
        try:
            # One after the other: Azure takes one change of a VM at a time.
            result = execute([step], listener, azure.deadline)[step.key]
        except PlanFailed as failure:
            if isinstance(failure.cause, (HostGone, Interrupted)) or not isinstance(failure.cause, DockerVMError):
                raise
            listener.warn(f"The host works, but this failed: {step.title}: {failure.cause} The same create again does "
                          f"what is left: {advice.create_command(spec)}")
            continue
        machine = result if step.key == "tags" else machine
    return machine or _machine(job), done["proof"]


def _machine(job: base.Job) -> dict:
    found = job.azure.virtual_machine(job.spec.group, job.spec.name)
    if found is None:
        raise HostGone(f"The VM '{job.spec.name}' has been deleted meanwhile.")
    return found


def _write_tags(job: base.Job, provisioned: base.Provisioned) -> dict:
    """Read right before they are written, because a PATCH replaces the whole map and somebody may have added one."""
    azure, spec = job.azure, job.spec
    machine = _machine(job)
    now = machine.get("tags") or {}
    known = vm.vm_tags(replace(spec, tags=job.new_tags), names.tag(machine, names.TAG_RUN) or job.run_id, **{
        names.TAG_FQDN: job.fqdn, names.TAG_PROVISIONER: provisioned.provisioner,
        names.TAG_AUTHORITY: job.authority.fingerprint,
        names.TAG_CERTIFICATE_EXPIRES: iso(provisioned.expires)})
    wanted = names.with_tags(now, known)
    return machine if wanted == now else azure.tag_virtual_machine(spec.group, spec.name, wanted)
