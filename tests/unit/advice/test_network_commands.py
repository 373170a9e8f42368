"""Commands about the network of a host."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.advice import network_commands

GROUP = "-g 'my(group)'"
CORP = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/networkSecurityGroups/corp"
NIC = {"id": "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/networkInterfaces/nic", "name": "nic",
       "properties": {"ipConfigurations": [{"name": "ipconfig1", "properties": {"primary": True}}]}}


@pytest.mark.parametrize(("command", "words"), [
    (network_commands.close_docker_port,
     f"az network nsg rule delete {GROUP} --nsg-name web1NSG -n allow-docker"),
    (lambda host: network_commands.show_virtual_network(host, "net"), f"az network vnet show {GROUP} -n net"),
    (network_commands.list_interfaces, f"az vm nic list {GROUP} --vm-name web1"),
    (lambda host: network_commands.remove_address(host, "nic", "ipconfig1"),
     f"az network nic ip-config update {GROUP} --nic-name nic -n ipconfig1 --public-ip-address null"),
    (lambda host: network_commands.create_rule(host, CORP, "allow-ports", 199, ["80", "90-99"],
                                               ["10.0.0.1", "10.0.0.2"]),
     "az network nsg rule create -g net --nsg-name corp -n allow-ports --priority 199 --access Allow --protocol Tcp "
     "--source-address-prefixes 10.0.0.1 10.0.0.2 --destination-port-ranges 80 90-99"),
    (lambda host: network_commands.create_rule(host, CORP, "allow-docker", None, ["4243"], ["*"]),
     "az network nsg rule create -g net --nsg-name corp -n allow-docker --priority PRIORITY --access Allow --protocol "
     "Tcp --source-address-prefixes '*' --destination-port-ranges 4243"),
    (lambda host: network_commands.create_rule(host, CORP, "allow-udp-900", 900, ["53"], ["*"], "Udp"),
     "az network nsg rule create -g net --nsg-name corp -n allow-udp-900 --priority 900 --access Allow --protocol Udp "
     "--source-address-prefixes '*' --destination-port-ranges 53"),
    (network_commands.list_security_groups, "az network nsg list -o table"),
    (lambda host: network_commands.create_application_group(host, "net", "web"),
     "az network asg create -g net -n web -l westus"),
    (lambda host: network_commands.guard_interface_by(host, NIC, CORP),
     f"az network nic update -g net -n nic --network-security-group {CORP}"),
    (lambda host: network_commands.guard_interface_by(host, NIC, None),
     "az network nic update -g net -n nic --network-security-group null"),
    (lambda host: network_commands.guard_subnet(host, "/subnet"),
     "az network vnet subnet update --ids /subnet --network-security-group NSG"),
    (lambda host: network_commands.set_application_groups(host, NIC, ["/web", "/db"]),
     "az network nic ip-config update -g net --nic-name nic -n ipconfig1 --application-security-groups /web /db"),
])
def test_each_command_is_whole_and_names_the_subscription(host, command, words):
    assert command(host) == f"{words} --subscription 'sub 1'"


def test_ports_are_opened_by_the_same_create_and_all_are_named():
    host = host_spec()
    assert network_commands.open_ports(host, ["80", "8000-8010", 443]).endswith(" --open-ports 80 8000-8010 443")
    assert network_commands.open_ports(host, [80], in_group_of_others=True).endswith(" --open-ports 80 --open")
