"""Undoing what a run made, and never what another run has made under the same name meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request


def undo_own(azure: Azure, kind: Kind, group: str, name: str, run_id: str) -> Callable[[Deadline], bool]:
    """What deletes the resource, once a look has shown that what bears the name now is this run's → whether it is
    gone."""
    def undo(deadline: Deadline) -> bool:
        own = azure.until(deadline)
        found = own.get(kind, group, name)
        if found is not None and names.tag(found, names.TAG_RUN) != run_id:
            return False
        if found is not None:
            own.send(Request("DELETE", kind.type, group, (name,)))
        return True

    return undo


def undo_with_disks(azure: Azure, group: str, disks: Iterable[str], undo_vm: Callable[[Deadline], bool] | None
                    ) -> Callable[[Deadline], bool]:
    """The undoing of a VM, and of the data disks that were made with it, which Azure keeps. The run's id is in their
    names, so they are this run's whatever has become of the VM."""
    def undo(deadline: Deadline) -> bool:
        gone = undo_vm(deadline) if undo_vm else True
        for disk in disks:
            azure.until(deadline).send(Request("DELETE", kinds.DISK.type, group, (disk,)))
        return gone

    return undo
