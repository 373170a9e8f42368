"""What a shell shall evaluate: bytes on stdout as they are, whatever --output says."""

from __future__ import annotations

import sys
from contextlib import suppress


def write(data: bytes) -> None:
    """A reader that has gone (| head) is no error, as with az's own output."""
    if sys.stdout is None:      # closed before az started: >&-
        return
    with suppress(BrokenPipeError):
        binary = getattr(sys.stdout, "buffer", None)
        if binary is None:
            sys.stdout.write(data.decode("utf-8", "surrogateescape"))
        else:
            sys.stdout.flush()
            binary.write(data)
        sys.stdout.flush()
