"""Carrying out a plan: order, parallelism, what a failure or Ctrl-C leaves to undo, and steps that take over."""

from __future__ import annotations

import threading
import time

import pytest

from azext_dockervm.errors import AzureRefused, DeadlinePassed, HostFailed, Interrupted
from azext_dockervm.flow import workers
from azext_dockervm.flow.deadline import Deadline, at_most, of_its_own, part_of_the_rest
from azext_dockervm.flow.execute import PlanFailed, execute, undo
from azext_dockervm.flow.request import Ref, Request
from azext_dockervm.flow.step import COURSE, DEADLINE, Alternative, Step


class Notes:
    """A listener that keeps what it is told."""

    def __init__(self):
        self.told = []

    def started(self, step):
        self.told.append(("started", step.key))

    def finished(self, step, seconds, detail):
        self.told.append(("finished", step.key, detail))
        self.seconds = seconds

    def failed(self, step, seconds):
        self.told.append(("failed", step.key))
        self.seconds = seconds

    def say(self, text):
        self.told.append(("say", text))

    def warn(self, text):
        self.told.append(("warn", text))

    def warnings(self):
        return [told[1] for told in self.told if told[0] == "warn"]

    def started_keys(self):
        return [told[1] for told in self.told if told[0] == "started"]


@pytest.fixture(autouse=True)
def looking_up_often(monkeypatch):
    monkeypatch.setattr(workers, "LOOK_SECONDS", 0.02)


@pytest.fixture
def notes():
    return Notes()


def run(plan, deadline=None, listener=None, results=None):
    known = () if results is None else (results,)
    return execute(plan, listener or Notes(), deadline or Deadline(10), *known)


def failing(plan, deadline=None, listener=None):
    with pytest.raises(PlanFailed) as caught:
        run(plan, deadline, listener)
    return caught.value


def step(key, do=None, needs=(), **more):
    """A step whose result is its key, or what ``do`` gives or raises."""
    def act(results, deadline):
        if isinstance(do, BaseException):
            raise do
        return do(results, deadline) if do else key

    return Step(key, f"title of {key}", act, needs=needs, **more)


def sleeping(seconds, error=None):
    def do(_results, _deadline):
        time.sleep(seconds)
        if error:
            raise error

    return do


def fail(words="no"):
    raise HostFailed(words)


def keys(steps):
    return [one.key for one in steps]


# Order and results


def test_a_step_gets_the_results_of_those_it_needs_whatever_the_order_of_the_plan():
    plan = [step("sum", lambda r, _d: r["a"] + r["b"], ("a", "b")), step("a", lambda _r, _d: 1),
            step("b", lambda _r, _d: 2)]
    assert run(plan) == {"sum": 3, "a": 1, "b": 2}


def test_a_reference_in_a_request_is_a_need():
    request = Request("PUT", "type", "g", ("nic",), {"subnet": Ref("subnet", "id")})
    plan = [step("nic", lambda r, _d: request.resolved(r).body, request=request),
            step("subnet", lambda _r, _d: {"id": "/s"})]
    assert run(plan)["nic"] == {"subnet": "/s"}


def test_what_is_known_already_is_a_result_and_is_not_changed():
    known = {"authority": "ca"}
    assert run([step("vm", lambda r, _d: r["authority"] + "!", ("authority",))], results=known) == {
        "authority": "ca", "vm": "ca!"}
    assert known == {"authority": "ca"}


def test_a_result_of_none_is_a_result():
    assert run([step("a", lambda _r, _d: None), step("b", needs=("a",))]) == {"a": None, "b": "b"}


def test_what_is_ready_runs_side_by_side():
    both = threading.Barrier(2, timeout=10)      # breaks unless two steps wait at it at once
    run([step("a", lambda _r, _d: both.wait()), step("b", lambda _r, _d: both.wait())])


