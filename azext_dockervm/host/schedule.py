"""A host's daily shutdown: the step that sets it, and what is said where that fails."""

from __future__ import annotations

from dataclasses import replace

from azext_dockervm.advice import vm_commands
from azext_dockervm.advice.refusals import in_warning
from azext_dockervm.azure import kinds, names
from azext_dockervm.body import schedule
from azext_dockervm.errors import Interrupted
from azext_dockervm.flow.deadline import at_most
from azext_dockervm.flow.request import Ref
from azext_dockervm.flow.step import Step
from azext_dockervm.host.making import SCHEDULE, VM, Making

# It takes a second; where the subscription has to be registered for Microsoft.DevTestLab first, a minute or two. A host
# that works is not held up for longer.
LONGEST_SECONDS = 300.0


def step(making: Making, vm: str | Ref) -> Step:
    """``vm`` is the VM's id. A host without it works all the same, so what goes wrong is a warning."""
    spec, existing = making.spec, making.found.schedule
    body = schedule.body(spec, making.run_id, vm, existing)
    when = f" ({spec.placement.shutdown_time} {spec.placement.shutdown_zone})"
    needs = (VM,) if isinstance(vm, Ref) else ()

    def warning(error: BaseException) -> str | None:
        if isinstance(error, Interrupted):
            return None
        set_it = vm_commands.shut_down_daily(spec, spec.placement.shutdown_time or "")
        return f"The host is not shut down every day: {in_warning(error)}\nTo set it, in UTC: {set_it}"

    written = making.write(kinds.SCHEDULE, SCHEDULE, "set", names.schedule(spec.name), body, needs=needs, words=when,
                           undone=existing is None, forgiven=warning)
    return replace(written, limit=at_most(LONGEST_SECONDS))
