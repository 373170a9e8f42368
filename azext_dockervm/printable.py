"""Text that somebody typed, as a message may print it: nothing in it moves a cursor, rings or hides."""

from __future__ import annotations


def printable(text: str, limit: int = 100) -> str:
    """``text`` with its control characters, line ends and the like written as escapes, cut after ``limit``."""
    cut = text if len(text) <= limit else f"{text[:limit]}…"
    # ascii: a lone surrogate, which stands for a byte that is no UTF-8, can't be printed either.
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in cut)
