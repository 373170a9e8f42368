"""Progress on stderr: a live line on a terminal, plain lines elsewhere, nothing under --only-show-errors."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from typing import TextIO

from azext_dockervm.flow.step import Step
from azext_dockervm.printable import lines, printable


class Silent:
    """For --only-show-errors: an alert is all that it tells. Without a stream it tells nothing."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream

    def started(self, step: Step) -> None:
        pass

    def finished(self, step: Step, seconds: float, detail: str) -> None:
        pass

    def failed(self, step: Step, seconds: float) -> None:
        pass

    def say(self, text: str) -> None:
        pass

    def warn(self, text: str) -> None:
        pass

    def alert(self, text: str) -> None:
        """A warning that nobody may miss, such as one that explains the exit code."""
        self._line(f"WARNING: {text}")

    def close(self) -> None:
        pass

    def _line(self, text: str) -> None:
        """``text`` may quote hosts, tags and Azure; what a terminal would obey in it is written as escapes."""
        self._write(f"{lines(text)}\n")

    def _write(self, text: str) -> None:
        if self._stream is None:    # closed before az started: 2>&-
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # A pipe whose reader is gone (| head), a stream that was closed: what is told must never stop what is done.
            self._stream = None


class Lines(Silent):
    """One line for each step that ended: for logs and pipes."""

    def finished(self, step: Step, seconds: float, detail: str) -> None:
        self._line(f"done in {seconds:5.1f} s  {step.title}{f': {detail}' if detail else ''}")

    def failed(self, step: Step, seconds: float) -> None:
        self._line(f"failed  {seconds:5.1f} s  {step.title}")

    def say(self, text: str) -> None:
        self._line(text)

    def warn(self, text: str) -> None:
        self.alert(text)


class Live(Lines):
    """The same lines, and below them one that shows what runs just now and for how long."""

    REFRESH_SECONDS = 0.5

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self._running: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._painter = threading.Thread(target=self._paint_often, name="dockervm-progress", daemon=True)
        self._painter.start()

    def started(self, step: Step) -> None:
        with self._lock:
            self._running[step.key] = (step.title, time.monotonic())
        self._paint()

    def finished(self, step: Step, seconds: float, detail: str) -> None:
        self._take_off_display(step)
        super().finished(step, seconds, detail)

    def failed(self, step: Step, seconds: float) -> None:
        self._take_off_display(step)
        super().failed(step, seconds)

    def close(self) -> None:
        self._closed.set()
        self._painter.join()
        with self._lock:
            self._running.clear()
            self._write("\r\x1b[K")

    def _take_off_display(self, step: Step) -> None:
        with self._lock:
            self._running.pop(step.key, None)

    def _line(self, text: str) -> None:
        with self._lock:
            self._write("\r\x1b[K")
            super()._line(text)
        self._paint()

    def _paint_often(self) -> None:
        while not self._closed.wait(self.REFRESH_SECONDS):
            self._paint()

    def _paint(self) -> None:
        with self._lock:
            if not self._running:
                return
            width = shutil.get_terminal_size().columns - 1
            self._write(f"\r\x1b[K{live_line(list(self._running.values()), time.monotonic(), width)}")


def live_line(running: list[tuple[str, float]], now: float, width: int) -> str:
    """What runs and since when, in ``width`` characters: the titles are cut, the clocks stay."""
    room = width // len(running) - 1
    shown = []
    for title, since in running:
        clock = f" ({now - since:.0f} s)"
        space = max(1, room - len(clock))
        title = printable(title, room)
        shown.append((title if len(title) <= space else f"{title[:space - 1]}…") + clock)
    return " ".join(shown)[:width]


def progress(only_show_errors: bool, stream: TextIO | None = None) -> Silent:
    """The listener that fits: ``close`` it when the command ends."""
    stream = sys.stderr if stream is None else stream
    if only_show_errors:
        return Silent(stream)
    # Windows' old console shows escape sequences as text unless it was told otherwise; az tells it (colorama).
    return Live(stream) if _is_terminal(stream) else Lines(stream)


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:      # a stream that was closed
        return False
