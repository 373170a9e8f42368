"""The key and certificate of one run, by which a new host that has none of its own yet is known to the client."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from azext_dockervm.secret import Secret

# The host's clock is not looked at, only the client's, which has just made it; a day either way is for clocks that
# somebody sets meanwhile.
LIFETIME = timedelta(days=1)
# A name that no resolver knows (RFC 2606, section 2): nothing but this certificate answers to it.
DOMAIN = "dockervm.invalid"


@dataclass(frozen=True)
class OneTimeIdentity:
    """Self-signed, P-256. Whoever has the key can pass for the new host to this client in this run, and for no other
    in any other; so it may lie in custom data."""

    name: str
    certificate_pem: bytes
    key_pem: Secret[bytes] = field(repr=False)

    @classmethod
    def create(cls, run_id: str, now: datetime | None = None) -> OneTimeIdentity:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        name, moment = f"{run_id}.{DOMAIN}", now or datetime.now(timezone.utc)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(moment - LIFETIME).not_valid_after(moment + LIFETIME)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(key, hashes.SHA256()))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return cls(name, certificate.public_bytes(Encoding.PEM), Secret(pem))
