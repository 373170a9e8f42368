"""The picture as SVG: one file that needs no other, no script and no network."""

from __future__ import annotations

from collections.abc import Iterator
from string import Template
from xml.sax.saxutils import escape, quoteattr

from azext_dockervm.flow.trace import Trace
from azext_dockervm.output.timeline import rows, style
from azext_dockervm.output.timeline.axis import marks
from azext_dockervm.output.timeline.rows import Bar, Group, Picture, Row

# How a file of ours begins; what does not is never written over.
MARK = '<svg xmlns="http://www.w3.org/2000/svg" class="az-dockervm-timeline"'

_DOCUMENT = Template("""$mark width="$width" height="$height" viewBox="0 0 $width $height" role="img" \
aria-labelledby="what how">
<title id="what">$title</title>
<desc id="how">$description</desc>
<style>$css</style>
<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
<rect class="hatch" width="6" height="6"/><path class="gap" d="M0 0V6"/></pattern>
<clipPath id="labels"><rect x="$edge" width="$label_width" height="$height"/></clipPath></defs>
<rect class="ground" width="$width" height="$height"/>
$body
</svg>
""")

# All in pixels. Labels are left of the notes, the chart right of them.
WIDTH, EDGE = 1280, 16
LABEL_END, NOTE_END = 456, 516
LEFT, RIGHT = 528, 1256
HEAD, CALL, BETWEEN = 22, 15, 7
TOP = 150           # of the first row
LEAST = 2.0         # a bar is never less wide


def svg(trace: Trace, title: str) -> str:
    """``title`` says which command it was."""
    shown = rows.picture(trace)
    canvas = _Canvas(shown)
    result = rows.result(trace.whole)
    begun = f"{trace.begun_at:%Y-%m-%d %H:%M:%S} UTC"
    body = "\n".join([*_heading(title, f"{result} · begun {begun} · {_count(shown)}", shown, canvas),
                      *canvas.chart()])
    return _DOCUMENT.substitute(
        mark=MARK, width=WIDTH, height=f"{canvas.bottom:.0f}", title=escape(f"{title}: {result}"),
        description=escape(_description(shown, result)), css=style.css(), edge=EDGE, label_width=LABEL_END - EDGE,
        body=body)


def _count(shown: Picture) -> str:
    bars = (one for group in shown.groups for row in group.calls for one in row.bars)
    requests = sum(one.look in ("call", "refused") for one in bars)
    return f"{len(shown.groups)} steps, {requests} requests"


def _description(shown: Picture, result: str) -> str:
    way = "; ".join(f"{shown.groups[index].head.label} ({shown.groups[index].head.note})" for index in shown.way)
    every = "; ".join(piece.hover.replace("\n", ", ") for group in shown.groups for piece in group.head.bars)
    return f"The command was {result}. What it waited for, one after the other: {way}. All steps: {every}."


# Elements


def _text(x: float, y: float, text: str, classes: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class={quoteattr(classes)}>{escape(text)}</text>' if text else ""


def _rectangle(x: float, y: float, wide: float, high: float, look: str, hover: str = "", corner: float = 0) -> str:
    rounded = f' rx="{corner:g}"' if corner else ""
    begin = f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:g}"{rounded} class="{look}"'
    return f"{begin}><title>{escape(hover)}</title></rect>" if hover else f"{begin}/>"


# Above the chart


def _heading(title: str, told: str, shown: Picture, canvas: _Canvas) -> Iterator[str]:
    yield _text(EDGE, 32, style.fitted(title, WIDTH - 2 * EDGE, 18, "strong"), "title")
    yield _text(EDGE, 53, style.fitted(told, WIDTH - 2 * EDGE, 13), "head quiet")
    yield _text(EDGE, 86, "What the command waited for", "head strong")
    for index in shown.way:
        yield from _part_of_the_way(shown.groups[index], canvas)
    yield from _legend()


def _part_of_the_way(group: Group, canvas: _Canvas) -> Iterator[str]:
    piece = group.head.bars[0]
    x, wide = canvas.span(piece)
    # Hatched, nothing could be read on it.
    look = "hatch" if piece.look == "failed" else piece.look
    yield _rectangle(x, 70, max(wide - 1, LEAST / 2), 24, look, piece.hover, 3)
    note, room = group.head.note, wide - 12
    label = style.fitted(f"{note} · {group.head.label}", room, 12)
    if len(label) < len(note) + 6:      # half a number says something else than the number
        label = note if style.width(note, 12) <= room else ""
    yield _text(x + 6, 86, label, "small on")


def _legend() -> Iterator[str]:
    """One entry a look, from left to right."""
    yield _text(EDGE, 117, "Hover over a bar for what it was.", "small quiet")
    x = float(LEFT)
    for look, high, words in (("critical", 9, "step that the command waited for"), ("step", 9, "other step"),
                              ("call", 7, "request"), ("refused", 7, "refused, or no answer"), ("pause", 0, "pause"),
                              ("failed", 9, "failed ✗")):
        if high:
            yield _rectangle(x, 112.5 - high / 2, 14, high, look, corner=2)
        else:
            yield f'<path class="{look}" d="M{x:.1f} 112.5h14"/>'
        yield _text(x + 19, 117, words, "small quiet")
        x += 19 + style.width(words, 12) + 10


# The chart


