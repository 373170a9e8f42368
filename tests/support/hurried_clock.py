"""A clock on which sleeping takes no time: real time, and what was slept."""

from __future__ import annotations

import threading
import time


class HurriedClock:
    """In place of the module ``time`` of who looks at it. Thread-safe."""

    def __init__(self) -> None:
        self._slept = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return time.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._slept += max(0.0, seconds)
