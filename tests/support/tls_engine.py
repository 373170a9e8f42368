"""An engine at the border: a real TLS listener that asks for a client certificate and answers as Docker's API does."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ANSWERS = {
    "/_ping": "OK",
    "/version": {"Version": "26.1.5", "ApiVersion": "1.45", "MinAPIVersion": "1.24"},
    "/containers/json": [{"Id": "c1", "Ports": [{"PublicPort": 80, "Type": "tcp"}]}],
    "/info": {"OperatingSystem": "Debian", "KernelVersion": "6.1", "Containers": 2, "Images": 3, "Driver": "overlay2"},
}


class Engine(BaseHTTPRequestHandler):
    """What is not in ``ANSWERS`` is not there, as the engine says it."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        path = path if path in ANSWERS else "/" + path.split("/", 2)[-1]
        if path in self.server.forbidden:
            status, answer = 403, {"message": "not for you"}
        else:
            status, answer = (200, ANSWERS[path]) if path in ANSWERS else (404, {"message": "there is none"})
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_arguments):
        pass


class Quiet(ThreadingHTTPServer):
    daemon_threads = True
    forbidden: tuple[str, ...] = ()

    def handle_error(self, *_arguments):
        """Refused handshakes are what these tests are about."""


@contextmanager
def serving(server_pem: Path, authority: Path | None, forbidden: tuple[str, ...] = ()) -> Iterator[int]:
    """An engine on loopback → its port. ``server_pem`` holds certificate and key; clients have to be of ``authority``,
    a ca.pem, where there is one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_pem)
    if authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority)
    server = Quiet(("127.0.0.1", 0), Engine)
    server.forbidden = forbidden
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
