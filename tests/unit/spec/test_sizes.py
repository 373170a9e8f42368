"""What the names of VM sizes tell: architecture, generation, Trusted Launch."""

from __future__ import annotations

import pytest

from azext_dockervm.spec import sizes

BOTH = {"V1", "V2"}


@pytest.mark.parametrize(("size", "architecture", "generations", "trusted"), [
    ("Standard_D2s_v5", "amd64", BOTH, True), ("Standard_D2as_v5", "amd64", BOTH, True),
    ("Standard_B1ls", "amd64", BOTH, True), ("Standard_B2s_v2", "amd64", BOTH, True),
    ("Standard_DS1_v2", "amd64", BOTH, True), ("Standard_D2s_v3", "amd64", BOTH, True),
    ("Standard_E4-2s_v5", "amd64", BOTH, True), ("Standard_NC4as_T4_v3", "amd64", BOTH, True),
    ("Standard_NV36adms_A10_v5", "amd64", BOTH, True), ("Standard_HB120-16rs_v3", "amd64", BOTH, True),
    # A p of the family is none of the features.
    ("Standard_NP10s", "amd64", BOTH, True),
    ("Standard_D2_v3", "amd64", {"V1"}, False), ("Standard_D4_v2_Promo", "amd64", {"V1"}, False),
    ("Standard_D2", "amd64", {"V1"}, False), ("Standard_E2_v3", "amd64", {"V1"}, False),
    ("Standard_A2m_v2", "amd64", {"V1"}, False), ("Basic_A1", "amd64", {"V1"}, False),
    ("Standard_D2_v4", "amd64", BOTH, True), ("Standard_D2_v5", "amd64", BOTH, True),
    ("Standard_D2s_v6", "amd64", {"V2"}, True), ("Standard_D2ads_v7", "amd64", {"V2"}, True),
    ("Standard_M416ms_v2", "amd64", {"V2"}, True), ("Standard_M64ms", "amd64", BOTH, True),
    ("Standard_ND40rs_v2", "amd64", {"V2"}, True), ("Standard_DC2s_v2", "amd64", {"V2"}, True),
    ("Standard_EC2as_v5", "amd64", {"V2"}, True),
    ("Standard_D2ps_v5", "arm64", {"V2"}, False), ("Standard_E4-2pds_v5", "arm64", {"V2"}, False),
    ("Standard_B2pts_v2", "arm64", {"V2"}, False), ("STANDARD_d2PLDS_V5", "arm64", {"V2"}, False),
    ("Standard_D2ps_v6", "arm64", {"V2"}, True), ("standard_d4pls_v6", "arm64", {"V2"}, True)])
def test_a_name_tells(size, architecture, generations, trusted):
    name = sizes.parse(size)
    assert (name.architecture, name.generations, name.has_trusted_launch) == (architecture, generations, trusted)
    assert sizes.architecture(size) == architecture


@pytest.mark.parametrize("size", ["Small", "D2s", "Standard_", "Standard_D", "Standard_2s", "my-size"])
def test_of_another_name_nothing_is_known(size):
    assert sizes.parse(size) is sizes.architecture(size) is None
