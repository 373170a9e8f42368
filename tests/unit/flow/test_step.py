"""Steps: what comes before them, and how a plan is printed before it runs."""

from __future__ import annotations

import json

from azext_dockervm.flow.request import Ref, Request
from azext_dockervm.flow.step import DEADLINE, Alternative, Step, printed, steps_of
from azext_dockervm.secret import Secret


def nothing(_results, _deadline):
    return None


def put(key, body=None, **more):
    return Step(key, f"create {key}", nothing, Request("PUT", "Microsoft.Network/thing", "demo", (key,), body), **more)


def read(key, **more):
    return Step(key, f"read {key}", nothing, **more)


def alternative(first, second):
    return Alternative(tuple(first), tuple(second), lambda _error: None)


def test_a_step_waits_for_what_its_request_refers_to_and_for_what_it_names():
    step = put("nic", {"a": Ref("subnet", "id"), "b": [Ref("public_ip", "id")], "c": Ref(DEADLINE)},
               needs=("authority", "subnet"))
    assert step.waits_for == {"subnet", "public_ip", "authority"}, "the deadline is nobody's result"
    assert read("group", needs=("authority",)).waits_for == {"authority"}
    assert read("group").waits_for == set() == put("group").waits_for


def test_all_steps_are_those_of_both_ways():
    plan = [read("a"), alternative([read("b"), read("c")], [read("d")]), read("e")]
    assert [step.key for step in steps_of(plan)] == ["a", "b", "c", "d", "e"]


def test_a_printed_step_tells_title_order_and_request():
    step = put("nic", {"subnet": Ref("subnet", "id"), "password": Secret("Very-secret-1")}, needs=("authority",))
    assert printed([step]) == [{
        "step": "nic", "title": "create nic", "after": ["authority", "subnet"], "request": {
            "method": "PUT", "type": "Microsoft.Network/thing", "name": "nic",
            "body": {"subnet": "<subnet.id>", "password": "<redacted>"}}}]


def test_a_step_that_only_reads_has_no_request():
    assert printed([read("group")]) == [{"step": "group", "title": "read group", "after": []}]
    assert read("group").undo is None, "and nothing to undo"


def test_of_an_alternative_both_ways_are_printed():
    [found] = printed([alternative([put("a")], [put("b"), put("c")])])
    assert [one["step"] for one in found["first"]] == ["a"]
    assert [one["step"] for one in found["otherwise"]] == ["b", "c"]


def test_a_quiet_step_is_printed_only_where_it_writes():
    notes, writes = read("notes", quiet=True), put("writes", quiet=True)
    assert [one["step"] for one in printed([notes, writes])] == ["writes"]
    [both] = printed([alternative([notes, writes], [writes, notes])])
    assert [one["step"] for one in both["first"]] == [one["step"] for one in both["otherwise"]] == ["writes"]


def test_a_printed_plan_is_json():
    plan = [put("a", {"b": Ref("b", "id", via=len)}), alternative([put("b")], [read("b")])]
    assert json.loads(json.dumps(printed(plan))) == printed(plan)
