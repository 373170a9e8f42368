"""Where a host is, and what its provisioner gives back."""

from __future__ import annotations

import pytest

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.summary import describe
from azext_dockervm.provision.target import Address, Provisioned


def test_a_certificate_speaks_for_each_way_to_the_host():
    identity = Address("web1.example", "20.1.2.3", "10.0.0.4").identity
    assert str(identity) == "DNS:web1.example,DNS:localhost,IP:20.1.2.3,IP:10.0.0.4,IP:127.0.0.1"


def test_what_was_set_up_is_read_from_the_certificate():
    certificate = Authority.create().issue_server(ServerIdentity.for_host("web1.example", None, None)).certificate_pem
    says = describe(certificate)
    assert Provisioned.of("run-command", certificate, checked=True) == Provisioned(
        "run-command", says.fingerprint, says.not_after, True, certificate)
    assert Provisioned.of("docker-extension", certificate, checked=False).checked is False


@pytest.mark.parametrize(("address", "endpoint", "number"), [
    (Address("web1.example", "20.1.2.3", "10.0.0.4"), "web1.example", "20.1.2.3"),
    (Address(None, "20.1.2.3", "10.0.0.4"), "20.1.2.3", "20.1.2.3"),
    (Address(None, None, "10.0.0.4"), "10.0.0.4", "10.0.0.4")])
def test_a_host_is_known_by_its_name_else_by_its_outermost_address(address, endpoint, number):
    assert (address.endpoint, address.number) == (endpoint, number)


def test_the_certificate_of_a_private_host_names_its_address_and_what_was_asked_for_besides():
    identity = Address(None, None, "10.0.0.4", ("build.example", "192.0.2.7")).identity
    assert str(identity) == "DNS:localhost,DNS:build.example,IP:10.0.0.4,IP:127.0.0.1,IP:192.0.2.7"
