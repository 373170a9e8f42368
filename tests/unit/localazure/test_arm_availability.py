"""Availability sets and proximity placement groups, and the VMs in them."""

from __future__ import annotations

from typing import Any

import pytest
from arm_support import Group, LocalAzure


def _set(group: Group, sku: str = "Aligned", **properties: Any) -> str:
    """Make an availability set; returns its path."""
    path = group.compute("availabilitySets/av")
    body = {"location": "westus", "sku": {"name": sku}, "properties": properties}
    answer = group.arm.call("PUT", path, body)
    assert answer.status == 200, answer.body
    return path


def _vm(group: Group, name: str, subnet: str, **properties: Any) -> None:
    body = group.vm_body(group.nic(subnet, f"{name}-nic"), computerName=name)
    body["properties"].update(properties)
    group.arm.done("PUT", group.compute(f"virtualMachines/{name}"), body)


def test_vms_of_a_set_are_spread_over_its_domains(arm: LocalAzure, group: Group) -> None:
    path = _set(group, platformFaultDomainCount=2)
    subnet = group.vnet()
    for name in ("one", "two", "three"):
        _vm(group, name, subnet, availabilitySet={"id": group.id_of(path)})
    shown = arm.call("GET", path).body
    assert shown["properties"]["platformUpdateDomainCount"] == 5
    assert len(shown["properties"]["virtualMachines"]) == 3
    domains = []
    for name in ("one", "two", "three"):
        view = arm.call("GET", group.compute(f"virtualMachines/{name}/instanceView")).body
        domains.append((view["platformFaultDomain"], view["platformUpdateDomain"]))
    assert domains == [(0, 0), (1, 1), (0, 2)]


def test_a_set_in_use_stays_and_an_empty_one_goes(arm: LocalAzure, group: Group) -> None:
    path = _set(group)
    _vm(group, "one", group.vnet(), availabilitySet={"id": group.id_of(path)})
    answer = arm.call("DELETE", path)
    assert (answer.status, answer.code) == (409, "OperationNotAllowed")
    arm.done("DELETE", group.compute("virtualMachines/one"))
    assert arm.call("DELETE", path).status == 200
    assert arm.call("DELETE", path).status == 204


def test_a_set_keeps_its_counts_and_its_kind(arm: LocalAzure, group: Group) -> None:
    path = _set(group)
    body = {"location": "westus", "sku": {"name": "Aligned"}, "properties": {"platformFaultDomainCount": 2}}
    assert arm.call("PUT", path, body).code == "PropertyChangeNotAllowed"
    assert arm.call("PUT", path, {"location": "westus", "sku": {"name": "Classic"}}).code == "OperationNotAllowed"
    assert arm.call("PUT", path, {"location": "westus", "sku": {"name": "Golden"}}).code == "InvalidParameter"
    other = group.compute("availabilitySets/other")
    body["properties"]["platformFaultDomainCount"] = 4
    assert arm.call("PUT", other, body).code == "InvalidParameter"
    assert arm.call("PATCH", path, {"tags": {"a": "b"}}).body["tags"] == {"a": "b"}


@pytest.mark.parametrize(("managed", "sku"), [(True, "Aligned"), (False, "Classic"), (None, "Classic")])
def test_the_first_version_with_managed_disks_says_so_by_a_property(
    arm: LocalAzure, group: Group, managed: bool | None, sku: str
) -> None:
    path, first = group.compute("availabilitySets/set"), "2016-04-30-preview"
    properties = {"platformFaultDomainCount": 2, **({} if managed is None else {"managed": managed})}
    body = {"location": "westus", "properties": properties}
    made = arm.call("PUT", path, body, api=first)
    assert (made.status, made.body["properties"]["managed"]) == (200, bool(managed))
    assert arm.call("GET", path, api=first).body["properties"]["managed"] is bool(managed)
    later = arm.call("GET", path).body
    assert later["sku"]["name"] == sku and "managed" not in later["properties"]
    assert arm.call("PUT", path, {**body, "properties": {"managed": True}}).code == "BadRequest"


def test_a_vm_must_fit_its_set(arm: LocalAzure, group: Group) -> None:
    body = group.vm_body(group.nic(group.vnet()))
    vm = group.compute("virtualMachines/web1")
    body["properties"]["availabilitySet"] = {"id": group.id_of(group.compute("availabilitySets/none"))}
    assert arm.call("PUT", vm, body).code == "NotFound"
    body["properties"]["availabilitySet"] = {"id": group.id_of(_set(group, "Classic"))}
    assert arm.call("PUT", vm, body).code == "BadRequest"
    _set(group, "Aligned")
    arm.done("PUT", vm, body)
    body["properties"]["availabilitySet"] = {"id": group.id_of(group.compute("availabilitySets/none"))}
    assert arm.call("PUT", vm, body).code == "PropertyChangeNotAllowed"


