"""Spot VMs: what they can't have, prices, and evictions."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Group, LocalAzure, eventually


@pytest.fixture
def path(group: Group) -> str:
    return group.compute("virtualMachines/web1")


def body(group: Group, **properties: Any) -> dict[str, Any]:
    made = group.vm_body(group.nic(group.vnet()))
    made["properties"] |= {"priority": "Spot", **properties}
    return made


@pytest.mark.parametrize(("properties", "says"), [
    ({"priority": "Regular", "evictionPolicy": "Delete"}, "Eviction policy can be set only on Azure Spot"),
    ({"priority": None, "billingProfile": {"maxPrice": -1}}, "Max price is supported only for Azure Spot"),
    ({"billingProfile": {"maxPrice": 0}}, "Invalid max price value."),
    ({"billingProfile": {"maxPrice": -2}}, "Invalid max price value."),
])  # fmt: skip
def test_what_a_vm_can_t_have_by_its_priority(
    arm: LocalAzure, group: Group, path: str, properties: dict[str, Any], says: str
) -> None:
    answer = arm.call("PUT", path, body(group, **properties))
    assert (answer.status, answer.code, answer.message.startswith(says)) == (409, "OperationNotAllowed", True)


def test_no_spot_vm_in_an_availability_set(arm: LocalAzure, group: Group, path: str) -> None:
    spread = group.compute("availabilitySets/spread")
    arm.done("PUT", spread, {"location": "westus", "sku": {"name": "Aligned"}})
    answer = arm.call("PUT", path, body(group, availabilitySet={"id": group.id_of(spread)}))
    assert answer.message.startswith("Azure Spot Virtual Machine is not supported in Availability Set.")


def test_an_ephemeral_disk_goes_with_the_policy_delete_only(arm: LocalAzure, group: Group, path: str) -> None:
    made = body(group)
    made["properties"]["storageProfile"]["osDisk"] |= {"diffDiskSettings": {"option": "Local"}, "caching": "ReadOnly"}
    made["properties"]["hardwareProfile"]["vmSize"] = "Standard_D2ds_v5"
    assert arm.call("PUT", path, made).body["error"]["target"] == "evictionPolicy"
    made["properties"]["evictionPolicy"] = "Delete"
    arm.done("PUT", path, made)
    for policy, disk in (("Deallocate", {}), ("Delete", {"diffDiskSettings": {"option": "Local"}})):
        change = {"evictionPolicy": policy, "storageProfile": {"osDisk": disk}}
        answer = arm.call("PATCH", path, {"properties": change})
        assert answer.status == (409 if policy == "Deallocate" else 200)


def test_a_managed_disk_stays_one_whatever_the_priority(arm: LocalAzure, group: Group, path: str) -> None:
    arm.done("PUT", path, body(group))
    change = {"properties": {"storageProfile": {"osDisk": {"diffDiskSettings": {"option": "Local"}}}}}
    assert arm.call("PATCH", path, change).code == "PropertyChangeNotAllowed"


def test_its_price_changes_without_a_host_only(arm: LocalAzure, group: Group, path: str) -> None:
    arm.done("PUT", path, body(group, billingProfile={"maxPrice": 0.5}))
    change = {"properties": {"billingProfile": {"maxPrice": -1}}}
    assert "currently allocated" in arm.call("PATCH", path, change).message
    arm.done("PATCH", path, {"properties": {"billingProfile": {"maxPrice": 0.5}}})
    arm.done("POST", f"{path}/deallocate")
    arm.done("PATCH", path, change)
    assert arm.call("GET", path).body["properties"]["billingProfile"] == {"maxPrice": -1}


def test_an_evicted_vm_is_deallocated_and_starts_again(arm: LocalAzure, group: Group, path: str) -> None:
    arm.done("PUT", path, body(group))
    assert arm.call("POST", f"{path}/simulateEviction").status == 204

    def power() -> str:
        view = arm.call("GET", f"{path}/instanceView").body
        return str([one["code"] for one in view["statuses"]][-1])

    eventually(lambda: power() == "PowerState/deallocated")
    eventually(lambda: arm.call("POST", f"{path}/simulateEviction").status == 204)      # once it is not busy any more
    arm.done("POST", f"{path}/start")
    assert power() == "PowerState/running"


def test_with_the_policy_delete_it_is_gone_with_what_goes_with_it(arm: LocalAzure, group: Group, path: str) -> None:
    made = body(group, evictionPolicy="Delete")
    made["properties"]["storageProfile"]["osDisk"]["deleteOption"] = "Delete"
    arm.done("PUT", path, made)
    disk = arm.call("GET", path).body["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    assert arm.call("POST", f"{path}/simulateEviction").status == 204
    eventually(lambda: arm.call("GET", path).status == 404)
    assert arm.call("GET", disk, api="2023-04-02").status == 404


def test_no_other_vm_is_evicted(arm: LocalAzure, group: Group, path: str) -> None:
    group.vm()
    answer = arm.call("POST", f"{path}/simulateEviction")
    assert (answer.status, answer.code) == (409, "OperationNotAllowed")


def usages(arm: LocalAzure) -> dict[str, int]:
    rows = arm.call("GET", "/providers/Microsoft.Compute/locations/westus/usages").body["value"]
    return {one["name"]["value"]: one["currentValue"] for one in rows if one["currentValue"]}


def test_spot_vms_have_a_quota_of_their_own(arm: LocalAzure, group: Group, path: str, behavior: Any) -> None:
    behavior(conditions={"quota": [{"region": "westus", "cores": 2}]})
    arm.done("PUT", path, body(group))
    used = usages(arm)
    assert (used["lowPriorityCores"], used["virtualMachines"]) == (2, 1)
    assert not [name for name in used if name == "cores" or name.endswith("Family")]
    second = group.vm_body(group.nic(group.vnet(), "other"))
    second["properties"]["priority"] = "Spot"
    answer = arm.call("PUT", group.compute("virtualMachines/web2"), second)
    assert (answer.status, answer.code) == (409, "OperationNotAllowed")
    assert "exceeding approved LowPriorityCores quota." in answer.message
    assert "Current Limit: 2, Current Usage: 2, Additional Required: 2, (Minimum) New" in answer.message
    second["properties"]["priority"] = "Regular"
    arm.done("PUT", group.compute("virtualMachines/web2"), second)
    assert usages(arm)["cores"] == 2
