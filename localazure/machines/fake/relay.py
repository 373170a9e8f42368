"""Passes the bytes of a connection on to another address, both ways. Standard library only."""

from __future__ import annotations

import contextlib
import socket
import threading

CONNECT_TIMEOUT_S = 5
PIECE = 64 * 1024


def pass_on(target: tuple[str, int], connection: socket.socket) -> None:
    """Until both sides have ended, or one of them is silent for longer than the connection's time-out."""
    with connection, socket.create_connection(target, CONNECT_TIMEOUT_S) as inner:
        inner.settimeout(connection.gettimeout())
        answers = threading.Thread(target=_copy, args=(inner, connection), daemon=True)
        answers.start()
        _copy(connection, inner)
        answers.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    """All of one direction, and its end."""
    with contextlib.suppress(OSError):  # one of the two has gone
        while data := source.recv(PIECE):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
