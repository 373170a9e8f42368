"""What no client of Azure sends: the answer is an error of the service's, never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from arm_support import SUBSCRIPTION, TENANT, Group, LocalAzure

GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourcegroups"
# The server does not go on with a connection on which it could not read a body.
JSON = {"Content-Type": "application/json", "Connection": "close"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({**JSON, "Content-Encoding": "gzip"}, b"abcde"),
        (JSON, b'{"properties":' * 200 + b"{}" + b"}" * 200),
        (JSON, b"[" * 100_000),
    ],
    ids=["no gzip", "deep", "very deep"],
)
def test_bodies_that_can_not_be_read(arm: LocalAzure, headers: dict[str, str], body: bytes) -> None:
    answer = arm.raw("PUT", f"{GROUPS}/x?api-version=2024-11-01", body,
                     {"Authorization": f"Bearer {arm.token}", **headers})  # fmt: skip
    assert (answer.status, answer.code) == (400, "InvalidRequestContent")


def test_a_form_in_an_unknown_character_set(arm: LocalAzure) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=bogus"}
    assert arm.raw("POST", f"/{TENANT}/oauth2/v2.0/token", b"a=b", kind).status == 400


@pytest.mark.parametrize("token", ["WzFlNDAwLCAiIl0=", "W10=", "%C3%A9", "bnVsbA=="])
def test_skip_tokens_of_nobody(arm: LocalAzure, token: str) -> None:
    answer = arm.raw("GET", f"{GROUPS}?api-version=2024-11-01&$skiptoken={token}",
                     headers={"Authorization": f"Bearer {arm.token}"})  # fmt: skip
    assert (answer.status, answer.code) == (400, "InvalidSkipToken")


def test_tokens_beyond_ascii(arm: LocalAzure) -> None:
    answer = arm.raw("GET", f"{GROUPS}?api-version=2024-11-01", headers={"Authorization": "Bearer \xff.\xfe.x"})
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationToken")


def test_a_path_with_a_line_of_its_own_is_answered_as_others_and_logged_as_one(arm: LocalAzure, caplog: Any) -> None:
    caplog.set_level("INFO")
    answer = arm.raw("GET", f"{GROUPS}/a%0d%0aFORGED%20LINE?api-version=2024-11-01",
                     headers={"Authorization": f"Bearer {arm.token}"})  # fmt: skip
    assert (answer.status, answer.code) == (404, "ResourceGroupNotFound")
    assert "FORGED" in caplog.text
    assert not any("\n" in record.getMessage() for record in caplog.records)


def test_a_number_that_is_none_in_the_time_of_a_signature(group: Group) -> None:
    vm = group.vm()
    answer = group.arm.call("POST", f"{vm}/retrieveBootDiagnosticsData", {}, sasUriExpirationTimeInMinutes="²")
    assert answer.status == 400, json.dumps(answer.body)
