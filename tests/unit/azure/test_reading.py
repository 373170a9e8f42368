"""The reading layer: a resource with one odd member is told by resource and member; a list shows the rest."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from azext_dockervm.azure import kinds, reading
from azext_dockervm.errors import AnswerUnreadable

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/web1"
VM = {"id": ID, "name": "web1", "location": "westus", "tags": {"dockervm-host": "web1"}, "properties": {
    "provisioningState": "Succeeded", "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
    "storageProfile": {"osDisk": {"name": "os", "deleteOption": "Delete"}, "dataDisks": [{"lun": 0, "name": "d"}]},
    "networkProfile": {"networkInterfaces": [{"id": ID, "properties": {"primary": True}}]},
    "instanceView": {"statuses": [{"code": "PowerState/running"}]}}}
GROUP = {"id": ID, "name": "g", "location": "westus", "properties": {"securityRules": [{"name": "r", "properties": {
    "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "destinationPortRange": "22"}}]}}


def paths(value: Any, path: tuple = ()) -> Iterator[tuple]:
    if path:
        yield path
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(one, (*path, key))


def spoilt(whole: dict, path: tuple, by: Any) -> dict:
    found = copy.deepcopy(whole)
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    if by is paths:
        del inner[path[-1]]
    else:
        inner[path[-1]] = by
    return found


@pytest.mark.parametrize(("kind", "whole"), [(kinds.VM, VM), (kinds.SECURITY_GROUP, GROUP)])
@pytest.mark.parametrize("by", [None, paths, 7, "x", [], [None], {}, {"x": None}, True])
def test_each_member_of_another_kind_is_read_or_named(kind, whole, by):
    for path in paths(whole):
        try:
            found = reading.checked(kind, spoilt(whole, path, by), "read it")
        except AnswerUnreadable as error:
            assert str(path[0]) in error.message, (path, error.message)
        else:
            assert "None" not in repr(found["properties"]) or by == {"x": None} or by == [None]


@pytest.mark.parametrize(("path", "by", "said"), [
    (("properties", "networkProfile", "networkInterfaces", 0, "id"), 7,
     "'properties.networkProfile.networkInterfaces[0].id' must be text"),
    (("properties",), None, "'properties' is missing"), (("tags", "dockervm-host"), ["x"], "'tags.dockervm-host'"),
    (("name",), "web1\nTo mend it:", "'name' must be printable text"), (("id",), "x", "'id' must be a resource id")])
def test_the_message_names_the_member(path, by, said):
    with pytest.raises(AnswerUnreadable, match="read the VM 'web1': Azure's answer can't be used") as caught:
        reading.checked(kinds.VM, spoilt(VM, path, by), "read the VM 'web1'")
    assert said in caught.value.message


def test_what_nobody_reads_stays_as_it_came():
    more = {**VM, "newer": None, "properties": {**VM["properties"], "newer": [None, 7]}}
    assert reading.checked(kinds.VM, more, "read it") == more
    assert reading.checked(kinds.VM, {**VM, "tags": None}, "read it") == {
        name: value for name, value in VM.items() if name != "tags"}


def test_a_list_shows_the_rest_and_names_the_odd_ones():
    odd = {name: value for name, value in VM.items() if name != "properties"}
    told = []
    assert reading.listed(kinds.VM, [VM, {**odd, "name": "web2\x1b[2J"}, None, VM], "list", told.append) == [VM, VM]
    assert told == ["The VM 'web2\\x1b[2J' is left out: 'name' must be printable text in Azure's answer.",
                    "The VM number 3 of the list is left out: it must be an object in Azure's answer."]


@pytest.mark.parametrize("values,said", [
    ([VM, {**VM, "name": "web2", "properties": None}], "of the VM 'web2' 'properties' is missing"),
    ([7], "of the VM number 1 of the list it must be an object"), ({}, "'value' must be a list")])
def test_a_list_of_which_each_one_counts_names_the_odd_one(values, said):
    with pytest.raises(AnswerUnreadable) as caught:
        reading.listed(kinds.VM, values, "list every VM of 'g'")
    assert caught.value.message == f"list every VM of 'g': Azure's answer can't be used: {said}."


def test_what_resource_manager_itself_lists_has_no_properties():
    schedule = {"id": ID, "name": "s", "location": "westus"}
    assert reading.listed(kinds.SCHEDULE, [schedule], "list") == [schedule]
