"""What the picture shows, row by row: each step with its calls below it, and the states that hosts were in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from azext_dockervm.flow.trace import DONE, FAILED, CallSpan, PauseSpan, Span, StepSpan, Trace
from azext_dockervm.output.timeline import path as critical_path
from azext_dockervm.printable import printable

# Longer than any path or title of ours.
LONGEST = 300
# The part of the whole time that is less than a pixel.
NOTHING = 0.001
# GET answers it to who asks whether something is there; the others are what Azure or the way to it could not do just
# then, or would not.
_NOT_THERE = 404


@dataclass(frozen=True)
class Bar:
    """``look`` is its class in the picture; ``hover`` the text that a pointer brings up."""

    begin: float
    end: float
    look: str
    hover: str
    text: str = ""


@dataclass(frozen=True)
class Row:
    label: str
    bars: tuple[Bar, ...]
    note: str = ""
    hover: str = ""


@dataclass(frozen=True)
class Group:
    """A step: ``head`` with its one bar, ``calls`` below it; ``why`` it was no success, empty where it was one.
    ``before`` is the index of the group whose end let this one begin."""

    head: Row
    calls: tuple[Row, ...]
    why: str = ""
    is_critical: bool = False
    before: int | None = None


@dataclass(frozen=True)
class Picture:
    """Times in seconds from the command's begin to ``end``; ``way`` has the indices of the critical groups."""

    end: float
    states: tuple[Row, ...]
    groups: tuple[Group, ...]
    way: tuple[int, ...]


@dataclass
class _Line:
    """The calls of one kind in one step, and the pauses after them."""

    calls: list[CallSpan] = field(default_factory=list)
    pauses: list[PauseSpan] = field(default_factory=list)


def picture(trace: Trace) -> Picture:
    end = trace.now() if trace.whole.ended is None else trace.whole.ended
    end = max([end, 0.001, *(span.ended or 0.0 for span in (*trace.steps, *trace.calls))])
    steps = [step for step in sorted(trace.steps, key=lambda step: step.began) if not _is_nothing(trace, step, end)]
    before = critical_path.waited_for(steps)
    way = critical_path.critical(steps, before)
    groups = [Group(_head(steps, index, before[index], end, index in way), _calls(trace, steps[index], end),
                    _why(steps[index]), index in way, before[index]) for index in range(len(steps))]
    return Picture(end, tuple(_states(trace, end)), *_with_the_rest(trace, groups, way, end))


def _is_nothing(trace: Trace, step: StepSpan, end: float) -> bool:
    """A step that only hands on what is known: no eye would see it."""
    took = (end if step.ended is None else step.ended) - step.began
    if not step.quiet or step.outcome != DONE or took >= NOTHING * end:
        return False
    return not any(span.step is step for span in trace.calls) and not any(span.step is step for span in trace.pauses)


def _with_the_rest(trace: Trace, groups: list[Group], way: list[int], end: float
                   ) -> tuple[tuple[Group, ...], tuple[int, ...]]:
    """Calls of no step come last: they are looks before a decision, or after a failure."""
    rest = _calls(trace, None, end)
    if rest:
        bars = [piece for row in rest for piece in row.bars]
        head = Row("between the steps", (), hover=f"{len(bars)} requests and pauses that belong to no step")
        groups = [*groups, Group(head, rest)]
    return tuple(groups), tuple(way)


# Steps


def _head(steps: Sequence[StepSpan], index: int, before: int | None, end: float, is_critical: bool) -> Row:
    step = steps[index]
    ended = end if step.ended is None else step.ended
    look = {DONE: "critical" if is_critical else "step"}.get(step.outcome, "failed")
    length = seconds(ended - step.began)
    told = [printable(step.title, LONGEST),
            f"from {seconds(step.began)} to {seconds(ended)}: {length}",
            _why(step),
            f"needs: {', '.join(step.needs).replace('_', ' ')}" if step.needs else "",
            f"began when this ended: {printable(steps[before].title, LONGEST)}" if before is not None else "",
            "on the critical path" if is_critical else ""]
    note = f"{in_seconds(ended - step.began)}{' ✗' if look == 'failed' else ''}"
    piece = Bar(step.began, ended, look, _lines(told))
    return Row(printable(step.title, LONGEST), (piece,), note, _lines(told))


def _why(step: StepSpan) -> str:
    if step.outcome == DONE:
        return ""
    return f"{step.outcome or 'had not ended'}{f': {step.why}' if step.why else ''}"


# Calls


