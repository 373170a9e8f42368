"""Fault rules at a socket: what a client gets to see, which requests a rule is for, and whether the work was done."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import time
from typing import Any

import pytest
from arm_support import RESOURCES, SUBSCRIPTION, Group, LocalAzure

GROUPS = "/resourcegroups"


class Wire:
    """One connection of a client that reads bytes."""

    def __init__(self, arm: LocalAzure, timeout: float = 5.0) -> None:
        context = ssl.create_default_context(cafile=str(arm.folder / "tls" / "ca.pem"))
        plain = socket.create_connection(("127.0.0.1", arm.port), timeout)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self._token = arm.token

    def send(self, method: str, path: str, body: Any = None) -> None:
        data = json.dumps(body).encode() if body is not None else b""
        self.socket.sendall(
            f"{method} /subscriptions/{SUBSCRIPTION}{path}?api-version={RESOURCES} HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n".encode() + data
        )

    def is_reset(self) -> bool:
        """Whether the connection ends by a reset; asked below TLS, where Python takes one for an end of file."""
        with socket.socket(fileno=os.dup(self.socket.fileno())) as plain:
            plain.settimeout(5)
            try:
                while plain.recv(65536):
                    pass
            except ConnectionResetError:
                return True
        return False

    def read_all(self) -> bytes:
        """Everything until the server ends the connection in good order."""
        found = b""
        while chunk := self.socket.recv(65536):
            found += chunk
        return found


def test_a_reset_is_a_tcp_reset(arm: LocalAzure, behavior: Any) -> None:
    behavior(rules=[{"do": "reset", "path": "*/resourcegroups"}])
    wire = Wire(arm)
    wire.send("GET", GROUPS)
    assert wire.is_reset()


@pytest.mark.parametrize(("do", "when", "made"), [
    ("reset", "before", False), ("reset", "after", True), ("close", "before", False), ("close", "after", True),
    ("silence", "after", True), ("html", "after", True), ("html", "before", False),
])  # fmt: skip
def test_the_work_is_done_before_or_not_at_all(arm: LocalAzure, behavior: Any, do: str, when: str, made: bool) -> None:
    rule = {"do": do, "when": when, "method": "PUT", **({"seconds": 0.1} if do == "silence" else {})}
    behavior(rules=[rule])
    wire = Wire(arm)
    name = f"/resourceGroups/lost-{do}-{when}"
    wire.send("PUT", name, {"location": "westus"})
    if do == "html":
        assert wire.socket.recv(65536).startswith(b"HTTP/1.1 502 Bad Gateway")
    elif do == "reset":
        assert wire.is_reset()
    else:
        assert wire.read_all() == b""
    assert (arm.call("GET", name).status == 200) == made
    arm.call("DELETE", name)


def test_silence_lasts_until_the_client_gives_up(arm: LocalAzure, behavior: Any) -> None:
    behavior(rules=[{"do": "silence", "path": "*/resourcegroups"}])
    wire = Wire(arm, timeout=0.3)
    wire.send("GET", GROUPS)
    with pytest.raises(TimeoutError):
        wire.socket.recv(1)
    wire.socket.close()
    assert arm.call("GET", "/providers").status == 200


def test_silence_ends_when_its_time_is_over(arm: LocalAzure, behavior: Any) -> None:
    behavior(rules=[{"do": "silence", "path": "*/resourcegroups", "seconds": 0.2}])
    wire = Wire(arm)
    wire.send("GET", GROUPS)
    began = time.monotonic()
    assert wire.read_all() == b""
    assert 0.15 < time.monotonic() - began < 3


def test_a_truncated_body_is_shorter_than_its_length_says(arm: LocalAzure, group: Group, behavior: Any) -> None:
    behavior(rules=[{"do": "truncate", "method": "GET"}])
    wire = Wire(arm)
    wire.send("GET", group.path)
    head, _, body = wire.read_all().partition(b"\r\n\r\n")
    length = int(next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")).split()[1])
    assert head.startswith(b"HTTP/1.1 200")
    assert len(body) == length // 2
    with pytest.raises(http.client.IncompleteRead):
        arm.call("GET", group.path)
    behavior(rules=[{"do": "truncate", "method": "GET", "bytes": 3}])
    wire = Wire(arm)
    wire.send("GET", group.path)
    assert len(wire.read_all().partition(b"\r\n\r\n")[2]) == 3


def test_a_proxys_page_is_no_json(arm: LocalAzure, behavior: Any) -> None:
    behavior(rules=[{"do": "html", "status": 503, "path": "*/resourcegroups"}])
    wire = Wire(arm)
    wire.send("GET", GROUPS)
    answer = wire.socket.recv(65536)
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"Content-Type: text/html" in answer
    assert answer.rstrip().endswith(b"</html>")


def test_a_slow_answer_is_whole(arm: LocalAzure, behavior: Any) -> None:
    behavior(rules=[{"do": "slow", "seconds": 0.3, "path": "*/resourcegroups"}])
    began = time.monotonic()
    assert arm.call("GET", GROUPS).status == 200
    assert time.monotonic() - began >= 0.3


def test_an_answer_of_ones_own(arm: LocalAzure, behavior: Any) -> None:
    rule = {"do": "answer", "status": 429, "code": "TooMany", "message": "Later.", "retry_after": 7,
            "headers": {"x-mine": "yes"}, "path": "*/resourcegroups"}  # fmt: skip
    behavior(rules=[rule])
    answer = arm.call("GET", GROUPS)
    assert (answer.status, answer.code, answer.message) == (429, "TooMany", "Later.")
    assert (answer.headers["Retry-After"], answer.headers["x-mine"]) == ("7", "yes")
    assert answer.headers["x-ms-request-id"]
    behavior(rules=[{"do": "answer", "status": 200, "body": {"value": [{"name": "x"}]}}])
    assert arm.call("GET", GROUPS).body == {"value": [{"name": "x"}]}


@pytest.mark.parametrize(("value", "seen"), [("soon", "soon"), (0, "0"), (-5, "-5"), (None, None)])
def test_a_wrong_retry_after(arm: LocalAzure, group: Group, behavior: Any, value: Any, seen: str | None) -> None:
    behavior(rules=[{"do": "retry_after", "value": value, "method": "DELETE"}])
    vnet = group.vnet().rpartition("/subnets")[0]
    answer = arm.call("DELETE", vnet)
    assert answer.status == 202
    assert answer.headers.get("Retry-After") == seen
    assert "retry-after-ms" not in answer.headers
    behavior()


def statuses(arm: LocalAzure, number: int, *path: str) -> list[int]:
    return [arm.call("GET", *(path or (GROUPS,))).status for _ in range(number)]


def test_which_of_the_requests(arm: LocalAzure, behavior: Any) -> None:
    rule = {"do": "answer", "status": 418}
    behavior(rules=[{**rule, "nth": 2}])
    assert statuses(arm, 4) == [200, 418, 200, 200]
    behavior(rules=[{**rule, "every": 2}])
    assert statuses(arm, 4) == [200, 418, 200, 418]
    behavior(rules=[{**rule, "times": 2}])
    assert statuses(arm, 4) == [418, 418, 200, 200]
    behavior(rules=[{**rule, "every": 2, "times": 1}])
    assert statuses(arm, 4) == [200, 418, 200, 200]


@pytest.mark.parametrize(("match", "fits"), [
    ({"method": "GET"}, True), ({"method": ["put", "get"]}, True), ({"method": "PUT"}, False),
    ({"path": "*/RESOURCEGROUPS"}, True), ({"path": "/subscriptions/*"}, True), ({"path": "*/providers"}, False),
    ({"type": "Microsoft.Resources/subscriptions/resourceGroups"}, True), ({"type": "Microsoft.Compute/*"}, False),
    ({"api_version": RESOURCES}, True), ({"api_version": "2019-*"}, False),
    ({"header": {"Authorization": "bearer *"}}, True), ({"header": {"x-absent": "?*"}}, False),
])  # fmt: skip
def test_what_a_rule_is_for(arm: LocalAzure, behavior: Any, match: dict[str, Any], fits: bool) -> None:
    behavior(rules=[{"do": "answer", "status": 418, **match}])
    assert arm.call("GET", GROUPS).status == (418 if fits else 200)


def test_the_first_rule_that_applies_counts(arm: LocalAzure, behavior: Any) -> None:
    behavior(rules=[{"do": "answer", "status": 418, "nth": 1}, {"do": "answer", "status": 503}])
    assert statuses(arm, 2) == [418, 503]


def test_a_rule_for_everything_leaves_status_alone(arm: LocalAzure, behavior: Any) -> None:
    behavior(rules=[{"do": "reset"}])
    assert arm.raw("GET", "/metadata/endpoints").status == 200
