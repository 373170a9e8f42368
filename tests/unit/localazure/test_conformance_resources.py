"""Microsoft.Resources, Authorization, ManagedIdentity: the recorded operations, compared with what was recorded."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from arm_support import SUBSCRIPTION
from conformance_calls import Calls, perform
from conformance_exceptions import NOT_SERVED
from recorded import faults, operations

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONDITION = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] stringEquals 'foo'"
ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"


def groups(calls: Calls) -> None:
    path = "/resourceGroups/conformance"
    body = {"location": "westus", "tags": {"a": "b"}}
    calls.do("group put new", path, body)
    calls.do("group put existing", path, {**body, "managedBy": calls.group.id})  # as the recorded ones had it
    calls.do("group get", path)
    calls.do("group list", "/resourceGroups")
    calls.do("group exists", path)
    calls.do("group missing", "/resourceGroups/absent")
    calls.do("group patch", path, {"tags": {"c": "d"}})
    calls.do("group delete", path)


def resources(calls: Calls) -> None:
    calls.group.public_ip()
    calls.arm.done("PATCH", calls.group.network("publicIPAddresses/ip"), {"tags": {"a": "b"}})
    calls.do("resources list", "/resources")
    calls.do("resources list in group", f"{calls.group.path}/resources")
    calls.do("resources list expanded", "/resources", _expand="createdTime,changedTime,provisioningState")


def catalogue(calls: Calls) -> None:
    calls.do("locations", "/locations")
    calls.do("providers list", "/providers")
    calls.do("provider get", "/providers/Microsoft.Network")
    calls.do("provider compute get", "/providers/Microsoft.Compute")


def features(calls: Calls) -> None:
    at = "/providers/Microsoft.Features"
    one = f"{at}/providers/Microsoft.Network/features/EnableVnetEncryption"
    registration = f"{at}/featureProviders/Microsoft.Network/subscriptionFeatureRegistrations/EnableVnetEncryption"
    calls.do("feature list", f"{at}/features")
    calls.do("feature list of namespace", f"{at}/providers/Microsoft.Network/features")
    calls.do("feature get", one)
    calls.do("feature registration list", f"{at}/subscriptionFeatureRegistrations")
    calls.do("feature registration get", registration)
    calls.do("feature registration put", registration, {})
    calls.do("feature registration delete", registration)
    calls.do("feature unregister", f"{one}/unregister")


def deployment_body(**more: Any) -> dict[str, Any]:
    address = {
        "type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2022-11-01", "name": "[parameters('address')]",
        "location": "westus", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"},
    }  # fmt: skip
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"address": {"type": "string"}},
        "resources": [address],
        "outputs": {"name": {"type": "string", "value": "[parameters('address')]"}},
    }
    parameters = {"address": {"value": "deployed"}}
    return {"properties": {"template": template, "parameters": parameters, "mode": "Incremental", **more}}


def deployments(calls: Calls) -> None:
    at = f"{calls.group.path}/providers/Microsoft.Resources/deployments"
    put = calls.do("deployment put", f"{at}/first", deployment_body())
    calls.follow("deployment operation status", put)
    calls.do("deployment get", f"{at}/first")
    calls.do("deployment list", at)
    calls.do("deployment validate", f"{at}/first/validate", deployment_body())
    refused = deployment_body(parameters={})
    calls.do("deployment validate refused", f"{at}/first/validate", refused)
    calls.do("deployment operations", f"{calls.group.path}/deployments/first/operations")
    calls.do("deployment export template", f"{at}/first/exportTemplate")
    calls.do("deployment delete", f"{at}/first")


def deployment_that_fails(calls: Calls) -> None:
    at = f"{calls.group.path}/providers/Microsoft.Resources/deployments/second"
    body = deployment_body()
    body["properties"]["template"]["resources"][0]["properties"]["dnsSettings"] = {"domainNameLabel": "a_b"}
    put = calls.arm.call("PUT", at, body)
    calls.arm.wait(put)
    calls.follow("deployment operation status failed", put)


def deployment_that_is_cancelled(calls: Calls) -> None:
    """One with a VM whose boot is held back."""
    group = calls.group
    at = f"{group.path}/providers/Microsoft.Resources/deployments/third"
    machine = {**group.vm_body(group.nic(group.vnet())), "type": "Microsoft.Compute/virtualMachines", "name": "web1"}
    body = deployment_body()
    body["properties"]["template"]["resources"] = [{**machine, "apiVersion": "2024-07-01"}]
    calls.arm.platform.unblocked.clear()
    try:
        calls.arm.call("PUT", at, body)
        calls.do("deployment cancel", f"{at}/cancel")
    finally:
        calls.arm.platform.unblocked.set()


def tags(calls: Calls) -> None:
    path = f"{calls.group.path}/providers/Microsoft.Resources/tags/default"
    calls.do("tags put", path, {"properties": {"tags": {"a": "b"}}})
    calls.do("tags patch", path, {"operation": "Merge", "properties": {"tags": {"c": "d"}}})
    calls.do("tags get", path)
    calls.do("tags delete", path)
    calls.arm.done("PATCH", calls.group.path, {"tags": {"a": "b"}})
    calls.do("tag names list", "/tagNames")


def locks(calls: Calls) -> None:
    at = f"{calls.group.path}/providers/Microsoft.Authorization/locks"
    body = {"properties": {"level": "CanNotDelete", "notes": "kept"}}
    calls.do("lock put new", f"{at}/one", body)
    calls.do("lock put existing", f"{at}/one", body)
    calls.do("lock get", f"{at}/one")
    calls.do("lock list", at)
    calls.do("lock list subscription", "/providers/Microsoft.Authorization/locks")
    calls.do("lock delete", f"{at}/one")


def identities(calls: Calls) -> None:
    at = f"{calls.group.path}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    put = calls.do("user assigned identity put", f"{at}/one", {"location": "westus", "tags": {"a": "b"}})
    calls.do("user assigned identity get", f"{at}/one")
    calls.do("user assigned identity list", at)
    roles(calls, put.body["properties"]["principalId"])
    calls.do("user assigned identity delete", f"{at}/one")


def roles(calls: Calls, principal: str) -> None:
    at = f"{calls.group.path}/providers/Microsoft.Authorization/roleAssignments"
    properties = {"roleDefinitionId": f"{ROLES}/{READER}", "principalId": principal}
    path = f"{at}/{uuid.uuid4()}"
    calls.do("role assignment put", path, {"properties": {**properties, "principalType": "ServicePrincipal"}})
    told = {"description": "reads", "condition": CONDITION, "conditionVersion": "2.0"}  # as the recorded ones had it
    path = f"{at}/{uuid.uuid4()}"
    another = {**properties, **told, "principalId": str(uuid.uuid4()), "principalType": "User"}
    calls.arm.call("PUT", path, {"properties": another}, "2022-04-01")
    calls.do("role assignment get", path)
    calls.do("role assignment list", at)
    calls.do("role assignment list subscription", "/providers/Microsoft.Authorization/roleAssignments")
    calls.do("role assignment delete", path)
    definitions = "providers/Microsoft.Authorization/roleDefinitions"
    calls.do("role definition list", f"{calls.group.path}/{definitions}")
    calls.do("role definition list subscription", f"/{definitions}")


PARTS = (
    groups, resources, catalogue, features, deployments, deployment_that_fails, deployment_that_is_cancelled, tags,
    locks, identities,
)  # fmt: skip


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    performed = perform(tmp_path_factory.mktemp("conformance"), "resources", *PARTS)
    yield performed
    performed.arm.stop()


def test_all_could_be_performed(calls: Calls) -> None:
    assert calls.errors == {}


@pytest.mark.parametrize("name", [name for name in operations("resources") if f"resources/{name}" not in NOT_SERVED])
def test_the_answer_is_as_recorded(calls: Calls, name: str) -> None:
    assert name in calls.answers, f"not performed: {calls.errors}"
    assert faults("resources", name, calls.answers[name]) == []
