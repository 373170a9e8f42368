"""Ports that containers publish on a host and that its network security group lets nobody reach."""

from __future__ import annotations

import ipaddress

from azext_dockervm.body.knock import ANYBODY, Knock
from azext_dockervm.body.resource import Resource


def closed_ports(containers: list[Resource], rules: list[Resource], knock: Knock = ANYBODY) -> list[tuple[int, str]]:
    """Published ports that no rule opens, as (number, ``tcp`` or ``udp`` or ``sctp``), in order.

    ``containers`` as Docker's ``GET /containers/json`` answers, ``rules`` as ARM's ``securityRules`` and
    ``defaultSecurityRules`` of one network security group, together. ``knock``: who it is that would come.
    """
    return [port for port in sorted(_published(containers)) if not knock.verdict(rules, *port)[0]]


def _published(containers: list[Resource]) -> set[tuple[int, str]]:
    """What is published on 127.0.0.1 only is not meant to be reached from outside."""
    return {(port["PublicPort"], port.get("Type", "tcp").lower())
            for container in containers for port in container.get("Ports") or ()
            if port.get("PublicPort") and not _is_loopback(port.get("IP"))}


def _is_loopback(address: str | None) -> bool:
    return ipaddress.ip_address(address).is_loopback if address else False
