"""Authority: what it issues works in real handshakes, and openssl, a second opinion, agrees with each rule."""

from __future__ import annotations

import base64
import dataclasses
import ssl
import subprocess
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from azext_dockervm.certs.authority import Authority, default_client_name, describe
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.errors import CertificateError

NOW = datetime.now(timezone.utc).replace(microsecond=0)
SHA256 = hashes.SHA256()
HOST = ServerIdentity.for_host("web1.westus.example.test", "203.0.113.7", "10.0.0.4", ["docker.example.com"])


@pytest.fixture(scope="module")
def authority():
    return Authority.create()


def parsed(certificate_pem):
    return x509.load_pem_x509_certificate(certificate_pem)


def pair(credential):
    return credential.certificate_pem, credential.key_pem.reveal()


def request(key, subject="anything", names=("evil.example.com",), digest=SHA256):
    return (x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, digest))


def request_pem(key, **arguments):
    return request(key, **arguments).public_bytes(Encoding.PEM)


# Handshakes

@pytest.mark.parametrize("name", ["web1.westus.example.test", "203.0.113.7", "10.0.0.4", "localhost", "127.0.0.1",
                                  "docker.example.com"])
def test_client_and_host_shake_hands_under_each_name(authority, handshake, name):
    peer = handshake(name, server=pair(authority.issue_server(HOST)), server_ca=authority.certificate_pem,
                     client=pair(authority.issue_client("alice@laptop")))
    assert ((("commonName", "alice@laptop"),)) in peer["subject"]


@pytest.mark.parametrize("name", ["web2.westus.example.test", "203.0.113.8", "sub.localhost"])
def test_a_host_is_not_taken_for_another(authority, handshake, name):
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(name, server=pair(authority.issue_server(HOST)), server_ca=authority.certificate_pem,
                  client=pair(authority.issue_client()))


def test_nobody_gets_in_without_a_certificate_or_with_a_strangers(authority, handshake):
    stranger = Authority.create()
    server = pair(authority.issue_server(HOST))
    host_as_client = pair(authority.issue_server(HOST))
    for client, reason in ((None, "PEER_DID_NOT_RETURN_A_CERTIFICATE"),
                           (pair(stranger.issue_client()), "VERIFY_FAILED"), (host_as_client, "VERIFY_FAILED")):
        with pytest.raises(ssl.SSLError) as refusal:
            handshake("localhost", server=server, server_ca=authority.certificate_pem, client=client)
        assert reason in refusal.value.reason


def test_a_client_can_not_pose_as_a_host(authority, handshake):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake("alice@laptop", server=pair(authority.issue_client("localhost")), server_ca=authority.certificate_pem,
                  client=pair(authority.issue_client()))


def test_a_strangers_host_is_not_trusted(authority, handshake):
    stranger = Authority.create()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake("localhost", server=pair(stranger.issue_server(HOST)), server_ca=authority.certificate_pem,
                  client=pair(authority.issue_client()))


def test_openssl_shakes_hands_too(authority, openssl, tmp_path):
    server, client = authority.issue_server(HOST), authority.issue_client()
    stranger = Authority.create().issue_client()
    (tmp_path / "ca.pem").write_bytes(authority.certificate_pem)
    for name, credential in (("server", server), ("client", client), ("stranger", stranger)):
        (tmp_path / f"{name}.pem").write_bytes(credential.certificate_pem + credential.key_pem.reveal())
    listening = subprocess.Popen(
        ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-CAfile", "ca.pem", "-Verify", "1",
         "-verify_return_error", "-x509_strict", "-naccept", "2", "-www"],
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = next(line for line in listening.stdout if line.startswith("ACCEPT")).rsplit(":", 1)[1].strip()

        def dial(name):
            return openssl("s_client", "-connect", f"127.0.0.1:{port}", "-cert", f"{name}.pem", "-CAfile", "ca.pem",
                           "-verify_return_error", "-x509_strict", "-verify_hostname", "web1.westus.example.test",
                           "-ign_eof", cwd=tmp_path, stdin=b"GET / HTTP/1.0\r\n\r\n", check=False)

        welcome, refused = dial("client"), dial("stranger")
        assert b"Verify return code: 0 (ok)" in welcome.stdout and b"HTTP/1.0 200 ok" in welcome.stdout
        assert b"HTTP/1.0 200 ok" not in refused.stdout
        assert b"alert" in refused.stderr
    finally:
        listening.kill()
        listening.wait()
        listening.stdout.close()


# Rules

@pytest.fixture
def issued(authority, tmp_path):
    """Role to PEM, an RSA host among them."""
    rsa_key = rsa.generate_private_key(65537, 2048)
    made = {
        "ca": authority.certificate_pem,
        "client": authority.issue_client().certificate_pem,
        "server": authority.issue_server(HOST).certificate_pem,
        "signed": authority.sign_request(request_pem(ec.generate_private_key(ec.SECP384R1())), HOST),
        "rsa": authority.sign_request(request_pem(rsa_key), HOST),
    }
    for role, certificate in made.items():
        (tmp_path / f"{role}.pem").write_bytes(certificate)
    return made


