"""az feature, as stock az has it."""

from __future__ import annotations

import pytest
from local_azure import eventually

pytestmark = pytest.mark.long

AT_HOST = ("--namespace", "Microsoft.Compute", "-n", "EncryptionAtHost")


def test_feature_list(azure):
    listed = azure.query("feature", "list", "--namespace", "Microsoft.Compute")
    assert "Microsoft.Compute/UseStandardSecurityType" in [one["name"] for one in listed]
    everything = azure.query("feature", "list")
    assert len(everything) > len(listed)


def test_feature_show_register_and_unregister(azure):
    def state():
        return azure.query("feature", "show", *AT_HOST)["properties"]["state"]

    assert state() == "NotRegistered"
    assert azure.query("feature", "register", *AT_HOST)["properties"]["state"] == "Registering"
    eventually(lambda: state() == "Registered", "registered")
    azure.az("feature", "unregister", *AT_HOST).succeeded()
    eventually(lambda: state() == "Unregistered", "unregistered")
    unknown = azure.az("feature", "show", "--namespace", "Microsoft.Compute", "-n", "Nonsense")
    assert "FeatureNotFound" in unknown.stderr


def test_feature_registration_create_list_show_and_delete(azure):
    name = ("--namespace", "Microsoft.Compute", "-n", "UltraSSDWithVMSS")
    made = azure.query("feature", "registration", "create", *name)
    assert made["properties"]["state"] in ("Registering", "Registered")
    listed = azure.query("feature", "registration", "list", "--namespace", "Microsoft.Compute")
    assert {one["properties"]["providerNamespace"] for one in listed} == {"Microsoft.Compute"}
    azure.az("feature", "registration", "delete", *name, "--yes").succeeded()
    shown = azure.query("feature", "registration", "show", "--provider-namespace", "Microsoft.Compute", *name[2:])
    assert shown["properties"]["state"] in ("Unregistering", "Unregistered")
