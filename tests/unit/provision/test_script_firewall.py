"""The set-up script and the host's own firewall: which rules shut a port, how it is opened for good, when it is not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from script_machine import SHELLS, Machine, free_port, needs_tools

from azext_dockervm.provision.script.join import FOLDER

pytestmark = needs_tools

# As Azure Linux 3 has them in /etc/systemd/scripts (microsoft/azurelinux, SPECS/iptables).
AZURE_LINUX = """# init
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
# Allow local-only connections
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A OUTPUT -j ACCEPT
COMMIT
"""
# As Red Hat's iptables-services has them in /etc/sysconfig/iptables, with a table behind that has such a chain too.
RED_HAT = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
COMMIT
*nat
:INPUT ACCEPT [0:0]
COMMIT
"""
IN_KERNEL = "-P INPUT DROP\n-P FORWARD DROP\n-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"


def ask(function: str, *words: str, text: str = "", shell: str = "dash") -> tuple[int, str]:
    """One function of the parts by itself, with no tool of a system in reach."""
    parts = "\n".join((FOLDER / f"{name}.sh").read_text() for name in ("port", "shut-port"))
    script = f'have() {{ [ "$1" = "$HAS" ]; }}\n{parts}\n{function} "$@"'
    done = subprocess.run([*SHELLS[shell], "-c", script, "sh", *words], input=text, capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "HAS": "iptables"})
    assert done.stderr == ""
    return done.returncode, done.stdout.strip()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("rule", "named"), [
    ("-A INPUT -p tcp -m tcp --dport 2376 -j ACCEPT", True),
    ("-A INPUT -p tcp -m tcp --dport 23760 -j ACCEPT", False),
    ("-A INPUT -p tcp -m multiport --dports 22,2376 -j ACCEPT", True),
    ("-A INPUT -p tcp -m tcp --dport 2000:3000 -j ACCEPT", True),
    ("-A INPUT -p tcp -m tcp --dport 2377:3000 -j ACCEPT", False),
    ("-A INPUT -s 10.23.76.0/24 -p tcp -m tcp --sport 2376 --dport 22 -j ACCEPT", False),
    ("tcp dport { 22, 2375-2377 } ct state new accept", True),
    ("elements = { 22, 2376 }", True),
    ("elements = { 22, 80 }", False),
])
def test_ports_that_a_rule_names(rule: str, named: bool, shell: str):
    assert ask("names_port", "2376", rule, shell=shell)[0] == (0 if named else 1)


SHUT, OPEN, NAMED = 0, 1, 2


@pytest.mark.parametrize(("rules", "verdict"), [
    (AZURE_LINUX, SHUT),
    (RED_HAT, SHUT),
    (IN_KERNEL, SHUT),
    ("", OPEN),
    ("-P INPUT ACCEPT\n-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN NONE -j DROP\n", OPEN),
    ("-P INPUT ACCEPT\n-A INPUT -s 192.0.2.1/32 -j DROP\n-A INPUT -j ACCEPT\n-A INPUT -j DROP\n", OPEN),
    ("-P INPUT DROP\n-A INPUT -j ACCEPT\n", OPEN),
    ("-P INPUT DROP\n-A INPUT -j DROP\n-A INPUT -j ACCEPT\n", SHUT),
    (f"{IN_KERNEL}-A INPUT -s 192.0.2.0/24 -p tcp -m tcp --dport 2376 -j ACCEPT\n", NAMED),
    ("-P INPUT DROP\n-A INPUT -j OURS\n-A OURS -p tcp -m tcp --dport 2376 -j ACCEPT\n", NAMED),
    (f"{IN_KERNEL}-A DOCKER -d 172.17.0.2/32 ! -i docker0 -p tcp -m tcp --dport 2376 -j ACCEPT\n", SHUT),
    (f"{IN_KERNEL}-A FORWARD -p tcp -m tcp --dport 2376 -j ACCEPT\n", SHUT),
    ("*nat\n:INPUT DROP [0:0]\n-A INPUT -j DROP\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", OPEN),
    (RED_HAT.replace("-A ", "[7:420] -A "), SHUT),
])
def test_rules_of_iptables_that_shut_a_port(rules: str, verdict: int):
    assert ask("rules_shut", "2376", text=rules)[0] == verdict


