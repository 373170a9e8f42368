"""Certificates of fake machines' engines, and a client of such an engine."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import socket
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PORT = 4243


class Pki:
    """An authority with a server and a client certificate in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")])
        self._write("ca", self._sign(self.name, self.key.public_key(), ()), self.key)
        for name in ("server", "client"):
            key = ec.generate_private_key(ec.SECP256R1())
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
            self._write(name, self._sign(subject, key.public_key(), ("web1.example.test",)), key)

    def _sign(self, subject, public_key, names):
        now = datetime.datetime.now(datetime.timezone.utc)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public_key)
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(authority, critical=False)
            .add_extension(x509.KeyUsage(True, False, False, False, False, not names, not names, False, False),
                           critical=True)
        )  # fmt: skip
        if names:
            alternatives = [x509.DNSName(name) for name in names] + [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def _write(self, name, certificate, key):
        (self.folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        form = serialization.PrivateFormat.PKCS8
        private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        (self.folder / f"{name}-key.pem").write_bytes(private)

    def base64(self, name: str) -> str:
        return base64.b64encode((self.folder / f"{name}.pem").read_bytes()).decode()

    def both(self, name: str) -> Path:
        """A file with certificate and key."""
        file = self.folder / f"{name}-both.pem"
        file.write_bytes(b"".join((self.folder / f"{name}{part}.pem").read_bytes() for part in ("", "-key")))
        return file

    def get(self, address: str, path: str, *, known: bool = True) -> tuple[int, bytes]:
        """Status and body of one request to an engine; a stranger has no certificate."""
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if known:
            context.load_cert_chain(self.folder / "client.pem", self.folder / "client-key.pem")
        with socket.create_connection((address, PORT), timeout=5) as raw:
            with context.wrap_socket(raw, server_hostname="web1.example.test") as line:
                line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                answer = b"".join(iter(lambda: line.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body
