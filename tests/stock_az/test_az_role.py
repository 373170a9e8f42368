"""az role, as stock az has it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.long


def test_role_definition_list(azure):
    (reader,) = azure.query("role", "definition", "list", "--name", "Reader")
    assert reader["name"] == "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    assert reader["permissions"][0]["actions"] == ["*/read"]
    names = {one["roleName"] for one in azure.query("role", "definition", "list")}
    assert {"Owner", "Contributor", "Virtual Machine Contributor"} <= names


def test_role_assignment_list_names_who_is_signed_in(azure):
    deployer = azure.environment["LOCALAZURE_CLIENT_ID"]
    (own,) = azure.query("role", "assignment", "list", "--all", "--assignee", deployer)
    assert (own["principalName"], own["roleDefinitionName"]) == (deployer, "Owner")


def test_role_assignment_create_list_and_delete(azure, group):
    worker = azure.query("identity", "create", "-g", group, "-n", "worker")
    scope = worker["id"].partition("/providers/")[0]
    made = azure.query("role", "assignment", "create", "--role", "Reader", "--scope", scope,
                       "--assignee-object-id", worker["principalId"], "--assignee-principal-type", "ServicePrincipal")
    assert made["scope"] == scope
    (listed,) = azure.query("role", "assignment", "list", "--scope", scope, "--assignee", worker["clientId"])
    assert listed["id"] == made["id"]
    assert listed["roleDefinitionName"] == "Reader"
    assert listed["principalName"] == worker["clientId"]
    twin = azure.az("role", "assignment", "create", "--role", "Reader", "--scope", scope, "--assignee",
                    worker["principalId"])
    assert twin.code == 0, "az takes an assignment that exists for its own"
    azure.az("role", "assignment", "delete", "--scope", scope, "--assignee", worker["principalId"], "--role",
             "Reader").succeeded()
    assert azure.query("role", "assignment", "list", "--scope", scope) == []


def test_vm_create_gives_the_machines_identity_a_role(azure, group):
    scope = azure.query("group", "show", "-n", group)["id"]
    made = azure.query("vm", "create", "-g", group, "-n", "web1", "--image",
                       "Canonical:ubuntu-24_04-lts:server:latest", "--admin-username", "azureuser",
                       "--generate-ssh-keys", "--assign-identity", "--role", "Reader", "--scope", scope)
    identity = made["identity"]["systemAssignedIdentity"]
    (given,) = azure.query("role", "assignment", "list", "--scope", scope)
    assert (given["principalId"], given["roleDefinitionName"]) == (identity, "Reader")
