"""Commands about the network of a host: ports, its interface and address, the virtual network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from azext_dockervm.advice import host_commands
from azext_dockervm.advice.command_line import az
from azext_dockervm.advice.subject import AskedHost, NamedHost, PlacedHost
from azext_dockervm.azure import names

# As ARM shows it.
Interface = Mapping[str, Any]


def open_ports(host: AskedHost, ports: Iterable[object], *, in_group_of_others: bool = False) -> str:
    """The create after which ``ports``, all that shall be open beside Docker's, are open by TCP."""
    words = "--open-ports", *map(str, ports), *(("--open",) if in_group_of_others else ())
    return host_commands.create_with(host, "open_ports", *words)


def widen_sources(host: AskedHost, sources: Iterable[str]) -> str:
    """The create that lets in this computer too."""
    return host_commands.create_with(host, "sources", "--sources", *sources, "me")


def add_source(host: AskedHost, sources: Iterable[str]) -> str:
    """The create that lets in one more address, for which ADDRESS stands."""
    return host_commands.create_with(host, "sources", "--sources", *sources, "ADDRESS")


def name_own_address(host: AskedHost, configured: Iterable[str], *addresses: str) -> str:
    """The same create with ``addresses`` in the place of ``me``; ADDRESS stands for this computer's where none are
    known. ``configured`` are the other sources, said again where ``me`` was not typed."""
    given, changed = {name: option.words for name, option in host.given.items()}, False
    for name in ("sources", "open_ports_sources"):
        words = [word for text in given.get(name, ()) for word in re.split(r"[,\s]+", text) if word]
        if "me" in map(str.lower, words):
            given[name], changed = tuple(one for word in words for one in (
                addresses or ("ADDRESS",) if word.lower() == "me" else (word,))), True
    if not changed:
        given["sources"] = ("--sources", *(addresses or ("ADDRESS",)), *configured)
    return host_commands.create_anew_of(host, given)


def narrow_sources(host: AskedHost) -> str:
    """The create that lets in this computer alone."""
    return host_commands.create_with(host, "sources", "--sources", "me")


def close_docker_port(host: NamedHost) -> str:
    return az("network", "nsg", "rule", "delete", "-g", host.group, "--nsg-name",
              names.network_security_group(host.name), "-n", names.DOCKER_RULE, subscription=host.subscription)


def show_virtual_network(host: NamedHost, name: str, group: str | None = None) -> str:
    """``group`` None is the host's."""
    return az("network", "vnet", "show", "-g", group or host.group, "-n", name, subscription=host.subscription)


def list_interfaces(host: NamedHost) -> str:
    """The network interfaces that the VM uses."""
    return az("vm", "nic", "list", "-g", host.group, "--vm-name", host.name, subscription=host.subscription)


def remove_address(host: NamedHost, interface: str, configuration: str) -> str:
    """Takes the public address away from an IP configuration of a network interface."""
    return az("network", "nic", "ip-config", "update", "-g", host.group, "--nic-name", interface, "-n", configuration,
              "--public-ip-address", "null", subscription=host.subscription)


def add_interfaces(host: NamedHost, interfaces: Iterable[object]) -> str:
    """By names or ids."""
    return az("vm", "nic", "add", "-g", host.group, "--vm-name", host.name, "--nics", *interfaces,
              subscription=host.subscription)


def set_private_address(host: NamedHost, interface: Interface, address: str) -> str:
    """Of the primary configuration of an interface, as ARM shows it."""
    return _configure(host, interface, "--private-ip-address", address)


def set_address(host: NamedHost, interface: Interface, public_ip_id: str | None) -> str:
    """Its public address; None takes it away."""
    return _configure(host, interface, "--public-ip-address", public_ip_id or "null")


def _configure(host: NamedHost, interface: Interface, *words: str) -> str:
    configurations = interface["properties"]["ipConfigurations"]
    primary = next((one for one in configurations if one["properties"].get("primary")), configurations[0])
    return az("network", "nic", "ip-config", "update", "-g", names.id_parts(interface["id"])[0], "--nic-name",
              interface["name"], "-n", primary["name"], *words, subscription=host.subscription)


def accelerate(host: NamedHost, interface: Interface, on: bool) -> str:
    return az("network", "nic", "update", "-g", names.id_parts(interface["id"])[0], "-n", interface["name"],
              "--accelerated-networking", str(on).lower(), subscription=host.subscription)


def guard_interface(host: NamedHost, interface: Interface) -> str:
    """NSG stands for the name or the id of a network security group."""
    return az("network", "nic", "update", "-g", names.id_parts(interface["id"])[0], "-n", interface["name"],
              "--network-security-group", "NSG", subscription=host.subscription)


