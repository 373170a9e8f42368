"""What a refused size is answered with: others that can be had."""

from __future__ import annotations

from azext_dockervm.host.sizes import nearest_sizes

X64, ARM = "x64", "Arm64"
OFFERED = [
    ("Standard_D2s_v5", ("2", X64), False), ("Standard_D2as_v5", ("2", X64), True), ("Standard_B2s", ("2", X64), True),
    ("Standard_D2ps_v5", ("2", ARM), True), ("Standard_D4s_v5", ("4", X64), True), ("Standard_B1s", ("1", X64), True),
    ("Standard_D96s_v5", ("96", X64), True), ("Standard_X", ("", X64), True)]


def test_the_nearest_come_first_its_family_before_others_and_none_that_can_t_be_had():
    assert nearest_sizes(OFFERED, "standard_d2s_v5") == [
        "Standard_D2as_v5 (2 vCPUs)", "Standard_B2s (2 vCPUs)", "Standard_B1s (1 vCPUs)", "Standard_D4s_v5 (4 vCPUs)",
        "Standard_D96s_v5 (96 vCPUs)"]
    assert nearest_sizes(OFFERED, "Standard_D2ps_v5") == ["Standard_D2ps_v5 (2 vCPUs)"]


def test_a_size_that_nobody_knows_has_none():
    assert nearest_sizes(OFFERED, "Standard_None") == [] and nearest_sizes(OFFERED, "Standard_X") == []
