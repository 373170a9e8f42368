"""What the picture shows, row by row."""

from __future__ import annotations

import pytest
from made_up_trace import COMPUTE, GROUP, NETWORK, OPERATION, MadeUp, create

from azext_dockervm.flow.trace import FAILED, STOPPED, Span
from azext_dockervm.output.timeline.rows import Bar, merged, picture, result, seconds, short


def only(made, ended=10.0):
    (group,) = picture(made.over(ended)).groups
    return group


def times(row):
    return [(bar.look, bar.begin, bar.end) for bar in row.bars]


# Steps


def test_steps_come_in_the_order_in_which_they_began_with_their_lengths():
    made = MadeUp()
    made.step("b", 2.0, 5.5)
    made.step("a", 0.0, 2.0)
    shown = picture(made.over(10.0))
    assert [(group.head.label, group.head.note, group.before) for group in shown.groups] == [
        ("title of a", "2.0 s", None), ("title of b", "3.5 s", 0)]
    assert (shown.end, shown.way) == (10.0, (0, 1)) and all(group.is_critical for group in shown.groups)


def test_a_step_beside_the_critical_path_looks_otherwise():
    made = MadeUp()
    made.step("a", 0.0, 2.0)
    made.step("b", 0.0, 5.5)
    shown = picture(made.over(10.0))
    assert [group.head.bars[0].look for group in shown.groups] == ["step", "critical"]
    assert [group.is_critical for group in shown.groups] == [False, True]


@pytest.mark.parametrize(("outcome", "why", "told"), [
    (FAILED, "SkuNotAvailable", "failed: SkuNotAvailable"), (FAILED, "", "failed"), (STOPPED, "", "stopped")])
def test_a_step_that_failed_says_why(outcome, why, told):
    made = MadeUp()
    made.step("a", 0.0, 2.0, outcome=outcome, why=why)
    group = only(made)
    assert (group.why, group.head.note, group.head.bars[0].look) == (told, "2.0 s ✗", "failed")
    assert told in group.head.bars[0].hover


def test_a_step_at_work_lasts_until_the_end():
    made = MadeUp()
    made.step("a", 4.0, None)
    group = only(made)
    assert (group.why, times(group.head)) == ("had not ended", [("failed", 4.0, 10.0)])


def test_a_step_tells_what_it_needed_and_for_whom_it_waited():
    made = MadeUp()
    made.step("public_ip", 0.0, 1.0)
    made.step("vm", 1.0, 2.0, needs=("network_interface", "public_ip"), after="public_ip")
    hover = picture(made.over(10.0)).groups[1].head.bars[0].hover.splitlines()
    assert hover == ["title of vm", "from 1.0 s to 2.0 s: 1.0 s", "needs: network interface, public ip",
                     "began when this ended: title of public_ip", "on the critical path"]


def test_what_only_hands_on_is_not_shown_and_who_waited_for_it_waited_for_what_came_before():
    made = MadeUp()
    made.step("a", 0.0, 2.0)
    made.step("handed_on", 2.0, 2.005, after="a", quiet=True)
    made.step("b", 2.01, 5.0, after="handed_on")
    shown = picture(made.over(10.0))
    assert [(group.head.label, group.before) for group in shown.groups] == [("title of a", None), ("title of b", 0)]


@pytest.mark.parametrize("what", ["long", "failed", "loud", "asks", "waits", "hangs"])
def test_a_quiet_step_that_matters_is_shown(what):
    made = MadeUp()
    ended = {"long": 0.02, "hangs": None}.get(what, 0.005)
    step = made.step("a", 0.0, ended, quiet=what != "loud", **({"outcome": FAILED} if what == "failed" else {}))
    if what == "asks":
        made.call(step, 0.0, 0.001)
    if what == "waits":
        made.pause(step, 0.0, 0.001)
    assert only(made).head.label == "title of a"


# Calls


