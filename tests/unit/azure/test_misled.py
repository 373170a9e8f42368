"""Answers that lead elsewhere, in circles, or ask to wait in words: no other server gets the token, and all ends."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from arm_service import Reply, refusal

from azext_dockervm.azure import kinds
from azext_dockervm.azure.pipeline import retry_after
from azext_dockervm.errors import AnswerUnreadable, AzureRefused, DeadlinePassed
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Request


@pytest.fixture
def elsewhere(service):
    """The same port by another name: whoever asked there would show the token."""
    return service.endpoint.replace("localhost", "127.0.0.1")


VM = {"id": "/x/y/z/g/web1", "name": "web1", "location": "westus", "properties": {"provisioningState": "Succeeded"}}


def test_a_next_page_on_another_server_is_refused(azure, service, elsewhere):
    service.replies("GET", "virtualMachines", Reply(200, {"value": [], "nextLink": f"{elsewhere}/more"}))
    service.replies("GET", "more", Reply(200, {"value": []}))
    with pytest.raises(AzureRefused, match="leads to another server \\('127.0.0.1'\\)"):
        azure.list_all(kinds.VM)
    assert not service.times("GET", "more")


def test_a_redirect_to_another_server_is_refused(azure, service, elsewhere):
    service.replies("GET", "web1", Reply(307, None, {"Location": f"{elsewhere}/there"}))
    service.replies("GET", "there", Reply(200, VM))
    with pytest.raises(AzureRefused):
        azure.get(kinds.VM, "g", "web1")
    assert not service.times("GET", "there")


@pytest.mark.parametrize("header", ["Azure-AsyncOperation", "Location"])
def test_an_operation_on_another_server_is_refused(azure, service, elsewhere, header):
    service.replies("DELETE", "web1", Reply(202, None, {header: f"{elsewhere}/op"}))
    service.replies("GET", "op", Reply(200, {"status": "Succeeded"}))
    with pytest.raises(AzureRefused, match="leads to another server"):
        azure.send(Request("DELETE", kinds.VM.type, "g", ("web1",)))
    assert not service.times("GET", "op")


def test_the_port_of_https_may_be_written(azure, service):
    service.replies("GET", "virtualMachines", Reply(200, {"value": [], "nextLink": f"{service.endpoint}/more"}))
    service.replies("GET", "more", Reply(200, {"value": []}))
    assert azure.list_all(kinds.VM) == []


@pytest.mark.parametrize("back", ["", "/a", "/b"])
def test_a_list_that_leads_back_to_itself_ends(azure, service, back):
    first = f"{service.endpoint}/subscriptions/s/first"
    for name, following in (("virtualMachines", f"{first}"), ("first", f"{first}{back}"), ("a", f"{first}/b"),
                            ("b", f"{first}/a")):
        service.replies("GET", name, Reply(200, {"value": [], "nextLink": following}))
    with pytest.raises(AnswerUnreadable, match="leads back to a page"):
        azure.list_all(kinds.VM)
    assert len(service.asked) < 15


def test_a_question_without_an_answer_ends_by_its_patience(connected, service):
    service.replies("GET", "web1", refusal(503, "Busy", **{"Retry-After": "50"}))
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        connected(Deadline(600, patience=0.5)).get(kinds.VM, "g", "web1")
    assert time.monotonic() - began < 5


def test_patience_stays_with_deadlines_that_are_made_of_one():
    assert Deadline(600, patience=120).within(60).patience == Deadline(600, patience=120).later(1).patience == 120


@pytest.mark.parametrize(("text", "seconds"), [
    ("7", 7), (" 7 ", 7), ("soon", 0), ("-5", 0), ("²", 0), ("1e3", 0), ("9" * 20, 0), ("", 0),
    ("Thu, 99 Foo 2026 25:61:00 GMT", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0)])
def test_retry_after_is_a_number_or_a_date(text, seconds):
    assert retry_after({"Retry-After": text}) == seconds


def test_retry_after_by_a_date_is_the_time_until_then():
    date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=60), usegmt=True)
    assert 55 < retry_after({"Retry-After": date}) <= 60


@pytest.mark.parametrize("text", ["soon", "-5", "9" * 400])
def test_a_retry_after_of_words_counts_as_none(azure, service, text):
    service.replies("GET", "web1", refusal(503, "Busy", **{"Retry-After": text}), Reply(200, VM))
    assert azure.get(kinds.VM, "g", "web1")
    assert sum(azure.deadline.slept) < 10
