"""What becomes of a create that failed: undone before the VM runs, kept after it; and what the user is told of it."""

from __future__ import annotations

from collections.abc import Sequence

from azext_dockervm.advice import host_commands, refusals
from azext_dockervm.advice.host_messages import vm_is_gone, vm_was_kept, with_sentence
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import virtual_machine
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import AzureRefused, DockerVMError, HostGone, Interrupted, LoginRequired
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.execute import PlanFailed, undo
from azext_dockervm.flow.step import Listener, Step
from azext_dockervm.host.making import SUBNET, VIRTUAL_NETWORK, VM
from azext_dockervm.host.sizes import nearest_sizes
from azext_dockervm.preflight.found import Found
from azext_dockervm.spec.host import HostSpec

# A NIC stays reserved for 180 s after the VM that it was meant for failed, and a VM takes some 110 s to go.
UNDO_SECONDS = 420.0
# A look before it, at what another run does and at what could be had instead: nobody waits longer for that in silence.
LOOK_SECONDS = 30.0


class FailedCreate:
    """A create of the host that ``spec`` asks for, with what was found before it and the id of its run.

    Each method gives the error to raise; undoing has a deadline of its own.
    """

    def __init__(self, azure: Azure, spec: HostSpec, found: Found, run_id: str, listener: Listener) -> None:
        self.spec, self.found, self.run_id, self.listener = spec, found, run_id, listener
        stopped = azure.deadline.cancelled
        # After the first Ctrl-C a second one leaves at once; undoing after another failure is ended by the first.
        self.azure = azure.until(Deadline(UNDO_SECONDS, None if stopped else azure.deadline.cancellation))

    def before_it_works(self, failure: PlanFailed) -> DockerVMError:
        """Undo what this run made, unless the VM runs."""
        cause = refusals.as_extension_error(failure.cause, self.spec)
        self._name_sizes(cause)
        made = [step for step in failure.begun if step.undo is not None]
        if self.found.vm is not None or VM in failure.results:
            if not self._vm_is_gone(cause):
                return self._kept(cause)
            gone = self._gone()
            return self._undone(made, failure, gone) if made else gone
        theirs, machine = self._another_run()
        if theirs:
            cause.message = with_sentence(
                cause.message, f"Another run is making the host '{self.spec.name}' at the same moment, so what bears "
                               "its names was left to it.")
            return cause
        if machine is not None and virtual_machine.power_state(machine) == "running":
            return self._kept(cause)
        return self._undone(made, failure, cause) if made else cause

    def kept(self, cause: BaseException) -> DockerVMError:
        """The VM stays, where somebody has not deleted it meanwhile."""
        return self._gone() if self._vm_is_gone(cause) else self._kept(cause)

    def _kept(self, cause: BaseException) -> DockerVMError:
        finished = names.tag(self.found.vm, names.TAG_PROVISIONER) is not None
        return vm_was_kept(refusals.as_extension_error(cause, self.spec), self.spec, finished)

    def _vm_is_gone(self, cause: BaseException) -> bool:
        if isinstance(cause, HostGone):
            return True
        azure = self.azure.until(self.azure.deadline.within(LOOK_SECONDS))
        try:
            return azure.vm_is_gone(self.spec.group, self.spec.name)
        except DockerVMError:       # nobody waits for it any more
            return False

    def _gone(self) -> HostGone:
        gone = vm_is_gone(self.spec)
        gone.recommendations = (f"To make the host anew: {host_commands.create_anew(self.spec)}",
                                f"To delete what is left of it: {host_commands.delete(self.spec)}")
        return gone

    def left_at_once(self) -> DockerVMError:
        """The user would not even wait for the undoing."""
        return Interrupted("Stopped at once. What was made is left as it is.",
                           (f"To see what is there: {host_commands.list_parts(self.spec)}",
                            f"To continue from there: {host_commands.create_anew(self.spec)}"))

    def _undone(self, made: Sequence[Step], failure: PlanFailed, cause: DockerVMError) -> DockerVMError:
        self.listener.say(f"Undoing what was made (in {UNDO_SECONDS / 60:.0f} minutes at most) ...")
        left = undo(made, self.listener, self.azure.deadline)
        if left:
            told = f"Not all that was made could be undone ({_why_left(left)})."
            needed = next((error for _, error in left if isinstance(error, LoginRequired)), None)
            if needed is not None and not isinstance(cause, LoginRequired):
                cause.recommendations += refusals.of_any_command(needed)
            cause.recommendations += (
                f"To see what is left: {host_commands.list_parts(self.spec)}",
                f"To continue from there: {host_commands.create_anew(self.spec)}")
        elif self._made(failure, VIRTUAL_NETWORK):
            told = ("What was made has been undone, but for the virtual network "
                    f"'{self.spec.virtual_network.name}', which hosts share and which costs nothing.")
        elif self._made(failure, SUBNET):
            told = (f"What was made has been undone, but for the subnet '{self.spec.subnet_name or names.SUBNET}' of "
                    f"the virtual network '{self.spec.virtual_network.name}', which costs nothing.")
        else:
            told = "What was made has been undone."
        cause.message = with_sentence(cause.message, told)
        return cause

    def _made(self, failure: PlanFailed, key: str) -> bool:
        """Whether a part of the network was begun that was not there before."""
        there = self.found.virtual_network if key == VIRTUAL_NETWORK else self.found.subnet
        return there is None and any(step.key == key and step.request is not None for step in failure.begun)

    def _another_run(self) -> tuple[bool, Resource | None]:
        """Whether another terminal makes this host at this moment, and the VM where there is one.

        Its VM stands on parts that may bear this run's id; its interface, on a security group and an address.
        """
        spec, azure = self.spec, self.azure.until(self.azure.deadline.within(LOOK_SECONDS))
        try:
            machine = azure.get(kinds.VM, spec.group, spec.name)
            interface = None if self.found.network_interface else azure.get(
                kinds.NETWORK_INTERFACE, spec.group, names.network_interface(spec.name))
        except DockerVMError:
            return False, None      # each part is looked at once more before it is deleted
        made = [names.tag(one, names.TAG_RUN) for one in (machine, interface) if one is not None]
        return any(run != self.run_id for run in made), machine

    def _name_sizes(self, cause: DockerVMError) -> None:
        """Sizes that can be had, which only the megabytes of the SKU list tell: asked when they are needed."""
        if not isinstance(cause, AzureRefused) or cause.code != "SkuNotAvailable" or self.spec.location is None:
            return
        try:
            azure = self.azure.until(self.azure.deadline.within(LOOK_SECONDS))
            near = nearest_sizes(azure.offered_sizes(self.spec.location), self.spec.machine.size)
        except DockerVMError:
            return
        if near:
            first = host_commands.create_anew_with(self.spec, "size", "--size", near[0].partition(" ")[0])
            cause.recommendations = (f"Near it, and to be had in {self.spec.location}: {', '.join(near)}.",
                                     f"With the first of them: {first}", *cause.recommendations)


def _why_left(left: Sequence[tuple[Step, Exception]]) -> str:
    """What could not be undone, each with its reason; a login that Azure does not take is one reason for all."""
    told = [f"{step.title}: {error}" for step, error in left if not isinstance(error, LoginRequired)]
    refused = [(step.title, error) for step, error in left if isinstance(error, LoginRequired)]
    if refused:
        told.append(f"{', '.join(title for title, _ in refused)}: {refused[0][1]}")
    return "; ".join(told)
