"""What waited for what, and the critical path: the steps whose lengths add up to the command's."""

from __future__ import annotations

from collections.abc import Sequence

from azext_dockervm.flow.trace import StepSpan

# Threads look at the clock one after the other, so what begins by an end may seem to begin before it, in seconds.
SLACK = 0.005


def waited_for(steps: Sequence[StepSpan]) -> list[int | None]:
    """Of each step, which are in the order of their begins, the index of the one whose end let it begin."""
    return [_before(steps, index) for index in range(len(steps))]


def _before(steps: Sequence[StepSpan], index: int) -> int | None:
    """A plan knows it of its steps; its first ones wait for what came before the plan."""
    step, earlier = steps[index], range(index)
    named = [one for one in earlier if steps[one].key == step.after]
    if named:
        return named[-1]
    over = {one: ended for one in earlier if (ended := steps[one].ended) is not None and ended <= step.began + SLACK}
    return max(over, key=lambda one: over[one], default=None)


def critical(steps: Sequence[StepSpan], before: Sequence[int | None]) -> list[int]:
    """The way from the first step to the one that ended last, or is still at work: indices, in their order."""
    def ended(index: int) -> float:
        found = steps[index].ended
        return float("inf") if found is None else found

    at: int | None = max(range(len(steps)), key=ended, default=None)
    way: list[int] = []
    while at is not None:
        way.append(at)
        at = before[at]
    return way[::-1]
