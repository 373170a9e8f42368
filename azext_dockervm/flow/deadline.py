"""Until when somebody may wait: a point in time that never moves, with the switch that ends all waiting."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from azext_dockervm.errors import DeadlinePassed, Interrupted
from azext_dockervm.flow import trace
from azext_dockervm.flow.cancellation import Cancellation


class Deadline:
    """A point in time, ``seconds`` away when it is made, or ``end`` of the monotonic clock. ``patience`` is how many
    seconds one question may be without an answer that can be taken, its repetitions included."""

    def __init__(self, seconds: float, cancellation: Cancellation | None = None, end: float | None = None,
                 patience: float = math.inf) -> None:
        self.seconds = seconds
        self.patience = patience
        self.cancellation = cancellation or Cancellation()
        self._end = time.monotonic() + seconds if end is None else end

    @classmethod
    def never(cls) -> Deadline:
        return cls(math.inf)

    def within(self, seconds: float) -> Deadline:
        """A nearer deadline, ``seconds`` away but not beyond this one, ended by the same switch. Where this one is
        nearer it is this one, whose words tell the time that the user has given."""
        return self if seconds >= self.remaining() else Deadline(seconds, self.cancellation, patience=self.patience)

    def later(self, seconds: float) -> Deadline:
        """The same, ``seconds`` later: for the time in which somebody was asked, which is none of the command's."""
        return Deadline(self.seconds, self.cancellation, self._end + seconds, self.patience)

    def remaining(self) -> float:
        """Seconds; never negative."""
        return max(0.0, self._end - time.monotonic())

    @property
    def cancelled(self) -> bool:
        return self.cancellation.cancelled

    @property
    def passed(self) -> bool:
        return self.remaining() <= 0

    def check(self, state: str) -> None:
        """Raise ``Interrupted`` or ``DeadlinePassed``, with the last state seen, where nobody may wait any longer."""
        if self.cancelled:
            raise Interrupted(f"Stopped by {self.cancellation.reason} while {state}")
        if self.passed:
            raise DeadlinePassed(f"the time allowed ({self.seconds:.0f} s) is over; last seen: {state}")

    def sleep(self, seconds: float, state: str) -> None:
        """Sleep, but not beyond the deadline; raises as ``check`` does."""
        self.check(state)
        with trace.pause():
            self.cancellation.wait(min(seconds, self.remaining()))
        self.check(state)


# A step's own deadline, made from that of the run when the step begins.
Limit = Callable[[Deadline], Deadline]


def at_most(seconds: float) -> Limit:
    return lambda run: run.within(seconds)


def part_of_the_rest(part: float, most: float = math.inf) -> Limit:
    """``part`` (0 to 1) of what is left of the run then, and not more than ``most`` seconds."""
    return lambda run: run.within(min(run.remaining() * part, most))


def of_its_own(seconds: float) -> Limit:
    """For tidying up: it has its time even where the run's is over."""
    return lambda run: Deadline(seconds, run.cancellation)
