"""az network nic and az network nic ip-config, as stock az has them."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.long


@pytest.fixture
def place(azure, group):
    """--vnet-name and --subnet of a new network."""
    azure.query("network", "vnet", "create", "-g", group, "-n", "v", "--subnet-name", "one")
    return ("--vnet-name", "v", "--subnet", "one")


def test_network_nic_create_list_show_update_wait_and_delete(azure, group, place):
    at = ("-g", group, "-n", "nic")
    nsg = azure.query("network", "nsg", "create", "-g", group, "-n", "rules")["NewNSG"]["id"]
    made = azure.query("network", "nic", "create", *at, *place)["NewNIC"]
    assert made["ipConfigurations"][0]["privateIPAddress"] == "10.0.0.4"
    assert [one["name"] for one in azure.query("network", "nic", "list", "-g", group)] == ["nic"]
    azure.az("network", "nic", "wait", *at, "--created").succeeded()
    changed = azure.query("network", "nic", "update", *at, "--network-security-group", "rules",
                          "--accelerated-networking", "true")
    assert (changed["networkSecurityGroup"]["id"], changed["enableAcceleratedNetworking"]) == (nsg, True)
    refused = azure.az("network", "nsg", "delete", "-g", group, "-n", "rules")
    assert "(InUseNetworkSecurityGroupCannotBeDeleted)" in refused.stderr
    freed = azure.query("network", "nic", "update", *at, "--network-security-group", "null")
    assert freed.get("networkSecurityGroup") is None
    assert azure.query("network", "nic", "show", *at)["provisioningState"] == "Succeeded"
    azure.az("network", "nic", "delete", *at).succeeded()
    assert azure.query("network", "nic", "list", "-g", group) == []


def test_network_nic_refuses_addresses_that_can_not_be(azure, group, place):
    azure.query("network", "nic", "create", "-g", group, "-n", "first", *place)

    def refusal(address):
        at = ("-g", group, "-n", "nic")
        return azure.az("network", "nic", "create", *at, *place, "--private-ip-address", address).stderr

    assert "(PrivateIPAddressIsAllocated)" in refusal("10.0.0.4")
    assert "(PrivateIPAddressInReservedRange)" in refusal("10.0.0.3")
    assert "(PrivateIPAddressNotInSubnet)" in refusal("10.0.1.4")


def test_network_nic_ip_config_list_show_and_update(azure, group, place):
    azure.query("network", "nic", "create", "-g", group, "-n", "nic", *place)
    public_ip = azure.query("network", "public-ip", "create", "-g", group, "-n", "ip")["publicIp"]["id"]
    at = ("-g", group, "--nic-name", "nic", "-n", "ipconfig1")
    static = azure.query("network", "nic", "ip-config", "update", *at, "--private-ip-address", "10.0.0.77",
                         "--public-ip-address", "ip")
    assert (static["privateIPAddress"], static["privateIPAllocationMethod"]) == ("10.0.0.77", "Static")
    assert static["publicIPAddress"]["id"] == public_ip
    refused = azure.az("network", "public-ip", "delete", "-g", group, "-n", "ip")
    assert "(PublicIPAddressCannotBeDeleted)" in refused.stderr
    dynamic = azure.query("network", "nic", "ip-config", "update", *at, "--private-ip-address", "", "--remove",
                          "publicIPAddress")
    assert (dynamic["privateIPAllocationMethod"], dynamic.get("publicIPAddress")) == ("Dynamic", None)
    listed = azure.query("network", "nic", "ip-config", "list", "-g", group, "--nic-name", "nic")
    assert [one["name"] for one in listed] == ["ipconfig1"]
    assert azure.query("network", "nic", "ip-config", "show", *at)["primary"] is True


def test_network_nic_ip_config_create_and_delete(azure, group, place):
    azure.query("network", "nic", "create", "-g", group, "-n", "nic", *place)
    at = ("-g", group, "--nic-name", "nic")
    second = azure.query("network", "nic", "ip-config", "create", *at, "-n", "second")
    assert (second["primary"], second["privateIPAddress"]) == (False, "10.0.0.5")
    first = azure.query("network", "nic", "ip-config", "update", *at, "-n", "second", "--make-primary")
    assert first["primary"] is True
    azure.az("network", "nic", "ip-config", "delete", *at, "-n", "ipconfig1").succeeded()
    assert [one["name"] for one in azure.query("network", "nic", "ip-config", "list", *at)] == ["second"]
