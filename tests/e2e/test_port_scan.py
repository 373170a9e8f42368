"""What is reachable is what the security rules allow: scans of real guests from this machine and from a neighbour."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest
from guests import PREFIX, Guests, on_booted_guests, rule

from localazure.machines.machine import MachineError, PublicAddress
from localazure.providers.network.firewall import both

pytestmark = [*on_booted_guests(), pytest.mark.long]
TARGET, NEIGHBOUR, TWIN = "0a00aa01", "0b00aa02", "0c00bb03"
TARGET_IP, NEIGHBOUR_IP = "10.0.0.4", "10.0.1.5"
# Half of these have a TCP server, so that allowed ports answer or refuse; what is closed by a rule says nothing. All
# have a UDP server, since a kernel refuses a few datagrams a second only.
PORTS = (22, 80, 443, 999, 1000, 1001, 1002, 1003, 1004, 4243, 8080, 65535)
SERVED = (80, 999, 1001, 1003, 8080)
SCAN = """
import json, selectors, socket, sys, time
host, ports, limit = sys.argv[1], json.loads(sys.argv[2]), 1.5
found = {"tcp": {}, "udp": {}}
waiting = selectors.DefaultSelector()
for port in ports:
    line = socket.socket(socket.AF_INET, socket.SOCK_STREAM); line.setblocking(False)
    line.connect_ex((host, port)); waiting.register(line, selectors.EVENT_WRITE, ("tcp", port))
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); line.connect((host, port)); line.setblocking(False)
    line.send(b"hello"); waiting.register(line, selectors.EVENT_READ, ("udp", port))
end = time.monotonic() + limit
while waiting.get_map() and time.monotonic() < end:
    for key, _ in waiting.select(max(0, end - time.monotonic())):
        kind, port = key.data
        error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if kind == "udp" and not error:
            try: key.fileobj.recv(99)
            except OSError as failed: error = failed.errno
        if error not in (110, 113): found[kind][port] = "refused" if error else "open"
        waiting.unregister(key.fileobj); key.fileobj.close()
print(json.dumps(found))
"""
SERVE = """
import selectors, socket, sys
lines = selectors.DefaultSelector()
tcp, udp = (map(int, ports.split(",")) for ports in sys.argv[1:])
for kind, ports in ((socket.SOCK_STREAM, tcp), (socket.SOCK_DGRAM, udp)):
    for port in ports:
        line = socket.socket(socket.AF_INET, kind); line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind(("", port)); lines.register(line, selectors.EVENT_READ)
        if kind == socket.SOCK_STREAM: line.listen(99)
kept = []
while True:
    for key, _ in lines.select():
        if key.fileobj.type == socket.SOCK_STREAM:
            try: peer = key.fileobj.accept()
            except OSError: continue
            peer[0].send(socket.gethostname().encode() + b" " + peer[1][0].encode() + b"\\n"); kept.append(peer[0])
        else:
            data, address = key.fileobj.recvfrom(99); key.fileobj.sendto(data, address)
