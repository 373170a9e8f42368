"""What every resource has: its state, its region, and the whole of it that a PUT replaces."""

from __future__ import annotations

import pytest

from azext_dockervm.body import resource


@pytest.mark.parametrize(("found", "state"), [
    ({"properties": {"provisioningState": "Updating"}}, "Updating"), ({"properties": {}}, ""),
    ({"properties": {"provisioningState": None}}, ""), ({"properties": None}, ""), ({}, ""), (None, "")])
def test_a_state_is_empty_where_there_is_none(found, state):
    assert resource.state(found) == state


@pytest.mark.parametrize(("state", "failed"), [("Failed", True), ("Succeeded", False), ("Canceled", False)])
def test_only_failed_has_failed(state, failed):
    assert resource.has_failed({"properties": {"provisioningState": state}}) is failed
    assert not resource.has_failed(None)


def test_a_put_keeps_all_but_what_is_changed_and_the_etag_that_would_forbid_it():
    existing = {"id": "/x", "name": "x", "etag": "W/1", "tags": {"theirs": "1"}, "location": "westus",
                "properties": {"kept": [1], "changed": "old"}}
    assert resource.whole(existing, changed="new", added=None) == {
        "id": "/x", "name": "x", "tags": {"theirs": "1"}, "location": "westus",
        "properties": {"kept": [1], "changed": "new", "added": None}}
    assert existing["etag"] == "W/1" and existing["properties"] == {"kept": [1], "changed": "old"}, "as it was read"


@pytest.mark.parametrize("written", ["westus2", "West US 2", "WestUS2"])
def test_a_region_reads_the_same_however_it_is_written(written):
    assert resource.region({"location": written}) == "westus2"
