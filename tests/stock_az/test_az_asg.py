"""az network asg, as stock az has it, and rules that name such groups."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.long


def test_network_asg_create_list_show_update_and_delete(azure, group):
    at = ("-g", group, "-n", "web")
    assert azure.query("network", "asg", "create", *at, "--tags", "a=b")["provisioningState"] == "Succeeded"
    assert azure.query("network", "asg", "update", *at, "--tags", "a=c")["tags"] == {"a": "c"}
    assert [one["name"] for one in azure.query("network", "asg", "list", "-g", group)] == ["web"]
    assert azure.query("network", "asg", "show", *at)["type"] == "Microsoft.Network/applicationSecurityGroups"
    azure.az("network", "asg", "delete", *at).succeeded()
    assert azure.query("network", "asg", "list", "-g", group) == []


def test_network_nsg_rule_and_nic_with_asgs(azure, group):
    made = {name: azure.query("network", "asg", "create", "-g", group, "-n", name)["id"] for name in ("web", "db")}
    azure.query("network", "nsg", "create", "-g", group, "-n", "rules")
    rule = ("-g", group, "--nsg-name", "rules", "-n", "sql")
    held = azure.query("network", "nsg", "rule", "create", *rule, "--priority", "300", "--source-asgs", "web",
                       "--destination-asgs", "db", "--destination-port-ranges", "5432")
    assert [one["id"] for one in held["sourceApplicationSecurityGroups"]] == [made["web"]]
    assert [one["id"] for one in held["destinationApplicationSecurityGroups"]] == [made["db"]]
    azure.query("network", "vnet", "create", "-g", group, "-n", "v", "--subnet-name", "one")
    nic = azure.query("network", "nic", "create", "-g", group, "-n", "nic", "--vnet-name", "v", "--subnet", "one",
                      "--application-security-groups", "web")["NewNIC"]
    members = nic["ipConfigurations"][0]["applicationSecurityGroups"]
    assert [one["id"] for one in members] == [made["web"]]
    for name, user in (("web", "IpConfiguration"), ("db", "SecurityRule")):
        assert user in azure.az("network", "asg", "delete", "-g", group, "-n", name).stderr
