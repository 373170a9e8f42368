"""The switch that ends all waiting of a command at once, and the signals that throw it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# SIGHUP: the terminal was closed, or its connection lost. Windows has none.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_WORDS = {"SIGINT": "Ctrl-C"}


class Cancellation:
    """Thread-safe. ``reason`` is what threw the switch, as a message names it: Ctrl-C, SIGTERM."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason = ""

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self, reason: str = "Ctrl-C") -> None:
        """Wake everybody who waits."""
        self.reason = self.reason or reason
        self._event.set()

    def wait(self, seconds: float) -> None:
        """Sleep for ``seconds``, or until the switch is thrown."""
        self._event.wait(seconds)


@contextmanager
def listening(cancellation: Cancellation) -> Iterator[None]:
    """Within it Ctrl-C, SIGTERM and SIGHUP throw the switch, and a second one raises ``KeyboardInterrupt``.

    A signal that is ignored stays so: ``nohup`` means it. Signals belong to the main thread; in any other one this does
    nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def heard(number: int, _frame: FrameType | None) -> None:
        if cancellation.cancelled:
            raise KeyboardInterrupt
        name = signal.Signals(number).name
        cancellation.cancel(_WORDS.get(name, name))

    # None: something that is not Python handles it.
    before = {number: handler for number in SIGNALS
              if (handler := signal.getsignal(number)) not in (signal.SIG_IGN, None)}
    for number in before:
        signal.signal(number, heard)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
