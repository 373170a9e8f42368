"""No call lasts longer than its deadline, nor goes on after Ctrl-C, whatever the other side does; and none for ever."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest
from arm_service import HANG_UP, ID, SILENT, TRICKLE, Credential, DeadlineThatNotes, Reply, refusal

from azext_dockervm.azure import kinds, pipeline, resources
from azext_dockervm.azure.calls import Azure, Clients
from azext_dockervm.errors import AzureRefused, AzureUnreachable, DeadlinePassed, Interrupted
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request

# Our own policies do this, with whatever SDK.
pytestmark = pytest.mark.parametrize("sdk", ["newest"], indirect=True, scope="module")

VM = {"id": ID, "name": "web1", "properties": {}}
SECONDS = 0.5
# What a busy machine takes besides. Whatever does not obey takes ten seconds or more here.
SLACK = 3.0


def get(azure):
    return azure.get(kinds.VM, "g", "web1")


def put(azure):
    return azure.send(Request("PUT", kinds.SECURITY_GROUP.type, "g", ("web1",), {"location": "westus"}))


def tag(azure):
    return azure.send(Request("PATCH", kinds.SECURITY_GROUP.type, "g", ("web1",), {"tags": {"a": "b"}}))


def delete(azure):
    return azure.send(Request("DELETE", kinds.SECURITY_GROUP.type, "g", ("web1",)))


def listed(azure):
    return azure.list(kinds.RUN_COMMAND, "g", "web1")


@contextmanager
def at_most(seconds):
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


WAYS = {
    "silent": (SILENT,), "a byte now and then": (TRICKLE,), "too many requests": (
        refusal(429, "TooManyRequests", **{"Retry-After": "600"}),),
    "too many, again and again": (refusal(429, "TooManyRequests", **{"Retry-After": "1"}),),
    "busy": (refusal(409, "AnotherOperationInProgress"),), "out of order": (Reply(503, "x", {"Retry-After": "1"}),),
}


@pytest.mark.parametrize("call", [get, put, tag, delete, listed], ids=lambda call: call.__name__)
@pytest.mark.parametrize("way", WAYS)
def test_a_call_is_over_at_its_deadline(connected, service, way, call):
    azure = connected(Deadline(60))
    azure.connect("compute", "network", "resources")
    azure = azure.until(Deadline(SECONDS))
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        for last in ("web1", "runCommands"):
            service.replies(method, last, *WAYS[way])
    if call is tag:
        service.replies("GET", "web1", Reply(200, VM))
    with at_most(SECONDS + SLACK), pytest.raises((DeadlinePassed, AzureRefused, AzureUnreachable)) as caught:
        call(azure)
    if way in ("silent", "a byte now and then", "too many requests", "too many, again and again"):
        assert type(caught.value) is DeadlinePassed, caught.value.message


@pytest.mark.parametrize("polls", [(SILENT,), (TRICKLE,), (HANG_UP,), (Reply(200, {"status": "InProgress"}),),
                                   (Reply(429, None, {"Retry-After": "600"}),), (Reply(502, "<html>"),)],
                         ids=["silent", "trickle", "hang up", "endless", "throttled", "out of order"])
def test_an_operation_is_followed_until_the_deadline_and_no_longer(connected, service, polls):
    azure = connected(Deadline(60))
    azure.connect("network")
    service.operation("web1", VM, *polls)
    azure = azure.until(Deadline(SECONDS))
    with at_most(SECONDS + SLACK), pytest.raises(DeadlinePassed, match="last seen: "):
        put(azure)


AT_WORK = {"id": ID, "name": "web1", "properties": {"provisioningState": "Updating"}}


@pytest.mark.parametrize("looks", [SILENT, TRICKLE, HANG_UP, Reply(200, AT_WORK),
                                   Reply(429, None, {"Retry-After": "600"}), refusal(404, "NotFound")],
                         ids=["silent", "trickle", "hang up", "endless", "throttled", "not there"])
def test_nor_is_a_write_looked_at_for_longer(connected, service, looks):
    azure = connected(Deadline(60))
    azure.connect("network", "resources")
    service.operation("web1", AT_WORK, Reply(200, {"status": "InProgress"}), **{"Retry-After": "60"})
    service.replies("GET", "web1", looks)
    azure = azure.until(Deadline(2 * SECONDS))
    with at_most(2 * SECONDS + SLACK), pytest.raises(DeadlinePassed):
        put(azure)
    assert service.times("GET", "web1") > 0


def test_ctrl_c_ends_a_look_at_once(connected, service):
    deadline = Deadline(600)
    azure = connected(deadline)
    azure.connect("network", "resources")
    service.operation("web1", AT_WORK, Reply(200, {"status": "InProgress"}), **{"Retry-After": "60"})
    service.replies("GET", "web1", SILENT)
    threading.Timer(0.8, deadline.cancellation.cancel).start()
    with at_most(0.8 + SLACK), pytest.raises(Interrupted):
        put(azure)
    assert (service.times("GET", "web1"), service.times("GET", "op")) == (1, 0)


def test_a_silent_look_is_given_up_for_the_next(connected, service, monkeypatch):
    monkeypatch.setattr(resources, "LOOK_READ_SECONDS", 0.3)
    azure = connected(Deadline(60))
    azure.connect("network", "resources")
    ready = {**AT_WORK, "properties": {"provisioningState": "Succeeded"}}
    service.operation("web1", AT_WORK, Reply(200, {"status": "InProgress"}), **{"Retry-After": "60"})
    service.replies("GET", "web1", SILENT, Reply(200, ready))
    with at_most(1.8 + SLACK):
        assert put(azure) == ready


def test_what_can_t_be_tried_again_in_time_is_told_as_what_it_was(connected, service):
    azure = connected(Deadline(60))
    azure.connect("resources")
    service.replies("GET", "web1", HANG_UP)
    with pytest.raises(AzureUnreachable, match="closed before an answer came"):
        get(azure.until(Deadline(1.2)))     # the next pause would be 1.6 s


def test_a_deadline_that_is_over_sends_nothing(connected, service):
    azure = connected(Deadline(60))
    azure.connect("network")
    deadline = Deadline(0)
    with pytest.raises(DeadlinePassed):
        put(azure.until(deadline))
    assert not service.asked


@pytest.mark.parametrize("reply", [SILENT, TRICKLE, refusal(429, "TooManyRequests", **{"Retry-After": "600"})],
                         ids=["silent", "trickle", "throttled"])
@pytest.mark.parametrize("call", [get, put], ids=lambda call: call.__name__)
def test_ctrl_c_ends_a_call_at_once(connected, service, reply, call, monkeypatch):
    monkeypatch.setattr(pipeline, "SETTLE_SECONDS", 0.1)
    deadline = Deadline(5000)
    azure = connected(deadline)
    azure.connect("network", "resources")
    service.replies("GET", "web1", reply)
    service.replies("PUT", "web1", reply)
    threading.Timer(0.3, deadline.cancellation.cancel).start()
    with at_most(SLACK), pytest.raises(Interrupted):
        call(azure)


@pytest.mark.parametrize(("call", "waits"), [(get, False), (put, True)])
def test_a_write_that_is_on_its_way_is_waited_for_a_little(connected, service, call, waits, monkeypatch):
    """Undoing begins right after it, and has to find what was made."""
    monkeypatch.setattr(pipeline, "SETTLE_SECONDS", 1.0)
    deadline = Deadline(5000)
    azure = connected(deadline)
    azure.connect("network", "resources")
    service.replies("GET", "web1", SILENT)
    service.replies("PUT", "web1", SILENT)
    threading.Timer(0.3, deadline.cancellation.cancel).start()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        call(azure)
    assert (time.monotonic() - began >= 1.2) is waits


def test_so_it_is_past_the_deadline(connected, service, monkeypatch):
    monkeypatch.setattr(pipeline, "SETTLE_PART", 2.0)
    azure = connected(Deadline(60))
    azure.connect("network")
    service.replies("PUT", "web1", SILENT)
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        put(azure.until(Deadline(SECONDS)))
    assert time.monotonic() - began >= SECONDS + 0.9


def test_ctrl_c_wakes_a_sleeping_poller_and_nothing_is_sent_after_it(connected, service):
    deadline = Deadline(600)
    azure = connected(deadline)
    azure.connect("network")
    service.operation("web1", VM, Reply(200, {"status": "InProgress"}, {"Retry-After": "60"}))
    threading.Timer(0.5, deadline.cancellation.cancel).start()
    with at_most(SLACK), pytest.raises(Interrupted, match="InProgress"):
        put(azure)
    asked = len(service.asked)
    with pytest.raises(Interrupted):
        delete(azure)
    assert len(service.asked) == asked


def test_what_was_given_up_while_its_token_was_fetched_is_never_sent(connected, service):
    azure = connected(Deadline(60), credential=Credential(pause=0.8))
    azure.connect("network")
    service.replies("PUT", "web1", Reply(200, VM))
    with at_most(0.4 + SLACK), pytest.raises(DeadlinePassed):
        put(azure.until(Deadline(0.4)))
    time.sleep(0.8)
    assert not service.asked
    assert put(azure) == VM     # and the client is as good as before


def test_two_deadlines_of_one_service_do_not_meet(connected, service):
    """The patient one is not ended by the other's deadline or Ctrl-C."""
    from concurrent.futures import ThreadPoolExecutor

    azure = connected(Deadline(20))
    azure.connect("resources")
    service.replies("GET", "web1", Reply(503, "x", {"Retry-After": "1"}), Reply(503, "x", {"Retry-After": "1"}),
                    Reply(200, VM))
    hasty = Deadline(60)
    with ThreadPoolExecutor(2) as pool:
        patient = pool.submit(get, azure)
        time.sleep(0.2)
        other = pool.submit(get, azure.until(hasty))
        time.sleep(0.2)
        hasty.cancellation.cancel()
        assert isinstance(other.exception(), Interrupted)
        assert patient.result() == VM


