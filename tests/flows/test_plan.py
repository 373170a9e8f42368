"""What a create prints of its plan before anything runs is what it then sends: no more, no less, and no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from azure.core.pipeline.transport import RequestsTransport
from flow_cloud import PASSWORD
from plan_text import fits, requests

from azext_dockervm.flow.step import printed
from azext_dockervm.host.create import Creation
from azext_dockervm.secret import REDACTED

ERA = "Canonical:UbuntuServer:18.04-LTS:latest"
RUN_COMMANDS = "Microsoft.Compute/virtualMachines/runCommands"


class Wire:
    """Every write that this process sends, as (method, type, name, body), in order; ``began`` is what was printed by
    the time of the first one."""

    def __init__(self) -> None:
        self.printed: list[dict[str, Any]] = []
        self.writes: list[tuple[str, str, str, Any]] = []
        self.began: list[dict[str, Any]] = []

    def heard(self, request: Any) -> None:
        if request.method not in ("PUT", "PATCH", "DELETE", "POST"):
            return
        if not self.writes:
            self.began = list(self.printed)
        namespace, *way = unquote(urlsplit(request.url).path).partition("/providers/")[2].split("/")
        data = getattr(request, "content", None) or getattr(request, "data", None)
        body = json.loads(data) if data else None
        self.writes.append((request.method, "/".join((namespace, *way[::2])), "/".join(way[1::2]), body))

    def bodies(self, kind: str) -> list[Any]:
        return [body for method, found, _name, body in self.writes if found == kind and method != "DELETE"]


@pytest.fixture
def wire(monkeypatch):
    found, send, plan = Wire(), RequestsTransport.send, Creation.plan

    def sending(self, request, **options):
        found.heard(request)
        return send(self, request, **options)

    def planning(self):
        """Printed from one call, carried out from another: a plan is the same however often it is asked for."""
        found.printed += json.loads(json.dumps(printed(plan(self))))
        return plan(self)

    monkeypatch.setattr(RequestsTransport, "send", sending)
    monkeypatch.setattr(Creation, "plan", planning)
    return found


def leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, (dict, list)):
        for value in tree.values() if isinstance(tree, dict) else tree:
            yield from leaves(value)
    else:
        yield tree


def same(wire: Wire, *otherwise: str) -> None:
    """Every printed request was sent once and with its body, and nothing else was; but for the deletion of the run
    commands, which one step's title tells: their names are those of the requests printed before it."""
    assert wire.began == wire.printed != [], "the plan was printed before anything was sent"
    shown = requests(wire.printed, *otherwise)
    made = sorted(one["name"] for one in shown if one["type"] == RUN_COMMANDS)
    deleted = sorted(name for method, kind, name, _body in wire.writes if (method, kind) == ("DELETE", RUN_COMMANDS))
    assert deleted == made
    assert not made or any(one.get("step") == "delete_run_commands" for one in wire.printed)
    sent = {(method, kind, name): body for method, kind, name, body in wire.writes
            if (method, kind) != ("DELETE", RUN_COMMANDS)}
    assert len(sent) == len(wire.writes) - len(deleted), "sent twice"
    assert {(one["method"], one["type"], one["name"]) for one in shown} == sent.keys() and len(shown) == len(sent)
    for one in shown:
        body = sent[one["method"], one["type"], one["name"]]
        assert fits(one.get("body"), body), (one, body)


def hidden(wire: Wire, *secrets: str) -> None:
    """Sent, and not printed."""
    everything = json.dumps(wire.printed)
    for secret in secrets:
        assert any(secret == leaf for _, _, _, body in wire.writes for leaf in leaves(body)), "it was sent"
        assert secret not in everything
    assert REDACTED in everything


def test_a_host_that_run_commands_set_up(cloud, wire):
    cloud.host("-e", "22", "--tags", "cost=1")
    same(wire)
    hidden(wire, PASSWORD)
    assert len(wire.bodies(RUN_COMMANDS)) == 2


def test_a_host_that_the_extension_sets_up_on_today_s_image(cloud, wire):
    cloud.create("--provisioner", "docker-extension", "-p", PASSWORD).succeeded()
    same(wire)
    protected = wire.bodies("Microsoft.Compute/virtualMachines/extensions")[0]["properties"]["protectedSettings"]
    hidden(wire, PASSWORD, protected["certs"]["key"])


def test_of_two_ways_the_one_that_was_gone(cloud, wire):
    cloud.create("--image", ERA).succeeded()
    same(wire)
    assert len(wire.bodies(RUN_COMMANDS)) == 1 and wire.bodies("Microsoft.Compute/virtualMachines/extensions")


def test_the_second_way_is_printed_too(cloud, wire):
    cloud.behavior(conditions={"extension": [{"type": "DockerExtension", "outcome": "failed"}]})
    made = cloud.create("--image", ERA).succeeded()
    assert made.json["provisioner"] == "run-command"
    same(wire, "remove_extension")


@pytest.mark.parametrize(("shown", "sent", "fit"), [
    ({"a": 1}, {"a": 1}, True), ({"a": 1}, {"a": 2}, False), ({"a": 1}, {"a": 1, "b": 2}, False),
    ({"a": 1, "b": 2}, {"a": 1}, False), ([1, 2], [1], False), ("<a.id>", "x", True), ("<a.id>", "<a.id>", False),
    ("<a.id>", "", False), (REDACTED, "x", True), (REDACTED, REDACTED, False), ("1", 1, False), (True, 1, False)])
def test_what_fits(shown, sent, fit):
    """So that the tests above prove what they say."""
    assert fits(shown, sent) is fit
