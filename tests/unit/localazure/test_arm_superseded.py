"""Two writes of one network resource at once: the later one supersedes the earlier one, as the service does it."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from typing import Any

import pytest
from arm_support import SUBSCRIPTION, Group, LocalAzure, eventually, rule
from test_arm_sdk import clients as clients

from localazure.protocol import ids

ID = r"\([0-9a-f-]{36}\)"


def bodies(group: Group) -> dict[str, tuple[str, dict[str, Any]]]:
    """Path and body of one resource a type; the NIC's subnet is there."""
    subnet = group.vnet("of-the-nic")
    address = {"sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
    space = {"addressSpace": {"addressPrefixes": ["10.7.0.0/16"]}, "subnets": []}
    return {
        "VirtualNetwork": (group.network("virtualNetworks/new"), {"properties": space}),
        "NetworkSecurityGroup": (group.network("networkSecurityGroups/new"), {"properties": {}}),
        "PublicIpAddress": (group.network("publicIPAddresses/new"), address),
        "Nic": (group.network("networkInterfaces/new"), group.nic_body(subnet)),
    }


@pytest.mark.parametrize("noun", ["VirtualNetwork", "NetworkSecurityGroup", "PublicIpAddress", "Nic"])
def test_the_later_of_two_puts_supersedes(arm: LocalAzure, group: Group, behavior: Any, noun: str) -> None:
    path, body = bodies(group)[noun]
    behavior(rules=[{"do": "endless_operation", "method": "PUT", "path": f"*{path}", "nth": 1}])
    first = arm.call("PUT", path, {"location": "westus", **body, "tags": {"who": "first"}})
    second = arm.call("PUT", path, {"location": "westus", **body, "tags": {"who": "second"}})
    assert (first.status, second.status) == (201, 200)
    ended = arm.wait(first)
    assert (ended.status, ended.body["status"]) == (200, "Canceled")
    error = ended.body["error"]
    assert (error["code"], error["message"]) == ("Canceled", "Operation was canceled.")
    (detail,) = error["details"]
    assert detail["code"] == "CanceledAndSupersededDueToAnotherOperation"
    name = f"Put{noun}Operation"
    assert re.fullmatch(
        f"Operation {name} {ID} was canceled and superseded by operation {name} {ID}[.]", detail["message"]
    )
    assert arm.wait(second).body == {"status": "Succeeded"}
    found = arm.call("GET", path).body
    assert (found["tags"], found["properties"]["provisioningState"]) == ({"who": "second"}, "Succeeded")


def test_what_was_superseded_does_nothing_later(arm: LocalAzure, group: Group, behavior: Any) -> None:
    path, body = bodies(group)["VirtualNetwork"]
    behavior(rules=[{"do": "endless_operation", "method": "PUT", "path": f"*{path}", "nth": 1},
                  {"do": "fail_operation", "code": "X", "method": "PUT", "path": f"*{path}"}])  # fmt: skip
    first = arm.call("PUT", path, {"location": "westus", **body})
    assert arm.wait(arm.call("PUT", path, {"location": "westus", **body})).body["status"] == "Failed"
    behavior()  # the first one's work goes on when its rule is gone
    arm.wait(first)
    operation = first.headers["Azure-AsyncOperation"].split("/operations/")[1].split("?")[0]
    eventually(lambda: not arm.on_loop(lambda: [
        task for task in arm.cloud.operations._tasks if not task.done()
    ]))  # fmt: skip
    assert arm.on_loop(lambda: arm.cloud.operations.get(operation).status) == "Canceled"
    assert arm.call("GET", path).body["properties"]["provisioningState"] == "Failed"


def test_machines_follow_the_later_one_whatever_the_earlier_one_still_does(
    arm: LocalAzure, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, body = bodies(group)["VirtualNetwork"]
    put, begun, gates = arm.platform.network_put, [], [threading.Event(), threading.Event()]

    def slow(network: Any) -> None:
        begun.append(network)
        assert gates[len(begun) - 1].wait(10)
        put(network)

    monkeypatch.setattr(arm.platform, "network_put", slow)
    first = arm.call("PUT", path, {"location": "westus", **body})
    eventually(lambda: len(begun) == 1)
    space = {"addressSpace": {"addressPrefixes": ["10.8.0.0/16"]}, "subnets": []}
    second = arm.call("PUT", path, {"location": "westus", "properties": space})
    assert arm.wait(first).body["status"] == "Canceled"
    time.sleep(0.3)
    assert len(begun) == 1  # the later one waits for what the earlier one has begun
    gates[0].set()
    eventually(lambda: len(begun) == 2)
    assert arm.call("GET", path).body["properties"]["provisioningState"] == "Updating"
    gates[1].set()
    arm.wait(second)
    assert arm.platform.networks[ids.short_id(group.id_of(path))].prefixes == ("10.8.0.0/16",)


def test_a_network_supersedes_its_subnet_and_not_the_other_way_round(
    arm: LocalAzure, group: Group, behavior: Any
) -> None:
    path, body = bodies(group)["VirtualNetwork"]
    arm.done("PUT", path, {"location": "westus", **body})
    behavior(rules=[{"do": "endless_operation", "method": "PUT", "path": f"*{path}/subnets/one", "nth": 1}])
    subnet = {"properties": {"addressPrefix": "10.7.1.0/24"}}
    first = arm.call("PUT", f"{path}/subnets/one", subnet)
    assert arm.call("PUT", f"{path}/subnets/one", subnet).code == "AnotherOperationInProgress"
    arm.done("PUT", path, {"location": "westus", **body})
    message = arm.wait(first).body["error"]["details"][0]["message"]
    assert "PutSubnetOperation" in message and "superseded by operation PutVirtualNetworkOperation" in message


def test_what_is_being_deleted_is_not_written(arm: LocalAzure, group: Group, behavior: Any) -> None:
    path, body = bodies(group)["NetworkSecurityGroup"]
    arm.done("PUT", path, {"location": "westus", "properties": {"securityRules": [rule("a", 1000, "22")]}})
    behavior(rules=[{"do": "endless_operation", "method": "DELETE", "path": f"*{path}"}])
    assert arm.call("DELETE", path).status == 202
    assert arm.call("PUT", path, {"location": "westus", **body}).code == "AnotherOperationInProgress"


def test_the_sdk_s_poller_tells_the_loser(arm: LocalAzure, group: Group, clients: Any, behavior: Any) -> None:
    from azure.core.exceptions import HttpResponseError

    path, body = bodies(group)["VirtualNetwork"]
    behavior(rules=[{"do": "endless_operation", "method": "PUT", "path": f"*{path}", "nth": 1}])
    data = json.dumps({"location": "westus", **body}).encode()
    networks = clients[1].virtual_networks
    first, second = (
        networks.begin_create_or_update(group.name, "new", io.BytesIO(data), content_type="application/json")
        for _ in range(2)
    )
    second.result(20)
    with pytest.raises(HttpResponseError) as refused:
        first.result(20)
    assert refused.value.error.code == "Canceled"
    assert refused.value.error.details[0].code == "CanceledAndSupersededDueToAnotherOperation"
    assert networks.get(group.name, "new").provisioning_state == "Succeeded"


@pytest.mark.parametrize("noun", ["VirtualNetwork", "NetworkSecurityGroup", "PublicIpAddress", "Nic"])
def test_a_failed_write_leaves_it_failed_and_the_same_again_heals_it(
    arm: LocalAzure, group: Group, behavior: Any, noun: str
) -> None:
    path, body = bodies(group)[noun]
    behavior(rules=[{"do": "fail_operation", "code": "InternalServerError", "method": "PUT", "path": f"*{path}",
                   "nth": 1}])  # fmt: skip
    assert arm.wait(arm.call("PUT", path, {"location": "westus", **body})).body["status"] == "Failed"
    assert arm.call("GET", path).body["properties"]["provisioningState"] == "Failed"
    again = arm.call("PUT", path, {"location": "westus", **body})
    assert again.status == 200
    assert arm.wait(again).body["status"] == "Succeeded"
    assert arm.call("GET", path).body["properties"]["provisioningState"] == "Succeeded"


def test_a_failed_network_takes_no_interface(arm: LocalAzure, group: Group, behavior: Any) -> None:
    path = group.network("virtualNetworks/vnet")
    behavior(rules=[{"do": "fail_operation", "code": "InternalServerError", "method": "PUT", "path": f"*{path}",
                   "nth": 1}])  # fmt: skip
    body = {"location": "westus", "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}],
    }}  # fmt: skip
    arm.wait(arm.call("PUT", path, body))
    subnet = f"/subscriptions/{SUBSCRIPTION}{path}/subnets/default"
    nic = group.network("networkInterfaces/nic")
    refused = arm.call("PUT", nic, group.nic_body(subnet))
    assert (refused.status, refused.code) == (400, "ReferencedResourceNotProvisioned")
    assert refused.message == (
        f"Cannot proceed with operation because resource {subnet} used by resource /subscriptions/{SUBSCRIPTION}{nic} "
        "is not in Succeeded state. Resource is in Failed state and the last operation that updated/is updating the "
        "resource is PutVirtualNetworkOperation."
    )
    arm.done("PUT", path, body)
    arm.done("PUT", nic, group.nic_body(subnet))