"""


@pytest.fixture(scope="module")
def guests(tmp_path_factory):
    world = Guests(tmp_path_factory.mktemp("scan"))
    try:
        world.platform.start()
        for network in ("aaaaaaaa", "bbbbbbbb"):
            world.network(network, "10.0.0.0/24", "10.0.1.0/24")
        world.create(TARGET, "aaaaaaaa", TARGET_IP)
        world.create(NEIGHBOUR, "aaaaaaaa", NEIGHBOUR_IP)
        world.create(TWIN, "bbbbbbbb", TARGET_IP)
        for machine, address in zip((TARGET, TWIN), world.platform.public_pool, strict=False):
            world.platform.machine_expose(machine, PublicAddress(address, None))
        ports = " ".join(",".join(map(str, some)) for some in (SERVED, PORTS))
        for machine in (TARGET, TWIN):
            world.says(machine, f"cat >/root/serve.py <<'EOF'\n{SERVE}\nEOF\n"
                                f"systemd-run -q --unit=serve python3 /root/serve.py {ports}; sleep 0.5")  # fmt: skip
        yield world
    finally:
        world.platform.destroy()


@pytest.fixture
def public(guests):
    return guests.platform.public_pool[0]


@pytest.fixture(autouse=True)
def without_rules(guests):
    yield
    for machine in (TARGET, NEIGHBOUR):
        guests.platform.machine_firewall(machine, None)


def scan(host: str, guests=None, scanner: str | None = None) -> tuple[set[int], set[int]]:
    """The TCP and the UDP ports that answer or refuse, seen from this machine or from a guest."""
    if scanner is None:
        argv = [sys.executable, "-I", "-S", "-c", SCAN, host, json.dumps(PORTS)]
        text = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    else:
        text = guests.says(scanner, f"python3 -c '{SCAN}' {host} '{json.dumps(PORTS)}'".replace("\\n", "\n"))
    found = json.loads(text)
    for kind in ("tcp", "udp"):
        for port, answer in found[kind].items():
            served = kind == "udp" or int(port) in (22, *SERVED)
            assert answer == ("open" if served else "refused"), (kind, port, answer)
    return set(map(int, found["tcp"])), set(map(int, found["udp"]))


def greeting(host: str, port: int = 80) -> str:
    """Who answers: a guest's server says its name and the address that it sees."""
    try:
        with socket.create_connection((host, port), timeout=2) as line:
            line.settimeout(2)
            return line.recv(99).decode()
    except OSError:
        return ""


EVERYTHING = set(PORTS)


def test_without_rules_the_internet_is_out_and_the_network_in(guests, public):
    assert scan(public) == (set(), set())
    assert scan(TARGET_IP, guests, NEIGHBOUR) == (EVERYTHING, EVERYTHING)
    assert scan(public, guests, NEIGHBOUR) == (set(), set())


def test_ports_protocols_and_priorities_decide(guests, public):
    guests.platform.machine_firewall(TARGET, [
        rule(100, "Deny", "1001,8080", "*"),
        rule(110, "Allow", "1000-1003,65535", "Tcp", "Internet"),
        rule(120, "Deny", "1000-65535", "*", "Internet"),
        rule(130, "Allow", "999-1004", "Udp"),
        rule(140, "Allow", "80", "*"),
    ])  # fmt: skip
    assert scan(public) == ({80, 1000, 1002, 1003, 65535}, {80, 999})
    assert scan(TARGET_IP, guests, NEIGHBOUR) == (EVERYTHING - {1001, 8080}, EVERYTHING - {1001, 8080})
    assert scan(public, guests, NEIGHBOUR) == ({80, 1000, 1002, 1003, 65535}, {80, 999})


def test_source_prefixes_and_the_networks_own_tag(guests, public):
    guests.platform.machine_firewall(TARGET, [
        rule(100, "Allow", "80", "*", NEIGHBOUR_IP),
        rule(110, "Allow", "443", "*", "10.0.1.0/24", target=f"{TARGET_IP}/32"),
        rule(120, "Allow", "8080", "*", "10.9.0.0/16"),
        rule(130, "Allow", "999", "*", "Storage.WestUS"),
        rule(140, "Allow", "22", "*", "AzureLoadBalancer"),
        rule(200, "Deny", "*", "*", "VirtualNetwork"),
        rule(210, "Allow", "4243", "*", "*"),
    ])  # fmt: skip
    assert scan(TARGET_IP, guests, NEIGHBOUR) == ({80, 443}, {80, 443})
    assert scan(public) == ({4243}, {4243})


def test_a_subnets_and_a_cards_rules_both_must_allow(guests, public):
    card = [rule(100, "Allow", "80,443,1000-1002", "Tcp"), rule(110, "Allow", "*", "Udp")]
    subnet = [rule(100, "Deny", "1001", "*"), rule(110, "Allow", "443-1004,8080", "*")]
    guests.platform.machine_firewall(TARGET, both(card, subnet, [PREFIX]))
    assert scan(public) == ({443, 1000, 1002}, {443, 999, 1000, 1002, 1003, 1004, 8080})


