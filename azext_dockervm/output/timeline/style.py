"""Colours and letters of the picture, for light and dark backgrounds."""

from __future__ import annotations

from string import Template

# Name → (on light, on dark). What is read has a contrast of 4.5 to 1 with what it stands on, a bar one of 3 to 1 (WCAG
# 2.2, 1.4.3 and 1.4.11); a test holds that.
COLOURS = {
    "ground": ("#ffffff", "#0d1117"),
    "text": ("#1f2328", "#e6edf3"),
    "quiet": ("#57606a", "#9198a1"),        # text that stands back, and pauses
    "grid": ("#e4e8ec", "#21262d"),
    "shade": ("#eef5ff", "#101d33"),        # behind what is on the critical path
    "step": ("#818b98", "#6e7681"),
    "critical": ("#0957c3", "#58a6ff"),
    "on_critical": ("#ffffff", "#0d1117"),  # text on that
    "call": ("#1b7c83", "#39c5cf"),
    "refused": ("#bc4c00", "#f0883e"),
    "failed": ("#cf222e", "#ff7b72"),
    "odd": ("#d5e8d9", "#1d3b2a"),          # states, by turns
    "even": ("#e9e2f5", "#33294b"),
}

# Widths of letters in parts of their size: as in DejaVu Sans, the widest of the usual fonts, or a bit wider. Then that
# of fonts of which all letters have one, and by how much bold letters are wider.
_GROUPS = (("ijl", 0.31), ("I|.,:;'/\\ ", 0.36), ("frt", 0.43), ("!()[]-`", 0.5),
           ("ABCDEFGHJKLNOPQRSTUVXYZ#+<=>^~&✗", 0.84), ("mMwW@%…", 1.0))
_WIDTHS = {letter: wide for letters, wide in _GROUPS for letter in letters}
_ELSE, _FAR_EAST, FIXED, STRONG = 0.64, 1.0, 0.61, 1.14

_SHAPES = """
text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
.title{font-size:18px;font-weight:600}.small{font-size:12px}.head{font-size:13px}.strong{font-weight:600}
.path{font:11px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
.note{font-size:11px;text-anchor:end;font-variant-numeric:tabular-nums}.middle{text-anchor:middle}
.grid,.arrow{fill:none}.pause{fill:none;stroke-dasharray:2 3}.main{stroke-width:2}.gap{stroke-width:1.5}
"""
# Colours stand in each rule: viewers that are no browsers know no variables of CSS.
_COLOURED = Template("""text{fill:$text}.quiet,.path,.note{fill:$quiet}.ground{fill:$ground}.on{fill:$on_critical}
.grid{stroke:$grid}.shade{fill:$shade}.step,.tip{fill:$step}.critical,.tip.main{fill:$critical}.call{fill:$call}
.refused{fill:$refused}.failed{fill:url(#hatch)}.hatch,.why{fill:$failed}.gap{stroke:$ground}.pause{stroke:$quiet}
.odd{fill:$odd}.even{fill:$even}.arrow{stroke:$step}.arrow.main{stroke:$critical}
""")


def css() -> str:
    light, dark = (_COLOURED.substitute({name: pair[which] for name, pair in COLOURS.items()}) for which in (0, 1))
    return f"{_SHAPES}{light}@media (prefers-color-scheme:dark){{\n{dark}}}\n"


def width(text: str, size: float, kind: str = "") -> float:
    """An upper estimate, in pixels: nothing here can measure letters. ``kind`` is "fixed" or "strong"."""
    if kind == "fixed":
        return len(text) * FIXED * size
    letters = sum(_WIDTHS.get(one, _FAR_EAST if ord(one) > 0x2e80 else _ELSE) for one in text)
    return letters * size * (STRONG if kind == "strong" else 1.0)


def fitted(text: str, room: float, size: float, kind: str = "") -> str:
    """``text``, cut so that it takes ``room`` pixels at most; empty where not even three letters of it do."""
    if width(text, size, kind) <= room:
        return text
    while text and width(f"{text}…", size, kind) > room:
        text = text[:-1]
    return f"{text.rstrip()}…" if len(text) > 2 else ""
