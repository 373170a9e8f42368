"""az group, as stock az has it."""

from __future__ import annotations


def test_group_create_and_show(azure, group):
    made = azure.query("group", "create", "-n", f"{group}b", "-l", "West US", "--tags", "stage=test")
    assert made["location"] == "westus"
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert azure.query("group", "show", "-n", f"{group}b".upper()) == made
    gone = azure.az("group", "show", "-n", "nowhere")
    assert gone.code == 3
    assert "(ResourceGroupNotFound) Resource group 'nowhere' could not be found." in gone.stderr
    azure.az("group", "delete", "-n", f"{group}b", "--yes", "--no-wait").succeeded()


def test_group_list_by_tag(azure, group):
    azure.az("group", "update", "-n", group, "--tags", f"owner={group}").succeeded()
    assert group in [one["name"] for one in azure.query("group", "list")]
    assert [one["name"] for one in azure.query("group", "list", "--tag", f"owner={group}")] == [group]
    assert azure.query("group", "list", "--tag", f"owner={group}x") == []


def test_group_update(azure, group):
    assert azure.query("group", "update", "-n", group, "--set", "tags.x=y")["tags"] == {"x": "y"}
    assert azure.query("group", "update", "-n", group, "--set", "tags.z=1")["tags"] == {"x": "y", "z": "1"}
    assert azure.query("group", "update", "-n", group, "--tags", "only=this")["tags"] == {"only": "this"}


def test_group_exists_delete_and_wait(azure, group):
    assert azure.query("group", "exists", "-n", group) is True
    azure.az("network", "vnet", "create", "-g", group, "-n", "net", "-o", "none").succeeded()
    azure.az("identity", "create", "-g", group, "-n", "someone", "-o", "none").succeeded()
    azure.az("group", "delete", "-n", group, "--yes", "--no-wait").succeeded()
    azure.az("group", "wait", "-n", group, "--deleted", "--interval", "1").succeeded()
    assert azure.query("group", "exists", "-n", group) is False
    assert azure.query("resource", "list", "--query", f"[?resourceGroup=='{group}']") == []
    # without --no-wait it is gone when the command is over
    azure.az("group", "create", "-n", group, "-l", "westus", "-o", "none").succeeded()
    azure.az("group", "delete", "-n", group, "--yes").succeeded()
    assert azure.query("group", "exists", "-n", group) is False