# Rules that accept in the words of iptables, behind IN_KERNEL, and whether by them somebody from elsewhere may come in.
@pytest.mark.parametrize(("rule", "somebody"), [
    ("INPUT -s 10.0.0.0/8 -j ACCEPT", True),
    ("INPUT -i eth0 -j ACCEPT", True),
    ("INPUT -p tcp -j ACCEPT", True),
    ("INPUT -m set --match-set friends src -j ACCEPT", True),
    ('INPUT -m comment --comment "from everywhere" -j ACCEPT', True),
    ("INPUT -m conntrack --ctstate NEW,RELATED,ESTABLISHED -j ACCEPT", True),
    ("ALLOWIN -s 192.0.2.1/32 ! -i lo -j ACCEPT", True),      # ConfigServer's
    ("IN_trusted -j ACCEPT", True),                           # firewalld's before nftables
    ("ufw-user-input -s 10.0.0.0/8 -j ACCEPT", True),
    ("ufw-user-input -p tcp -m tcp --dport 2376 -j ufw-user-limit-accept", True),
    ("INPUT -p tcp -m tcp ! --dport 25 -j ACCEPT", True),
    ("INPUT -p tcp -m tcp ! --dport 2376 -j ACCEPT", False),
    ("INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", False),
    ("INPUT -p icmp -j ACCEPT", False),
    ("INPUT -p udp -m udp --dport 2376 -j ACCEPT", False),
    ("INPUT -p tcp -m tcp --sport 443 -j ACCEPT", False),
    ("INPUT -i docker0 -j ACCEPT", False),
    ("INPUT -d 224.0.0.0/4 -j ACCEPT", False),
    ("INPUT -m pkttype --pkt-type multicast -j ACCEPT", False),
    ("INPUT -s 127.0.0.0/8 -j ACCEPT", False),
    ("INPUT -s 168.63.129.16/32 -j ACCEPT", False),
    ('INPUT -p tcp -m tcp --dport 2376 -m comment --comment "no ACCEPT" -j DROP', False),
    ("ufw-user-output -j ACCEPT", False),
    ("ufw-user-limit-accept -j ACCEPT", False),
    ("ufw-user-input -p tcp -m tcp --dport 22 -j ufw-user-limit-accept", False),
])
@pytest.mark.parametrize("shell", SHELLS)
def test_whoever_is_let_in_without_the_port_s_number_is_its_owner_s_decision_too(rule: str, somebody: bool, shell: str):
    verdict = ask("rules_shut", "2376", text=f"{IN_KERNEL}-A {rule}\n", shell=shell)[0]
    assert verdict == (NAMED if somebody else SHUT)


def nft(rules: str, chain: str = "input", table: str = "inet filter", policy: str = "accept") -> str:
    return (f"table {table} {{\n\tset ours {{\n\t\ttype inet_service\n\t\telements = {{ 22 }}\n\t}}\n"
            f"\tchain {chain} {{\n\t\ttype filter hook input priority filter; policy {policy};\n\t\t{rules}\n\t}}\n"
            "\tchain out {\n\t\ttype filter hook output priority filter; policy drop;\n\t\taccept\n\t}\n}\n")


@pytest.mark.parametrize(("ruleset", "chain"), [
    ("", ""),
    (nft("iif lo accept\ntcp dport 22 accept", policy="drop"), "inet filter input"),
    (nft("tcp dport 22 accept\ncounter drop"), "inet filter input"),
    (nft("tcp dport 22 accept\nreject with icmpx admin-prohibited"), "inet filter input"),
    (nft("ip saddr @bad drop"), ""),
    (nft("tcp dport { 22, 2376 } accept", policy="drop"), ""),
    (nft("tcp dport @ours accept", policy="drop").replace("{ 22 }", "{ 22, 2370-2380 }"), ""),
    (nft("accept", policy="drop"), ""),
    (nft("accept\ndrop"), ""),
    (nft("drop", chain="mine").replace("type filter hook input priority filter; policy accept;", ""), ""),
    (nft("drop", table="ip6 filter", policy="drop"), ""),
    (nft("drop", table="ip filter", chain="INPUT", policy="drop"), ""),      # made by iptables, which is there
    (nft("reject", table="inet firewalld", chain="filter_INPUT"), ""),
    (nft("tcp dport 2376 accept", table="ip filter", chain="DOCKER") + nft("drop"), "inet filter input"),
    # Another table's verdict helps nobody: each has to let a packet through.
    (nft("tcp dport 2376 accept", table="ip filter", chain="INPUT") + nft("drop"), "inet filter input"),
    (nft("drop") + nft("tcp dport 2376 accept", table="ip filter", chain="INPUT"), "inet filter input"),
    (nft("tcp dport 2376 accept\ndrop"), ""),
    (nft("tcp dport 2376 accept\ndrop") + nft("", table="inet other"), ""),
    (nft("drop") + nft("", table="inet other"), "inet filter input"),
])
def test_chains_of_nftables_that_shut_a_port(ruleset: str, chain: str):
    assert ask("chain_that_shuts", "2376", text=ruleset)[1] == chain


