"""Authority.load and the checks: CAs and clients that openssl, docker-machine and others made."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID

from azext_dockervm.certs.authority import Authority, check_client, check_trust, describe
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.errors import CertificateError

NOW = datetime.now(timezone.utc).replace(microsecond=0)
HOST = ServerIdentity.for_host("web1.westus.example.test", "203.0.113.7", "10.0.0.4")


@pytest.fixture(scope="module")
def authority():
    return Authority.create()


def pair(credential):
    return credential.certificate_pem, credential.key_pem.reveal()


@pytest.mark.parametrize("form", ["pkcs8", "pkcs1"])
def test_an_rsa_ca_by_openssl_signs(handbook, openssl, handshake, form):
    if form == "pkcs1":
        openssl("rsa", "-in", "ca-key.pem", "-traditional", "-out", "ca-key.pem", cwd=handbook)
        assert b"BEGIN RSA PRIVATE KEY" in (handbook / "ca-key.pem").read_bytes()
    authority = Authority.load((handbook / "ca.pem").read_bytes(), (handbook / "ca-key.pem").read_bytes())
    server = authority.issue_server(HOST)
    (handbook / "server.pem").write_bytes(server.certificate_pem)
    openssl("verify", "-purpose", "sslserver", "-CAfile", "ca.pem", "server.pem", cwd=handbook)
    client = (handbook / "cert.pem").read_bytes(), (handbook / "key.pem").read_bytes()
    check_client(*client, authority.certificate_pem)
    (handbook / "new.pem").write_bytes(authority.issue_client().certificate_pem)
    openssl("verify", "-purpose", "sslclient", "-CAfile", "ca.pem", "new.pem", cwd=handbook)


def test_an_ec_ca_by_openssl_signs_from_sec1_with_parameters_in_front(openssl, tmp_path):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-out", "ca-key.pem", cwd=tmp_path)
    assert b"BEGIN EC PARAMETERS" in (tmp_path / "ca-key.pem").read_bytes()
    openssl("req", "-x509", "-new", "-key", "ca-key.pem", "-days", 30, "-subj", "/CN=mine", "-text", "-out", "ca.pem",
            cwd=tmp_path)
    authority = Authority.load((tmp_path / "ca.pem").read_bytes(), (tmp_path / "ca-key.pem").read_bytes())
    (tmp_path / "server.pem").write_bytes(authority.issue_server(HOST).certificate_pem)
    openssl("verify", "-purpose", "sslserver", "-CAfile", "ca.pem", "server.pem", cwd=tmp_path)


def test_a_ca_as_docker_machine_makes_it_signs(openssl, make, pem, tmp_path):
    # Go's CreateCertificate of its time: PrintableString names, more key usages, no subject key identifier.
    usage = x509.KeyUsage(True, False, True, False, True, True, False, False, False)
    ca, key = make("alice", ca=True, key=rsa.generate_private_key(65537, 2048), usage=usage,
                   name_type=_ASN1Type.PrintableString)
    authority = Authority.load(pem(ca), pem(key))
    leaf = authority.issue_server(HOST).certificate_pem
    # Go compares names byte by byte, so the string type must stay what it was.
    assert ca.subject.public_bytes() in x509.load_pem_x509_certificate(leaf).public_bytes(Encoding.DER)
    (tmp_path / "ca.pem").write_bytes(pem(ca))
    (tmp_path / "leaf.pem").write_bytes(leaf)
    openssl("verify", "-purpose", "sslserver", "-CAfile", "ca.pem", "leaf.pem", cwd=tmp_path)


def test_the_ca_is_referred_to_by_the_key_identifier_that_it_gave_itself(openssl, tmp_path):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca-key.pem",
            "-out", "ca.pem", "-subj", "/CN=mine", "-addext", "subjectKeyIdentifier=0123456789abcdef",
            "-addext", "authorityKeyIdentifier=none", "-addext", "keyUsage=critical,keyCertSign", cwd=tmp_path)
    authority = Authority.load((tmp_path / "ca.pem").read_bytes(), (tmp_path / "ca-key.pem").read_bytes())
    (tmp_path / "leaf.pem").write_bytes(authority.issue_client().certificate_pem)
    said = openssl("x509", "-in", "leaf.pem", "-noout", "-ext", "authorityKeyIdentifier", cwd=tmp_path)
    assert b"01:23:45:67:89:AB:CD:EF" in said
    openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "ca.pem", "leaf.pem", cwd=tmp_path)


def test_an_ed25519_ca_signs(make, pem, openssl, tmp_path):
    ca, key = make("mine", ca=True, key=ed25519.Ed25519PrivateKey.generate(), digest=None)
    (tmp_path / "ca.pem").write_bytes(pem(ca))
    (tmp_path / "leaf.pem").write_bytes(Authority.load(pem(ca), pem(key)).issue_client().certificate_pem)
    openssl("verify", "-purpose", "sslclient", "-CAfile", "ca.pem", "leaf.pem", cwd=tmp_path)


def test_of_several_certificates_the_key_says_which_one_signs(handshake, pem):
    old, new = Authority.create(), Authority.create()
    both = Authority.load(old.certificate_pem + new.certificate_pem, new.key_pem.reveal())
    assert describe(both.certificate_pem).fingerprint == describe(new.certificate_pem).fingerprint
    handshake("localhost", server=pair(both.issue_server(HOST)), server_ca=both.certificate_pem,
              client=pair(old.issue_client()), client_ca=new.certificate_pem)


def test_a_ca_survives_being_saved_and_loaded(authority, handshake):
    again = Authority.load(authority.certificate_pem, authority.key_pem.reveal())
    assert again == authority and again.summary == authority.summary
    handshake("localhost", server=pair(again.issue_server(HOST)), server_ca=authority.certificate_pem,
              client=pair(authority.issue_client()))


@pytest.mark.parametrize(("change", "file", "reason"), [
    ({"ca": False}, "ca.pem", "not the certificate of a CA"),
    ({"constraints": False}, "ca.pem", "not the certificate of a CA"),
    ({"usage": x509.KeyUsage(True, False, False, False, False, False, False, False, False)}, "ca.pem",
     "not the certificate of a CA"),
    ({"not_after": NOW - timedelta(days=1), "not_before": NOW - timedelta(days=9)}, "ca.pem", "expired on"),
    ({"not_before": NOW + timedelta(days=1)}, "ca.pem", "by this computer's clock"),
])
def test_a_certificate_that_may_not_sign_is_refused(make, pem, change, file, reason):
    ca, key = make("odd", **{"ca": True, **change})
    with pytest.raises(CertificateError, match=reason) as refusal:
        Authority.load(pem(ca), pem(key))
    assert refusal.value.message.startswith(file)


def test_files_that_do_not_belong_together_or_are_damaged_are_named(authority, openssl):
    certificate, key = authority.certificate_pem, authority.key_pem.reveal()
    encrypted = openssl("pkey", "-aes128", "-passout", "pass:secret", stdin=key)
    older = openssl("ec", "-aes128", "-passout", "pass:secret", stdin=key)
    assert b"Proc-Type" in older
    for bad_certificate, bad_key, reason in [
        (certificate, Authority.create().key_pem.reveal(), "^ca-key.pem does not belong to ca.pem"),
        (certificate, encrypted, "^ca-key.pem is encrypted"),
        (certificate, older, "^ca-key.pem is encrypted"),
        (certificate, key[:100], "^ca-key.pem does not contain a readable private key"),
        (certificate, b"", "^ca-key.pem does not contain a readable private key"),
        (certificate, certificate, "^ca-key.pem does not contain a readable private key"),
        (certificate[:300], key, "^ca.pem does not contain a readable certificate"),
        (key, key, "^ca.pem does not contain a readable certificate"),
        (b"", key, "^ca.pem does not contain a readable certificate"),
        (b"\x00\xff" * 40, key, "^ca.pem does not contain a readable certificate"),
    ]:
        with pytest.raises(CertificateError, match=reason):
            Authority.load(bad_certificate, bad_key)


def test_a_short_rsa_key_is_refused(make, pem):
    ca, key = make("old", ca=True, key=rsa.generate_private_key(65537, 1024))
    with pytest.raises(CertificateError, match="1024 bits"):
        Authority.load(pem(ca), pem(key))


def test_trust_needs_one_sound_ca(make, pem, authority):
    expired, _ = make("old", ca=True, not_before=NOW - timedelta(days=9), not_after=NOW - timedelta(days=1))
    check_trust(pem(expired) + authority.certificate_pem, NOW)
    with pytest.raises(CertificateError, match="expired"):
        check_trust(pem(expired), NOW)


def test_a_client_by_way_of_an_intermediate_is_taken(make, pem):
    root = make("root", ca=True)
    middle = make("middle", ca=True, issuer=root)
    leaf = make("leaf", issuer=middle, purposes=[ExtendedKeyUsageOID.CLIENT_AUTH])
    check_client(pem(leaf[0]) + pem(middle[0]), pem(leaf[1]), pem(root[0]))
    with pytest.raises(CertificateError, match="not signed by the CA"):
        check_client(pem(leaf[0]), pem(leaf[1]), pem(root[0]))
    # Intermediates that vouch for each other end in a refusal, not in a loop.
    circle = make("other", ca=True, issuer=middle)
    middle = make("middle", ca=True, issuer=circle, key=middle[1])
    with pytest.raises(CertificateError, match="not signed by the CA"):
        check_client(pem(leaf[0]) + pem(middle[0]) + pem(circle[0]), pem(leaf[1]), pem(root[0]))
