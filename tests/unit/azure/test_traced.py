"""Requests in a trace: each attempt with its answer, and nothing of them that opens anything."""

from __future__ import annotations

import pytest
from arm_service import HANG_UP, ID, SUBSCRIPTION, Reply, refusal

from azext_dockervm.azure import kinds
from azext_dockervm.azure.traced import shown_path, shown_version
from azext_dockervm.errors import AzureUnreachable
from azext_dockervm.flow import trace
from azext_dockervm.flow.request import Request
from azext_dockervm.flow.trace import Trace

pytestmark = pytest.mark.parametrize("sdk", ["newest"], indirect=True, scope="module")

GROUP = "/subscriptions/…/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/web1"
DONE, BUSY = Reply(200, {"status": "Succeeded"}), Reply(200, {"status": "InProgress"})
RESOURCE = {"id": ID, "name": "web1", "properties": {"provisioningState": "Succeeded"}}


@pytest.fixture
def record():
    found = Trace()
    with trace.recording(found):
        yield found


def put(azure, **body):
    return azure.send(Request("PUT", kinds.SECURITY_GROUP.type, "g", ("web1",), {"location": "westus", **body}))


def test_a_write_is_its_request_its_polls_and_the_read_after_them(azure, service, record):
    service.operation("web1", RESOURCE, BUSY, DONE)
    put(azure)
    poll = "/subscriptions/…/providers/Microsoft.Any/operations/…"
    assert [(call.method, call.path, call.status) for call in record.calls] == [
        ("PUT", GROUP, 201), ("GET", poll, 200), ("GET", poll, 200), ("GET", GROUP, 200)]
    assert record.calls[0].version == service.versions("PUT", "web1")[0] and record.calls[1].version == "1999-01-01"


def test_each_attempt_is_one(azure, service, record):
    service.replies("GET", "web1", Reply(503, "x"), HANG_UP, Reply(200, RESOURCE))
    azure.get(kinds.SECURITY_GROUP, "g", "web1")
    assert [(call.attempt, call.status, call.outcome) for call in record.calls] == [
        (1, 503, "done"), (2, None, "failed"), (3, 200, "done")]
    assert [call.began for call in record.calls] == sorted(call.began for call in record.calls)


def test_a_call_that_failed_says_so_and_not_with_what(azure, service, record):
    service.replies("GET", "web1", HANG_UP)
    with pytest.raises(AzureUnreachable):
        azure.get(kinds.SECURITY_GROUP, "g", "web1")
    assert {(call.status, call.outcome, call.why) for call in record.calls} == {(None, "failed", "")}


def test_the_regions_which_az_itself_asks_for_are_there_too(azure, record):
    azure.locations()
    assert [(call.method, call.path) for call in record.calls] == [("GET", "/subscriptions/…/locations")]


def test_without_a_recording_requests_are_sent_all_the_same(azure, service):
    service.replies("GET", "web1", refusal(404, "ResourceNotFound"))
    assert azure.get(kinds.SECURITY_GROUP, "g", "web1") is None


def test_no_body_no_token_and_no_id_of_the_subscription_is_kept(azure, service, record):
    service.operation("web1", RESOURCE, DONE)
    put(azure, tags={"a": "MARKED-in-a-tag"})
    held = repr(vars(record))
    assert "Bearer" in service.asked[0].headers["Authorization"]
    assert service.bodies("PUT", "web1")[0]["tags"] == {"a": "MARKED-in-a-tag"}
    for secret in ("MARKED", "Bearer", service.asked[0].headers["Authorization"].split()[1], SUBSCRIPTION):
        assert secret not in held


@pytest.mark.parametrize(("url", "shown"), [
    ("https://arm/subscriptions/1-2/resourceGroups/demo?api-version=2024-11-01&sig=MARKED#x",
     "/subscriptions/…/resourceGroups/demo"),
    ("https://arm/SUBSCRIPTIONS/1-2/providers/Microsoft.Compute/locations/westus/operations/abc?p=1&t=MARKED&c=MARKED",
     "/subscriptions/…/providers/Microsoft.Compute/locations/westus/operations/…"),
    ("https://arm/subscriptions/1-2/operationresults/eyJqb2JJZCI6Ik1BUktFRCJ9?api-version=2021-04-01",
     "/subscriptions/…/operationresults/…"),
    ("https://arm/subscriptions/1-2/providers/M/locations/w/operationStatuses/abc",
     "/subscriptions/…/providers/M/locations/w/operationStatuses/…"),
    ("https://arm/subscriptions/1-2/resourceGroups/operations/providers/M.N/virtualMachines/web1",
     "/subscriptions/…/resourceGroups/operations/providers/M.N/virtualMachines/web1"),
    ("https://arm/subscriptions/1-2/resourceGroups/a%20b%28c%29", "/subscriptions/…/resourceGroups/a b(c)"),
    ("https://arm/other/" + "e" * 81, "/other/…"),
    ("https://arm/other/" + "e" * 80, "/other/" + "e" * 80),
])
def test_a_path_is_shown_without_what_opens_things(url, shown, sdk):
    assert shown_path(url) == shown


@pytest.mark.parametrize(("query", "version"), [
    ("?api-version=2024-11-01", "2024-11-01"), ("?a=b&api-version=2018-03-01-preview&c", "2018-03-01-preview"),
    ("", ""),
    ("?api-version=a%20b", ""), ("?api-version=" + "1" * 41, ""), ("?sig=x", "")])
def test_of_a_query_only_the_api_version_is_shown(query, version, sdk):
    assert shown_version(f"https://arm/x{query}") == version
