"""A write that is watched: its end is seen by reading what it writes; where reading may err its operation tells."""

from __future__ import annotations

import pytest
from arm_service import HANG_UP, ID, PAGE, Reply, refusal

from azext_dockervm.azure import kinds, watching
from azext_dockervm.errors import AzureRefused, DeadlinePassed, HostGone, NotFound
from azext_dockervm.flow.request import Request

NAMES = {kinds.SUBNET: ("net", "thing"), kinds.SECURITY_RULE: ("group", "thing"), kinds.EXTENSION: ("web1", "thing"),
         kinds.RUN_COMMAND: ("web1", "thing")}
IN_PROGRESS, DONE = Reply(200, {"status": "InProgress"}), Reply(200, {"status": "Succeeded"})
LATER = Reply(200, {"status": "InProgress"}, {"Retry-After": "30"})
GONE = refusal(404, "ResourceNotFound")
ASKED = {"location": "westus", "tags": {"run": "ours"}, "properties": {"size": "big", "rules": [{"name": "a"}]}}
PACE = {kind: (0.5, 1, 2, 2, 2) for kind in kinds.KINDS.values()} | {
    kinds.VM: (3, 3, 3, 3, 3), kinds.EXTENSION: (5, 5, 5, 5, 5), kinds.RUN_COMMAND: (5, 5, 5, 5, 5)}


def thing(state, etag=None, run="ours", **properties):
    return {"id": ID, "name": "thing", "location": "westus", "tags": {"run": run}, **({"etag": etag} if etag else {}),
            "properties": {"provisioningState": state, "size": "big", "rules": [{"name": "a", "id": "/a"}],
                           **properties}}


@pytest.fixture
def write(azure, service):
    """Sends a write whose first answer is ``first`` → what it returns; ``reads`` and ``polls`` come one after the
    other."""
    def write(first, *reads, polls=(IN_PROGRESS,), kind=kinds.SECURITY_GROUP, status=201, method="PUT", body=ASKED,
              **headers):
        service.operation("thing", first, *polls, method=method, status=status, **headers)
        service.replies("GET", "thing", *(one if isinstance(one, Reply) else Reply(200, one) for one in reads))
        return azure.send(Request(method, kind.type, "g", NAMES.get(kind, ("thing",)), body))

    return write


def looks(service):
    return service.times("GET", "thing")


def polls(service):
    return service.times("GET", "op")


@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS.values()
                                  if kind not in (kinds.DISK, kinds.DISK_ENCRYPTION_SET)],    # never PUT
                         ids=lambda kind: kind.noun)
def test_what_was_made_is_ready_when_reading_says_so_and_azure_says_to_poll_much_later(azure, service, write, kind):
    at_work = [thing("Updating", "1")] * 4
    ready = thing("Succeeded", "2")
    assert write(thing("Updating", "1"), *at_work, ready, kind=kind, **{"Retry-After": "30"}) == ready
    assert tuple(azure.deadline.slept) == PACE[kind] and (looks(service), polls(service)) == (5, 0)


def test_the_operation_is_asked_when_azure_says_besides(azure, service, write):
    later = Reply(200, {"status": "InProgress"}, {"Retry-After": "10"})
    made = thing("Succeeded", "2")
    reads = [thing("Updating", "1")] * 7
    assert write(thing("Updating", "1"), *reads, made, polls=(later, DONE), **{"Retry-After": "3"}) == made
    # Looks after 0.5, 1.5, 3.5, 5.5, 7.5, 9.5 and 11.5 s, polls after 3 and 13.
    assert azure.deadline.slept == [0.5, 1, 1.5, 0.5, 2, 2, 2, 2, 1.5]
    assert (looks(service), polls(service)) == (8, 2), "the last read is of what the operation has made"


def test_where_azure_does_not_say_when_the_operation_is_asked_as_ever(azure, service, write):
    made = thing("Succeeded", "2")
    write(thing("Updating", "1"), *[thing("Updating", "1")] * 4, made, polls=(IN_PROGRESS, IN_PROGRESS, DONE))
    assert sum(azure.deadline.slept) == 1 + 1 + 2 and polls(service) == 3


# Not there yet

def test_what_azure_does_not_find_yet_is_looked_for_again(service, write):
    ready = thing("Succeeded", "2")
    assert write(thing("Updating", "1"), GONE, GONE, ready, **{"Retry-After": "30"}) == ready
    assert (looks(service), polls(service)) == (3, 0)


def test_but_not_for_ever_then_the_operation_tells(service, write):
    later, ready = [Reply(200, {"status": "InProgress"}, {"Retry-After": "60"})] * 2, thing("Succeeded", "2")
    missed = [GONE] * (watching.MISSING_LOOKS + 10)
    assert write(thing("Updating", "1"), *missed, ready, polls=(*later, DONE), **{"Retry-After": "60"}) == ready
    assert looks(service) == len(missed) + 1 and polls(service) == 3


