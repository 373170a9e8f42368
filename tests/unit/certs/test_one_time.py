"""The key of one run: who it speaks for, for how long, and that it is never shown."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from azext_dockervm.certs.one_time import OneTimeIdentity

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.fixture(name="one")
def identity() -> OneTimeIdentity:
    return OneTimeIdentity.create("0123456789ab", NOW)


def certificate(one):
    return x509.load_pem_x509_certificate(one.certificate_pem)


def test_it_speaks_for_one_run_under_a_name_that_no_resolver_knows(one):
    assert one.name == "0123456789ab.dockervm.invalid"
    names = certificate(one).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [name.value for name in names] == [one.name]


def test_it_lasts_a_day_either_way_by_the_clock_of_who_makes_it(one):
    made = certificate(one)
    assert (made.not_valid_before_utc, made.not_valid_after_utc) == (NOW - timedelta(days=1), NOW + timedelta(days=1))


def test_key_and_certificate_belong_together_and_sign_nobody_else(one):
    made = certificate(one)
    key = load_pem_private_key(one.key_pem.reveal(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp256r1"
    assert key.public_key() == made.public_key()
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False


def test_the_key_is_not_shown_and_never_the_same(one):
    assert "PRIVATE" not in repr(one) and b"PRIVATE KEY" in one.key_pem.reveal()
    assert OneTimeIdentity.create("0123456789ab", NOW).key_pem != one.key_pem