# Rules that accept in the words of nft, in a chain that drops.
@pytest.mark.parametrize(("rule", "somebody"), [
    ("ip saddr 10.0.0.0/8 accept", True),
    ('ip saddr @friends counter accept comment "ours"', True),
    ('iifname "eth0" accept', True),
    ('iifname { "lo", "eth0" } accept', True),
    ('iifname != "lo" accept', True),
    ("meta l4proto { tcp, udp } th dport 2376 accept", True),
    ("tcp dport vmap { 22 : accept, 2376 : accept }", True),
    ("tcp dport != 25 accept", True),
    ("ct state established,new accept", True),
    ('iif "lo" accept', False),
    ("iifname lo accept", False),
    ('iifname "docker0" accept', False),
    ("ct state established,related accept", False),
    ("ct state vmap { invalid : drop, established : accept }", False),
    ("ip protocol icmp accept", False),
    ("meta l4proto { icmp, ipv6-icmp } accept", False),
    ("ip6 saddr fe80::/10 accept", False),
    ("ip daddr 224.0.0.0/4 accept", False),
    ("meta pkttype { broadcast, multicast } accept", False),
    ("ip saddr 168.63.129.16 accept", False),
    ("udp dport 2376 accept", False),
    ("tcp sport 443 accept", False),
])
@pytest.mark.parametrize("shell", SHELLS)
def test_a_chain_of_nftables_that_lets_somebody_in(rule: str, somebody: bool, shell: str):
    _, chain = ask("chain_that_shuts", "2376", text=nft(rule, policy="drop"), shell=shell)
    assert chain == ("" if somebody else "inet filter input")


def test_what_other_chains_of_nftables_accept_counts_where_the_input_may_come_to_them():
    def shut(chain: str) -> str:
        return ask("chain_that_shuts", "2376", text=chain + nft("jump friends", policy="drop").partition("\n")[2])[1]
    assert shut("table inet filter {\n\tchain friends {\n\t\taccept\n\t}\n") == ""
    hook = "type filter hook forward priority filter; policy drop;"
    assert shut(f"table inet filter {{\n\tchain fwd {{\n\t\t{hook}\n\t\tip saddr 10.0.0.0/8 accept\n\t}}\n") != ""


def test_a_port_in_a_later_line_of_a_set_of_nftables_is_named():
    """nft breaks the lines of long ones."""
    lines = "{ 22, 80, 443, 1000-2000,\n\t\t\t     2376, 8080 }"
    ruleset = nft("tcp dport @ours accept", policy="drop").replace("{ 22 }", lines)
    assert ask("chain_that_shuts", "2376", text=ruleset)[1] == ""


# On a machine: iptables as a file of rules a family, `-S`, `-A` and `-I`

IPTABLES = """
rules=$root/switch/${0##*/}
[ -e "$rules" ] && [ "$1" = -w ] || exit 1
shift
case $1 in
-S) cat "$rules" ;;
-A) echo "$*" >>"$rules" ;;
-I) number=$3
    shift 3
    awk -v number="$number" -v rule="-A INPUT $*" \\
        '/^-A INPUT / && ++seen == number { print rule } { print }' "$rules" >"$rules.new"
    mv "$rules.new" "$rules" ;;
esac
"""
FILES = {"azure-linux": ("/etc/systemd/scripts/ip4save", "/etc/systemd/scripts/ip6save"),
         "red-hat": ("/etc/sysconfig/iptables", "/etc/sysconfig/ip6tables"),
         "debian": ("/etc/iptables/rules.v4", "/etc/iptables/rules.v6")}


@pytest.fixture
def walled(dash_machine: Machine) -> Machine:
    for tool in ("iptables", "ip6tables"):
        dash_machine.add_tool(tool, IPTABLES)
        dash_machine.switch(tool, IN_KERNEL)
    return dash_machine


