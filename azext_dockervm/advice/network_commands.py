"""Commands about the network of a host: ports, its interface and address, the virtual network."""

from __future__ import annotations

from collections.abc import Iterable

from azext_dockervm.advice.command_line import az
from azext_dockervm.advice.subject import NamedHost
from azext_dockervm.azure import names


def open_port(host: NamedHost, ports: Iterable[int], priority: int) -> str:
    """``priority`` is one that no rule of the security group has."""
    return az("vm", "open-port", "-g", host.group, "-n", host.name, "--port", ",".join(map(str, ports)), "--priority",
              priority, subscription=host.subscription)


def close_docker_port(host: NamedHost) -> str:
    return az("network", "nsg", "rule", "delete", "-g", host.group, "--nsg-name",
              names.network_security_group(host.name), "-n", names.DOCKER_RULE, subscription=host.subscription)


def show_virtual_network(host: NamedHost, name: str) -> str:
    return az("network", "vnet", "show", "-g", host.group, "-n", name, subscription=host.subscription)


def list_interfaces(host: NamedHost) -> str:
    """The network interfaces that the VM uses."""
    return az("vm", "nic", "list", "-g", host.group, "--vm-name", host.name, subscription=host.subscription)


def remove_address(host: NamedHost, interface: str, configuration: str) -> str:
    """Takes the public address away from an IP configuration of a network interface."""
    return az("network", "nic", "ip-config", "update", "-g", host.group, "--nic-name", interface, "-n", configuration,
              "--public-ip-address", "null", subscription=host.subscription)
