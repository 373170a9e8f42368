"""Waiting for calls that can't be told to end: each runs in a thread of its own, and is left alone at the deadline.

No time-out of a socket bounds a whole request: names are resolved without one, tokens are fetched without one, and a
server that sends a byte now and then begins it anew with each.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

from azext_dockervm.flow.deadline import Deadline

Result = TypeVar("Result")

# How long Ctrl-C in another thread goes unseen, in seconds.
LOOK_SECONDS = 0.1


class Call(Generic[Result]):
    """A call at work in a thread that never keeps the process alive."""

    def __init__(self, call: Callable[[], Result]) -> None:
        self._call = call
        self._ended = threading.Event()
        self._results: list[Result] = []
        self._error: BaseException | None = None
        threading.Thread(target=copy_context().run, args=(self._work,), name="dockervm-call", daemon=True).start()

    def _work(self) -> None:
        try:
            self._results.append(self._call())
        # Whatever it is, it belongs to who waits.
        except BaseException as error:  # pylint: disable=broad-exception-caught
            self._error = error
        finally:
            self._ended.set()

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    def wait(self, seconds: float) -> None:
        """Wait for its end, and not longer, whatever happens."""
        self._ended.wait(seconds)

    def result(self, deadline: Deadline, state: str) -> Result:
        """What the call returns or raises; what ``deadline.check`` raises where the deadline is over, or cancelled,
        before that."""
        while not self._ended.wait(min(LOOK_SECONDS, deadline.remaining())):
            deadline.check(state)
        if self._error is not None:
            raise self._error
        return self._results[0]


def ended_by(deadline: Deadline, state: str, call: Callable[[], Result]) -> Result:
    """What ``call`` returns or raises; ``DeadlinePassed`` or ``Interrupted`` where the deadline ends first."""
    deadline.check(state)
    return Call(call).result(deadline, state)