def keep(machine: Machine, files: tuple[str, ...], rules: str) -> list[Path]:
    paths = [machine.file(name) for name in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rules)
        path.chmod(0o640)
    return paths


def accepted(port: object) -> str:
    return f"-A INPUT -p tcp -m tcp --dport {port} -j ACCEPT"


@pytest.mark.parametrize("kept", FILES)
def test_a_port_is_opened_at_once_and_in_the_files_that_are_loaded_at_boot(walled: Machine, kept: str):
    paths = keep(walled, FILES[kept], AZURE_LINUX)
    csr = walled.request().csr
    assert walled.serve(csr).status == 0
    ours = accepted(walled.port)
    for path in paths:
        assert path.read_text() == AZURE_LINUX.replace("COMMIT\n", f"{ours}\nCOMMIT\n")
        assert path.stat().st_mode & 0o777 == 0o640
    for tool in ("iptables", "ip6tables"):
        assert walled.file(f"/switch/{tool}").read_text() == f"{IN_KERNEL}{ours}\n"
    # The same again adds nothing.
    before = walled.files("/etc/systemd", "/etc/iptables", "/etc/sysconfig", "/switch")
    assert walled.serve(csr).status == 0
    assert {name: one[0] for name, one in walled.files("/switch").items()} == {
        name: one[0] for name, one in before.items() if name.startswith("switch")}
    assert [path.read_text().count(ours) for path in paths] == [1, 1]


@pytest.mark.parametrize("counters", ["", "[7:420] "])
def test_the_rule_stands_in_front_of_the_one_that_shuts_everybody_out(walled: Machine, counters: str):
    kept = RED_HAT.replace("-A ", f"{counters}-A ")
    (path, _) = keep(walled, FILES["red-hat"], kept)
    kernel = IN_KERNEL.replace("DROP", "ACCEPT") + "-A INPUT -j REJECT --reject-with icmp-host-prohibited\n"
    walled.switch("iptables", kernel)
    assert walled.serve(walled.request().csr).status == 0
    ours = accepted(walled.port)
    assert path.read_text() == kept.replace(f"{counters}-A INPUT -j REJECT", f"{ours}\n{counters}-A INPUT -j REJECT")
    in_front = kernel.replace("-A INPUT -j REJECT", f"{ours}\n-A INPUT -j REJECT")
    assert walled.file("/switch/iptables").read_text() == in_front


def test_rules_that_were_not_loaded_yet_are_opened_in_their_file(walled: Machine):
    paths = keep(walled, FILES["azure-linux"], AZURE_LINUX)
    walled.switch("iptables", "-P INPUT ACCEPT\n")
    assert walled.serve(walled.request().csr).status == 0
    assert accepted(walled.port) in paths[0].read_text()
    assert walled.file("/switch/iptables").read_text() == "-P INPUT ACCEPT\n"


def test_rules_that_are_kept_nowhere_we_know_end_the_run_before_anything_is_changed(walled: Machine):
    keep(walled, FILES["debian"], "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n")     # there, but not where these come from
    csr = walled.request().csr
    before = walled.files("/etc")
    answer = walled.serve(csr)
    assert answer.reason == "firewall-shut"
    assert answer.details == [
        f"iptables on this host shuts port {walled.port}, and where its rules are kept is not known",
        f"open it there and at once: iptables -I INPUT -p tcp --dport {walled.port} -j ACCEPT",
        "then the same command again",
    ]
    assert walled.files("/etc") == before
    # As it says, whoever may come in.
    walled.switch("iptables", f"-P INPUT DROP\n-A INPUT -s 192.0.2.0/24 -p tcp --dport {walled.port} -j ACCEPT\n")
    assert walled.serve(csr).status == 0


def test_iptables_that_refuses_ends_the_run(walled: Machine):
    keep(walled, FILES["azure-linux"], AZURE_LINUX)
    walled.add_tool("iptables", IPTABLES.replace("-A) ", "-A) echo 'Permission denied' >&2; exit 4; "))
    answer = walled.serve(walled.request().csr)
    assert answer.reason == "firewall-shut" and "Permission denied" in answer.details


def test_ipv6_alone_is_no_reason_to_stop(walled: Machine):
    walled.switch("iptables", "-P INPUT ACCEPT\n")
    assert walled.serve(walled.request().csr).status == 0
    assert walled.file("/switch/ip6tables").read_text() == IN_KERNEL


