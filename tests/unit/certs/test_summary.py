"""Summary: describe says what openssl says."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from azext_dockervm.certs.authority import Authority, describe
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.summary import fingerprints
from azext_dockervm.errors import CertificateError

NOW = datetime.now(timezone.utc).replace(microsecond=0)
HOST = ServerIdentity.for_host("web1.westus.example.test", "203.0.113.7", "10.0.0.4", ["docker.example.com"])


@pytest.fixture(scope="module")
def authority():
    return Authority.create()


def test_describe_agrees_with_openssl(authority, openssl):
    certificate = authority.issue_server(HOST).certificate_pem
    said = openssl("x509", "-noout", "-serial", "-fingerprint", "-sha256", "-subject", "-issuer", "-nameopt", "RFC2253",
                   "-dateopt", "iso_8601", "-dates", stdin=certificate).decode().splitlines()
    said = dict(line.split("=", 1) for line in said)
    summary = describe(certificate)
    assert summary.serial == said["serial"].lower()
    assert summary.fingerprint == said["sha256 Fingerprint"].replace(":", "").lower()
    assert summary.subject == said["subject"] == "CN=web1.westus.example.test,O=dockervm"
    assert summary.issuer == said["issuer"] == authority.summary.subject
    shown = summary.as_dict()
    assert shown["notBefore"] == said["notBefore"].replace(" ", "T")
    assert shown["notAfter"] == said["notAfter"].replace(" ", "T")
    assert shown["subjectAltNames"] == str(HOST).split(",")
    assert (shown["keyType"], shown["keySize"], shown["isCa"]) == ("EC", 256, False)
    assert openssl("x509", "-outform", "DER", stdin=certificate) and describe(
        openssl("x509", "-outform", "DER", stdin=certificate)) == summary == describe(certificate.decode())


def test_days_left_are_whole_days_and_negative_after_expiry(make, pem):
    certificate = pem(make(not_after=NOW + timedelta(days=10))[0])
    assert describe(certificate, NOW).days_left == 10
    assert describe(certificate, NOW + timedelta(seconds=1)).days_left == 9
    assert describe(certificate, NOW + timedelta(days=10, seconds=1)).days_left == -1


def test_describe_refuses_what_is_no_certificate(authority):
    for junk in (b"", b"junk", authority.key_pem.reveal(),
                 "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"):
        with pytest.raises(CertificateError, match="^web1's certificate does not contain a readable certificate"):
            describe(junk, name="web1's certificate")


def test_each_of_several_certificates_has_its_fingerprint(authority):
    other = Authority.create()
    both = authority.certificate_pem + other.certificate_pem
    assert fingerprints(both) == (describe(authority.certificate_pem).fingerprint,
                                  describe(other.certificate_pem).fingerprint)
    with pytest.raises(CertificateError):
        fingerprints(b"no certificate")
