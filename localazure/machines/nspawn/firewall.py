"""Security rules as the kernel enforces them: text for nft (pure).

A connection that was let in is let out again. A packet between two machines passes the sender's outbound rules and then
the receiver's inbound ones. Addresses are private ones: public addresses are translated before inbound and after
outbound rules, as on Azure.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from localazure.machines.foundation.address_blocks import AddressBlock
from localazure.machines.foundation.security_rules import EVERYWHERE, effective_rules, network_of, port_ranges
from localazure.machines.machine import WIRE_SERVER, FirewallRule, MachineError
from localazure.machines.nspawn import imds

# How namespaces.guest_link() names guests' links, as nft's pattern.
GUEST_LINKS = "g*"


# Set in the forward chain on packets that came in by a public address: then even a neighbour is "Internet".
PUBLIC_MARK = "0x1"


@dataclass(frozen=True)
class Port:
    """One machine's place in its network: link name, addresses, rules (None: no security group)."""

    link: str
    private_ip: str
    public_ip: str | None
    rules: tuple[FirewallRule, ...] | None


def network_ruleset(
    prefixes: Sequence[str],
    ports: Sequence[Port],
    uplink: str,
    host_address: str,
    joined: bool = False,
    shut: Sequence[str] = (),
) -> str:
    """The whole ruleset of one network's namespace; loading it replaces the former one in one step.

    Name resolution goes to `host_address`, where host_ruleset() passes it on to this machine's own resolver. `joined`:
    that address is a member of the network. `shut` are prefixes of subnets that only a public address leads out of.
    """
    vnet = f"{{ {', '.join(sorted(prefixes))} }}"
    members = ", ".join([*sorted(prefixes), *([host_address] if joined else [])])
    exposed = [port for port in ports if port.public_ip]
    lines = [
        "table inet localazure {}",
        "delete table inet localazure",
        "table inet localazure {",
        # A set of its own: this machine may join and leave without the rest being written anew.
        f"  set vnet {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {members} }}; }}",
        *_address_chains(exposed, vnet, uplink, host_address),
        *_filter_chains(ports, uplink, _shut_in(ports, shut, uplink, host_address)),
    ]
    for port in ports:
        for direction, chain, verdict in (("Outbound", "out", "return"), ("Inbound", "in", "accept")):
            lines.append(f"  chain {chain}-{port.link} {{")
            for rule in effective_rules(port.rules, direction):
                lines += [f"    {text}" for text in rule_text(rule, "@vnet", verdict)]
            lines.append("  }")
    return "\n".join([*lines, "}", ""])


def _address_chains(exposed: Sequence[Port], vnet: str, uplink: str, host_address: str) -> list[str]:
    """The chains that translate addresses: public ones to guests and back, and the name server's."""
    return [
        "  chain prerouting {",
        "    type nat hook prerouting priority dstnat; policy accept;",
        f"    ip daddr {WIRE_SERVER} meta l4proto {{ tcp, udp }} th dport 53 dnat ip to {host_address}",
        *(f"    ip daddr {port.public_ip} dnat ip to {port.private_ip}" for port in exposed),
        "  }",
        "  chain postrouting {",
        "    type nat hook postrouting priority srcnat; policy accept;",
        # From this machine a guest shall see this machine, not a translated address.
        f"    ip saddr {host_address} accept",
        *(f'    ip saddr {port.private_ip} oifname "{uplink}" snat ip to {port.public_ip}' for port in exposed),
        f'    ip saddr {vnet} oifname "{uplink}" masquerade',
        *(
            f"    ip saddr {port.private_ip} ct status dnat ip daddr {vnet} snat ip to {port.public_ip}"
            for port in exposed
        ),
        "  }",
    ]


def _shut_in(ports: Sequence[Port], shut: Sequence[str], uplink: str, host_address: str) -> list[str]:
    """Who has no public address does not get out of these subnets; this machine is reached where it has joined."""
    if not shut:
        return []
    exposed = [f"ip saddr != {port.private_ip}" for port in ports if port.public_ip]
    match = " ".join([f"ip saddr {{ {', '.join(sorted(shut))} }}", *exposed])
    return [f'    {match} oifname "{uplink}" ip daddr != {host_address} drop']


def _filter_chains(ports: Sequence[Port], uplink: str, shut_in: Sequence[str]) -> list[str]:
    """The chains that let through or drop: each guest's own are jumped to from here."""
    return [
        "  chain forward {",
        "    type filter hook forward priority filter; policy drop;",
        "    ct state established,related accept",
        "    ct state invalid drop",
        # Name resolution is the platform's, which security groups don't reach.
        f"    ct original ip daddr {WIRE_SERVER} accept",
        "    meta mark set 0x0",
        f"    ct status dnat meta mark set {PUBLIC_MARK}",
        *(f'    iifname "{port.link}" ip saddr != {port.private_ip} drop' for port in ports),
        *(f'    iifname "{port.link}" jump out-{port.link}' for port in ports),
        *(f'    oifname "{port.link}" jump in-{port.link}' for port in ports),
        *shut_in,
        f'    oifname "{uplink}" accept',
        "  }",
        "  chain input {",
        "    type filter hook input priority filter; policy drop;",
        '    iifname "lo" accept',
        "    ct state established,related accept",
        # The metadata service listens on each guest's link by itself; security groups don't reach it.
        f'    iifname "{GUEST_LINKS}" ip daddr {imds.ADDRESS} tcp dport {imds.PORT} accept',
        "  }",
    ]