def test_nftables_of_ones_own_end_the_run(dash_machine: Machine):
    dash_machine.add_tool("nft", 'cat "$root/switch/ruleset"\n')
    dash_machine.switch("ruleset", nft("tcp dport 22 accept", policy="drop"))
    csr = dash_machine.request().csr
    answer = dash_machine.serve(csr)
    assert answer.reason == "firewall-shut"
    rule = f"tcp dport {dash_machine.port} accept"
    assert answer.details == [
        f"nftables on this host shuts port {dash_machine.port} (chain inet filter input), and where its rules are kept "
        "is not known",
        f"open it there and at once: nft insert rule inet filter input {rule}", "then the same command again"]
    dash_machine.switch("ruleset", nft(rule, policy="drop"))
    assert dash_machine.serve(csr).status == 0


def test_what_iptables_was_opened_for_does_not_open_nftables(walled: Machine):
    keep(walled, FILES["azure-linux"], AZURE_LINUX)
    walled.add_tool("nft", """
cat "$root/switch/ruleset"
echo 'table ip filter {'
echo 'chain INPUT {'
sed -n 's/.*--dport \\(.*\\) -j ACCEPT/tcp dport \\1 accept/p' "$root/switch/iptables"
""")
    walled.switch("ruleset", nft("drop"))
    assert walled.serve(walled.request().csr).reason == "firewall-shut"


def test_sshd_stays_where_it_is_when_the_firewall_does_not_let_the_new_port_through(walled: Machine):
    config = walled.file("/etc/ssh/sshd_config")
    config.parent.mkdir()
    config.write_text("Port 22\n")
    answer = walled.run("ssh", SSH_PORT=str(free_port()))
    assert answer.reason == "firewall-shut"
    assert config.read_text() == "Port 22\n"
    assert not [call for call in walled.calls() if "restart" in call]


@pytest.mark.parametrize("tool", ["firewall-cmd", "ufw"])
def test_a_firewall_that_does_not_open_a_port_ends_the_run(dash_machine: Machine, tool: str):
    dash_machine.add_tool("firewall-cmd", f"[ {tool} = firewall-cmd ] || exit 252\n"
                          "case $* in *--add-port*) echo 'Error: ALREADY_SAD' >&2; exit 1 ;; esac\n")
    dash_machine.add_tool("ufw", "echo 'Status: active'\n[ $1 = status ]\n")
    answer = dash_machine.serve(dash_machine.request().csr)
    assert answer.reason == "firewall-shut"
    assert answer.details[0].startswith(tool.replace("all-cmd", "alld")) and str(dash_machine.port) in answer.details[0]


def test_under_firewalld_rules_are_firewalld_s(walled: Machine):
    walled.add_tool("firewall-cmd", "")
    assert walled.serve(walled.request().csr).status == 0
    assert walled.file("/switch/iptables").read_text() == IN_KERNEL


def test_rules_that_are_loaded_at_boot_come_before_the_engine(dash_machine: Machine):
    """Loading them takes away all others, the engine's for its containers too."""
    assert dash_machine.serve(dash_machine.request().csr).status == 0
    drop_in = dash_machine.file("/etc/systemd/system/docker.service.d/dockervm.conf").read_text()
    (after,) = (line.split("=")[1].split() for line in drop_in.splitlines() if line.startswith("After="))
    assert {"iptables.service", "nftables.service", "netfilter-persistent.service", "docker.socket"} < set(after)


def test_check_tells_that_the_port_is_shut_to_others(walled: Machine):
    keep(walled, FILES["azure-linux"], AZURE_LINUX)
    assert walled.serve(walled.request().csr).status == 0
    assert walled.run("check").status == 0
    walled.switch("iptables", IN_KERNEL)
    before = walled.files("/etc", "/switch")
    answer = walled.run("check")
    assert answer.reason == "check-failed"
    assert answer.details == [
        f"the engine works, but this host's own firewall shuts port {walled.port} to others: iptables"]
    assert walled.files("/etc", "/switch") == before
    walled.switch("iptables", "-P INPUT ACCEPT\n")
    walled.add_tool("nft", 'cat "$root/switch/ruleset"\n')
    walled.switch("ruleset", nft("drop"))
    assert walled.run("check").details[0].endswith("to others: inet filter input")