def test_openssl_verifies_each_strictly_and_for_its_purpose_only(issued, openssl, tmp_path):
    def verify(role, purpose):
        return openssl("verify", "-x509_strict", "-check_ss_sig", "-purpose", purpose, "-CAfile", "ca.pem",
                       f"{role}.pem", cwd=tmp_path, check=False).returncode == 0

    assert verify("client", "sslclient") and not verify("client", "sslserver")
    for role in ("server", "signed", "rsa"):
        assert verify(role, "sslserver") and not verify(role, "sslclient"), role


def test_openssl_reads_the_extensions_as_the_role_wants_them(issued, openssl, tmp_path):
    def text(role):
        lines = openssl("x509", "-in", f"{role}.pem", "-noout", "-text", cwd=tmp_path).decode().splitlines()
        return " ".join(" ".join(lines).split())

    assert "Basic Constraints: critical CA:TRUE, pathlen:0" in text("ca")
    assert "Key Usage: critical Certificate Sign, CRL Sign X509v3" in text("ca")
    assert "Key Usage: critical Digital Signature X509v3" in text("client")
    assert "Key Usage: critical Digital Signature X509v3" in text("server")
    assert "Key Usage: critical Digital Signature X509v3" in text("signed")
    assert "Key Usage: critical Digital Signature, Key Encipherment X509v3" in text("rsa")
    assert "Extended Key Usage: TLS Web Client Authentication X509v3" in text("client")
    names = ("Subject Alternative Name: DNS:web1.westus.example.test, DNS:localhost, DNS:docker.example.com, "
             "IP Address:203.0.113.7, IP Address:10.0.0.4, IP Address:127.0.0.1")
    for role in ("server", "signed", "rsa"):
        assert "Extended Key Usage: TLS Web Server Authentication X509v3" in text(role)
        assert names in text(role)
        assert "Basic Constraints: critical CA:FALSE" in text(role)
    for role, certificate in issued.items():
        assert "Signature Algorithm: ecdsa-with-SHA256" in text(role)
        assert "Version: 3" in text(role)
        own = parsed(certificate).extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        issuer = parsed(certificate).extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        root = parsed(issued["ca"]).extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        assert issuer.key_identifier == root and issuer.authority_cert_issuer is None
        assert (own == root) == (role == "ca")
    for role in ("ca", "client", "server"):
        assert parsed(issued[role]).public_key().curve.name == "secp256r1"


def test_validity_is_five_years_for_the_ca_and_825_days_for_the_rest():
    authority = Authority.create(NOW)
    ca = parsed(authority.certificate_pem)
    assert ca.not_valid_after_utc - ca.not_valid_before_utc == timedelta(days=1826)    # a leap day among them
    for leaf in (authority.issue_client(now=NOW), authority.issue_server(HOST, now=NOW)):
        leaf = parsed(leaf.certificate_pem)
        # Both ends count.
        assert leaf.not_valid_after_utc - leaf.not_valid_before_utc + timedelta(seconds=1) == timedelta(days=825)
        assert NOW - timedelta(days=1) < leaf.not_valid_before_utc < NOW - timedelta(minutes=1)
    assert NOW - timedelta(days=1) < ca.not_valid_before_utc < NOW - timedelta(minutes=1)


def test_an_authority_is_its_certificate_and_its_key_and_shows_neither():
    made = Authority.create(NOW)
    again = Authority.load(made.certificate_pem, made.key_pem.reveal())
    assert again == made and "_key=" not in repr(made) and "_certificate=" not in repr(made)


def test_no_certificate_outlives_or_predates_its_ca(make, pem):
    first, last = NOW - timedelta(minutes=2), NOW + timedelta(days=3)
    ca, key = make("short", ca=True, not_before=first, not_after=last)
    authority = Authority.load(pem(ca), pem(key))
    for certificate in (authority.issue_client().certificate_pem, authority.issue_server(HOST).certificate_pem,
                        authority.sign_request(request_pem(ec.generate_private_key(ec.SECP256R1())), HOST)):
        assert (parsed(certificate).not_valid_before_utc, parsed(certificate).not_valid_after_utc) == (first, last)


def test_an_expired_ca_signs_nothing():
    authority = Authority.create(NOW - timedelta(days=2000))
    for sign in (authority.issue_client, lambda: authority.issue_server(HOST)):
        with pytest.raises(CertificateError, match="expired"):
            sign()


def test_serials_are_random_positive_and_short_enough(authority):
    serials = {parsed(authority.issue_client().certificate_pem).serial_number for _ in range(50)}
    assert len(serials) == 50
    assert all(0 < serial < 1 << 159 for serial in serials)  # 20 octets with the sign bit clear
    assert max(serials).bit_length() > 120


def test_two_cas_share_no_subject_and_name_nobody():
    subjects = {describe(Authority.create().certificate_pem).subject for _ in range(20)}
    assert len(subjects) == 20
    assert all(subject.startswith("CN=dockervm CA ") for subject in subjects)
    assert not any(default_client_name() in subject for subject in subjects)