# Without a deadline

def test_a_trickle_without_a_deadline_ends_too(connected, service, monkeypatch):
    monkeypatch.setattr(pipeline, "WHOLE_SECONDS", 0.4)
    monkeypatch.setattr(pipeline, "BACKOFF_FACTOR", 0.0)
    service.replies("GET", "web1", TRICKLE)
    with at_most(6), pytest.raises(AzureUnreachable, match="does not come, or not whole, in time"):
        get(connected(Deadline.never()))
    assert service.times("GET", "web1") == 4
    service.replies("GET", "web1", TRICKLE, Reply(200, VM))
    assert get(connected(Deadline.never())) == VM


def test_silence_without_a_deadline_ends_too(connected, service, monkeypatch):
    monkeypatch.setattr(pipeline, "READ_SECONDS", 0.3)
    monkeypatch.setattr(pipeline, "BACKOFF_FACTOR", 0.0)
    service.replies("GET", "web1", SILENT)
    with at_most(6), pytest.raises(AzureUnreachable, match="in time"):
        get(connected(Deadline.never()))


def test_nobody_sits_through_ten_minutes_without_having_said_so(connected, service):
    service.replies("GET", "web1", refusal(429, "TooManyRequests", "Wait.", **{"Retry-After": "600"}))
    with at_most(SLACK), pytest.raises(AzureRefused, match="Wait") as caught:
        get(connected(Deadline.never()))
    assert caught.value.status == 429


