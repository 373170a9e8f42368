"""Ranges of networks and subnets: what Azure takes, what lies in what, what is free."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec import prefixes


@pytest.mark.parametrize("text", ["10.1.0.0/16", "10.1.0.0/29", "0.0.0.0/2", "203.0.113.0/24", "169.253.0.0/16"])
def test_a_range_that_a_network_can_have(text):
    assert prefixes.check_prefix(text, "--it") == text


@pytest.mark.parametrize(("text", "words"), [
    ("10.1.0.1/16", "the range is 10.1.0.0/16"), ("10.1.0.0/30", "from /2 to /29"), ("0.0.0.0/1", "from /2 to /29"),
    ("10.1.0.0", "from /2 to /29"), ("fd00::/48", "is not an IPv4 range"), ("", "is not an IPv4 range"),
    ("10.1.0.0/33", "is not an IPv4 range"), ("224.0.0.0/8", "overlaps 224.0.0.0/4"),
    ("127.0.0.0/24", "overlaps 127.0.0.0/8"), ("168.63.0.0/16", "overlaps 168.63.129.16/32")])
def test_one_that_none_can_have(text, words):
    with pytest.raises(InvalidValue) as caught:
        prefixes.check_prefix(text, "--it")
    assert caught.value.message.startswith("--it: ") and words in caught.value.message
    assert caught.value.recommendations[0].startswith("For example: --it 10.1.0.0/16")


@pytest.mark.parametrize(("text", "good"), [
    ("10.0.0.10", True), ("203.0.113.9", True), ("0.0.0.0", False), ("169.254.1.1", False), ("10.0.0", False),
    ("::1", False), ("255.255.255.255", False)])
def test_an_address_that_a_host_can_have(text, good):
    if good:
        assert prefixes.check_private_address(text) == text
    else:
        with pytest.raises(InvalidValue, match="--private-ip-address"):
            prefixes.check_private_address(text)


@pytest.mark.parametrize(("network", "subnet", "both"), [
    (None, None, ("10.0.0.0/16", "10.0.0.0/20")), ("10.9.0.0/16", None, ("10.9.0.0/16", "10.9.0.0/20")),
    ("10.9.0.0/24", None, ("10.9.0.0/24", "10.9.0.0/24")), (None, "10.0.7.0/24", ("10.0.0.0/16", "10.0.7.0/24")),
    ("10.9.0.0/16", "10.9.1.0/24", ("10.9.0.0/16", "10.9.1.0/24"))])
def test_ranges_of_what_is_to_be_made_fit(network, subnet, both):
    assert prefixes.planned(network, subnet) == both


@pytest.mark.parametrize(("network", "subnet", "words", "advice"), [
    (None, "10.9.1.0/24", "10.0.0.0/16, which a new network has", "--vnet-address-prefix 10.9.0.0/16"),
    (None, "11.0.0.0/8", "10.0.0.0/16", "--vnet-address-prefix 11.0.0.0/8"),
    ("10.9.0.0/24", "10.9.0.0/16", "'10.9.0.0/24' of --vnet-address-prefix", "10.9.0.0/16")])
def test_a_subnet_outside_of_its_network(network, subnet, words, advice):
    with pytest.raises(InvalidValue) as caught:
        prefixes.planned(network, subnet)
    assert words in caught.value.message and caught.value.recommendations[0].endswith(advice)


@pytest.mark.parametrize("address", ["10.0.0.4", "10.0.0.254", "10.1.0.20"])
def test_an_address_in_its_subnet(address):
    prefixes.check_address_in(address, ["10.0.0.0/24", "10.1.0.0/24"])


@pytest.mark.parametrize(("address", "words"), [
    ("10.0.0.0", "is Azure's"), ("10.0.0.3", "is Azure's"), ("10.0.0.255", "is Azure's"),
    ("10.2.0.4", "does not lie in the subnet's 10.0.0.0/24")])
def test_one_that_azure_keeps_or_that_lies_elsewhere(address, words):
    with pytest.raises(InvalidValue) as caught:
        prefixes.check_address_in(address, ["10.0.0.0/24"])
    assert words in caught.value.message
    assert caught.value.recommendations == ("For example: --private-ip-address 10.0.0.4",)


def test_what_overlaps_and_what_lies_in_what():
    assert prefixes.overlapping("10.0.1.0/24", ["10.1.0.0/16", "fd00::/64", "10.0.0.0/23"]) == "10.0.0.0/23"
    assert prefixes.overlapping("10.0.2.0/24", ["10.0.0.0/23"]) is None
    assert prefixes.lies_in("10.0.1.0/24", ["10.0.0.0/23"]) and not prefixes.lies_in("10.0.0.0/22", ["10.0.0.0/23"])


@pytest.mark.parametrize(("wholes", "taken", "length", "free"), [
    (["10.0.0.0/16"], [], 24, "10.0.0.0/24"), (["10.0.0.0/16"], ["10.0.0.0/24"], 24, "10.0.1.0/24"),
    (["10.0.0.0/16"], ["10.0.0.128/25", "10.0.1.0/26"], 24, "10.0.2.0/24"),
    (["10.0.0.0/16"], ["10.0.0.0/17"], 24, "10.0.128.0/24"), (["10.0.0.0/24"], ["10.0.0.0/25"], 24, "10.0.0.128/25"),
    (["10.0.0.0/24", "10.5.0.0/16"], ["10.0.0.0/24"], 24, "10.5.0.0/24"),
    (["10.0.0.0/24"], ["10.0.0.0/24"], 24, None), (["10.0.0.0/28"], ["10.0.0.0/29"], 20, "10.0.0.8/29"),
    (["10.0.0.0/8"], [f"10.{one}.0.0/16" for one in range(255)], 16, "10.255.0.0/16"), (["fd00::/48"], [], 24, None)])
def test_the_first_range_that_is_free(wholes, taken, length, free):
    assert prefixes.free(wholes, taken, length) == free
