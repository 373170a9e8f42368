"""Summary: what a certificate says, in plain values for output. ``describe`` reads one from PEM or DER."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True)
class Summary:
    """One certificate. Times are aware and in UTC; ``serial`` and ``fingerprint`` are lower-case hex without colons."""

    subject: str  # RFC 4514: "CN=web1,O=dockervm"
    issuer: str
    names: tuple[str, ...]  # "DNS:web1.example.com", "IP:10.0.0.4"
    serial: str
    fingerprint: str  # SHA-256 of the DER
    not_before: datetime
    not_after: datetime
    days_left: int  # whole days; negative after expiry
    key_type: str  # "EC", "RSA", "Ed25519", or the class of the key where it is something else
    key_size: int  # bits
    is_ca: bool

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON: camelCase names, times in ISO 8601 (``2026-01-31T12:00:00Z``)."""
        return {
            "subject": self.subject, "issuer": self.issuer, "subjectAltNames": list(self.names),
            "serial": self.serial, "sha256Fingerprint": self.fingerprint,
            "notBefore": iso(self.not_before), "notAfter": iso(self.not_after), "daysLeft": self.days_left,
            "keyType": self.key_type, "keySize": self.key_size, "isCa": self.is_ca,
        }


def describe(certificate: bytes | str, now: datetime | None = None, name: str = "The certificate") -> Summary:
    """What a certificate says, from PEM (the first one in it) or DER. ``name`` is what an error calls it.

    Raises CertificateError for what can't be read.
    """
    from azext_dockervm.certs.pem import read_certificates

    data = certificate.encode("utf-8") if isinstance(certificate, str) else certificate
    return summarize(read_certificates(data, name)[0], now)


def summarize(certificate: x509.Certificate, now: datetime | None = None) -> Summary:
    """The Summary of a parsed ``cryptography.x509.Certificate``."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.x509 import BasicConstraints

    from azext_dockervm.certs.pem import extension, names_of

    now = now or datetime.now(timezone.utc)
    key = certificate.public_key()
    kinds = {ec.EllipticCurvePublicKey: "EC", rsa.RSAPublicKey: "RSA", ed25519.Ed25519PublicKey: "Ed25519"}
    constraints = extension(certificate, BasicConstraints)
    serial = f"{certificate.serial_number:x}"
    return Summary(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        names=names_of(certificate),
        serial=serial.zfill(len(serial) + len(serial) % 2),  # whole octets, as openssl prints it
        fingerprint=fingerprint(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        days_left=(certificate.not_valid_after_utc - now).days,  # timedelta.days rounds down, below zero too
        key_type=next((text for kind, text in kinds.items() if isinstance(key, kind)), type(key).__name__),
        key_size=getattr(key, "key_size", 256),  # Ed25519 states none: 256 (RFC 8032)
        is_ca=bool(constraints and constraints.ca),
    )


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER of a parsed ``cryptography.x509.Certificate``: lower-case hex without colons."""
    from cryptography.hazmat.primitives.hashes import SHA256

    return certificate.fingerprint(SHA256()).hex()


def have_one_key(one: bytes, other: bytes) -> bool:
    """Whether two certificates (PEM or DER) were issued for the same key. Raises CertificateError for what can't be
    read."""
    from azext_dockervm.certs.pem import public_bytes, read_certificates

    first, second = (read_certificates(data, "The certificate")[0].public_key() for data in (one, other))
    return public_bytes(first) == public_bytes(second)


def fingerprints(certificates: bytes, name: str = "The certificate") -> tuple[str, ...]:
    """``fingerprint`` of each certificate in PEM, in their order. Raises CertificateError for what can't be read."""
    from azext_dockervm.certs.pem import read_certificates

    return tuple(map(fingerprint, read_certificates(certificates, name)))


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with whole seconds: ``2026-01-31T12:00:00Z``."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