def test_a_vm_has_a_zone_or_a_set(arm: LocalAzure, group: Group) -> None:
    group.location = "westeurope"
    path = group.compute("availabilitySets/av")
    arm.call("PUT", path, {"location": "westeurope", "sku": {"name": "Aligned"}, "properties": {}})
    body = {**group.vm_body(group.nic(group.vnet())), "zones": ["1"]}
    body["properties"]["availabilitySet"] = {"id": group.id_of(path)}
    answer = arm.call("PUT", group.compute("virtualMachines/web1"), body)
    assert (answer.code, "both Availability Zone and Availability Set" in answer.message) == ("BadRequest", True)


def test_a_placement_group_must_be_there_and_keeps_its_type(arm: LocalAzure, group: Group) -> None:
    path = group.compute("proximityPlacementGroups/near")
    body = group.vm_body(group.nic(group.vnet()))
    body["properties"]["proximityPlacementGroup"] = {"id": group.id_of(path)}
    assert arm.call("PUT", group.compute("virtualMachines/web1"), body).code == "NotFound"
    arm.call("PUT", path, {"location": "westus", "properties": {}})
    ultra = {"location": "westus", "properties": {"proximityPlacementGroupType": "Ultra"}}
    assert arm.call("PUT", path, ultra).code == "PropertyChangeNotAllowed"


def test_a_placement_group_tells_who_is_in_it_and_stays_while_somebody_is(arm: LocalAzure, group: Group) -> None:
    path = group.compute("proximityPlacementGroups/near")
    created = arm.call("PUT", path, {"location": "westus", "properties": {}})
    assert (created.status, created.body["properties"]) == (201, {"proximityPlacementGroupType": "Standard"})
    reference = {"id": group.id_of(path)}
    _set(group, proximityPlacementGroup=reference)
    _vm(group, "one", group.vnet(), proximityPlacementGroup=reference)
    shown = arm.call("GET", path, includeColocationStatus="true").body["properties"]
    assert shown["virtualMachines"][0]["id"].endswith("/virtualMachines/one")
    assert shown["availabilitySets"][0]["colocationStatus"]["code"] == "ColocationStatus/Aligned"
    assert arm.call("DELETE", path).code == "OperationNotAllowed"


def test_a_vm_changes_its_placement_group_only_when_deallocated(arm: LocalAzure, group: Group) -> None:
    vm = group.vm()
    path = group.compute("proximityPlacementGroups/near")
    arm.call("PUT", path, {"location": "westus", "properties": {"proximityPlacementGroupType": "Standard"}})
    change = {"properties": {"proximityPlacementGroup": {"id": group.id_of(path)}}}
    assert arm.call("PATCH", vm, change).code == "OperationNotAllowed"
    arm.done("POST", f"{vm}/deallocate")
    arm.done("PATCH", vm, change)
    assert len(arm.call("GET", path).body["properties"]["virtualMachines"]) == 1


# zones by Azure's choice


def _placed(group: Group, policy: str | None = "Any", **placement: list[str]) -> dict[str, Any]:
    body = group.vm_body(group.nic(group.vnet()))
    body["placement"] = {**({"zonePlacementPolicy": policy} if policy else {}), **placement}
    return body


@pytest.mark.parametrize(
    ("placement", "zone"),
    [({}, "1"), ({"includeZones": ["3", "2"]}, "2"), ({"excludeZones": ["1", "2"]}, "3"),
     ({"includeZones": ["1", "3"], "excludeZones": ["1"]}, "3")],
)  # fmt: skip
def test_a_zone_is_chosen_for_a_vm_and_told(arm: LocalAzure, placement: dict[str, list[str]], zone: str) -> None:
    group = Group(arm, "westeurope")
    path = group.compute("virtualMachines/web1")
    arm.done("PUT", path, _placed(group, **placement))
    vm = arm.call("GET", path).body
    assert (vm["zones"], vm["placement"]) == ([zone], {"zonePlacementPolicy": "Any", **placement})
    vm["properties"]["storageProfile"]["alignRegionalDisksToVMZone"] = True
    arm.done("PUT", path, vm)
    assert arm.call("GET", path).body["properties"]["storageProfile"]["alignRegionalDisksToVMZone"] is True
    vm["placement"] = {"zonePlacementPolicy": "Any", "includeZones": ["1", "2", "3"]}
    assert arm.call("PUT", path, vm).code == "PropertyChangeNotAllowed"


@pytest.mark.parametrize(
    ("region", "more", "code"),
    [
        ("westeurope", {"placement": {"includeZones": ["1"]}}, "InvalidParameter"),
        ("westeurope", {"zones": ["1"]}, "InvalidParameter"),
        ("westeurope", {"placement": {"zonePlacementPolicy": "Any", "includeZones": ["9"]}}, "InvalidParameter"),
        ("westeurope", {"placement": {"zonePlacementPolicy": "Auto"}}, "OperationNotAllowed"),
        ("westeurope", {"placement": {"zonePlacementPolicy": "Best"}}, "BadRequest"),
        ("westus", {}, "AvailabilityZoneNotSupported"),
    ],
)
def test_a_choice_of_zones_that_can_not_be_made_is_refused(
    arm: LocalAzure, region: str, more: dict[str, Any], code: str
) -> None:
    group = Group(arm, region)
    answer = arm.call("PUT", group.compute("virtualMachines/web1"), {**_placed(group), **more})
    assert (answer.status >= 400, answer.code) == (True, code)