def _calls(trace: Trace, step: StepSpan | None, end: float) -> tuple[Row, ...]:
    calls = sorted((call for call in trace.calls if call.step is step), key=lambda call: call.began)
    lines: dict[tuple[str, str], _Line] = {}
    for call in calls:
        lines.setdefault((call.method, call.path), _Line()).calls.append(call)
    over = sorted((call for call in calls if call.ended is not None), key=_ended)
    for pause in (pause for pause in trace.pauses if pause.step is step):
        before = bisect_right(over, pause.began + critical_path.SLACK, key=_ended)
        last = (over[before - 1].method, over[before - 1].path) if before else ("", "")
        lines.setdefault(last, _Line()).pauses.append(pause)
    return tuple(_row(method, path, line, end) for (method, path), line in lines.items())


def _ended(call: CallSpan) -> float:
    return call.ended or 0.0


def _row(method: str, path: str, line: _Line, end: float) -> Row:
    bars = [*(_pause(pause, end) for pause in line.pauses), *(_call(call, end) for call in line.calls)]
    label = f"{method} {short(path)}" if method else "pauses"
    note = f"×{len(line.calls)}" if len(line.calls) > 1 else ""
    versions = ", ".join(dict.fromkeys(call.version for call in line.calls if call.version))
    hover = [printable(f"{method} {path}".strip() or label, LONGEST), f"api-version {versions}" if versions else ""]
    return Row(printable(label, LONGEST), tuple(bars), note, _lines(hover))


def _call(call: CallSpan, end: float) -> Bar:
    ended = end if call.ended is None else call.ended
    answer = f"HTTP {call.status}" if call.status is not None else "answered" if call.outcome == DONE else "no answer"
    told = [f"{call.method}: {answer}{f' ({call.why})' if call.why else ''}",
            f"from {seconds(call.began)} on, {seconds(ended - call.began)} long",
            f"attempt {call.attempt}" if call.attempt > 1 else ""]
    return Bar(call.began, ended, "call" if _is_fine(call) else "refused", _lines(told))


def _is_fine(call: CallSpan) -> bool:
    if call.status is None:
        return call.outcome == DONE
    return call.status < 400 or (call.status == _NOT_THERE and call.method == "GET")


def _pause(pause: PauseSpan, end: float) -> Bar:
    ended = end if pause.ended is None else pause.ended
    return Bar(pause.began, ended, "pause", f"pause of {seconds(ended - pause.began)}")


def short(path: str) -> str:
    """What of a path tells most in a few words: types and names, without namespace and group."""
    above, _, below = path.rpartition("/providers/")
    if not above:
        return path.removeprefix("/subscriptions/…").strip("/")
    namespace, _, names = below.partition("/")
    if names.endswith("/…"):
        return f"operation of {namespace}"
    return names or namespace


# States


def _states(trace: Trace, end: float) -> Iterable[Row]:
    for who in dict.fromkeys(state.who for state in trace.states):
        own = [state for state in trace.states if state.who == who]
        ends = [*(state.at for state in own[1:]), end]
        bars = tuple(Bar(state.at, until, "state even" if number % 2 else "state odd",
                         printable(f"{who}: {state.text}, from {seconds(state.at)} to {seconds(until)}", LONGEST),
                         printable(state.text, LONGEST))
                     for number, (state, until) in enumerate(zip(own, ends, strict=True)))
        yield Row(printable(who, LONGEST), bars, hover=printable(who, LONGEST))


# Words


def seconds(value: float) -> str:
    """As people say them: 0.12 s, 3.4 s, 79 s, 2 min 48 s."""
    whole = round(value)
    return in_seconds(value) if whole < 120 else f"{whole // 60} min {whole % 60:02d} s"


def in_seconds(value: float) -> str:
    """The same without minutes, where there is little room: 168 s."""
    return f"{value:.{2 if value < 1 else 1 if value < 10 else 0}f} s"


def result(span: Span) -> str:
    """How the command ended, in a few words."""
    took = seconds(span.ended or 0.0)
    words = {DONE: "done in", FAILED: "failed after"}.get(span.outcome, "stopped after")
    return f"{words} {took}{f': {span.why}' if span.why else ''}"


def merged(bars: Sequence[Bar], gap: float) -> list[Bar]:
    """Bars of one look that lie nearer together than ``gap`` seconds as one: an eye sees one too, and a file with each
    poll of an hour is a large one."""
    found: list[Bar] = []
    counts: list[int] = []
    for piece in sorted(bars, key=lambda one: one.begin):
        last = next((index for index in range(len(found) - 1, -1, -1) if found[index].look == piece.look), None)
        if last is not None and piece.begin - found[last].end < gap:
            found[last] = replace(found[last], end=max(found[last].end, piece.end))
            counts[last] += 1
        else:
            found.append(piece)
            counts.append(1)
    return [replace(piece, hover=f"{count} of these, the first:\n{piece.hover}") if count > 1 else piece
            for piece, count in zip(found, counts, strict=True)]


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)
