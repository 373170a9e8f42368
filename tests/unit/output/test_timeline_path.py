"""Which step waited for which, and the way that was as long as the command."""

from __future__ import annotations

import pytest
from made_up_trace import MadeUp, create

from azext_dockervm.output.timeline.path import critical, waited_for


def waits(made):
    steps = made.trace.steps
    return {step.key: None if index is None else steps[index].key
            for step, index in zip(steps, waited_for(steps), strict=True)}


def way(trace):
    return [trace.steps[index].key for index in critical(trace.steps, waited_for(trace.steps))]


def test_a_step_waited_for_whom_the_plan_names_though_another_ended_later():
    made = MadeUp()
    made.step("a", 0, 5)
    made.step("b", 0, 7)
    made.step("c", 7.1, 8, after="a")
    assert waits(made) == {"a": None, "b": None, "c": "a"}


def test_the_first_steps_of_a_plan_waited_for_what_ended_last_before_it():
    made = MadeUp()
    made.step("look", 0, 2)
    made.step("short", 0, 1)
    made.step("first", 3, 9)
    made.step("beside", 3, 4)
    assert waits(made) == {"look": None, "short": None, "first": "look", "beside": "look"}


def test_what_seems_to_begin_before_the_end_that_let_it_begin_did_not():
    made = MadeUp()
    made.step("a", 0, 2)
    made.step("b", 1.997, 3)
    made.step("c", 1.99, 3)
    assert waits(made) == {"a": None, "b": "a", "c": None}


def test_of_steps_with_one_key_the_latest_is_meant():
    made = MadeUp()
    for began, key, after in ((0, "set_up", None), (2, "remove", "set_up"), (4, "set_up", "remove"),
                              (6, "proof", "set_up")):
        made.step(key, began, began + 2, after=after)
    assert waited_for(made.trace.steps) == [None, 0, 1, 2]


def test_a_key_that_nobody_has_is_no_reason_to_fail():
    made = MadeUp()
    made.step("a", 0, 1)
    made.step("b", 2, 3, after="unknown")
    assert waited_for(made.trace.steps) == [None, 0]


def test_the_critical_path_leads_to_what_ended_last():
    assert way(create()) == ["prepare", "authority", "virtual_network", "network_interface", "vm", "provisioned",
                             "request", "proof"]


def test_what_still_is_at_work_is_what_the_command_waited_for():
    made = MadeUp()
    made.step("a", 0, 1)
    made.step("b", 1, 9, after="a")
    made.step("hangs", 1, None, after="a")
    assert way(made.trace) == ["a", "hangs"]


@pytest.mark.parametrize("number", [0, 1])
def test_few_steps_are_no_reason_to_fail(number):
    made = MadeUp()
    for _ in range(number):
        made.step("a", 0, 1)
    assert critical(made.trace.steps, waited_for(made.trace.steps)) == list(range(number))