def test_a_step_begins_when_its_own_needs_are_met_and_not_later():
    over = threading.Event()
    run([step("slow", lambda _r, _d: over.wait(10)), step("a"), step("b", lambda _r, _d: over.set(), ("a",))])
    assert over.is_set()


def test_a_plan_without_steps_has_what_is_known():
    assert run([], results={"a": 1}) == {"a": 1} and run([]) == {}


def test_a_plan_with_a_need_that_nobody_meets_is_a_mistake():
    with pytest.raises(ValueError, match=r"nobody makes: \['missing'\]"):
        run([step("a", needs=("missing",))])
    with pytest.raises(ValueError, match="missing"):
        run([Alternative((step("a"),), (step("a", needs=("missing",)),), lambda _error: None)])


def test_steps_that_wait_for_each_other_are_a_mistake_and_not_a_hang():
    with pytest.raises(ValueError, match=r"wait for each other: \['a', 'b'\]"):
        run([step("a", needs=("b",)), step("b", needs=("a",)), step("c")])


# What is told


def test_the_listener_hears_begin_and_end_with_the_detail(notes):
    run([step("vm", lambda _r, _d: {"ip": "10.0.0.4"}, detail=lambda result: result["ip"]),
         step("tags", needs=("vm",))], listener=notes)
    assert notes.told == [("started", "vm"), ("finished", "vm", "10.0.0.4"),
                          ("started", "tags"), ("finished", "tags", "")]


def test_the_time_of_a_step_is_its_own(notes):
    run([step("slow", sleeping(0.6)), step("fast", needs=("slow",))], listener=notes)
    assert 0 <= notes.seconds < 0.6
    failing([step("slow", sleeping(0.2, HostFailed("no")))], listener=notes)
    assert 0.2 <= notes.seconds < 5


def test_a_quiet_step_is_told_of_only_when_it_fails(notes):
    run([step("note", quiet=True)], listener=notes)
    assert notes.told == []
    failing([step("note", HostFailed("no"), quiet=True)], listener=notes)
    assert notes.told == [("failed", "note")]


# Failure


def test_after_a_failure_nothing_new_begins_and_what_began_is_waited_for_and_named(notes):
    failure = failing([step("bad", HostFailed("broken")), step("slow", sleeping(0.3)), step("late", needs=("slow",))],
                      listener=notes)
    assert isinstance(failure.cause, HostFailed) and str(failure) == "broken"
    assert keys(failure.begun) == ["bad", "slow"]
    assert failure.results == {"slow": None}
    assert notes.started_keys() == ["bad", "slow"] and ("finished", "slow", "") in notes.told


def test_what_began_is_in_the_order_in_which_it_began():
    failure = failing([step("c", HostFailed("no"), ("b",)), step("b", needs=("a",)), step("a")])
    assert keys(failure.begun) == ["a", "b", "c"]


def test_of_two_failures_the_first_is_the_cause():
    failure = failing([step("later", sleeping(0.3, HostFailed("second"))), step("sooner", HostFailed("first"))])
    assert failure.cause.message == "first" and failure.__cause__ is failure.cause


def test_a_detail_that_cannot_be_told_is_the_step_s_failure(notes):
    """An answer of Azure's without what the detail names must not bring down the whole command."""
    failure = failing([step("vm", lambda _r, _d: {}, detail=lambda result: result["ip"]), step("b", needs=("vm",))],
                      listener=notes)
    assert isinstance(failure.cause, KeyError) and keys(failure.begun) == ["vm"] and failure.results == {}
    assert notes.told == [("started", "vm"), ("failed", "vm")]


def test_a_forgiven_failure_is_a_warning_and_a_result_of_none(notes):
    results = run([step("tags", HostFailed("no"), forgiven=lambda error: f"never mind: {error}"),
                   step("after", needs=("tags",))], listener=notes)
    assert results == {"tags": None, "after": "after"}
    assert notes.warnings() == ["never mind: no"]


