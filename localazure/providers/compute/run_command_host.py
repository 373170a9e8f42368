"""What the handler of managed run commands remembers on a host: which settings it has run, by name.

Each change of a run command has the next sequence number, from 0 on. The genuine handler notes the last one that it
ran in `<name>.mrseq` and takes nothing that is not newer: it exits with 3 and writes no status. A deletion leaves that
file; only when the last run command goes, the handler goes too and with it what it noted. Here the notes lie with the
run commands that remain, so that they end with the last one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from localazure.arm.cloud import Cloud
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
