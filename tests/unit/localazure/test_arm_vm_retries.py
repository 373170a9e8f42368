"""A VM's writes when an answer is lost, and with conditions: what a client meets that sends them again."""

from __future__ import annotations

import http.client
import io
import json
from typing import Any

import pytest
from arm_support import SUBSCRIPTION, Answer, Group, LocalAzure, eventually
from test_arm_sdk import clients as clients

VMS = "Microsoft.Compute/virtualMachines"
LOST = (http.client.HTTPException, OSError)


@pytest.fixture
def new(group: Group) -> tuple[str, dict[str, Any]]:
    """Path and body of a VM whose network is there."""
    return group.compute("virtualMachines/web1"), group.vm_body(group.nic(group.vnet()))


def conditional(arm: LocalAzure, method: str, path: str, body: Any, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    common = {"Authorization": f"Bearer {arm.token}", "Content-Type": "application/json"}
    url = f"/subscriptions/{SUBSCRIPTION}{path}?api-version=2024-11-01"
    return arm.raw(method, url, json.dumps(body).encode(), {**common, **named})


def test_a_put_whose_answer_is_lost_is_busy_when_it_is_sent_again(
    arm: LocalAzure, new: tuple[str, dict[str, Any]], behavior: Any
) -> None:
    vm, body = new
    behavior(rules=[{"do": "reset", "when": "after", "method": "PUT", "type": VMS, "nth": 1}])
    arm.platform.unblocked.clear()
    with pytest.raises(LOST):
        arm.call("PUT", vm, body)
    again = arm.call("PUT", vm, body)
    assert (again.status, again.code) == (409, "Conflict")
    assert arm.call("GET", vm).body["properties"]["provisioningState"] == "Creating"
    arm.platform.unblocked.set()
    eventually(lambda: arm.call("GET", vm).body["properties"]["provisioningState"] == "Succeeded")
    assert arm.done("PUT", vm, body).status == 200
    assert arm.call("GET", vm).body["properties"]["provisioningState"] == "Succeeded"


def test_the_sdk_meets_its_own_put(
    arm: LocalAzure, group: Group, new: tuple[str, dict[str, Any]], clients: Any, behavior: Any
) -> None:
    from azure.core.exceptions import ResourceExistsError

    behavior(rules=[{"do": "reset", "when": "after", "method": "PUT", "type": VMS, "nth": 1}])
    arm.platform.unblocked.clear()
    data = io.BytesIO(json.dumps(new[1]).encode())
    with pytest.raises(ResourceExistsError, match="Conflict"):
        clients[0].virtual_machines.begin_create_or_update(group.name, "web1", data, content_type="application/json")
    arm.platform.unblocked.set()


def test_a_patch_whose_answer_is_lost_was_done(arm: LocalAzure, group: Group, behavior: Any) -> None:
    vm = group.vm()
    behavior(rules=[{"do": "reset", "when": "after", "method": "PATCH", "type": VMS, "nth": 1}])
    with pytest.raises(LOST):
        arm.call("PATCH", vm, {"tags": {"a": "b"}})
    assert arm.call("GET", vm).body["tags"] == {"a": "b"}
    behavior(rules=[{"do": "reset", "method": "PATCH", "type": VMS, "nth": 1}])
    with pytest.raises(LOST):
        arm.call("PATCH", vm, {"tags": {"a": "c"}})
    assert arm.call("GET", vm).body["tags"] == {"a": "b"}


def test_a_vm_that_exists_is_not_made_where_none_must_match(
    arm: LocalAzure, new: tuple[str, dict[str, Any]]
) -> None:
    vm, body = new
    assert conditional(arm, "PUT", vm, body, If_Match="*").status == 412
    arm.platform.unblocked.clear()
    made = conditional(arm, "PUT", vm, body, If_None_Match="*")
    assert made.status == 201
    for _ in ("while it is being made", "afterwards"):
        refused = conditional(arm, "PUT", vm, body, If_None_Match="*")
        assert (refused.status, refused.code) == (412, "PreconditionFailed")
        arm.platform.unblocked.set()
        arm.wait(made)


def test_a_vm_that_somebody_else_has_changed_is_not_overwritten(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    etag = arm.call("GET", vm).body["etag"]
    arm.done("PATCH", vm, {"tags": {"who": "somebody"}})
    for method, body in (("PATCH", {"tags": {}}), ("PUT", {**arm.call("GET", vm).body, "tags": {}})):
        refused = conditional(arm, method, vm, body, If_Match=etag)
        assert (refused.status, refused.code) == (412, "PreconditionFailed"), method
    assert arm.call("GET", vm).body["tags"] == {"who": "somebody"}
    now = arm.call("GET", vm).body["etag"]
    assert conditional(arm, "PATCH", vm, {"tags": {"who": "me"}}, If_Match=now).status == 200


def test_none_but_all_may_be_excluded(arm: LocalAzure, new: tuple[str, dict[str, Any]]) -> None:
    refused = conditional(arm, "PUT", *new, If_None_Match='"0"')
    assert (refused.status, refused.code) == (400, "InvalidParameter")
