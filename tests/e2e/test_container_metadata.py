"""Containers on booted hosts do not reach the instance metadata service and WireServer; the hosts themselves do."""

from __future__ import annotations

import pytest
from guests import on_booted_guests
from local_azure import GROUP, eventually
from set_up import SetUp

pytestmark = on_booted_guests("docker", "openssl")

INSTANCE = "http://169.254.169.254/metadata/instance?api-version=2021-02-01"
ASK = f"wget -T 4 -q -O - --header 'Metadata: true' '{INSTANCE}'"
# Stands for WireServer on a guest without Azure: another name space that has its address, with a server at each port.
WIRE_SERVER = """
ip netns add wire
ip link add wire0 type veth peer name wire1 netns wire
ip link set wire0 up
ip -n wire link set wire1 up
ip -n wire link set lo up
ip address add 192.0.2.1/30 dev wire0
ip -n wire address add 192.0.2.2/30 dev wire1
ip -n wire address add 168.63.129.16/32 dev lo
ip -n wire route add default via 192.0.2.1
ip route add 168.63.129.16/32 via 192.0.2.2
for port in 53 80 32526; do
    ip netns exec wire systemd-run -q --scope -u wire-$port python3 -c '
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"of the wire")
http.server.HTTPServer(("168.63.129.16", int(sys.argv[1])), Answer).serve_forever()' $port >/dev/null 2>&1 </dev/null &
done
"""


# On the hosts of the fleet


@pytest.fixture(scope="module")
def host(plain, busybox):
    plain.docker("import", busybox, "busybox").succeeded()
    return plain


def in_container(host, script: str, *words: str):
    return host.docker("run", "--rm", *words, "busybox", "sh", "-c", script)


def check_is_kept_out(host) -> None:
    assert '"compute"' in host.run(f"curl -sS -m 5 -H Metadata:true '{INSTANCE}'")
    denied = in_container(host, ASK)
    assert denied.code != 0 and denied.stdout == "" and "timed out" in denied.stderr, denied
    # The same words in the host's own network get the document.
    assert '"compute"' in in_container(host, ASK, "--network", "host").succeeded().stdout


def test_a_container_is_kept_from_the_metadata_service_and_has_dns_over_restarts_of_the_engine(host):
    check_is_kept_out(host)
    own = host.docker("network", "create", "own").succeeded().stdout.strip()
    try:
        denied = in_container(host, ASK, "--network", own)
        assert denied.code != 0 and "timed out" in denied.stderr
    finally:
        host.docker("network", "rm", own).succeeded()
    # The resolver of this machine, which answers there, does not know the name; that it answers counts.
    asked = in_container(host, f"nslookup {host.result['fqdn']}", "--dns", "168.63.129.16")
    assert "168.63.129.16:53" in asked.stdout and "NXDOMAIN" in asked.stdout, asked
    host.run("systemctl restart docker")
    eventually(lambda: host.docker("version").code == 0, "the engine is back")
    check_is_kept_out(host)


@pytest.mark.long
def test_it_is_opened_and_closed_with_apply_and_stays_so_over_a_reboot(local_azure, fleet, host):
    words = ("dockervm", "create", "-g", GROUP, "-n", host.name, "--ssh-key-values", f"{fleet.ssh_key}.pub")
    told = local_azure.az(*words, "--container-metadata").succeeded()
    assert "- container-metadata: closed" in told.stderr and "+ container-metadata: open" in told.stderr
    check_is_kept_out(host)
    local_azure.az(*words, "--container-metadata", "--apply").succeeded()
    assert '"compute"' in in_container(host, ASK).succeeded().stdout
    local_azure.az(*words, "--apply").succeeded()
    check_is_kept_out(host)
    local_azure.az("vm", "restart", "-g", GROUP, "-n", host.name).succeeded()
    eventually(lambda: host.docker("version").code == 0, "the engine is back")
    check_is_kept_out(host)


# On guests without Azure


def wire(guest: SetUp) -> None:
    guest.says(WIRE_SERVER)
    for port in (53, 80, 32526):
        eventually(lambda port=port: guest.guest_status(f"curl -sS -m 2 http://168.63.129.16:{port}/") == 0,
                   f"WireServer's port {port}")


def reached(guest: SetUp, *words: str) -> list[int]:
    """WireServer's ports that a container reaches."""
    ports = "53 80 32526"
    script = (f"for port in {ports}; do wget -T 3 -q -O - http://168.63.129.16:$port/ | grep -q wire && echo $port; "
              "done; true")
    return [int(port) for port in guest.docker("run", "--rm", *words, "busybox", "sh", "-c", script).split()]


def check_keeps_out(guest: SetUp) -> None:
    assert reached(guest) == [53]
    assert reached(guest, "--network", "host") == [53, 80, 32526]
    for port in (80, 32526):
        assert guest.says(f"curl -sS -m 3 http://168.63.129.16:{port}/") == "of the wire"


def becomes_closed(guest: SetUp, busybox: str) -> None:
    asked = guest.request()
    assert asked.ok, asked.details
    served = guest.serve(asked["csr"], CONTAINER_METADATA="closed")
    assert served.ok, served.details
    guest.docker("import", busybox, "busybox")
    wire(guest)
    check_keeps_out(guest)


@pytest.mark.long
@pytest.mark.parametrize(("guest", "tool"), [("", "iptables"), ("firewalld", "nft")], indirect=["guest"])
def test_only_two_ports_of_wireserver_are_shut_over_reboots_and_reloads(guest, busybox, tool):
    becomes_closed(guest, busybox)
    assert f"/{tool} " in guest.says("grep ^ExecStart= /etc/systemd/system/dockervm-metadata.service")
    if tool == "nft":
        eventually(lambda: guest.guest_status("firewall-cmd --state") == 0, "firewalld runs")
        for reload in ("firewall-cmd --reload", "firewall-cmd --complete-reload", "systemctl restart firewalld"):
            guest.says(reload)
            eventually(lambda: guest.guest_status("firewall-cmd --state") == 0, "firewalld runs")
            eventually(lambda: reached(guest, "--network", "host") == [53, 80, 32526], "containers run")
            check_keeps_out(guest)
        # Its file begins with `flush ruleset`, and takes away Docker's rules as well.
        for verb in ("restart", "reload", "stop"):
            guest.says(f"systemctl {verb} nftables")
            assert "table ip dockervm" in guest.says("nft list tables"), verb
    guest.restart()
    eventually(lambda: guest.takes_connections(guest.port), "the engine is back")
    wire(guest)
    check_keeps_out(guest)
    guest.says("systemctl restart docker")
    eventually(lambda: guest.guest_status("docker version") == 0, "the engine is back")
    check_keeps_out(guest)
