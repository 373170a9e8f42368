"""Security rules: the text that nft loads, checked by nft itself where it is there, and decisions for fake machines."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from localazure.machines.foundation.address_blocks import routed_blocks
from localazure.machines.foundation.security_rules import effective_rules, open_ports
from localazure.machines.machine import FirewallRule, MachineError
from localazure.machines.nspawn import firewall
from localazure.machines.nspawn.firewall import Port, network_ruleset, rule_text

VNET = "{ 10.0.0.0/16 }"


def rule(priority=100, access="Allow", direction="Inbound", protocol="Tcp", source=("*",), target=("*",), ports=("*",)):
    return FirewallRule(f"r{priority}", priority, direction, access, protocol, source, ("*",), target, ports)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (rule(ports=("22",)), ["meta l4proto tcp th dport { 22 } accept"]),
        (rule(ports=("22", "20-25", "80")), ["meta l4proto tcp th dport { 20-25, 80 } accept"]),
        (rule(protocol="*"), ["accept"]),
        (rule(protocol="*", ports=("53",)), ["meta l4proto { tcp, udp } th dport { 53 } accept"]),
        (rule(protocol="Icmp"), ["meta l4proto icmp accept"]),
        (rule(access="Deny", protocol="*"), ["drop"]),
        (rule(source=("10.1.0.0/16", "10.1.2.3", "192.0.2.7"), protocol="*"),
         ["ip saddr { 10.1.0.0/16, 192.0.2.7/32 } accept"]),
        (rule(source=("AzureLoadBalancer",), protocol="*"), ["ip saddr { 168.63.129.16/32 } accept"]),
        (rule(source=("VirtualNetwork",), protocol="*"), [f"meta mark 0x0 ip saddr {VNET} accept"]),
        (rule(source=("fd00::/8",), protocol="*"), []),
        (rule(source=("Storage.WestUS",), protocol="*"), []),
        (rule(source=("Sql", "1.2.3.4"), target=("internet",), protocol="*"),
         [f"ip saddr {{ 1.2.3.4/32 }} ip daddr != {VNET} accept",
          "ip saddr { 1.2.3.4/32 } meta mark 0x1 accept"]),
    ],
)  # fmt: skip
def test_rule_becomes_lines(given, expected):
    assert rule_text(given, VNET, "accept") == expected


def test_internet_is_outside_or_by_a_public_address():
    lines = rule_text(rule(source=("Internet",), protocol="*"), VNET, "accept")
    assert lines == [f"ip saddr != {VNET} accept", "meta mark 0x1 accept"]


@pytest.mark.parametrize("bad", [rule(source=("10.0.0.0/99",)), rule(ports=("http",)), rule(protocol="Gre")])
def test_unreadable_rule_is_refused(bad):
    with pytest.raises(MachineError):
        rule_text(bad, VNET, "accept")


def test_rules_are_evaluated_by_priority_with_defaults_last():
    names = [item.name for item in effective_rules([rule(300), rule(100), rule(200, direction="Outbound")], "Inbound")]
    assert names == ["r100", "r300", "AllowVnetInBound", "AllowAzureLoadBalancerInBound", "DenyAllInBound"]


def test_sender_and_receiver_both_decide():
    ports = [
        Port("gaaaaaaaa", "10.0.0.4", "198.51.100.1", (rule(ports=("22",)),)),
        Port("gbbbbbbbb", "10.0.0.5", None, None),
    ]
    text = network_ruleset(["10.0.0.0/16"], ports, "up0", "198.19.0.1")
    chain = text.split("chain out-gbbbbbbbb {")[1].split("}\n  chain")[0]
    assert "return" in chain and "accept" not in chain
    assert "ip daddr 198.51.100.1 dnat ip to 10.0.0.4" in text
    assert 'iifname "gbbbbbbbb" ip saddr != 10.0.0.5 drop' in text


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("nft") is None, reason="nft checks rulesets as root")
def test_nft_accepts_the_rulesets():
    every = tuple(
        rule(100 + number, protocol=protocol, source=source, target=source, ports=ports)
        for number, (protocol, source, ports) in enumerate(
            (protocol, source, ports)
            for protocol in ("Tcp", "Udp", "Icmp", "*")
            for source in (
                ("*",),
                ("Internet",),
                ("VirtualNetwork",),
                ("10.0.0.0/8", "10.0.0.4"),
                ("AzureLoadBalancer",),
            )
            for ports in (("*",), ("22", "1000-2000"))
        )
    )
    ports = [Port("gaaaaaaaa", "10.0.0.4", "198.51.100.1", every), Port("gbbbbbbbb", "10.0.0.5", "198.51.100.2", None)]
    texts = [
        network_ruleset(["10.0.0.0/16", "10.2.0.0/24"], ports, "up0", "198.19.0.1"),
        network_ruleset(["10.0.0.0/16"], ports, "up0", "198.19.0.1", True, ["10.0.0.0/24", "10.0.1.0/24"]),
        *(firewall.host_ruleset("localazure_unit", "lazabcde", routed_blocks()[0], "192.0.2.53", alone)
          for alone in (True, False)),
    ]
    for text in texts:
        checked = subprocess.run(["nft", "-c", "-f", "-"], input=text, text=True, capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (None, []),
        ([], []),
        ([rule(ports=("4243",))], [(4243, 4243)]),
        ([rule(100, "Deny", ports=("4243",)), rule(200, ports=("4000-5000",))], [(4000, 4242), (4244, 5000)]),
        ([rule(source=("VirtualNetwork",), ports=("22",))], []),
        ([rule(source=("203.0.113.0/24",), ports=("22",))], []),
        ([rule(source=("127.0.0.1",), ports=("22",))], [(22, 22)]),
        ([rule(source=("Internet",), protocol="*")], [(1, 65535)]),
        ([rule(protocol="Udp", ports=("22",))], []),
        ([rule(direction="Outbound")], []),
    ],
)
def test_open_ports_follow_the_first_match(rules, expected):
    assert open_ports(rules, "127.0.0.1") == expected


def test_only_a_public_address_leads_out_of_a_subnet_that_is_shut():
    ports = [Port("gaaaaaaaa", "10.0.0.4", "198.51.100.1", None), Port("gbbbbbbbb", "10.0.0.5", None, None)]
    text = network_ruleset(("10.0.0.0/16",), ports, "up0", "198.19.1.1", True, ("10.0.0.0/24",))
    drop = 'ip saddr { 10.0.0.0/24 } ip saddr != 10.0.0.4 oifname "up0" ip daddr != 198.19.1.1 drop'
    forward = text.split("chain forward {")[1].split("}\n  chain")[0]
    assert forward.index("established,related accept") < forward.index(drop) < forward.index('oifname "up0" accept')
    assert "ip daddr != 198.19.1.1" not in network_ruleset(("10.0.0.0/16",), ports, "up0", "198.19.1.1")


def test_this_machine_is_inside_a_network_that_it_has_joined():
    for joined, members in ((False, "{ 10.0.0.0/16 }"), (True, "{ 10.0.0.0/16, 198.19.1.1 }")):
        text = network_ruleset(("10.0.0.0/16",), [], "up0", "198.19.1.1", joined)
        assert f"elements = {members};" in text