def test_a_failure_that_is_not_forgiven_is_one(notes):
    failure = failing([step("tags", HostFailed("no"), forgiven=lambda _error: None)], listener=notes)
    assert failure.cause.message == "no" and notes.warnings() == []


# Limits


def test_a_step_gets_the_run_s_deadline_and_finds_it_among_the_results():
    deadline = Deadline(30)
    seen = run([step("a", lambda results, own: (own, results[DEADLINE]))], deadline)["a"]
    assert seen == (deadline, deadline)
    assert DEADLINE not in run([step("a")])


def test_a_step_s_own_limit_is_made_when_it_begins():
    begun = {}

    def note(results, own):
        begun["seconds"] = own.remaining()
        assert results[DEADLINE] is own

    run([step("slow", sleeping(0.5)), step("after", note, ("slow",), limit=part_of_the_rest(0.5))], Deadline(20))
    assert begun["seconds"] < 9.8


def test_a_limit_of_its_own_outlives_the_run_s_deadline():
    def tidy(_results, own):
        own.check("tidying")
        return own.seconds

    assert run([step("slow", sleeping(0.2)), step("tidy", tidy, ("slow",), limit=of_its_own(60))], Deadline(0.1)) == {
        "slow": None, "tidy": 60}


def test_a_step_that_waits_beyond_the_deadline_fails():
    failure = failing([step("vm", lambda _r, own: own.sleep(20, "Creating"))], Deadline(0.1))
    assert isinstance(failure.cause, DeadlinePassed) and "Creating" in failure.cause.message


# Ctrl-C


def cancelled_soon(seconds=0.2, reason="Ctrl-C"):
    deadline = Deadline(30)
    threading.Timer(seconds, deadline.cancellation.cancel, (reason,)).start()
    return deadline


def test_ctrl_c_wakes_the_waiting_and_names_what_had_begun():
    began = time.monotonic()
    failure = failing([step("vm", lambda _r, own: own.sleep(20, "creating")), step("late", needs=("vm",))],
                      cancelled_soon())
    assert isinstance(failure.cause, Interrupted) and keys(failure.begun) == ["vm"]
    assert time.monotonic() - began < 10


def test_what_does_not_heed_ctrl_c_is_waited_for_and_nothing_new_begins(notes):
    failure = failing([step("vm", sleeping(0.6)), step("late", needs=("vm",))], cancelled_soon(0.1, "SIGTERM"), notes)
    assert isinstance(failure.cause, Interrupted) and str(failure) == "Stopped by SIGTERM"
    assert failure.results == {"vm": None} and keys(failure.begun) == ["vm"]
    assert notes.warnings() == ["Stopping (SIGTERM; once more stops at once and leaves everything as it is)."]


def test_ctrl_c_after_the_last_step_changes_nothing():
    deadline = Deadline(30)
    assert run([step("vm", lambda _r, own: own.cancellation.cancel())], deadline) == {"vm": None}


def test_ctrl_c_between_two_steps_keeps_the_second_from_beginning(notes):
    failure = failing([step("a", lambda _r, own: own.cancellation.cancel()), step("b", needs=("a",))], listener=notes)
    assert isinstance(failure.cause, Interrupted) and keys(failure.begun) == ["a"]


# Alternatives


def takes_over(error):
    return f"{error}; the other way now" if isinstance(error, (HostFailed, DeadlinePassed)) else None


def test_the_second_way_is_not_gone_where_the_first_one_succeeds(notes):
    plan = [Alternative((step("set up"),), (step("set up", lambda _r, _d: "otherwise"),), takes_over),
            step("proof", lambda results, _d: results["set up"], ("set up",))]
    assert run(plan, listener=notes) == {"set up": "set up", "proof": "set up"}
    assert notes.warnings() == []


