"""A deadline that every wait of one run shares, and that Ctrl-C ends early."""

from __future__ import annotations

import math
import threading
import time

from azext_dockervm.errors import DeadlinePassed, Interrupted


class Deadline:
    """A point in time, in seconds of the monotonic clock, with a switch that ends all waiting at once."""

    def __init__(self, seconds: float, cancelled: threading.Event | None = None) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._cancelled = cancelled or threading.Event()

    @classmethod
    def never(cls) -> Deadline:
        return cls(math.inf)

    def share(self, part: float) -> Deadline:
        """A nearer deadline that holds ``part`` (0 to 1) of what is left, ended by the same switch."""
        return Deadline(self.remaining() * part, self._cancelled)

    def within(self, seconds: float) -> Deadline:
        """A nearer deadline, ``seconds`` away but not beyond this one, ended by the same switch."""
        return Deadline(min(seconds, self.remaining()), self._cancelled)

    def remaining(self) -> float:
        return max(0.0, self._end - time.monotonic())

    def cancel(self) -> None:
        """Wake every sleeper; each raises ``Interrupted``."""
        self._cancelled.set()

    def reopen(self, seconds: float) -> None:
        """Begin again with ``seconds`` and an open switch: for tidying up, once nobody else waits any more."""
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._cancelled.clear()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def passed(self) -> bool:
        return self.remaining() <= 0

    def check(self, state: str) -> None:
        if self.cancelled:
            raise Interrupted(f"Stopped by Ctrl-C while {state}")
        if self.passed:
            raise DeadlinePassed(f"the time allowed ({self.seconds:.0f} s) is over; last seen: {state}")

    def sleep(self, seconds: float, state: str) -> None:
        """Sleep, but not beyond the deadline; raises ``DeadlinePassed`` or ``Interrupted`` with the last state seen."""
        self.check(state)
        self._cancelled.wait(min(seconds, self.remaining()))
        self.check(state)
