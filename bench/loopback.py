"""Engines on loopback: one that asks for a client certificate and answers a ping, one that says nothing."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.store import CertificateStore

PONG = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK"


@contextmanager
def engine(folder: Path) -> Iterator[int]:
    """Its port; it trusts the authority of ``folder``, which is made where there is none."""
    store = CertificateStore(folder)
    store.ensure()
    server = store.load_authority().issue_server(ServerIdentity.parse(["localhost", "127.0.0.1"]))
    (folder / "server.pem").write_bytes(server.certificate_pem + server.key_pem.reveal())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with _listening() as listener:
        threading.Thread(target=_serve, args=(listener, context), daemon=True).start()
        yield listener.getsockname()[1]


@contextmanager
def silence() -> Iterator[int]:
    """The port of one that never accepts: the kernel takes the connection, and nobody reads."""
    with _listening() as listener:
        yield listener.getsockname()[1]


def _listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0), backlog=256)


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:     # it is closed
            return
        threading.Thread(target=_answer, args=(plain, context), daemon=True).start()


def _answer(plain: socket.socket, context: ssl.SSLContext) -> None:
    with plain, context.wrap_socket(plain, server_side=True) as secured:
        secured.recv(4096)
        secured.sendall(PONG)
