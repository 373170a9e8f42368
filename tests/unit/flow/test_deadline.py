"""Deadlines: how long is left, what ends the waiting, and what a step's own limit is."""

from __future__ import annotations

import math
import threading
import time

import pytest

from azext_dockervm.errors import DeadlinePassed, Interrupted
from azext_dockervm.flow.cancellation import Cancellation
from azext_dockervm.flow.deadline import Deadline, at_most, of_its_own, part_of_the_rest


@pytest.fixture(name="clock")
def stopped_clock(monkeypatch):
    """A monotonic clock that moves by ``clock[0] = seconds`` alone."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_what_is_left_shrinks_with_time_and_is_never_negative(clock):
    deadline = Deadline(60)
    assert (deadline.seconds, deadline.remaining(), deadline.passed) == (60, 60, False)
    clock[0] += 59
    assert deadline.remaining() == 1 and not deadline.passed
    clock[0] += 1
    assert deadline.remaining() == 0 and deadline.passed
    clock[0] += 1
    assert deadline.remaining() == 0 and deadline.passed


def test_never_is_never(clock):
    deadline = Deadline.never()
    clock[0] += 1e9
    assert deadline.remaining() == math.inf and not deadline.passed
    deadline.check("waiting")
    assert deadline.within(5).remaining() == 5


def test_a_nearer_deadline_is_not_beyond_its_own(clock):
    run = Deadline(60)
    clock[0] += 20
    assert run.within(10).remaining() == 10
    assert run.within(1000).remaining() == 40
    assert run.within(1000).seconds == 60, "the time that the user has given"


def test_a_later_one_has_the_same_words_and_the_same_switch(clock):
    run = Deadline(60)
    later = run.later(30)
    assert (later.remaining(), later.seconds, later.cancellation) == (90, 60, run.cancellation)
    clock[0] += 100
    with pytest.raises(DeadlinePassed, match=r"the time allowed \(60 s\) is over"):
        later.check("waiting")


def test_one_switch_ends_a_deadline_and_those_within_it():
    switch = Cancellation()
    run = Deadline(60, switch)
    within = run.within(10)
    assert not run.cancelled and not within.cancelled
    switch.cancel()
    assert run.cancelled and within.cancelled


def test_two_deadlines_share_no_switch_by_themselves():
    one, other = Deadline(60), Deadline(60)
    one.cancellation.cancel()
    assert one.cancelled and not other.cancelled


def test_a_check_raises_with_the_last_state_seen(clock):
    deadline = Deadline(90)
    deadline.check("still Updating")
    clock[0] += 90
    with pytest.raises(DeadlinePassed) as caught:
        deadline.check("still Updating")
    assert caught.value.message == "the time allowed (90 s) is over; last seen: still Updating"


def test_a_check_names_what_stopped_it_even_where_the_time_is_over_too(clock):
    deadline = Deadline(1)
    deadline.cancellation.cancel("SIGTERM")
    clock[0] += 5
    with pytest.raises(Interrupted, match="^Stopped by SIGTERM while the VM is made$"):
        deadline.check("the VM is made")


def test_sleeping_ends_at_the_deadline():
    began = time.monotonic()
    with pytest.raises(DeadlinePassed, match="still Updating"):
        Deadline(0.05).sleep(30, "still Updating")
    assert time.monotonic() - began < 5


def test_sleeping_sleeps():
    began = time.monotonic()
    Deadline(30).sleep(0.1, "resting")
    assert 0.1 <= time.monotonic() - began < 5


def test_nobody_falls_asleep_after_the_deadline_or_the_switch():
    with pytest.raises(DeadlinePassed):
        Deadline(0).sleep(0, "late")
    stopped = Deadline(30)
    stopped.cancellation.cancel()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        stopped.sleep(20, "late")
    assert time.monotonic() - began < 5


def test_the_switch_wakes_the_sleeping():
    deadline = Deadline(30)
    threading.Timer(0.1, deadline.cancellation.cancel).start()
    began = time.monotonic()
    with pytest.raises(Interrupted, match="Ctrl-C while resting"):
        deadline.sleep(20, "resting")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("limit", "seconds"), [
    (at_most(10), 10), (at_most(1000), 40), (part_of_the_rest(0.25), 10), (part_of_the_rest(0.5, 8), 8),
    (part_of_the_rest(0.5, 1000), 20), (of_its_own(5), 5), (of_its_own(1000), 1000)])
def test_a_step_s_limit_is_made_from_what_is_left_of_the_run(clock, limit, seconds):
    run = Deadline(60)
    clock[0] += 20
    assert limit(run).remaining() == seconds
    assert limit(run).cancellation is run.cancellation


def test_tidying_has_its_time_though_the_run_s_is_over(clock):
    run = Deadline(60)
    clock[0] += 61
    assert of_its_own(30)(run).remaining() == 30
    assert at_most(30)(run).passed and part_of_the_rest(0.5)(run).passed


def test_what_is_not_nearer_tells_the_time_that_was_given():
    deadline = Deadline(0.05)
    time.sleep(0.06)
    with pytest.raises(DeadlinePassed, match=r"allowed \(0 s\)"):
        deadline.within(90).check("waiting")
    long = Deadline(60)
    assert long.within(90).seconds == 60 and long.within(10).seconds == 10
