"""Whoever waits for a write stays within the service's budgets, however long the write takes.

By the service's own sizes and its own words of when to ask again, at its own pace; no time passes.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from azext_dockervm.azure import kinds
from azext_dockervm.azure.polling import follow
from azext_dockervm.azure.watching import Watch
from azext_dockervm.flow.deadline import Deadline
from localazure.arm import patience
from localazure.behavior.budgets import Budgets

MINUTE = 60.0
GROUP = "/subscriptions/s/resourceGroups/g/providers"
REGION = "/subscriptions/s/providers/{}/locations/westus/operations/{}"


class Clock:
    """Passes by sleeping only; also a deadline that notes nothing else."""

    def __init__(self) -> None:
        self.now = 0.0
        self.deadline = Deadline(10**9)
        self.deadline.sleep = self.sleep

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float, _state: str) -> None:
        self.now += seconds


class Service:
    """Counts each request as the service would; a request that it throttles fails the test."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.budgets = Budgets("s", 1.0, clock=self.clock)
        self.least: dict[str, int] = {}
        self.looks = self.polls = self.operations = 0

    def ask(self, path: str) -> None:
        headers = self.budgets.spend("GET", path, "me")
        left = dict(one.rsplit("/", 1)[1].split(";") for one in headers.get(
            "x-ms-ratelimit-remaining-resource", "").split(",") if one)
        left["reads"] = headers["x-ms-ratelimit-remaining-subscription-reads"]
        for name, count in left.items():
            self.least[name] = min(int(count), self.least.get(name, 10**6))

    def wait_for(self, kind: kinds.Kind, seconds: float, name: str = "web1") -> None:
        """Follow a write of a kind that takes so long, and that only its operation tells the end of."""
        self.operations += 1
        poll = _Poll(self, kind, f"{GROUP}/{kind.provider_path((name, 'child')[:kind.type.count('/')])}", seconds)
        watch = Watch(poll.look, {}, kind.looks)
        assert watch.can_tell({"properties": {"provisioningState": "Creating"}}, is_new=True)
        follow(poll, self.clock.deadline, watch, poll.first())


class _Poll:
    """In place of an operation's polls."""

    state = "InProgress"

    def __init__(self, service: Service, kind: kinds.Kind, target: str, seconds: float) -> None:
        self._service, self._target = service, target
        self._is_compute = kind.client == "compute"
        self._url = REGION.format(kind.type.split("/")[0], service.operations)
        self._polls, self._end = 0, service.clock.now + seconds

    def first(self) -> float:
        return patience.first("PUT", self._target) or (patience.COMPUTE_FIRST if self._is_compute else 1.0)

    def poll(self) -> float | None:
        self._service.ask(self._url)
        self._service.polls += 1
        self._polls += 1
        if self._service.clock.now >= self._end:
            return None
        if self._is_compute:
            return float(patience.of_compute(self._target, self._polls, 1.0)["Retry-After"])
        return patience.of_network_poll(self._polls)

    def look(self) -> dict:
        self._service.ask(self._target)
        self._service.looks += 1
        return {"properties": {"provisioningState": "Creating"}}


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service()
    yield found
    assert found.looks > found.polls > 0, "the looks are what was to be counted"


@pytest.mark.parametrize(("kind", "seconds", "least"), [
    (kinds.VM, 20 * MINUTE, 19), (kinds.VM, 90 * MINUTE, 19), (kinds.EXTENSION, 90 * MINUTE, 34),
    (kinds.RUN_COMMAND, 90 * MINUTE, 34)], ids=lambda value: getattr(value, "noun", str(value)))
def test_a_vm_and_what_is_below_it_leave_something_for_others(service, kind, seconds, least):
    service.wait_for(kind, seconds)
    assert service.least["LowCostGetResource"] >= least and service.least["GetOperationResource"] >= 40
    assert service.least["reads"] >= 245


def test_so_does_a_whole_host_whose_every_part_takes_its_time(service):
    """All of them are counted for one VM; the last one is its tags, which a step of a minute writes."""
    for kind, minutes in ((kinds.VM, 2), (kinds.EXTENSION, 8), (kinds.RUN_COMMAND, 2), (kinds.RUN_COMMAND, 90),
                          (kinds.VM, 1)):
        service.wait_for(kind, minutes * MINUTE)
    assert service.least["LowCostGetResource"] >= 19


def test_tags_right_after_a_vm_that_has_taken_the_most_of_it(service):
    service.wait_for(kinds.VM, 2 * MINUTE)
    service.wait_for(kinds.VM, MINUTE)
    assert service.least["LowCostGetResource"] >= 10


NETWORK = [kind for kind in kinds.KINDS.values() if kind.client == "network"]


@pytest.mark.parametrize("kind", NETWORK, ids=lambda kind: kind.noun)
def test_eight_hosts_networks_side_by_side_stay_within_resource_manager_s_reads(service, kind):
    """Three parts each: what one takes in a time, twenty-four take."""
    service.wait_for(kind, 10 * MINUTE)
    asked = service.looks + service.polls
    assert 24 * asked <= 250 + 25 * service.clock.now
    assert service.least["reads"] >= 245

