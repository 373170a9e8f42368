"""A host without a machine: it answers run commands as the set-up script does, and becomes an engine with real TLS."""

from __future__ import annotations

import base64
import socket
import ssl
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from memory_platform import MemoryPlatform

from localazure.machines.machine import RunResult

ANSWER = "dockervm-begin\nrun: {run}\naction: {action}\n{lines}dockervm-end\n"


class MemoryHost:
    """What its set-up has come to: the files of its engine, once it was given a certificate."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._authority = self._certificate = b""
        self._port = ""

    def act(self, values: dict[str, str]) -> str:
        """The script's answer to one action."""
        lines = {"request": self._request, "serve": self._serve, "check": self._check}.get(
            values["DOCKERVM_ACTION"], lambda _values: "result: ok\n")(values)
        return ANSWER.format(run=values["DOCKERVM_RUN_ID"], action=values["DOCKERVM_ACTION"], lines=lines)

    def _request(self, _values: dict[str, str]) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a host")])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self._key, hashes.SHA256())
        return f"result: ok\ncsr:\n{request.public_bytes(Encoding.PEM).decode()}"

    def _serve(self, values: dict[str, str]) -> str:
        self._authority = base64.b64decode(values["DOCKERVM_CA"])
        self._certificate = base64.b64decode(values["DOCKERVM_CERT"])
        self._port = values["DOCKERVM_PORT"]
        return f"result: ok\ncertificate: {_fingerprint(self._certificate)}\n"

    def _check(self, values: dict[str, str]) -> str:
        if not self._certificate:
            return "result: failed\nreason: not-set-up\nauthority: none\n"
        ends = x509.load_pem_x509_certificate(self._certificate).not_valid_after_utc
        told = (f"authority: {_fingerprint(self._authority)}\ncertificate: {_fingerprint(self._certificate)}\n"
                f"expires: {ends:%Y-%m-%dT%H:%M:%SZ}\nport: {self._port}\n")
        return told + ("result: ok\n" if values["DOCKERVM_PORT"] == self._port else
                       "result: failed\nreason: check-failed\n")

    def connect(self) -> socket.socket:
        """In place of ``socket.create_connection``."""
        if not self._certificate:
            raise ConnectionRefusedError
        here, there = socket.socketpair()
        here.settimeout(5)
        there.settimeout(5)
        threading.Thread(target=self._answer, args=(there,), daemon=True).start()
        return here

    def _answer(self, plain: socket.socket) -> None:
        with plain, suppress(OSError), self._context().wrap_socket(plain, server_side=True) as secured:
            secured.recv(4096)
            secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
            secured.recv(1)     # until the other side has read it

    def _context(self) -> ssl.SSLContext:
        key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as file:     # OpenSSL reads them from files only
            file.write(self._certificate + key)
            file.flush()
            context.load_cert_chain(file.name)
        context.load_verify_locations(cadata=self._authority.decode())
        context.verify_mode = ssl.CERT_REQUIRED
        return context


def _fingerprint(pem: bytes) -> str:
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex()


class HostsPlatform(MemoryPlatform):
    """Each machine is a ``MemoryHost``. ``latest`` is the one that was made last: the engine that names lead to."""

    def __init__(self, state_dir: Path) -> None:
        super().__init__(state_dir)
        self.hosts: dict[str, MemoryHost] = {}
        self.latest = MemoryHost()

    def machine_run(
        self, machine_id: str, script: str, arguments: Sequence[tuple[str, str]] = (), timeout: float = 5400,
        user: str | None = None,
    ) -> RunResult:  # fmt: skip
        self._ask_agent(machine_id)
        if machine_id not in self.hosts:
            self.hosts[machine_id] = self.latest = MemoryHost()
        return RunResult(0, self.hosts[machine_id].act(dict(arguments)), "")

    def machine_delete(self, machine_id: str) -> None:
        super().machine_delete(machine_id)
        self.hosts.pop(machine_id, None)
