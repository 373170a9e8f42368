"""What Azure has and Local Azure has not: said in its own words, and nothing of it is there."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Group, LocalAzure

from localazure.protocol import absent

SOME = ("Microsoft.Storage/storageAccounts", "Microsoft.Network/loadBalancers",
        "Microsoft.Network/routeTables", "Microsoft.Compute/snapshots", "Microsoft.Compute/virtualMachineScaleSets",
        "Microsoft.KeyVault/vaults")  # fmt: skip
ANY_VERSION = "2021-08-01"  # disks and Network know it, and there is nothing that it could change


@pytest.mark.parametrize("full_type", SOME)
def test_a_type_that_is_never_here_is_empty_and_refused_in_plain_words(
    arm: LocalAzure, group: Group, full_type: str
) -> None:
    path = f"{group.path}/providers/{full_type}"
    for lists in (path, f"/providers/{full_type}"):
        assert arm.call("GET", lists, api=ANY_VERSION).body == {"value": []}
    for method in ("PUT", "POST"):
        at = f"{path}/x" if method == "PUT" else f"{path}/x/listKeys"
        refused = arm.call(method, at, {"location": "westus"}, api=ANY_VERSION)
        assert (refused.status, refused.message) == (400, f"Local Azure has no {absent.TYPES[full_type]}.")
        name = full_type.rpartition("/")[2]
        assert refused.code.lower() == f"{name}NotSupportedByLocalAzure".lower()
    for method in ("GET", "PATCH"):
        assert arm.call(method, f"{path}/x", {} if method == "PATCH" else None, api=ANY_VERSION).code == (
            "ResourceNotFound"
        )
    assert arm.call("DELETE", f"{path}/x", api=ANY_VERSION).status == 204


def test_all_types_begin_their_code_with_a_capital() -> None:
    for known in absent.TYPES:
        assert absent.find(f"{known.upper()}/children") == known
        assert absent.refusal(known).code[0].isupper()
    assert absent.find("Microsoft.Compute/virtualMachines") is None


VM_ACTIONS = ("assessPatches", "installPatches", "performMaintenance", "convertToManagedDisks")


def test_what_can_not_be_done_to_a_vm_is_refused_in_plain_words(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    for action in VM_ACTIONS:
        refused = arm.call("POST", f"{vm}/{action}", {})
        code = f"{action[0].upper()}{action[1:]}NotSupportedByLocalAzure"
        assert (refused.status, refused.code) == (400, code)
        assert refused.message.startswith("Local Azure ")
        assert arm.call("POST", f"{vm}none/{action}", {}).code == "ResourceNotFound"


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("exportTemplate", "ExportTemplateNotSupportedByLocalAzure"),
        ("moveResources", "MoveResourcesNotSupportedByLocalAzure"),
        ("validateMoveResources", "ValidateMoveResourcesNotSupportedByLocalAzure"),
        ("providers/Microsoft.Resources/deployments/d/whatIf", "WhatIfNotSupportedByLocalAzure"),
    ],
)
def test_what_can_not_be_done_to_a_group_is_refused_in_plain_words(
    arm: LocalAzure, group: Group, action: str, code: str
) -> None:
    refused = arm.call("POST", f"{group.path}/{action}", {"resources": ["*"]})
    assert (refused.status, refused.code) == (400, code)
    assert refused.message.startswith("Local Azure ")
    assert arm.call("POST", f"{group.path}none/{action}", {}).code == "ResourceGroupNotFound"


def test_a_deployment_of_a_subscription_is_refused_in_plain_words(arm: LocalAzure) -> None:
    at = "/providers/Microsoft.Resources/deployments/d"
    for method, path in (("PUT", at), ("POST", f"{at}/validate"), ("POST", f"{at}/whatIf")):
        refused = arm.call(method, path, {"location": "westus", "properties": {"mode": "Incremental", "template": {}}})
        assert refused.code == "SubscriptionDeploymentsNotSupportedByLocalAzure"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("Microsoft.Batch/batchAccounts", "InvalidResourceNamespace"),
        ("Microsoft.Network/things", "InvalidResourceType"),
    ],
)
def test_anything_else_is_said_to_be_lacking_here(arm: LocalAzure, path: str, code: str) -> None:
    answer = arm.call("GET", f"/providers/{path}")
    assert (answer.status, answer.code) == (404, code)
    assert answer.message.endswith(": Local Azure does not have it.")


def test_the_name_of_an_account_is_refused_as_the_account_is(arm: LocalAzure) -> None:
    refused = arm.call("POST", "/providers/Microsoft.Storage/checkNameAvailability", {"name": "x"}, api="2023-05-01")
    assert refused.code == "StorageAccountsNotSupportedByLocalAzure"


def test_a_deployment_of_such_a_type_fails_with_these_words(arm: LocalAzure, group: Group) -> None:
    balancer: dict[str, Any] = {
        "type": "Microsoft.Network/loadBalancers", "apiVersion": "2023-09-01", "name": "lb", "location": "westus",
    }  # fmt: skip
    template = {"$schema": "https://x/deploymentTemplate.json#", "contentVersion": "1.0.0.0", "resources": [balancer]}
    path = f"{group.path}/providers/Microsoft.Resources/deployments/d"
    started = arm.call("PUT", path, {"properties": {"mode": "Incremental", "template": template}})
    status = arm.wait(started).body
    assert (status["status"], status["error"]["code"]) == ("Failed", "DeploymentFailed")
    (detail,) = status["error"]["details"]
    assert (detail["code"], detail["message"]) == (
        "LoadBalancersNotSupportedByLocalAzure", "Local Azure has no load balancers."
    )  # fmt: skip
