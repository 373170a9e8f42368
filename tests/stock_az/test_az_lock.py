"""az lock, as stock az has it, and what locks do."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.long

NSG = "Microsoft.Network/networkSecurityGroups"


@pytest.fixture
def nsg(azure, group):
    return azure.query("network", "nsg", "create", "-g", group, "-n", "rules")["NewNSG"]["id"]


def test_lock_create_list_show_and_delete(azure, group, nsg):
    made = azure.query("lock", "create", "-n", "keep", "-g", group, "--lock-type", "CanNotDelete", "--notes", "mine")
    assert (made["level"], made["notes"]) == ("CanNotDelete", "mine")
    assert azure.query("lock", "show", "-n", "keep", "-g", group)["id"] == made["id"]
    assert [one["name"] for one in azure.query("lock", "list", "-g", group)] == ["keep"]
    # What is in the group can be changed but not deleted, and neither can the group.
    changed = azure.query("network", "nsg", "update", "-g", group, "-n", "rules", "--set", "tags.a=b")
    assert changed["tags"] == {"a": "b"}
    refused = azure.az("network", "nsg", "delete", "-g", group, "-n", "rules")
    assert "(ScopeLocked)" in refused.stderr
    assert made["id"].partition("/providers/")[0] in refused.stderr
    assert "(ScopeLocked)" in azure.az("group", "delete", "-n", group, "--yes").stderr
    azure.az("lock", "delete", "-n", "keep", "-g", group).succeeded()
    assert azure.query("lock", "list", "-g", group) == []
    azure.az("network", "nsg", "delete", "-g", group, "-n", "rules").succeeded()


def test_lock_read_only_on_a_resource(azure, group, nsg):
    at = ("-g", group, "--resource", "rules", "--resource-type", NSG)
    azure.az("lock", "create", "-n", "frozen", *at, "--lock-type", "ReadOnly").succeeded()
    assert [one["level"] for one in azure.query("lock", "list", *at)] == ["ReadOnly"]
    refused = azure.az("network", "nsg", "rule", "create", "-g", group, "--nsg-name", "rules", "-n", "a", "--priority",
                       "100")
    assert "cannot perform write operation because following scope(s) are locked" in refused.stderr
    # A locked resource keeps its group; its neighbours are free.
    assert "(ScopeLocked)" in azure.az("group", "delete", "-n", group, "--yes").stderr
    azure.az("network", "vnet", "create", "-g", group, "-n", "net", "-o", "none").succeeded()
    azure.az("lock", "delete", "--ids", f"{nsg}/providers/Microsoft.Authorization/locks/frozen").succeeded()
    azure.az("network", "nsg", "delete", "-g", group, "-n", "rules").succeeded()
