"""Microsoft.Network: every recorded operation on Local Azure, compared member by member with what was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from arm_support import rule
from conformance_calls import Calls, perform
from conformance_exceptions import NOT_SERVED
from recorded import faults, operations

from localazure.behavior import config

LOCATION = "/providers/Microsoft.Network/locations/westus"


def crud(calls: Calls, noun: str, path: str, body: dict[str, Any]) -> None:
    """Make a resource, again, read it, list and change it where that was recorded."""
    calls.do(f"{noun} put new", path, body)
    calls.do(f"{noun} get", path)
    calls.do(f"{noun} put existing", path, body)
    for more, at, change in (("list", path.rsplit("/", 1)[0], None), ("patch", path, {"tags": {"a": "b"}})):
        if f"{noun} {more}" in calls.operations:
            calls.do(f"{noun} {more}", at, change)


def networks(calls: Calls) -> None:
    group = calls.group
    path = group.network("virtualNetworks/vnet")
    subnets = [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}]
    properties = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
    crud(calls, "virtual network", path, {"location": "westus", "tags": {}, "properties": properties})
    crud(calls, "subnet", f"{path}/subnets/two", {"properties": {"addressPrefix": "10.0.1.0/24"}})
    calls.do("virtual network check ip address", f"{path}/CheckIPAddressAvailability", ipAddress="10.0.0.9")


def security(calls: Calls) -> None:
    group = calls.group
    path = group.network("networkSecurityGroups/nsg")
    body = {"location": "westus", "tags": {}, "properties": {"securityRules": [rule("ssh", 1000, "22")]}}
    crud(calls, "network security group", path, body)
    properties = {**rule("web", 1010, "80")["properties"], "description": "the web"}
    crud(calls, "security rule", f"{path}/securityRules/web", {"name": "web", "properties": properties})
    body = {"location": "westus", "tags": {}}
    crud(calls, "application security group", group.network("applicationSecurityGroups/asg"), body)


def addresses(calls: Calls) -> None:
    group = calls.group
    path = group.network("publicIPAddresses/ip")
    label = group.name
    properties = {"publicIPAllocationMethod": "Static", "dnsSettings": {"domainNameLabel": label}}
    body = {"location": "westus", "tags": {}, "sku": {"name": "Standard"}, "properties": properties}
    crud(calls, "public ip", path, body)


def interfaces(calls: Calls) -> None:
    group = calls.group
    path = group.network("networkInterfaces/nic")
    subnet, nsg, address = (
        group.id_of(group.network(name))
        for name in ("virtualNetworks/vnet/subnets/default", "networkSecurityGroups/nsg", "publicIPAddresses/ip")
    )
    body = {**group.nic_body(subnet, address, nsg), "tags": {}}
    del body["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"]["properties"]  # as recorded
    crud(calls, "network interface", path, body)
    calls.arm.done("PUT", group.compute("virtualMachines/web1"), group.vm_body(group.id_of(path)))
    calls.do("network interface of vm get", path)
    calls.do("network interface effective security groups", f"{path}/effectiveNetworkSecurityGroups")


def long_running(calls: Calls) -> None:
    """The addresses that an operation is asked at; a delete's result is 204 when it is through."""
    group = calls.group
    path = group.network("publicIPAddresses/other")
    body = {"location": "westus", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
    put = calls.arm.call("PUT", path, body, "2022-11-01")
    calls.follow("operation in progress", put)
    calls.finish("public ip put new", put)
    calls.follow("operation succeeded", put)
    deleted = calls.do("public ip delete", path)
    calls.follow("operation result", deleted, "Location")


def failure(calls: Calls) -> None:
    """No operation of these fails by itself here."""
    rule_ = {"do": "fail_operation", "type": "Microsoft.Network/networkSecurityGroups", "code": "InternalServerError"}
    file = calls.arm.folder / config.NAME
    config.write(file, json.dumps({"rules": [rule_]}).encode())
    calls.arm.on_loop(lambda: calls.arm.cloud.behavior.watch(file))
    put = calls.arm.call("PUT", calls.group.network("networkSecurityGroups/failing"), {"location": "westus"})
    calls.arm.wait(put)
    calls.follow("operation failed", put)
    file.unlink()
    calls.arm.on_loop(calls.arm.cloud.behavior.refresh)


def figures(calls: Calls) -> None:
    calls.do("usages", f"{LOCATION}/usages")
    calls.do("service tags", f"{LOCATION}/serviceTags")


def deletions(calls: Calls) -> None:
    group = calls.group
    calls.arm.done("DELETE", group.compute("virtualMachines/web1"))
    group.nic(group.id_of(group.network("virtualNetworks/vnet/subnets/default")), "nic2")
    calls.do("network interface delete", group.network("networkInterfaces/nic2"))
    calls.arm.call("DELETE", group.network("networkInterfaces/nic"))
    nsg = group.network("networkSecurityGroups/nsg2")
    calls.arm.done("PUT", nsg, {"location": "westus", "properties": {"securityRules": [rule("web", 1010, "80")]}})
    calls.do("security rule delete", f"{nsg}/securityRules/web")
    calls.do("network security group delete", nsg)
    calls.do("application security group delete", group.network("applicationSecurityGroups/asg"))
    body = {"location": "westus", "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}}
    vnet = group.network("virtualNetworks/vnet2")
    calls.arm.done("PUT", vnet, body)
    calls.arm.done("PUT", f"{vnet}/subnets/one", {"properties": {"addressPrefix": "10.9.0.0/24"}})
    calls.do("subnet delete", f"{vnet}/subnets/one")
    calls.do("virtual network delete", vnet)


PARTS = (networks, security, addresses, interfaces, long_running, failure, figures, deletions)


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    performed = perform(tmp_path_factory.mktemp("conformance"), "network", *PARTS)
    yield performed
    performed.arm.stop()


def test_all_could_be_performed(calls: Calls) -> None:
    assert calls.errors == {}


@pytest.mark.parametrize("name", [name for name in operations("network") if f"network/{name}" not in NOT_SERVED])
def test_the_answer_is_as_recorded(calls: Calls, name: str) -> None:
    assert name in calls.answers, f"not performed: {calls.errors}"
    assert faults("network", name, calls.answers[name]) == []
