"""az tag, as stock az has it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.long


@pytest.fixture
def target(azure, group):
    """The id of a resource that can carry tags."""
    return azure.query("network", "nsg", "create", "-g", group, "-n", "rules", "--tags", "a=1")["NewNSG"]["id"]


def test_tag_list_and_update(azure, target):
    def tags(answer):
        return answer["properties"]["tags"]

    assert tags(azure.query("tag", "list", "--resource-id", target)) == {"a": "1"}
    change = ("--resource-id", target, "--operation")
    assert tags(azure.query("tag", "update", *change, "merge", "--tags", "b=2")) == {"a": "1", "b": "2"}
    assert tags(azure.query("tag", "update", *change, "delete", "--tags", "a=1")) == {"b": "2"}
    assert tags(azure.query("tag", "update", *change, "replace", "--tags", "c=3")) == {"c": "3"}
    assert azure.query("resource", "show", "--ids", target)["tags"] == {"c": "3"}


def test_tag_create_and_delete_at_a_resource(azure, target, group):
    made = azure.query("tag", "create", "--resource-id", target, "--tags", "x=y")
    assert made["properties"]["tags"] == {"x": "y"}
    azure.az("tag", "delete", "--resource-id", target, "--yes").succeeded()
    assert azure.query("tag", "list", "--resource-id", target)["properties"]["tags"] == {}
    at_group = target.partition("/providers/")[0]
    azure.az("tag", "create", "--resource-id", at_group, "--tags", "g=1").succeeded()
    assert azure.query("group", "show", "-n", group)["tags"] == {"g": "1"}


def test_tag_names_of_the_subscription(azure, target):
    azure.az("tag", "create", "-n", "environment").succeeded()
    azure.az("tag", "add-value", "-n", "environment", "--value", "production").succeeded()
    names = {one["tagName"]: one for one in azure.query("tag", "list")}
    assert [one["tagValue"] for one in names["environment"]["values"]] == ["production"]
    assert names["a"]["count"]["value"] >= 1
    azure.az("tag", "remove-value", "-n", "environment", "--value", "production").succeeded()
    azure.az("tag", "delete", "-n", "environment", "--yes").succeeded()
    assert "environment" not in [one["tagName"] for one in azure.query("tag", "list")]
