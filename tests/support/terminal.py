"""A conversation with a program on a terminal of its own, where passwords can be typed."""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections.abc import Sequence

from running import PATIENCE_SECONDS


def converse(terminal: int, process: subprocess.Popen, answers: Sequence[str]) -> str:
    """Each prompt for a password gets the next answer → all that was shown. Closes the terminal; a program that takes
    too long is ended."""
    shown, answered, deadline = "", 0, time.monotonic() + PATIENCE_SECONDS
    try:
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    shown += os.read(terminal, 65536).decode(errors="replace")
                except OSError:     # how Linux says that the other side of a terminal is closed
                    break
            elif process.poll() is not None:
                break
            if answered < len(answers) and len(re.findall(r"(?i)password (?:\(|of ).*?: ", shown)) > answered:
                os.write(terminal, f"{answers[answered]}\n".encode())
                answered += 1
    finally:
        os.close(terminal)
        if process.poll() is None and time.monotonic() >= deadline:
            process.kill()
    return shown
