"""Conditions: what is denied to a caller, what a policy disallows, and a subscription that is only read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from arm_support import SUBSCRIPTION, Group, LocalAzure

S = f"/subscriptions/{SUBSCRIPTION}"


def test_a_denied_action(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(conditions={"denied": [{"action": "Microsoft.Network/*/write", "scope": f"*/{group.name}/*"}]})
    body = {"location": "westus", "properties": {}}
    answer = arm.call("PUT", group.network("networkSecurityGroups/nsg"), body)
    assert (answer.status, answer.code) == (403, "AuthorizationFailed")
    scope = group.id_of(group.network("networkSecurityGroups/nsg"))
    assert f"'Microsoft.Network/networkSecurityGroups/write' over scope '{scope}'" in answer.message
    first, *_ = arm.cloud.identities
    assert f"The client '{first.app_id}' with object id '{first.object_id}'" in answer.message
    assert arm.call("GET", group.network("networkSecurityGroups")).status == 200


def test_reads_of_the_subscription_alone_can_be_denied(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(conditions={"denied": [{"action": "*/read", "scope": S}]})
    assert arm.call("GET", "/providers/Microsoft.Compute/virtualMachines").code == "AuthorizationFailed"
    assert arm.call("GET", group.compute("virtualMachines")).status == 200


def test_who_began_an_operation_follows_it(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(conditions={"denied": [{"action": "*", "scope": [S, f"{S}/providers/*"]}]})
    assert arm.call("GET", "/providers/Microsoft.Network/locations/westus/usages").code == "AuthorizationFailed"
    answer = arm.call("PUT", group.network("networkSecurityGroups/nsg"), {"location": "westus", "properties": {}})
    assert arm.wait(answer).body["status"] == "Succeeded"


def test_a_subnet_that_may_not_be_joined(arm: LocalAzure, group: Group, behavior: Any) -> None:
    subnet = group.vnet()
    behavior(conditions={"denied": [{"action": "*/join/action"}]})
    answer = arm.call("PUT", group.network("networkInterfaces/nic"), group.nic_body(subnet))
    assert (answer.status, answer.code) == (403, "LinkedAuthorizationFailed")
    assert f"Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) '{subnet}'" in answer.message


def test_a_policy(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(conditions={"policy": [
        {"type": "Microsoft.Network/networkSecurityGroups", "without_tag": "Owner", "assignment": "Tags please"},
        {"region": "northeurope", "assignment": "Only the west"},
    ]})  # fmt: skip
    path = group.network("networkSecurityGroups/nsg")
    answer = arm.call("PUT", path, {"location": "westus"})
    assert (answer.status, answer.code) == (403, "RequestDisallowedByPolicy")
    error = answer.body["error"]
    assert error["target"] == "nsg"
    told = error["message"].partition("Policy identifiers: '")[2].removesuffix("'.")
    identifiers = json.loads(told)
    info = error["additionalInfo"][0]
    assert info["type"] == "PolicyViolation"
    assert info["info"]["policyAssignmentId"] == identifiers[0]["policyAssignment"]["id"]
    assert info["info"]["policyDefinitionEffect"] == "deny"
    assert arm.call("PUT", path, {"location": "westus", "tags": {"owner": "me"}}).status == 201
    elsewhere = arm.call("PUT", "/resourceGroups/elsewhere", {"location": "North Europe"})
    assert elsewhere.code == "RequestDisallowedByPolicy"


def rule(source: str | None, access: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"name": "r", "properties": {
        "priority": 100, "direction": "Inbound", "access": access, "protocol": "Tcp", "sourcePortRange": "*",
        "destinationAddressPrefix": "*", "destinationPortRange": "22", "sourceAddressPrefix": source, **more,
    }}  # fmt: skip


@pytest.mark.parametrize(("rules", "refused"), [
    ([rule("*")], True), ([rule("10.0.0.0/8"), rule("Internet")], True), ([rule("0.0.0.0/0")], True),
    ([rule(None, sourceAddressPrefixes=["10.0.0.0/8", "0.0.0.0/0"])], True), ([rule("10.0.0.0/8")], False),
    ([rule("*", "Deny")], False), ([rule("*", direction="Outbound")], False), ([], False),
])  # fmt: skip
def test_a_policy_against_rules_that_let_in_everybody(
    arm: LocalAzure, group: Group, behavior: Any, rules: list[Any], refused: bool
) -> None:
    behavior(conditions={"policy": [{"any_source": True, "assignment": "Closed", "definition": "No open doors"}]})
    rules = [{**one, "name": f"r{at}", "properties": {**one["properties"], "priority": 100 + at}}
             for at, one in enumerate(rules)]  # fmt: skip
    answer = arm.call("PUT", group.network("networkSecurityGroups/nsg"), {
        "location": "westus", "properties": {"securityRules": rules}})  # fmt: skip
    assert (answer.status == 403) is refused
    if not refused:
        return
    info = answer.body["error"]["additionalInfo"][0]["info"]
    assert (info["policyAssignmentDisplayName"], info["policyDefinitionDisplayName"]) == ("Closed", "No open doors")
    found = info["evaluationDetails"]["evaluatedExpressions"][-1]
    assert found["expression"] == "Microsoft.Network/networkSecurityGroups/securityRules[*].sourceAddressPrefix"
    assert (found["operator"], found["expressionValue"] in found["targetValue"]) == ("In", True)
    arm.done("PUT", group.network("networkSecurityGroups/empty"), {"location": "westus"})
    one = arm.call("PUT", group.network("networkSecurityGroups/empty/securityRules/r"), rules[-1])
    assert one.code == "RequestDisallowedByPolicy"
    told = one.body["error"]["additionalInfo"][0]["info"]["evaluationDetails"]["evaluatedExpressions"][-1]
    assert told["path"] == "properties.sourceAddressPrefix"


def test_a_policy_looks_at_what_a_resource_would_be(arm: LocalAzure, group: Group, behavior: Any) -> None:
    """A change of other members keeps its tags."""
    vm = group.vm()
    arm.done("PATCH", vm, {"tags": {"cost": "1"}})
    behavior(conditions={"policy": [{"without_tag": "cost", "assignment": "Pay"}]})
    change = {"properties": {"storageProfile": {"dataDisks": []}}}
    arm.done("PATCH", vm, change)
    refused = arm.call("PATCH", vm, {"tags": {"other": "1"}})
    [_, tag] = refused.body["error"]["additionalInfo"][0]["info"]["evaluationDetails"]["evaluatedExpressions"]
    assert tag == {
        "result": "True", "expressionKind": "Field", "expression": "tags[cost]", "path": "tags[cost]",
        "targetValue": "false", "operator": "Exists",
    }  # fmt: skip


def test_a_disabled_subscription_is_read_only(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(conditions={"read_only_subscription": True})
    assert arm.call("GET", group.path).status == 200
    for method, body in (("PUT", {"location": "westus"}), ("PATCH", {"tags": {}}), ("DELETE", None)):
        answer = arm.call(method, group.path, body)
        assert (answer.status, answer.code) == (409, "ReadOnlyDisabledSubscription")
