"""Resource groups: names, regions, tags, deletion with all that is in them, and lists of resources."""

from __future__ import annotations

import pytest
from arm_support import Group, LocalAzure


def test_a_group_is_made_at_once_and_made_again_without_change(arm: LocalAzure, group: Group) -> None:
    again = arm.call("PUT", group.path, {"location": "West US", "tags": {"a": "b"}})
    assert again.status == 200
    assert again.body["location"] == "westus"
    assert again.body["properties"] == {"provisioningState": "Succeeded"}
    assert arm.call("HEAD", group.path).status == 204
    assert arm.call("HEAD", "/resourceGroups/none").status == 404
    assert arm.call("HEAD", group.network("virtualNetworks/none")).status == 404
    group.vnet()
    assert arm.call("HEAD", group.network("virtualNetworks/vnet")).status == 204


def test_a_group_does_not_move(arm: LocalAzure, group: Group) -> None:
    answer = arm.call("PUT", group.path, {"location": "eastus"})
    assert (answer.status, answer.code) == (409, "InvalidResourceGroupLocation")


@pytest.mark.parametrize("name", ["ends.", "a b", "x" * 91, "a&b"])
def test_a_bad_group_name_is_refused(arm: LocalAzure, name: str) -> None:
    answer = arm.call("PUT", f"/resourceGroups/{name.replace(' ', '%20')}", {"location": "westus"})
    assert (answer.status, answer.code) == (400, "InvalidResourceGroup")


@pytest.mark.parametrize(
    ("tags", "code"),
    [({"a<b": ""}, "InvalidTagNameCharacters"), ({"a\u0001": ""}, "InvalidTagNameCharacters"),
     ({"": "x"}, "InvalidTagName"), ({"a": "x" * 257}, "InvalidTagValue"), ({"x" * 513: ""}, "InvalidTagName"),
     ({f"t{n}": "" for n in range(51)}, "TooManyTags"), ({"a": "1", "A": "2"}, "DuplicateTagName")],
)  # fmt: skip
def test_tags_keep_to_azures_limits(arm: LocalAzure, group: Group, tags: dict[str, str], code: str) -> None:
    assert arm.call("PATCH", group.path, {"tags": tags}).code == code


def test_deleting_a_group_removes_its_machine_and_all_else(arm: LocalAzure, group: Group) -> None:
    machine = group.machine(group.vm(public_ip=group.public_ip(), nsg=group.nsg()))
    assert machine in arm.platform.machines
    answer = arm.call("DELETE", group.path)
    assert answer.status == 202
    assert arm.wait(answer).status == 200
    assert machine not in arm.platform.machines
    assert arm.call("GET", group.path).code == "ResourceGroupNotFound"
    assert arm.on_loop(lambda: arm.cloud.store.in_group(group.name)) == []


def test_a_group_that_goes_takes_nothing_new(arm: LocalAzure, group: Group) -> None:
    group.vm()
    arm.on_loop(lambda: setattr(arm.cloud.store.group(group.name), "state", "Deleting"))
    answer = arm.call("PUT", group.network("networkSecurityGroups/late"), {"location": "westus"})
    assert (answer.status, answer.code) == (409, "ResourceGroupBeingDeleted")
    assert arm.call("GET", group.path).status == 200


def test_a_group_whose_network_others_use_stays(arm: LocalAzure, group: Group) -> None:
    other = Group(arm)
    other.nic(group.vnet())
    answer = arm.wait(arm.call("DELETE", group.path))
    assert (answer.status, answer.code) == (409, "ResourceGroupDeletionBlocked")
    assert arm.call("GET", group.path).body["properties"]["provisioningState"] == "Succeeded"


def test_resources_are_listed_and_filtered(arm: LocalAzure, group: Group) -> None:
    group.vm()
    resources = arm.call("GET", f"{group.path}/resources").body["value"]
    assert {one["type"].split("/")[1] for one in resources} == {
        "virtualNetworks",
        "networkInterfaces",
        "virtualMachines",
        "disks",
    }
    only = arm.call(
        "GET",
        f"{group.path}/resources",
        _filter="resourceType eq 'Microsoft.Compute/virtualMachines' and name eq 'web1'",
    )
    assert [one["name"] for one in only.body["value"]] == ["web1"]
    assert arm.call("GET", f"{group.path}/resources", _filter="nonsense").code == "InvalidFilterInQueryString"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("substringof('ET', name)", {"vnet", "subnetlike"}), ("name ne 'vnet'", {"nsg", "subnetlike"}),
     ("startswith(tagname, 'ST')", {"nsg"}), ("tagName eq 'stage' and tagValue eq 'a and b'", {"nsg"}),
     ("location eq 'westus' and startswith(name, 'sub')", {"subnetlike"}), ("resourceGroup eq 'other'", set())],
)  # fmt: skip
def test_filters_of_resources(arm: LocalAzure, group: Group, wanted: str, found: set[str]) -> None:
    group.vnet()
    group.vnet("subnetlike")
    group.nsg()
    arm.call("PATCH", group.network("networkSecurityGroups/nsg"), {"tags": {"Stage": "a and b"}})
    listed = arm.call("GET", f"{group.path}/resources", _filter=wanted).body["value"]
    assert {one["name"] for one in listed} == found


def test_times_and_states_of_resources_are_told_when_asked_for(arm: LocalAzure, group: Group) -> None:
    group.nsg()
    (plain,) = arm.call("GET", f"{group.path}/resources").body["value"]
    assert not {"createdTime", "changedTime", "provisioningState"} & plain.keys()
    expand = "createdTime,changedTime,provisioningState"
    (before,) = arm.call("GET", f"{group.path}/resources", _expand=expand).body["value"]
    arm.call("PATCH", group.network("networkSecurityGroups/nsg"), {"tags": {}})
    (after,) = arm.call("GET", f"{group.path}/resources", _expand=expand).body["value"]
    assert after["createdTime"] == before["createdTime"] < after["changedTime"]
    assert after["provisioningState"] == "Succeeded"


def test_groups_are_listed_by_tag_and_by_nothing_else(arm: LocalAzure, group: Group) -> None:
    arm.call("PATCH", group.path, {"tags": {"Own": group.name}})

    def names(wanted: str) -> list[str]:
        return [one["name"] for one in arm.call("GET", "/resourceGroups", _filter=wanted).body["value"]]

    assert names(f"tagName eq 'own' and tagValue eq '{group.name}'") == [group.name]
    assert names("tagName eq 'own' and tagValue eq 'x'") == []
    assert arm.call("GET", "/resourceGroups", _filter="name eq 'x'").code == "InvalidFilterInQueryString"
