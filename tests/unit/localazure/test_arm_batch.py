"""POST /batch: several calls in one, each answered as if it had come alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from arm_support import COMPUTE, NETWORK, RESOURCES, SUBSCRIPTION, Answer, Group, LocalAzure

S = f"/subscriptions/{SUBSCRIPTION}"
GROUPS = f"{S}/resourcegroups?api-version={RESOURCES}"


def batch(arm: LocalAzure, *requests: dict[str, Any], api: str = "2015-11-01", token: str | None = None) -> Answer:
    headers = {"Authorization": f"Bearer {arm.token if token is None else token}", "Content-Type": "application/json"}
    return arm.raw("POST", f"/batch?api-version={api}", json.dumps({"requests": requests}).encode(), headers)


def responses(answer: Answer) -> list[tuple[str | None, int]]:
    assert answer.status == 200, answer.body
    return [(one.get("name"), one["httpStatusCode"]) for one in answer.body["responses"]]


def test_what_ansibles_inventory_asks_for(arm: LocalAzure, group: Group) -> None:
    vm = f"{S}{group.vm()}"
    answer = batch(
        arm,
        {"httpMethod": "GET", "name": "a", "url": f"https://localhost:{arm.port}{vm}?api-version={COMPUTE}"},
        {"httpMethod": "GET", "name": "b", "url": f"{vm}/instanceView?api-version={COMPUTE}"},
        {"httpMethod": "GET", "name": "c", "url": f"{vm}x?api-version={COMPUTE}"},
        {"httpMethod": "GET", "name": "d", "relativeUrl": f"{vm}?$expand=instanceView&api-version={COMPUTE}"},
        {"httpMethod": "GET", "url": vm},
    )
    assert responses(answer) == [("a", 200), ("b", 200), ("c", 404), ("d", 200), (None, 400)]
    whole, view, missing, inside, unversioned = (one["content"] for one in answer.body["responses"])
    assert whole["name"] == "web1" and "instanceView" not in whole["properties"]
    assert view["statuses"] and inside["properties"]["instanceView"]["statuses"]
    assert missing["error"]["code"] == "ResourceNotFound"
    assert unversioned["error"]["code"] == "MissingApiVersionParameter"


def test_a_part_may_write_and_goes_on_as_an_operation(arm: LocalAzure, group: Group) -> None:
    nsg = f"{group.id}/providers/Microsoft.Network/networkSecurityGroups/nsg?api-version={NETWORK}"
    answer = batch(
        arm,
        {"httpMethod": "PUT", "url": nsg, "content": {"location": "westus"}, "requestHeaderDetails": {"a": "x"}},
        {"httpMethod": "PUT", "url": nsg},
        {"httpMethod": "HEAD", "url": f"{group.id}?api-version={RESOURCES}"},
        api="2020-06-01",
    )
    assert responses(answer) == [(None, 201), (None, 400), (None, 204)]
    first, _, exists = answer.body["responses"]
    assert first["contentLength"] > 100 and first["headers"]["Azure-AsyncOperation"]
    assert "content" not in exists and exists["contentLength"] == 0
    arm.wait(Answer(201, None, first["headers"]))
    made = arm.call("GET", group.network("networkSecurityGroups/nsg")).body
    assert made["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("member", ["headers", "requestHeaderDetails"])
def test_a_condition_is_not_passed_over(arm: LocalAzure, group: Group, member: str) -> None:
    call = {"httpMethod": "PUT", "url": f"{group.id}?api-version={RESOURCES}", "content": {"location": "westus"}}
    answer = batch(arm, {**call, member: {"If-None-Match": "*"}}, {**call, member: {"commandName": "x"}})
    assert responses(answer) == [(None, 400), (None, 200)]
    assert answer.body["responses"][0]["content"]["error"]["code"] == "BatchConditionNotSupportedByLocalAzure"


@pytest.mark.parametrize("url", ["/batch?api-version=2015-11-01", "/metadata/endpoints", "/nowhere?api-version=1", ""])
def test_what_can_be_no_part(arm: LocalAzure, url: str) -> None:
    part, after = batch(arm, {"httpMethod": "POST", "url": url}, {"httpMethod": "GET", "url": GROUPS}).body["responses"]
    assert 400 <= part["httpStatusCode"] < 500 and part["content"]["error"]["code"]
    assert after["httpStatusCode"] == 200


@pytest.mark.parametrize(
    ("count", "api", "status"),
    [(0, "2015-11-01", 400), (500, "2015-11-01", 200), (501, "2015-11-01", 400), (20, "2020-06-01", 200),
     (21, "2020-06-01", 400), (1, "2019-01-01", 400)],
)  # fmt: skip
def test_how_many_calls_a_version_takes(arm: LocalAzure, count: int, api: str, status: int) -> None:
    answer = batch(arm, *[{"url": "/tenants?api-version=2022-12-01"}] * count, api=api)
    assert answer.status == status
    assert status == 400 or len(answer.body["responses"]) == count


@pytest.mark.parametrize("requests", [[1], "x", [{"url": 1}]])
def test_a_batch_of_anything_else_is_refused(arm: LocalAzure, requests: Any) -> None:
    headers = {"Authorization": f"Bearer {arm.token}", "Content-Type": "application/json"}
    answer = arm.raw("POST", "/batch?api-version=2015-11-01", json.dumps({"requests": requests}).encode(), headers)
    assert (answer.status, answer.code) == (400, "InvalidRequestContent")


def test_a_batch_needs_a_token(arm: LocalAzure) -> None:
    assert batch(arm, {"url": GROUPS}, token="x").status == 401


def test_each_part_is_counted_and_may_be_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "behavior.json").write_text('{"throttle": {"sizes": {"reads": {"bucket": 2, "per_minute": 1}}}}')
    slow_arm = LocalAzure(tmp_path, time_scale=1.0)
    slow_arm.on_loop(lambda: slow_arm.cloud.behavior.watch(tmp_path / "behavior.json"))
    answer = batch(slow_arm, *[{"url": GROUPS}] * 3)
    slow_arm.stop()
    assert responses(answer) == [(None, 200), (None, 200), (None, 429)]
    assert int(answer.body["responses"][2]["headers"]["Retry-After"]) > 50


def test_rules_and_denials_meet_the_parts(arm: LocalAzure, behavior: Any) -> None:
    behavior(rules=[{"do": "answer", "status": 503, "code": "Busy", "message": "Not now.", "path": "*/resourcegroups"}])
    answer = batch(arm, {"url": GROUPS}, {"url": "/tenants?api-version=2022-12-01"})
    assert responses(answer) == [(None, 503), (None, 200)]
    behavior(conditions={"denied": [{"action": "Microsoft.Resources/subscriptions/resourceGroups/read"}]})
    assert responses(batch(arm, {"url": GROUPS})) == [(None, 403)]
