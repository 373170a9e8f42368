"""A host from end to end: survey, choice of the provisioner, network and VM; an existing one is asked first."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from azext_dockervm import advice, names, rules
from azext_dockervm.errors import AzureRefused, Conflict, DockerVMError, Interrupted
from azext_dockervm.plan import adopt, certify, interface, network, vm
from azext_dockervm.plan.arm import Azure
from azext_dockervm.plan.execute import PlanFailed, execute, undo
from azext_dockervm.plan.preflight import Found, survey
from azext_dockervm.plan.step import Listener, Step
from azext_dockervm.provision import base, proof
from azext_dockervm.provision.custom_data import head_start
from azext_dockervm.provision.run_command import RunCommands
from azext_dockervm.spec import HostSpec

UNDO_SECONDS = 600.0
# One more look at a host that has just said itself that it is sound, and did not answer from here a moment ago.
LAST_LOOK_SECONDS = 2.0
ALTERNATIVES = 5


@dataclass(frozen=True)
class Prepared:
    """What was asked for and found; nothing has been made yet. ``ruin``: the VM that is there never ran, and goes."""

    spec: HostSpec
    found: Found
    choice: base.Choice
    ruin: bool = False


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


def prepare(azure: Azure, spec: HostSpec, store: Any) -> Prepared:
    """Read what is there and decide; makes nothing. ``store`` is a ``certs.store.CertificateStore``.

    Whose an existing host is comes before everything else: nothing of another's is touched or asked.
    """
    try:
        spec, found = survey(azure, spec)
    except AzureRefused as error:
        raise advice.advised(error, spec) from error
    if found.vm is None:
        return Prepared(spec, found, base.choose(spec, found.extension_published))
    adopt.check_whose(spec, found.vm, store.authority_fingerprints())
    adopt.check_runs(spec, found.vm)
    choice = base.as_set_up(spec, names.tag(found.vm, names.TAG_PROVISIONER))
    return Prepared(spec, found, choice or base.choose(spec, found.extension_published), adopt.is_ruin(found.vm))


def create(azure: Azure, prepared: Prepared, store: Any, listener: Listener,
           ssh_keys: Callable[[], tuple[str, ...]]) -> Host:
    """Make the host, or finish it where it is half made. ``store`` is a ``certs.store.CertificateStore``; ``ssh_keys``
    gives the keys of a VM for which neither keys nor password were asked, and may have to make them.

    A failure before the VM runs undoes what this call made; a later one keeps the VM and says how to go on.
    """
    return _Create(azure, prepared, store, listener, ssh_keys).carry_out()


class _Create:
    def __init__(self, azure: Azure, prepared: Prepared, store: Any, listener: Listener,
                 ssh_keys: Callable[[], tuple[str, ...]]) -> None:
        self.azure, self.store, self.listener, self.ssh_keys = azure, store, listener, ssh_keys
        self.asked, self.found, self.choice, self.ruin = (
            prepared.spec, prepared.found, prepared.choice, prepared.ruin)
        self.spec = self.asked      # what is asked for, and of an existing host what it has
        self.run_id = uuid.uuid4().hex[:12]

    def carry_out(self) -> Host:
        self._settle()
        self._announce()
        authority = self._certificates()
        standing = self._look(authority) if self.found.vm is not None else None
        results = self._make_machine(authority, standing)
        try:
            return self._finish(results, standing)
        except PlanFailed as failure:
            raise self._kept(failure.cause) from failure.cause
        except KeyboardInterrupt:
            raise self._kept(Interrupted("Stopped by Ctrl-C")) from None
        except DockerVMError as error:
            raise self._kept(error) from error

    # What is there

    def _settle(self) -> None:
        """Bring a VM that is there to rest: wait for one that is being made, delete one that never ran."""
        moving = ("Creating",)
        while self.found.vm is not None and vm.state(self.found.vm) in moving:
            if "Deleting" not in moving:
                self.listener.say(f"The VM '{self.asked.name}' is being created, by a run that was cut short or by "
                                  "another terminal; waiting for it.")
                moving = ("Creating", "Deleting")       # that run may undo what it made
            self.azure.deadline.sleep(4, f"the VM's state is '{vm.state(self.found.vm)}'")
            found = self.azure.virtual_machine(self.asked.group, self.asked.name)
            self.found = replace(self.found, vm=found)
            if found is None:       # deleted meanwhile, and its parts with it
                self._survey_again()
            else:
                self.ruin = adopt.is_ruin(found)
        if self.ruin:
            self._remove_what_never_ran()
        if self.found.vm is not None:
            # Once more: while it was waited for, another run may have put a host of its own in its place.
            adopt.check_whose(self.asked, self.found.vm, self.store.authority_fingerprints())
            self.spec = adopt.adapted(self.asked, self.found)
            if self.spec.ssh_port is not None:
                rules.check_ports(self.spec.docker_port, self.spec.ssh_port)

    def _remove_what_never_ran(self) -> None:
        """Azure leaves such a VM in Failed; its parts go with it, so everything is made anew, as it was asked for."""
        spec = self.asked
        step = Step("remove", f"delete the VM '{spec.name}', which never ran",
                    lambda _results: self.azure.delete_virtual_machine(spec.group, spec.name))
        try:
            execute([step], self.listener, self.azure.deadline)
        except PlanFailed as failure:
            cause = advice.as_ours(failure.cause, spec)
            cause.message = advice.sentences(cause.message, f"The VM '{spec.name}' never ran, and had to be deleted "
                                             "before it could be made anew; it was left as it is.")
            cause.recommendations += (*advice.to_delete(spec),
                                      f"To try again: {advice.create_command(spec, anew=True)}")
            raise cause from failure.cause
        self._survey_again()

    def _survey_again(self) -> None:
        self.asked, self.found = survey(self.azure, self.asked)
        self.spec, self.ruin = self.asked, False
        self.choice = base.choose(self.asked, self.found.extension_published)

    def _announce(self) -> None:
        say = self.listener.say
        if self.found.vm is not None:
            say(f"The host '{self.spec.name}' exists; going on from where its set-up stands.")
            for text in adopt.not_applied(self.asked, self.found.vm):
                self.listener.warn(f"Not applied: {text}.")
            for text in adopt.without_effect(self.asked, self.found):
                self.listener.warn(f"Without effect: {text}.")
            return
        if self.found.label_was_replaced:
            self.listener.warn(f"DNS label: {self.found.label_was_replaced}; taking '{self.found.label}'.")
        say(f"Provisioner: {self.choice.provisioner} ({self.choice.reason}).")

    def _look(self, authority: Any) -> adopt.Standing:
        """Nothing has been touched yet, so whatever fails here leaves the host as it is."""
        self.commands = RunCommands(self.azure, self.spec, self.run_id)
        step = Step("look", f"ask the host '{self.spec.name}' how it is", lambda _results: adopt.look_at(
            self.azure, self.spec, self.found, self.commands, authority, self.store), quiet=True)
        try:
            standing = execute([step], self.listener, self.azure.deadline)["look"]
        except PlanFailed as failure:
            if self.commands.made and isinstance(failure.cause, Conflict):
                self.commands.delete(self.listener.warn, leftovers=False)
            raise advice.as_ours(failure.cause, self.spec) from failure.cause
        self.found = replace(self.found, port=standing.port)
        if "-dp" not in self.asked.typed:
            self.spec = replace(self.spec, docker_port=standing.port)
            self.commands.spec = self.spec
        return standing

    # The machine

    def _certificates(self) -> Any:
        """First and alone: a full disk or a folder that takes no file must not cost a round of making and undoing."""
        folder = self.store.folder

        def ensure(_results):
            change = self.store.ensure()
            for warning in change.warnings:
                self.listener.warn(warning)
            return change, self.store.load_authority()

        def tell(result) -> str:
            change = result[0]
            if change.created:
                return f"made in {folder}"
            if change.client_issued:
                kept = f"; the old files are in {change.backup}" if change.backup else ""
                return f"{folder}: new client certificate by the same authority; {change.client_words}{kept}"
            return str(folder)

        step = Step("authority", "certificate authority and client certificate", ensure, detail=tell)
        try:
            return execute([step], self.listener, self.azure.deadline)["authority"][1]
        except PlanFailed as failure:
            raise advice.as_ours(failure.cause, self.spec) from failure.cause

    def _make_machine(self, authority: Any, standing: adopt.Standing | None) -> dict[str, Any]:
        steps = network.steps(self.azure, self.spec, self.found, self.run_id)
        if self.found.vm is not None:
            steps.append(Step("vm", f"use the VM '{self.spec.name}'", lambda _results: self.found.vm, quiet=True))
        else:
            if self.spec.admin_password is None and not self.spec.ssh_keys:
                self.spec = replace(self.spec, ssh_keys=self.ssh_keys())
            steps.append(vm.step(self.azure, self.spec, self.run_id, self.found.image, self._custom_data()))
        try:
            return execute(steps, self.listener, self.azure.deadline, {"authority": authority})
        except PlanFailed as failure:
            raise self._after_failure(failure) from failure.cause

    def _custom_data(self) -> bytes | None:
        """A head start where the set-up script installs Docker; the extension's own installation wants none beside."""
        if self.choice.provisioner == base.RUN_COMMAND:
            return head_start()
        return None if base.of_extension_era(self.spec.image) else head_start(compose=True)

    def _after_failure(self, failure: PlanFailed) -> DockerVMError:
        """Undo, unless the VM runs; → the error to raise."""
        cause = advice.as_ours(failure.cause, self.asked)
        self.azure.deadline.reopen(UNDO_SECONDS)
        self._name_alternatives(cause)
        if self.found.vm is not None:
            return self._kept(cause)
        theirs, machine = self._another_run()
        if theirs:
            cause.message = advice.sentences(
                cause.message, f"Another run is making the host '{self.asked.name}' at the same moment, so what bears "
                               "its names was left to it.")
            return cause
        if machine is not None and vm.power_state(machine) == "running":
            return self._kept(cause)
        made = [step for step in failure.begun if step.undo is not None]
        if not made:
            return cause
        return self._undone(made, failure, cause)

    def _undone(self, made: list[Step], failure: PlanFailed, cause: DockerVMError) -> DockerVMError:
        self.listener.say("Undoing what was made ...")
        try:
            left = [f"{step.title}: {error}" for step, error in undo(made, self.listener)]
        except KeyboardInterrupt:
            left = ["stopped by Ctrl-C"]
        if left:
            told = f"Not all that was made could be undone ({'; '.join(left)})."
            cause.recommendations += (
                f"To see what is left: {advice.leftovers_command(self.asked)}",
                f"To go on where it stands: {advice.create_command(self.asked, anew=True)}")
        elif any(step.key == "vnet" for step in failure.begun) and self.found.vnet is None:
            told = ("What was made has been undone, but for the virtual network "
                    f"'{names.virtual_network(self.asked.location)}', which hosts share and which costs nothing.")
        else:
            told = "What was made has been undone."
        cause.message = advice.sentences(cause.message, told)
        return cause

    def _another_run(self) -> tuple[bool, dict | None]:
        """Whether another terminal makes this host at this moment, and the VM where there is one.

        Its VM stands on parts that may bear this run's id; its interface, on a security group and an address.
        """
        try:
            machine = self.azure.virtual_machine(self.asked.group, self.asked.name)
            interface = None if self.found.network_interface else self.azure.network_interface(
                self.asked.group, names.network_interface(self.asked.name))
        except DockerVMError:
            return False, None      # each part is looked at once more before it is deleted
        made = [names.tag(one, names.TAG_RUN) for one in (machine, interface) if one is not None]
        return any(run != self.run_id for run in made), machine

    def _name_alternatives(self, cause: DockerVMError) -> None:
        """Sizes that can be had, which only the megabytes of the SKU list tell: asked when they are needed."""
        if not isinstance(cause, AzureRefused) or cause.code != "SkuNotAvailable":
            return
        try:
            near = nearest_sizes(self.azure.offered_sizes(self.asked.location), self.asked.size)
        except DockerVMError:
            return
        if near:
            cause.recommendations = (f"Near it, and to be had in {self.asked.location}: {', '.join(near)}.",
                                     *cause.recommendations)

    def _kept(self, cause: BaseException) -> DockerVMError:
        finished = names.tag(self.found.vm, names.TAG_PROVISIONER) is not None
        return advice.kept(advice.as_ours(cause, self.asked), self.asked, finished)

    # The engine on it

    def _finish(self, results: dict[str, Any], standing: adopt.Standing | None) -> Host:
        spec, address = self.spec, results["public_ip"]
        if not address["properties"].get("ipAddress"):      # the first answer to a PUT lacks it
            address = self.azure.public_ip(spec.group, names.public_ip(spec.name))
        if standing is None:
            self.commands = RunCommands(self.azure, spec, self.run_id)
        job = base.Job(self.azure, spec, self.run_id, self.commands, results["authority"], network.fqdn(address),
                       network.address(address), interface.private_address(results["network_interface"]),
                       resumed=standing is not None,
                       finished=names.tag(self.found.vm, names.TAG_PROVISIONER) is not None,
                       new_tags=self.asked.tags)
        reason = "" if standing is None else self._why_set_up(standing, job.fqdn)
        if standing is None or reason:
            if reason:
                self.listener.say(f"Setting up '{spec.name}' by {self.choice.provisioner} ({self.choice.reason}): "
                                  f"{reason}.")
            provisioned = certify.provision(job, self.choice, self.listener)
        else:
            provisioned = standing.provisioned
            self._see_to_ssh()
            certify.tell_of_extension(job, provisioned.provisioner, self.listener)
        left_alone = standing is not None and not reason and standing.unreachable and not self._mended(results)
        machine, proven = certify.finish(
            job, provisioned, self.store.folder, self.listener, more=self._last_changes(results),
            patience=LAST_LOOK_SECONDS if left_alone else None)
        return Host(machine, spec, job.fqdn, job.public_address, job.private_address, provisioned, proven)

    def _why_set_up(self, standing: adopt.Standing, fqdn: str) -> str:
        """Why an existing host needs set-up or another certificate; empty for one that is left alone."""
        if standing.reason:
            return standing.reason
        if self.spec.docker_port != standing.port:
            return f"its Docker port becomes {self.spec.docker_port}, it was {standing.port}"
        if self.found.public_ip is None:
            return "its address was made anew, and its certificate names the old one"
        before = (self.found.public_ip["properties"].get("dnsSettings") or {}).get("fqdn")
        # A verified call has compared the name that it used; else the tag says which one was certified.
        certified = before if before and not standing.unreachable else names.tag(self.found.vm, names.TAG_FQDN)
        if certified and certified != fqdn:
            return f"its name is now {fqdn}, and its certificate names {certified}"
        return ""

    def _mended(self, results: dict[str, Any]) -> bool:
        parts = ("security_group", "public_ip", "network_interface")
        return any(results[key] is not getattr(self.found, key) for key in parts)

    def _see_to_ssh(self) -> None:
        if self.asked.ssh_port is not None:
            step = Step("ssh", f"see that sshd listens on port {self.asked.ssh_port}",
                        lambda _r: self.commands.ask("ssh", DOCKERVM_SSH_PORT=str(self.asked.ssh_port)))
            execute([step], self.listener, self.azure.deadline)

    def _last_changes(self, results: dict[str, Any]) -> list[Step]:
        """Of an existing host: the port that it has left is closed, and new tags go on its parts too."""
        if self.found.vm is None:
            return []
        steps = []
        if {self.found.docker_port, names.port_tag(self.found.vm)} - {None, self.spec.docker_port}:
            closing = network.close_old_port(self.azure, self.spec, results["security_group"])
            steps += [closing] if closing else []
        if self.asked.tags:
            steps += network.tag_steps(self.azure, self.asked, self.found)
        return steps


def nearest_sizes(offered: Iterable[tuple[str, tuple[str, str], bool]], asked: str) -> list[str]:
    """Of a region's sizes (``Azure.offered_sizes``) those that can be had and are like the one that can't: the same
    architecture, the nearest number of vCPUs, then those of its own family."""
    sizes = list(offered)
    kind = next((kind for name, kind, _ in sizes if name.lower() == asked.lower()), None)
    if kind is None or not kind[0].isdigit():
        return []
    family = asked.lower().partition("_")[2][:1]

    def distance(size: tuple[str, tuple[str, str], bool]) -> tuple[int, bool, str]:
        name, (cores, _), _ = size
        return abs(int(cores) - int(kind[0])), name.lower().partition("_")[2][:1] != family, name

    like = [size for size in sizes if size[2] and size[1][1] == kind[1] and size[1][0].isdigit()]
    return [f"{name} ({cores} vCPUs)" for name, (cores, _), _ in sorted(like, key=distance)[:ALTERNATIVES]]
