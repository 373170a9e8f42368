"""Undoing what a run made, and never what another run has made under the same name meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import Conflict
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request

Undo = Callable[[Deadline], bool]

# How long, and how often, in seconds, a part is looked for that Azure accepted and neither shows nor deletes.
UNSEEN_SECONDS = 60.0
PAUSE_SECONDS = 5.0


class Sent:
    """What became of one PUT, as far as its answers tell: whether it was ``refused`` at once, so that it made nothing,
    and whether it was ``accepted`` without that its end, or what it made, was seen."""

    def __init__(self) -> None:
        self.refused = True     # until it is sent
        self.accepted = False

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Inside it is sent."""
        self.refused = self.accepted = False
        try:
            yield
        except BaseException as error:
            told = getattr(error, "accepted", None)
            self.refused, self.accepted = told is False, told is True
            raise


def undo_own(azure: Azure, kind: Kind, group: str, name: str, run_id: str, sent: Sent, force: bool = False) -> Undo:
    """What deletes the resource, unless a look shows that what bears the name now is another run's → whether it is
    gone. ``force`` as ``Request`` has it."""
    return undo_sent(azure, Request("DELETE", kind.type, group, (name,), force=force), kind, sent,
                     lambda found: names.tag(found, names.TAG_RUN) == run_id)


def undo_sent(azure: Azure, deletion: Request, kind: Kind, sent: Sent, is_own: Callable[[Resource], bool]) -> Undo:
    """The same, by what ``is_own`` says of what is found.

    Azure may show a resource only some time after it has accepted its PUT, so what is not found is deleted too, unless
    the PUT was refused. Raises ``Conflict`` where Azure, having accepted it, neither shows nor deletes it.
    """
    def undo(deadline: Deadline) -> bool:
        own, patience = azure.until(deadline), deadline.within(UNSEEN_SECONDS)
        while True:
            found = own.get(kind, deletion.group, *deletion.names)
            if found is not None and not is_own(found):
                return False
            if found is None and sent.refused:
                return True
            if own.remove(deletion) or found is not None or not sent.accepted:
                return True
            if patience.remaining() < PAUSE_SECONDS:
                raise Conflict("Azure accepted it, does not show it, and finds nothing to delete, so it may appear "
                               "later")
            deadline.sleep(PAUSE_SECONDS, f"Azure does not show the {kind.noun} '{deletion.name}' yet")

    return undo


def undo_with_disks(azure: Azure, group: str, disks: Iterable[str], undo_vm: Undo | None) -> Undo:
    """The undoing of a VM, and of the data disks that were made with it, which Azure keeps. The run's id is in their
    names, so they are this run's whatever has become of the VM."""
    def undo(deadline: Deadline) -> bool:
        gone = undo_vm(deadline) if undo_vm else True
        for disk in disks:
            azure.until(deadline).send(Request("DELETE", kinds.DISK.type, group, (disk,)))
        return gone

    return undo
