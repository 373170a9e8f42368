"""Virtual networks on this machine: a namespace each, joined to the machine by a link; guests by links of their own.

There is no bridge in it: as in Azure's fabric a guest has a link to a router that answers ARP for its neighbours, so
every packet between guests passes the security rules, and neither a bridge nor br_netfilter is asked of the kernel.

    this machine   lazTTTTT-N ──── up0   namespace localazure-INSTANCE-NETWORK   gMACHINE ──── host0   guest
                   TTTTT: instance's tag, N: the network's number
"""

from __future__ import annotations

import ipaddress
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localazure.machines.foundation.address_blocks import AddressBlock, host_networks, resolvers
from localazure.machines.foundation.commands import output, run, succeeds
from localazure.machines.foundation.instance_registry import InstanceRegistry, tag_of
from localazure.machines.foundation.mounts import NAMESPACES, NAMESPACES_MARK, is_mount_point
from localazure.machines.machine import MachineError, Network
from localazure.machines.nspawn import firewall, imds

UPLINK = "up0"
FORWARDING = "net/ipv4/ip_forward"
# Asked in this order when this machine's only resolver listens on loopback, where guests can't reach it.
UPSTREAM_RESOLV_CONF = ("/run/systemd/resolve/resolv.conf", "/run/NetworkManager/no-stub-resolv.conf")
FALLBACK_RESOLVER = "9.9.9.9"


def guest_link(machine_id: str) -> str:
    """The link of a machine in its network's namespace."""
    return f"g{machine_id}"