def test_later_steps_find_the_result_of_the_way_that_worked(notes):
    plan = [Alternative((step("set up", HostFailed("no")),), (step("set up", lambda _r, _d: "otherwise"),), takes_over),
            step("proof", lambda results, _d: results["set up"], ("set up",))]
    assert run(plan, listener=notes) == {"set up": "otherwise", "proof": "otherwise"}
    assert notes.warnings() == ["no; the other way now"]


def test_the_second_way_begins_when_the_last_of_the_first_has_ended_and_nothing_more_of_it_begins(notes):
    running, seen = threading.Event(), []

    def slow(_results, _deadline):
        running.set()
        time.sleep(0.4)
        running.clear()
        return "slow"

    def second(results, _deadline):
        seen.append((running.is_set(), sorted(results)))

    first = (step("bad", lambda _r, _d: running.wait(5) and fail()), step("slow", slow), step("late", needs=("slow",)))
    results = run([step("before"), Alternative(first, (step("other", second),), takes_over)], listener=notes)
    assert seen == [(False, ["before", COURSE, DEADLINE])], "nothing of what the first way has done is left to be found"
    assert results == {"before": "before", "other": None}
    assert "late" not in notes.started_keys()


def test_steps_beside_it_go_on(notes):
    plan = [Alternative((step("set up", HostFailed("no")),), (step("set up", sleeping(0.2)),), takes_over),
            step("beside", sleeping(0.1)), step("after", needs=("beside",))]
    assert run(plan, listener=notes) == {"beside": None, "after": "after", "set up": None}


def test_a_second_failure_of_the_first_way_changes_nothing_and_the_second_way_is_gone_once(notes):
    done = []
    first = (step("a", HostFailed("one")), step("b", sleeping(0.3, AzureRefused("two"))))
    run([Alternative(first, (step("other", lambda _r, _d: done.append(1)),), takes_over)], listener=notes)
    assert done == [1] and notes.warnings() == ["one; the other way now"]


def test_a_failure_that_the_second_way_does_not_mend_is_one(notes):
    plan = [Alternative((step("set up", AzureRefused("quota")),), (step("set up"),), takes_over)]
    failure = failing(plan, listener=notes)
    assert failure.cause.message == "quota" and notes.started_keys() == ["set up"] and notes.warnings() == []


def test_a_failure_of_the_second_way_is_one_and_both_are_to_be_undone():
    first = (step("extension", HostFailed("no"), ("vm",)),)
    second = (step("remove", needs=("vm",)), step("set up", HostFailed("neither"), ("remove",)))
    failure = failing([step("vm"), Alternative(first, second, takes_over)])
    assert failure.cause.message == "neither"
    assert keys(failure.begun) == ["vm", "extension", "remove", "set up"]


def test_a_failure_elsewhere_keeps_the_second_way_from_beginning(notes):
    first = (step("bad", HostFailed("no")), step("slow", sleeping(0.5)))
    elsewhere = step("elsewhere", sleeping(0.2, KeyError("x")))
    failure = failing([Alternative(first, (step("other"),), takes_over), elsewhere], listener=notes)
    assert isinstance(failure.cause, KeyError) and "other" not in notes.started_keys()


def test_after_a_failure_elsewhere_nobody_is_told_that_another_way_is_gone(notes):
    first = (step("bad", sleeping(0.3, HostFailed("no"))),)
    failure = failing([Alternative(first, (step("other"),), takes_over), step("elsewhere", KeyError("x"))],
                      listener=notes)
    assert isinstance(failure.cause, KeyError) and notes.warnings() == []


def test_ctrl_c_is_no_failure_that_another_way_mends(notes):
    def everything(_error):
        return "whatever it is"

    first = (step("bad", lambda _r, own: own.sleep(20, "waiting")),)
    failure = failing([Alternative(first, (step("other"),), everything)], cancelled_soon(), notes)
    assert isinstance(failure.cause, Interrupted) and notes.started_keys() == ["bad"]
    assert "whatever it is" not in notes.warnings()
    failure = failing([Alternative((step("bad", Interrupted("Stopped")),), (step("other"),), everything)])
    assert isinstance(failure.cause, Interrupted) and keys(failure.begun) == ["bad"]