def test_what_succeeded_and_is_not_shown_is_looked_for_until_the_time_is_over(azure, service, write, monkeypatch):
    ends = iter([DeadlinePassed("the time allowed (600 s) is over")])

    def sleep(seconds, state):
        azure.deadline.slept.append(seconds)
        if len(azure.deadline.slept) > 100:
            raise next(ends)

    monkeypatch.setattr(azure.deadline, "sleep", sleep)
    with pytest.raises(DeadlinePassed) as caught:
        write(thing("Updating", "1"), GONE, polls=(DONE,), **{"Retry-After": "3"})
    assert caught.value.accepted is True


def test_what_a_look_has_found_and_is_not_there_any_more_is_gone(service, write):
    with pytest.raises(NotFound, match="create the network security group 'thing': it is gone again"):
        write(thing("Updating", "1"), thing("Updating", "1"), GONE, polls=(DONE,), **{"Retry-After": "3"})
    assert looks(service) < 10


def test_and_an_operation_that_has_failed_meanwhile_ends_it(service, write):
    failed = Reply(200, {"status": "Failed", "error": {"code": "Broken", "message": "It broke."}})
    with pytest.raises(AzureRefused, match="It broke"):
        write(thing("Updating", "1"), GONE, polls=(failed,), **{"Retry-After": "5"})
    assert looks(service) == 3


@pytest.mark.parametrize("kind", [kinds.EXTENSION, kinds.RUN_COMMAND], ids=lambda kind: kind.noun)
@pytest.mark.parametrize("polled", [LATER, GONE], ids=["its operation is known", "it is not"])
def test_what_is_below_a_vm_that_was_deleted_ends_in_seconds(azure, service, write, kind, polled):
    service.replies("GET", "web1", GONE)
    with pytest.raises(HostGone, match="The VM 'web1' has been deleted meanwhile"):
        write(thing("Creating"), thing("Creating"), GONE, kind=kind, polls=(polled,), **{"Retry-After": "10"})
    assert sum(azure.deadline.slept) < 30


def test_what_is_below_a_vm_that_is_there_is_looked_for_again(service, write):
    service.replies("GET", "web1", Reply(200, thing("Updating")))
    made = thing("Succeeded")
    assert write(thing("Creating"), GONE, made, kind=kinds.RUN_COMMAND, **{"Retry-After": "60"}) == made


# Failures

@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_a_failure_is_told_by_the_operation_at_once_with_azure_s_code_and_words(azure, service, write, state):
    failed = {"status": state, "error": {"code": "DnsRecordInUse", "message": "It is taken."}}
    with pytest.raises(AzureRefused) as caught:
        write(thing("Updating", "1"), thing("Updating", "1"), thing(state, "2"), polls=(Reply(200, failed),),
              **{"Retry-After": "30"})
    assert (caught.value.code, caught.value.message) == (
        "DnsRecordInUse", "create the network security group 'thing': It is taken.")
    assert azure.deadline.slept == [0.5, 1] and polls(service) == 1


def test_the_failure_of_what_was_there_before_is_none_of_this_write_s(service, write):
    ready = thing("Succeeded", "3")
    mended = {**ASKED, "etag": "1", "properties": {**ASKED["properties"], "provisioningState": "Failed"}}
    reads = (thing("Failed", "1"), thing("Failed", "1"), thing("Updating", "2"), ready)
    assert write(thing("Updating", "2"), *reads, polls=(LATER,), status=200, body=mended,
                 **{"Retry-After": "30"}) == ready
    assert (looks(service), polls(service)) == (4, 1), "asked once why it is Failed, and not with each look"


# What may be somebody else's, or what was there before

def test_another_run_s_write_of_the_same_resource_is_not_ours(service, write):
    canceled = Reply(200, {"status": "Canceled", "error": {"code": "Canceled", "message": "Operation was canceled."}})
    with pytest.raises(AzureRefused) as caught:
        write(thing("Updating", "1"), thing("Updating", "2", run="theirs"), thing("Succeeded", "3", run="theirs"),
              polls=(canceled,), **{"Retry-After": "9"})
    assert caught.value.code == "Canceled" and (looks(service), polls(service)) == (1, 1), "asked at once"


def test_what_was_there_before_is_not_taken_for_what_was_asked_though_it_is_the_same(service, write):
    before, at_work, ready = thing("Succeeded", "1"), thing("Updating", "2"), thing("Succeeded", "3")
    assert write(at_work, before, before, at_work, ready, status=200, **{"Retry-After": "30"}) == ready
    assert looks(service) == 4


def test_a_change_that_was_over_before_the_first_look_is_told_by_the_operation(service, write):
    ready = thing("Succeeded", "3")
    assert write(thing("Updating", "2"), ready, polls=(DONE,), status=200, **{"Retry-After": "3"}) == ready
    assert polls(service) == 1


@pytest.mark.parametrize("old", [{"size": "small"}, {"rules": []}], ids=["another value", "fewer"])
def test_what_is_not_as_it_was_asked_for_is_no_end(service, write, old):
    ready = thing("Succeeded", "3")
    reads = (thing("Updating", "2"), *[thing("Succeeded", "2", **old)] * 2, ready)
    assert write(thing("Updating", "2"), *reads, polls=(LATER,), **{"Retry-After": "30"}) == ready
    assert (looks(service), polls(service)) == (4, 1), "asked once, and not with each look"


