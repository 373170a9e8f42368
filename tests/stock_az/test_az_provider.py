"""az provider, as stock az has it."""

from __future__ import annotations

import pytest

IDENTITY = "Microsoft.ManagedIdentity"


def test_provider_list_and_show(azure):
    states = {one["namespace"]: one["registrationState"] for one in azure.query("provider", "list")}
    assert states["Microsoft.Compute"] == states["Microsoft.Network"] == "Registered"
    types = {one["resourceType"]: one for one in azure.query("provider", "show", "-n", "Microsoft.Compute")[
        "resourceTypes"]}
    assert "2024-11-01" in types["virtualMachines"]["apiVersions"]
    assert "West US" in types["virtualMachines"]["locations"]
    assert "InvalidResourceNamespace" in azure.az("provider", "show", "-n", "Microsoft.Nothing").stderr


@pytest.mark.long
def test_provider_unregister_and_register(azure, group):
    azure.az("provider", "unregister", "-n", IDENTITY, "--wait").succeeded()
    assert azure.query("provider", "show", "-n", IDENTITY)["registrationState"] == "Unregistered"
    # A write then registers it, which az does by itself and says so.
    made = azure.az("identity", "create", "-g", group, "-n", "late").succeeded()
    assert "is not registered" in made.stderr
    assert azure.query("provider", "show", "-n", IDENTITY)["registrationState"] == "Registered"
    azure.az("identity", "delete", "-g", group, "-n", "late").succeeded()
    azure.az("provider", "unregister", "-n", IDENTITY, "--wait").succeeded()
    azure.az("provider", "register", "-n", IDENTITY, "--wait").succeeded()
    assert azure.query("provider", "show", "-n", IDENTITY)["registrationState"] == "Registered"
