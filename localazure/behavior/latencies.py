"""Latencies: how long an operation takes in Azure by ARM action, in seconds, before the time scale.

Source: medians of operations recorded in 2017 (PUT and DELETE of VMs, extensions, deallocate, start) and 2022 (public
IP addresses); the action run command's 20 s are its documented minimum. Network's writes were recorded with the
intervals that their files name (providers/network). A managed run command and its deletion are a round trip of the
agent each, which takes tens of seconds; that these are the seconds is judgement, and so is how much longer the first
one on a VM takes, for which the agent downloads the handler. What is not in the table takes as long as its work.
"""

from __future__ import annotations

from collections.abc import Mapping

from localazure.behavior.paths import fits

_COMPUTE = "Microsoft.Compute/virtualMachines"
MEDIANS: Mapping[str, float] = {
    f"{_COMPUTE}/create": 79.0,  # n=36, 0.1 to 639 s; updates of a VM were not told apart and are left out
    f"{_COMPUTE}/delete": 111.0,  # n=12
    f"{_COMPUTE}/deallocate/action": 102.0,
    f"{_COMPUTE}/start/action": 21.0,
    f"{_COMPUTE}/runCommand/action": 20.0,
    f"{_COMPUTE}/runCommands/write": 25.0,
    f"{_COMPUTE}/runCommands/install/action": 25.0,  # on top of it, where no other run command is on the VM
    f"{_COMPUTE}/runCommands/delete": 20.0,
    f"{_COMPUTE}/extensions/write": 75.0,  # n=22, 0.1 to 286 s; 273 s for DockerExtension
    "Microsoft.Network/publicIPAddresses/delete": 15.0,  # 11 to 21 s
}
_LOWERED = {name.lower(): seconds for name, seconds in MEDIANS.items()}


def action_of_operation(full_type: str, action: str) -> str:
    """The ARM action of an operation: `put` and `create` write (a VM's creation keeps its own name), others act."""
    creates_vm = action == "create" and full_type.lower() == _COMPUTE.lower()
    word = {"put": "write", "create": "create" if creates_vm else "write", "delete": "delete"}.get(action)
    return f"{full_type}/{word or f'{action}/action'}"


def find(action: str, given: Mapping[str, float]) -> float | None:
    """Seconds for an action: the file's first pattern that fits, else the table's, else None."""
    for pattern, seconds in given.items():
        if fits(action, pattern):
            return seconds
    return _LOWERED.get(action.lower())
