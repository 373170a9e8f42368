"""Authority: the certificate authority of one folder. It issues client and server certificates, all in memory.

Rules and their sources:

- Keys are EC P-256, signatures use SHA-256: what every TLS library takes (RFC 8446 section 9.1), and fast to make.
- A certificate other than the CA's is valid for at most 825 days: Apple's platforms refuse longer ones from any
  authority (support.apple.com/103769; CA/Browser Forum ballot 193 counts both ends). The CA lives about five years.
  None outlives its CA, for it would stop working together with it anyway.
- Serial numbers are random, positive, of at most 20 octets (RFC 5280 section 4.1.2.2). So two processes can't issue
  the same one, and nothing has to be counted.
- Key usage (RFC 5280 section 4.2.1.3): a CA signs certificates and revocation lists. A leaf signs handshakes; only an
  RSA server key is also used to encrypt the client's secret (TLS 1.2's RSA key exchange, RFC 5246 section 7.4.2). An
  EC key can't encrypt (RFC 5480 section 3).
- Extended key usage (section 4.2.1.12): serverAuth or clientAuth, never both, so that a host can't pose as a client.
- Basic constraints (section 4.2.1.9): CA:TRUE with pathlen 0, critical: this CA issues leaves, no further CA.
- Subject and authority key identifier on each certificate (sections 4.2.1.1, 4.2.1.2): OpenSSL's -x509_strict wants
  them, and they tell two CAs apart.
"""

from __future__ import annotations

import getpass
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from azext_dockervm.advice.certificates import CLOCK
from azext_dockervm.certs.faults import Damaged, Expired, NotYetValid
from azext_dockervm.certs.identity import COMMON_NAME_LENGTH, ServerIdentity
from azext_dockervm.certs.pem import (
    PARSE_ERRORS,
    PrivateKey,
    check_strength,
    extension,
    issued_by,
    public_bytes,
    read_certificates,
    read_key,
)
from azext_dockervm.certs.summary import Summary, describe, fingerprint, iso, summarize
from azext_dockervm.errors import CertificateError
from azext_dockervm.secret import Secret

__all__ = ["Authority", "Credential", "Summary", "describe"]

ORGANIZATION = "dockervm"

# A host's clock may lag behind the client's until time synchronization has caught up (a VM at first boot, a laptop
# after sleep); an hour covers that and is what Let's Encrypt takes off for the same reason.
BACKDATE = timedelta(hours=1)
AUTHORITY_LIFETIME = timedelta(days=5 * 365 + 1)
# Both ends of a validity period belong to it (RFC 5280 section 4.1.2.5), hence one second less than the 825 days.
LEAF_LIFETIME = timedelta(days=825) - timedelta(seconds=1)


@dataclass(frozen=True)
class Credential:
    """A certificate and the private key that belongs to it, as PEM."""

    certificate_pem: bytes
    key_pem: Secret[bytes]


