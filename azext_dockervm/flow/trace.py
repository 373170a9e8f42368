"""What happened when: a command's steps, the calls and pauses within them, what hosts said of themselves.

Where nobody records, nothing is kept. No message and no body is ever recorded: either can quote what was sent.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timezone

from azext_dockervm.errors import (
    AzureRefused,
    AzureUnreachable,
    DeadlinePassed,
    EngineUnreachable,
    HostFailed,
    HostSilent,
    Interrupted,
)

DONE, FAILED, STOPPED = "done", "failed", "stopped"
# Azure's codes, such as SkuNotAvailable; whatever else stands in that place is no word.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,63}")
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (DeadlinePassed, "the time was over"), (AzureUnreachable, "Azure was out of reach"),
    (HostFailed, "the host failed"), (HostSilent, "the host did not come forward"))


@dataclass(kw_only=True)
class Span:
    """``began`` and ``ended`` in seconds since the trace's begin; ``ended`` is None, and ``outcome`` empty, of what is
    at work. ``why`` has a few words where the outcome is no good one."""

    began: float
    ended: float | None = None
    outcome: str = ""
    why: str = ""


@dataclass(kw_only=True)
class StepSpan(Span):
    """``needs`` has the keys of what it had to wait for; ``after`` is the key of the step whose end let it begin, None
    of those that a plan begins with. ``quiet``: nobody is told of it on the way."""

    key: str
    title: str
    needs: tuple[str, ...] = ()
    after: str | None = None
    quiet: bool = False


@dataclass(kw_only=True)
class CallSpan(Span):
    """One attempt of a request: ``path`` without a query; ``status`` is None where no answer came, or where the
    ``method`` is none of HTTP's."""

    step: StepSpan | None
    method: str
    path: str
    version: str = ""
    attempt: int = 1
    status: int | None = None


@dataclass(kw_only=True)
class PauseSpan(Span):
    """Somebody slept, as Azure asks for between polls."""

    step: StepSpan | None


@dataclass(frozen=True)
class State:
    """From second ``at`` on, ``who`` was ``text``."""

    at: float
    who: str
    text: str


class Trace:
    """The record of one command; thread-safe. ``begun_at`` is its begin by the wall clock, ``whole`` the command
    itself."""

    def __init__(self) -> None:
        self.begun_at = datetime.now(timezone.utc)
        self._zero = time.monotonic()
        self.whole = Span(began=0.0)
        self.steps: list[StepSpan] = []
        self.calls: list[CallSpan] = []
        self.pauses: list[PauseSpan] = []
        self.states: list[State] = []
        self._lock = threading.Lock()

    def now(self) -> float:
        return time.monotonic() - self._zero

    def end(self, error: BaseException | None = None) -> None:
        """The command is over; ``error`` is what it ends with."""
        self._close(self.whole, error)

    def note(self, who: str, text: str) -> None:
        """``who`` is in a state, until the next one is noted of it; the same once more says nothing."""
        with self._lock:
            last = next((one.text for one in reversed(self.states) if one.who == who), None)
            if text != last:
                self.states.append(State(self.now(), who, text))

    @contextmanager
    def timed(self, span: Span) -> Iterator[None]:
        """Closes ``span`` at the end, by how that comes."""
        try:
            yield
        except BaseException as error:
            self._close(span, error)
            raise
        self._close(span, None)

    def _close(self, span: Span, error: BaseException | None) -> None:
        span.ended = self.now()
        span.outcome, span.why = _told(error)


# The trace that is being made, and the step that is at work in this thread.
_here: ContextVar[tuple[Trace, StepSpan | None] | None] = ContextVar("dockervm_trace", default=None)


def is_on() -> bool:
    return _here.get() is not None


@contextmanager
def recording(trace: Trace) -> Iterator[None]:
    """What happens within it, and in the threads that are started there, is recorded in ``trace``."""
    token = _here.set((trace, None))
    try:
        yield
    finally:
        _here.reset(token)


@contextmanager
def step(key: str, title: str, needs: Iterable[str] = (), after: str | None = None, quiet: bool = False
         ) -> Iterator[None]:
    """A step is at work in this thread, and so are the calls and pauses within it its own."""
    here = _here.get()
    if here is None:
        yield
        return
    trace = here[0]
    span = StepSpan(key=key, title=title, needs=tuple(sorted(needs)), after=after, quiet=quiet,
                    began=trace.now())
    trace.steps.append(span)
    token = _here.set((trace, span))
    try:
        with trace.timed(span):
            yield
    finally:
        _here.reset(token)


@contextmanager
def call(method: str, path: str, version: str = "", attempt: int = 1) -> Iterator[CallSpan]:
    """A request is on its way; who gets the answer sets the ``status`` of what this gives."""
    here = _here.get()
    if here is None:
        yield CallSpan(step=None, method=method, path=path, began=0.0)
        return
    trace, within = here
    span = CallSpan(step=within, method=method, path=path, version=version, attempt=attempt, began=trace.now())
    trace.calls.append(span)
    with trace.timed(span):
        yield span


@contextmanager
def pause() -> Iterator[None]:
    here = _here.get()
    if here is None:
        yield
        return
    trace, within = here
    span = PauseSpan(step=within, began=trace.now())
    trace.pauses.append(span)
    with trace.timed(span):
        yield


def state(who: str, text: str) -> None:
    """``who`` (a host's door, its engine, a run command) says that it is now ``text``: a word or two that can't hold a
    secret, such as ``installing``."""
    here = _here.get()
    if here is not None:
        here[0].note(who, text)


def _told(error: BaseException | None) -> tuple[str, str]:
    """The outcome, and its reason in words of our own or by Azure's code."""
    if error is None:
        return DONE, ""
    if isinstance(error, (Interrupted, KeyboardInterrupt)):
        return STOPPED, ""
    if isinstance(error, HostFailed) and isinstance(error.__cause__, AzureRefused):
        error = error.__cause__     # the extension's refusal
    if isinstance(error, AzureRefused):
        # Whatever a server sent as its code.
        return FAILED, str(error.code) if _CODE.fullmatch(str(error.code or "")) else f"HTTP {error.status or 'error'}"
    if isinstance(error, EngineUnreachable):
        return FAILED, error.kind
    return FAILED, next((words for kind, words in _WORDS if isinstance(error, kind)), "")
