"""The fake engine's process as the platform sees it: start it, ask it, end it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from localazure import files
from localazure.machines.fake import engine
from localazure.machines.foundation.scripts import tail
from localazure.machines.machine import MachineError

ANSWER_TIMEOUT_S = 20.0
# How long the engine may take to end by itself before it is killed.
END_TIMEOUT_S = 2.0
POLL_S = 0.02


class EngineProcess:
    """One engine per instance: its machines' folder, and the socket that it answers on."""

    def __init__(self, folder: Path, address: Path) -> None:
        self.folder = folder
        self.socket = address

    def lives(self) -> bool:
        """Whether the process lives: it holds a lock for as long."""
        return files.is_held(self.folder / "engine.lock")

    def start(self) -> None:
        """Start it unless it lives, and wait until it answers."""
        if self.lives():
            return
        with (self.folder / "engine.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", engine.__file__, str(self.folder), str(self.socket)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/",
                env={"PATH": os.environ.get("PATH", os.defpath)},
            )  # fmt: skip
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while True:
            with suppress(MachineError):
                self.ask({"machine": "", "action": "is-active"})
                return
            if process.poll() is not None or time.monotonic() > deadline:
                said = tail(self.folder / "engine.log")[-400:]
                raise MachineError("EngineFailed", f"the fake engine did not start: {said}")
            time.sleep(POLL_S)

    def end(self) -> None:
        """End it, whatever state it is in."""
        with suppress(MachineError):
            self.ask({"action": "quit"})
        deadline = time.monotonic() + END_TIMEOUT_S
        while self.lives():
            if time.monotonic() > deadline:
                # The lock is held, so the number in it is the engine's.
                with suppress(ValueError, ProcessLookupError):
                    os.kill(int((self.folder / "engine.lock").read_text()), signal.SIGKILL)
            time.sleep(POLL_S)
        self.socket.unlink(missing_ok=True)

    def ask(self, question: dict[str, str]) -> dict[str, Any]:
        """One question, one answer. Raises MachineError when there is none or the engine refuses."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(ANSWER_TIMEOUT_S)
            try:
                line.connect(str(self.socket))
                line.sendall(json.dumps(question).encode() + b"\n")
                with line.makefile() as answers:
                    answer: dict[str, Any] = json.loads(answers.readline())
            except (OSError, ValueError) as error:
                raise MachineError("EngineFailed", f"the fake engine does not answer: {error}") from error
        if not answer["ok"]:
            raise MachineError("EngineFailed", f"the fake engine: {answer['error']}")
        return answer