# What is repeated, and after which pause

@pytest.mark.parametrize("reply,pauses", [
    (Reply(503, "x"), [0, 1.6, 3.2]), (Reply(500, "x", {"Retry-After": "7"}), [7, 7, 7]), (HANG_UP, [0, 1.6, 3.2]),
    (refusal(429, "TooManyRequests", **{"Retry-After": "20"}), [20, 20, 20]),
    (refusal(409, "Busy", **{"Retry-After": "2"}), [2, 2, 2]), (refusal(409, "Busy"), []),
], ids=["503", "500 with Retry-After", "hang up", "429", "409 with Retry-After", "409"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_as_azure_core_repeats_it(connected, service, reply, pauses, method):
    azure = connected(DeadlineThatNotes())
    service.replies(method, "web1", reply)
    with pytest.raises((AzureRefused, AzureUnreachable)):
        (get if method == "GET" else put)(azure)
    assert azure.deadline.slept == pytest.approx(pauses)
    assert service.times(method, "web1") == len(pauses) + 1


def test_a_request_too_many_is_waited_for_and_sent_again_whole(connected, service):
    service.replies("PUT", "web1", refusal(429, "TooManyRequests", **{"Retry-After": "1"}), Reply(200, VM))
    began = time.monotonic()
    assert put(connected(Deadline(10))) == VM
    assert time.monotonic() - began >= 1
    assert service.bodies("PUT", "web1") == [{"location": "westus"}] * 2


# The first use of a provider

UNREGISTERED = refusal(409, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace "
                       "'Microsoft.Network'. See https://aka.ms/rps-not-found for how to register subscriptions.")


def test_a_subscription_is_registered_for_what_it_uses_first(connected, service):
    azure = connected(DeadlineThatNotes())
    service.replies("PUT", "web1", UNREGISTERED, Reply(201, VM))
    service.replies("POST", "register", Reply(200, {"registrationState": "Registering"}))
    service.replies("GET", "Microsoft.Network", Reply(200, {"registrationState": "Registering"}),
                    Reply(200, {"registrationState": "Registered"}))
    assert put(azure) == VM
    assert azure.deadline.slept == [5, 5]
    ids = [asked.headers["x-ms-client-request-id"] for asked in service.asked if asked.method == "PUT"]
    assert len(set(ids)) == 2


def test_also_until_the_deadline_only(connected, service):
    azure = connected(Deadline(60))
    azure.connect("network")
    service.replies("PUT", "web1", UNREGISTERED)
    service.replies("POST", "register", Reply(200, {"registrationState": "Registering"}))
    with at_most(SECONDS + SLACK), pytest.raises(DeadlinePassed, match="registered for Microsoft.Network"):
        put(azure.until(Deadline(SECONDS)))


def test_who_may_not_register_is_told_so(connected, service):
    service.replies("PUT", "web1", UNREGISTERED)
    service.replies("POST", "register", refusal(403, "AuthorizationFailed"))
    with at_most(5), pytest.raises(AzureRefused, match="not registered") as caught:
        put(connected(Deadline(60)))
    assert caught.value.code == "MissingSubscriptionRegistration"


def test_who_only_looks_registers_nothing(connected, service):
    service.replies("PUT", "web1", UNREGISTERED)
    with pytest.raises(AzureRefused, match="not registered"):
        put(connected(Deadline(60), **pipeline.client_options(registers=False)))
    assert not [asked for asked in service.asked if asked.method == "POST"]


def test_making_a_client_and_listing_regions_end_too(sdk):
    """az's own code does both, and knows no deadline."""
    def stuck():
        time.sleep(10)

    azure = Azure(Clients(stuck, stuck, stuck, stuck, lambda: "s"), Deadline(0.3))
    began = time.monotonic()
    with pytest.raises(DeadlinePassed, match="use az's login"):
        azure.connect("compute")
    with pytest.raises(DeadlinePassed, match="list the regions"):
        azure.until(Deadline(0.3)).locations()
    assert time.monotonic() - began < 5
