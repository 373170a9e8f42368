"""Throttling: buckets that refill, what is counted for which policy, headers, and both 429 bodies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from arm_support import Group, LocalAzure

from localazure.behavior.budgets import Budgets, Size, compute_policies
from localazure.protocol.errors import ArmError

AT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines"
REGION = "/subscriptions/s/providers/Microsoft.Compute/locations/westus"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("method", "path", "policies"),
    [
        ("PUT", f"{AT}/web1", ["UpdateVMSubscriptionMaximum", "UpdateVMResource"]),
        ("POST", f"{AT}/web1/start", ["UpdateVMSubscriptionMaximum", "UpdateVMResource"]),
        ("PUT", f"{AT}/web1/extensions/x", ["UpdateVMSubscriptionMaximum", "UpdateVMResource"]),
        ("DELETE", f"{AT}/web1/extensions/x", ["UpdateVMSubscriptionMaximum", "UpdateVMResource"]),
        ("DELETE", f"{AT}/web1", ["DeleteVMSubscriptionMaximum", "DeleteVMResource"]),
        ("GET", f"{AT}/web1", ["LowCostGetSubscriptionMaximum", "LowCostGetResource"]),
        ("GET", AT, ["HighCostGetSubscriptionMaximum"]),
        ("GET", f"{REGION}/virtualMachines", ["HighCostGetSubscriptionMaximum"]),
        ("GET", f"{REGION}/operations/1", ["GetOperationResource", "GetOperationSubscriptionMaximum"]),
        ("GET", f"{REGION}/vmSizes", ["GetSubscriptionInfoSubscriptionMaximum"]),
        ("GET", "/subscriptions/s/resourceGroups", []),
    ],
)
def test_what_counts_for_which_policy_of_compute(method: str, path: str, policies: list[str]) -> None:
    assert [name for name, _ in compute_policies(method, path)] == policies


def test_reads_come_back_by_25_a_second_divided_by_the_time_scale() -> None:
    for scale in (1.0, 0.5):
        clock = Clock()
        budgets = Budgets("s", scale, clock=clock)
        for left in range(249, -1, -1):
            assert budgets.spend("GET", "/subscriptions/s/resourceGroups", "me") == {
                "x-ms-ratelimit-remaining-subscription-reads": str(left),
                "x-ms-ratelimit-remaining-subscription-global-reads": str(left + 3500),
            }
        with pytest.raises(ArmError) as refusal:
            budgets.spend("GET", "/subscriptions/s/resourceGroups", "me")
        assert refusal.value.headers["Retry-After"] == "1"
        clock.now += scale
        assert budgets.spend("GET", "/subscriptions/s/resourceGroups", "me") == {
            "x-ms-ratelimit-remaining-subscription-reads": "24",
            "x-ms-ratelimit-remaining-subscription-global-reads": "3749",
        }


def test_writes_deletes_and_a_tenants_reads_have_buckets_of_their_own() -> None:
    budgets = Budgets("s", 1.0, clock=Clock())
    budgets.spend("GET", "/subscriptions/s/resourceGroups", "me")
    for method, path, header in (
        ("PUT", "/subscriptions/s/resourceGroups/g", "subscription-writes"),
        ("POST", "/subscriptions/s/resourceGroups/g", "subscription-writes"),
        ("DELETE", "/subscriptions/s/resourceGroups/g", "subscription-deletes"),
        ("GET", "/tenants", "tenant-reads"),
    ):
        expected = {"POST": "198", "GET": "249"}.get(method, "199")
        headers = budgets.spend(method, path, "me")
        assert headers[f"x-ms-ratelimit-remaining-{header}"] == expected
        everybody = {"POST": "2998", "GET": None}.get(method, "2999")
        name = header.replace("subscription-", "subscription-global-")
        assert headers.get(f"x-ms-ratelimit-remaining-{name}" if method != "GET" else "") == everybody


def test_when_the_whole_subscription_has_nothing_left_a_principal_has_not_either() -> None:
    budgets = Budgets("s", 1.0, sizes={"global-deletes": Size(1, 1)}, clock=Clock())
    budgets.spend("DELETE", "/subscriptions/s/resourceGroups/g", "me")
    with pytest.raises(ArmError) as refusal:
        budgets.spend("DELETE", "/subscriptions/s/resourceGroups/g", "me")
    assert (refusal.value.status, refusal.value.code) == (429, "SubscriptionRequestsThrottled")


def test_polling_an_operation_by_compute_polls_never_runs_its_budget_dry() -> None:
    from localazure.arm import patience

    for scale in (0.001, 0.02, 0.1, 1.0, 10.0):
        clock = Clock()
        budgets = Budgets("s", scale, clock=clock)
        for number in range(1000):
            budgets.spend("GET", f"{REGION}/operations/1", "me")
            told = patience.of_compute(f"{AT}/web1", number, scale)
            clock.now += float(told.get("Retry-After") or int(told["retry-after-ms"]) / 1000)


def test_one_vms_bucket_is_not_anothers() -> None:
    budgets = Budgets("s", 1.0, clock=Clock())
    for _ in range(12):
        budgets.spend("PUT", f"{AT}/web1", "me")
    assert budgets.spend("PUT", f"{AT}/web2", "me")["x-ms-ratelimit-remaining-resource"] == (
        "Microsoft.Compute/UpdateVMSubscriptionMaximum;1487,Microsoft.Compute/UpdateVMResource;11"
    )
    with pytest.raises(ArmError) as refusal:
        budgets.spend("PUT", f"{AT}/web1", "me")
    error = refusal.value
    assert (error.status, error.code) == (429, "OperationNotAllowed")
    (detail,) = error.details or []
    assert (detail["code"], detail["target"]) == ("TooManyRequests", "UpdateVMResource")
    assert json.loads(detail["message"])["allowedRequestCount"] == 12
    assert error.headers["Retry-After"] == "15"


def test_without_time_nothing_is_ever_refused() -> None:
    budgets = Budgets("s", 0.0, sizes={"reads": Size(1, 1)}, clock=Clock())
    for _ in range(100):
        budgets.spend("GET", "/subscriptions/s/resourceGroups", "me")


def test_switched_off_budgets_are_only_counted() -> None:
    budgets = Budgets("s", 1.0, arm=False, compute=False, sizes={"reads": Size(1, 0)}, clock=Clock())
    for _ in range(50):
        headers = budgets.spend("GET", f"{AT}/web1", "me")
    assert headers["x-ms-ratelimit-remaining-subscription-reads"] == "0"
    assert headers["x-ms-ratelimit-remaining-resource"].endswith("LowCostGetResource;0")


@pytest.fixture
def slow_arm(tmp_path: Any) -> Any:
    """A server at the service's own pace."""
    server = LocalAzure(tmp_path, time_scale=1.0)
    yield server
    server.stop()


