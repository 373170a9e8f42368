"""Managed run commands: asking a host for an action of the set-up script."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from azext_dockervm.advice import host_commands, host_messages
from azext_dockervm.advice.refusals import in_warning
from azext_dockervm.azure import kinds
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import run_command
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import (
    DeadlinePassed,
    DockerVMError,
    HostFailed,
    HostGone,
    Interrupted,
    LoginRequired,
    NotFound,
)
from azext_dockervm.flow import trace
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Ref, Request
from azext_dockervm.flow.step import DEADLINE
from azext_dockervm.printable import one_line
from azext_dockervm.provision.script.answer import Answer, in_words, parse_answer
from azext_dockervm.provision.script.join import set_up_script
from azext_dockervm.provision.unfit import unfit
from azext_dockervm.secret import Secret
from azext_dockervm.spec.host import HostSpec

PREFIX = "dockervm-"
# One whose state stays unknown is given up after a minute.
UNKNOWN_SECONDS = 60.0
NEW_VM_SECONDS = 60.0
# Azure's limit for a run command is 90 minutes.
MOST_SECONDS = 5400.0


def seconds_for_the_script(deadline: Deadline) -> int:
    return int(max(60.0, min(deadline.remaining(), MOST_SECONDS)))


def patience_of_the_script(deadline: Deadline) -> str:
    """The script gives up before this side does, so that its reason is heard: the agent takes up to a minute to begin,
    and the handler reports every 15 s."""
    seconds = seconds_for_the_script(deadline)
    return str(seconds - min(120, seconds // 3))


@dataclass(frozen=True)
class RunCommands:
    """The run commands of one run on one VM; ``sent`` has the names of those that Azure was asked for.

    Each has a name of its own: the agent remembers the name of a deleted one while others are there, and takes a new
    one of that name for done (Azure/run-command-handler-linux, .mrseq files).
    """

    azure: Azure
    spec: HostSpec
    run_id: str
    sent: list[str] = field(default_factory=list)
    _names: list[str] = field(default_factory=list)

    def on(self, spec: HostSpec) -> RunCommands:
        """The same run commands, for the host as it is known by now."""
        return replace(self, spec=spec)

    @property
    def planned(self) -> bool:
        """Whether there is one, or will be."""
        return bool(self._names)

    def request(self, action: str, parameters: Mapping[str, str | Ref | Secret[str]]) -> Request:
        """One action of the set-up script, as it will be sent; empty parameters are left out."""
        values = {"DOCKERVM_ACTION": action, "DOCKERVM_RUN_ID": self.run_id,
                  "DOCKERVM_PORT": str(self.spec.engine.port),
                  "DOCKERVM_TIMEOUT": Ref(DEADLINE, via=patience_of_the_script), **parameters}
        body = run_command.body(self.spec, self.run_id, set_up_script(action), values,
                                Ref(DEADLINE, via=seconds_for_the_script))
        return Request("PUT", kinds.RUN_COMMAND.type, self.spec.group, (self.spec.name, self._new_name(action)), body)

    def run(self, request: Request, deadline: Deadline) -> Answer:
        """Send it → the host's answer; ``HostFailed`` with the host's own words."""
        answer = self.try_to_run(request, deadline)
        if not answer.ok:
            raise failure(_action(request), answer, self.spec)
        return answer

    def try_to_run(self, request: Request, deadline: Deadline) -> Answer:
        """As ``run``, but a failure that the script tells is an answer too."""
        name = request.names[-1]
        self.sent.append(name)
        trace.state(f"run command '{_action(request)}'", "sent")
        try:
            self._put(request.resolved({DEADLINE: deadline}), deadline)
            view = self._ended_view(name, _action(request), deadline)
        except LoginRequired:
            self.sent.remove(name)      # it was not made, and its deletion would be refused for the same reason
            raise
        except DeadlinePassed as error:
            error.recommendations += (host_messages.agent_may_hang(self.spec),)
            raise
        return _answer(view, _action(request), self.run_id)

    def _put(self, request: Request, deadline: Deadline) -> None:
        """Right after a VM was made Azure may not know it everywhere yet, and says that it can't be found."""
        azure, spec, patience = self.azure.until(deadline), self.spec, deadline.within(NEW_VM_SECONDS)
        while True:
            try:
                azure.send(request)
                return
            except HostGone:
                raise
            except NotFound:
                if azure.vm_is_gone(spec.group, spec.name):
                    raise host_messages.vm_is_gone(spec) from None
                if patience.remaining() < 5:
                    raise
                deadline.sleep(5, f"Azure does not find the VM '{spec.name}' yet")

    def delete(self, warn: Callable[[str], None], leftovers: bool, deadline: Deadline) -> None:
        """Delete those of this run and, with ``leftovers``, those of runs that were killed: a VM holds only so many,
        and their output lies in ARM. What can't be deleted does no harm to a host that works, so it is a warning."""
        azure = self.azure.until(deadline)
        for name in [*self.sent, *(self._leftovers(azure, warn) if leftovers else ())]:
            try:
                # One after the other: Azure takes one change of a VM at a time.
                azure.send(Request("DELETE", kinds.RUN_COMMAND.type, self.spec.group, (self.spec.name, name)))
            except Interrupted:
                raise
            except LoginRequired as error:
                warn(in_warning(error))     # the others would meet the same
                return
            except DockerVMError as error:
                delete = host_commands.delete_run_command(self.spec, name)
                warn(f"{error.message} To delete it: {delete}")

    def _leftovers(self, azure: Azure, warn: Callable[[str], None]) -> list[str]:
        """Ours by their prefix, of other runs, and at work no more: one that works may be another terminal's."""
        try:
            others = [name for one in azure.list(kinds.RUN_COMMAND, self.spec.group, self.spec.name)
                      if (name := one["name"].rpartition("/")[2]).startswith(PREFIX) and name not in self.sent]
            return [name for name in others if run_command.has_ended(self._read(azure, name))]
        except Interrupted:
            raise
        except DockerVMError as error:
            warn(error.message)
            return []

    def _read(self, azure: Azure, name: str) -> Resource | None:
        return azure.get(kinds.RUN_COMMAND, self.spec.group, self.spec.name, name)

    def _ended_view(self, name: str, action: str, deadline: Deadline) -> Resource:
        """The PUT's own operation may end before the script has."""
        azure, unknown = self.azure.until(deadline), deadline.within(UNKNOWN_SECONDS)
        while True:
            found = self._read(azure, name)
            view = run_command.instance_view(found)
            state = _state(view)
            trace.state(f"run command '{action}'", state)
            if state in run_command.ENDED or (state not in run_command.AT_WORK and unknown.remaining() < 1):
                if found is None and azure.vm_is_gone(self.spec.group, self.spec.name):
                    raise host_messages.vm_is_gone(self.spec)
                if found is None:
                    # Another terminal's create tidies up what has ended, between two looks of this one.
                    raise HostFailed(f"The run command '{name}' was deleted, perhaps by another create of "
                                     "this host, before its answer was read.")
                return view
            deadline.sleep(min(4.0, max(1.0, unknown.remaining())), f"the run command '{name}' is {state}")

    def _new_name(self, action: str) -> str:
        base = name = f"{PREFIX}{action}-{self.run_id}"
        number = 1
        while name in self._names:
            number += 1
            name = f"{base}-{number}"
        self._names.append(name)
        return name


