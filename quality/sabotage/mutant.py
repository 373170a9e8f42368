"""One small fault in one file: where it is, and how the line reads before and after."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """``source[start:end]`` of a file becomes ``replacement``. Lines count from 1."""

    path: str
    line: int
    start: int
    end: int
    replacement: str
    old: str
    new: str
    # The statement that the change lies in, for who asks which tests run it; at_load where it runs when the file loads.
    statement: tuple[int, int] = (0, 0)
    at_load: bool = False

    def applied(self, source: str) -> str:
        return source[:self.start] + self.replacement + source[self.end:]

    def __str__(self) -> str:
        same = len(os.path.commonprefix([self.old, self.new]))
        return f"{self.path}:{self.line}: {_about(self.old, same)}  →  {_about(self.new, same)}"


def mutant(path: str, source: str, start: int, end: int, replacement: str, statement: tuple[int, int] = (0, 0),
           at_load: bool = False) -> Mutant:
    """A change of some characters, with the lines that it touches as one line each."""
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", end)
    last = len(source) if last < 0 else last
    old = " ".join(source[first:last].split())
    new = " ".join((source[first:start] + replacement + source[end:last]).split())
    line = source.count("\n", 0, start) + 1
    return Mutant(path, line, start, end, replacement, old, new, statement, at_load)


def _about(text: str, place: int) -> str:
    """A long line cut to what is about a place in it."""
    first = max(0, min(place - 60, len(text) - 120))
    return f"{'…' if first else ''}{text[first:first + 120]}{'…' if first + 120 < len(text) else ''}"


def rank(seed: int, *words: object) -> str:
    """An order by chance that is the same everywhere, and that a change elsewhere in a file leaves as it is."""
    return hashlib.sha256("\0".join(map(str, (seed, *words))).encode()).hexdigest()