def test_a_step_that_fails_because_ctrl_c_took_its_ground_away_is_not_mended_either(notes):
    def stopped(_results, own):
        own.cancellation.cancel()
        fail("the connection was closed")

    failure = failing([Alternative((step("bad", stopped),), (step("other"),), takes_over)], listener=notes)
    assert notes.started_keys() == ["bad"] and [text[:8] for text in notes.warnings()] == ["Stopping"]
    assert keys(failure.begun) == ["bad"]


def test_ctrl_c_while_the_first_way_ends_keeps_the_second_from_beginning(notes):
    first = (step("bad", HostFailed("no")), step("slow", sleeping(0.6)))
    failure = failing([Alternative(first, (step("other"),), takes_over)], cancelled_soon(0.2), notes)
    assert isinstance(failure.cause, Interrupted) and "other" not in notes.started_keys()


def test_the_limit_is_for_the_first_steps_together_and_not_for_the_second():
    seen = {}

    def note(key):
        def do(_results, own):
            seen[key] = own
            time.sleep(0.2)
            return own.remaining()

        return do

    first = (step("a", note("a")), step("b", note("b"), ("a",)), step("c", note("c"), ("a",), limit=at_most(5)),
             step("bad", HostFailed("no"), ("b", "c")))
    deadline = Deadline(100)
    run([Alternative(first, (step("other", note("other")),), takes_over, part_of_the_rest(0.5)),
         step("beside", note("beside"))], deadline)
    assert seen["a"] is seen["b"] and 45 < seen["a"].seconds <= 50
    assert 4 < seen["c"].seconds <= 5
    assert seen["other"] is seen["beside"] is deadline


def test_a_first_way_that_takes_too_long_is_left_for_the_second(notes):
    first = (step("set up", lambda _r, own: own.sleep(20, "installing")),)
    plan = [Alternative(first, (step("set up"),), takes_over, at_most(0.1))]
    assert run(plan, listener=notes) == {"set up": "set up"}
    assert "installing" in notes.warnings()[0]


# Undoing


def test_undo_goes_backwards_and_goes_on_after_a_refusal(notes):
    order = []

    def undone(key, answer):
        def act(own):
            order.append((key, own.seconds))
            if isinstance(answer, Exception):
                raise answer
            return answer

        return step(key, undo=act)

    refusal = AzureRefused("in use")
    steps = [undone("first", True), undone("second", refusal), step("read"), undone("third", False)]
    assert undo(steps, notes, Deadline(7)) == [(steps[1], refusal)]
    assert order == [("third", 7), ("second", 7), ("first", 7)]
    assert notes.told == [("say", "left alone, because another run has made it since: title of third"),
                          ("say", "undone: title of first")]


def test_a_step_sees_how_the_run_goes_on_beside_it():
    seen = []

    def watch(results, deadline):
        course = results[COURSE]
        seen.append(("made" in course.done, course.has_failed))
        while "made" not in course.done:
            deadline.sleep(0.01, "waiting")
        seen.append(("made" in course.done, course.has_failed))

    made = step("made", lambda _results, _deadline: time.sleep(0.1))
    run([step("watch", watch), made], Deadline(3))
    assert seen[-1] == (True, False)


def test_a_step_that_waits_beside_another_sees_that_this_one_has_failed():
    seen = []

    def watch(results, deadline):
        while not results[COURSE].has_failed:
            deadline.sleep(0.01, "waiting")
        seen.append("it has failed")

    failure = failing([step("watch", watch), step("made", HostFailed("broken"))], Deadline(3))
    assert str(failure.cause) == "broken" and seen == ["it has failed"]
