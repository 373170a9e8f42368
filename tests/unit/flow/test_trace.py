"""What a trace holds: steps in threads of their own, the calls and pauses within each, states; and no message."""

from __future__ import annotations

import time
from datetime import datetime, timezone

import pytest

from azext_dockervm.errors import (
    AzureRefused,
    AzureUnreachable,
    DeadlinePassed,
    DockerVMError,
    EngineUnreachable,
    HostFailed,
    HostSilent,
    Interrupted,
)
from azext_dockervm.flow import trace, workers
from azext_dockervm.flow.cancellation import Cancellation
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.execute import PlanFailed, execute, undo
from azext_dockervm.flow.step import Alternative, Step
from azext_dockervm.flow.trace import CallSpan, Trace
from azext_dockervm.flow.waiting import ended_by
from azext_dockervm.flow.workers import run_in_parallel

SECRET = "MARKED-q7Zk"


class Nobody:
    """A listener that does not listen."""

    def __getattr__(self, _name):
        return lambda *_words: None


@pytest.fixture(autouse=True)
def looking_up_often(monkeypatch):
    monkeypatch.setattr(workers, "LOOK_SECONDS", 0.02)


@pytest.fixture
def record():
    found = Trace()
    with trace.recording(found):
        yield found


def step(key, do=None, needs=(), **more):
    def act(_results, deadline):
        if isinstance(do, BaseException):
            raise do
        return do(deadline) if do else key

    return Step(key, f"title of {key}", act, needs=needs, **more)


def run(*plan):
    return execute(plan, Nobody(), Deadline(30))


def asked(path):
    def do(_deadline):
        with trace.call("GET", path):
            pass
    return do


def by_key(record):
    return {span.key: span for span in record.steps}


# Where nobody records


def test_without_a_recording_nothing_is_kept_and_everything_works():
    assert not trace.is_on()
    with trace.step("a", "A"), trace.pause(), trace.call("GET", "/x") as call:
        assert call == CallSpan(began=0.0, step=None, method="GET", path="/x", status=None)
        call.status = 200
    trace.state("door", "open")
    assert run(step("a"), step("b", needs=("a",))) == {"a": "a", "b": "b"} and not trace.is_on()


def test_a_recording_ends_with_its_block(record):
    assert trace.is_on()
    inner = Trace()
    with trace.recording(inner):
        trace.state("door", "open")
    trace.state("door", "closed")
    assert [one.text for one in inner.states] == ["open"] and [one.text for one in record.states] == ["closed"]


# Steps


def test_each_step_says_what_it_needed_and_whose_end_let_it_begin(record):
    run(step("slow", lambda _deadline: time.sleep(0.1)), step("fast"), step("last", needs=("slow", "fast")),
        step("after", needs=("fast",)))
    found = by_key(record)
    assert (found["slow"].after, found["fast"].after) == (None, None)
    assert (found["last"].needs, found["last"].after) == (("fast", "slow"), "slow")
    assert found["after"].after == "fast" and found["last"].title == "title of last"
    assert found["slow"].ended - found["slow"].began >= 0.1
    assert found["last"].began >= found["slow"].ended and found["after"].began < found["slow"].ended
    assert {span.outcome for span in record.steps} == {"done"}


def test_what_nobody_is_told_of_is_recorded_as_quiet(record):
    run(step("loud"), step("quiet", quiet=True))
    assert {key: span.quiet for key, span in by_key(record).items()} == {"loud": False, "quiet": True}


def test_calls_and_pauses_belong_to_the_step_that_makes_them(record):
    def other(deadline):
        asked("/b")(deadline)
        deadline.sleep(0.05, SECRET)

    trace_of_main = asked("/before")
    trace_of_main(None)
    run(step("one", asked("/a")), step("other", other))
    assert {call.path: call.step and call.step.key for call in record.calls} == {
        "/before": None, "/a": "one", "/b": "other"}
    (pause,) = record.pauses
    assert pause.step.key == "other" and pause.ended - pause.began >= 0.05 and SECRET not in repr(vars(record))


def test_calls_that_a_step_makes_in_further_threads_are_its_own(record):
    def side_by_side(deadline):
        run_in_parallel({"a": lambda: asked("/a")(None), "b": lambda: asked("/b")(None)}, deadline)
        ended_by(deadline, "waiting", lambda: asked("/c")(None))

    run(step("one", side_by_side))
    assert sorted((call.path, call.step.key) for call in record.calls) == [("/a", "one"), ("/b", "one"), ("/c", "one")]


def test_a_step_within_a_step_gives_back_its_place(record):
    with trace.step("outer", "Outer"):
        with trace.step("inner", "Inner"):
            asked("/inner")(None)
        asked("/outer")(None)
    asked("/none")(None)
    assert [call.step and call.step.key for call in record.calls] == ["inner", "outer", None]


