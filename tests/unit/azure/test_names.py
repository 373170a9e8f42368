"""DNS labels that are derived from names."""

from __future__ import annotations

import pytest

from azext_dockervm.azure import names


@pytest.mark.parametrize("host", ["web1", "1st", "a", "x" * 64, "A--B", "9" * 64])
def test_a_derived_label_is_valid_stable_and_its_scope_matters(host):
    label = names.derived_dns_label(host, "sub", "group")
    assert names.is_dns_label(label)
    assert label == names.derived_dns_label(host, "sub", "group")
    assert label != names.derived_dns_label(host, "sub", "other")


@pytest.mark.parametrize("host", ["my-azure", "Xbox9", "login1", "cubing"])
def test_a_name_whose_words_azure_may_refuse_is_not_in_it(host):
    label = names.derived_dns_label(host, "sub", "group")
    assert label.startswith("host-") and names.is_dns_label(label)
    assert label != names.derived_dns_label("azure2", "sub", "group")


def test_group_and_name_stand_at_their_places_in_an_id():
    at = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net"
    assert names.id_parts(at) == names.id_parts(f"{at}/") == ("g", "net")
    assert names.id_parts(f"{at}/subnets/hosts") == ("g", "hosts")


@pytest.mark.parametrize("label", ["ab", "1ab", "a_b", "Abc", "abc-", "a" * 64])
def test_azure_s_rule_for_labels(label):
    assert not names.is_dns_label(label)
