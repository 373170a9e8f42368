"""Reading PEM and DER: bytes to certificates and keys, with errors that name the file they came from.

Only keys that today's Docker (Go's crypto/tls) and OpenSSL both accept are taken: RSA of 2048 to 8192 bits, the NIST
curves P-256, P-384 and P-521, and Ed25519.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from typing import TypeVar, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from azext_dockervm.advice import certificates as advice
from azext_dockervm.certs.faults import Damaged, Protected
from azext_dockervm.errors import CertificateError

# NIST SP 800-131A and the CA/Browser Forum's Baseline Requirements 6.1.5 end below 2048; OpenSSL's default security
# level refuses it too.
RSA_LEAST_BITS = 2048
# Go's crypto/tls refuses larger RSA keys (they let a peer burn the other's processor).
RSA_MOST_BITS = 8192
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Extension = TypeVar("Extension", bound=x509.ExtensionType)

PARSE_ERRORS = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)


def read_certificates(data: bytes, name: str) -> list[x509.Certificate]:
    """All certificates of a PEM file, or the one of a DER file. ``name`` is what error messages call it. Raises
    Damaged."""
    try:
        if b"-----BEGIN" in data:
            certificates = x509.load_pem_x509_certificates(data)
        else:
            certificates = [x509.load_der_x509_certificate(data)]
        for certificate in certificates:
            # Parsed lazily; a damaged one should fail here, where its name is known.
            _ = certificate.public_key(), certificate.extensions
    except (*PARSE_ERRORS, x509.DuplicateExtension) as error:
        raise Damaged(f"{name} does not contain a readable certificate: it is {_state(data)}.") from error
    return certificates


def why_docker_refuses(data: bytes) -> str:
    """Why the docker client does not read a file that we can read, for the middle of a sentence; empty where it does.

    Go's pem.Decode finds a block only where its first line begins a line (encoding/pem; lines end with "\\n"). Text on
    lines before, between and behind is skipped.
    """
    if b"-----BEGIN" not in data:
        return "is in DER, and not in PEM"
    seen = len(re.findall(rb"(?:\A|\n)-----BEGIN [^\n]*-----[ \t\r]*\n", data))
    if seen == len(re.findall(rb"-----BEGIN ", data)):
        return ""
    if data.startswith(codecs.BOM_UTF8):
        return "begins with a byte order mark (BOM)"
    return "has other text in the first line of a PEM block" if b"\n" in data else "has no line ends that Docker knows"


def read_key(data: bytes, name: str) -> PrivateKey:
    """The private key of a PEM file: PKCS#8, PKCS#1 or SEC 1, not encrypted. Raises Protected, Damaged."""
    check_unprotected(data, name)
    try:
        key = load_pem_private_key(data, password=None)
    except PARSE_ERRORS as error:
        state = _state(data) if data[:1] != b"\x30" else "in DER, and not in PEM"   # ASN.1's SEQUENCE
        raise Damaged(f"{name} does not contain a readable private key: it is {state}.") from error
    check_strength(key.public_key(), name)
    return cast(PrivateKey, key)    # of another kind it would have been refused


def check_unprotected(data: bytes, name: str) -> None:
    """Raise Protected for a key that is encrypted."""
    # PKCS#8, and the older form that keeps the label and adds a header (RFC 1421).
    if b"BEGIN ENCRYPTED PRIVATE KEY" in data or b"Proc-Type: 4,ENCRYPTED" in data:
        raise Protected(f"{name} is encrypted with a passphrase: neither the docker client nor dockervm can use it.",
                        advice.for_an_encrypted_key(name))


def check_strength(public_key: PublicKeyTypes, name: str) -> None:
    """Raise CertificateError unless today's Docker takes a key of this kind and size."""
    if isinstance(public_key, rsa.RSAPublicKey):
        if not RSA_LEAST_BITS <= public_key.key_size <= RSA_MOST_BITS:
            raise CertificateError(f"{name} has an RSA key of {public_key.key_size} bits; Docker accepts "
                                   f"{RSA_LEAST_BITS} to {RSA_MOST_BITS}.")
        exponent = public_key.public_numbers().e
        if exponent < 3 or exponent % 2 == 0:  # with 1 anybody can sign; Baseline Requirements 6.1.6
            raise CertificateError(f"{name} has an RSA key with the unsafe public exponent {exponent}.")
    elif isinstance(public_key, ec.EllipticCurvePublicKey):
        if not isinstance(public_key.curve, CURVES):
            raise CertificateError(f"{name} has a key on the curve {public_key.curve.name}; Docker accepts P-256, "
                                   "P-384 and P-521.")
    elif not isinstance(public_key, ed25519.Ed25519PublicKey):
        raise CertificateError(f"{name} has a type of key that Docker does not accept; it accepts EC, RSA and Ed25519.")


def as_pem(certificates: Iterable[x509.Certificate]) -> bytes:
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def _state(data: bytes) -> str:
    return "damaged or another kind of file" if data else "empty"


def public_bytes(public_key: PublicKeyTypes) -> bytes:
    """The key as SubjectPublicKeyInfo: two keys are the same exactly if these bytes are."""
    return public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether ``issuer`` is named as the certificate's issuer and its key made the signature."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *PARSE_ERRORS):
        return False
    return True


def extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    """The value of an extension, ``None`` where the certificate has none."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The subject alternative names as openssl prints them: ``DNS:web1.example.com``, ``IP:10.0.0.4``."""
    names = extension(certificate, x509.SubjectAlternativeName)
    kinds: dict[type[x509.GeneralName], str] = {
        x509.DNSName: "DNS", x509.IPAddress: "IP", x509.RFC822Name: "email", x509.UniformResourceIdentifier: "URI"}
    return tuple(f"{kinds[type(name)]}:{name.value}" for name in names or () if type(name) in kinds)
