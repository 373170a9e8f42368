"""The service on the Internet that tells a computer its public address, played on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# A public address; those that documents use are none. No test sends anything to it.
ADDRESS = "20.42.73.5"


@dataclass
class Echo:
    """``answer`` and ``status`` are of the next answers. ``asked`` has the headers of each request."""

    url: str = ""
    answer: bytes = ADDRESS.encode()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0      # before each byte
    asked: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def echo_service() -> Iterator[Echo]:
    echo = Echo()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            echo.asked.append(dict(self.headers))
            self.send_response(echo.status)
            for name, value in {"Content-Length": str(len(echo.answer)), **echo.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if not echo.pause:
                self.wfile.write(echo.answer)
                return
            for byte in echo.answer:
                time.sleep(echo.pause)
                self.wfile.write(bytes([byte]))
                self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    echo.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield echo
    finally:
        server.shutdown()
        server.server_close()
