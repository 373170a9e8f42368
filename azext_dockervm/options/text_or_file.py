"""Values that are a text or a file's name, as ``az vm create`` reads them."""

from __future__ import annotations

import os
from pathlib import Path

from azext_dockervm.errors import InvalidValue
from azext_dockervm.printable import printable

# What stands for a text that is not said again.
A_FILE = ("@FILE",)
SAID_AGAIN = 60     # characters


def read(flag: str, value: str, most: int | None = None) -> bytes:
    """What the file of that name holds, else the text itself. az has put the content of @FILE in its place already.
    ``most``: bytes of a file that are read at all."""
    path = file_named(value)
    try:
        if path is None:
            return value.encode()
        if most is not None and path.stat().st_size > most:
            raise InvalidValue(f"{flag}: '{printable(value, 60)}' has {path.stat().st_size:,} bytes, far too many.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise InvalidValue(f"{flag}: '{printable(value, 60)}' can't be read: {error}") from error


def file_named(value: str) -> Path | None:
    """None where the value names none."""
    if "\n" in value or len(value) >= 4096:
        return None
    try:
        # Unlike Path.expanduser, this one leaves ~somebody who does not exist as text.
        path = Path(os.path.expanduser(value))
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None


def again(value: str) -> tuple[str, ...]:
    """How commands in messages say it again: a file's name, and a text that is short and in one line, as they are."""
    said = file_named(value) is not None or (value.isprintable() and len(value) <= SAID_AGAIN)
    return (value,) if said else A_FILE