_state = run_command.execution_state


def _action(request: Request) -> str:
    values = {one["name"]: one["value"] for one in request.body["properties"]["parameters"]}
    return str(values["DOCKERVM_ACTION"])


def failure(action: str, answer: Answer, spec: HostSpec) -> HostFailed:
    words = "\n".join(f"    {line}" for line in answer.details)
    error = HostFailed(f"The host's set-up ('{action}') failed: {in_words(answer.reason)}. The host says:\n{words}",
                       advice(answer.reason, spec))
    error.unfit = unfit(answer.reason, answer.details, spec)
    return error


def advice(reason: str | None, spec: HostSpec) -> str | Sequence[str] | None:
    """What to do about a failure of the set-up script, beside the same command again; None where there is nothing."""
    return _ADVICE[reason](spec) if reason in _ADVICE else None


_ADVICE = {
    "certificate-invalid": host_messages.clock_may_be_wrong,
    # The handler kills a script at its time-out, but not what it has started, and that has the lock, too.
    "busy": host_messages.lock_may_stay,
    "docker-config-invalid": host_messages.settings_are_wrong,
    "settings-changed": host_messages.settings_of_others,
    "metadata-open": host_messages.metadata_is_open,
}


def _answer(view: Resource, action: str, run_id: str) -> Answer:
    state, exit_code = _state(view), view.get("exitCode")
    output = view.get("output") or ""
    answered = "dockervm-begin" in output
    # The Linux handler never says TimedOut: it ends the script and reports Failed with exit code -1.
    if state == "TimedOut" or (state == "Failed" and exit_code == -1 and not answered):
        raise HostFailed(f"The host's set-up ('{action}') did not end in the time allowed.")
    if state != "Succeeded" and not answered:
        said = one_line((view.get("error") or view.get("executionMessage") or output)[-4000:])[-300:]
        raise HostFailed(f"The host's set-up ('{action}') ended as {state}, exit code {exit_code}: {said}")
    return parse_answer(output, run_id)