def test_a_client_sees_headers_and_the_429_of_resource_manager(slow_arm: LocalAzure) -> None:
    answer = slow_arm.call("GET", "/resourcegroups")
    assert answer.headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    (slow_arm.folder / "behavior.json").write_text('{"throttle": {"sizes": {"reads": {"bucket": 1, "per_minute": 1}}}}')
    slow_arm.on_loop(lambda: slow_arm.cloud.behavior.watch(slow_arm.folder / "behavior.json"))
    assert slow_arm.call("GET", "/resourcegroups").status == 200
    refused = slow_arm.call("GET", "/resourcegroups")
    assert (refused.status, refused.code) == (429, "SubscriptionRequestsThrottled")
    assert int(refused.headers["Retry-After"]) in (59, 60)
    assert refused.message.startswith("Number of 'read' requests for subscription '1111")
    assert slow_arm.raw("GET", "/metadata/endpoints").status == 200


def test_an_unauthorized_request_spends_nothing(slow_arm: LocalAzure) -> None:
    refused = slow_arm.raw("GET", "/subscriptions?api-version=2022-12-01")
    assert refused.status == 401
    assert not [name for name in refused.headers if "ratelimit" in name]


def test_a_vms_headers(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    remaining = arm.call("GET", vm).headers["x-ms-ratelimit-remaining-resource"]
    assert remaining == "Microsoft.Compute/LowCostGetSubscriptionMaximum;23999,Microsoft.Compute/LowCostGetResource;35"
    assert "x-ms-ratelimit-remaining-resource" not in arm.call("GET", group.path).headers
