"""Conditions: what regions lack, what guests fail to do, and what can't be seen yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from arm_support import SUBSCRIPTION, Group, LocalAzure, eventually

from localazure.behavior.paths import action_of, scope_of, type_of

S = f"/subscriptions/{SUBSCRIPTION}"
VM = f"{S}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines"


@pytest.mark.parametrize(
    ("method", "path", "action", "scope"),
    [
        ("PUT", f"{VM}/web1", "Microsoft.Compute/virtualMachines/write", f"{VM}/web1"),
        ("GET", VM, "Microsoft.Compute/virtualMachines/read", f"{S}/resourceGroups/g"),
        ("POST", f"{VM}/web1/start", "Microsoft.Compute/virtualMachines/start/action", f"{VM}/web1"),
        ("DELETE", f"{VM}/web1/extensions/x", "Microsoft.Compute/virtualMachines/extensions/delete",
         f"{VM}/web1/extensions/x"),
        ("GET", f"{S}/providers/Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachines/read", S),
        ("PUT", f"{S}/resourcegroups/g", "Microsoft.Resources/subscriptions/resourceGroups/write",
         f"{S}/resourcegroups/g"),
        ("GET", f"{S}/resourceGroups", "Microsoft.Resources/subscriptions/resourceGroups/read", S),
        ("POST", f"{S}/providers/Microsoft.Compute/register", "Microsoft.Compute/register/action", S),
    ],
)  # fmt: skip
def test_actions_and_scopes(method: str, path: str, action: str, scope: str) -> None:
    assert action_of(method, path) == action
    assert scope_of(path) == scope
    assert type_of(method, path) == action.rpartition("/")[0].removesuffix("/start").removesuffix("/register")


# regions


def vm_put(group: Group, **body: Any) -> Any:
    nic = group.nic(group.vnet())
    return group.arm.call("PUT", group.compute("virtualMachines/web1"), {**group.vm_body(nic), **body})


def test_a_size_without_capacity_in_one_region(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(conditions={"sku_not_available": [{"size": "Standard_D2s_*", "region": "eastus"}]})
    assert vm_put(group).status == 201
    behavior(conditions={"sku_not_available": [{"size": "standard_d2s_*", "region": ["eastus", "westus"]}]})
    answer = arm.call("PUT", group.compute("virtualMachines/web2"), group.vm_body(group.nic(group.vnet(), "other")))
    assert (answer.status, answer.code) == (409, "SkuNotAvailable")
    skus = arm.call("GET", "/providers/Microsoft.Compute/skus", api="2021-07-01", _filter="location eq 'westus'").body
    restricted = {one["name"] for one in skus["value"] if one["restrictions"]}
    assert "Standard_D2s_v5" in restricted
    assert "Standard_D4s_v5" not in restricted


def test_a_quota_of_one_region(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(conditions={"quota": [{"region": "westus", "cores": 1}]})
    answer = vm_put(group)
    assert (answer.status, answer.code) == (409, "OperationNotAllowed")
    assert "Location: westus, Current Limit: 1," in answer.message
    limits = {}
    for region in ("westus", "eastus"):
        usages = arm.call("GET", f"/providers/Microsoft.Compute/locations/{region}/usages").body["value"]
        limits[region] = next(one["limit"] for one in usages if one["name"]["value"] == "cores")
    assert limits == {"westus": 1, "eastus": 100}


@pytest.mark.parametrize(("entry", "body", "code"), [
    ({}, {}, "AllocationFailed"), ({}, {"zones": ["1"]}, "ZonalAllocationFailed"),
    ({"zonal": True}, {}, "ZonalAllocationFailed"),
])  # fmt: skip
def test_an_allocation_that_fails_leaves_the_vm_failed(
    arm: LocalAzure, behavior: Any, entry: dict[str, Any], body: dict[str, Any], code: str
) -> None:
    group = Group(arm, "eastus")  # it has zones
    behavior(conditions={"allocation_failed": [{"size": "Standard_D2s_v5", **entry}]})
    answer = vm_put(group, **body)
    assert answer.status == 201
    assert arm.wait(answer).body["error"]["code"] == code
    vm = group.compute("virtualMachines/web1")
    assert arm.call("GET", vm).body["properties"]["provisioningState"] == "Failed"
    view = arm.call("GET", f"{vm}/instanceView").body
    assert [one["code"] for one in view["statuses"]] == [f"ProvisioningState/failed/{code}"]
    arm.call("DELETE", group.path)


def test_a_deallocated_vm_finds_no_place_again(arm: LocalAzure, group: Group, behavior: Any) -> None:
    vm = group.vm()
    arm.done("POST", f"{vm}/deallocate")
    behavior(conditions={"allocation_failed": [{}]})
    assert arm.wait(arm.call("POST", f"{vm}/start")).body["error"]["code"] == "AllocationFailed"
    behavior()
    arm.done("POST", f"{vm}/start")
    assert arm.call("GET", vm).body["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(("entry", "there", "elsewhere"), [
    ({"region": "westus"}, True, False), ({}, True, True), ({"type": "Microsoft.Network/*"}, False, False),
])  # fmt: skip
def test_api_versions_that_a_region_or_the_whole_cloud_lacks(
    arm: LocalAzure, group: Group, behavior: Any, entry: dict[str, Any], there: bool, elsewhere: bool
) -> None:
    vm = group.vm()
    other = Group(arm, "eastus")
    other_vm = other.vm()
    served = {"type": "Microsoft.Compute/virtualMachines*", "versions": ["2021-03-01", "2020-06-01"], **entry}
    behavior(conditions={"api_versions": [served]})
    for path in (vm, f"{vm}/extensions", f"{vm}/runCommands/none"):
        answer = arm.call("GET", path)
        assert (answer.body.get("error", {}).get("code") == "NoRegisteredProviderFound") is there, path
        assert arm.call("GET", path, api="2021-03-01").body.get("error", {}).get("code") in (None, "ResourceNotFound")
    assert (arm.call("GET", other_vm).status == 400) is elsewhere
    refused = arm.call("PUT", f"{vm}2", {"location": "West US"})
    assert (refused.body["error"]["code"] == "NoRegisteredProviderFound") is there
    if there:
        assert refused.message == (
            "No registered resource provider found for location 'westus' and API version '2024-11-01' for type "
            "'virtualMachines'. The supported api-versions are '2021-03-01, 2020-06-01'."
        )
    behavior()
    arm.call("DELETE", other.path)


# guests


def test_an_operating_system_that_never_reports(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(conditions={"os_provisioning_timed_out": [{"vm": "web*"}]})
    status = arm.wait(vm_put(group))
    assert status.body["error"]["code"] == "OSProvisioningTimedOut"
    vm = group.compute("virtualMachines/web1")
    assert arm.call("GET", vm).body["properties"]["provisioningState"] == "Failed"
    view = arm.call("GET", f"{vm}/instanceView").body
    assert view["statuses"][1]["code"] == "PowerState/running"


SCRIPT = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1",
          "settings": {"commandToExecute": "true"}}  # fmt: skip


@pytest.mark.parametrize(("entry", "code", "words"), [
    ({"outcome": "failed", "message": "no route to host"}, "VMExtensionProvisioningError", "no route to host"),
    ({"outcome": "timed_out"}, "VMExtensionProvisioningTimeout", "has timed out"),
])  # fmt: skip
def test_an_extension_that_fails(
    arm: LocalAzure, group: Group, behavior: Any, entry: dict[str, Any], code: str, words: str
) -> None:
    vm = group.vm()
    ran = len(arm.platform.extensions)
    behavior(conditions={"extension": [{"publisher": "microsoft.azure.*", "type": "CustomScript", **entry}]})
    body = {"location": "westus", "properties": SCRIPT}
    error = arm.wait(arm.call("PUT", f"{vm}/extensions/s", body)).body["error"]
    assert error["code"] == code
    assert words in error["message"]
    assert len(arm.platform.extensions) == ran
    behavior(conditions={"extension": [{"type": "Docker*", **entry}]})
    assert arm.wait(arm.call("PUT", f"{vm}/extensions/s", body)).body["status"] == "Succeeded"


@pytest.mark.parametrize(("blocks", "extension", "command"), [
    (None, "Succeeded", "Succeeded"), ("extensions", "Failed", "Succeeded"), ("run_commands", "Succeeded", "Failed"),
    ("both", "Failed", "Failed"),
])  # fmt: skip
def test_an_extension_that_has_failed_blocks_what_is_new(
    arm: LocalAzure, group: Group, behavior: Any, blocks: str | None, extension: str, command: str
) -> None:
    vm = group.vm()
    fails = {"extension": [{"type": "CustomScript", "outcome": "failed"}]}
    access = {"publisher": "Microsoft.OSTCExtensions", "type": "VMAccessForLinux", "typeHandlerVersion": "1.5"}
    bodies = [{"location": "westus", "properties": one} for one in (SCRIPT, access)]
    behavior(conditions=fails)
    arm.wait(arm.call("PUT", f"{vm}/extensions/s", bodies[0]))
    behavior(conditions={"failed_extension": [{"blocks": blocks}]} if blocks else {})
    assert arm.wait(arm.call("PUT", f"{vm}/extensions/a", bodies[1])).body["status"] == extension
    status = run(arm, vm, "a")[0]
    assert status["status"] == command
    if command == "Failed":
        assert status["error"]["code"] == "VMExtensionProvisioningError"
    for name in "as":
        arm.done("DELETE", f"{vm}/extensions/{name}")
    assert run(arm, vm, "b")[0]["status"] == "Succeeded"
    assert arm.wait(arm.call("PUT", f"{vm}/extensions/a", bodies[1])).body["status"] == "Succeeded"


def run(arm: LocalAzure, vm: str, name: str, **more: Any) -> Any:
    properties = {"source": {"script": "echo hi"}, **more}
    answer = arm.call("PUT", f"{vm}/runCommands/{name}", {"location": "westus", "properties": properties})
    status = arm.wait(answer).body
    command = arm.call("GET", f"{vm}/runCommands/{name}", _expand="instanceView").body
    return status, command["properties"]["instanceView"]


def test_run_commands_that_fail(arm: LocalAzure, group: Group, behavior: Any) -> None:
    vm = group.vm()
    behavior(conditions={"run_command": [
        {"command": "a", "outcome": "exit", "exit_code": 7, "message": "disk full"},
        {"command": "b", "outcome": "timed_out"}, {"command": "c", "outcome": "failed", "message": "no agent"},
    ]})  # fmt: skip
    status, view = run(arm, vm, "a")
    assert status["status"] == "Succeeded"
    assert (view["executionState"], view["exitCode"], view["error"]) == ("Failed", 7, "disk full")
    view = run(arm, vm, "b")[1]
    assert (view["executionState"], view["exitCode"]) == ("Failed", -1)
    status, view = run(arm, vm, "c")
    assert (status["status"], status["error"]["message"]) == ("Failed", "no agent")
    assert run(arm, vm, "d")[1]["output"] == "hi\n"


def start(arm: LocalAzure, vm: str, name: str, script: str) -> Any:
    body = {"location": "westus", "properties": {"source": {"script": script}}}
    return arm.call("PUT", f"{vm}/runCommands/{name}", body)


def view_of(arm: LocalAzure, vm: str, name: str) -> Any:
    return arm.call("GET", f"{vm}/runCommands/{name}", _expand="instanceView").body["properties"]["instanceView"]


def test_nobody_hears_of_a_script_during_which_the_agent_was_restarted(
    arm: LocalAzure, group: Group, behavior: Any, tmp_path: Path
) -> None:
    vm = group.vm()
    behavior(conditions={"run_command": [{"command": "a*", "outcome": "hangs"}]})
    put = start(arm, vm, "a1", f"touch {tmp_path}/ran")
    eventually((tmp_path / "ran").exists)
    assert view_of(arm, vm, "a1")["executionState"] == "Running"
    assert run(arm, vm, "b")[1]["output"] == "hi\n"
    arm.done("POST", f"{vm}/restart")
    assert arm.wait(put).code == "VMExtensionProvisioningTimeout"
    assert (view_of(arm, vm, "a1")["executionState"], view_of(arm, vm, "a1")["exitCode"]) == ("Failed", -1)
    deleted = start(arm, vm, "a2", "true")
    arm.done("DELETE", f"{vm}/runCommands/a2")
    assert arm.wait(deleted).body["status"] == "Failed"
    last = start(arm, vm, "a3", "echo heard")
    behavior()
    assert arm.wait(last).body["status"] == "Succeeded" and view_of(arm, vm, "a3")["output"] == "heard\n"


@pytest.mark.parametrize("said", ["Running", "Pending", "Unknown"])
def test_a_view_that_comes_after_the_put_has_ended(arm: LocalAzure, group: Group, behavior: Any, said: str) -> None:
    vm = group.vm()
    behavior(conditions={"run_command": [{"view": said, "view_seconds": 0.6}]})
    status, view = run(arm, vm, "a")
    assert status["status"] == "Succeeded"
    assert (view["executionState"], view["output"]) == (said, "")
    eventually(lambda: view_of(arm, vm, "a")["executionState"] == "Succeeded")
    assert view_of(arm, vm, "a")["output"] == "hi\n"


def agent(arm: LocalAzure, vm: str) -> Any:
    return arm.call("GET", f"{vm}/instanceView").body["vmAgent"]


def test_an_agent_that_falls_silent(arm: LocalAzure, group: Group, behavior: Any) -> None:
    vm = group.vm()
    assert agent(arm, vm)["statuses"][0]["displayStatus"] == "Ready"
    behavior(conditions={"agent": [{"vm": "web1", "state": "unavailable"}]})
    assert agent(arm, vm)["vmAgentVersion"] == "Unknown"
    assert agent(arm, vm)["statuses"][0]["code"] == "ProvisioningState/Unavailable"
    status, _ = run(arm, vm, "a")
    assert status["error"]["code"] == "VMAgentStatusCommunicationError"
    behavior()
    assert agent(arm, vm)["statuses"][0]["displayStatus"] == "Ready"


def test_what_a_new_machine_is_made_with(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(conditions={"cloud_init_delay": [{"vm": "web1", "seconds": 12.5}],
                       "installation": [{"vm": "web*", "seconds": 9.5, "lists_seconds": 3}],
                       "agent": [{"vm": "web1", "state": "absent"}]})  # fmt: skip
    vm = group.vm()
    spec = arm.platform.machines[group.machine(vm)]
    assert (spec.cloud_init_delay_s, spec.agent) == (12.5, False)
    assert (spec.package_lists_s, spec.installation_s) == (3, 9.5)


# visibility


def test_replication_lag_hides_what_is_new_and_what_is_in_it(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(conditions={"replication_lag": [{"type": "*/virtualNetworks", "seconds": 0.4, "list_seconds": 0.8}]})
    group.vnet()
    vnet = group.network("virtualNetworks/vnet")

    def listed() -> list[str]:
        return [one["name"] for one in arm.call("GET", group.network("virtualNetworks")).body["value"]]

    assert arm.call("GET", vnet).code == "ResourceNotFound"
    assert arm.call("GET", f"{vnet}/subnets/default").code == "ResourceNotFound"
    assert listed() == []
    eventually(lambda: arm.call("GET", vnet).status == 200)
    assert listed() == []
    eventually(lambda: listed() == ["vnet"])
    arm.call("PUT", vnet, arm.call("GET", vnet).body)
    assert arm.call("GET", vnet).status == 200  # an update does not hide it


def test_replication_lag_of_a_parent(arm: LocalAzure, group: Group, behavior: Any) -> None:
    """A VM that was just made is not found by who wants to put something on it."""
    behavior(conditions={"replication_lag": [{"type": "*/virtualMachines", "seconds": 0, "child_seconds": 600}]})
    vm = group.vm()
    answer = start(arm, vm, "a", "true")
    assert (answer.status, answer.code) == (404, "ParentResourceNotFound")
    assert answer.message == (
        "Failed to perform 'write' on resource(s) of type 'Microsoft.Compute/virtualMachines/runCommands', because the "
        "parent resource 'Microsoft.Compute/virtualMachines/web1' could not be found. (resource 'web1/a')"
    )
    assert arm.call("GET", vm).status == 200
    behavior()
    assert run(arm, vm, "a")[0]["status"] == "Succeeded"


def test_replication_lag_of_groups(arm: LocalAzure, behavior: Any) -> None:
    behavior(conditions={"replication_lag": [{"type": "*/resourceGroups", "seconds": 600}]})
    group = Group(arm)
    assert arm.call("GET", group.path).code == "ResourceGroupNotFound"
    assert group.name not in [one["name"] for one in arm.call("GET", "/resourceGroups").body["value"]]
    behavior()
    assert arm.call("GET", group.path).status == 200
    arm.call("DELETE", group.path)
