"""Carrying out a plan: whatever is ready runs in parallel; knows nothing of Azure, nor of the main thread."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from azext_dockervm.errors import Interrupted
from azext_dockervm.flow import trace
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.step import COURSE, DEADLINE, Alternative, Course, Listener, Plan, Step, steps_of
from azext_dockervm.flow.workers import Ended, Workers


class PlanFailed(Exception):
    """A step failed or the run was stopped; ``cause`` says how, ``begun`` has the steps that may have left something.

    ``begun`` is in the order in which they began, so reversed it is the order in which to undo. ``results`` has what
    was done by then.
    """

    def __init__(self, cause: BaseException, begun: Sequence[Step], results: Mapping[str, Any]) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.begun = tuple(begun)
        self.results = results


def execute(plan: Plan, listener: Listener, deadline: Deadline,
            results: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Run all steps in the order of their needs → results by key. Raises ``PlanFailed``.

    After a failure nothing new begins, and what runs is waited for: undoing needs to know how it ended.
    """
    run = _Run(plan, listener, deadline, dict(results or {}))
    run.carry_out()
    return run.results


class _Run:
    def __init__(self, plan: Plan, listener: Listener, deadline: Deadline, results: dict[str, Any]) -> None:
        self.listener = listener
        self.deadline = deadline
        self.results = results
        self.waiting: list[Step] = []
        self.running: dict[str, tuple[Step, float]] = {}
        self.begun: list[Step] = []
        self.failure: BaseException | None = None
        self.last_ended: str | None = None      # whose end let those begin that begin now
        self.course = Course()
        self.workers = Workers()
        # Of each step that has one: its alternative; of each of these that has begun: the deadline of its first steps.
        self.alternatives: dict[str, Alternative] = {}
        self.limits: dict[int, Deadline] = {}
        self.given_up: list[Alternative] = []
        for one in plan:
            if isinstance(one, Alternative):
                self.alternatives |= {step.key: one for step in one.first}
                self.waiting += one.first
            else:
                self.waiting.append(one)
        _check_needs(plan, results)

    def carry_out(self) -> None:
        while self.running or (self.waiting and self.failure is None):
            self._start_what_is_ready()
            if not self.running and self.failure is None:
                raise ValueError(f"steps that wait for each other: {sorted(step.key for step in self.waiting)}")
            ended = self.workers.next_ended()
            if ended is not None:
                self._collect(ended)
            if self.deadline.cancelled and self.failure is None and (self.running or self.waiting):
                self._stop()
        if self.failure is not None:
            raise PlanFailed(self.failure, self.begun, self.results) from self.failure

    def _stop(self) -> None:
        reason = self.deadline.cancellation.reason
        self._end_with(Interrupted(f"Stopped by {reason}"))
        self.listener.warn(f"Stopping ({reason}; once more stops at once and leaves everything as it is).")

    def _start_what_is_ready(self) -> None:
        if self.failure is not None:
            return
        for step in [step for step in self.waiting if step.waits_for <= self.results.keys()]:
            self.waiting.remove(step)
            self.begun.append(step)
            if not step.quiet:
                self.listener.started(step)
            self.running[step.key] = (step, time.monotonic())
            self.workers.start(step.key, self._call(step))

    def _call(self, step: Step) -> Any:
        deadline = self._deadline_of(step)
        results = {**self.results, DEADLINE: deadline, COURSE: self.course}
        after = self.last_ended

        def call() -> tuple[Any, str]:
            with trace.step(step.key, step.title, step.waits_for, after, step.quiet):
                result = step.do(results, deadline)
                # Here, so that an answer without what the detail names is the step's failure.
                return result, step.detail(result) if step.detail else ""

        return call

    def _deadline_of(self, step: Step) -> Deadline:
        run, alternative = self.deadline, self.alternatives.get(step.key)
        if alternative is not None and alternative.limit is not None:
            run = self.limits.setdefault(id(alternative), alternative.limit(run))
        return step.limit(run) if step.limit else run

    def _collect(self, ended: Ended) -> None:
        step, since = self.running.pop(ended.key)
        self.last_ended = step.key
        seconds = time.monotonic() - since
        if ended.error is None:
            result, detail = ended.result
            self.results[step.key] = result
            self.course.done[step.key] = time.monotonic()
            if not step.quiet:
                self.listener.finished(step, seconds, detail)
        else:
            self.listener.failed(step, seconds)
            self._fail(step, ended.error)
        self._take_over()

    def _fail(self, step: Step, error: BaseException) -> None:
        warning = step.forgiven(error) if step.forgiven else None
        if warning is not None:
            self.listener.warn(warning)
            self.results[step.key] = None
            return
        alternative = self.alternatives.get(step.key)
        stopped = self.deadline.cancelled or isinstance(error, Interrupted)
        if alternative is not None and self.failure is None and not stopped:
            if alternative in self.given_up:    # one of the others that still ran: it no longer matters how they end
                return
            warning = alternative.takes_over(error)
            if warning is not None:
                self.listener.warn(warning)
                self.given_up.append(alternative)
                self.waiting = [one for one in self.waiting if self.alternatives.get(one.key) is not alternative]
                return
        if self.failure is None and self.deadline.cancelled:
            self._stop()
        elif self.failure is None:
            self._end_with(error)

    def _end_with(self, failure: BaseException) -> None:
        self.failure = failure
        self.course.has_failed = True

    def _take_over(self) -> None:
        """The second steps begin when the last of the first ones has ended."""
        for alternative in [one for one in self.given_up if not any(step.key in self.running for step in one.first)]:
            self.given_up.remove(alternative)
            for step in alternative.first:
                self.results.pop(step.key, None)
                self.alternatives.pop(step.key, None)
            self.waiting += alternative.second


def _check_needs(plan: Plan, results: Mapping[str, Any]) -> None:
    steps = list(steps_of(plan))
    missing = {need for step in steps for need in step.waits_for} - {step.key for step in steps} - set(results)
    if missing:
        raise ValueError(f"steps that nobody makes: {sorted(missing)}")


def undo(steps: Sequence[Step], listener: Listener, deadline: Deadline) -> list[tuple[Step, Exception]]:
    """Undo the steps that can be undone, last first → those that could not be, with the reason."""
    left: list[tuple[Step, Exception]] = []
    # Of two ways to one thing, which have one key, either may have made it.
    undoing = {step.key: (step, step.undo) for step in reversed(steps) if step.undo is not None}
    for step, way_back in undoing.values():
        try:
            with trace.step(f"undo {step.key}", f"undo: {step.title}"):
                was_ours = way_back(deadline)
            if was_ours:
                listener.say(f"undone: {step.title}")
            else:
                listener.say(f"left alone, because another run has made it since: {step.title}")
        # Whatever it is (az's login ran out, say), the others must still be undone.
        except Exception as error:  # pylint: disable=broad-exception-caught
            left.append((step, error))
    return left
