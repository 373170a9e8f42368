"""Random calls of every route, with a fixed seed: whatever comes, the answer is the service's and never a 5xx."""

from __future__ import annotations

import json
import random
import socket
import ssl
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from arm_support import SUBSCRIPTION, TENANT, Group, LocalAzure, rule
from conftest import Restartable
from test_arm_galleries import Gallery, template

from localazure.protocol import versions
from localazure.protocol.router import Route
from localazure.providers.routes import all_routes

SEED = 20140605
ROUNDS = 6
WORDS = ["", " ", "x", "..", ".", "%2f", "a/b", "\x00", "é", "\U0001f600", "x" * 300, "-1", "null", "'", '"', "$", "{}"]
NAMES = ["vnet", "nsg", "ip", "nic", "web1", "default", "westus", "Microsoft.Compute", "nosuch", "latest"]
REAL = {"vnet": "vnet", "subnet": "default", "nsg": "nsg", "publicip": "ip", "nic": "nic", "vm": "web1",
        "namespace": "Microsoft.Compute", "location": "westus", "subscription": SUBSCRIPTION,
        "tenant": TENANT, "gallery": "own", "image": "host", "version": "1.0.0", "key": "key", "disk": "data",
        "set": "set", "placement": "placement", "asg": "asg", "command": "command", "feature": "EncryptionAtHost",
         "rule": "rule", "encryption": "keys", "schedule": "shutdown-computevm-web1",
         "natgateway": "nat"}  # fmt: skip
QUERIES = ["$filter", "$expand", "$top", "$skiptoken", "$orderby", "statusOnly", "monitor", "forceDeletion", "location"]
MEMBERS = ["location", "tags", "properties", "sku", "zones", "identity", "id", "name", "operation", "value"]


