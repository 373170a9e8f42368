"""A fake machine's line to its instance's fake engine, for stand-in tools. Standard library only."""

from __future__ import annotations

import json
import os
import socket
from typing import Any

ANSWER_TIMEOUT_S = 20


def ask(question: dict[str, Any]) -> tuple[socket.socket, dict[str, Any]]:
    """Ask on behalf of this machine → the connection, which is the caller's to close, and {"ok": bool, "error": str,
    ...}. Raises OSError where the engine can't be reached."""
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(ANSWER_TIMEOUT_S)
        line.connect(os.environ["LOCALAZURE_ENGINE"])
        line.sendall(json.dumps({"machine": os.environ["LOCALAZURE_MACHINE"], **question}).encode() + b"\n")
        with line.makefile() as answers:
            said = answers.readline() or '{"ok": false, "error": "the fake engine said nothing"}'
        return line, json.loads(said)
    except BaseException:
        line.close()
        raise
