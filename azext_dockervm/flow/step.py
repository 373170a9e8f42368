"""A step of a plan, which can be printed before it runs, done, and undone; and steps that take over from others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from azext_dockervm.flow.deadline import Deadline, Limit
from azext_dockervm.flow.request import Request, refs

# Under this key every step finds, among the results, the deadline that it has itself.
DEADLINE = "deadline"
# And under this one how the run goes on beside it, a ``Course``.
COURSE = "course"

Results = Mapping[str, Any]


@dataclass
class Course:
    """How a run goes on, for a step that waits beside another without needing its result: when each step was done, in
    seconds of the monotonic clock, and whether one has failed, so that the run ends once those at work have ended."""

    done: dict[str, float] = field(default_factory=dict)
    has_failed: bool = False


@dataclass(frozen=True)
class Step:
    """``do`` gets the results so far by the keys of their steps, and a deadline for all that it waits for.

    ``request`` is what it writes, if it writes: printed before it runs. What the step needs follows from the request's
    ``Ref`` leaves; ``needs`` names what is no data of it. ``undo`` is None where there is nothing to undo: the step
    only reads, or uses what was there before. It returns False where what is there now is another run's, and was left.
    ``detail`` turns the result into a few words for the progress line; a ``quiet`` step has no such line. ``limit``
    makes the step's deadline from the run's. ``forgiven`` turns an error into a warning with which the run goes on (the
    result is None then), or into None where it is a failure. ``only_if`` says when it writes at all, where it may find
    that it need not. ``known`` is the result of a step that only uses what is there. ``gives`` is the type and the
    names of the resource that the result is, where the step does not write it itself.
    """

    key: str
    title: str
    do: Callable[[Results, Deadline], Any]
    request: Request | None = None
    needs: tuple[str, ...] = ()
    undo: Callable[[Deadline], bool] | None = None
    detail: Callable[[Any], str] | None = None
    quiet: bool = False
    limit: Limit | None = None
    forgiven: Callable[[BaseException], str | None] | None = None
    only_if: str = ""
    known: Any = None
    gives: tuple[str, tuple[str, ...]] | None = None

    @property
    def waits_for(self) -> frozenset[str]:
        """The keys of the steps that come before this one."""
        data = refs(self.request.body) if self.request is not None else set()
        return frozenset({*self.needs, *data} - {DEADLINE, COURSE})


@dataclass(frozen=True)
class Alternative:
    """Steps that are tried first, and those that take over where one of them fails.

    Both have the keys that later steps need. ``takes_over`` turns the error into a warning, or into None where it is a
    failure. ``limit`` is for the first ones together.
    """

    first: tuple[Step, ...]
    second: tuple[Step, ...]
    takes_over: Callable[[BaseException], str | None]
    limit: Limit | None = None


Plan = Sequence["Step | Alternative"]


def steps_of(plan: Iterable[Step | Alternative]) -> Iterator[Step]:
    """All steps that may come to be done, those of fallbacks too."""
    for one in plan:
        if isinstance(one, Step):
            yield one
        else:
            yield from (*one.first, *one.second)


def printed(plan: Iterable[Step | Alternative]) -> list[dict[str, Any]]:
    """What the plan will do, as plain JSON: a step's title and request; of an alternative both ways. What is quiet and
    writes nothing is left out."""
    found: list[dict[str, Any]] = []
    for one in plan:
        if isinstance(one, Alternative):
            found.append({"first": printed(one.first), "otherwise": printed(one.second)})
        elif one.request is not None or not one.quiet:
            found.append(_printed(one))
    return found


def _printed(step: Step) -> dict[str, Any]:
    shown: dict[str, Any] = {"step": step.key, "title": step.title, "after": sorted(step.waits_for)}
    if step.only_if:
        shown["onlyIf"] = step.only_if
    return shown if step.request is None else {**shown, "request": step.request.printed()}


class Listener(Protocol):
    """Who is told what happens; called from one thread at a time. An alert is a warning that nothing silences."""

    def started(self, step: Step) -> None: ...

    def finished(self, step: Step, seconds: float, detail: str) -> None: ...

    def failed(self, step: Step, seconds: float) -> None: ...

    def say(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def alert(self, text: str) -> None: ...
