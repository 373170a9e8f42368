"""A whole create at the service's own pace, whose budgets are counted by the create's own clock: none runs dry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fault_world import World

from localazure.behavior.budgets import Budgets
from localazure.protocol.errors import ArmError


class Counted(Budgets):
    """Notes what was left the least of each budget, and who met an empty one."""

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.least: dict[str, int] = {}
        self.refused: list[str] = []
        self.asked: list[str] = []

    def spend(self, method: str, path: str, principal: str) -> dict[str, str]:
        self.asked.append(f"{method} {path}")
        try:
            headers = super().spend(method, path, principal)
        except ArmError:
            self.refused.append(self.asked[-1])
            raise
        told = headers.get("x-ms-ratelimit-remaining-resource", "")
        left = dict(one.rsplit("/", 1)[1].split(";") for one in told.split(",") if one)
        left |= {name.removeprefix("x-ms-ratelimit-remaining-subscription-"): count for name, count in headers.items()
                 if "-subscription-" in name}
        for name, count in left.items():
            self.least[name] = min(int(count), self.least.get(name, 10**6))
        return headers


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[World]:
    """At the service's pace in all that it says; what it does takes as many thousandths of a second."""
    world = World(tmp_path_factory.mktemp("paced"), time_scale=1.0)
    yield world
    world.arm.stop()


@pytest.fixture
def group(world) -> str:
    """It goes with its server: who deletes it in a tight loop is throttled."""
    return world.new_group()


@pytest.fixture
def budgets(world, group, clock) -> Iterator[Counted]:
    world.behave(latencies={"Microsoft.Compute/virtualMachines/create": 0.8, "*/runCommands/*": 0.4, "*": 0.1})
    behavior = world.arm.cloud.behavior
    before, behavior.budgets = behavior.budgets, Counted("s", 1.0, clock=clock.monotonic)
    yield behavior.budgets
    behavior.budgets = before


def test_a_create_by_run_commands_meets_no_empty_budget(world, group, certificates, budgets):
    ended = world.create(group, certificates, seconds=3600.0)
    assert ended.error is None, ended.text
    assert budgets.refused == []
    of_the_vm = [one for one in budgets.asked if one.startswith("GET ") and "/virtualMachines/web1" in one]
    assert len(of_the_vm) > 20, "the VM was looked at"
    assert budgets.least["LowCostGetResource"] >= 10 and budgets.least["GetOperationResource"] >= 35
    assert budgets.least["UpdateVMResource"] >= 4 and budgets.least["reads"] >= 200 and budgets.least["writes"] >= 185
