"""Steps: order, parallelism, what a failure leaves to undo, Ctrl-C, deadlines."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from azext_dockervm.errors import AzureRefused, DeadlinePassed, HostFailed, Interrupted
from azext_dockervm.output.progress import Silent
from azext_dockervm.plan.deadline import Deadline
from azext_dockervm.plan.execute import PlanFailed, execute, undo
from azext_dockervm.plan.step import Step


def run(steps, deadline=None):
    return execute(steps, Silent(), deadline or Deadline(10))


@pytest.fixture
def ctrl_c():
    """A shell that starts the tests in the background has SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_step_gets_the_results_of_those_it_needs():
    steps = [Step("sum", "add", lambda r: r["a"] + r["b"], ("a", "b")),
             Step("a", "one", lambda _r: 1), Step("b", "two", lambda _r: 2)]
    assert run(steps)["sum"] == 3


def test_what_is_ready_runs_side_by_side():
    both = threading.Barrier(2, timeout=5)      # breaks unless two steps wait at it at once
    run([Step("a", "a", lambda _r: both.wait()), Step("b", "b", lambda _r: both.wait())])


def test_after_a_failure_nothing_new_begins_and_what_began_is_named():
    def fail(_results):
        raise HostFailed("broken")

    def late(_results):
        raise AssertionError("began after a failure")

    with pytest.raises(PlanFailed) as caught:
        run([Step("a", "a", fail), Step("slow", "slow", lambda _r: time.sleep(0.2)), Step("b", "b", late, ("slow",))])
    assert isinstance(caught.value.cause, HostFailed)
    assert [step.key for step in caught.value.begun] == ["a", "slow"]


def test_a_plan_with_a_need_that_nobody_meets_is_a_mistake():
    with pytest.raises(ValueError, match="nobody"):
        run([Step("a", "a", lambda _r: 1, ("missing",))])


def test_undo_goes_backwards_and_goes_on_after_a_refusal():
    order = []

    def refuse():
        order.append("second")
        raise AzureRefused("in use")

    steps = [Step("first", "1", None, undo=lambda: order.append("first")), Step("second", "2", None, undo=refuse),
             Step("kept", "3", None)]
    left = undo(steps, Silent())
    assert order == ["second", "first"]
    assert [step.key for step, _ in left] == ["second"]


def test_ctrl_c_wakes_the_waiting_and_names_what_had_begun(ctrl_c):
    deadline = Deadline(30)
    threading.Timer(0.2, lambda: signal.raise_signal(signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(PlanFailed) as caught:
        run([Step("vm", "vm", lambda _r: deadline.sleep(20, "creating"))], deadline)
    assert isinstance(caught.value.cause, Interrupted)
    assert [step.key for step in caught.value.begun] == ["vm"]
    assert time.monotonic() - began < 5


def test_a_deadline_raises_with_the_last_state_seen():
    with pytest.raises(DeadlinePassed, match="still Updating"):
        Deadline(0.05).sleep(1, "still Updating")


def test_a_reopened_deadline_waits_again():
    deadline = Deadline(0.01)
    deadline.cancel()
    deadline.reopen(5)
    deadline.sleep(0.01, "tidying")
