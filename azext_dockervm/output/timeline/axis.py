"""The axis of time: where the lines stand, and what is written at them."""

from __future__ import annotations

from collections.abc import Iterator

# Seconds between two lines; there are no more lines than this.
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
MOST = 12


def marks(end: float) -> Iterator[tuple[float, str]]:
    """Second and label of each line from 0 to ``end``."""
    step = next((one for one in STEPS if end / one <= MOST), end / MOST)
    for number in range(int(end / step + 1e-9) + 1):
        yield number * step, label(number * step, step, end)


def label(second: float, step: float, end: float) -> str:
    """Seconds, and from three minutes on minutes:seconds."""
    if end >= 180:
        return f"{second // 60:.0f}:{second % 60:02.0f}"
    return f"{second:.{2 if step < 0.1 else 1 if step < 1 else 0}f} s"
