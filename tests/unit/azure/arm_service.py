"""A stand-in for Azure Resource Manager on loopback, with real TLS, that answers as it is told; clients' stand-ins."""

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.flow.deadline import Deadline

PACKAGES = ("azure.mgmt.compute", "azure.mgmt.network", "azure.mgmt.resource")
SUBSCRIPTION = "00000000-0000-0000-0000-00000000000a"
ID = "/subscriptions/s/resourceGroups/g/providers/x/y/web1"
# More pauses than any test means to have: a test of what must end ends.
MOST_PAUSES = 1000


@dataclass
class Reply:
    """``body`` is JSON, or text as it is. The other ways to answer are named by ``way``."""

    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    way: str = "whole"


HANG_UP = Reply(way="hang up")          # reads the request, closes without an answer
RESET = Reply(way="reset")              # reads the request, resets the connection
SILENT = Reply(way="silent")            # reads the request, says nothing
TRICKLE = Reply(200, {"a": "b" * 400}, way="trickle")       # a byte every 50 ms: 20 s
PAGE = Reply(200, "<html><body>Please sign in</body></html>", {"Content-Type": "text/html; charset=utf-8"})


def truncated(body: object, status: int = 200, **headers: str) -> Reply:
    """Half of it, and the connection ends."""
    return Reply(status, body, headers, "truncated")


def cut(body: object, status: int = 200, **headers: str) -> Reply:
    """Half of it as if it were the whole."""
    text = json.dumps(body)
    return Reply(status, text[:len(text) // 2], {"Content-Type": "application/json", **headers})


def refusal(status: int, code: str, message: str = "no", **headers: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": message}}, headers)


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    headers: dict[str, str]
    when: float

    @property
    def version(self) -> str:
        return self.query.get("api-version", [""])[0]

    @property
    def last(self) -> str:
        return self.path.rpartition("/")[2]


class Service:
    """An HTTPS server that gives the replies it was told to give, and remembers what it was asked."""

    def __init__(self, folder: Path) -> None:
        authority = Authority.create()
        (folder / "ca.pem").write_bytes(authority.certificate_pem)
        self.ca = str(folder / "ca.pem")
        server = authority.issue_server(ServerIdentity.for_host("localhost", "127.0.0.1", "127.0.0.1"))
        (folder / "server.pem").write_bytes(server.certificate_pem + server.key_pem.reveal())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        self.asked: list[Asked] = []
        self._replies: dict[tuple[str, str], list[Reply]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(context))
        self._server.daemon_threads = True
        self.endpoint = f"https://localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        self.asked.clear()
        self._replies.clear()

    def replies(self, method: str, last: str, *replies: Reply) -> None:
        """To requests whose path ends in ``last``: one after the other; the last one stays. ARM's paths ignore case."""
        self._replies[method, last.lower()] = list(replies)

    def operation(self, name: str, resource: dict, *polls: Reply, method: str = "PUT", status: int = 201,
                  **headers: str) -> None:
        """A resource whose ``method`` starts an operation that is polled with these answers."""
        url = f"{self.endpoint}/subscriptions/s/providers/Microsoft.Any/operations/op?api-version=1999-01-01"
        self.replies(method, name, Reply(status, resource if status != 202 else None,
                                         {"Azure-AsyncOperation": url, **headers}))
        self.replies("GET", "op", *polls)
        self.replies("GET", name, Reply(200, resource))

    def times(self, method: str, last: str) -> int:
        return len(self._of(method, last))

    def versions(self, method: str, last: str) -> list[str]:
        return [asked.version for asked in self._of(method, last)]

    def bodies(self, method: str, last: str) -> list[Any]:
        return [asked.body for asked in self._of(method, last)]

    def _of(self, method: str, last: str) -> list[Asked]:
        return [asked for asked in self.asked if (asked.method, asked.last.lower()) == (method, last.lower())]

    def _handler(self, context: ssl.SSLContext) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1       # head and body in one packet: in two, each answer takes 40 ms

            def setup(self) -> None:
                self.plain = self.request
                try:
                    self.request = context.wrap_socket(self.request, server_side=True)
                except OSError:
                    pass        # a client that does not trust us
                super().setup()

            def answer(self) -> None:
                parts = urlsplit(self.path)
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, unquote(parts.path), parse_qs(parts.query),
                              json.loads(data) if data else None, dict(self.headers), time.monotonic())
                service.asked.append(asked)
                queue = service._replies.get((self.command, asked.last.lower())) or [
                    refusal(404, "ResourceNotFound", f"no {asked.last}")]
                reply = queue.pop(0) if len(queue) > 1 else queue[0]
                getattr(self, reply.way.replace(" ", "_"))(reply)

            def head(self, reply: Reply) -> bytes:
                body = reply.body
                text = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)),
                                    **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                return text

            def whole(self, reply: Reply) -> None:
                self.wfile.write(self.head(reply))

            def truncated(self, reply: Reply) -> None:
                text = self.head(reply)
                self.wfile.write(text[:len(text) // 2])
                self.wfile.flush()
                self.close_connection = True

            def trickle(self, reply: Reply) -> None:
                try:
                    for byte in self.head(reply):
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        time.sleep(0.05)
                except OSError:
                    pass
                self.close_connection = True

            def silent(self, _reply: Reply) -> None:
                time.sleep(12)
                self.close_connection = True

            def hang_up(self, _reply: Reply) -> None:
                self.close_connection = True

            def reset(self, _reply: Reply) -> None:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                os.close(self.connection.detach())
                self.close_connection = True

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    pass        # a client that has gone, or whose connection was reset just now

            def finish(self) -> None:
                try:
                    super().finish()
                except (OSError, ValueError):
                    pass        # the client, or a reset, has closed it

            do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = answer

            def log_message(self, *_details: object) -> None:
                pass

        return Handler


class Credential:
    """Like az's: gives a token."""

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause

    def get_token(self, *_scopes, **_options):
        from azure.core.credentials import AccessToken

        time.sleep(self.pause)
        return AccessToken("token", int(time.time()) + 3600)


class DeadlineThatNotes(Deadline):
    """Notes how long it should have slept."""

    def __init__(self) -> None:
        super().__init__(600)
        self.slept: list[float] = []

    def sleep(self, seconds: float, state: str) -> None:
        self.check(state)
        self.slept.append(seconds)
        assert len(self.slept) < MOST_PAUSES, f"this has no end: {state}"
