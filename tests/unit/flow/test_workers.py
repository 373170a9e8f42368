"""Calls side by side: their results, whose error counts, and what ends the waiting for them."""

from __future__ import annotations

import threading
import time

import pytest

from azext_dockervm.errors import DeadlinePassed, Interrupted
from azext_dockervm.flow import workers
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.workers import Ended, Workers, run_in_parallel


@pytest.fixture(name="hang")
def hanging_call():
    """A call that ends with the test."""
    over = threading.Event()
    yield lambda: over.wait(60)
    over.set()


def fail(error, after=0.0):
    def call():
        time.sleep(after)
        raise error

    return call


def test_results_come_by_key_in_the_order_of_the_calls():
    calls = {"slow": lambda: time.sleep(0.1) or 1, "fast": lambda: 2, "none": lambda: None}
    found = run_in_parallel(calls, Deadline(10))
    assert list(found.items()) == [("slow", 1), ("fast", 2), ("none", None)]
    assert run_in_parallel({}, Deadline(10)) == {}


def test_the_calls_run_side_by_side():
    both = threading.Barrier(2, timeout=10)     # breaks unless two wait at it at once
    assert sorted(run_in_parallel({"a": both.wait, "b": both.wait}, Deadline(10)).values()) == [0, 1]


def test_no_more_of_them_than_may():
    running, most, lock = [0], [0], threading.Lock()

    def call():
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.01)
        with lock:
            running[0] -= 1

    run_in_parallel({str(number): call for number in range(30)}, Deadline(10), at_once=3)
    assert most[0] == 3


def test_the_first_error_in_the_order_of_the_keys_is_raised():
    calls = {"fine": lambda: 1, "first": fail(ValueError("first"), after=0.1), "second": fail(KeyError("second"))}
    with pytest.raises(ValueError, match="first"):
        run_in_parallel(calls, Deadline(10))


def test_a_call_that_is_left_by_an_exit_has_failed_too():
    with pytest.raises(SystemExit):
        run_in_parallel({"exit": fail(SystemExit(3))}, Deadline(10))


def test_the_deadline_ends_the_waiting_and_names_what_is_still_waited_for(monkeypatch, hang):
    monkeypatch.setattr(workers, "LOOK_SECONDS", 0.01)
    with pytest.raises(DeadlinePassed, match=r"waiting for Azure's answer \(image, size\)"):
        run_in_parallel({"group": lambda: 1, "image": hang, "size": hang}, Deadline(0.1))


def test_ctrl_c_ends_the_waiting(hang):
    deadline = Deadline(60)
    threading.Timer(0.1, deadline.cancellation.cancel).start()
    began = time.monotonic()
    with pytest.raises(Interrupted, match="Ctrl-C"):
        run_in_parallel({"image": hang}, deadline)
    assert time.monotonic() - began < 5


def test_what_has_all_ended_counts_though_the_time_is_over():
    assert run_in_parallel({"slow": lambda: time.sleep(0.2) or 1}, Deadline(0.05)) == {"slow": 1}


def test_nobody_looks_up_less_often_than_twice_a_second():
    """A lock that is held for ever is not interrupted by Ctrl-C on Windows."""
    began = time.monotonic()
    assert Workers().next_ended() is None
    assert 0.4 < time.monotonic() - began < 5
    assert workers.LOOK_SECONDS <= 0.5


def test_each_end_is_told_once_with_its_key(hang):
    pool, error = Workers(), ValueError("broken")
    pool.start("bad", fail(error))
    assert pool.next_ended() == Ended("bad", None, error)
    pool.start("good", lambda: 1)
    assert pool.next_ended() == Ended("good", 1, None)


def test_the_program_s_end_waits_for_no_call(hang):
    pool = Workers()
    pool.start("hanging", hang)
    thread = next(one for one in threading.enumerate() if one.name == "dockervm-hanging")
    assert thread.daemon
