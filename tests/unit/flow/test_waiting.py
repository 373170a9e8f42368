"""A call that can't be told to end is left alone at the deadline, or at Ctrl-C."""

from __future__ import annotations

import threading
import time

import pytest

from azext_dockervm.errors import DeadlinePassed, Interrupted
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.waiting import ended_by


def stuck() -> None:
    time.sleep(10)


def test_a_call_gives_what_it_gives_and_raises_what_it_raises():
    assert ended_by(Deadline(5), "x", lambda: 3) == 3
    with pytest.raises(SystemExit):
        ended_by(Deadline(5), "x", lambda: exit(3))


def test_a_call_that_is_stuck_is_left_at_the_deadline_with_the_state_seen():
    began = time.monotonic()
    with pytest.raises(DeadlinePassed, match="last seen: asking"):
        ended_by(Deadline(0.3), "asking", stuck)
    assert 0.3 <= time.monotonic() - began < 5


def test_or_at_ctrl_c():
    deadline = Deadline.never()
    threading.Timer(0.3, deadline.cancellation.cancel).start()
    began = time.monotonic()
    with pytest.raises(Interrupted, match="while asking"):
        ended_by(deadline, "asking", stuck)
    assert time.monotonic() - began < 5


def test_none_begins_after_the_deadline():
    begun = []
    with pytest.raises(DeadlinePassed):
        ended_by(Deadline(0), "asking", lambda: begun.append(1))
    assert not begun


def test_it_keeps_no_process_alive():
    with pytest.raises(DeadlinePassed):
        ended_by(Deadline(0.1), "asking", stuck)
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "dockervm-call")
