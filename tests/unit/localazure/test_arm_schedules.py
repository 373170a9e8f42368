"""Schedules that shut a VM down: made and shown as the service does, refused in its words, and carried out."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Group, LocalAzure, eventually

API = "2018-09-15"


@pytest.fixture
def vm(group: Group) -> str:
    return group.id_of(group.vm())


@pytest.fixture
def path(group: Group) -> str:
    return f"{group.path}/providers/Microsoft.DevTestLab/schedules/shutdown-computevm-web1"


def body(vm: str, **properties: Any) -> dict[str, Any]:
    return {"location": "westus", "properties": {
        "status": "Enabled", "taskType": "ComputeVmShutdownTask", "targetResourceId": vm,
        "dailyRecurrence": {"time": "1900"}, "timeZoneId": "UTC", **properties}}  # fmt: skip


def test_a_schedule_is_made_changed_listed_and_deleted(arm: LocalAzure, group: Group, vm: str, path: str) -> None:
    made = arm.call("PUT", path, body(vm), api=API)
    assert made.status == 201
    shown = made.body["properties"]
    assert shown.pop("createdDate") and shown.pop("uniqueIdentifier")
    assert shown == {
        **body(vm)["properties"], "provisioningState": "Succeeded",
        "notificationSettings": {"status": "Disabled", "timeInMinutes": 30},
    }  # fmt: skip
    assert made.body["name"] == "shutdown-computevm-web1" and made.body["tags"] == {}
    mail = {"status": "Enabled", "emailRecipient": "me@example.com"}
    again = arm.call("PUT", path, body(vm, notificationSettings=mail, timeZoneId="Tokyo Standard Time"), api=API)
    assert again.status == 200
    assert again.body["properties"]["notificationSettings"] == {**mail, "timeInMinutes": 30}
    first = arm.call("GET", path, api=API).body["properties"]
    assert first["createdDate"] == made.body["properties"].get("createdDate", first["createdDate"])
    assert arm.call("PATCH", path, {"tags": {"a": "b"}}, api=API).body["tags"] == {"a": "b"}
    all_of_them = "/providers/Microsoft.DevTestLab/schedules"
    for lists in (f"{group.path}{all_of_them}", all_of_them):
        assert "shutdown-computevm-web1" in [one["name"] for one in arm.call("GET", lists, api=API).body["value"]]
    listed = arm.call("GET", f"{group.path}/resources", api="2021-04-01", **{
        "$filter": "resourceType eq 'Microsoft.DevTestLab/schedules'"}).body["value"]  # fmt: skip
    assert [one["name"] for one in listed] == ["shutdown-computevm-web1"] and "properties" not in listed[0]
    assert [arm.call("DELETE", path, api=API).status for _ in range(2)] == [200, 204]
    assert arm.call("GET", path, api=API).code == "ResourceNotFound"


@pytest.mark.parametrize(("changes", "code"), [
    ({"taskType": "LabVmsShutdownTask"}, "InvalidTaskType"), ({"targetResourceId": None}, "InvalidTargetResourceId"),
    ({"dailyRecurrence": {"time": "19:00"}}, "InvalidTime"), ({"dailyRecurrence": None}, "InvalidTime"),
    ({"timeZoneId": "Europe/Berlin"}, "InvalidTimeZoneId"), ({"status": "On"}, "InvalidRequestContent"),
    ({"weeklyRecurrence": {"time": "1900"}}, "BadRequest"), ({"owner": "me"}, "InvalidRequestContent"),
])  # fmt: skip
def test_what_is_no_schedule_of_a_vm(arm: LocalAzure, vm: str, path: str, changes: Any, code: str) -> None:
    answer = arm.call("PUT", path, body(vm, **changes), api=API)
    assert (answer.status, answer.code) == (400, code)
    assert arm.call("GET", path, api=API).status == 404


def test_it_has_the_name_that_its_vm_gives_it(arm: LocalAzure, group: Group, vm: str, path: str) -> None:
    answer = arm.call("PUT", path.replace("shutdown-computevm-web1", "nightly"), body(vm), api=API)
    assert answer.code == "InvalidScheduleId"
    assert answer.message.endswith(f"resource group {group.path.rpartition('/')[2]} and with name "
                                   "shutdown-computevm-web1")  # fmt: skip
    missing = arm.call("PUT", path.replace("web1", "web2"), body(vm.replace("web1", "web2")), api=API)
    assert (missing.status, missing.code) == (400, "InvalidTargetResourceId")


def test_it_goes_with_its_group(arm: LocalAzure, vm: str, path: str, group: Group) -> None:
    arm.call("PUT", path, body(vm), api=API)
    arm.done("DELETE", group.path)
    every = arm.call("GET", "/providers/Microsoft.DevTestLab/schedules", api=API).body["value"]
    assert not [one for one in every if group.path.lower() in one["id"].lower()]


def test_it_stays_when_its_vm_goes_and_deallocates_it_when_it_is_carried_out(
    arm: LocalAzure, group: Group, vm: str, path: str
) -> None:
    arm.call("PUT", path, body(vm), api=API)
    at = group.compute("virtualMachines/web1")
    for _ in range(2):
        eventually(lambda: arm.call("POST", f"{path}/execute", api=API).status == 200)
        eventually(lambda: "PowerState/deallocated" in str(arm.call("GET", f"{at}/instanceView").body["statuses"]))
    arm.done("DELETE", at)
    assert arm.call("GET", path, api=API).status == 200
    assert arm.call("POST", f"{path}/execute", api=API).code == "InvalidTargetResourceId"
