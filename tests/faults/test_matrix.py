"""Every write of a create meets every fault: the host is made, or undone, or the user is told and the same command
finishes it."""

from __future__ import annotations

import re

import pytest

from azext_dockervm.spec.named import Named

NETWORK, COMPUTE = "Microsoft.Network", "Microsoft.Compute"
WRITES = {
    "security group": {"method": "PUT", "type": f"{NETWORK}/networkSecurityGroups"},
    "virtual network": {"method": "PUT", "type": f"{NETWORK}/virtualNetworks"},
    "public IP": {"method": "PUT", "type": f"{NETWORK}/publicIPAddresses"},
    "network interface": {"method": "PUT", "type": f"{NETWORK}/networkInterfaces"},
    "VM": {"method": "PUT", "type": f"{COMPUTE}/virtualMachines"},
    "request": {"method": "PUT", "path": "*/runCommands/dockervm-request-*"},
    "serve": {"method": "PUT", "path": "*/runCommands/dockervm-serve-*"},
    "tags": {"method": "PATCH", "type": f"{COMPUTE}/virtualMachines"},
    "deletion": {"method": "DELETE", "path": "*/runCommands/dockervm-*"},
}
FAULTS = {
    "429": {"do": "answer", "status": 429, "code": "SubscriptionRequestsThrottled", "message": "Too many.",
            "retry_after": 1},
    "500": {"do": "answer", "status": 500, "code": "InternalServerError", "message": "It broke."},
    "reset before": {"do": "reset", "when": "before"},
    "reset after": {"do": "reset", "when": "after"},
    "truncated": {"do": "truncate"},
    "HTML": {"do": "html", "status": 200},
    "failed operation": {"do": "fail_operation", "code": "InternalExecutionError", "message": "It broke."},
    "endless": {"do": "endless_operation"},
    "busy": {"do": "answer", "status": 409, "code": "AnotherOperationInProgress",
             "message": "Another operation on this or dependent resource is in progress."},
    "conflict": {"do": "answer", "status": 409, "code": "Conflict",
                 "message": "The request failed due to conflict with a concurrent request."},
    "preempted": {"do": "fail_operation", "code": "OperationPreempted",
                  "message": "Operation execution has been preempted by a more recent operation."},
    "403": {"do": "answer", "status": 403, "code": "AuthorizationFailed", "message": "You may not."},
    "nothing": {"do": "answer", "status": 200, "body": {}},
}
# What Python, the SDKs and servers say to each other, and no user.
RAW = re.compile(
    r"\('|Traceback|Expecting |<html|Error\(|object at 0x|NoneType|KeyError|HTTPSConnectionPool|(?<![\w-])b'")
MADE_FOR_ONE_HOST = {"networkSecurityGroups", "publicIPAddresses", "networkInterfaces", "virtualMachines"}


@pytest.mark.parametrize("times", ["once", "always"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_goes_wrong(world, group, certificates, write, fault, times):
    world.faults({**FAULTS[fault], **WRITES[write], **({"nth": 1} if times == "once" else {})})
    first = world.create(group, certificates)
    assert world.met() == 1 if times == "once" else world.met() >= 1, "the create has met no fault"
    assert not RAW.search(first.text), first.text
    if first.error is None:
        _is_finished(world, group, first)
    else:
        _is_told(world, group, first)
    world.faults()
    world.rest(group)
    again = world.create(group, certificates)
    assert again.error is None, again.text
    _is_finished(world, group, again)
    if not first.told.warnings:
        assert world.arm.call("GET", _vm(group) + "/runCommands").body["value"] == []


def _vm(group: str) -> str:
    return f"/resourceGroups/{group}/providers/{COMPUTE}/virtualMachines/web1"


def _is_finished(world, group, ended) -> None:
    """A host that answers; what its tags lack the user has read."""
    assert ended.host.proof.reachable, ended.text
    noted = "dockervm-provisioner" in world.arm.call("GET", _vm(group)).body["tags"]
    assert noted or any("The host works, but this failed" in text for text in ended.told.warnings), ended.text


def _is_told(world, group, ended) -> None:
    """Nothing is left of what was made for this host, or the user reads what is, and the command that goes on."""
    left = world.parts(group) & MADE_FOR_ONE_HOST
    message, advice = ended.error.message, "\n".join(ended.error.recommendations)
    if left:
        assert "was kept" in message or "Not all that was made could be undone" in message, (left, ended.text)
        assert f"az dockervm create -g {group} -n web1" in advice, ended.text
    else:
        assert "was kept" not in message, ended.text


# A rule of ours in somebody's security group

GUARD = "/providers/Microsoft.Network/networkSecurityGroups/corp-nsg"
BEHIND = {"security_group": Named(f"{NETWORK}/networkSecurityGroups", ("corp-nsg",)), "adds_rules": True}


@pytest.fixture
def guard(world, group):
    """Somebody's, which shuts everything."""
    shuts = {"name": "no", "properties": {
        "priority": 200, "direction": "Inbound", "access": "Deny", "protocol": "*", "sourcePortRange": "*",
        "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*"}}
    world.arm.done("PUT", f"/resourceGroups/{group}{GUARD}", {
        "location": "westus", "properties": {"securityRules": [shuts]}})

    def rules() -> set[str]:
        found = world.arm.call("GET", f"/resourceGroups/{group}{GUARD}").body["properties"]["securityRules"]
        return {one["name"] for one in found}

    return rules


@pytest.mark.parametrize("times", ["once", "always"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_rule_beside_theirs_that_goes_wrong(world, group, certificates, guard, fault, times):
    rule = {"method": "PUT", "type": f"{NETWORK}/networkSecurityGroups/securityRules"}
    world.faults({**FAULTS[fault], **rule, **({"nth": 1} if times == "once" else {})})
    first = world.create(group, certificates, **BEHIND)
    assert world.met() == 1 if times == "once" else world.met() >= 1, "the create has met no fault"
    assert not RAW.search(first.text), first.text
    if first.error is None:
        _is_finished(world, group, first)
    else:
        left = (world.parts(group) & MADE_FOR_ONE_HOST) - {"networkSecurityGroups"} or guard() - {"no"}
        assert not left or "Not all that was made could be undone" in first.error.message, (left, first.text)
    world.faults()
    world.rest(group)
    again = world.create(group, certificates, **BEHIND)
    assert again.error is None, again.text
    _is_finished(world, group, again)
    assert len(guard() - {"no"}) == 1