class _Canvas:
    """Where everything stands: ``tops`` of the groups, ``bottom`` of the picture."""

    def __init__(self, shown: Picture) -> None:
        self.shown = shown
        self.scale = (RIGHT - LEFT) / shown.end
        y: float = TOP + len(shown.states) * HEAD + (BETWEEN if shown.states else 0)
        self.tops: list[float] = []
        for group in shown.groups:
            self.tops.append(y)
            y += self._height(group) + BETWEEN
        self.end_of_rows = y
        self.bottom = y + 28

    @staticmethod
    def _height(group: Group) -> float:
        return HEAD + (len(group.calls) + bool(group.why)) * CALL

    def at(self, second: float) -> float:
        return LEFT + second * self.scale

    def span(self, piece: Bar) -> tuple[float, float]:
        """Where it begins and how wide it is: never too narrow to be seen, never beyond the end."""
        wide = max(self.at(piece.end) - self.at(piece.begin), LEAST)
        return min(self.at(piece.begin), RIGHT - wide), wide

    def chart(self) -> Iterator[str]:
        yield from self._shades()
        yield from self._axis()
        for number, row in enumerate(self.shown.states):
            yield from self._state(row, TOP + number * HEAD)
        for group, y in zip(self.shown.groups, self.tops, strict=True):
            yield from self._group(group, y)
        yield from self._arrows()

    def _shades(self) -> Iterator[str]:
        for index in self.shown.way:
            group, piece = self.shown.groups[index], self.shown.groups[index].head.bars[0]
            x, wide = self.span(piece)
            yield _rectangle(x, self.tops[index], wide, self._height(group), "shade")

    def _axis(self) -> Iterator[str]:
        lines = []
        for second, label in marks(self.shown.end):
            x = self.at(second)
            lines.append(f"M{x:.1f} {TOP - 6}V{self.end_of_rows:.0f}")
            for y in (TOP - 11, self.end_of_rows + 15):
                yield _text(x, y, label, "small quiet middle")
        yield f'<path class="grid" d="{"".join(lines)}"/>'

    def _state(self, row: Row, y: float) -> Iterator[str]:
        yield self._label(row, y + 15, "head")
        for piece in row.bars:
            x, wide = self.span(piece)
            yield _rectangle(x, y + 2, wide, HEAD - 5, piece.look, piece.hover)
            yield _text(x + 4, y + 14.5, style.fitted(piece.text, wide - 8, 12), "small")

    def _group(self, group: Group, y: float) -> Iterator[str]:
        if y > TOP:
            yield f'<path class="grid" d="M{EDGE} {y - BETWEEN / 2:.1f}H{RIGHT}"/>'
        yield self._label(group.head, y + 15, "head strong" if group.is_critical else "head")
        yield _text(NOTE_END, y + 15, group.head.note, "note")
        for piece in group.head.bars:
            x, wide = self.span(piece)
            yield _rectangle(x, y + 4, wide, 14, piece.look, piece.hover, 2)
        y += HEAD
        if group.why:
            yield self._label(Row(group.why, ()), y + 10.5, "path why")
            y += CALL
        for number, row in enumerate(group.calls):
            yield from self._calls(row, y + number * CALL)

    def _calls(self, row: Row, y: float) -> Iterator[str]:
        yield self._label(row, y + 10.5, "path")
        yield _text(NOTE_END, y + 10.5, row.note, "note")
        for piece in rows.merged(row.bars, 0.75 / self.scale):
            x, wide = self.span(piece)
            if piece.look == "pause":
                yield (f'<path class="pause" d="M{x:.1f} {y + 7.5:.1f}h{wide:.1f}">'
                       f"<title>{escape(piece.hover)}</title></path>")
            else:
                yield _rectangle(x, y + 3.5, wide, 8, piece.look, piece.hover, 1)

    def _label(self, row: Row, y: float, classes: str) -> str:
        """Cut where it is too long; and clipped, for fonts that are wider than any that was thought of."""
        x, size, kind = EDGE, 13, classes.partition(" ")[2]
        if classes.startswith("path"):
            x, size, kind = EDGE + 12, 11, "fixed"
        label = style.fitted(row.label, LABEL_END - x, size, kind)
        hover = f"<title>{escape(row.hover)}</title>" if row.hover else ""
        return f'<text x="{x}" y="{y:.1f}" class="{classes}" clip-path="url(#labels)">{escape(label)}{hover}</text>'

    def _arrows(self) -> Iterator[str]:
        """From the end of each step down to those that began by it; the critical ones last, so that they are on top."""
        for index, group in sorted(enumerate(self.shown.groups), key=lambda one: one[1].is_critical):
            if group.before is not None:
                yield self._arrow(group.before, index, " main" if group.is_critical else "")

    def _arrow(self, before: int, index: int, main: str) -> str:
        begin, end = (self.shown.groups[one].head.bars[0] for one in (before, index))
        x, to = self.at(begin.end), self.at(end.begin)
        top, y = self.tops[before] + 18, self.tops[index]
        if to - x > 8:      # what lies between took some time: a decision, a call of no step
            line, tip = f"M{x:.1f} {top:.1f}V{y + 11:.1f}H{to - 6:.1f}", f"M{to - 7:.1f} {y + 7:.1f}l7 4l-7 4z"
        else:
            line, tip = f"M{x:.1f} {top:.1f}V{y - 2:.1f}", f"M{x - 4:.1f} {y - 3:.1f}l4 7l4 -7z"
        return f'<path class="arrow{main}" d="{line}"/><path class="tip{main}" d="{tip}"/>'