def test_steps_that_take_over_come_after_the_one_that_failed(record):
    run(Alternative((step("set_up", HostFailed(SECRET)),), (step("remove"), step("set_up", needs=("remove",))),
                    lambda error: "taken over"))
    assert [(span.key, span.after, span.outcome) for span in record.steps] == [
        ("set_up", None, "failed"), ("remove", "set_up", "done"), ("set_up", "remove", "done")]


def test_undoing_is_recorded_whether_it_works_or_not(record):
    with pytest.raises(PlanFailed) as failed:
        run(step("kept", undo=lambda _deadline: False),
            step("made", needs=("kept",), undo=lambda deadline: deadline.sleep(0.01, "x") or True),
            step("broken", AzureRefused(SECRET, code="Nope"), needs=("made",), undo=lambda _deadline: 1 // 0))
    undo(failed.value.begun, Nobody(), Deadline(10))
    assert [(span.title, span.outcome) for span in record.steps[3:]] == [
        ("undo: title of broken", "failed"), ("undo: title of made", "done"), ("undo: title of kept", "done")]
    assert record.pauses[0].step is record.steps[4]


# Outcomes


def test_a_command_begins_with_its_trace_and_ends_well_unless_something_else_is_said(record):
    assert abs((datetime.now(timezone.utc) - record.begun_at).total_seconds()) < 60
    assert (record.whole.began, record.whole.ended, record.whole.outcome) == (0.0, None, "")
    record.end()
    assert 0 <= record.whole.ended < 60 and (record.whole.outcome, record.whole.why) == ("done", "")


@pytest.mark.parametrize(("error", "outcome", "why"), [
    (AzureRefused(SECRET, code="SkuNotAvailable", status=409), "failed", "SkuNotAvailable"),
    (AzureRefused(SECRET, code=f"no word: {SECRET}", status=403), "failed", "HTTP 403"),
    (AzureRefused(SECRET, code={SECRET: 1}, status=403), "failed", "HTTP 403"),
    (AzureRefused(SECRET), "failed", "HTTP error"),
    (AzureUnreachable(SECRET), "failed", "Azure was out of reach"),
    (DeadlinePassed(SECRET), "failed", "the time was over"),
    (HostFailed(SECRET), "failed", "the host failed"),
    (HostSilent(SECRET), "failed", "the host did not come forward"),
    (EngineUnreachable(SECRET, kind="refused"), "failed", "refused"),
    (DockerVMError(SECRET), "failed", ""),
    (ValueError(SECRET), "failed", ""),
    (Interrupted(SECRET), "stopped", ""),
    (KeyboardInterrupt(), "stopped", ""),
])
def test_how_a_step_ended_is_told_without_its_message(record, error, outcome, why):
    with pytest.raises(type(error)), trace.step("a", "A"):
        raise error
    (span,) = record.steps
    assert (span.outcome, span.why) == (outcome, why) and SECRET not in repr(vars(record))
    record.end(error)
    assert (record.whole.outcome, record.whole.why) == (outcome, why)


def test_a_host_that_failed_since_azure_refused_has_azure_s_code(record):
    with pytest.raises(HostFailed), trace.step("a", "A"):
        raise HostFailed(SECRET) from AzureRefused(SECRET, code="VMExtensionProvisioningError")
    assert record.steps[0].why == "VMExtensionProvisioningError"


def test_what_is_at_work_has_no_end(record):
    with trace.step("a", "A"), trace.call("PUT", "/x", "2024-11-01", attempt=2) as call:
        assert (record.steps[0].ended, record.steps[0].outcome, call.ended, call.status) == (None, "", None, None)
        call.status = 201
    assert (call.method, call.path, call.version, call.attempt, call.status) == ("PUT", "/x", "2024-11-01", 2, 201)
    assert 0 <= record.steps[0].began <= call.began <= call.ended <= record.steps[0].ended <= record.now()


def test_a_pause_that_is_cut_short_is_as_long_as_it_was(record):
    switch = Cancellation()
    switch.cancel()
    deadline = Deadline(30, switch)
    with pytest.raises(Interrupted):
        deadline.sleep(20, "waiting")
    assert record.pauses == []
    with pytest.raises(DeadlinePassed):
        Deadline(0.05).sleep(20, "waiting")
    (pause,) = record.pauses
    assert 0.04 < pause.ended - pause.began < 5


# States


def test_a_state_lasts_until_another_is_noted(record):
    for who, text in (("door", "waiting"), ("engine", "refused"), ("door", "waiting"), ("door", "installing"),
                      ("engine", "refused"), ("door", "waiting")):
        trace.state(who, text)
    assert [(one.who, one.text) for one in record.states] == [
        ("door", "waiting"), ("engine", "refused"), ("door", "installing"), ("door", "waiting")]
    assert [one.at for one in record.states] == sorted(one.at for one in record.states)
