"""All that a create does, as steps: of a host that is not there yet, and of one that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.body import virtual_machine
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.errors import DeadlinePassed, DockerVMError, Interrupted, LoginRequired
from azext_dockervm.flow.request import Request
from azext_dockervm.flow.step import Alternative, Listener, Step
from azext_dockervm.host import certify, plan, schedule, settings
from azext_dockervm.host.making import VM, Making
from azext_dockervm.preflight.found import Found
from azext_dockervm.provision import run_command, workload
from azext_dockervm.provision.choice import CLOUD_INIT, ProvisionerChoice, was_finished
from azext_dockervm.provision.cloud_init import Lane, Order
from azext_dockervm.provision.first_boot import first_boot, only_users
from azext_dockervm.provision.host_values import settings_tag
from azext_dockervm.provision.run_commands import RunCommands
from azext_dockervm.provision.target import PROVISIONED, Provisioned, Target
from azext_dockervm.spec.host import HostSpec

Steps = list[Step | Alternative]


@dataclass(frozen=True)
class HostPlan:
    """``asked`` is what was asked for; ``spec`` the same with what an existing host has. ``commands`` are counted:
    those that were sent already have their names."""

    azure: Azure
    asked: HostSpec
    spec: HostSpec
    found: Found
    choice: ProvisionerChoice
    run_id: str
    commands: RunCommands
    store: CertificateStore
    listener: Listener
    proven: bool = False    # the host that is there has just answered as a finished one

    @property
    def making(self) -> Making:
        return Making(self.azure, self.spec, self.found, self.run_id)

    @property
    def target(self) -> Target:
        return Target(self.azure, self.spec, self.run_id, self.commands, new_tags=self.asked.tags,
                      noted=settings_tag(self.spec))

    @property
    def existing(self) -> Target:
        finished = self.proven or bool(was_finished(names.tag(self.found.vm, names.TAG_PROVISIONER)))
        unnoted = names.tag(self.found.vm, names.TAG_SETTINGS) is None
        found = replace(self.target, resumed=True, finished=finished, has_flags=finished and unnoted)
        # What is kept stays noted as it was; a host that is being finished gets its first note.
        stays = found.keeps_settings and not self.asked.applies and (finished or not unnoted)
        return replace(found, noted={}) if stays else found

    @property
    def vm_run_id(self) -> str:
        """Of the run that made the VM."""
        return names.tag(self.found.vm, names.TAG_RUN) or self.run_id

    # A new host: one plan from the certificate authority to the tags

    def of_new(self) -> Steps:
        """All of it, before anything of it is done."""
        # Run commands of its own: their names are counted, and a plan that is asked for twice is the same.
        order = Order.of(self.spec, self.run_id) if self.choice.provisioner == CLOUD_INIT else None
        target = replace(self.target, commands=RunCommands(self.azure, self.spec, self.run_id),
                         ordered_in=VM if order else "")
        machine = (plan.steps(self.making, order.custom_data, order.tags) if order
                   else plan.steps(self.making, first_boot(self.spec, self.choice).body))
        lane = Lane(target, order, self.store.folder, self.listener, VM) if order else None
        set_up = certify.set_up(target, self.choice, after=(VM,), lane=lane)
        return [self.authority(), *machine, *set_up,
                *certify.finish(target, self.store.folder, self.listener, vm_run_id=self.run_id,
                                further=self._workload(target))]

    def authority(self) -> Step:
        return certify.authority(self.store, self.listener)

    def removal(self) -> list[Step]:
        """Of a VM that never ran: Azure leaves such a one in Failed. Its parts go with it, but for the data disks that
        were made with it, on which nothing was ever written."""
        vm = self._deletion("remove", kinds.VM, self.asked.name, ", which never ran")
        disks = virtual_machine.own_disks(self.found.vm) if self.found.vm else []
        return [vm, *(replace(self._deletion(f"remove {disk}", kinds.DISK, disk), needs=("remove",),
                              forgiven=partial(_disk_stays, disk)) for disk in disks)]

    def _deletion(self, key: str, kind: Kind, name: str, words: str = "") -> Step:
        force = kind is kinds.VM and self.found.vm is not None and virtual_machine.keeps_nothing(self.found.vm, True)
        request = Request("DELETE", kind.type, self.asked.group, (name,), force=force)
        return Step(key, f"delete the {kind.noun} '{name}'{words}",
                    lambda _results, deadline: self.azure.until(deadline).send(request), request)

    # A host that is there

    def machine(self) -> Steps:
        """What of its network and machine is mended; of a host that is not there, what a template can say."""
        return plan.steps(self.making, only_users(self.spec).body)

    def set_up(self, leftover_extension: bool = False) -> Steps:
        return certify.set_up(self.existing, self.choice, (), leftover_extension)

    def left_alone(self, found: Provisioned | None) -> Steps:
        """A sound host, but for sshd's port where one was asked for. ``found`` is its certificate, None where the plan
        is told before the host was asked."""
        known = Step(PROVISIONED, "use the certificate", lambda _results, _deadline: found, quiet=True)
        if self.asked.network.ssh_port is None:
            return [known]
        port = str(self.asked.network.ssh_port)
        ssh = run_command.action_step(self.existing, "ssh", "ssh", f"see that sshd listens on port {port}",
                                      {"DOCKERVM_SSH_PORT": port})
        return [ssh, replace(known, needs=("ssh",))]

    def daily_shutdown(self) -> list[Step]:
        """Where it was typed; what is configured is for new hosts."""
        vm = self.found.vm
        if vm is None or "auto_shutdown" not in self.asked.given or not virtual_machine.can_be_deallocated(vm):
            return []
        return [schedule.step(self.making, vm["id"])]

    def finish(self, further: Sequence[Step] = (), patience: float | None = None) -> list[Step]:
        """The engine's settings, proof and what comes after it. Of what the host is to run as much as was typed,
        whatever runs there."""
        existing = self.existing
        return certify.finish(existing, self.store.folder, self.listener, vm_run_id=self.vm_run_id, patience=patience,
                              before=settings.steps(existing, self.found.vm, self.listener),
                              further=[*further, *self._workload(existing)])

    @staticmethod
    def _workload(target: Target) -> list[Step]:
        return [workload.step(target)] if target.spec.workload else []


def _disk_stays(name: str, error: BaseException) -> str | None:
    """One that can't be deleted stands in nobody's way: the new VM's have other names."""
    if not isinstance(error, DockerVMError) or isinstance(error, (Interrupted, DeadlinePassed, LoginRequired)):
        return None
    return f"Not deleted: the disk '{name}' ({error.message.rstrip('.')})."
