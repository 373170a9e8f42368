"""Ports that containers publish on a host and that its network security group lets nobody reach."""

from __future__ import annotations

import ipaddress

from azext_dockervm.body import security_rule
from azext_dockervm.body.resource import Resource

# Sources that are no way in from outside; Azure's own default rules allow these two.
_INSIDE = frozenset({"virtualnetwork", "azureloadbalancer"})
# Sources that leave nobody out; a host's public address is IPv4.
_EVERYBODY = frozenset({"*", "0.0.0.0/0", "internet", "any"})


def closed_ports(containers: list[Resource], rules: list[Resource]) -> list[tuple[int, str]]:
    """Published ports that no rule opens, as (number, ``tcp`` or ``udp`` or ``sctp``), in order.

    ``containers`` as Docker's ``GET /containers/json`` answers, ``rules`` as ARM's ``securityRules`` and
    ``defaultSecurityRules`` of one network security group, together. A port is open if a rule lets in anybody from
    outside before one keeps everybody out.
    """
    inbound = sorted((rule["properties"] for rule in rules if security_rule.is_inbound(rule["properties"])),
                     key=lambda rule: rule["priority"])
    return [port for port in sorted(_published(containers)) if not _is_open(inbound, *port)]


def _published(containers: list[Resource]) -> set[tuple[int, str]]:
    """What is published on 127.0.0.1 only is not meant to be reached from outside."""
    return {(port["PublicPort"], port.get("Type", "tcp").lower())
            for container in containers for port in container.get("Ports") or ()
            if port.get("PublicPort") and not _is_loopback(port.get("IP"))}


def _is_loopback(address: str | None) -> bool:
    return ipaddress.ip_address(address).is_loopback if address else False


def _is_open(inbound: list[Resource], port: int, protocol: str) -> bool:
    for rule in inbound:
        if not security_rule.covers(rule, port, protocol):
            continue
        sources = {source.lower() for source in security_rule.sources(rule)}
        if security_rule.allows(rule):
            # A rule with application security groups has no prefixes; those are inside too.
            if sources - _INSIDE:
                return True
        elif sources & _EVERYBODY:
            return False
    return False
