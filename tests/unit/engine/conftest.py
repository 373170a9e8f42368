"""An engine at the border: a real TLS listener that asks for a client certificate and answers as Docker's API does."""

from __future__ import annotations

import json
import ssl
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.engine.endpoint import Endpoint

ANSWERS = {
    "/_ping": "OK",
    "/version": {"Version": "26.1.5", "ApiVersion": "1.45", "MinAPIVersion": "1.24"},
    "/containers/json": [{"Id": "c1", "Ports": [{"PublicPort": 80, "Type": "tcp"}]}],
    "/info": {"OperatingSystem": "Debian", "KernelVersion": "6.1", "Containers": 2, "Images": 3, "Driver": "overlay2"},
}


class Engine(BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        path = path if path in ANSWERS else "/" + path.split("/", 2)[-1]
        answer = ANSWERS[path] if path not in self.server.forbidden else {"message": "not for you"}
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(403 if path in self.server.forbidden else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


class Quiet(ThreadingHTTPServer):
    daemon_threads = True
    forbidden: tuple[str, ...] = ()

    def handle_error(self, *_arguments):
        """Refused handshakes are what these tests are about."""


@pytest.fixture(name="folder")
def certificate_folder(tmp_path) -> Path:
    store = CertificateStore(tmp_path / "docker")
    store.ensure()
    return store.folder


@pytest.fixture(name="serve")
def engine_server(folder, tmp_path):
    """serve(names=..., authority=..., ask=..., now=...) → the Endpoint of a running engine."""
    servers = []

    def start(names=("localhost", "127.0.0.1"), authority: Authority | None = None, ask: bool = True,
              forbidden: tuple[str, ...] = (), now: datetime | None = None) -> Endpoint:
        signer = authority or CertificateStore(folder).load_authority()
        credential = signer.issue_server(ServerIdentity.parse(names), now)
        pem = tmp_path / f"server-{len(servers)}.pem"
        pem.write_bytes(credential.certificate_pem + credential.key_pem.reveal())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        if ask:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(folder / "ca.pem")
        server = Quiet(("127.0.0.1", 0), Engine)
        server.forbidden = forbidden
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return Endpoint("localhost", server.server_port, folder)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
