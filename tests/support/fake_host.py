"""A host without a machine: what the set-up script, the Docker VM extension's handler and an engine do on one, by their
words alone. Certificates are real, so that what is signed, shown and trusted is really compared."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from fake_door import FakeDoor

from azext_dockervm.certs.summary import describe, iso, summarize
from azext_dockervm.errors import EngineUnreachable


@dataclass(frozen=True)
class Files:
    """What an engine is started with; ``ca`` may hold several certificates."""

    port: int
    ca: bytes
    certificate: bytes


@dataclass
class FakeHost:
    """``files`` lie on its disk, the engine runs with ``engine``: a restart makes them the same.

    ``fails`` has actions of the script that fail, as (reason, detail); ``says`` replaces lines of check's answer, by
    key, None for a line that is missing. ``actions`` are those that were asked, with what they were told.
    """

    era: bool = False       # an image for which the extension's handler can install Docker by itself
    docker: bool = False
    compose: bool = False
    files: Files | None = None
    engine: Files | None = None
    ssh_port: int = 22
    open_door: bool = False
    containers: list[dict] = field(default_factory=list)
    services: str = "web|running|0.0.0.0:8080->80/tcp"
    fails: dict[str, tuple[str, str]] = field(default_factory=dict)
    says: dict[str, str | None] = field(default_factory=dict)
    door: FakeDoor | None = None
    settings: str = ""      # daemon.json
    by_hand: bool = False
    silent_mirrors: str = ""
    actions: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def asked(self) -> list[str]:
        return [action for action, _values in self.actions]

    # The set-up script

    def run(self, values: dict[str, str]) -> str:
        """Standard output of one action."""
        action = values["DOCKERVM_ACTION"]
        self.actions.append((action, values))
        facts: dict[str, str] = {}
        try:
            getattr(self, f"_{action}")(values, facts)
            if action in self.fails:
                raise _Failed(*self.fails[action])
            result = "ok"
        except _Failed as failed:
            facts |= {"reason": failed.reason, "detail": failed.detail}
            result = "failed"
        if self.silent_mirrors and action in ("install", "serve", "configure"):
            facts["silent-mirrors"] = self.silent_mirrors
        facts |= {key: value for key, value in self.says.items() if value is not None and action == "check"}
        lines = [f"{key}: {value}" if key != "csr" else f"csr:\n{value.strip()}" for key, value in facts.items()
                 if self.says.get(key, "") is not None or action != "check"]
        head = [f"run: {values['DOCKERVM_RUN_ID']}", f"action: {action}", f"result: {result}"]
        return "\n".join(["dockervm-begin", *head, *lines, "dockervm-end", ""])

    def _install(self, values: dict[str, str], _facts: dict[str, str]) -> None:
        self.docker, self.compose = True, self.compose or "DOCKERVM_COMPOSE" in values

    def _request(self, values: dict[str, str], facts: dict[str, str]) -> None:
        self.docker = True
        self.ssh_port = int(values.get("DOCKERVM_SSH_PORT", self.ssh_port))
        facts["csr"] = signing_request(values["DOCKERVM_SUBJECT"], values["DOCKERVM_NAMES"])

    def _serve(self, values: dict[str, str], _facts: dict[str, str]) -> None:
        if "serve" not in self.fails:
            assert f":{values['DOCKERVM_PORT']}\"" in decoded(values["DOCKERVM_DAEMON_JSON"]).decode()
            self.docker = True
            self.settings = "DOCKERVM_KEEP_SETTINGS" in values and self.settings or given_settings(values)
            self.files = self.engine = Files(int(values["DOCKERVM_PORT"]), decoded(values["DOCKERVM_CA"]),
                                             decoded(values["DOCKERVM_CERT"]))

    def _configure(self, values: dict[str, str], facts: dict[str, str]) -> None:
        asked = given_settings(values)
        if asked == self.settings:
            return
        facts["detail"] = "+ other settings"
        if self.by_hand:
            facts["by-hand"] = "/etc/docker/daemon.json"
        if "DOCKERVM_APPLY" in values:
            if self.by_hand:
                raise _Failed("settings-changed", "/etc/docker/daemon.json is not as dockervm wrote it")
            self.settings = asked

    def _restart(self, _values: dict[str, str], _facts: dict[str, str]) -> None:
        self.engine = self.files

    def _ssh(self, values: dict[str, str], _facts: dict[str, str]) -> None:
        self.ssh_port = int(values["DOCKERVM_SSH_PORT"])

    def _compose(self, values: dict[str, str], facts: dict[str, str]) -> None:
        """``services`` is what its engine runs then."""
        if values.get("DOCKERVM_LOGINS"):
            facts["logins"] = " ".join(decoded(values["DOCKERVM_LOGINS"]).decode().split()[::3])
        if values.get("DOCKERVM_PROJECT"):
            facts |= {"services": self.services, "containers": str(self.services.count(";") + 1)}

    def _check(self, values: dict[str, str], facts: dict[str, str]) -> None:
        files, port = self.files, int(values["DOCKERVM_PORT"])
        facts["authority"] = " ".join(fingerprints(files.ca)) if files else "none"
        if files is None:
            raise _Failed("not-set-up", "Docker is not installed" if not self.docker
                          else "the engine has no server certificate")
        says = describe(files.certificate)
        facts |= {"certificate": says.fingerprint, "expires": iso(says.not_after), "port": str(files.port)}
        if says.not_after < datetime.now(timezone.utc):
            raise _Failed("certificate-expired", "the server certificate ended")
        if files.port != port:
            raise _Failed("check-failed", f"the engine is set up for port {files.port}, not {port}")
        known = values.get("DOCKERVM_CERT")
        expected = describe(decoded(known)).fingerprint if known else says.fingerprint
        if self.engine is None or describe(self.engine.certificate).fingerprint != expected:
            raise _Failed("check-failed", "the engine does not show the certificate")

    def first_boot(self, values: dict[str, str]) -> None:
        """What cloud-init's user script does with a certificate from its door."""
        self.ssh_port = int(values["DOCKERVM_SSH_PORT"] or self.ssh_port)
        self._serve(values, {})

    # The Docker VM extension's handler

    def take_extension(self, settings: dict[str, Any], protected: dict[str, Any]) -> str | None:
        """Why it fails, if it does."""
        if not self.era and not self.compose:
            return "get.docker.com ended with 100"
        self.docker = True
        certs = protected["certs"]
        assert b"PRIVATE KEY" in decoded(certs["key"])
        self.files = Files(int(settings["docker"]["port"]), decoded(certs["ca"]), decoded(certs["cert"]))
        # It restarts the engine only when its unit file changed, and its port stands there.
        if self.engine is None or self.engine.port != self.files.port:
            self.engine = self.files
        return None

    # The engine, as it is seen from elsewhere

    def shake_hands(self, name: str, port: int, folder: Path) -> bytes:
        """The certificate shown (DER) to the client of a folder; raises EngineUnreachable as a real handshake does."""
        engine = self.engine
        if engine is None or engine.port != port:
            raise EngineUnreachable(f"{name}:{port} refuses connections: nothing listens there", kind="refused")
        certificate = x509.load_pem_x509_certificate(engine.certificate)
        if not any(_is_signed_by(certificate, ca) for ca in authorities((folder / "ca.pem").read_bytes())):
            raise EngineUnreachable(f"{name}:{port} shows a certificate that is not the right one", kind="certificate")
        says = summarize(certificate)
        if not {f"DNS:{name}", f"IP:{name}"} & set(says.names):
            raise EngineUnreachable(f"{name}:{port} shows a certificate for another name", kind="certificate")
        if says.not_after < datetime.now(timezone.utc):
            raise EngineUnreachable(f"{name}:{port} shows an expired certificate", kind="expired")
        client = x509.load_pem_x509_certificate((folder / "cert.pem").read_bytes())
        if not any(_is_signed_by(client, ca) for ca in authorities(engine.ca)):
            raise EngineUnreachable(f"{name}:{port} turned this client's certificate away", kind="rejected")
        return certificate.public_bytes(Encoding.DER)


class _Failed(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


def given_settings(values: Mapping[str, str]) -> str:
    """daemon.json without the port, which is told elsewhere, too."""
    return decoded(values["DOCKERVM_DAEMON_JSON"]).decode().replace(values["DOCKERVM_PORT"], "PORT")


def decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def authorities(pem: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem)


def fingerprints(pem: bytes) -> list[str]:
    return [summarize(one).fingerprint for one in authorities(pem)]


def _is_signed_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(ca)
        return True
    except (ValueError, InvalidSignature):
        return False


def signing_request(subject: str, names: str) -> str:
    """``names`` as openssl writes them: DNS:a,IP:1.2.3.4."""
    makers: Mapping[str, Callable[[str], x509.GeneralName]] = {
        "DNS": x509.DNSName, "IP": lambda text: x509.IPAddress(ipaddress.ip_address(text))}
    found = [makers[kind](name) for kind, _, name in (text.partition(":") for text in names.split(","))]
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])).add_extension(
        x509.SubjectAlternativeName(found), critical=False)
    request = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()
