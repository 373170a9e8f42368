"""Carrying out steps: whatever is ready runs in parallel; knows nothing of Azure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from azext_dockervm.errors import Interrupted
from azext_dockervm.plan.deadline import Deadline
from azext_dockervm.plan.step import Listener, Step

# More than the widest plan has steps side by side.
WORKERS = 8


class PlanFailed(Exception):
    """A step failed or Ctrl-C was pressed; ``cause`` says how, ``begun`` holds the steps that may have left something.

    ``begun`` is in the order in which they began, so reversed it is the order in which to undo.
    """

    def __init__(self, cause: BaseException, step: Step | None, begun: Sequence[Step]) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.step = step
        self.begun = tuple(begun)


def execute(steps: Iterable[Step], listener: Listener, deadline: Deadline,
            results: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Run all steps in the order of their needs → results by key. Raises ``PlanFailed``.

    After a failure nothing new begins, and what runs is waited for: undoing needs to know how it ended.
    """
    run = _Run(list(steps), listener, deadline, dict(results or {}))
    run.carry_out()
    return run.results


class _Run:
    def __init__(self, steps: list[Step], listener: Listener, deadline: Deadline, results: dict[str, Any]) -> None:
        self.waiting = steps
        self.listener = listener
        self.deadline = deadline
        self.results = results
        self.begun: list[Step] = []
        self.failure: tuple[BaseException, Step | None] | None = None
        self.running: dict[Future, tuple[Step, float]] = {}
        keys = {step.key for step in steps} | set(results)
        missing = {need for step in steps for need in step.needs} - keys
        if missing:
            raise ValueError(f"steps that nobody makes: {sorted(missing)}")

    def carry_out(self) -> None:
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="dockervm") as pool:
            while self.running or (self.waiting and self.failure is None):
                try:
                    self._start_what_is_ready(pool)
                    self._collect()
                except KeyboardInterrupt:
                    self._interrupt()
        if self.failure is not None:
            cause, step = self.failure
            raise PlanFailed(cause, step, self.begun) from cause

    def _interrupt(self) -> None:
        if self.failure is not None and isinstance(self.failure[0], Interrupted):
            raise KeyboardInterrupt     # the second time: leave at once
        self.failure = (Interrupted("Stopped by Ctrl-C"), None)
        self.deadline.cancel()
        self.listener.warn("Stopping (Ctrl-C again stops at once and leaves everything as it is).")

    def _start_what_is_ready(self, pool: ThreadPoolExecutor) -> None:
        if self.failure is not None:
            return
        for step in [step for step in self.waiting if all(need in self.results for need in step.needs)]:
            self.waiting.remove(step)
            self.begun.append(step)
            if not step.quiet:
                self.listener.started(step)
            self.running[pool.submit(step.do, dict(self.results))] = (step, time.monotonic())

    def _collect(self) -> None:
        # A bounded wait, so that Ctrl-C is seen on Windows too, where a lock held for ever is not interrupted.
        done, _ = wait(self.running, timeout=0.5, return_when=FIRST_COMPLETED)
        for future in done:
            step, since = self.running.pop(future)
            error, seconds = future.exception(), time.monotonic() - since
            if error is None:
                self.results[step.key] = future.result()
                if not step.quiet:
                    self.listener.finished(step, seconds, step.detail(future.result()) if step.detail else "")
                continue
            self.listener.failed(step, seconds)
            if self.failure is None:
                self.failure = (error, step)


def undo(steps: Sequence[Step], listener: Listener) -> list[tuple[Step, Exception]]:
    """Undo the steps that can be undone, last first → those that could not be, with the reason."""
    left: list[tuple[Step, Exception]] = []
    for step in reversed(steps):
        if step.undo is None:
            continue
        try:
            if step.undo():
                listener.say(f"undone: {step.title}")
            else:
                listener.say(f"left alone, because another run has made it since: {step.title}")
        except Exception as error:      # whatever it is (az's login ran out, say), the others must still be undone
            left.append((step, error))
    return left


def side_by_side(calls: Mapping[str, Any]) -> dict[str, Any]:
    """Call functions in parallel → results by key; the first error, in the order of the keys, is raised."""
    with ThreadPoolExecutor(len(calls), thread_name_prefix="dockervm") as pool:
        futures = {key: pool.submit(call) for key, call in calls.items()}
    return {key: future.result() for key, future in futures.items()}
