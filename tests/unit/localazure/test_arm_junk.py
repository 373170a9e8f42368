"""Junk in any place of any body: always the service's own refusal or an answer, never an internal error."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from arm_support import Group, LocalAzure, rule

pytestmark = pytest.mark.long

JUNK: list[Any] = [
    None,
    "x",
    "",
    5,
    -1,
    1.5,
    True,
    [],
    {},
    [None],
    [[]],
    ["x"],
    [{}],
    {"id": 5},
    {"id": "/x"},
    "\u0000",
    "\ud800",
]
# Those of types whose namespace the client does not know.
VERSIONS = {"identity": "2023-01-31", "lock": "2016-09-01", "role": "2022-04-01", "feature": "2021-07-01"}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in members:
        yield from places(inner, (*path, name))


def replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    body = copy.deepcopy(body)
    inner = body
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return body


def send_junk(arm: LocalAzure, method: str, path: str, body: Any, api: str | None = None) -> None:
    """Send a body with junk in each place, one at a time. Whatever is refused is refused by a code and in words."""
    for place in places(body):
        for junk in JUNK:
            answer = arm.call(method, path, replaced(body, place, junk), api=api)
            assert answer.status < 500, (place, junk, answer.body)
            if answer.status >= 400:
                assert answer.code
                assert answer.message
            else:  # what was kept can be read by lists of what resources have
                assert arm.call("GET", "/tagNames").status == 200, (place, junk)
    assert arm.call("GET", "/resources").status == 200


def _extension(location: str) -> dict[str, Any]:
    properties = {
        "publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1",
        "autoUpgradeMinorVersion": True, "settings": {"a": 1}, "protectedSettings": {"b": 2},
    }  # fmt: skip
    return {"location": location, "properties": properties, "tags": {"a": "b"}}


def _run_command(location: str) -> dict[str, Any]:
    pair = [{"name": "A", "value": "1"}]
    properties = {"source": {"script": "true"}, "parameters": pair, "protectedParameters": pair, "timeoutInSeconds": 9}
    return {"location": location, "properties": properties}


@pytest.mark.parametrize(
    "what", ["group", "vnet", "subnet", "nsg", "rule", "ip", "nic", "vm", "extension", "command", "action",
             "identity", "lock", "tags", "role", "feature"],
)
def test_junk_is_never_an_internal_error(
    arm: LocalAzure, group: Group, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    subnet = group.vnet()
    vm = group.compute("virtualMachines/web1")
    if what in ("extension", "command", "action"):
        arm.done("PUT", vm, group.vm_body(group.nic(subnet)))
    prefix = {"addressPrefix": "10.0.3.0/24", "addressPrefixes": [], "networkSecurityGroup": {"id": group.nsg()}}
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [{"name": "s", "properties": prefix}]}
    dns = {"domainNameLabel": f"{group.name}x", "reverseFqdn": "a.b"}
    calls: dict[str, tuple[str, str, Any]] = {
        "group": ("PUT", group.path, {"location": "westus", "tags": {"a": "b"}}),
        "vnet": ("PUT", group.network("virtualNetworks/v2"), {"location": "westus", "properties": space}),
        "subnet": ("PUT", group.network("virtualNetworks/vnet/subnets/s"), {"properties": prefix}),
        "nsg": ("PUT", group.network("networkSecurityGroups/n"),
                {"location": "westus", "properties": {"securityRules": [rule("a", 1000, "22")]}}),
        "rule": ("PUT", group.network("networkSecurityGroups/nsg/securityRules/a"), rule("a", 1000, "22")),
        "ip": ("PUT", group.network("publicIPAddresses/i"),
               {"location": "westus", "sku": {"name": "Standard"}, "zones": ["1"],
                "properties": {"publicIPAllocationMethod": "Static", "idleTimeoutInMinutes": 4, "dnsSettings": dns}}),
        "nic": ("PUT", group.network("networkInterfaces/n"), group.nic_body(subnet, group.public_ip())),
        "vm": ("PUT", vm, group.vm_body(group.nic(subnet, "spare"), linuxConfiguration={"ssh": {"publicKeys": [{}]}})),
        "extension": ("PUT", f"{vm}/extensions/e", _extension("westus")),
        "command": ("PUT", f"{vm}/runCommands/c", _run_command("westus")),
        "action": ("POST", f"{vm}/runCommand",
                   {"commandId": "RunShellScript", "script": ["true"], "parameters": [{"name": "a", "value": "b"}]}),
        "identity": ("PUT", f"{group.path}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/abc",
                     {"location": "westus", "tags": {"a": "b"}, "properties": {"isolationScope": "None"}}),
        "lock": ("PUT", f"{group.path}/providers/Microsoft.Authorization/locks/l",
                 {"properties": {"level": "CanNotDelete", "notes": "x", "owners": [{"applicationId": "y"}]}}),
        "tags": ("PATCH", f"{group.path}/providers/Microsoft.Resources/tags/default",
                 {"operation": "Merge", "properties": {"tags": {"a": "b"}}}),
        "role": ("PUT", f"{group.path}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}",
                 {"properties": {"roleDefinitionId": "/x/acdd72a7-3385-48ef-bd42-f606fba81ae7",
                                 "principalId": str(uuid.uuid4()), "principalType": "User", "description": "d"}}),
        "feature": ("PUT", "/providers/Microsoft.Features/featureProviders/Microsoft.Compute"
                           "/subscriptionFeatureRegistrations/EncryptionAtHost",
                    {"properties": {"description": "d", "metadata": {"a": "b"}}}),
    }  # fmt: skip
    method, path, body = calls[what]
    send_junk(arm, method, path, body, VERSIONS.get(what))
    if what == "lock":
        arm.call("DELETE", path, api=VERSIONS[what])
    assert " broke" not in caplog.text  # what the log says of an operation, too, that ended by an error of ours