@dataclass(frozen=True)
class Authority:
    """A CA certificate with its key. ``create`` makes one, ``load`` takes an existing one, of any origin.

    ``certificate_pem`` is what hosts and clients are given to trust: all the certificates that were loaded (there are
    two while one CA takes over from another), the signing one first.
    """

    certificate_pem: bytes
    key_pem: Secret[bytes]
    _certificate: x509.Certificate = field(repr=False, compare=False)
    _key: PrivateKey = field(repr=False, compare=False)

    @classmethod
    def create(cls, now: datetime | None = None) -> Authority:
        """A new CA. Its common name ends in the first digits of its key identifier, so that no two CAs share a subject
        (OpenSSL looks issuers up by it). It names no person or machine: whoever knocks on a host's port is shown it.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        subject = _name(f"dockervm CA {identifier.digest.hex()[:12]}")
        not_before = _seconds(now) - BACKDATE
        builder = _builder(subject, subject, key.public_key(), not_before, not_before + AUTHORITY_LIFETIME)
        builder = (
            builder
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier(identifier.digest, None, None), critical=False)
        )
        certificate = builder.sign(key, hashes.SHA256())
        return cls(certificate.public_bytes(Encoding.PEM), _key_pem(key), certificate, key)

    @classmethod
    def load(cls, cert_pem: bytes, key_pem: bytes, now: datetime | None = None, *, cert_name: str = "ca.pem",
             key_name: str = "ca-key.pem") -> Authority:
        """An existing CA from its files' contents. Where ``cert_pem`` has several certificates, the key says which
        one signs.

        Raises CertificateError, naming the file (``cert_name``, ``key_name``), for what is damaged, encrypted, no CA,
        not valid now, too weak, or for a key that belongs to another certificate.
        """
        certificates = read_certificates(cert_pem, cert_name)
        key = read_key(key_pem, key_name)
        certificate, *others = signing_first(certificates, key, cert_name, key_name)
        check_authority(certificate, _seconds(now), cert_name)
        bundle = b"".join(one.public_bytes(Encoding.PEM) for one in (certificate, *others))
        return cls(bundle, Secret(key_pem), certificate, key)

    @property
    def summary(self) -> Summary:
        """What the signing certificate says."""
        return summarize(self._certificate)

    @property
    def fingerprint(self) -> str:
        """The signing certificate's SHA-256 fingerprint: lower-case hex without colons."""
        return fingerprint(self._certificate)

    @property
    def expires(self) -> datetime:
        """Until when the signing certificate is valid: aware, in UTC."""
        return self._certificate.not_valid_after_utc

    def server_expiry(self, now: datetime | None = None) -> datetime:
        """Until when a server certificate would be valid that is issued at that moment: aware, in UTC."""
        return self._validity(now)[1]

    def issue_client(self, subject: str | None = None, now: datetime | None = None) -> Credential:
        """A client certificate with a new key. ``subject`` is the common name, by which Docker's authorization plugins
        know the client; ``user@machine`` by default."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(_cut(subject or default_client_name()))
        pem = self._sign(name, key.public_key(), ExtendedKeyUsageOID.CLIENT_AUTH, None, now)
        return Credential(pem, _key_pem(key))

    def issue_server(self, identity: ServerIdentity, now: datetime | None = None) -> Credential:
        """A server certificate with a new key, for a host that can't make its own key."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Credential(self._sign_server(key.public_key(), identity, now), _key_pem(key))

    def sign_request(self, csr_pem: bytes | str, identity: ServerIdentity, now: datetime | None = None) -> bytes:
        """A server certificate, as PEM, for the key in a signing request (PKCS#10, RFC 2986).

        Only the key is taken from the request, after its signature has proven that the sender owns it; subject, names
        and everything else come from ``identity`` and the rules above. Raises CertificateError for a request that is
        damaged, whose signature is wrong or whose key is weak, is this CA's own or is of an unknown kind.
        """
        what = "The host's signing request"
        data = csr_pem.encode("utf-8") if isinstance(csr_pem, str) else csr_pem
        try:
            request = x509.load_pem_x509_csr(data)
            public_key = request.public_key()
            genuine = request.is_signature_valid
        except (InvalidSignature, *PARSE_ERRORS) as error:
            raise CertificateError(f"{what} can't be read: it is damaged or something else.") from error
        if not genuine:
            raise CertificateError(f"{what} is not signed with the key that it contains.")
        check_strength(public_key, what)
        if public_bytes(public_key) == public_bytes(self._key.public_key()):
            raise CertificateError(f"{what} contains the CA's own key.")
        return self._sign_server(public_key, identity, now)

    def _sign_server(self, public_key: CertificatePublicKeyTypes, identity: ServerIdentity,
                     now: datetime | None) -> bytes:
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in identity.dns_names]
        names += [x509.IPAddress(address) for address in identity.addresses]
        return self._sign(_name(identity.common_name), public_key, ExtendedKeyUsageOID.SERVER_AUTH, names, now)

    def _sign(self, subject: x509.Name, public_key: CertificatePublicKeyTypes, purpose: x509.ObjectIdentifier,
              names: Sequence[x509.GeneralName] | None, now: datetime | None) -> bytes:
        not_before, not_after = self._validity(now)
        encipher = purpose == ExtendedKeyUsageOID.SERVER_AUTH and isinstance(public_key, rsa.RSAPublicKey)
        builder = (
            _builder(subject, self._certificate.subject, public_key, not_before, not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(digital_signature=True, key_encipherment=encipher), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(self._key_identifier(), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        digest = None if isinstance(self._key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        return builder.sign(self._key, digest).public_bytes(Encoding.PEM)

    def _validity(self, now: datetime | None) -> tuple[datetime, datetime]:
        moment = _seconds(now)
        first, last = self._certificate.not_valid_before_utc, self._certificate.not_valid_after_utc
        check_validity(first, last, moment, "The CA certificate")
        not_before = max(moment - BACKDATE, first)
        return not_before, min(not_before + LEAF_LIFETIME, last)

    def _key_identifier(self) -> x509.AuthorityKeyIdentifier:
        """The CA's own subject key identifier, whichever way its maker computed it (RFC 5280 section 4.2.1.1)."""
        own = extension(self._certificate, x509.SubjectKeyIdentifier)
        if own is None:  # docker-machine's CA has none
            return x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def check_authority(certificate: x509.Certificate, now: datetime, name: str) -> None:
    """Raise CertificateError unless the certificate may issue others now (RFC 5280 sections 4.2.1.3, 4.2.1.9)."""
    constraints = extension(certificate, x509.BasicConstraints)
    usage = extension(certificate, x509.KeyUsage)
    if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
        raise CertificateError(f"{name} is not the certificate of a CA: it can't sign other certificates.")
    check_strength(certificate.public_key(), name)
    check_validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc, now, name)


def check_trust(ca_pem: bytes, now: datetime, name: str = "ca.pem") -> None:
    """Raise CertificateError unless at least one certificate in ``ca_pem`` is a CA's and valid now."""
    problem = None
    for certificate in read_certificates(ca_pem, name):
        try:
            return check_authority(certificate, now, name)
        except CertificateError as error:
            problem = problem or error
    if problem:
        raise problem


def check_client(cert_pem: bytes, key_pem: bytes, ca_pem: bytes, *, cert_name: str = "cert.pem",
                 key_name: str = "key.pem", ca_name: str = "ca.pem") -> tuple[datetime, datetime]:
    """Raise CertificateError unless a Docker host that trusts ``ca_pem`` would let this client in while it is valid:
    the CA issued the certificate (intermediates may follow it in its file), clients may use it, and the key belongs to
    it. Returns from when and until when it is valid."""
    certificate = client_certificate(cert_pem, ca_pem, cert_name=cert_name, ca_name=ca_name)
    key = read_key(key_pem, key_name)
    if public_bytes(key.public_key()) != public_bytes(certificate.public_key()):
        raise Damaged(f"{key_name} does not belong to {cert_name}: it is the key of another certificate.")
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


def client_certificate(cert_pem: bytes, ca_pem: bytes, *, cert_name: str = "cert.pem",
                       ca_name: str = "ca.pem") -> x509.Certificate:
    """The client's certificate, valid or not, by a CA in ``ca_pem``. Raises Damaged; CertificateError for another
    CA's, and for one that clients may not use."""
    certificate, *intermediates = read_certificates(cert_pem, cert_name)
    if not _chains(certificate, intermediates, read_certificates(ca_pem, ca_name)):
        raise CertificateError(f"{cert_name} was not signed by the CA in {ca_name}.")
    purposes = extension(certificate, x509.ExtendedKeyUsage)
    allowed = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    if purposes is not None and not any(purpose in purposes for purpose in allowed):
        raise CertificateError(f"{cert_name} is not a client certificate: its extended key usage lacks clientAuth.")
    return certificate


def signing_first(certificates: list[x509.Certificate], key: PrivateKey, cert_name: str,
                  key_name: str) -> list[x509.Certificate]:
    """The certificates, the one that the key belongs to in front. Raises Damaged if it belongs to none."""
    mine = public_bytes(key.public_key())
    signing = next((one for one in certificates if public_bytes(one.public_key()) == mine), None)
    if signing is None:
        raise Damaged(f"{key_name} does not belong to {cert_name}: it is the key of another CA.")
    return [signing, *(one for one in certificates if one != signing)]


def check_validity(not_before: datetime, not_after: datetime, now: datetime, name: str) -> None:
    """Raise CertificateError if ``now`` is not between the two, both included."""
    if now < not_before:
        raise NotYetValid(f"{name} is not valid before {iso(not_before)}; it is {iso(now)} by this computer's clock.",
                          CLOCK)
    if now > not_after:
        raise Expired(f"{name} expired on {iso(not_after)}.")


def default_client_name() -> str:
    """``user@machine``, the machine without its domain; each part is left out where the system doesn't know it."""
    try:
        user = getpass.getuser()
    except (KeyError, ImportError, OSError):  # no such user id (containers); Python up to 3.12, Windows; from 3.13 on
        user = ""
    machine = platform.node().split(".", 1)[0]
    return "@".join(part for part in (user, machine) if part) or "client"


def common_name(cert_pem: bytes, name: str = "cert.pem") -> str | None:
    """The subject's common name, ``None`` where it has none."""
    found = read_certificates(cert_pem, name)[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else None


def _chains(certificate: x509.Certificate, intermediates: list[x509.Certificate],
            authorities: list[x509.Certificate]) -> bool:
    pending = list(intermediates)
    while not any(issued_by(certificate, authority) for authority in authorities):
        issuer = next((one for one in pending if issued_by(certificate, one)), None)
        if issuer is None:
            return False
        pending.remove(issuer)  # each is used once, so a loop of issuers ends
        certificate = issuer
    return True


def _builder(subject: x509.Name, issuer: x509.Name, public_key: CertificatePublicKeyTypes, not_before: datetime,
             not_after: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(**allowed: bool) -> x509.KeyUsage:
    nothing = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
                             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(**{**nothing, **allowed})


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
                      x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _cut(name: str) -> str:
    """Printable, and no longer than a common name may be: 64 octets, the stricter way to count."""
    printable = "".join(letter for letter in name if letter.isprintable())
    return printable.encode("utf-8", "ignore")[:COMMON_NAME_LENGTH].decode("utf-8", "ignore").strip() or "client"


def _key_pem(key: PrivateKey) -> Secret[bytes]:
    return Secret(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _seconds(now: datetime | None) -> datetime:
    """UTC in whole seconds, as certificates write times."""
    return (now or datetime.now(timezone.utc)).astimezone(timezone.utc).replace(microsecond=0)
