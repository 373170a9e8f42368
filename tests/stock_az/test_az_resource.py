"""az resource, as stock az has it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.long

NSG = "Microsoft.Network/networkSecurityGroups"


@pytest.fixture
def nsg(azure, group):
    """The id of a new network security group."""
    return azure.query("network", "nsg", "create", "-g", group, "-n", "rules")["NewNSG"]["id"]


def test_resource_list(azure, group, nsg):
    azure.az("network", "vnet", "create", "-g", group, "-n", "net", "--tags", f"of={group}", "-o", "none").succeeded()
    listed = azure.query("resource", "list", "-g", group)
    assert {one["name"] for one in listed} == {"rules", "net"}
    assert all(one["createdTime"] and one["provisioningState"] == "Succeeded" for one in listed)
    by_type = azure.query("resource", "list", "-g", group, "--resource-type", NSG)
    assert [one["id"] for one in by_type] == [nsg]
    assert [one["name"] for one in azure.query("resource", "list", "-g", group, "-n", "net")] == ["net"]
    assert [one["name"] for one in azure.query("resource", "list", "--tag", f"of={group}")] == ["net"]
    assert azure.query("resource", "list", "-g", group, "-l", "eastus") == []


def test_resource_show(azure, group, nsg):
    by_name = azure.query("resource", "show", "-g", group, "-n", "rules", "--resource-type", NSG)
    assert by_name == azure.query("resource", "show", "--ids", nsg)
    assert by_name["id"] == nsg
    assert by_name["properties"]["provisioningState"] == "Succeeded"
    missing = azure.az("resource", "show", "-g", group, "-n", "none", "--resource-type", NSG)
    assert missing.code == 3
    assert "ResourceNotFound" in missing.stderr


def test_resource_tag(azure, nsg):
    assert azure.query("resource", "tag", "--ids", nsg, "--tags", "a=1", "b=2")["tags"] == {"a": "1", "b": "2"}
    assert azure.query("resource", "tag", "--ids", nsg, "--tags", "b=3", "-i")["tags"] == {"a": "1", "b": "3"}
    assert azure.query("resource", "tag", "--ids", nsg, "--tags", "c=4")["tags"] == {"c": "4"}


def test_resource_create_and_delete(azure, group):
    body = '{"location": "westus", "properties": {}}'
    made = azure.query("resource", "create", "-g", group, "-n", "made", "--resource-type", NSG, "--is-full-object",
                       "--properties", body)
    assert made["properties"]["defaultSecurityRules"]
    azure.az("resource", "delete", "--ids", made["id"]).succeeded()
    assert azure.query("resource", "list", "-g", group) == []
    azure.az("resource", "create", "-g", group, "-n", "other", "--resource-type", NSG, "-p", "{}").succeeded()
    azure.az("resource", "delete", "-g", group, "-n", "other", "--resource-type", NSG).succeeded()
    assert azure.query("resource", "list", "-g", group) == []
