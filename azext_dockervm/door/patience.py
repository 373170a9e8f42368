"""How long to wait for a new host at its door, by what was seen there last."""

from __future__ import annotations

from azext_dockervm.door.messages import IN_WORDS, STARTING, Said
from azext_dockervm.errors import EngineUnreachable

# A closed port stays closed. Counted from the end of the VM's creation, which Azure reports before or after the guest
# has opened its door.
DROPPED_SECONDS = 20.0
# A guest whose own firewall drops packets opens the port when cloud-init comes to the set-up script. Until then its
# silence and that of a firewall on the way look the same.
DROPPED_BY_GUEST_SECONDS = 90.0
# cloud-init comes to users' scripts some ten to forty seconds after Azure has heard that the guest is ready.
ABSENT_SECONDS = 90.0
# The user's own custom data may have cloud-init fetch URLs and install packages before that.
ABSENT_BEHIND_OTHERS_SECONDS = 300.0
# A door that was open stays so until the engine starts. When it is gone before that, the machine was reset or its
# script was ended, and cloud-init does not run it again.
LOST_SECONDS = 30.0
# With a certificate it may be starting the engine without having been heard to say so.
LOST_WITH_CERTIFICATE_SECONDS = 120.0
# An engine with a new certificate answers some seconds after the door has closed, or the door opens again and says why.
# Where neither comes, something else has the port, and the host can't say so there.
START_SECONDS = 50.0
# The same where something else answers at the port.
STRANGER_SECONDS = 20.0
# Package managers take their minutes; beyond that the run command, which waits for their locks, does as well.
STILL_SECONDS = 300.0


class Patience:
    """``look`` is told each thing that was seen, with the time. All times are seconds of the monotonic clock.
    ``behind_others``: the first boot has custom data of the user's to act upon, too. ``firewalled``: the guest's own
    firewall drops packets until the port is opened."""

    def __init__(self, behind_others: bool = False, firewalled: bool = False) -> None:
        self._shut = DROPPED_BY_GUEST_SECONDS if firewalled else DROPPED_SECONDS
        self._absent = ABSENT_BEHIND_OTHERS_SECONDS if behind_others else ABSENT_SECONDS
        self._last: Said | None = None
        self._changed: float | None = None      # when the door last said something new
        self._dropped: float | None = None      # since when every knock has been without an answer
        self._gone: float | None = None         # since when the door has said nothing
        self._strange: float | None = None      # since when something that is neither door nor engine has answered

    def look(self, seen: Said | EngineUnreachable, now: float, vm_ended: float | None) -> str | None:
        """Why it is time to give up, in words; None while waiting makes sense. ``vm_ended`` is when Azure said that
        the VM was made; None until then, and so long nobody is missed."""
        self._note(seen, now)
        if self._changed is not None and now - self._changed > STILL_SECONDS:
            return f"nothing has changed for {STILL_SECONDS / 60:.0f} minutes (the last was: {self.last_words})"
        if isinstance(seen, Said) or vm_ended is None:
            return None
        if self._is_starting and self._strange is not None and now - self._strange > STRANGER_SECONDS:
            return f"another program answers at its Docker port ({seen.cause})"
        lost = self._lost_after
        if lost is not None and self._gone is not None and now - self._gone > lost:
            return f"{seen.cause}, {lost:.0f} seconds after its last words ({self.last_words})"
        shut = self._shut if self._changed is None else DROPPED_SECONDS
        if self._dropped is not None and now - max(self._dropped, vm_ended) > shut:
            return f"{seen.cause}, for {shut:.0f} seconds after the VM was ready"
        if self._changed is None and now - vm_ended > self._absent:
            return f"{seen.cause}, {self._absent:.0f} seconds after the VM was ready"
        return None

    @property
    def _lost_after(self) -> float | None:
        """How long the door may be gone; None where that is no wonder."""
        if self._last is None or not self._last.state:
            return None
        if self._is_starting:
            return START_SECONDS
        return LOST_WITH_CERTIFICATE_SECONDS if self._last.certified else LOST_SECONDS

    @property
    def _is_starting(self) -> bool:
        return self._last is not None and self._last.state == STARTING

    @property
    def last_words(self) -> str:
        """What the host said last; empty where it has said nothing."""
        return IN_WORDS[self._last.state] if self._last and self._last.state else ""

    def _note(self, seen: Said | EngineUnreachable, now: float) -> None:
        if isinstance(seen, EngineUnreachable):
            self._dropped = (self._dropped or now) if seen.kind == "timeout" else None
            self._gone = self._gone or now
            silent = seen.kind in ("timeout", "refused", "dns", "other")
            self._strange = None if silent else self._strange or now
            return
        self._dropped = self._gone = self._strange = None
        if seen != self._last:
            self._last, self._changed = seen, now