def label_address(host: NamedHost, group: str, name: str, label: str) -> str:
    """Gives a public IP address its DNS label."""
    return az("network", "public-ip", "update", "-g", group, "-n", name, "--dns-name", label,
              subscription=host.subscription)


def route_to_internet(host: NamedHost, group: str, table: str) -> str:
    """Lets a route table send packets for one address, or range, to the Internet; ADDRESS stands for it."""
    return az("network", "route-table", "route", "create", "-g", group, "--route-table-name", table, "-n",
              "docker-clients", "--address-prefix", "ADDRESS/32", "--next-hop-type", "Internet",
              subscription=host.subscription)


def set_idle_timeout(host: NamedHost, group: str, name: str, minutes: int) -> str:
    """Of a public IP address."""
    return az("network", "public-ip", "update", "-g", group, "-n", name, "--idle-timeout", minutes,
              subscription=host.subscription)


def list_virtual_networks(host: NamedHost) -> str:
    return az("network", "vnet", "list", "-o", "table", subscription=host.subscription)


def list_subnets(host: NamedHost, group: str, network: str) -> str:
    return az("network", "vnet", "subnet", "list", "-g", group, "--vnet-name", network, "-o", "table",
              subscription=host.subscription)


def list_addresses(host: NamedHost) -> str:
    """The public ones."""
    return az("network", "public-ip", "list", "-o", "table", subscription=host.subscription)


def list_all_interfaces(host: NamedHost) -> str:
    return az("network", "nic", "list", "-o", "table", subscription=host.subscription)


def create_virtual_network(host: PlacedHost, network: str, subnet: str, prefix: str, subnet_prefix: str) -> str:
    return az("network", "vnet", "create", "-g", host.group, "-n", network, "-l", host.location or "westus",
              "--address-prefixes", prefix, "--subnet-name", subnet, "--subnet-prefixes", subnet_prefix,
              subscription=host.subscription)


def create_subnet(host: NamedHost, group: str, network: str, subnet: str, prefix: str) -> str:
    return az("network", "vnet", "subnet", "create", "-g", group, "--vnet-name", network, "-n", subnet,
              "--address-prefixes", prefix, "--default-outbound", "false", subscription=host.subscription)


def make_way_out(host: PlacedHost, group: str, network: str, subnet: str) -> tuple[str, ...]:
    """A NAT gateway with an address of its own, for all that stand in a subnet."""
    region, gateway, address = host.location or "westus", f"{network}-nat", f"{network}-nat-ip"
    return (az("network", "public-ip", "create", "-g", group, "-n", address, "-l", region, "--sku", "Standard",
               subscription=host.subscription),
            az("network", "nat", "gateway", "create", "-g", group, "-n", gateway, "-l", region,
               "--public-ip-addresses", address, subscription=host.subscription),
            az("network", "vnet", "subnet", "update", "-g", group, "--vnet-name", network, "-n", subnet,
               "--nat-gateway", gateway, subscription=host.subscription))


def create_rule(host: NamedHost, group_id: str, name: str, priority: int | None, ports: Iterable[str],
                sources: Iterable[str], protocol: str = "Tcp") -> str:
    """In somebody's security group; PRIORITY stands for one that the user makes free."""
    group, security_group = names.id_parts(group_id)
    return az("network", "nsg", "rule", "create", "-g", group, "--nsg-name", security_group, "-n", name, "--priority",
              priority or "PRIORITY", "--access", "Allow", "--protocol", protocol,
              "--source-address-prefixes", *sources, "--destination-port-ranges", *ports,
              subscription=host.subscription)


def list_security_groups(host: NamedHost) -> str:
    return az("network", "nsg", "list", "-o", "table", subscription=host.subscription)


def list_application_groups(host: NamedHost) -> str:
    return az("network", "asg", "list", "-o", "table", subscription=host.subscription)


def create_application_group(host: PlacedHost, group: str, name: str) -> str:
    return az("network", "asg", "create", "-g", group, "-n", name, "-l", host.location or "westus",
              subscription=host.subscription)


def guard_interface_by(host: NamedHost, interface: Interface, security_group: str | None) -> str:
    """By the security group of that id; None takes its own away."""
    return az("network", "nic", "update", "-g", names.id_parts(interface["id"])[0], "-n", interface["name"],
              "--network-security-group", security_group or "null", subscription=host.subscription)


def guard_subnet(host: NamedHost, subnet_id: str) -> str:
    """NSG stands for the name or the id of a network security group."""
    return az("network", "vnet", "subnet", "update", "--ids", subnet_id, "--network-security-group", "NSG",
              subscription=host.subscription)


def set_application_groups(host: NamedHost, interface: Interface, groups: Iterable[str]) -> str:
    return _configure(host, interface, "--application-security-groups", *groups)
