"""What holds for a network interface of a running VM: its security rules spelled out, and its routes."""

from __future__ import annotations

import ipaddress
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.machines.machine import WIRE_SERVER
from localazure.protocol.errors import network_error
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds
from localazure.providers.common import existing
from localazure.providers.network import network, references, rules
from localazure.store.resources import Resource

_ANYWHERE = "0.0.0.0/0"
# Where nothing leads to, unless a network has it: https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
_NOWHERE = ("10.0.0.0/8", "127.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")


def routes() -> list[Route]:
    one = crud.address(kinds.NIC, "nic")
    return [
        Route("POST", f"{one}/effectiveNetworkSecurityGroups", list_groups, kinds.NIC),
        Route("POST", f"{one}/effectiveRouteTable", list_routes, kinds.NIC),
    ]


def _running(cloud: Cloud, request: Request) -> Resource:
    """The NIC, if it belongs to a VM that runs."""
    nic = existing(cloud, request.resource_id(kinds.NIC, "nic"))
    vm = references.vm_of(cloud, nic)
    if vm is None or vm.hidden.get("power") != "running":
        message = (
            f"The operation requires network interface {nic.id} to be attached to a virtual machine that is running."
        )
        raise network_error(400, "NetworkInterfaceNotAttachedToRunningVm", message)
    return nic


def list_groups(cloud: Cloud, request: Request) -> Reply:
    nic = _running(cloud, request)
    return network.ask(
        cloud, request, nic, "effectiveNetworkSecurityGroups", lambda: {"value": groups(cloud, nic)}
    )


def list_routes(cloud: Cloud, request: Request) -> Reply:
    nic = _running(cloud, request)
    return network.ask(cloud, request, nic, "effectiveRouteTable", lambda: {"value": routes_of(cloud, nic)})


# security rules


def groups(cloud: Cloud, nic: Resource) -> list[dict[str, Any]]:
    """The NSGs of a NIC's subnet and of the NIC, each with its rules as they are enforced."""
    place = references.vnet_and_subnet(cloud, nic)
    found = []
    if place is not None and place[1]["properties"].get("networkSecurityGroup"):
        vnet, subnet = place
        association = {"subnet": {"id": str(vnet.id.child("subnets", subnet["name"]))}}
        found.append((subnet["properties"]["networkSecurityGroup"]["id"], association))
    if nic.properties.get("networkSecurityGroup"):
        found.append((nic.properties["networkSecurityGroup"]["id"], {"networkInterface": {"id": str(nic.id)}}))
    answer = []
    for identifier, association in found:
        group = cloud.store.get(identifier)
        if group is not None:
            own = [("securityRules", rule) for rule in group.properties["securityRules"]]
            every = own + [("defaultSecurityRules", rule) for rule in rules.render_defaults(group)]
            vnet = place[0] if place else None
            answer.append(
                {
                    "networkSecurityGroup": {"id": str(group.id)},
                    "association": association,
                    "effectiveSecurityRules": [_rule(cloud, vnet, kind, rule) for kind, rule in every],
                }
            )
    return answer


def _rule(cloud: Cloud, vnet: Resource | None, kind: str, rule: dict[str, Any]) -> dict[str, Any]:
    given = rule["properties"]
    shown: dict[str, Any] = {
        "name": f"{kind}/{rule['name']}",
        "protocol": "All" if given["protocol"] == "*" else given["protocol"],
        "access": given["access"],
        "priority": given["priority"],
        "direction": given["direction"],
    }
    for side in ("source", "destination"):
        ports = [_ports(one) for one in given.get(f"{side}PortRanges") or [given[f"{side}PortRange"]]]
        asgs = given.get(f"{side}ApplicationSecurityGroups")
        title = side.capitalize()
        if asgs:
            prefixes = [f"{one}/32" for asg in asgs for one in rules.addresses_of(cloud, asg["id"], vnet)]
        else:
            prefixes = [_prefix(one) for one in given.get(f"{side}AddressPrefixes") or [given[f"{side}AddressPrefix"]]]
        shown |= {
            f"{side}PortRange": ports[0], f"{side}PortRanges": ports,
            f"{side}AddressPrefix": prefixes[0] if len(prefixes) == 1 else None, f"{side}AddressPrefixes": prefixes,
        }  # fmt: skip
        expanded = _expanded(vnet, prefixes[0]) if len(prefixes) == 1 else None
        if expanded:
            shown[f"expanded{title}AddressPrefix"] = expanded
    return {name: value for name, value in shown.items() if value is not None}


def _ports(text: str) -> str:
    if text == "*":
        return "0-65535"
    return text if "-" in text else f"{text}-{text}"


def _prefix(text: str) -> str:
    """A tag as it is, an address as a prefix."""
    if text.lower() in ("*", "any"):
        return _ANYWHERE
    try:
        return str(ipaddress.ip_network(rules.prefix_of(text)))
    except ValueError:
        return text


def _expanded(vnet: Resource | None, tag: str) -> list[str] | None:
    """The addresses behind a tag, as far as machines here can have any."""
    prefixes = vnet.properties["addressSpace"]["addressPrefixes"] if vnet else []
    if tag == "AzureLoadBalancer":
        return [f"{WIRE_SERVER}/32"]
    if tag == "VirtualNetwork":
        return [*prefixes, f"{WIRE_SERVER}/32"]
    if tag == "Internet":
        return _without([ipaddress.IPv4Network(one) for one in prefixes])
    return None


def _without(inside: list[ipaddress.IPv4Network]) -> list[str]:
    """All addresses but these."""
    outside = [ipaddress.IPv4Network(_ANYWHERE)]
    for network_ in inside:
        outside = [
            part
            for one in outside
            for part in (one.address_exclude(network_) if network_.subnet_of(one) else [one])
        ]
    return [str(one) for one in sorted(outside)]


# routes


def routes_of(cloud: Cloud, nic: Resource) -> list[dict[str, Any]]:
    """Azure's own routes of a NIC: its network, the Internet, and private ranges that lead nowhere."""
    place = references.vnet_and_subnet(cloud, nic)
    prefixes = place[0].properties["addressSpace"]["addressPrefixes"] if place else []
    found = [(prefix, "VnetLocal") for prefix in prefixes] + [(_ANYWHERE, "Internet")]
    found += [(prefix, "None") for prefix in _NOWHERE if prefix not in prefixes]
    return [
        {
            "source": "Default", "state": "Active", "addressPrefix": [prefix], "nextHopType": hop,
            "nextHopIpAddress": [], "disableBgpRoutePropagation": False,
        }
        for prefix, hop in found
    ]  # fmt: skip
