"""Operations under behavior: latencies by the time scale, failures, operations without end, deletions that lag."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from arm_support import Group, LocalAzure, eventually

from localazure.behavior import config, latencies
from localazure.protocol import ids


def put_ip(group: Group, name: str = "ip") -> Any:
    properties = {"publicIPAllocationMethod": "Static"}
    body = {"location": group.location, "sku": {"name": "Standard"}, "properties": properties}
    return group.arm.call("PUT", group.network(f"publicIPAddresses/{name}"), body)


def state(arm: LocalAzure, path: str) -> str:
    return str(arm.call("GET", path).body["properties"]["provisioningState"])


@pytest.mark.parametrize(("full_type", "action", "seconds"), [
    ("microsoft.compute/virtualmachines", "create", 79.0), ("microsoft.compute/virtualmachines", "put", None),
    ("Microsoft.Compute/virtualMachines", "delete", 111.0), ("Microsoft.Compute/virtualMachines", "deallocate", 102.0),
    ("Microsoft.Compute/virtualMachines/extensions", "put", 75.0),
    ("Microsoft.Compute/virtualMachines/runCommands", "put", 25.0),
    ("Microsoft.Compute/virtualMachines/runCommands", "install", 25.0),
    ("Microsoft.Compute/virtualMachines/runCommands", "delete", 20.0),
    ("Microsoft.Network/virtualNetworks", "put", None),
])  # fmt: skip
def test_the_table_of_latencies(full_type: str, action: str, seconds: float | None) -> None:
    assert latencies.find(latencies.action_of_operation(full_type, action), {}) == seconds


def test_the_file_comes_before_the_table() -> None:
    given = {"microsoft.compute/*/delete": 5.0, "*": 1.0}
    assert latencies.find("Microsoft.Compute/virtualMachines/delete", given) == 5.0
    assert latencies.find("Microsoft.Network/virtualNetworks/write", given) == 1.0


@pytest.fixture
def paced(tmp_path: Path) -> Iterator[LocalAzure]:
    """A server with a time scale of a hundredth, and latencies of its own."""
    server = LocalAzure(tmp_path, time_scale=0.01)
    config.write(tmp_path / config.NAME, json.dumps({"latencies": {
        "Microsoft.Compute/virtualMachines/create": 50, "Microsoft.Network/publicIPAddresses/write": 40,
        "Microsoft.Compute/virtualMachines/delete": 30,
    }}).encode())  # fmt: skip
    server.on_loop(lambda: server.cloud.behavior.watch(tmp_path / config.NAME))
    yield server
    server.stop()


def test_an_operation_and_its_resource_are_ready_together_and_not_sooner(paced: LocalAzure) -> None:
    group = Group(paced)
    began = time.monotonic()
    answer = put_ip(group)
    while state(paced, group.network("publicIPAddresses/ip")) == "Updating":
        assert time.monotonic() - began < 5
    assert 0.38 < time.monotonic() - began < 1.5
    paced.wait(answer)
    nic = group.nic(group.vnet())
    began = time.monotonic()
    vm = group.compute("virtualMachines/web1")
    answer = paced.call("PUT", vm, group.vm_body(nic))
    assert answer.headers["retry-after-ms"] == "100"
    time.sleep(0.2)
    assert state(paced, vm) == "Creating"
    paced.wait(answer)
    assert state(paced, vm) == "Succeeded"
    assert 0.48 < time.monotonic() - began < 2
    began = time.monotonic()
    paced.done("DELETE", vm)
    assert 0.28 < time.monotonic() - began < 2


@pytest.mark.parametrize(("child", "properties"), [
    ("runCommands/one", {"source": {"script": "true"}}),
    ("extensions/DockerExtension", {"publisher": "Microsoft.Azure.Extensions", "type": "DockerExtension",
                                    "typeHandlerVersion": "1.0"})])  # fmt: skip
def test_so_is_what_is_below_a_vm(paced: LocalAzure, tmp_path: Path, child: str, properties: dict[str, Any]) -> None:
    vm = Group(paced).vm()
    config.write(tmp_path / config.NAME, json.dumps({"latencies": {"*/write": 40, "*": 0}}).encode())
    began = time.monotonic()
    answer = paced.call("PUT", f"{vm}/{child}", {"location": "westus", "properties": properties})
    while state(paced, f"{vm}/{child}") == "Creating":
        assert time.monotonic() - began < 5
    assert time.monotonic() - began > 0.38
    assert paced.wait(answer).body["status"] == "Succeeded"


def test_a_deletion_overtakes_a_creation_that_is_not_ripe(paced: LocalAzure) -> None:
    group = Group(paced)
    nic = group.nic(group.vnet())
    vm = group.compute("virtualMachines/web1")
    creation = paced.call("PUT", vm, group.vm_body(nic))
    deletion = paced.call("DELETE", vm)
    assert paced.wait(creation).body["error"]["code"] == "OperationPreempted"
    assert paced.wait(deletion).body["status"] == "Succeeded"
    assert not paced.platform.machines


def test_a_failed_operation(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(rules=[{"do": "fail_operation", "code": "InternalOperationError", "message": "Broke.", "after": 0.2,
                   "type": "Microsoft.Network/publicIPAddresses", "method": "PUT", "nth": 1}])  # fmt: skip
    answer = put_ip(group)
    assert answer.status == 201
    status = arm.wait(answer)
    assert (status.status, status.body["status"]) == (200, "Failed")
    assert status.body["error"] == {"code": "InternalOperationError", "message": "Broke.", "details": []}
    assert state(arm, group.network("publicIPAddresses/ip")) == "Failed"
    assert arm.wait(put_ip(group)).body["status"] == "Succeeded"


def test_only_the_operation_of_the_request_fails(arm: LocalAzure, group: Group, behavior: Any) -> None:
    vm = group.vm()
    behavior(rules=[
        {"do": "fail_operation", "code": "X", "type": "Microsoft.Compute/virtualMachines", "method": "POST"}])
    assert arm.wait(arm.call("POST", f"{vm}/restart")).body["error"]["code"] == "X"
    assert arm.wait(arm.call("DELETE", vm)).body["status"] == "Succeeded"


def test_an_operation_without_end_goes_on_when_its_rule_is_gone(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(rules=[{"do": "endless_operation", "method": "PUT", "type": "Microsoft.Network/publicIPAddresses"}])
    answer = put_ip(group)
    with pytest.raises(AssertionError, match="still running"):
        arm.wait(answer, timeout=1.5)
    assert arm.call("DELETE", group.network("publicIPAddresses/ip")).code == "AnotherOperationInProgress"
    behavior()
    assert arm.wait(answer).body["status"] == "Succeeded"


def test_an_operation_without_end_that_is_overtaken_does_nothing_later(
    arm: LocalAzure, group: Group, behavior: Any
) -> None:
    nic = group.nic(group.vnet())
    vm = group.compute("virtualMachines/web1")
    behavior(rules=[{"do": "endless_operation", "method": "PUT", "type": "Microsoft.Compute/virtualMachines"}])
    body = group.vm_body(nic)
    body["properties"]["networkProfile"]["networkInterfaces"][0]["properties"]["deleteOption"] = "Detach"
    answer = arm.call("PUT", vm, body)
    arm.done("DELETE", vm)
    behavior()
    assert arm.wait(answer).body["error"]["code"] == "OperationPreempted"
    time.sleep(1.2)  # the rule is looked for each second
    assert arm.call("GET", vm).status == 404
    assert group.machine(vm) not in arm.platform.machines


def test_a_deletion_that_lags(arm: LocalAzure, group: Group, behavior: Any) -> None:
    nic = group.nic(group.vnet())
    behavior(conditions={"deletion_lag": [{"type": "Microsoft.Network/networkInterfaces", "seconds": 0.6}]})
    path = group.network("networkInterfaces/nic")
    began = time.monotonic()
    arm.done("DELETE", path)
    assert time.monotonic() - began < 0.5
    assert arm.call("GET", path).status == 200
    assert arm.call("DELETE", group.network("virtualNetworks/vnet")).code == "InUseSubnetCannotBeDeleted"
    assert arm.call("PUT", path, group.nic_body(nic)).code == "AnotherOperationInProgress"
    again = arm.call("DELETE", path)
    assert again.status == 202
    with pytest.raises(AssertionError, match="still running"):
        arm.wait(again, timeout=0.1)
    eventually(lambda: arm.call("GET", path).status == 404)
    assert 0.5 < time.monotonic() - began < 3
    assert arm.wait(again).status == 200
    arm.done("DELETE", group.network("virtualNetworks/vnet"))


def test_a_lag_ends_when_it_is_taken_out_of_the_file(arm: LocalAzure, group: Group, behavior: Any) -> None:
    vm = group.vm()
    behavior(conditions={"deletion_lag": [{"type": "Microsoft.Compute/virtualMachines", "seconds": 600}]})
    arm.done("DELETE", vm)
    assert arm.call("GET", vm).status == 200
    behavior()
    eventually(lambda: arm.call("GET", vm).status == 404)
    assert arm.call("GET", group.network("networkInterfaces/nic")).status == 404


def test_a_server_that_ends_during_a_lag_deletes_after_its_next_start(instance: Any) -> None:
    arm = instance.arm
    group = Group(arm)
    vm = group.vm()
    path = instance.folder / config.NAME
    config.write(path, b'{"conditions": {"deletion_lag": [{"seconds": 600}]}}')
    arm.on_loop(lambda: arm.cloud.behavior.watch(path))
    arm.done("DELETE", vm)
    assert arm.cloud.store.get(ids.key(group.id_of(vm))) is not None
    arm = instance.restart()
    eventually(lambda: arm.call("GET", vm).status == 404)
    assert not instance.platform.machines


def test_at_the_service_s_own_pace_the_first_answer_names_whole_seconds(tmp_path: Path) -> None:
    arm = LocalAzure(tmp_path, time_scale=1.0)
    try:
        config.write(tmp_path / config.NAME, b'{"latencies": {"*": 0}}')
        arm.on_loop(lambda: arm.cloud.behavior.watch(tmp_path / config.NAME))
        group = Group(arm)
        nic = group.nic(group.vnet())
        arm.platform.unblocked.clear()
        answer = arm.call("PUT", group.compute("virtualMachines/web1"), group.vm_body(nic))
        assert answer.headers["Retry-After"] == "10"
        path = answer.headers["Azure-AsyncOperation"].split(str(arm.port), 1)[1]
        status = arm.raw("GET", path, headers={"Authorization": f"Bearer {arm.token}"})
        assert (status.body["status"], status.headers["Retry-After"]) == ("InProgress", "30")
        arm.platform.unblocked.set()
        arm.wait(answer)
        arm.platform.unblocked.clear()
        answer = arm.call("POST", group.compute("virtualMachines/web1/restart"))
        assert answer.headers["Retry-After"] == "10"
        answer = arm.call("DELETE", group.compute("virtualMachines/web1"))
        assert answer.headers["Retry-After"] == "10"
        arm.platform.unblocked.set()
        arm.wait(answer)
    finally:
        arm.stop()


def test_the_first_run_command_on_a_vm_takes_longer(paced: LocalAzure, tmp_path: Path) -> None:
    """The agent downloads the handler, which goes again with the last one."""
    table = {"*/runCommands/install/action": 60, "*/runCommands/write": 20, "*": 0}
    config.write(tmp_path / config.NAME, json.dumps({"latencies": table}).encode())
    vm = Group(paced).vm()

    def took(name: str) -> float:
        began = time.monotonic()
        paced.done("PUT", f"{vm}/runCommands/{name}", {
            "location": "westus", "properties": {"source": {"script": "true"}}})  # fmt: skip
        return time.monotonic() - began

    assert took("one") >= 0.6 and 0.2 <= took("two") < 0.6
    for name in ("one", "two"):
        paced.done("DELETE", f"{vm}/runCommands/{name}")
    assert took("three") >= 0.6
