"""az vm availability-set and az ppg."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.long


def test_vm_availability_set(azure, group):
    at = ("-g", group, "-n", "spread")
    azure.az("vm", "availability-set", "create", *at, "--platform-fault-domain-count", "2").succeeded()
    shown = azure.query("vm", "availability-set", "show", *at)
    assert (shown["platformFaultDomainCount"], shown["sku"]["name"]) == (2, "Aligned")
    assert [one["name"] for one in azure.query("vm", "availability-set", "list", "-g", group)] == ["spread"]
    assert azure.query("vm", "availability-set", "update", *at, "--set", "tags.a=b")["tags"] == {"a": "b"}
    assert azure.query("vm", "availability-set", "list-sizes", *at)
    azure.az("vm", "availability-set", "delete", *at).succeeded()
    assert azure.az("vm", "availability-set", "show", *at).code == 3


def test_ppg(azure, group):
    at = ("-g", group, "-n", "near")
    assert azure.query("ppg", "create", *at)["proximityPlacementGroupType"] == "Standard"
    shown = azure.query("ppg", "show", *at, "--include-colocation-status")
    assert shown["colocationStatus"]["code"] == "ColocationStatus/Aligned"
    assert [one["name"] for one in azure.query("ppg", "list", "-g", group)] == ["near"]
    assert azure.query("ppg", "update", *at, "--set", "tags.a=b")["tags"] == {"a": "b"}
    azure.az("ppg", "delete", *at).succeeded()
    assert azure.az("ppg", "show", *at).code == 3
