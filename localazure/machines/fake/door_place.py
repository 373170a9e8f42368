"""The place of the door of `az dockervm`, the unit that listens on a new host's Docker port before the engine does.

On a real machine it listens on all addresses; fake machines share those of this computer. So its order `open PORT`
becomes `open PORT ADDRESS` with the machine's own loopback address, and the instance's fake engine is asked to pass on
to it what comes to the machine's public one, as long as the door says that it is open and the security rules let it in.
Orders and answers are lines (azext_dockervm/provision/script/door.py). Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess

from localazure.machines.fake import engine_line

UNIT = "dockervm-door"
PIECE = 64 * 1024


class Lines:
    """Whole lines from a descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""

    def fileno(self) -> int:
        return self._descriptor

    def read(self) -> list[bytes] | None:
        """Those that are there; None at its end."""
        data = os.read(self._descriptor, PIECE)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines if data else None


class Place:
    """What the engine passes on; it ends with the connection, and so with this process whatever ends that."""

    def __init__(self) -> None:
        self._line: socket.socket | None = None

    def take(self, port: int) -> None:
        """Raises OSError where the engine refuses."""
        self.leave()
        line, answer = engine_line.ask({"action": "door", "port": port})
        if not answer["ok"]:
            line.close()
            raise OSError(answer["error"])
        self._line = line

    def leave(self) -> None:
        """When it returns, the port is free for the engine itself."""
        if self._line is not None:
            with self._line, contextlib.suppress(OSError):  # an engine that has ended passes on nothing
                self._line.shutdown(socket.SHUT_WR)
                self._line.recv(1)
            self._line = None


def serve(process: subprocess.Popen[bytes]) -> None:
    """Pass on orders and answers until the door ends."""
    assert process.stdin is not None and process.stdout is not None
    place, orders, answers = Place(), Lines(0), Lines(process.stdout.fileno())
    sources = [orders, answers]
    while answers in sources:
        for source in select.select(sources, [], [])[0]:
            lines = source.read()
            if lines is None:
                sources.remove(source)
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
            elif source is orders:
                with contextlib.suppress(BrokenPipeError):  # a door that has ended: its answers end as well
                    process.stdin.write(b"".join(placed(line) + b"\n" for line in lines))
                    process.stdin.flush()
            else:
                for line in lines:
                    try:
                        settle(place, line)
                    except OSError as error:
                        line = f"cannot {error}".encode()
                        process.terminate()
                    os.write(1, line + b"\n")
    place.leave()


def placed(order: bytes) -> bytes:
    """The order as this machine's door gets it."""
    return order + b" " + os.environ["DOCKERVM_ADDRESS"].encode() if order.startswith(b"open ") else order


def settle(place: Place, answer: bytes) -> None:
    """See to it that the place is as the door says, before the script hears of it. Raises OSError."""
    word, _, port = answer.partition(b" ")
    if word == b"open":
        place.take(int(port))
    elif word == b"closed":
        place.leave()
