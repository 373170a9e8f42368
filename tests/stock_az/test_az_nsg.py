"""az network nsg, its rules, and az vm open-port, as stock az has them."""

from __future__ import annotations

import pytest
from compute_support import make_vm

pytestmark = pytest.mark.long


@pytest.fixture
def nsg(azure, group):
    azure.query("network", "nsg", "create", "-g", group, "-n", "rules")
    return "rules"


def test_network_nsg_create_list_show_update_and_delete(azure, group):
    at = ("-g", group, "-n", "rules")
    made = azure.query("network", "nsg", "create", *at, "--tags", "a=b")["NewNSG"]
    assert (made["securityRules"], len(made["defaultSecurityRules"])) == ([], 6)
    assert [one["name"] for one in azure.query("network", "nsg", "list", "-g", group)] == ["rules"]
    assert azure.query("network", "nsg", "update", *at, "--set", "tags.a=c")["tags"] == {"a": "c"}
    assert azure.query("network", "nsg", "show", *at)["resourceGuid"] == made["resourceGuid"]
    azure.az("network", "nsg", "delete", *at).succeeded()
    assert azure.query("network", "nsg", "list", "-g", group) == []


def test_network_nsg_rule_create_list_show_update_and_delete(azure, group, nsg):
    at = ("-g", group, "--nsg-name", nsg)
    made = azure.query("network", "nsg", "rule", "create", *at, "-n", "web", "--priority", "300", "--protocol", "Tcp",
                       "--source-address-prefixes", "10.0.0.0/24", "10.9.0.0/16", "--destination-port-ranges", "80",
                       "8000-8080", "--description", "hello")
    assert made["sourceAddressPrefixes"] == ["10.0.0.0/24", "10.9.0.0/16"]
    assert made["destinationPortRanges"] == ["80", "8000-8080"]
    assert (made["sourcePortRange"], made["description"], made["access"]) == ("*", "hello", "Allow")
    changed = azure.query("network", "nsg", "rule", "update", *at, "-n", "web", "--source-address-prefixes",
                          "VirtualNetwork", "--access", "Deny", "--set", "priority=301", "--remove", "description")
    assert (changed["sourceAddressPrefix"], changed["sourceAddressPrefixes"]) == ("VirtualNetwork", [])
    assert (changed["access"], changed["priority"], changed.get("description")) == ("Deny", 301, None)
    assert [one["name"] for one in azure.query("network", "nsg", "rule", "list", *at)] == ["web"]
    with_defaults = azure.query("network", "nsg", "rule", "list", *at, "--include-default")
    assert [one["name"] for one in with_defaults][-1] == "DenyAllOutBound"
    assert azure.query("network", "nsg", "rule", "show", *at, "-n", "web")["direction"] == "Inbound"
    azure.az("network", "nsg", "rule", "delete", *at, "-n", "web").succeeded()
    assert "(NotFound)" in azure.az("network", "nsg", "rule", "show", *at, "-n", "web").stderr


def test_network_nsg_rule_refuses_what_the_service_refuses(azure, group, nsg):
    azure.query("network", "nsg", "rule", "create", "-g", group, "--nsg-name", nsg, "-n", "one", "--priority", "300")

    def refusal(*words):
        return azure.az("network", "nsg", "rule", "create", "-g", group, "--nsg-name", nsg, "-n", "two", *words).stderr

    assert "(SecurityRuleConflict)" in refusal("--priority", "300")
    assert "(SecurityRuleParameterContainsUnsupportedValue)" in refusal(
        "--priority", "301", "--source-address-prefixes", "Internet", "10.0.0.1")
    assert "(SecurityRuleInvalidAddressPrefix)" in refusal(
        "--priority", "301", "--source-address-prefixes", "10.0.0.1/24")


def test_vm_open_port_and_network_nic_list_effective_nsg(azure, group):
    make_vm(azure, group, "web")
    nic = ("-g", group, "-n", "web")
    # az 2.91 itself breaks where a NIC has no security group yet.
    azure.query("network", "nsg", "create", "-g", group, "-n", "rules")
    azure.query("network", "nic", "update", *nic, "--network-security-group", "rules")
    opened = azure.query("vm", "open-port", "-g", group, "-n", "web", "--port", "8080", "--priority", "905")
    assert [one["destinationPortRange"] for one in opened["securityRules"]] == ["8080"]
    (held,) = azure.query("network", "nic", "list-effective-nsg", *nic)["value"]
    rules = {one["name"]: one for one in held["effectiveSecurityRules"]}
    assert rules["securityRules/open-port-8080"]["destinationPortRange"] == "8080-8080"
    assert rules["defaultSecurityRules/DenyAllInBound"]["access"] == "Deny"
    routes = azure.query("network", "nic", "show-effective-route-table", *nic)["value"]
    assert {"VnetLocal", "Internet"} <= {one["nextHopType"] for one in routes}
    azure.az("vm", "deallocate", "-g", group, "-n", "web").succeeded()
    refused = azure.az("network", "nic", "list-effective-nsg", *nic)
    assert "(NetworkInterfaceNotAttachedToRunningVm)" in refused.stderr
