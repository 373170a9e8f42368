"""Hosts that stand where they were told to, by whole commands: networks, addresses and interfaces of somebody else."""

from __future__ import annotations

import pytest
from flow_cloud import HOST
from flow_networks import NETWORK, lay_interface, lay_network

OURS = {f"virtualMachines/{HOST}", f"networkSecurityGroups/{HOST}NSG", f"networkInterfaces/{HOST}VMNic"}
THEIRS = {"publicIPAddresses/nat-ip", "publicIPAddresses/nic-ip", "natGateways/nat", "virtualNetworks/corp"}


def deleted(cloud):
    done = cloud.az("delete", "-g", cloud.group, "-n", HOST, "--yes")
    assert done.code == 0, done.stderr
    return done.stderr


def test_a_subnet_by_its_id_a_static_address_and_a_public_one_of_another_name(cloud):
    lay_network(cloud)
    subnet = cloud.path(f"{NETWORK}/virtualNetworks", "corp/subnets/apps")
    made = cloud.host("--subnet", subnet, "--private-ip-address", "10.1.0.40", "--public-ip-address", "boat-ip",
                      "--accelerated-networking", "false", "--tls-san", "docker.example.test")
    assert made["privateIpAddress"] == "10.1.0.40" and made["fqdn"] and made["reachable"]
    assert cloud.parts() == {*OURS, *THEIRS, "publicIPAddresses/boat-ip"}
    assert cloud.tags()["dockervm-tls-san"] == "docker.example.test"
    cloud.mark()
    again = cloud.create()
    assert again.code == 0 and not cloud.asked("request") and again.json["dockerHost"] == made["dockerHost"]
    assert "Kept: the virtual network 'corp'" in deleted(cloud) and cloud.parts() == THEIRS


def test_an_address_that_is_there_is_used_and_stays(cloud):
    lay_network(cloud)
    made = cloud.host("--public-ip-address", "nic-ip")
    assert made["fqdn"] is None and made["dockerHost"] == f"tcp://{made['publicIpAddress']}:4243" and made["reachable"]
    assert cloud.get(f"{NETWORK}/publicIPAddresses", "nic-ip").get("tags") in (None, {})
    shown = cloud.az("show", "-g", cloud.group, "-n", HOST).json
    assert (shown["fqdn"], shown["dockerHost"], shown["problems"]) == (None, made["dockerHost"], [])
    assert "Kept: the public IP address 'nic-ip'" in deleted(cloud) and cloud.parts() == THEIRS


def test_without_a_public_address_it_is_known_by_its_private_one(cloud):
    lay_network(cloud)
    words = ("--vnet-name", "corp", "--subnet", "apps", "--public-ip-address", "", "--provisioner", "run-command")
    made = cloud.create(*words)
    assert made.code == 4, made.stderr      # a fake machine has no private address here
    assert (made.json["fqdn"], made.json["publicIpAddress"]) == (None, None)
    assert made.json["dockerHost"] == f"tcp://{made.json['privateIpAddress']}:4243"
    cloud.mark()
    again = cloud.create(*words)
    assert again.code == 4 and cloud.asked("check") and not cloud.asked("request") and not cloud.asked("serve")
    assert again.json == made.json and cloud.parts() == {*OURS, *THEIRS}
    deleted(cloud)
    assert cloud.parts() == THEIRS


@pytest.mark.parametrize("words", [(), ("--vnet-name", "mine", "--vnet-address-prefix", "10.9.0.0/16")])
def test_where_nothing_leads_out_nothing_is_made(cloud, words):
    refused = cloud.create("--public-ip-address", "", *words)
    assert refused.code == 1 and "has no way out" in refused.stderr and cloud.parts() == set()


def test_interfaces_that_are_there_stay_as_they_are(cloud):
    lay_interface(cloud)
    before = cloud.get(f"{NETWORK}/networkInterfaces", "mynic")["properties"]["ipConfigurations"]
    made = cloud.host("--nics", "mynic")
    there = {*THEIRS, "networkInterfaces/mynic", "networkSecurityGroups/guard"}
    assert made["reachable"] and cloud.parts() == {f"virtualMachines/{HOST}", *there}
    told = deleted(cloud)
    assert "Kept: the network interface 'mynic'" in told and cloud.parts() == there
    after = cloud.get(f"{NETWORK}/networkInterfaces", "mynic")["properties"]["ipConfigurations"]
    assert [one["properties"]["publicIPAddress"] for one in after] == [
        one["properties"]["publicIPAddress"] for one in before]
