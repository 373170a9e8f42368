"""Refusals: their status, members, header and words, compared with recorded ones (conformance/errors.json).

`members` are all those of the error object, in any order; `failure_cause` tells whether x-ms-failure-cause came along,
as it does when the front end refuses and not the provider; `message` is a regular expression for all of it.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from arm_support import SUBSCRIPTION, Answer, Group, LocalAzure
from recorded import FOLDER
from test_conformance_resources import READER, ROLES, deployment_body

IDENTITIES = "/providers/Microsoft.ManagedIdentity"
RECORDED: dict[str, Any] = json.loads((FOLDER / "errors.json").read_text(encoding="utf-8"))


def missing_group(group: Group) -> Answer:
    return group.arm.call("GET", "/resourceGroups/absent")


def missing_vm(group: Group) -> Answer:
    return group.arm.call("GET", group.compute("virtualMachines/absent"))


def missing_vnet(group: Group) -> Answer:
    return group.arm.call("GET", group.network("virtualNetworks/absent/subnets/default"))


def missing_subnet(group: Group) -> Answer:
    group.vnet()
    return group.arm.call("GET", group.network("virtualNetworks/vnet/subnets/absent"))


def vnet_in_use(group: Group) -> Answer:
    group.nic(group.vnet())
    return group.arm.call("DELETE", group.network("virtualNetworks/vnet"))


def nic_in_use(group: Group) -> Answer:
    group.vm()
    return group.arm.call("DELETE", group.network("networkInterfaces/nic"))


def address_in_use(group: Group) -> Answer:
    group.nic(group.vnet(), public_ip=group.public_ip())
    return group.arm.call("DELETE", group.network("publicIPAddresses/ip"))


def twice(group: Group, path: str, body: dict[str, Any]) -> Answer:
    """The second of two equal writes, while the machine is at work for the first one."""
    arm = group.arm
    arm.platform.unblocked.clear()
    try:
        first = arm.call("PUT", path, body)
        return arm.call("PUT", path, body)
    finally:
        arm.platform.unblocked.set()
        arm.wait(first)


def busy_vm(group: Group) -> Answer:
    return twice(group, group.compute("virtualMachines/web1"), group.vm_body(group.nic(group.vnet())))


def busy_extension(group: Group) -> Answer:
    properties = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1"}
    return twice(group, f"{group.vm()}/extensions/script", {"location": "westus", "properties": properties})


def nsg_in_use(group: Group) -> Answer:
    group.nic(group.vnet(), nsg=group.nsg())
    return group.arm.call("DELETE", group.network("networkSecurityGroups/nsg"))


def bad_prefix(group: Group) -> Answer:
    group.vnet()
    body = {"properties": {"addressPrefix": "10.0.4.0/24--no-wait"}}
    return group.arm.call("PUT", group.network("virtualNetworks/vnet/subnets/two"), body)


def address_outside(group: Group) -> Answer:
    group.vnet()
    path = group.network("virtualNetworks/vnet/CheckIPAddressAvailability")
    return group.arm.call("GET", path, ipAddress="10.1.0.4")


def fixed_property(group: Group) -> Answer:
    return group.arm.call("PATCH", group.vm(), {"properties": {"priority": "Spot"}})


def unknown_principal(group: Group) -> Answer:
    path = f"{group.path}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    properties = {"roleDefinitionId": f"{ROLES}/{READER}", "principalId": str(uuid.uuid4())}
    return group.arm.call("PUT", path, {"properties": properties}, "2022-04-01")


def missing_parameter(group: Group) -> Answer:
    path = f"{group.path}/providers/Microsoft.Resources/deployments/one/validate"
    return group.arm.call("POST", path, deployment_body(parameters={}))


CALLS: dict[str, list[Callable[[Group], Answer]]] = {
    "ResourceGroupNotFound": [missing_group],
    "ResourceNotFound": [missing_vm, missing_vnet],
    "NotFound": [missing_subnet],
    "Conflict": [busy_vm, busy_extension],
    "InUseSubnetCannotBeDeleted": [vnet_in_use],
    "NicInUse": [nic_in_use],
    "PublicIPAddressCannotBeDeleted": [address_in_use],
    "InUseNetworkSecurityGroupCannotBeDeleted": [nsg_in_use],
    "InvalidAddressPrefixFormat": [bad_prefix],
    "PrivateIPAddressNotInAnySubnet": [address_outside],
    "PropertyChangeNotAllowed": [fixed_property],
    "PrincipalNotFound": [unknown_principal],
    "InvalidTemplate": [missing_parameter],
}


def check(code: str, answer: Answer) -> None:
    real = RECORDED[code]
    assert (answer.status, answer.code) == (real["status"], code), answer.body
    assert sorted(answer.body) == ["error"]
    assert sorted(answer.body["error"]) == sorted(real["members"])
    assert re.fullmatch(real["message"], answer.message), answer.message
    assert ("x-ms-failure-cause" in {name.lower() for name in answer.headers}) == real["failure_cause"]


@pytest.mark.parametrize(("code", "call"), [(code, call) for code, calls in CALLS.items() for call in calls])
def test_a_refusal_is_as_recorded(group: Group, code: str, call: Callable[[Group], Answer]) -> None:
    check(code, call(group))


def test_a_namespace_that_is_not_registered(arm: LocalAzure, group: Group) -> None:
    arm.call("POST", f"{IDENTITIES}/unregister")
    try:
        path = f"{group.path}{IDENTITIES}/userAssignedIdentities/one"
        answer = arm.call("PUT", path, {"location": "westus"}, "2023-01-31")
        check("MissingSubscriptionRegistration", answer)
        (detail,) = answer.body["error"]["details"]
        assert detail == {"code": answer.code, "target": "Microsoft.ManagedIdentity", "message": answer.message}
    finally:
        arm.call("POST", f"{IDENTITIES}/register")


def test_a_denied_action(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(conditions={"denied": [{"action": "*/read", "scope": f"/subscriptions/{SUBSCRIPTION}"}]})
    check("AuthorizationFailed", arm.call("GET", "/resourceGroups"))


def test_every_recorded_refusal_is_provoked() -> None:
    assert {*CALLS, "MissingSubscriptionRegistration", "AuthorizationFailed"} == {*RECORDED}
