"""A step of a plan: one named action that can be printed before it runs, done, and undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Step:
    """``do`` gets the results of the steps named in ``needs`` (and of all earlier ones) by key.

    ``undo`` is None where there is nothing to undo: the step only reads, or uses what was there before. It returns
    False where it found that what is there now is another run's, and left it.
    ``detail`` turns the result into a few words for the progress line; a ``quiet`` step has no such line.
    """

    key: str
    title: str
    do: Callable[[Mapping[str, Any]], Any]
    needs: tuple[str, ...] = ()
    undo: Callable[[], bool] | None = None
    detail: Callable[[Any], str] | None = None
    quiet: bool = False


class Listener(Protocol):
    """Who is told what happens; called from one thread at a time. An alert is a warning that nothing silences."""

    def started(self, step: Step) -> None: ...

    def finished(self, step: Step, seconds: float, detail: str) -> None: ...

    def failed(self, step: Step, seconds: float) -> None: ...

    def say(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def alert(self, text: str) -> None: ...
