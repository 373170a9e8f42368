"""Blocks of addresses on this machine, of which every instance has one; and which addresses are in use already."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from localazure.machines.foundation.commands import output

IPv4 = ipaddress.IPv4Network
# Documentation addresses first (RFC 5737), then the benchmark range (RFC 2544): neither is ever a real peer.
_POOLS = (*IPv4("198.51.100.0/24").subnets(new_prefix=26), *IPv4("198.18.0.0/20").subnets(new_prefix=26))
_LINKS = tuple(IPv4("198.19.0.0/16").subnets(new_prefix=24))


@dataclass(frozen=True)
class AddressBlock:
    """The addresses of one instance: `pool` are its public addresses, `links` join this machine to its networks."""

    index: int
    pool: IPv4
    links: IPv4

    @property
    def addresses(self) -> tuple[str, ...]:
        """Public addresses, without those that people take for a network's or a broadcast."""
        return tuple(str(address) for address in self.pool.hosts())[:-1]

    @property
    def service_address(self) -> str:
        """The last public address: where this machine itself offers the instance's services to it and to guests."""
        return str(self.pool[-2])

    @property
    def host_address(self) -> str:
        """The address under which guests see this machine."""
        return str(self.links[1])

    def network_address(self, number: int) -> str:
        """The link address of network `number` (0-250)."""
        return str(self.links[number + 2])


def routed_blocks() -> tuple[AddressBlock, ...]:
    """All blocks of guests that are reached by routes of this machine."""
    return tuple(AddressBlock(index, pool, _LINKS[index]) for index, pool in enumerate(_POOLS))


def loopback_blocks(uid: int) -> tuple[AddressBlock, ...]:
    """All blocks of machines that live on loopback addresses; users differ in the second number.

    `links` are the machines' own addresses here, at which they are always reached.
    """
    second = 64 + uid % 60
    return tuple(
        AddressBlock(index, IPv4(f"127.{second}.{index}.0/24"), IPv4(f"127.{second + 60}.{index}.0/24"))
        for index in range(1, 129)
    )


def addresses_in_use(routes: str, interfaces: str, resolvers: Iterable[str]) -> list[IPv4]:
    """Networks that this machine already uses, from `ip -j route`, `ip -j address` and its resolvers.

    Blackhole routes are not counted: they are how blocks themselves look.
    """
    used = [
        IPv4(route["dst"], strict=False)
        for route in json.loads(routes or "[]")
        if route["dst"] != "default" and route.get("type") != "blackhole" and not route.get("dev", "").startswith("laz")
    ]
    for link in json.loads(interfaces or "[]"):
        if not link.get("ifname", "").startswith("laz"):
            used += [
                IPv4(f"{info['local']}/{info['prefixlen']}", strict=False)
                for info in link.get("addr_info", [])
                if info.get("family") == "inet" and not info.get("label", "").startswith("lo:laz")
            ]
    for resolver in resolvers:
        address = ipaddress.ip_address(resolver)
        if address.version == 4:
            used.append(IPv4(f"{address}/32"))
    return used


def host_networks() -> list[IPv4]:
    """Networks in use on this machine now."""
    return addresses_in_use(
        output(["ip", "-j", "-4", "route", "show", "table", "all"]), output(["ip", "-j", "address"]), resolvers()
    )


def resolvers(paths: Sequence[str] = ("/etc/resolv.conf",)) -> list[str]:
    """The name servers of this machine, zone ids cut off."""
    found: list[str] = []
    for path in paths:
        try:
            lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver":
                found.append(words[1].split("%")[0])
    return found