def test_what_is_not_shown_is_not_missed(service, write):
    ready = thing("Succeeded", "2", adminPassword=None)
    body = {**ASKED, "properties": {**ASKED["properties"], "adminPassword": "hush", "customData": "aGk="}}
    assert write(thing("Updating", "1"), ready, body=body, **{"Retry-After": "30"}) == ready
    assert polls(service) == 0


# An answer that is ready already, as a network interface's is

def test_what_is_said_to_be_ready_at_once_has_its_operation_asked_at_once(azure, service, write):
    ready = thing("Succeeded", "1")
    assert write(ready, ready, polls=(DONE,), kind=kinds.NETWORK_INTERFACE, **{"Retry-After": "10"}) == ready
    assert azure.deadline.slept == [] and (looks(service), polls(service)) == (1, 1)


def test_and_reading_tells_the_end_by_its_etag_alone(azure, service, write):
    later = Reply(200, {"status": "InProgress"}, {"Retry-After": "10"})
    first, ready = thing("Succeeded", "1"), thing("Succeeded", "2")
    assert write(first, first, first, ready, polls=(later,), kind=kinds.NETWORK_INTERFACE) == ready
    assert azure.deadline.slept == [0.5, 1, 2] and polls(service) == 1
    ready = thing("Succeeded")
    assert write(thing("Succeeded"), ready, polls=(later, DONE), kind=kinds.NETWORK_INTERFACE) == ready
    assert azure.deadline.slept == [0.5, 1, 2, 10], "without etags there is nothing to look for"
    assert write(first, ready, polls=(later, DONE), kind=kinds.NETWORK_INTERFACE) == ready
    assert polls(service) == 1 + 2 + 2, "and an etag that is lost on the way tells nothing either"


@pytest.mark.parametrize("state", ["", "Failed"])
def test_a_first_answer_without_a_state_or_of_a_failure_is_left_to_the_operation(service, write, state):
    ready = thing("Succeeded", "2")
    assert write(thing(state, "1"), ready, polls=(IN_PROGRESS, DONE)) == ready
    assert (looks(service), polls(service)) == (1, 2)


# Looks that go wrong

@pytest.mark.parametrize("wrong", [refusal(403, "AuthorizationFailed"),
                                   refusal(429, "TooManyRequests", **{"Retry-After": "1"})], ids=["403", "429"])
def test_who_may_not_look_does_not_look_again(azure, service, write, wrong):
    made = thing("Succeeded", "2")
    assert write(thing("Updating", "1"), wrong, made, polls=(IN_PROGRESS, DONE), **{"Retry-After": "30"}) == made
    assert azure.deadline.slept == [0.5, 29.5, 1] and (looks(service), polls(service)) == (2, 2)


@pytest.mark.parametrize("wrong", [HANG_UP, PAGE, Reply(503, "x"), Reply(200, {})],
                         ids=["hang up", "a web page", "503", "nothing"])
def test_a_look_that_fails_is_one_look_less(azure, service, write, wrong):
    ready = thing("Succeeded", "2")
    assert write(thing("Updating", "1"), wrong, wrong, ready, **{"Retry-After": "30"}) == ready
    assert azure.deadline.slept == [0.5, 1, 2] and looks(service) == 3


# Tags of a VM, and api-versions

def test_tags_of_a_vm_are_written_when_they_are_read(azure, service, write):
    old, new = thing("Succeeded"), {**thing("Succeeded"), "tags": {"run": "ours", "more": "1"}}
    reads = (old, thing("Updating"), old, {**new, "properties": {"provisioningState": "Updating"}}, new)
    first = {**new, "properties": {"provisioningState": "Updating"}}
    assert write(first, *reads, polls=(LATER,), kind=kinds.VM, status=200, method="PATCH",
                 body={"tags": {"more": "1"}}, **{"Retry-After": "30"}) == new
    assert azure.deadline.slept == [3, 3, 3, 3] and polls(service) == 1


def test_looks_are_in_the_version_that_the_service_speaks(azure, service):
    old = "The supported api-versions are '2021-02-01, 2022-01-01'."
    no = refusal(400, "NoRegisteredProviderFound", old)
    url = f"{service.endpoint}/subscriptions/s/op?api-version=1999-01-01"
    service.replies("PUT", "thing", no, Reply(201, thing("Updating", "1"), {"Azure-AsyncOperation": url,
                                                                          "Retry-After": "30"}))
    service.replies("GET", "thing", no, Reply(200, thing("Updating", "1")), Reply(200, thing("Succeeded", "2")))
    made = azure.send(Request("PUT", kinds.SECURITY_GROUP.type, "g", ("thing",), ASKED))
    assert made == thing("Succeeded", "2")
    assert service.versions("GET", "thing") == [kinds.NETWORK_VERSION, "2022-01-01", "2022-01-01"]
