"""Text that others wrote, as it may be printed: nothing in it moves a cursor, rings, hides or reverses the text.

Where foreign text is parsed, ``printable`` and ``one_line`` leave no line end in it, so it can't forge a line of ours.
What reaches a terminal passes ``lines`` or ``harmless`` once more, as the last net.
"""

from __future__ import annotations

import re
from typing import Any

# Of a message that Azure, a host or an engine sends. Azure's longest that are known have some 2,000 characters.
LONGEST_MESSAGE = 4000
# C0 but for line ends and tabs, DEL, and C1, which 8-bit terminals take for escape sequences.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def printable(text: str, limit: int = 100) -> str:
    """``text`` with its control characters, line ends and the like written as escapes, cut after ``limit``."""
    cut = text if len(text) <= limit else f"{text[:limit]}…"
    return _escaped(cut)


def one_line(text: str, limit: int = LONGEST_MESSAGE) -> str:
    """A message that may have several lines, in one: each run of white space becomes one space."""
    return printable(" ".join(text.split()), limit)


def lines(text: str) -> str:
    """A whole text with its line ends, of which nothing else is left that a terminal obeys."""
    return text if text.isprintable() else "\n".join(map(_escaped, text.replace("\r\n", "\n").split("\n")))


def harmless(value: Any, keep_lines: bool = False) -> Any:
    """JSON's values with every text in them, names of members too, made printable. ``keep_lines``: texts of a request,
    whose line ends and other characters are meant: only control characters become escapes."""
    if isinstance(value, str):
        if value.isprintable():
            return value
        return _CONTROL.sub(lambda found: _escaped(found[0]), value) if keep_lines else _escaped(value)
    if isinstance(value, dict):
        return type(value)((harmless(name, keep_lines), harmless(one, keep_lines)) for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return type(value)(harmless(one, keep_lines) for one in value)
    return value


def _escaped(text: str) -> str:
    # ascii: a lone surrogate, which stands for a byte that is no UTF-8, can't be printed either.
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
