"""Where a host stands and what it costs: rules of what is typed."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.spec import placement_rules
from azext_dockervm.spec.placement import Identity, Placement

BUILDER = ("/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/other/providers/"
           "Microsoft.ManagedIdentity/userAssignedIdentities/builder")


@pytest.mark.parametrize("text", ["1", "2", "3"])
def test_a_zone(text):
    assert placement_rules.check_zone(text) == text


@pytest.mark.parametrize("text", ["0", "10", "1 2", "a", "²"])
def test_no_zone(text):
    with pytest.raises(InvalidValue, match="--zone: "):
        placement_rules.check_zone(text)


@pytest.mark.parametrize(("text", "price"), [("-1", -1.0), ("-1.0", -1.0), ("0.00001", 0.00001), ("3", 3.0),
                                             ("99999.12345", 99999.12345)])
def test_a_price(text, price):
    assert placement_rules.parse_price(text) == price


@pytest.mark.parametrize("text", ["0", "0.00000", "-2", "-0.5", "0.000001", "1e3", "NaN", "inf", "1,5", "",
                                  "١", "100000"])
def test_no_price(text):
    with pytest.raises(InvalidValue, match="-1 for no limit"):
        placement_rules.parse_price(text)


def test_identities_as_az_reads_them():
    assert Identity.parse([]) == Identity.parse(["[system]"]) == Identity(system=True)
    both = Identity.parse([BUILDER, "[system]", "deployer", "deployer"])
    assert both.system and [str(one) for one in both.users] == [BUILDER, "deployer"]
    assert not Identity.parse(["deployer"]).system


@pytest.mark.parametrize("word", ["[me]", "", BUILDER.replace("userAssignedIdentities", "identities")])
def test_no_identity(word):
    with pytest.raises(InvalidValue, match="--assign-identity: "):
        Identity.parse([word])


def test_user_data_has_less_than_64_kb():
    assert placement_rules.check_user_data(b"x" * 65535) == b"x" * 65535
    with pytest.raises(InvalidValue, match="65536 bytes"):
        placement_rules.check_user_data(b"x" * 65536)


@pytest.mark.parametrize("text", ["", "mystorage", "abc", "https://mine.blob.core.windows.net/",
                                  "https://mine.blob.core.chinacloudapi.cn", "https://127.0.0.1:1234/"])
def test_where_boot_diagnostics_go(text):
    assert placement_rules.check_diagnostics(text) == text


@pytest.mark.parametrize("text", ["ab", "My", "a" * 25, "http://mine.blob.core.windows.net", "https://", " ",
                                  "https://mine.blob.core.windows.net/container", "/subscriptions/x"])
def test_where_they_do_not(text):
    with pytest.raises(InvalidValue, match="neither the name of a storage account"):
        placement_rules.check_diagnostics(text)


@pytest.mark.parametrize(("priority", "policy", "spot", "vanishes"), [
    (None, None, False, False), ("Regular", "Delete", False, False), ("Spot", None, True, False),
    ("Low", "Deallocate", True, False), ("Low", "Delete", True, True), ("Spot", "Delete", True, True)])
def test_what_azure_may_take_away(priority, policy, spot, vanishes):
    asked = Placement(priority=priority, eviction_policy=policy)
    assert (asked.is_spot, asked.vanishes) == (spot, vanishes)
