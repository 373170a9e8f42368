"""How long-running operations are followed: their addresses, when to ask again, and what the last answer is."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Answer, Group, LocalAzure

from localazure.arm import patience

DISK = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}


def ask(arm: LocalAzure, answer: Answer, header: str) -> Answer:
    path = answer.headers[header].split(f":{arm.port}", 1)[1]
    return arm.raw("GET", path, headers={"Authorization": f"Bearer {arm.token}"})


@pytest.mark.parametrize("action", ["powerOff", "start", "restart", "redeploy", "reapply", "deallocate"])
def test_the_location_of_a_finished_action_answers_200_without_a_body(
    arm: LocalAzure, group: Group, action: str
) -> None:
    vm = group.vm()
    if action == "start":
        arm.done("POST", f"{vm}/deallocate")
    answer = arm.done("POST", f"{vm}/{action}")
    assert answer.status == 202
    end = ask(arm, answer, "Location")
    assert (end.status, end.body) == (200, None)
    assert end.headers["Content-Length"] == "0"


def test_the_location_of_compute_s_deletions_too(arm: LocalAzure, group: Group) -> None:
    for path in (group.vm(), group.compute("disks/data")):
        if "/disks/" in path:
            arm.done("PUT", path, {"location": "westus", "properties": DISK})
        answer = arm.done("DELETE", path)
        assert (ask(arm, answer, "Location").status, ask(arm, answer, "Location").body) == (200, None)


def test_a_disk_s_operations_have_an_address_of_their_own(arm: LocalAzure, group: Group) -> None:
    answer = arm.done("PUT", group.compute("disks/data"), {"location": "westus", "properties": DISK})
    assert answer.status == 202
    for header in ("Location", "Azure-AsyncOperation"):
        assert "/providers/Microsoft.Compute/locations/westus/DiskOperations/" in answer.headers[header]
    assert "Azure-AsyncNotification" not in answer.headers
    end = ask(arm, answer, "Location")
    assert (end.status, end.body["name"]) == (200, "data")
    status = ask(arm, answer, "Azure-AsyncOperation")
    assert "GetOperation3Min" in status.headers["x-ms-ratelimit-remaining-resource"]
    assert status.body["properties"]["output"]["name"] == "data"


def test_network_s_polls_double_their_interval(arm: LocalAzure, group: Group) -> None:
    assert [patience.of_network_poll(polls) for polls in range(7)] == [10, 20, 40, 80, 160, 160, 160]
    arm.on_loop(lambda: setattr(arm.cloud.operations, "time_scale", 0.1))
    try:
        answer = arm.call("PUT", group.network("networkSecurityGroups/nsg"), {"location": "westus"})
        first, second = (ask(arm, answer, "Azure-AsyncOperation") for _ in range(2))
    finally:
        arm.on_loop(lambda: setattr(arm.cloud.operations, "time_scale", 0.0))
    assert answer.headers["retry-after-ms"] == "100"
    assert [one.headers["retry-after-ms"] for one in (first, second)] == ["1000", "2000"]
    assert "retry-after-ms" not in arm.wait(answer).headers


@pytest.mark.parametrize(
    ("target", "polls", "scale", "told"),
    [
        ("/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/a", 0, 1.0, "10"),
        ("/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/a", 1, 1.0, "30"),
        ("/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/a", 9, 2.0, "60"),
        ("/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/a", 9, 0.5, None),
        ("/subscriptions/s/resourcegroups/g/providers/microsoft.compute/disks/a", 1, 1.0, None),
    ],
)
def test_what_compute_s_polls_say(target: str, polls: int, scale: float, told: str | None) -> None:
    assert patience.of_compute(target, polls, scale).get("Retry-After") == told


@pytest.mark.parametrize(
    ("what", "made", "deleted"),
    [
        ("virtualMachines/web1", 10, 10), ("networkSecurityGroups/nsg", 1, 10), ("publicIPAddresses/ip", 3, 10),
        ("virtualNetworks/net", 3, 10), ("disks/data", 2, None),
    ],
)  # fmt: skip
def test_what_first_answers_say_of_when_to_ask(
    arm: LocalAzure, group: Group, what: str, made: int, deleted: int | None
) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "virtualMachines/web1": group.vm_body(group.nic(group.vnet())),
        "disks/data": {"properties": DISK},
        "publicIPAddresses/ip": {"sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}},
        "virtualNetworks/net": {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
    }
    path = (group.compute if what.startswith(("virtualMachines", "disks")) else group.network)(what)
    arm.on_loop(lambda: setattr(arm.cloud.operations, "time_scale", 0.02))
    try:
        creation = arm.call("PUT", path, {"location": "westus", **bodies.get(what, {})})
        arm.wait(creation)
        deletion = arm.call("DELETE", path)
        arm.wait(deletion)
    finally:
        arm.on_loop(lambda: setattr(arm.cloud.operations, "time_scale", 0.0))
    told = [one.headers.get("retry-after-ms") for one in (creation, deletion)]
    # Where the service names nothing, a client that need not wait as long as there is told to ask soon.
    assert told == [str(made * 20), "100" if deleted is None else str(deleted * 20)]


def test_every_answer_says_that_it_must_not_be_kept(arm: LocalAzure) -> None:
    for answer in (arm.call("GET", "/resourcegroups"), arm.call("GET", "/resourcegroups/none")):
        kept = {name: answer.headers[name] for name in ("Cache-Control", "Pragma", "Expires")}
        assert kept == {"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "-1"}
