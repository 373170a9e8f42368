"""When a client is to ask again after an operation: the service's own Retry-After, by the time scale.

Less than a whole second is said by retry-after-ms, which Azure's SDKs know; Retry-After is in whole seconds.
"""

from __future__ import annotations

from localazure.behavior.paths import type_of

_VM, _DISK = "microsoft.compute/virtualmachines", "microsoft.compute/disks"
# What Compute's first answer says since 2024, in seconds by method and type.
FIRST = {("PUT", _VM): 10.0, ("DELETE", _VM): 10.0, ("PUT", _DISK): 2.0}
# What its polls say while an operation runs (recorded in November 2025); that of another first answer is judgement.
COMPUTE_FIRST, COMPUTE_POLL = 10.0, 30.0
# Below the service's own pace Compute's intervals are short: guests boot at their own pace, and half a minute is too
# much even of a fiftieth. In seconds by the number of times it was asked; the time scale counts down to a tenth, since
# asking more often only keeps this computer busy. Compute's budget for such reads is 45, refilled by 15 a minute: none
# of these intervals runs it dry. A disk's operations name no interval.
QUICK_POLLS = (1.0, 1.0, 2.0, 4.0)
LEAST_POLL_SCALE = 0.1
# Network's polls double it, poll by poll (recorded in November 2025).
NETWORK_POLLS = (10.0, 20.0, 40.0, 80.0, 160.0)


def first(method: str, target: str) -> float | None:
    """The service's own seconds in the first answer to a call on `target`; None where it names none."""
    return FIRST.get((method, type_of(method, target)))


def of_network_poll(polls: int) -> float:
    """What Network says at the poll after so many."""
    return NETWORK_POLLS[min(polls, len(NETWORK_POLLS) - 1)]


def of_compute(target: str, polls: int, time_scale: float) -> dict[str, str]:
    """The header of a Compute operation that has been asked for so often."""
    if time_scale >= 1 and type_of("GET", target) != _DISK:
        return header(COMPUTE_POLL if polls else COMPUTE_FIRST, time_scale)
    seconds = QUICK_POLLS[min(polls, len(QUICK_POLLS) - 1)]
    return _milliseconds(seconds * max(time_scale, LEAST_POLL_SCALE))


def header(retry_after: float, time_scale: float) -> dict[str, str]:
    """The header for the service's own seconds."""
    seconds = retry_after * time_scale
    return {"Retry-After": str(round(seconds))} if time_scale >= 1 else _milliseconds(seconds)


def _milliseconds(seconds: float) -> dict[str, str]:
    return {"retry-after-ms": str(max(1, round(seconds * 1000)))}