def guest_link_commands(machine_id: str, mac: str, private_ip: str, subnet_prefix: str) -> list[list[str]]:
    """What makes a guest's link before each boot, as commands to run inside the network's namespace.

    The guest's end dies with the guest, so an old pair is removed first. The outer end holds the gateway's address,
    answers ARP for everything that the namespace has another route for, and turns away foreign senders.
    """
    outer, inner = guest_link(machine_id), inner_link(machine_id)
    gateway = next(ipaddress.IPv4Network(subnet_prefix).hosts())
    settings = f"/proc/sys/net/ipv4/conf/{outer}"
    return [
        ["-ip", "link", "delete", outer],
        ["ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "address", mac],
        ["ip", "address", "add", f"{gateway}/32", "dev", outer],
        ["write", f"{settings}/proxy_arp", "1"],
        ["write", f"{settings}/rp_filter", "1"],
        # The kernel delays proxied answers by up to 0.8 s otherwise.
        ["write", f"/proc/sys/net/ipv4/neigh/{outer}/proxy_delay", "0"],
        ["ip", "link", "set", outer, "up"],
        ["ip", "route", "replace", f"{private_ip}/32", "dev", outer],
    ]


def readdress_commands(machine_id: str, private_ip: str, subnet_prefix: str) -> list[list[str]]:
    """What gives the outer end of a link that is in use another gateway address and another guest."""
    outer = guest_link(machine_id)
    gateway = next(ipaddress.IPv4Network(subnet_prefix).hosts())
    return [
        ["ip", "route", "flush", "dev", outer],
        ["ip", "address", "flush", "dev", outer],
        ["ip", "neighbour", "flush", "dev", outer],
        ["ip", "address", "add", f"{gateway}/32", "dev", outer],
        ["ip", "route", "replace", f"{private_ip}/32", "dev", outer],
    ]


def inner_link(machine_id: str) -> str:
    """The guest's end of its link as long as it has not been moved into the guest."""
    return f"i{machine_id}"


@dataclass(frozen=True)
class Exposed:
    """A public address and the number of the network that it leads to."""

    address: str
    network_number: int


class NetworkNamespaces:
    """The networks of one instance."""

    def __init__(self, instance: str, block: AddressBlock, registry: InstanceRegistry) -> None:
        self._instance = instance
        self._block = block
        self._registry = registry

    def prepare(self) -> None:
        """This machine's part: forwarding, the instance's table, a hole where its unused public addresses end."""
        self._registry.set_sysctl(
            FORWARDING, "1", ("net/ipv4/conf/*/forwarding", "net/ipv4/conf/*/accept_redirects")
        )
        with self._registry.locked():
            if not is_mount_point(NAMESPACES):
                self._registry.once(NAMESPACES_MARK)
        prefix = link_prefix(self._instance)
        alone = self._registry.has_set(FORWARDING)
        rules = firewall.host_ruleset(table_name(self._instance), prefix, self._block, resolver(), alone)
        run(["nft", "-f", "-"], stdin=rules.encode())
        run(["ip", "route", "replace", "blackhole", self._block.pool])
        run(["ip", "address", "replace", f"{self._block.service_address}/32", "dev", "lo", "label", f"lo:{prefix}"])
        _pass_forward_policy(prefix)

    def namespace(self, network_id: str) -> Path:
        """The file of a network's namespace."""
        return NAMESPACES / namespace_name(self._instance, network_id)

    def put(self, network: Network, number: int) -> None:
        """Make a network's namespace and its link to this machine, whatever of them is missing."""
        name = namespace_name(self._instance, network.id)
        if not self._usable(name):
            succeeds(["ip", "netns", "delete", name])
            run(["ip", "netns", "add", name])
        inside = ["ip", "-n", name]
        link = f"{link_prefix(self._instance)}-{number}"
        there, here = self._block.network_address(number), self._block.host_address
        run([*inside, "link", "set", "lo", "up"])
        run([*inside, "address", "replace", f"{imds.ADDRESS}/32", "dev", "lo", "scope", "host"])
        if not succeeds([*inside, "link", "show", UPLINK]):
            succeeds(["ip", "link", "delete", link])
            run(["ip", "link", "add", link, "type", "veth", "peer", "name", UPLINK, "netns", name])
            run(["ip", "address", "add", here, "peer", there, "dev", link])
            run([*inside, "address", "add", there, "peer", here, "dev", UPLINK])
        run(["ip", "link", "set", link, "up"])
        run([*inside, "link", "set", UPLINK, "up"])
        run([*inside, "route", "replace", "default", "via", here, "dev", UPLINK])
        self._set_blackholes(inside, network.prefixes)
        run([*self._enter(network.id), "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])

    def remove(self, network_id: str) -> None:
        """Remove a network's namespace; its links go with it."""
        remove_namespace(namespace_name(self._instance, network_id))

    def load(self, network: Network, ports: Sequence[firewall.Port], joined: bool) -> None:
        """Enforce the rules of all machines of a network; `joined`: this machine counts as one of its members."""
        shut = [one.prefix for one in network.subnets if not one.lets_out]
        rules = firewall.network_ruleset(network.prefixes, ports, UPLINK, self._block.host_address, joined, shut)
        run([*self._enter(network.id), "nft", "-f", "-"], stdin=rules.encode())

    def join(self, network: Network, number: int, joined: bool) -> None:
        """Let this machine reach a network's private addresses as a member, or no longer.

        Whoever loads the rules afterwards must know it as well; what holds now is changed in place.
        """
        link = f"{link_prefix(self._instance)}-{number}"
        gateway, here = self._block.network_address(number), self._block.host_address
        wanted = set(network.prefixes) if joined else set()
        for route in json.loads(output(["ip", "-j", "-4", "route", "show", "dev", link]) or "[]"):
            beyond = "gateway" in route and not ipaddress.IPv4Network(route["dst"]).subnet_of(self._block.pool)
            if beyond and route["dst"] not in wanted:
                run(["ip", "route", "delete", route["dst"], "dev", link])
        for prefix in sorted(wanted):
            run(["ip", "route", "replace", prefix, "via", gateway, "dev", link, "src", here])
        change = f"{'add' if joined else 'delete'} element inet localazure vnet {{ {here} }}\n"
        done = run([*self._enter(network.id), "nft", "-f", "-"], stdin=change.encode(), check=joined)
        if done.returncode != 0 and b"No such file" not in done.stderr:
            raise MachineError("ToolFailed", f"nft: {done.stderr.decode(errors='replace').strip()}")

    def taken_by(self, prefix: str, number: int) -> str | None:
        """Who on this machine has addresses of this prefix already, in words; None when nobody has."""
        wanted, link = ipaddress.IPv4Network(prefix), f"{link_prefix(self._instance)}-{number}"
        for route in json.loads(output(["ip", "-j", "-4", "route", "show"]) or "[]"):
            device = route.get("dev", "")
            if route["dst"] == "default" or device == link or not wanted.overlaps(ipaddress.IPv4Network(route["dst"])):
                continue
            if device.startswith("laz"):
                return f"another virtual network that this machine has joined ({route['dst']})"
            return f"this machine's own network {route['dst']}"
        own = next((str(net) for net in host_networks() if wanted.overlaps(net)), None)
        return None if own is None else f"this machine's own network {own}"

    def route(self, exposed: Sequence[Exposed]) -> None:
        """Let exactly these public addresses lead from this machine into their networks."""
        wanted = {item.address: self._block.network_address(item.network_number) for item in exposed}
        present = {
            route["dst"]: route.get("gateway", "")
            for route in json.loads(output(["ip", "-j", "-4", "route", "show", "root", self._block.pool]) or "[]")
            if route.get("type") != "blackhole"
        }
        for address in present.keys() - wanted.keys():
            run(["ip", "route", "delete", address])
        for address, gateway in wanted.items():
            if present.get(address) != gateway:
                run(["ip", "route", "replace", f"{address}/32", "via", gateway, "src", self._block.host_address])

    def _enter(self, network_id: str) -> list[str]:
        return ["nsenter", f"--net={self.namespace(network_id)}"]

    def _usable(self, name: str) -> bool:
        """A killed `ip netns add` leaves an empty file, which is no namespace."""
        return (NAMESPACES / name).exists() and succeeds(["ip", "-n", name, "link", "show", "lo"])

    @staticmethod
    def _set_blackholes(inside: list[str], prefixes: Sequence[str]) -> None:
        """Addresses of the network that no machine has end here instead of leaving by the default route."""
        shown = json.loads(output([*inside, "-j", "-4", "route", "show", "type", "blackhole"]) or "[]")
        present = {route["dst"] for route in shown}
        for prefix in set(prefixes) - present:
            run([*inside, "route", "replace", "blackhole", prefix])
        for prefix in present - set(prefixes):
            run([*inside, "route", "delete", "blackhole", prefix])


def namespace_name(instance: str, network_id: str) -> str:
    """The namespace of a network."""
    return f"localazure-{instance}-{network_id}"


def link_prefix(instance: str) -> str:
    """How all links of an instance on this machine begin."""
    return f"laz{tag_of(instance)}"


def table_name(instance: str) -> str:
    """The instance's nft table; hyphens are no part of nft's names, and underscores no part of instances' names."""
    return f"localazure_{instance.replace('-', '_')}"


def resolver() -> str:
    """The name server that guests' questions go to: this machine's own, as far as it is not on loopback."""
    for address in (*resolvers(), *resolvers(UPSTREAM_RESOLV_CONF)):
        parsed = ipaddress.ip_address(address)
        if parsed.version == 4 and not parsed.is_loopback:
            return address
    return FALLBACK_RESOLVER


def _pass_forward_policy(prefix: str) -> None:
    """Docker and ufw set iptables' FORWARD policy to DROP, which no other table can overrule: let our links by."""
    if shutil.which("iptables") is None:
        return
    if not run(["iptables", "-w", "-S", "FORWARD"], check=False).stdout.startswith(b"-P FORWARD DROP"):
        return
    for rule in _forward_rules(prefix):
        if not succeeds(["iptables", "-w", "-C", "FORWARD", *rule]):
            run(["iptables", "-w", "-I", "FORWARD", *rule])


def _forward_rules(prefix: str) -> list[list[str]]:
    return [[direction, f"{prefix}+", "-j", "ACCEPT"] for direction in ("-i", "-o")]


def remove_namespace(name: str) -> None:
    """Remove a namespace by name; nothing happens when there is none."""
    if (NAMESPACES / name).exists():
        run(["ip", "netns", "delete", name])


def destroy(instance: str, pools: Sequence[str]) -> None:
    """Remove everything of an instance from this machine's network, known by its names alone.

    `pools` are the address ranges that it may have closed with a blackhole route.
    """
    if NAMESPACES.is_dir():
        for name in sorted(path.name for path in NAMESPACES.iterdir()):
            head, _, network_id = name.rpartition("-")
            if head == f"localazure-{instance}" and len(network_id) == 8:
                remove_namespace(name)
    for link in json.loads(output(["ip", "-j", "link", "show"]) or "[]"):
        if link["ifname"].startswith(f"{link_prefix(instance)}-"):
            succeeds(["ip", "link", "delete", link["ifname"]])
    if succeeds(["nft", "list", "table", "inet", table_name(instance)]):
        run(["nft", "delete", "table", "inet", table_name(instance)])
    if shutil.which("iptables") is not None:
        for rule in _forward_rules(link_prefix(instance)):
            if succeeds(["iptables", "-w", "-C", "FORWARD", *rule]):
                run(["iptables", "-w", "-D", "FORWARD", *rule])
    for pool in pools:
        succeeds(["ip", "route", "delete", "blackhole", pool])
    # Flushing an address that is not there succeeds as well.
    run(["ip", "address", "flush", "dev", "lo", "label", f"lo:{link_prefix(instance)}"])