class Junk:
    """Values, texts and bodies by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def word(self) -> str:
        return self.chance.choice(WORDS)

    def value(self, depth: int = 0) -> Any:
        kind = self.chance.randrange(9 if depth < 4 else 6)
        if kind == 6:
            return [self.value(depth + 1) for _ in range(self.chance.randrange(3))]
        if kind >= 7:
            return {self.chance.choice([*MEMBERS, self.word()]): self.value(depth + 1) for _ in range(2)}
        return [None, True, self.chance.randrange(-(2**40), 2**40), 1.5, self.word(), "westus"][kind]

    def parameter(self, name: str, group: str) -> str:
        real = group if name == "group" else REAL.get(name)
        if real and self.chance.random() < 0.9:
            return real
        return self.chance.choice(NAMES) if self.chance.random() < 0.6 else self.word()

    def path(self, route: Route, group: str) -> str:
        pattern = route.pattern
        if pattern.startswith("{scope}"):
            at = f"/subscriptions/{SUBSCRIPTION}"
            scopes = ["", at, f"{at}/resourceGroups/{group}", "/x", f"{at}/resourceGroups/{group}/providers/a/b/c",
                      f"{at}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/vnet"]
            pattern = self.chance.choice(scopes) + pattern.removeprefix("{scope}")
        parts = [
            quote(self.parameter(part[1:-1], group), safe="") if part.startswith("{") else part
            for part in pattern.split("/")
        ]
        return "/".join(parts)

    def query(self, route: Route) -> str:
        known = versions.of_type(route.kind) if route.kind else ["2024-11-01"]
        pairs = [("api-version", self.chance.choice(known))]
        for _ in range(self.chance.randrange(3)):
            value = self.word() if self.chance.random() < 0.5 else str(self.value())
            pairs.append((self.chance.choice(QUERIES), value))
        return urlencode(pairs)

    def body(self) -> bytes:
        if self.chance.random() < 0.1:
            return self.chance.choice([b"{", b"[]", b"null", b"\xff\xfe", b"1", b'{"a": "\\ud800"}'])
        members = {name: self.value() for name in self.chance.sample(MEMBERS, 3)}
        return json.dumps({"location": "westus", **members}).encode()


def _make_the_rest(group: Group) -> None:
    """One of each smaller type, by the names in REAL."""
    arm, place = group.arm, {"location": "westus"}
    disk = {**place, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4}}
    script = {**place, "properties": {"source": {"script": "true"}}}
    for path, body in (
        ("sshPublicKeys/key", place), ("disks/data", disk), ("proximityPlacementGroups/placement", place),
        ("availabilitySets/set", {**place, "sku": {"name": "Aligned"}}),
        ("virtualMachines/web1/runCommands/command", script),
    ):  # fmt: skip
        arm.done("PUT", group.compute(path), body)
    arm.done("PUT", group.network("applicationSecurityGroups/asg"), place)
    arm.done("PUT", group.network("natGateways/nat"), place)
    arm.done("PUT", group.network("networkSecurityGroups/nsg/securityRules/rule"), rule("rule", 1000, "22"))
    arm.done("PUT", f"{group.path}/providers/Microsoft.DevTestLab/schedules/shutdown-computevm-web1", {
        **place, "properties": {
            "taskType": "ComputeVmShutdownTask", "targetResourceId": group.id_of(group.compute("virtualMachines/web1")),
            "dailyRecurrence": {"time": "1900"}, "timeZoneId": "UTC"}}, api="2018-09-15")  # fmt: skip
    Gallery(group).published()
    source = {"sourceVirtualMachine": {"id": template(group, "other")}}
    arm.done("PUT", group.compute("images/host"), {**place, "properties": source})


def test_most_types_are_there_to_be_hit() -> None:
    names = {part[1:-1] for one in all_routes() for part in one.pattern.split("/") if part.startswith("{")}
    # What has its values from a list, or is made by the calls themselves.
    elsewhere = {
        "scope", "group", "name", "id", "vmid", "blob", "operation", "tag", "value", "publisher", "offer", "sku",
        "type", "assignment", "role", "lock", "identity", "deployment", "configuration", "extension", "peering",
        "plan",
    }  # fmt: skip
    assert names - elsewhere - set(REAL) == set()
    assert set(REAL) <= names


@pytest.mark.long
@pytest.mark.parametrize("number", range(ROUNDS))
def test_random_calls_of_every_route_are_answered(
    instance: Restartable, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    arm = instance.arm
    group = Group(arm)
    nic = group.nic(group.vnet(), public_ip=group.public_ip(), nsg=group.nsg())
    arm.done("PUT", group.compute("virtualMachines/web1"), group.vm_body(nic))
    _make_the_rest(group)
    junk = Junk(SEED + number)
    routes = all_routes()
    junk.chance.shuffle(routes)
    headers = {"Authorization": f"Bearer {arm.token}"}
    for route in sorted(routes, key=lambda one: one.method == "DELETE"):
        path = f"{junk.path(route, group.name)}?{junk.query(route)}"
        sends = route.method in ("PUT", "PATCH", "POST")
        kind = {"Content-Type": "application/x-www-form-urlencoded" if route.open else "application/json"}
        extra = {"If-Match": junk.word().strip("\x00") or "*"} if junk.chance.random() < 0.1 else {}
        named = {name: value.encode() if value else "*" for name, value in extra.items()}
        answer = arm.raw(route.method, path, junk.body() if sends else None, {**headers, **kind, **named})
        assert answer.status < 500, (route.method, path, answer.body)
        if answer.status >= 400 and route.method != "HEAD":
            assert isinstance(answer.body, bytes) or answer.body["error"], (route.method, path)
    assert " broke" not in caplog.text
    # Nothing is damaged: the server starts again on what it has written, and still answers.
    again = instance.restart()
    assert again.call("GET", "/resourceGroups").status == 200
    for one in again.call("GET", "/resources").body["value"]:
        assert one["id"].startswith(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/")


def _say(arm: LocalAzure, data: bytes) -> bytes:
    """What the server answers to these bytes, to its end."""
    context = ssl.create_default_context(cafile=str(arm.folder / "tls" / "ca.pem"))
    with socket.create_connection(("localhost", arm.port), timeout=10) as plain, context.wrap_socket(
        plain, server_hostname="localhost"
    ) as connection:
        connection.sendall(data)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


@pytest.mark.parametrize(
    "target",
    [b"/subscriptions/\xff\xfe", b"/%ff%fe", b"/%", b"/%zz", b"//subscriptions//", b"/subscriptions/../../etc/passwd",
     b"/subscriptions/%00", b"/" + b"a/" * 3000, b"/" + b"x" * 20_000, b"*", b"http://elsewhere/subscriptions",
     b"/subscriptions/%2e%2e/%2e%2e", b"/subscriptions?api-version=2022-12-01&a=%ff%00", b"/?" + b"&" * 2000],
)  # fmt: skip
@pytest.mark.parametrize("method", [b"GET", b"PUT", b"BREW", b"OPTIONS", b"TRACE", b"CONNECT"])
def test_strange_request_lines_end_in_a_refusal(arm: LocalAzure, method: bytes, target: bytes) -> None:
    head = b"%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n"
    answer = _say(arm, head % (method, target, arm.token.encode()) + b"Content-Length: 0\r\n\r\n")
    status = int(answer.split(b" ", 2)[1])
    assert 200 <= status < 500, answer[:300]
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "data",
    [b"\x16\x03\x01", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 100,
     b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\nX: \x00\r\n\r\n",
     b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
)  # fmt: skip
def test_what_is_no_http_is_turned_away_and_the_next_call_is_answered(arm: LocalAzure, data: bytes) -> None:
    answer = _say(arm, data)
    assert not answer or 400 <= int(answer.split(b" ", 2)[1]) < 500
    assert arm.call("GET", "/resourceGroups").status == 200