def test_calls_of_one_request_share_a_row_with_the_pauses_after_them():
    made = MadeUp()
    step = made.step("a", 0.0, 5.0)
    made.call(step, 0.0, 1.0, method="PUT", status=201)
    made.call(step, 1.0, 1.1, OPERATION)
    made.pause(step, 1.1, 3.0)
    made.call(step, 3.0, 3.1, OPERATION, version="2023-09-01")
    put, polls = only(made).calls
    assert (put.label, put.note, times(put)) == ("PUT virtualMachines/web1", "", [("call", 0.0, 1.0)])
    assert (polls.label, polls.note) == ("GET operation of Microsoft.Compute", "×2")
    assert times(polls) == [("pause", 1.1, 3.0), ("call", 1.0, 1.1), ("call", 3.0, 3.1)]
    assert polls.hover == f"GET {OPERATION}\napi-version 2024-11-01, 2023-09-01"
    assert polls.bars[0].hover == "pause of 1.9 s" and put.bars[0].hover == "PUT: HTTP 201\nfrom 0.00 s on, 1.0 s long"


def test_pauses_without_a_call_have_a_row_of_their_own():
    made = MadeUp()
    step = made.step("a", 0.0, 5.0)
    made.pause(step, 0.5, 1.0)
    made.call(step, 1.0, None)
    made.pause(step, 2.0, None)
    rows = only(made).calls
    assert [row.label for row in rows] == ["GET virtualMachines/web1", "pauses"]
    assert times(rows[0]) == [("call", 1.0, 10.0)] and times(rows[1]) == [("pause", 0.5, 1.0), ("pause", 2.0, 10.0)]


@pytest.mark.parametrize(("method", "status", "outcome", "look"), [
    ("GET", 200, "done", "call"), ("GET", 404, "done", "call"), ("PUT", 404, "done", "refused"),
    ("GET", 403, "done", "refused"), ("PUT", 409, "done", "refused"), ("GET", 429, "done", "refused"),
    ("GET", 503, "done", "refused"), ("GET", None, FAILED, "refused"), ("GET", None, STOPPED, "refused"),
    ("TLS", None, "done", "call"), ("PATCH", 399, "done", "call"), ("PATCH", 400, "done", "refused")])
def test_what_was_refused_looks_otherwise(method, status, outcome, look):
    made = MadeUp()
    made.call(made.step("a", 0.0, 5.0), 1.0, 2.0, method=method, status=status, outcome=outcome)
    assert only(made).calls[0].bars[0].look == look


@pytest.mark.parametrize(("more", "told"), [
    ({"status": 429, "attempt": 3}, "GET: HTTP 429\nfrom 1.0 s on, 1.0 s long\nattempt 3"),
    ({"status": None, "outcome": FAILED, "why": "refused"}, "GET: no answer (refused)\nfrom 1.0 s on, 1.0 s long"),
    ({"status": None}, "GET: answered\nfrom 1.0 s on, 1.0 s long")])
def test_a_call_tells_what_came_of_it(more, told):
    made = MadeUp()
    made.call(made.step("a", 0.0, 5.0), 1.0, 2.0, **more)
    assert only(made).calls[0].bars[0].hover == told


def test_calls_of_no_step_come_last():
    made = MadeUp()
    made.call(None, 0.5, 0.6)
    made.step("a", 1.0, 2.0)
    groups = picture(made.over(10.0)).groups
    assert [(group.head.label, len(group.head.bars), len(group.calls), group.before) for group in groups] == [
        ("title of a", 1, 0, None), ("between the steps", 0, 1, None)]


@pytest.mark.parametrize(("path", "told"), [
    (f"{NETWORK}/networkSecurityGroups/web1NSG", "networkSecurityGroups/web1NSG"),
    (f"{COMPUTE}/virtualMachines/web1/runCommands/x", "virtualMachines/web1/runCommands/x"),
    (OPERATION, "operation of Microsoft.Compute"), (GROUP, "resourceGroups/demo"),
    ("/subscriptions/…/providers/Microsoft.Compute", "Microsoft.Compute"),
    ("web1.example:4243", "web1.example:4243"), ("/subscriptions/…/operationresults/…", "operationresults/…")])
