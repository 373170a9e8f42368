"""Commands about the network of a host."""

from __future__ import annotations

import pytest

from azext_dockervm.advice import network_commands

GROUP = "-g 'my(group)'"


@pytest.mark.parametrize(("command", "words"), [
    (lambda host: network_commands.open_port(host, [80, 443], 901),
     f"az vm open-port {GROUP} -n web1 --port 80,443 --priority 901"),
    (network_commands.close_docker_port,
     f"az network nsg rule delete {GROUP} --nsg-name web1NSG -n allow-docker"),
    (lambda host: network_commands.show_virtual_network(host, "net"), f"az network vnet show {GROUP} -n net"),
    (network_commands.list_interfaces, f"az vm nic list {GROUP} --vm-name web1"),
    (lambda host: network_commands.remove_address(host, "nic", "ipconfig1"),
     f"az network nic ip-config update {GROUP} --nic-name nic -n ipconfig1 --public-ip-address null"),
])
def test_each_command_is_whole_and_names_the_subscription(host, command, words):
    assert command(host) == f"{words} --subscription 'sub 1'"
