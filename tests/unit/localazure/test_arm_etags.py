"""Etags: they change with each write, and conditional writes are refused in the service's words."""

from __future__ import annotations

from arm_support import SUBSCRIPTION, Answer, Group, LocalAzure, rule


def _call(arm: LocalAzure, method: str, path: str, body: object = None, **headers: str) -> Answer:
    import json

    url = f"/subscriptions/{SUBSCRIPTION}{path}?api-version=2025-07-01"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = json.dumps(body).encode() if body is not None else None
    common = {"Authorization": f"Bearer {arm.token}", "Content-Type": "application/json"}
    return arm.raw(method, url, data, {**common, **named})


def test_a_read_says_its_etag_twice_and_a_write_changes_it(arm: LocalAzure, group: Group) -> None:
    group.nsg()
    path = group.network("networkSecurityGroups/nsg")
    before = arm.call("GET", path)
    assert before.headers["ETag"] == before.body["etag"]
    assert before.body["etag"].startswith('W/"')
    assert arm.call("GET", path).body["etag"] == before.body["etag"]
    arm.call("PATCH", path, {"tags": {"a": "b"}})
    assert arm.call("GET", path).body["etag"] != before.body["etag"]


def test_if_match_lets_a_write_through_only_when_nobody_wrote_meanwhile(arm: LocalAzure, group: Group) -> None:
    group.nsg()
    path = group.network("networkSecurityGroups/nsg")
    etag = arm.call("GET", path).body["etag"]
    assert _call(arm, "PATCH", path, {"tags": {"a": "1"}}, If_Match=etag).status == 200
    refused = _call(arm, "PATCH", path, {"tags": {"a": "2"}}, If_Match=etag)
    assert (refused.status, refused.code, refused.message) == (412, "PreconditionFailed", "Precondition failed.")
    (detail,) = refused.body["error"]["details"]
    assert detail["code"] == "PreconditionFailedEtagMismatch"
    now = arm.call("GET", path).body
    assert detail["message"].startswith(
        f"Etag provided in if-match header {etag} does not match etag {now['etag']} of resource "
    )
    assert now["tags"] == {"a": "1"}
    assert _call(arm, "DELETE", path, If_Match=etag).status == 412
    assert _call(arm, "DELETE", path, If_Match="*").status == 202


def test_the_etag_may_come_without_its_mark_of_weakness(arm: LocalAzure, group: Group) -> None:
    group.nsg()
    path = group.network("networkSecurityGroups/nsg")
    etag = arm.call("GET", path).body["etag"].removeprefix("W/")
    assert _call(arm, "PATCH", path, {"tags": {}}, If_Match=etag).status == 200


def test_if_none_match_makes_but_does_not_replace(arm: LocalAzure, group: Group) -> None:
    path, body = group.network("networkSecurityGroups/new"), {"location": "westus"}
    assert _call(arm, "PUT", path, body, If_Match="*").status == 412
    made = _call(arm, "PUT", path, body, If_None_Match="*")
    assert made.status == 201
    arm.wait(made)
    assert _call(arm, "PUT", path, body, If_None_Match="*").code == "PreconditionFailed"


def test_a_child_has_its_parents_etag(arm: LocalAzure, group: Group) -> None:
    group.nsg("nsg", rule("a", 1000, "22"))
    path = group.network("networkSecurityGroups/nsg/securityRules/a")
    etag = arm.call("GET", path).body["etag"]
    written = _call(arm, "PUT", path, rule("a", 1001, "22"), If_Match=etag)
    assert written.status == 200
    arm.wait(written)
    assert _call(arm, "PUT", path, rule("a", 1002, "22"), If_Match=etag).status == 412
    assert _call(arm, "PUT", path, rule("a", 1002, "22"), If_None_Match="*").status == 412
    other = group.network("networkSecurityGroups/nsg/securityRules/b")
    assert _call(arm, "PUT", other, rule("b", 1003, "23"), If_None_Match="*").status == 201
