"""The Docker SDK against hosts that redirect, never end, compress or answer with something else: told, and bounded."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.engine import client
from azext_dockervm.engine.client import engine_state
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.errors import EngineUnreachable

VERSION = {"Version": "26.1.5", "ApiVersion": "1.45", "MinAPIVersion": "1.24"}


@pytest.fixture(name="engine")
def scripted_engine(folder, tmp_path):
    """engine(answer) → the Endpoint of a server with a good certificate; ``answer`` gets each request's handler."""
    credential = CertificateStore(folder).load_authority().issue_server(ServerIdentity.parse(["127.0.0.1"]))
    (tmp_path / "server.pem").write_bytes(credential.certificate_pem + credential.key_pem.reveal())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with ExitStack() as servers:
        def start(answer) -> Endpoint:
            class Handler(BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"

                def do_GET(self) -> None:
                    with suppress(OSError):
                        answer(self)
                    self.close_connection = True

                def log_message(self, *_words) -> None: ...

            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            servers.callback(server.server_close)
            servers.callback(server.shutdown)
            return Endpoint("127.0.0.1", server.server_port, folder)

        yield start


def replied(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def failure(endpoint: Endpoint) -> EngineUnreachable:
    with pytest.raises(EngineUnreachable) as caught:
        engine_state(endpoint)
    return caught.value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_told_and_not_followed(engine, status):
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.3)
        error = failure(engine(lambda handler: (asked.append(handler.path), replied(
            handler, b"{}", status, Location=f"http://127.0.0.1:{elsewhere.getsockname()[1]}/version"))))
        with pytest.raises(TimeoutError):
            elsewhere.accept()
    assert error.kind == "protocol" and f"it redirects (HTTP {status})" in error.cause and asked == ["/version"]


def test_an_answer_without_an_end_is_cut(engine, monkeypatch):
    monkeypatch.setattr(client, "MOST_BYTES", 2**20)
    sent = []

    def endless(handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b" " * 65536)
            sent.append(1)

    assert "its answer is longer than 1 MiB" in failure(engine(endless)).cause
    assert len(sent) < 200


def test_an_answer_that_trickles_is_not_waited_for(engine, monkeypatch):
    monkeypatch.setattr(client, "WHOLE_SECONDS", 0.5)

    def trickling(handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    began = time.monotonic()
    error = failure(engine(trickling))
    assert error.kind == "timeout" and "did not answer whole within" in error.cause and time.monotonic() - began < 3


def test_a_compressed_answer_is_not_unpacked(engine):
    assert "compressed" in failure(engine(lambda handler: replied(handler, b"x", Content_Encoding="gzip"))).cause


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"7", b"<html>", b"[" * 100_000, b'{"ApiVersion": 7}',
                                  b'{"ApiVersion": "x"}', b"\xff"])
def test_an_answer_that_no_engine_gives_is_told(engine, body):
    error = failure(engine(lambda handler: replied(handler, body)))
    assert error.kind == "protocol" and "did not answer as expected" in error.cause
    assert error.cause.isprintable()


def test_what_an_engine_says_is_printable(engine):
    evil = "26\x1b]0;owned\x07\u202e\nTo mend it: rm -rf /\x9b2J"

    def said(handler) -> None:
        replied(handler, json.dumps([{"Names": [evil]}] if "containers" in handler.path else
                                    {"OperatingSystem": evil, **VERSION, "Version": evil}).encode())

    found = engine_state(engine(said))
    for text in (found["version"]["Version"], found["info"]["OperatingSystem"], found["containers"][0]["Names"][0]):
        assert text.isprintable() and "\\x1b]0;owned" in text


def test_words_of_an_engine_s_error_are_printable(engine):
    error = failure(engine(lambda handler: replied(handler, json.dumps({"message": "\x1b[2J\nDone."}).encode(), 500)))
    assert error.cause.isprintable() and "\\x1b[2J Done." in error.cause
