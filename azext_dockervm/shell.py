"""Commands for people to type, quoted for the shell of their system."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable


def command_line(words: Iterable[object]) -> str:
    """The words as one line for sh; on Windows for cmd and PowerShell, neither of which undoes sh's quoting. az is a
    batch file there, and cmd splits the words of those at commas, semicolons and equals signs."""
    texts = [str(word) for word in words]
    if os.name == "nt":
        return " ".join(f'"{text}"' if not text or set(text) & set(" ()&;,='^%") else text for text in texts)
    return shlex.join(texts)