def test_a_path_is_told_in_short(path, told):
    assert short(path) == told


# States


def test_a_state_lasts_until_the_next_one_of_the_same():
    made = MadeUp()
    for at, who, text in ((1.0, "door", "waiting"), (2.0, "engine", "refused"), (4.0, "door", "installing")):
        made.state(at, who, text)
    door, engine = picture(made.over(10.0)).states
    assert (door.label, times(door)) == ("door", [("state odd", 1.0, 4.0), ("state even", 4.0, 10.0)])
    assert [bar.text for bar in door.bars] == ["waiting", "installing"] and times(engine) == [("state odd", 2.0, 10.0)]
    assert door.bars[0].hover == "door: waiting, from 1.0 s to 4.0 s"


# The whole


def test_a_command_that_did_nothing_has_a_picture_too():
    shown = picture(MadeUp().over(0.0))
    assert (shown.groups, shown.states, shown.way) == ((), (), ()) and shown.end > 0


def test_what_ends_after_the_command_is_in_the_picture():
    made = MadeUp()
    made.step("a", 0.0, 12.0)
    assert picture(made.over(10.0)).end == 12.0


def test_control_characters_are_told_and_not_obeyed():
    made = MadeUp()
    step = made.step("a", 0.0, 1.0, title="the VM 'a\x1b[31m\x00'")
    made.call(step, 0.0, 1.0, "/x\u202e\ud800")
    made.state(0.5, "do\x07or", "ope\nn")
    everything = repr(picture(made.over(10.0)))
    assert "\\\\x1b[31m\\\\x00" in everything and everything.isprintable()
    assert not any(one in everything for one in ("\x1b", "\x07", "\u202e", "\ud800"))


@pytest.mark.parametrize(("span", "told"), [
    (Span(began=0.0, ended=79.0, outcome="done"), "done in 79 s"),
    (Span(began=0.0, ended=5.0, outcome=FAILED, why="SkuNotAvailable"), "failed after 5.0 s: SkuNotAvailable"),
    (Span(began=0.0, ended=5.0, outcome=STOPPED), "stopped after 5.0 s")])
def test_how_it_ended(span, told):
    assert result(span) == told


@pytest.mark.parametrize(("value", "told"), [
    (0, "0.00 s"), (0.126, "0.13 s"), (1, "1.0 s"), (9.96, "10.0 s"), (10, "10 s"), (119.4, "119 s"),
    (119.6, "2 min 00 s"), (168.4, "2 min 48 s"), (3600, "60 min 00 s")])
def test_seconds_as_people_say_them(value, told):
    assert seconds(value) == told


def test_a_step_s_length_stands_beside_it_in_seconds():
    made = MadeUp()
    made.step("a", 0.0, 168.4)
    head = only(made, 200.0).head
    assert head.note == "168 s" and "2 min 48 s" in head.hover


# Bars that no eye could tell apart


def bar(begin, end, look="call"):
    return Bar(begin, end, look, f"from {begin}")


def test_bars_that_touch_become_one_and_say_how_many_they_are():
    found = merged([bar(0, 1), bar(1.2, 2), bar(5, 6), bar(1.5, 1.6)], 0.5)
    assert [(one.begin, one.end) for one in found] == [(0, 2), (5, 6)]
    assert found[0].hover == "3 of these, the first:\nfrom 0" and found[1].hover == "from 5"


def test_bars_of_other_looks_stay_apart():
    found = merged([bar(0, 1), bar(1, 2, "pause"), bar(2, 3), bar(2.9, 4, "refused"), bar(3, 4, "refused")], 1.5)
    assert [(one.look, one.begin, one.end) for one in found] == [
        ("call", 0, 3), ("pause", 1, 2), ("refused", 2.9, 4)]


def test_a_create_of_an_hour_is_not_a_bar_a_poll():
    trace = create(polls=0.05)
    polls = next(row for group in picture(trace).groups for row in group.calls if len(row.bars) > 1000)
    assert len(merged(polls.bars, 0.2)) < 500
