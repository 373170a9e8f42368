"""What is kept of earlier versions' hosts: complete, without a secret, and certificates are made anew like it."""

from __future__ import annotations

import json

import pytest
from cryptography import x509
from freeze_hosts import CREATES, HARMLESS, SECRET
from frozen_hosts import FROZEN, HOSTS, remade

EACH = pytest.mark.parametrize("host", HOSTS, ids=str)


def test_each_version_has_a_host_of_each_provisioner():
    versions = {host.version for host in HOSTS}
    assert versions and {(host.version, host.name) for host in HOSTS} == {
        (version, name) for version in versions for name in CREATES}


@EACH
def test_frozen_data_hold_no_secret_and_no_address_of_their_making(host):
    text = HARMLESS.sub("", (FROZEN / host.version / f"{host.name}.json").read_text())
    assert not SECRET.search(text)
    assert "198.51.100." not in text and "/var/lib/localazure" not in text and "freeze.test" not in text


@EACH
def test_remade_certificates_keep_life_and_purpose_and_chain(host):
    frozen = host.data["certificates"]
    key, authority = remade(frozen["ca"])
    authority.verify_directly_issued_by(authority)
    for kind, names in (("server", ["web1.example.com", "10.0.0.4"]), ("client", None)):
        old = x509.load_pem_x509_certificate(frozen[kind].encode())
        _, new = remade(frozen[kind], (key, authority), names)
        new.verify_directly_issued_by(authority)
        assert new.not_valid_after_utc - new.not_valid_before_utc == old.not_valid_after_utc - old.not_valid_before_utc
        assert [one.oid for one in new.extensions] == [one.oid for one in old.extensions]
        usage = x509.ExtendedKeyUsage
        assert new.extensions.get_extension_for_class(usage) == old.extensions.get_extension_for_class(usage)
        assert new.public_key() != old.public_key()


@pytest.mark.parametrize("text", ["-----BEGIN PRIVATE KEY-----", '"adminPassword": "x"', '"protectedSettings": {}',
                                  '"customData": "IyEvYmlu"'])
def test_a_secret_is_not_frozen(text):
    assert SECRET.search(HARMLESS.sub("", json.dumps({"a": 1}) + text))
