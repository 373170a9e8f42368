"""az network nat gateway, as stock az has it, and the subnets that go out by one."""

from __future__ import annotations

import shlex

import pytest

from azext_dockervm.advice import network_commands
from azext_dockervm.spec.host import HostSpec

pytestmark = pytest.mark.long


def test_network_nat_gateway_create_show_list_update_and_delete(azure, group):
    at = ("-g", group, "-n", "way-out")
    azure.query("network", "public-ip", "create", "-g", group, "-n", "nat-ip", "--sku", "Standard")
    made = azure.query("network", "nat", "gateway", "create", *at, "--public-ip-addresses", "nat-ip",
                       "--idle-timeout", "10")
    assert made["provisioningState"] == "Succeeded" and made["sku"]["name"] == "Standard"
    assert [one["id"].rpartition("/")[2] for one in made["publicIpAddresses"]] == ["nat-ip"]
    assert azure.query("network", "nat", "gateway", "show", *at)["idleTimeoutInMinutes"] == 10
    assert [one["name"] for one in azure.query("network", "nat", "gateway", "list", "-g", group)] == ["way-out"]
    changed = azure.query("network", "nat", "gateway", "update", *at, "--idle-timeout", "20", "--tags", "a=b")
    assert (changed["idleTimeoutInMinutes"], changed["tags"]) == (20, {"a": "b"})
    assert len(changed["publicIpAddresses"]) == 1
    held = azure.az("network", "public-ip", "delete", "-g", group, "-n", "nat-ip")
    assert held.code != 0 and "PublicIPAddressCannotBeDeleted" in held.stderr
    azure.az("network", "nat", "gateway", "delete", *at).succeeded()
    assert azure.query("network", "nat", "gateway", "list", "-g", group) == []


def test_network_vnet_subnet_update_gives_a_subnet_its_gateway_and_takes_it_away(azure, group):
    azure.query("network", "vnet", "create", "-g", group, "-n", "v", "--subnet-name", "one")
    gateway = azure.query("network", "nat", "gateway", "create", "-g", group, "-n", "way-out")["id"]
    subnet = ("-g", group, "--vnet-name", "v", "-n", "one")
    given = azure.query("network", "vnet", "subnet", "update", *subnet, "--nat-gateway", "way-out",
                        "--default-outbound", "false")
    assert given["natGateway"]["id"] == gateway and given["defaultOutboundAccess"] is False
    shown = azure.query("network", "nat", "gateway", "show", "-g", group, "-n", "way-out")
    assert [one["id"] for one in shown["subnets"]] == [given["id"]]
    held = azure.az("network", "nat", "gateway", "delete", "-g", group, "-n", "way-out")
    assert held.code != 0 and "InUseNatGatewayCannotBeDeleted" in held.stderr
    assert not azure.query("network", "vnet", "subnet", "update", *subnet, "--nat-gateway", "null").get("natGateway")
    azure.az("network", "nat", "gateway", "delete", "-g", group, "-n", "way-out").succeeded()


def test_the_commands_that_dockervm_prints_for_a_way_out(azure, group):
    """As they stand in its advice, word for word."""
    host = HostSpec(group, "web1", location="westus")
    for line in (network_commands.create_virtual_network(host, "net", "hosts", "10.0.0.0/16", "10.0.0.0/20"),
                 *network_commands.make_way_out(host, group, "net", "hosts")):
        azure.az(*shlex.split(line)[1:]).succeeded()
    made = azure.query("network", "vnet", "subnet", "show", "-g", group, "--vnet-name", "net", "-n", "hosts")
    assert made["natGateway"]["id"].endswith("/net-nat")