@pytest.mark.parametrize(("given", "common_name"), [
    ("alice@laptop", "alice@laptop"), ("a" * 100, "a" * 64), ("é" * 40, "é" * 32), ("a\nb\0c", "abc"), ("\n", "client"),
    ("日" * 30, "日" * 21),
])
def test_any_client_name_fits_into_the_subject(authority, given, common_name):
    subject = parsed(authority.issue_client(given).certificate_pem).subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == common_name


def test_a_user_without_a_name_still_gets_a_client_name(monkeypatch):
    def unknown():
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", unknown)
    monkeypatch.setattr("platform.node", lambda: "laptop.example.com")
    assert default_client_name() == "laptop"
    monkeypatch.setattr("platform.node", lambda: "")
    assert default_client_name() == "client"


# Signing requests

def test_the_name_comes_from_the_identity_and_the_key_from_the_request(authority, handshake, pem):
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.sign_request(request_pem(key, subject="evil", names=["evil.example.com"]), HOST)
    assert b"evil" not in parsed(certificate).public_bytes(Encoding.DER)
    assert not describe(certificate).is_ca
    handshake("web1.westus.example.test", server=(certificate, pem(key)), server_ca=authority.certificate_pem,
              client=pair(authority.issue_client()))


@pytest.mark.parametrize("curve", [ec.SECP256R1, ec.SECP384R1, ec.SECP521R1])
def test_the_usual_curves_are_signed(authority, curve):
    assert describe(authority.sign_request(request_pem(ec.generate_private_key(curve())), HOST)).key_type == "EC"


def test_ed25519_is_signed(authority):
    certificate = authority.sign_request(request_pem(ed25519.Ed25519PrivateKey.generate(), digest=None), HOST)
    assert describe(certificate).key_type == "Ed25519"


def test_a_request_by_openssl_is_signed(authority, openssl, tmp_path):
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem",
            "-subj", "/CN=web1", "-addext", "subjectAltName=DNS:other.example.com", "-out", "csr.pem", cwd=tmp_path)
    text = (tmp_path / "csr.pem").read_text()
    summary = describe(authority.sign_request("host says:\n" + text.replace("\n", "\r\n") + "\n", HOST))
    assert summary.names == tuple(str(HOST).split(","))


@pytest.mark.parametrize(("key", "reason"), [
    (lambda: rsa.generate_private_key(65537, 1024), "1024 bits"),
    (lambda: ec.generate_private_key(ec.SECP192R1()), "curve secp192r1"),
    (lambda: ec.generate_private_key(ec.SECP256K1()), "curve secp256k1"),
    (lambda: ed448.Ed448PrivateKey.generate(), "a type of key"),
])
def test_weak_and_unknown_keys_are_refused(authority, key, reason):
    try:
        made = key()
        weak = request_pem(made, digest=None if isinstance(made, ed448.Ed448PrivateKey) else SHA256)
    except Exception:  # noqa: BLE001  the library of this Python may not make such keys at all
        pytest.skip("this cryptography makes no such key")
    with pytest.raises(CertificateError, match=reason):
        authority.sign_request(weak, HOST)


def test_a_request_that_its_key_did_not_sign_is_refused(authority):
    genuine, other = (request(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.DER) for _ in range(2))
    with pytest.raises(CertificateError, match="not signed with the key"):
        authority.sign_request(_pem("CERTIFICATE REQUEST", _splice(genuine, other)), HOST)


def _splice(genuine: bytes, other: bytes) -> bytes:
    """A request with another one's signature."""
    content = x509.load_der_x509_csr(genuine).tbs_certrequest_bytes
    theirs = x509.load_der_x509_csr(other).tbs_certrequest_bytes
    content += other[other.index(theirs) + len(theirs):]
    return b"\x30\x82" + len(content).to_bytes(2, "big") + content


def _pem(label, der):
    lines = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{lines}-----END {label}-----\n".encode()


@pytest.mark.parametrize("damage", [lambda text: b"", lambda text: b"nonsense", lambda text: text[:200],
                                    lambda text: text.replace(b"REQUEST", b"CERTIFICATE"),
                                    lambda text: _pem("CERTIFICATE REQUEST", b"\x30\x03\x02\x01\x00")])
def test_a_damaged_request_is_refused(authority, damage):
    with pytest.raises(CertificateError, match="signing request can't be read"):
        authority.sign_request(damage(request_pem(ec.generate_private_key(ec.SECP256R1()))), HOST)


def test_the_cas_own_key_is_not_signed_as_a_host(authority):
    with pytest.raises(CertificateError, match="CA's own key"):
        authority.sign_request(request_pem(load_pem_private_key(authority.key_pem.reveal(), None)), HOST)


def test_keys_never_show(authority):
    credential = authority.issue_client()
    for thing in (authority, credential, authority.issue_server(HOST)):
        assert "PRIVATE" not in repr(thing) + str(thing)
    assert "PRIVATE" not in str(dataclasses.asdict(credential))
