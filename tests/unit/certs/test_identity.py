"""ServerIdentity: text to names and addresses; what is neither is refused by name."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from azext_dockervm.certs.identity import ServerIdentity, parse_name
from azext_dockervm.errors import InvalidValue


def test_a_host_has_its_name_its_addresses_itself_and_the_extras():
    identity = ServerIdentity.for_host("Web1.WestUS.cloudapp.azure.com.", "20.1.2.3", "10.0.0.4",
                                       extra=["docker.example.com", "IP:10.1.2.3", "DNS:build", "fd00::1"])
    assert identity.dns_names == ("web1.westus.cloudapp.azure.com", "localhost", "docker.example.com", "build")
    assert identity.addresses == tuple(map(ip_address, ("20.1.2.3", "10.0.0.4", "127.0.0.1", "10.1.2.3", "fd00::1")))


def test_each_is_named_once_in_the_given_order():
    identity = ServerIdentity.for_host("web1.example.com", "10.0.0.4", "10.0.0.4",
                                       extra=["WEB1.example.com", "localhost", "127.0.0.1", "a.example.com"])
    assert identity.dns_names == ("web1.example.com", "localhost", "a.example.com")
    assert identity.addresses == (ip_address("10.0.0.4"), ip_address("127.0.0.1"))


def test_a_host_may_lack_public_address_and_name():
    identity = ServerIdentity.for_host(None, None, "10.0.0.4")
    assert identity.dns_names == ("localhost",)
    assert identity.addresses == (ip_address("10.0.0.4"), ip_address("127.0.0.1"))


def test_it_writes_itself_as_openssl_does():
    identity = ServerIdentity.parse(["web1.example.com", "10.0.0.4", "fd00::1"])
    assert str(identity) == "DNS:web1.example.com,IP:10.0.0.4,IP:fd00::1"
    assert ServerIdentity.parse(str(identity).split(",")) == identity


def test_an_empty_identity_is_refused():
    with pytest.raises(InvalidValue):
        ServerIdentity((), ())


@pytest.mark.parametrize(("text", "meaning"), [
    ("web1", "web1"), ("WEB1.Example.COM", "web1.example.com"), ("*.example.com", "*.example.com"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example"), ("3com.com", "3com.com"),
    ("a" * 63 + ".com", "a" * 63 + ".com"),
    (" web1\n", "web1"), ("dns:web1", "web1"),
    ("10.0.0.4", ip_address("10.0.0.4")), ("ip:10.0.0.4", ip_address("10.0.0.4")),
    ("::1", ip_address("::1")), ("IP:::1", ip_address("::1")), ("[fd00::1]", ip_address("fd00::1")),
    (ip_address("10.0.0.4"), ip_address("10.0.0.4")),
])
def test_what_people_write_is_understood(text, meaning):
    assert parse_name(text) == meaning


@pytest.mark.parametrize("text", [
    "", " ", ".", "a..b", "-a.com", "a-.com", "a_b.com", "a" * 64 + ".com", "a." * 127 + "ab", "bücher.example",
    "web1:4243", "tcp://web1", "web 1", "web1\n.com", "DNS:web1,DNS:b", "*", "*.com", "a.*.com", "w*.example.com",
    "*.a_b.com", "*.-a.example.com", "*.*.com",
    "10.0.0.300", "10.0.0", "1", "10.0.0.0/24", "10.0.0.4:4243", "IP:web1", "IP:", "DNS:", "DNS:10.0.0.4",
    "fe80::1%eth0",
    "[::1]:4243", "user@example.com", "a\0b", "ⅸ.com", "web1;evil",
])
def test_anything_else_is_refused_and_named(text):
    with pytest.raises(InvalidValue) as refusal:
        parse_name(text)
    assert f"'{text}'" in refusal.value.message


def test_the_common_name_fits_into_64_characters():
    long = "web1." + ".".join(["a" * 40] * 3) + ".com"
    assert ServerIdentity.parse(["a.example.com", "10.0.0.4"]).common_name == "a.example.com"
    assert ServerIdentity.parse([long]).common_name == "web1"
    assert ServerIdentity.parse(["a" * 63 + "." + "b" * 63]).common_name == "a" * 63
    assert ServerIdentity.parse(["10.0.0.4"]).common_name == "10.0.0.4"
