"""az network vnet and az network vnet subnet, as stock az has them."""

from __future__ import annotations

import pytest


@pytest.fixture
def vnet(azure, group):
    """A network v, 10.1.0.0/16, with the subnet one, 10.1.0.0/24."""
    azure.query("network", "vnet", "create", "-g", group, "-n", "v", "--address-prefixes", "10.1.0.0/16",
                "--subnet-name", "one", "--subnet-prefixes", "10.1.0.0/24")
    return "v"


def test_network_vnet_create_list_show_update_and_delete(azure, group):
    at = ("-g", group, "-n", "v")
    made = azure.query("network", "vnet", "create", *at, "--address-prefixes", "10.1.0.0/16", "--tags", "a=b")
    made = made["newVNet"]
    assert (made["provisioningState"], made["tags"]) == ("Succeeded", {"a": "b"})
    assert made["subnets"] == []
    assert [one["name"] for one in azure.query("network", "vnet", "list", "-g", group)] == ["v"]
    both = ["10.1.0.0/16", "10.2.0.0/16"]
    changed = azure.query("network", "vnet", "update", *at, "--address-prefixes", *both, "--set", "tags.a=c")
    assert (changed["addressSpace"]["addressPrefixes"], changed["tags"]) == (both, {"a": "c"})
    shown = azure.query("network", "vnet", "show", *at)
    assert (shown["resourceGuid"], shown["enableDdosProtection"]) == (made["resourceGuid"], False)
    azure.az("network", "vnet", "delete", *at).succeeded()
    assert "(ResourceNotFound)" in azure.az("network", "vnet", "show", *at).stderr


def test_network_vnet_refuses_bad_plans(azure, group, vnet):
    def refusal(*words):
        at = ("-g", group, "--vnet-name", vnet, "-n", "two")
        return azure.az("network", "vnet", "subnet", "create", *at, *words).stderr

    assert "(NetcfgSubnetRangesOverlap)" in refusal("--address-prefixes", "10.1.0.128/25")
    assert "(NetcfgSubnetRangeOutsideVnet)" in refusal("--address-prefixes", "10.9.0.0/24")
    assert "(InvalidCIDRNotation)" in refusal("--address-prefixes", "10.1.1.1/24")


def test_network_vnet_list_available_ips_and_check_ip_address(azure, group, vnet):
    at = ("-g", group, "-n", vnet)
    first = [f"10.1.0.{last}" for last in range(4, 9)]
    assert azure.query("network", "vnet", "list-available-ips", *at) == first
    assert azure.query("network", "vnet", "subnet", "list-available-ips", "-g", group, "--vnet-name", vnet,
                       "-n", "one") == first
    assert azure.query("network", "vnet", "check-ip-address", *at, "--ip-address", "10.1.0.9")["available"] is True
    reserved = azure.query("network", "vnet", "check-ip-address", *at, "--ip-address", "10.1.0.1")
    assert (reserved["available"], reserved["isPlatformReserved"]) == (False, True)


def test_network_vnet_subnet_create_list_show_update_and_delete(azure, group, vnet):
    at = ("-g", group, "--vnet-name", vnet)
    nsg = azure.query("network", "nsg", "create", "-g", group, "-n", "rules")["NewNSG"]["id"]
    made = azure.query("network", "vnet", "subnet", "create", *at, "-n", "two", "--address-prefixes", "10.1.1.0/24",
                       "--nsg", "rules", "--service-endpoints", "Microsoft.Storage", "--default-outbound-access",
                       "true", "--delegations", "Microsoft.Web/serverFarms")
    assert made["networkSecurityGroup"]["id"] == nsg
    assert made["serviceEndpoints"][0]["service"] == "Microsoft.Storage"
    assert made["delegations"][0]["serviceName"] == "Microsoft.Web/serverFarms"
    assert made["defaultOutboundAccess"] is True
    listed = azure.query("network", "vnet", "subnet", "list", *at)
    assert [one["name"] for one in listed] == ["one", "two"]
    changed = azure.query("network", "vnet", "subnet", "update", *at, "-n", "two", "--nsg", "null",
                          "--default-outbound-access", "false")
    assert changed.get("networkSecurityGroup") is None
    assert (changed["defaultOutboundAccess"], changed["addressPrefix"]) == (False, "10.1.1.0/24")
    assert changed["serviceEndpoints"]
    azure.az("network", "vnet", "subnet", "delete", *at, "-n", "two").succeeded()
    assert "(NotFound)" in azure.az("network", "vnet", "subnet", "show", *at, "-n", "two").stderr
    assert azure.query("network", "vnet", "subnet", "show", *at, "-n", "one")["provisioningState"] == "Succeeded"


def test_network_vnet_peering_is_refused_plainly(azure, group, vnet):
    at = ("-g", group, "--vnet-name", vnet)
    refused = azure.az("network", "vnet", "peering", "create", *at, "-n", "p", "--remote-vnet", vnet)
    assert "Local Azure" in refused.stderr
    assert azure.query("network", "vnet", "peering", "list", *at) == []
