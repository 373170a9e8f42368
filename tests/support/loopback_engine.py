"""An engine without a wire: the extension's own TLS code speaks with it over a pair of sockets of this process."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
from contextlib import suppress

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Wire(socket.socket):
    """One end of a pair of sockets, which knows nothing of TCP's options."""

    def setsockopt(self, level: int, *option: object) -> None:
        if level != socket.IPPROTO_TCP:
            super().setsockopt(level, *option)


class LoopbackEngine:
    """A host's key, and the engine that it becomes once it is given PEM files: handshakes, trust and refusals are real.
    It answers one request with "OK"."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.authority = self.certificate = self._certificates_key = b""

    def signing_request(self) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a host")])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self._key, hashes.SHA256())
        return request.public_bytes(Encoding.PEM).decode()

    def serve(self, authority: bytes, certificate: bytes, key: bytes | None = None) -> None:
        """From now on; without a key the certificate is of the host's own."""
        self.authority, self.certificate = authority, certificate
        self._certificates_key = key or self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def connect(self, _address: object = None, timeout: float | None = 5) -> socket.socket:
        """In place of ``socket.create_connection``."""
        if not self.certificate:
            raise ConnectionRefusedError
        ours, there = socket.socketpair()
        here = Wire(fileno=ours.detach())
        here.settimeout(timeout)
        there.settimeout(5)
        threading.Thread(target=self._answer, args=(there,), daemon=True).start()
        return here

    def _answer(self, plain: socket.socket) -> None:
        with plain, suppress(OSError), self._context().wrap_socket(plain, server_side=True) as secured:
            secured.recv(4096)
            secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
            secured.recv(1)     # until the other side has read it

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as file:     # OpenSSL reads them from files only
            file.write(self.certificate + self._certificates_key)
            file.flush()
            context.load_cert_chain(file.name)
        context.load_verify_locations(cadata=self.authority.decode())
        context.verify_mode = ssl.CERT_REQUIRED
        return context
