"""Calls in threads of their own, which nobody waits for when the program ends.

``concurrent.futures`` joins its threads at exit: a request that hangs would then hold up a second Ctrl-C.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from azext_dockervm.flow.deadline import Deadline

# How often who waits looks up: on Windows a lock that is held for ever is not interrupted by Ctrl-C.
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Ended:
    """How a call ended: with a ``result``, or with an ``error``."""

    key: str
    result: Any = None
    error: BaseException | None = None


class Workers:
    """Calls that run side by side, and what became of them."""

    def __init__(self) -> None:
        self.ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()

    def start(self, key: str, call: Callable[[], Any]) -> None:
        def work() -> None:
            try:
                ended = Ended(key, call())
            except BaseException as error:  # pylint: disable=broad-exception-caught  # told where it is waited for
                ended = Ended(key, error=error)
            self.ended.put(ended)

        # In this thread's context: what is recorded here (``trace``) is recorded there too.
        threading.Thread(target=copy_context().run, args=(work,), name=f"dockervm-{key}", daemon=True).start()

    def next_ended(self) -> Ended | None:
        """One that has ended; None where none has for half a second."""
        try:
            return self.ended.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            return None


def run_in_parallel(calls: Mapping[str, Callable[[], Any]], deadline: Deadline, at_once: int = 64) -> dict[str, Any]:
    """Call functions side by side, ``at_once`` at the most → results by key; the first error, in the order of the keys,
    is raised.

    Nobody waits for those that still run when ``deadline`` passes or is cancelled: they only read.
    """
    workers, waiting = Workers(), list(calls.items())[::-1]
    ended: dict[str, Ended] = {}
    while len(ended) < len(calls):
        while waiting and len(calls) - len(waiting) - len(ended) < at_once:
            workers.start(*waiting.pop())
        one = workers.next_ended()
        if one is not None:
            ended[one.key] = one
        else:
            deadline.check(f"waiting for Azure's answer ({', '.join(key for key in calls if key not in ended)})")
    for key in calls:
        error = ended[key].error
        if error is not None:
            raise error
    return {key: ended[key].result for key in calls}
