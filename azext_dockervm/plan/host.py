"""A host from end to end: survey, choice of the provisioner, network and VM, set-up, proof, tags."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from azext_dockervm import names
from azext_dockervm.certs.summary import describe, iso
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from azext_dockervm.errors import (
    AzureRefused,
    Conflict,
    DeadlinePassed,
    DockerVMError,
    EngineUnreachable,
    HostFailed,
    Interrupted,
)
from azext_dockervm.plan import advice, network, vm
from azext_dockervm.plan.arm import Azure
from azext_dockervm.plan.execute import PlanFailed, execute, undo
from azext_dockervm.plan.preflight import Found, survey, tag
from azext_dockervm.plan.step import Listener, Step
from azext_dockervm.provision import base, docker_extension, proof, run_command
from azext_dockervm.provision.custom_data import head_start
from azext_dockervm.spec import HostSpec

# The part of the time left that the Docker VM extension may use before run-command takes over, and the most of it in
# seconds: where it worked it took some 270 (2017).
EXTENSION_SHARE = 0.5
EXTENSION_SECONDS = 480.0
REMOVAL_SHARE = 0.3
UNDO_SECONDS = 600.0


@dataclass(frozen=True)
class Prepared:
    """What was asked for and found; nothing has been made yet."""

    spec: HostSpec
    found: Found
    choice: base.Choice


@dataclass(frozen=True)
class Host:
    """A finished host, as ``output.shapes`` shows it."""

    vm: dict
    spec: HostSpec
    fqdn: str
    public_address: str
    private_address: str
    provisioned: base.Provisioned
    proof: proof.Proof


def prepare(azure: Azure, spec: HostSpec) -> Prepared:
    """Read what is there and decide; makes nothing."""
    try:
        spec, found = survey(azure, spec)
    except AzureRefused as error:
        raise advice.advised(error, spec) from error
    if found.vm is not None:
        _check_resumable(spec, found.vm)
        spec = replace(spec, admin_username=vm.admin_username(found.vm) or spec.admin_username)
    noted = tag(found.vm, names.TAG_PROVISIONER)
    if noted and spec.provisioner == "auto":
        return Prepared(spec, found, base.Choice(noted, "as the host was set up"))
    return Prepared(spec, found, base.choose(spec, found.extension_published))


def create(azure: Azure, prepared: Prepared, store: Any, listener: Listener) -> Host:
    """Make the host, or finish it where it is half made. ``store`` is a ``certs.store.CertificateStore``.

    A failure before the VM runs undoes what this call made; a later one keeps the VM and says how to go on.
    """
    run = _Create(azure, prepared, store, listener)
    return run.carry_out()


def _check_resumable(spec: HostSpec, machine: dict) -> None:
    state = vm.power_state(machine)
    if machine["properties"].get("provisioningState") == "Deleting":
        raise Conflict(f"The host '{spec.name}' is just being deleted.",
                       f"az vm wait -g {spec.group} -n {spec.name} --deleted")
    if state in ("stopped", "stopping", "deallocated", "deallocating"):
        raise Conflict(f"The host '{spec.name}' exists and is {state}.",
                       f"az vm start -g {spec.group} -n {spec.name}")


class _Create:
    def __init__(self, azure: Azure, prepared: Prepared, store: Any, listener: Listener) -> None:
        self.azure, self.store, self.listener = azure, store, listener
        self.spec, self.found, self.choice = prepared.spec, prepared.found, prepared.choice
        self.run_id = uuid.uuid4().hex[:12]
        self._used_run_commands: tuple[str, ...] = ()

    def carry_out(self) -> Host:
        if tag(self.found.vm, names.TAG_PROVISIONER) and self.store.state().authority is None:
            raise advice.belongs_to_others(self.spec, f"{self.store.folder} holds none")
        self._announce()
        self._wait_for_a_killed_run()
        if self.found.vm is not None and vm.never_ran(self.found.vm) and not tag(self.found.vm, names.TAG_PROVISIONER):
            self._remove_what_never_ran()
        results = self._make_machine()
        try:
            return self._finish(results)
        except PlanFailed as failure:
            raise self._kept(failure.cause) from failure.cause
        except KeyboardInterrupt:
            raise self._kept(Interrupted("Stopped by Ctrl-C")) from None
        except Conflict:
            raise               # nothing was begun, so there is nothing to go on with
        except DockerVMError as error:
            raise self._kept(error) from error

    def _announce(self) -> None:
        say = self.listener.say
        if self.found.vm is not None:
            say(f"The host '{self.spec.name}' exists; going on from where its set-up stands.")
            for text in advice.not_applied(self.spec, self.found.vm):
                self.listener.warn(f"Not applied: {text}.")
            return
        if self.found.label_was_replaced:
            self.listener.warn(f"DNS label: {self.found.label_was_replaced}; taking '{self.found.label}'.")
        say(f"Provisioner: {self.choice.provisioner} ({self.choice.reason}).")

    def _wait_for_a_killed_run(self) -> None:
        """Azure may still be making the VM that an earlier, killed run asked for."""
        while self.found.vm is not None and self.found.vm["properties"].get("provisioningState") == "Creating":
            self.azure.deadline.sleep(4, "Azure still creates the VM")
            self.found = replace(self.found, vm=self.azure.virtual_machine(self.spec.group, self.spec.name))
            if self.found.vm is None:       # deleted meanwhile, and its parts with it
                self.spec, self.found = survey(self.azure, self.spec)

    def _remove_what_never_ran(self) -> None:
        """Azure leaves such a VM in Failed; its parts go with it, so everything is made anew."""
        spec = self.spec
        step = Step("remove", f"delete the VM '{spec.name}', which never ran",
                    lambda _results: self.azure.delete_virtual_machine(spec.group, spec.name))
        execute([step], self.listener, self.azure.deadline)
        self.spec, self.found = survey(self.azure, spec)

    # The machine

    def _certificates(self) -> Step:
        folder = self.store.folder

        def ensure(_results):
            change = self.store.ensure()
            return change, self.store.load_authority()

        def tell(result) -> str:
            change = result[0]
            if change.created:
                return f"made in {folder}"
            return f"{folder}: new client certificate, the old one was expired" if change.client_issued else str(folder)

        return Step("authority", "certificate authority and client certificate", ensure, detail=tell)

    def _make_machine(self) -> dict[str, Any]:
        custom_data = head_start() if self.choice.provisioner == base.RUN_COMMAND else None
        steps = [*network.steps(self.azure, self.spec, self.found, self.run_id),
                 vm.step(self.azure, self.spec, self.found, self.run_id, custom_data)]
        try:
            # First and alone: a full disk or a folder that takes no file must not cost a round of making and undoing.
            results = execute([self._certificates()], self.listener, self.azure.deadline)
            return execute(steps, self.listener, self.azure.deadline, results)
        except PlanFailed as failure:
            raise self._after_failure(failure) from failure.cause

    def _after_failure(self, failure: PlanFailed) -> DockerVMError:
        """Undo, unless the VM runs; → the error to raise."""
        cause = advice.as_ours(failure.cause, self.spec)
        self.azure.deadline.reopen(UNDO_SECONDS)
        if any(step.key == "vm" for step in failure.begun) and self._machine_runs():
            return self._kept(cause)
        made = [step for step in failure.begun if step.undo is not None]
        if not made:
            return cause
        self.listener.say("Undoing what was made ...")
        try:
            left = [f"{step.title}: {error}" for step, error in undo(made, self.listener)]
        except KeyboardInterrupt:
            left = ["stopped by Ctrl-C"]
        if left:
            told = f"Not all that was made could be undone ({'; '.join(left)})."
            cause.recommendations += (
                f"To see what is left: az resource list --tag {names.TAG_HOST}={self.spec.name} "
                "-o table", f"To go on where it stands: {advice.create_command(self.spec, anew=True)}")
        elif any(step.key == "vnet" for step in failure.begun) and self.found.vnet is None:
            told = ("What was made has been undone, but for the virtual network "
                    f"'{names.virtual_network(self.spec.location)}', which hosts share and which costs nothing.")
        else:
            told = "What was made has been undone."
        cause.message = advice.sentences(cause.message, told)
        return cause

    def _machine_runs(self) -> bool:
        try:
            machine = self.azure.virtual_machine(self.spec.group, self.spec.name)
        except DockerVMError:
            return True     # can't tell: better keep a VM than delete one that works
        if machine is None:
            return False
        # Another terminal that makes the same host at the same moment may have been first: then the VM is its.
        return vm.power_state(machine) == "running" or tag(machine, names.TAG_RUN) != self.run_id

    def _kept(self, cause: BaseException) -> DockerVMError:
        """The error for a host that stays: what is wrong, how to go on, how to delete it."""
        spec, error = self.spec, advice.as_ours(cause, self.spec)
        error.message = advice.sentences(error.message, f"The VM '{spec.name}' was kept.")
        error.recommendations = (
            *error.recommendations, f"To go on where it stands: {advice.create_command(spec)}",
            f"To look at it: az vm get-instance-view {advice.where(spec)} -n {spec.name}",
            "To delete it: " + " && ".join(advice.delete_commands(spec)))
        return error

    # The engine on it

    def _finish(self, results: dict[str, Any]) -> Host:
        spec = self.spec
        address = results["public_ip"]
        if not address["properties"].get("ipAddress"):      # the first answer to a PUT lacks it
            address = self.azure.public_ip(spec.group, names.public_ip(spec.name))
        job = base.Job(self.azure, spec, self.run_id, results["authority"][1], network.fqdn(address),
                       network.address(address), network.private_address(results["network_interface"]),
                       resumed=self.found.vm is not None)
        provisioned = (self._already_provisioned(job) if job.resumed else None) or self._provision(job)
        steps = [Step("proof", f"verified call of {job.fqdn}:{spec.docker_port}",
                      lambda _results: proof.prove(job, provisioned, self.store.folder),
                      detail=lambda found: f"Docker {found.version}" if found.reachable else "not reachable from here"),
                 Step("tags", "note the host's data in the VM's tags",
                      lambda _results: self._tag(results["vm"], job, provisioned), ("proof",))]
        # A run that was killed has deleted none of its own.
        cut_short = job.resumed and not tag(self.found.vm, names.TAG_PROVISIONER)
        used = run_command.ACTIONS if cut_short else self._used_run_commands
        if used:
            # After the tags: Azure takes one change of a VM at a time.
            steps.append(run_command.tidy(job, used, self.listener.warn, after="tags"))
        done = execute(steps, self.listener, self.azure.deadline)
        return Host(done["tags"], spec, job.fqdn, job.public_address, job.private_address, provisioned, done["proof"])

    def _already_provisioned(self, job: base.Job) -> base.Provisioned | None:
        """An engine that answers to our certificates under its own name needs no more set-up."""
        try:
            shown = handshake(Endpoint(job.fqdn, self.spec.docker_port, self.store.folder))
        except EngineUnreachable as error:
            if error.kind in ("certificate", "rejected") and tag(self.found.vm, names.TAG_PROVISIONER):
                raise advice.belongs_to_others(self.spec, error.cause) from error
            self.listener.say(f"Docker does not answer yet: {error.cause}. Setting it up by {self.choice.provisioner} "
                              f"({self.choice.reason}).")
            return None
        if self.spec.ssh_port is not None:
            self._used_run_commands = ("ssh",)
            step = Step("ssh", f"see that sshd listens on port {self.spec.ssh_port}",
                        lambda _results: run_command.ask(job, "ssh", DOCKERVM_SSH_PORT=str(self.spec.ssh_port)))
            execute([step], self.listener, self.azure.deadline)
        extension = self.azure.extension(self.spec.group, self.spec.name, names.EXTENSION_TYPE)
        return base.Provisioned(base.DOCKER_EXTENSION if extension else base.RUN_COMMAND,
                                ssl.DER_cert_to_PEM_cert(shown).encode(), describe(shown).not_after, checked=False)

    def _provision(self, job: base.Job) -> base.Provisioned:
        if self.choice.provisioner == base.RUN_COMMAND:
            return self._by_run_command(job)
        whole = self.azure.deadline
        if self.choice.fallback:
            self.azure.deadline = whole.within(min(whole.remaining() * EXTENSION_SHARE, EXTENSION_SECONDS))
        self._used_run_commands = tuple(docker_extension.extra_actions(job))
        try:
            return execute(docker_extension.steps(job), self.listener, self.azure.deadline)["serve"]
        except PlanFailed as failure:
            if not self.choice.fallback or not isinstance(failure.cause, (HostFailed, DeadlinePassed, AzureRefused)):
                raise
            self.listener.warn(f"{failure.cause} Its resource is deleted; run-command takes over.")
        finally:
            self.azure.deadline = whole
        self._remove_extension()
        return self._by_run_command(job)

    def _remove_extension(self) -> None:
        """A share of the time and no more: the agent removes an extension only after its handler could stop Docker,
        which it can't where it never got Docker installed."""
        spec, whole = self.spec, self.azure.deadline
        self.azure.deadline = share = whole.share(REMOVAL_SHARE)
        remove = Step("remove", "delete the Docker VM extension", lambda _results: run_command.when_free(
            share, lambda: self.azure.delete_extension(spec.group, spec.name, names.EXTENSION_TYPE)))
        try:
            execute([remove], self.listener, share)
        except PlanFailed as failure:
            if isinstance(failure.cause, Interrupted):
                raise
            self.listener.warn(f"{failure.cause} To delete it: az vm extension delete {advice.where(spec)} "
                               f"--vm-name {spec.name} -n {names.EXTENSION_TYPE}")
        finally:
            self.azure.deadline = whole

    def _by_run_command(self, job: base.Job) -> base.Provisioned:
        self._used_run_commands += ("request", "serve")
        return execute(run_command.steps(job), self.listener, self.azure.deadline)["serve"]

    def _tag(self, machine: dict, job: base.Job, provisioned: base.Provisioned) -> dict:
        tags = {**(machine.get("tags") or {}), **vm.vm_tags(self.spec, self.run_id, **{
            names.TAG_FQDN: job.fqdn, names.TAG_PROVISIONER: provisioned.provisioner,
            names.TAG_CERTIFICATE_EXPIRES: iso(provisioned.expires)})}
        return run_command.when_free(self.azure.deadline, lambda: self.azure.tag_virtual_machine(
            self.spec.group, self.spec.name, tags))


def with_login(prepared: Prepared, ssh_keys: Callable[[], tuple[str, ...]]) -> Prepared:
    """Add the SSH keys, which may have to be made: only once it is sure that a VM will need them."""
    spec = prepared.spec
    if spec.admin_password is not None or spec.ssh_keys or prepared.found.vm is not None:
        return prepared
    return replace(prepared, spec=replace(spec, ssh_keys=ssh_keys()))


