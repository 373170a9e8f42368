"""An instance's own certificate authority and its servers' certificates, made when it first comes up."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from localazure.files import write_private

_VALID = timedelta(days=825)  # the longest that Apple's clients take from a server


def _builder(subject: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def ensure(folder: Path, instance: str, registry_name: str) -> None:
    """Make ca.pem, and server.pem and registry.pem with their keys, in `folder` unless they are there.

    The authority's key is dropped at once: nothing else will ever be signed by it.
    """
    names = ("ca.pem", "server.pem", "server-key.pem", "registry.pem", "registry-key.pem")
    if all((folder / name).exists() for name in names):
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    subject = f"Local Azure {instance}"
    ca = (
        _builder(subject, _name(subject), ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    _issue(folder, "server", "localhost", ("127.0.0.1", "::1"), ca, ca_key)
    _issue(folder, "registry", registry_name, (), ca, ca_key)
    write_private(folder / "ca.pem", ca.public_bytes(serialization.Encoding.PEM))


def _issue(
    folder: Path, file: str, name: str, addresses: tuple[str, ...], ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
) -> None:  # fmt: skip
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName(name), *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses)]
    certificate = (
        _builder(name, ca.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(folder / f"{file}-key.pem", private)
    write_private(folder / f"{file}.pem", certificate.public_bytes(pem))


def system_bundle() -> bytes:
    """The certificate authorities that this computer trusts already, for a bundle that must trust one more."""
    import certifi

    return Path(certifi.where()).read_bytes()
