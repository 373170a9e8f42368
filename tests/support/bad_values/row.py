"""One bad command line: which options it is about, its words, what the error says."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from fake_azure import FakeCloud


@dataclass(frozen=True)
class Row:
    """``words`` follow ``az dockervm create -g g -n web1``. ``says`` are parts of the one error (its message and what
    is to be typed now). ``there`` puts into the cloud what makes the value a bad one; without it, the value is refused
    before anything is asked of Azure, unless ``asks`` says that Azure alone knows."""

    options: tuple[str, ...]
    words: tuple[str, ...]
    says: tuple[str, ...]
    asks: bool = False
    there: Callable[[FakeCloud], object] | None = None

    @property
    def label(self) -> str:
        return " ".join(word if len(word) < 60 else f"{word[:8]}~{len(word)}" for word in map(repr, self.words))


def bad(option: str, words: str | tuple[str, ...], *says: str) -> Row:
    """What shows by itself: nothing is asked of Azure. ``words`` as a shell takes them, or one by one."""
    return Row((option,), _split(words), says)


def asked(option: str, words: str | tuple[str, ...], *says: str, there: Callable[[FakeCloud], object] | None = None
          ) -> Row:
    """What only Azure knows: it is asked, by reads alone."""
    return Row((option,), _split(words), says, True, there)


def pair(one: str, other: str, words: str | tuple[str, ...], *says: str, asks: bool = False,
         there: Callable[[FakeCloud], object] | None = None) -> Row:
    """Two options, by their names, that can't stand together; each with a value that is good by itself."""
    return Row((one, other), _split(words), says, asks, there)


def _split(words: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(shlex.split(words)) if isinstance(words, str) else words
