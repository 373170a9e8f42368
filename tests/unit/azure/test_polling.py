"""Following an operation: when it is asked for, how it ends, and what it outlasts."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from arm_service import HANG_UP, ID, PAGE, RESET, SILENT, Reply, cut, refusal, truncated

from azext_dockervm.azure import kinds, polling
from azext_dockervm.errors import AzureRefused, AzureUnreachable
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request

VM = {"id": ID, "name": "web1", "location": "westus", "properties": {"provisioningState": "Succeeded"}}
IN_PROGRESS, DONE = Reply(200, {"status": "InProgress"}), Reply(200, {"status": "Succeeded"})


def put(azure, kind=kinds.NETWORK_INTERFACE):
    return azure.send(Request("PUT", kind.type, "g", ("web1",), {"location": "westus"}))


def delete(azure, kind=kinds.NETWORK_INTERFACE):
    return azure.send(Request("DELETE", kind.type, "g", ("web1",)))


def test_it_is_asked_for_after_1_2_and_then_4_seconds(azure, service):
    service.operation("web1", VM, *[IN_PROGRESS] * 5, DONE)
    put(azure)
    assert azure.deadline.slept == [1, 2, 4, 4, 4]


@pytest.mark.parametrize("header,value,seconds", [("Retry-After", "7", 7), ("Retry-After", "30", 30),
                                                  ("retry-after-ms", "500", 0.5), ("x-ms-retry-after-ms", "250", 0.25)])
def test_where_azure_says_when_to_ask_again_that_counts(azure, service, header, value, seconds):
    later = Reply(200, {"status": "InProgress"}, {header: value})
    service.operation("web1", VM, later, later, DONE)
    put(azure)
    assert azure.deadline.slept == [seconds, seconds]


@pytest.mark.parametrize("value", ["0", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_and_where_it_says_nothing_sensible_our_own_pauses(azure, service, value):
    service.operation("web1", VM, Reply(200, {"status": "InProgress"}, {"Retry-After": value}), DONE)
    put(azure)
    assert azure.deadline.slept == [1]


@pytest.mark.parametrize("lost", [
    HANG_UP, RESET, Reply(429, None), Reply(500, "x"), Reply(502, "<html>"), Reply(503, None), Reply(408, None),
    truncated({"status": "InProgress"}), cut({"status": "InProgress"}), PAGE, Reply(200, {}), Reply(200),
    Reply(200, []), Reply(200, {"status": 7}),
], ids=lambda lost: f"{lost.way} {lost.status} {str(lost.body)[:9]}")
@pytest.mark.parametrize("write", [put, delete], ids=["put", "delete"])
def test_what_goes_wrong_on_the_way_for_a_while_does_not_end_it(azure, service, lost, write):
    status = 201 if write is put else 202
    service.operation("web1", VM, IN_PROGRESS, lost, lost, IN_PROGRESS, lost, DONE, method=write.__name__.upper(),
                      status=status)
    assert write(azure) == (VM if write is put else None)
    assert azure.deadline.slept == [1, 2, 4, 4, 4] and service.times("GET", "op") == 6


def test_a_throttled_poll_waits_as_long_as_azure_says(azure, service):
    service.operation("web1", VM, Reply(429, None, {"Retry-After": "17"}), DONE)
    put(azure)
    assert azure.deadline.slept == [17]


@pytest.mark.parametrize("lost,kind,words", [
    (HANG_UP, AzureUnreachable, "closed before"), (Reply(503, "x"), AzureRefused, "out of order"),
    (refusal(429, "TooManyRequests", "slower"), AzureRefused, "slower")], ids=["hang up", "503", "429"])
def test_what_stays_wrong_ends_it(azure, service, monkeypatch, lost, kind, words):
    monkeypatch.setattr(polling, "OUTAGE_SECONDS", 0.0)
    service.operation("web1", VM, IN_PROGRESS, lost)
    with pytest.raises(kind, match=f"create the network interface 'web1': .*{words}"):
        put(azure)


def test_a_silent_poll_is_given_up_early_for_the_next(connected, service, monkeypatch):
    monkeypatch.setattr(polling, "POLL_READ_SECONDS", 0.3)
    azure = connected(Deadline(60))
    azure.connect("network", "resources")
    service.operation("web1", VM, SILENT, DONE)
    began = time.monotonic()
    assert put(azure) == VM
    assert time.monotonic() - began < 6


@pytest.fixture
def clock(azure, monkeypatch):
    """Time passes by sleeping only."""
    monkeypatch.setattr(polling, "time", SimpleNamespace(monotonic=lambda: sum(azure.deadline.slept)))
    return azure


def test_an_outage_counts_from_the_last_answer(clock, service):
    service.operation("web1", VM, *[IN_PROGRESS] * 40, *[HANG_UP] * 20, IN_PROGRESS, *[HANG_UP] * 20, DONE)
    assert put(clock) == VM


def test_and_ends_after_two_minutes(clock, service):
    service.operation("web1", VM, *[IN_PROGRESS] * 10, HANG_UP)
    before = 1 + 2 + 4 * 8
    with pytest.raises(AzureUnreachable):
        put(clock)
    assert polling.OUTAGE_SECONDS <= sum(clock.deadline.slept) - before <= polling.OUTAGE_SECONDS + 8


@pytest.mark.parametrize("status", ["Failed", "failed", "Canceled"])
def test_a_failure_keeps_azure_s_code_and_words(azure, service, status):
    failed = {"status": status, "error": {"code": "AllocationFailed", "message": "no room", "details": [
        {"code": "More", "message": "Not even in zone 2."}]}}
    service.operation("web1", VM, IN_PROGRESS, Reply(200, failed))
    with pytest.raises(AzureRefused) as caught:
        put(azure)
    assert caught.value.code == "AllocationFailed" and caught.value.status is None
    assert caught.value.message == "create the network interface 'web1': no room Not even in zone 2."


def test_a_failure_without_a_reason_is_told_by_its_state(azure, service):
    service.operation("web1", VM, Reply(200, {"status": "Canceled"}))
    with pytest.raises(AzureRefused, match="ended as Canceled") as caught:
        put(azure)
    assert caught.value.code == "Canceled"


def test_what_may_not_be_asked_is_told(azure, service):
    service.operation("web1", VM, refusal(403, "AuthorizationFailed", "not yours"))
    with pytest.raises(AzureRefused, match="not yours"):
        put(azure)


def test_an_operation_that_azure_forgot_is_told_by_its_resource(azure, service):
    service.operation("web1", VM, refusal(404, "NotFound"))
    service.replies("GET", "web1", Reply(200, {**VM, "properties": {"provisioningState": "Updating"}}), Reply(200, VM))
    assert put(azure) == VM
    service.operation("web1", VM, refusal(404, "NotFound"), method="DELETE", status=202)
    service.replies("GET", "web1", Reply(200, {**VM, "properties": {"provisioningState": "Deleting"}}),
                    refusal(404, "NotFound"))
    assert delete(azure) is None
    service.operation("web1", VM, refusal(404, "NotFound"), method="DELETE", status=202)
    with pytest.raises(AzureRefused, match="delete the network interface 'web1'"):
        delete(azure)       # it is still there, and nothing deletes it


def test_an_operation_by_location_alone(azure, service):
    url = f"{service.endpoint}/subscriptions/s/results?api-version=1999-01-01"
    service.replies("DELETE", "web1", Reply(202, None, {"Location": url}))
    service.replies("GET", "results", Reply(202, None, {"Retry-After": "10"}), HANG_UP, Reply(502, "<html>"),
                    Reply(204))
    assert delete(azure) is None
    assert azure.deadline.slept == [10, 2, 4]


@pytest.mark.parametrize("kind", [kinds.NETWORK_INTERFACE, kinds.VM], ids=["network", "compute"])
def test_a_change_whose_end_the_resource_alone_tells(azure, service, kind):
    updating = {**VM, "properties": {"provisioningState": "Updating"}}
    service.replies("PUT", "web1", Reply(201, updating))
    service.replies("GET", "web1", Reply(200, updating), Reply(200, updating), Reply(200, VM))
    assert put(azure, kind) == VM
    assert azure.deadline.slept == [4, 4]
    service.replies("PUT", "web1", Reply(201, {**VM, "properties": {"provisioningState": "Failed"}}))
    with pytest.raises(AzureRefused, match="ended as Failed"):
        put(azure, kind)


def test_the_resource_itself_may_be_out_of_sight_for_a_moment(azure, service):
    service.operation("web1", VM, DONE)
    service.replies("GET", "web1", HANG_UP, Reply(502, "<html>"), truncated(VM), Reply(200, VM))
    assert put(azure) == VM
