"""Managed run commands: asking a host for an action of the set-up script, and the provisioner that needs nothing else.

The server's key is born on the host and stays there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azext_dockervm import advice
from azext_dockervm.errors import AzureRefused, DockerVMError, HostFailed, Interrupted, NotFound
from azext_dockervm.plan.deadline import Deadline
from azext_dockervm.plan.step import Step
from azext_dockervm.provision.base import RUN_COMMAND, Job, Provisioned
from azext_dockervm.provision.daemon import daemon_json
from azext_dockervm.provision.script import Answer, encoded, parse_answer, set_up_script
from azext_dockervm.spec import HostSpec

PREFIX = "dockervm-"
# Other changes of the same VM: a killed run's, or those of policies that put their extensions onto each new VM.
BUSY = frozenset({"AnotherOperationInProgress", "Conflict", "OperationPreempted"})
# Execution states of a run command that has ended. Azure may show others for a while after the PUT's own operation has;
# one that stays unknown is given up after a minute.
ENDED = frozenset({"Succeeded", "Failed", "TimedOut", "Canceled"})
AT_WORK = frozenset({"Running", "Pending"})
UNKNOWN_SECONDS = 60.0
NEW_VM_SECONDS = 60.0


class RunCommands:
    """The run commands of one run on one VM.

    Each has a name of its own: the agent remembers the name of a deleted one while others are there, and takes a new
    one of that name for done (Azure/run-command-handler-linux, .mrseq files).
    """

    def __init__(self, azure: Any, spec: HostSpec, run_id: str) -> None:
        self.azure = azure
        self.spec = spec
        self.run_id = run_id
        self.made: list[str] = []

    def ask(self, action: str, **parameters: str) -> Answer:
        """Run one action of the set-up script on the host → its answer; ``HostFailed`` with the host's own words."""
        answer = self.answer_to(action, **parameters)
        if not answer.ok:
            raise failure(action, answer)
        return answer

    def answer_to(self, action: str, **parameters: str) -> Answer:
        """As ``ask``, but a failure that the script tells is an answer too."""
        azure, spec, name = self.azure, self.spec, self._new_name(action)
        seconds = int(max(60.0, min(azure.deadline.remaining(), 5400.0)))
        # The script gives up before this side does, so that its reason is heard: the agent takes up to a minute to
        # begin, and the handler reports every 15 s.
        patience = seconds - min(120, seconds // 3)
        values = {"DOCKERVM_ACTION": action, "DOCKERVM_RUN_ID": self.run_id,
                  "DOCKERVM_PORT": str(spec.docker_port), "DOCKERVM_TIMEOUT": str(patience), **parameters}
        body = {"location": spec.location, "tags": spec.part_tags(self.run_id), "properties": {
            "source": {"script": set_up_script()},
            "parameters": [{"name": key, "value": value} for key, value in values.items() if value],
            "asyncExecution": False, "treatFailureAsDeploymentFailure": False, "timeoutInSeconds": seconds}}
        when_free(azure.deadline, lambda: self._put(name, body))
        return _answer(self._ended_view(name), action, self.run_id)

    def _put(self, name: str, body: dict) -> None:
        """Right after a VM was made Azure may not know it everywhere yet, and says that it can't be found."""
        azure, spec, patience = self.azure, self.spec, self.azure.deadline.within(NEW_VM_SECONDS)
        while True:
            try:
                azure.put_run_command(spec.group, spec.name, name, body)
                return
            except NotFound:
                if patience.remaining() < 5 or azure.virtual_machine(spec.group, spec.name) is None:
                    raise
                azure.deadline.sleep(5, f"Azure does not find the VM '{spec.name}' yet")

    def delete(self, warn: Callable[[str], None], leftovers: bool) -> None:
        """Delete those of this run and, with ``leftovers``, those of runs that were killed: a VM holds only so many,
        and their output lies in ARM. What can't be deleted does no harm to a host that works, so it is a warning."""
        for name in [*self.made, *(self._leftovers(warn) if leftovers else ())]:
            try:
                self._delete(name)
            except Interrupted:
                raise
            except DockerVMError as error:
                delete = advice.az("vm", "run-command", "delete", "-g", self.spec.group, "--vm-name", self.spec.name,
                                   "-n", name, "--yes", subscription=self.spec.subscription)
                warn(f"{error.message} To delete it: {delete}")

    def _delete(self, name: str) -> None:
        when_free(self.azure.deadline, lambda: self.azure.delete_run_command(self.spec.group, self.spec.name, name))

    def _leftovers(self, warn: Callable[[str], None]) -> list[str]:
        """Ours by their prefix, of other runs, and at work no more: one that works may be another terminal's."""
        try:
            others = [name for name in self.azure.run_commands(self.spec.group, self.spec.name)
                      if name.startswith(PREFIX) and name not in self.made]
            return [name for name in others if self._view(name).get("executionState") in ENDED]
        except Interrupted:
            raise
        except DockerVMError as error:
            warn(error.message)
            return []

    def _view(self, name: str) -> dict:
        found = self.azure.run_command(self.spec.group, self.spec.name, name) or {}
        return (found.get("properties") or {}).get("instanceView") or {}

    def _ended_view(self, name: str) -> dict:
        unknown = self.azure.deadline.within(UNKNOWN_SECONDS)
        while True:
            view = self._view(name)
            state = view.get("executionState") or "Unknown"
            if state in ENDED or (state not in AT_WORK and unknown.remaining() < 1):
                return view
            self.azure.deadline.sleep(min(4.0, max(1.0, unknown.remaining())), f"the run command '{name}' is {state}")

    def _new_name(self, action: str) -> str:
        base = name = f"{PREFIX}{action}-{self.run_id}"
        number = 1
        while name in self.made:
            number += 1
            name = f"{base}-{number}"
        self.made.append(name)
        return name


def failure(action: str, answer: Answer) -> HostFailed:
    words = "\n".join(f"    {line}" for line in answer.details)
    return HostFailed(f"The host's set-up ('{action}') failed: {answer.reason}. The host says:\n{words}")


def _answer(view: dict, action: str, run_id: str) -> Answer:
    state, exit_code = view.get("executionState") or "Unknown", view.get("exitCode")
    output = view.get("output") or ""
    answered = "dockervm-begin" in output
    # The Linux handler never says TimedOut: it ends the script and reports Failed with exit code -1.
    if state == "TimedOut" or (state == "Failed" and exit_code == -1 and not answered):
        raise HostFailed(f"The host's set-up ('{action}') did not end in the time allowed.")
    if state != "Succeeded" and not answered:
        said = " ".join((view.get("error") or view.get("executionMessage") or output).split())[-300:]
        raise HostFailed(f"The host's set-up ('{action}') ended as {state}, exit code {exit_code}: {said}")
    return parse_answer(output, run_id)


def when_free(deadline: Deadline, call: Callable[[], Any]) -> Any:
    """Azure takes one change of a VM at a time; wait while another (of a killed run, say) goes on."""
    while True:
        try:
            return call()
        except AzureRefused as error:
            if error.code not in BUSY:
                raise
            deadline.sleep(3, error.message)


def steps(job: Job) -> list[Step]:
    """request → certificate → serve; the result of 'serve' is a ``Provisioned``."""
    spec = job.spec

    def request(_results) -> str:
        return job.commands.ask(
            "request", DOCKERVM_SUBJECT=job.identity.common_name, DOCKERVM_NAMES=str(job.identity),
            DOCKERVM_USER=spec.admin_username, DOCKERVM_SSH_PORT=str(spec.ssh_port or ""))["csr"]

    def sign(results) -> bytes:
        return job.authority.sign_request(results["request"].encode(), job.identity)

    def serve(results) -> Provisioned:
        certificate = results["certificate"]
        job.commands.ask(
            "serve", DOCKERVM_CA=encoded(job.authority.certificate_pem), DOCKERVM_CERT=encoded(certificate),
            DOCKERVM_DAEMON_JSON=encoded(daemon_json(spec.docker_port)), DOCKERVM_USER=spec.admin_username)
        return Provisioned.of(RUN_COMMAND, certificate, checked=True)

    return [
        Step("request", "install Docker and make the server's key on the host", request),
        Step("certificate", "sign the server's certificate", sign, ("request",)),
        Step("serve", "give the certificate to the engine, restart and check it", serve, ("certificate",)),
    ]
