"""The unmodified az, started by a fork instead of anew: importing its modules is most of what a short command costs.

A process of az's own Python (``ready_az_server``) imports what its commands have imported so far, and each command is a
fork of it, with words, environment, folder and open files of its own. tests/stock_az/test_ready_az.py holds against the
program itself what a command sees of that. Signals, terminals and what comes of a start itself are for the program.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from running import PATIENCE_SECONDS, Finished

SERVER = Path(__file__).with_name("ready_az_server.py")
# A command that has ended may have left something behind that holds its output open.
AFTERWARDS_SECONDS = 5.0


class ReadyAz:
    """One az in one environment; modules have read that one while they were imported. Only HOME may be another."""

    def __init__(self, program: Path, environment: Mapping[str, str]) -> None:
        self.program = program
        # As the program sets it before it starts Python.
        path = [str(program.parent / "src"), *filter(None, [environment.get("PYTHONPATH")])]
        self.environment = {"AZ_INSTALLER": "PIP", **environment, "PYTHONPATH": os.pathsep.join(path)}
        self._calls, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = ["env", "--default-signal=INT", program.parent / "python", SERVER, str(theirs.fileno())]
            self._server = subprocess.Popen(command, env=self.environment, pass_fds=[theirs.fileno()], cwd="/",
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def close(self) -> None:
        self._calls.close()
        self._server.wait(10)

    def run(self, words: tuple[object, ...], folder: Path, home: Path | None = None) -> Finished:
        """Run a command to its end; nothing is on its stdin."""
        texts = tuple(str(word) for word in words)
        environment = self.environment if home is None else {**self.environment, "HOME": str(home)}
        call = json.dumps({"words": texts, "environment": environment, "folder": str(folder)})
        reads, writes = zip(*(os.pipe() for _ in range(3)), strict=True)
        try:
            with open(os.devnull) as nothing:
                socket.send_fds(self._calls, [call.encode()], [nothing.fileno(), *writes])
        finally:
            for descriptor in writes:
                os.close(descriptor)
        try:
            stdout, stderr, report = _read(reads)
        finally:
            for descriptor in reads:
                os.close(descriptor)
        pid, _, code = report.partition("\n")
        if not code:
            if pid:
                os.kill(int(pid), signal.SIGKILL)
            raise AssertionError(f"did not end in {PATIENCE_SECONDS:.0f} s: az {' '.join(texts)}\n{stderr}")
        return Finished((str(self.program), *texts), int(code), stdout, stderr)


def _read(descriptors: tuple[int, ...]) -> list[str]:
    """What comes out of some pipes; the last one decides when the others' time is over."""
    said = {descriptor: bytearray() for descriptor in descriptors}
    until = time.monotonic() + PATIENCE_SECONDS
    with selectors.DefaultSelector() as selector:
        for descriptor in descriptors:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map() and (left := until - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                data = os.read(key.fd, 1 << 16)
                said[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
                    if key.fd == descriptors[-1]:
                        until = min(until, time.monotonic() + AFTERWARDS_SECONDS)
    return [bytes(text).decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n") for text in said.values()]