def host_ruleset(table: str, link_prefix: str, block: AddressBlock, resolver: str, alone: bool) -> str:
    """This machine's own table: guests reach the Internet as this machine, packets fit its uplink, names resolve.

    This machine is nobody's router: what comes in by other links does not get to guests, nor to the addresses that
    this machine has for them. `alone`: it forwards for Local Azure only, so nothing of others is forwarded at all, but
    for bridges of its own (containers that are started meanwhile) and what others translate to them.
    """
    own = f"{{ {block.links}, {block.pool} }}"
    stranger = 'meta nfproto ipv4 iifname != "laz*"'
    others = [f'    {stranger} oifname != "laz*" meta iifkind != "bridge" ct status & dnat == 0 drop']
    from_guests, dns = f'iifname "{link_prefix}*"', "meta l4proto { tcp, udp } th dport 53"
    return "\n".join(
        [
            f"table inet {table} {{}}",
            f"delete table inet {table}",
            f"table inet {table} {{",
            "  chain prerouting {",
            "    type nat hook prerouting priority dstnat; policy accept;",
            f"    {from_guests} ip daddr {block.host_address} {dns} dnat ip to {resolver}",
            "  }",
            "  chain postrouting {",
            "    type nat hook postrouting priority srcnat; policy accept;",
            f'    ip saddr {{ {block.links}, {block.pool} }} oifname != "laz*" oifname != "lo" masquerade',
            "  }",
            "  chain forward {",
            "    type filter hook forward priority filter; policy accept;",
            # Private addresses are reached by this machine itself where it has joined, by nobody through it.
            f'    oifname "{link_prefix}*" ip daddr != {own} drop',
            f"    {from_guests} tcp flags syn tcp option maxseg size set rt mtu",
            f'    oifname "{link_prefix}*" tcp flags syn tcp option maxseg size set rt mtu',
            "    ct state established,related accept",
            f'    iifname != "laz*" oifname "{link_prefix}*" drop',
            *(others if alone else []),
            "  }",
            "  chain input {",
            "    type filter hook input priority filter; policy accept;",
            f'    iifname != "laz*" iifname != "lo" ip daddr {own} drop',
            "  }",
            "}",
            "",
        ]
    )


def rule_text(rule: FirewallRule, vnet: str, verdict: str) -> list[str]:
    """One rule as lines of nft: alternatives that can't be one match become lines of their own."""
    action = verdict if rule.access == "Allow" else "drop"
    lines = []
    for source in _addresses(rule.source_prefixes, "saddr", vnet):
        for destination in _addresses(rule.destination_prefixes, "daddr", vnet):
            for protocol in _protocols(rule):
                match = " ".join(part for part in (source, destination, protocol) if part)
                lines.append(f"{match} {action}".strip())
    return lines


def _addresses(prefixes: Sequence[str], field: str, vnet: str) -> list[str]:
    """Matches for a list of prefixes and tags, each an alternative; [""] matches everything."""
    matches: list[str] = []
    plain: list[str] = []
    for prefix in prefixes:
        tag = prefix.lower()
        if tag in EVERYWHERE:
            return [""]
        if tag == "virtualnetwork":
            matches.append(f"meta mark 0x0 ip {field} {vnet}")
        elif tag == "internet":
            matches += [f"ip {field} != {vnet}", f"meta mark {PUBLIC_MARK}"]
        elif tag == "azureloadbalancer":
            plain.append(WIRE_SERVER)
        else:
            plain.append(network_of(prefix))
    if networks := [net for net in plain if net]:
        # Overlapping intervals are no set to nft; collapsing them keeps their meaning.
        collapsed = ipaddress.collapse_addresses(ipaddress.IPv4Network(net) for net in networks)
        matches.append(f"ip {field} {{ {', '.join(str(net) for net in collapsed)} }}")
    return matches


def _protocols(rule: FirewallRule) -> list[str]:
    sources, destinations = _ports(rule.source_ports), _ports(rule.destination_ports)
    name = rule.protocol.lower()
    if name == "icmp":
        return ["meta l4proto icmp"]
    if name == "*" and not sources and not destinations:
        return [""]
    # Only TCP and UDP have ports; a rule for any protocol that names a port means these two.
    match = "meta l4proto { tcp, udp }" if name == "*" else f"meta l4proto {_known_protocol(name)}"
    for field, ports in (("sport", sources), ("dport", destinations)):
        if ports:
            match += f" th {field} {{ {ports} }}"
    return [match]


def _known_protocol(name: str) -> str:
    if name not in ("tcp", "udp", "esp", "ah"):
        raise MachineError("InvalidRule", f"{name!r} is not a protocol of a security rule")
    return name


def _ports(ports: Sequence[str]) -> str:
    """ "22, 1000-2000" as a set's elements, merged; "" when every port matches."""
    ranges = port_ranges(ports)
    if (0, 65535) in ranges:
        return ""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in merged)
