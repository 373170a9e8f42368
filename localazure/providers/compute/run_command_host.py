"""The handler of managed run commands on a host: which settings it has run, by name, and how it reports an end.

Each change of a run command has the next sequence number, from 0 on. The genuine handler notes the last one that it
ran in `<name>.mrseq` and takes nothing that is not newer: it exits with 3 and writes no status. A deletion leaves that
file; only when the last run command goes, the handler goes too and with it what it noted. Here the notes lie with the
run commands that remain, so that they end with the last one.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import timestamp
from localazure.machines.machine import RunResult
from localazure.protocol.errors import ArmError
from localazure.providers import kinds
from localazure.store.resources import Resource

_SHIM = "/var/lib/waagent/Microsoft.CPlat.Core.RunCommandHandlerLinux-1.3.28/bin/run-command-shim enable"
# What a run command consists of for the host; tags and treatFailureAsDeploymentFailure never get there.
_SETTINGS = ("source", "parameters", "protectedParameters", "asyncExecution", "timeoutInSeconds", "runAsUser",
             "runAsPassword")  # fmt: skip


def fingerprint(cloud: Cloud, given: dict[str, Any]) -> str:
    """Tells whether the settings have changed, protected ones too, without keeping those."""
    settings = json.dumps({name: given.get(name) for name in _SETTINGS if given.get(name)}, sort_keys=True)
    return hmac.new(cloud.authority.key, settings.encode(), hashlib.sha256).hexdigest()


def noted(cloud: Cloud, vm: Resource) -> dict[str, int]:
    """The host's notes: the last sequence number of names that were deleted."""
    found: dict[str, int] = {}
    for command in cloud.store.children(vm.id, kinds.RUN_COMMAND):
        found.update(command.hidden.get("noted", {}))
    return found


def note(cloud: Cloud, vm: Resource, gone: Resource) -> None:
    """A run command has been deleted: the host keeps its note as long as there are others."""
    last = max(gone.hidden.get("sequence", 0), noted(cloud, vm).get(gone.name.lower(), -1))
    for command in cloud.store.children(vm.id, kinds.RUN_COMMAND):
        command.hidden["noted"] = {**command.hidden.get("noted", {}), gone.name.lower(): last}
        cloud.store.put(command)


def refuse_spent(command: Resource) -> None:
    """Raise ArmError for a run command that the handler takes for one that it has run already."""
    if command.hidden["sequence"] > command.hidden["noted"].get(command.name.lower(), -1):
        return
    raise ArmError(
        409,
        "VMExtensionProvisioningError",
        f"VM has reported a failure when processing extension '{command.name}'. Error message: "
        f"\"[ExtensionOperationError] Non-zero exit code: 3, {_SHIM}\".",
    )


_LAST_BYTES = 4096  # of output and of errors each; Azure keeps no more
_LOOK_AGAIN_S = 0.2
KILLED = -1  # Go's exit status of a process that a signal has ended


def last(text: str) -> str:
    """The end of a text, at most 4 KB of it in UTF-8."""
    return text.encode()[-_LAST_BYTES:].decode(errors="ignore")


def ended_view(result: RunResult) -> dict[str, Any]:
    """How the handler reports an end. It knows no time-out: a script that it has killed for it has Failed."""
    code = KILLED if result.timed_out else result.exit_code
    failure = f"Execution failed: failed to execute command: command terminated with exit status={code}"
    return {
        "executionState": "Failed" if code else "Succeeded",
        "executionMessage": failure if code else "Execution completed",
        "exitCode": code,
        "output": last(result.stdout),
        "error": last(result.stderr),
        "endTime": timestamp(),
    }


def be_late(cloud: Cloud, vm: Resource, command: Resource) -> None:
    """Where behavior.json has it: the view tells of the end some time after the PUT has ended."""
    late = cloud.behavior.late_view(vm.name, command.name)
    if late is not None:
        command.hidden["late"] = {"state": late[0], "until": time.time() + late[1]}


def view_now(command: Resource) -> dict[str, Any]:
    """The instance view as it is told by now."""
    view: dict[str, Any] = command.hidden["view"]
    late = command.hidden.get("late")
    if late is None or time.time() >= late["until"]:
        return view
    told = {"executionState": late["state"], "executionMessage": "", "exitCode": 0, "output": "", "error": ""}
    return {**told, **({"startTime": view["startTime"]} if late["state"] == "Running" else {})}


async def hang(cloud: Cloud, vm: Resource, command: Resource) -> None:
    """The agent was restarted while the script ran, and nobody waits for its end: until the VM is restarted, when
    Azure gives it up (that it does then is judgement), or until behavior.json lets it end. Raises ArmError."""
    boot = vm.hidden.get("boot")
    while cloud.store.get(command.id) is command and cloud.behavior.run_command_hangs(vm.name, command.name):
        found = cloud.store.get(vm.id)
        if found is None or found.hidden.get("boot") != boot:
            raise ArmError(
                409,
                "VMExtensionProvisioningTimeout",
                f"Provisioning of VM extension '{command.name}' has timed out. Extension provisioning has taken too "
                'long to complete. The extension last reported "Plugin enabled".',
            )
        await asyncio.sleep(_LOOK_AGAIN_S)
