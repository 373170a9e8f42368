"""A managed run command on a VM: a script, what it is told, and how it has ended."""

from __future__ import annotations

from collections.abc import Mapping

from azext_dockervm.body.resource import Resource, has_failed
from azext_dockervm.flow.request import Ref
from azext_dockervm.secret import Secret
from azext_dockervm.spec.host import HostSpec

# Execution states of a run command that has ended. Azure may show others for a while after the PUT's own operation has.
ENDED = frozenset({"Succeeded", "Failed", "TimedOut", "Canceled"})
AT_WORK = frozenset({"Running", "Pending"})


def body(spec: HostSpec, run_id: str, script: str, parameters: Mapping[str, str | Ref | Secret[str]],
         seconds: int | Ref) -> Resource:
    """``parameters`` reach the script as environment variables, secret ones by a way of which Azure shows nothing; it
    ends the script after ``seconds``.

    A script that fails still ends as Succeeded here: its answer tells, and is read from the instance view.
    """
    given = [{"name": name, "value": value} for name, value in parameters.items() if value != ""]
    secret = [one for one in given if isinstance(one["value"], Secret)]
    return {"location": spec.location, "tags": spec.part_tags(run_id), "properties": {
        "source": {"script": script},
        "parameters": [one for one in given if not isinstance(one["value"], Secret)], **({
            "protectedParameters": secret} if secret else {}),
        "asyncExecution": False, "treatFailureAsDeploymentFailure": False, "timeoutInSeconds": seconds}}


def instance_view(run_command: Resource | None) -> Resource:
    """Empty where there is none."""
    found: Resource = ((run_command or {}).get("properties") or {}).get("instanceView") or {}
    return found


def has_ended(run_command: Resource | None) -> bool:
    """What Azure could not even hand to the VM's agent has failed, and its instance view stays empty, or Pending."""
    state = execution_state(instance_view(run_command))
    return state in ENDED or (has_failed(run_command) and state != "Running")


def execution_state(view: Resource) -> str:
    return view.get("executionState") or "Unknown"
