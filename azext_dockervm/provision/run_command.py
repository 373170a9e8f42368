"""The run-command provisioner: two calls of the set-up script; the server's key is born on the host and stays there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from azext_dockervm.certs.summary import describe
from azext_dockervm.errors import AzureRefused, DockerVMError, HostFailed, Interrupted
from azext_dockervm.plan.deadline import Deadline
from azext_dockervm.plan.step import Step
from azext_dockervm.provision.base import RUN_COMMAND, Job, Provisioned
from azext_dockervm.provision.daemon import daemon_json
from azext_dockervm.provision.script import Answer, encoded, parse_answer, set_up_script

# All that are ever asked of a host.
ACTIONS = ("request", "serve", "ssh", "restart", "check")
# Other changes of the same VM: a killed run's, or those of policies that put their extensions onto each new VM.
BUSY = frozenset({"AnotherOperationInProgress", "Conflict", "OperationPreempted"})


def steps(job: Job) -> list[Step]:
    """request → certificate → serve; the result of 'serve' is a ``Provisioned``."""
    spec = job.spec

    def request(_results) -> str:
        return ask(job, "request", DOCKERVM_SUBJECT=job.identity.common_name, DOCKERVM_NAMES=str(job.identity),
                   DOCKERVM_USER=spec.admin_username, DOCKERVM_SSH_PORT=str(spec.ssh_port or ""))["csr"]

    def sign(results) -> bytes:
        return job.authority.sign_request(results["request"].encode(), job.identity)

    def serve(results) -> Provisioned:
        certificate = results["certificate"]
        ask(job, "serve", DOCKERVM_CA=encoded(job.authority.certificate_pem), DOCKERVM_CERT=encoded(certificate),
            DOCKERVM_DAEMON_JSON=encoded(daemon_json(spec.docker_port)), DOCKERVM_USER=spec.admin_username)
        return Provisioned(RUN_COMMAND, certificate, describe(certificate).not_after, checked=True)

    return [
        Step("request", "install Docker and make the server's key on the host", request),
        Step("certificate", "sign the server's certificate", sign, ("request",)),
        Step("serve", "give the certificate to the engine, restart and check it", serve, ("certificate",)),
    ]


def tidy(job: Job, actions: Sequence[str], warn: Callable[[str], None], after: str) -> Step:
    """Run commands are deleted after they have answered: a VM holds only so many, and their output lies in ARM."""
    def delete(_results) -> None:
        for action in actions:
            error = forget(job, action)
            if error:
                warn(f"{error.message} To delete it: az vm run-command delete -g {job.spec.group} "
                     f"--vm-name {job.spec.name} -n {command_name(action)} --yes")

    return Step("tidy", "delete the run commands, which have answered", delete, (after,))


def forget(job: Job, action: str) -> DockerVMError | None:
    """Delete one run command → None, or why it stays; that does no harm to a host that works, so it is not raised."""
    azure, spec = job.azure, job.spec
    try:
        when_free(azure.deadline, lambda: azure.delete_run_command(spec.group, spec.name, command_name(action)))
    except Interrupted:
        raise
    except DockerVMError as error:
        return error
    return None


def when_free(deadline: Deadline, call: Callable[[], Any]) -> Any:
    """Azure takes one change of a VM at a time; wait while another (of a killed run, say) goes on."""
    while True:
        try:
            return call()
        except AzureRefused as error:
            if error.code not in BUSY:
                raise
            deadline.sleep(3, error.message)


def command_name(action: str) -> str:
    return f"dockervm-{action}"


def ask(job: Job, action: str, **parameters: str) -> Answer:
    """Run one action of the set-up script on the host → its answer; ``HostFailed`` with the host's own words."""
    azure, spec, name = job.azure, job.spec, command_name(action)
    seconds = int(max(60.0, min(azure.deadline.remaining(), 5400.0)))
    # The script gives up before this side does, so that its reason is heard: the agent takes up to a minute to begin,
    # and the handler reports every 15 s.
    patience = seconds - min(120, seconds // 3)
    values = {"DOCKERVM_ACTION": action, "DOCKERVM_RUN_ID": job.run_id, "DOCKERVM_PORT": str(spec.docker_port),
              "DOCKERVM_TIMEOUT": str(patience), **parameters}
    body = {"location": spec.location, "properties": {
        "source": {"script": set_up_script()},
        "parameters": [{"name": key, "value": value} for key, value in values.items() if value],
        "asyncExecution": False, "treatFailureAsDeploymentFailure": False, "timeoutInSeconds": seconds}}
    when_free(azure.deadline, lambda: azure.put_run_command(spec.group, spec.name, name, body))
    view = ((azure.run_command(spec.group, spec.name, name) or {}).get("properties") or {}).get("instanceView") or {}
    return _answer(view, action, job.run_id)


def _answer(view: dict, action: str, run_id: str) -> Answer:
    state = view.get("executionState") or "Unknown"
    if state == "TimedOut":
        raise HostFailed(f"The host's set-up ('{action}') did not end in the time allowed.")
    output = view.get("output") or ""
    if state != "Succeeded" and "dockervm-begin" not in output:
        said = " ".join((view.get("error") or view.get("executionMessage") or output).split())[-300:]
        raise HostFailed(f"The host's set-up ('{action}') ended as {state}, exit code {view.get('exitCode')}: {said}")
    answer = parse_answer(output, run_id)
    if not answer.ok:
        reason = answer.values.get("reason", "unknown reason")
        words = "\n".join(f"    {line}" for line in answer.details)
        raise HostFailed(f"The host's set-up ('{action}') failed: {reason}. The host says:\n{words}")
    return answer
