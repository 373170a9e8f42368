"""az identity, as stock az has it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.long


def test_identity_create_list_show_update_and_delete(azure, group):
    made = azure.query("identity", "create", "-g", group, "-n", "worker", "--tags", "a=b")
    assert made["location"] == "westus"
    assert len({made["clientId"], made["principalId"], made["tenantId"]}) == 3
    assert azure.query("identity", "show", "-g", group, "-n", "worker") == made
    again = azure.query("identity", "create", "-g", group, "-n", "worker")
    assert again["principalId"] == made["principalId"]
    assert [one["name"] for one in azure.query("identity", "list", "-g", group)] == ["worker"]
    assert made["id"] in [one["id"] for one in azure.query("identity", "list")]
    assert azure.query("identity", "update", "-g", group, "-n", "worker", "--tags", "c=d")["tags"] == {"c": "d"}
    azure.az("identity", "delete", "-g", group, "-n", "worker").succeeded()
    assert azure.query("identity", "list", "-g", group) == []
    assert azure.az("identity", "show", "-g", group, "-n", "worker").code == 3