def test_outbound_rules_hold_what_a_guest_sends(guests, public):
    guests.platform.machine_firewall(NEIGHBOUR, [
        rule(100, "Deny", "1000-1004", "Tcp", direction="Outbound", target="VirtualNetwork"),
        rule(110, "Deny", "80", "*", direction="Outbound", target=f"{TARGET_IP}/32"),
        rule(120, "Deny", "*", "*", direction="Outbound", target="Internet"),
    ])  # fmt: skip
    expected = EVERYTHING - {80, 1000, 1001, 1002, 1003, 1004}, EVERYTHING - {80}
    assert scan(TARGET_IP, guests, NEIGHBOUR) == expected
    guests.platform.machine_firewall(TARGET, [rule(100, "Allow", "*", "*")])
    assert scan(public, guests, NEIGHBOUR) == (set(), set())
    # What comes in, and the answers to it, are another matter.
    guests.says(TARGET, f"timeout 2 bash -c '</dev/tcp/{NEIGHBOUR_IP}/22'")


def test_icmp_is_a_protocol_of_its_own(guests):
    ping = f"ping -c1 -W1 {TARGET_IP} >/dev/null && echo yes || echo no"
    assert guests.says(NEIGHBOUR, ping) == "yes"
    guests.platform.machine_firewall(TARGET, [rule(100, "Deny", "*", "Icmp")])
    assert guests.says(NEIGHBOUR, ping) == "no" and scan(TARGET_IP, guests, NEIGHBOUR)[0] == EVERYTHING
    guests.platform.machine_firewall(TARGET, [rule(100, "Deny", "*", "Tcp"), rule(110, "Deny", "*", "Udp")])
    assert guests.says(NEIGHBOUR, ping) == "yes" and scan(TARGET_IP, guests, NEIGHBOUR) == (set(), set())


def test_a_change_is_at_once_for_new_connections_and_leaves_old_ones(guests, public):
    guests.platform.machine_firewall(TARGET, [rule(100, "Allow", "22", "Tcp")])
    with socket.create_connection((public, 22), timeout=3) as line:
        line.settimeout(3)
        assert line.recv(99).startswith(b"SSH-")
        guests.platform.machine_firewall(TARGET, [])
        line.sendall(b"nonsense\r\n")
        assert line.recv(99)  # sshd says what it thinks of it
    assert scan(public) == (set(), set())


def test_networks_of_equal_prefix_are_apart(guests, public):
    for machine in (TARGET, TWIN):
        guests.platform.machine_firewall(machine, [rule(100, "Allow", "80", "Tcp")])
    assert greeting(public).startswith(f"m{TARGET} ")
    assert greeting(guests.platform.public_pool[1]).startswith(f"m{TWIN} ")
    ask = f"timeout 3 bash -c 'exec 3<>/dev/tcp/{TARGET_IP}/80; head -1 <&3'"
    assert guests.says(NEIGHBOUR, ask) == f"m{TARGET} {NEIGHBOUR_IP}"
    # The neighbour's address belongs to nobody in the twin's network.
    assert scan(NEIGHBOUR_IP, guests, TWIN) == (set(), set())


def test_a_member_of_the_network_is_inside_it(guests):
    platform = guests.platform
    platform.network_join("aaaaaaaa", True)
    try:
        assert scan(TARGET_IP) == (EVERYTHING, EVERYTHING) and greeting(TARGET_IP).startswith(f"m{TARGET} ")
        with pytest.raises(MachineError, match="another virtual network"):
            platform.network_join("bbbbbbbb", True)
        platform.machine_firewall(TARGET, [rule(100, "Allow", "443", "Tcp"), rule(110, "Deny", "*", "*")])
        assert scan(TARGET_IP) == ({443}, set())
        platform.machine_firewall(TARGET, [rule(100, "Deny", "*", "*", "VirtualNetwork")])
        assert scan(TARGET_IP) == (set(), set())
        platform.machine_firewall(TARGET, [])
        guests.again()
        assert scan(TARGET_IP) == (EVERYTHING, EVERYTHING)
        # Through this machine nobody else gets in: the twin's 10.0.1.5 stays nobody's.
        assert scan(NEIGHBOUR_IP, guests, TWIN) == (set(), set())
    finally:
        guests.platform.network_join("aaaaaaaa", False)
    assert not greeting(TARGET_IP).startswith("m")
    guests.platform.network_join("bbbbbbbb", True)
    assert greeting(TARGET_IP).startswith(f"m{TWIN} ")
    guests.platform.network_join("bbbbbbbb", False)
