"""Whether containers reach the instance metadata service: rules of the host's own, and who loads or removes them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from boot_machine import FirstBoot
from script_machine import EXTENSION_UNIT, STAND_INS, Answer, Machine, encoded, needs_tools

from azext_dockervm.provision.daemon import daemon_json
from azext_dockervm.spec.engine import Engine

pytestmark = needs_tools

UNITS = "/etc/systemd/system"
UNIT = f"{UNITS}/dockervm-metadata.service"
DROP_INS = [f"{UNITS}/{name}.service.d/dockervm-metadata.conf"
            for name in ("nftables", "iptables", "netfilter-persistent")]
MATCHES = ["-d 169.254.169.254", "-d 168.63.129.16 -p tcp --dport 80", "-d 168.63.129.16 -p tcp --dport 32526"]
NFT_FAILS = '[ ! -e "$root/switch/nft-fails" ]\n'
# `systemctl start` and the like of our unit fail where the switch is set.
UNIT_FAILS = 'case "$*" in "restart dockervm-metadata.service") [ ! -e "$root/switch/unit-fails" ] ;; esac\n'


def with_tools(machine: Machine, *tools: str) -> Machine:
    for tool in tools:
        machine.add_tool(tool, NFT_FAILS if tool == "nft" else "")
    machine.add_tool("systemctl", STAND_INS["systemctl"] + UNIT_FAILS)
    return machine


def served(machine: Machine, state: str = "closed", **values: str) -> Answer:
    return machine.serve(machine.request().csr, CONTAINER_METADATA=state, **values)


def configure(machine: Machine, state: str, apply: bool = True) -> Answer:
    return machine.run("configure", DAEMON_JSON=encoded(json.dumps(machine.daemon_json())), CONTAINER_METADATA=state,
                       **({"APPLY": "1"} if apply else {}))


def commands(machine: Machine, setting: str, path: str = UNIT) -> list[str]:
    return re.findall(rf"^{setting}=(.*)$", machine.file(path).read_text(), re.M)


def is_closed(machine: Machine) -> bool:
    there = [machine.file(path).exists() for path in (UNIT, *DROP_INS)]
    assert all(there) or not any(there)
    return all(there)


# The rules


def test_with_nftables_they_are_a_table_of_our_own_in_one_transaction(machine: Machine):
    assert served(with_tools(machine, "nft", "iptables")).status == 0
    (load,) = commands(machine, "ExecStart")
    anew = "add table ip dockervm; delete table ip dockervm; add table ip dockervm; "
    assert load.startswith(f"{machine.tools}/nft '{anew}")
    assert "hook prerouting priority -300" in load
    assert "iif != lo ip daddr 169.254.169.254 drop" in load
    assert load.endswith("iif != lo ip daddr 168.63.129.16 tcp dport { 80, 32526 } drop'")
    assert commands(machine, "ExecStop") == [f"-{machine.tools}/nft delete table ip dockervm"]
    assert not [call for call in machine.calls() if call.startswith("iptables ") and "raw" in call]


def iptables_rules(machine: Machine, verb: str, before: str = "") -> list[str]:
    command = f"{before}{machine.tools}/iptables -w -t raw {verb} PREROUTING ! -i lo"
    return [f"{command} {match} -j DROP" for match in MATCHES]


@pytest.mark.parametrize("broken", [False, True])
def test_without_a_working_nft_they_are_iptables_own_each_there_once(dash_machine: Machine, broken: bool):
    if broken:
        dash_machine.switch("nft-fails")
    assert served(with_tools(dash_machine, "iptables", *(["nft"] if broken else []))).status == 0
    added, removed = iptables_rules(dash_machine, "-I"), iptables_rules(dash_machine, "-D", "-")
    assert commands(dash_machine, "ExecStart") == [*removed, *added]
    assert commands(dash_machine, "ExecStop") == removed


def test_the_unit_comes_before_docker_and_behind_whatever_loads_rules(dash_machine: Machine):
    served(with_tools(dash_machine, "nft"))
    text = dash_machine.file(UNIT).read_text()
    assert "\nBefore=docker.service\n" in text and "\nWantedBy=docker.service\n" in text
    assert {"nftables.service", "iptables.service", "netfilter-persistent.service", "firewalld.service"} <= set(
        commands(dash_machine, "After")[0].split())
    calls = dash_machine.calls()
    enabled, started = (calls.index(f"systemctl {verb} dockervm-metadata.service") for verb in ("enable", "restart"))
    assert enabled < started < calls.index("systemctl restart docker.service")


@pytest.mark.parametrize("tool", ["nft", "iptables"])
def test_a_unit_that_flushes_rules_loads_them_again_whatever_it_does(dash_machine: Machine, tool: str):
    served(with_tools(dash_machine, tool))
    loading = [f"-{command.removeprefix('-')}" for command in commands(dash_machine, "ExecStart")]
    for path in DROP_INS:
        for setting in ("ExecStartPost", "ExecReload", "ExecStopPost"):
            assert commands(dash_machine, setting, path) == loading


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("tool", ["nft", "iptables"])
def test_systemd_understands_the_unit(dash_machine: Machine, tmp_path: Path, tool: str):
    served(with_tools(dash_machine, tool))
    unit = tmp_path / "dockervm-metadata.service"
    unit.write_text(dash_machine.file(UNIT).read_text())
    said = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True)
    assert "dockervm-metadata" not in said.stderr, said.stderr


def test_firewalld_keeps_rules_of_iptables_over_its_reload(dash_machine: Machine):
    served(with_tools(dash_machine, "iptables", "firewall-cmd"))
    rules = [f"--direct --add-rule ipv4 raw PREROUTING 0 ! -i lo {match} -j DROP" for match in MATCHES]
    direct = [call for call in dash_machine.calls() if "--direct" in call]
    assert direct == [f"firewall-cmd {where}{rule}" for rule in rules for where in ("--permanent ", "")]
    assert configure(dash_machine, "open").status == 0
    removed = [call for call in dash_machine.calls() if "--remove-rule" in call]
    assert removed == [call.replace("--add-rule", "--remove-rule") for call in direct]


def test_with_nftables_firewalld_needs_no_word(dash_machine: Machine):
    served(with_tools(dash_machine, "nft", "iptables", "firewall-cmd"))
    assert not [call for call in dash_machine.calls() if "--direct" in call]


def test_a_firewalld_that_does_not_run_is_told_nothing(dash_machine: Machine):
    with_tools(dash_machine, "iptables").add_tool("firewall-cmd", '[ "$*" != --state ]')
    assert served(dash_machine).status == 0 and not [call for call in dash_machine.calls() if "--direct" in call]


def test_a_firewalld_that_refuses_ends_the_set_up(dash_machine: Machine):
    with_tools(dash_machine, "iptables").add_tool("firewall-cmd", 'case "$*" in *32526*) exit 1 ;; esac')
    assert served(dash_machine).reason == "metadata-open"


# What can't be had


def test_a_host_without_either_tool_is_no_host_and_its_engine_is_left_alone(machine: Machine):
    answer = served(machine)
    assert answer.reason == "metadata-open" and "neither a working nft nor iptables" in answer.details[0]
    assert not machine.file("/etc/docker/dockervm/server-cert.pem").exists() and not is_closed(machine)
    assert served(machine, "open").status == 0
    assert "systemctl stop dockervm-metadata.service" not in machine.calls()


def test_rules_that_can_not_be_loaded_end_the_set_up(dash_machine: Machine):
    dash_machine.switch("unit-fails")
    assert served(with_tools(dash_machine, "nft")).reason == "metadata-open"


@pytest.mark.parametrize("action", ["install", "restart", "configure"])
def test_another_word_is_refused(dash_machine: Machine, action: str):
    assert dash_machine.run(action, CONTAINER_METADATA="true").reason == "bad-input"


# Who changes them


def test_a_host_keeps_what_it_has_where_its_settings_are_kept(dash_machine: Machine):
    csr = with_tools(dash_machine, "nft").request().csr
    assert dash_machine.serve(csr, CONTAINER_METADATA="open").status == 0 and not is_closed(dash_machine)
    assert served(dash_machine, "closed", KEEP_SETTINGS="1").status == 0 and not is_closed(dash_machine)
    assert served(dash_machine, "closed").status == 0 and is_closed(dash_machine)
    assert served(dash_machine, "open", KEEP_SETTINGS="1").status == 0 and is_closed(dash_machine)
    assert served(dash_machine, "").status == 0 and is_closed(dash_machine)


def test_a_host_whose_tls_was_taken_out_gets_all_settings_these_too(dash_machine: Machine):
    with_tools(dash_machine, "nft")
    assert served(dash_machine, "closed", KEEP_SETTINGS="1").status == 0 and is_closed(dash_machine)


def test_what_would_change_is_told_and_nothing_is_done(machine: Machine):
    served(with_tools(machine, "nft"), "open")
    before = machine.files("/etc")
    answer = configure(machine, "closed", apply=False)
    assert answer.details == ["- container-metadata: open", "+ container-metadata: closed"]
    assert machine.files("/etc") == before
    assert configure(machine, "open", apply=False).details == []


def test_they_come_and_go_as_asked_and_the_engine_runs_on(machine: Machine):
    served(with_tools(machine, "nft"), "open")
    before, restarts = machine.files("/etc"), machine.calls().count("systemctl restart docker.service")
    assert configure(machine, "closed").details == ["- container-metadata: open", "+ container-metadata: closed"]
    assert is_closed(machine)
    assert configure(machine, "open").details == ["- container-metadata: closed", "+ container-metadata: open"]
    assert machine.files("/etc") == before
    calls = machine.calls()
    assert calls.index("systemctl stop dockervm-metadata.service") < calls.index("systemctl daemon-reload", -3)
    assert "systemctl disable dockervm-metadata.service" in calls
    assert calls.count("systemctl restart docker.service") == restarts


def test_folders_of_others_stay(dash_machine: Machine):
    served(with_tools(dash_machine, "nft"))
    own = dash_machine.file(DROP_INS[0]).parent / "own.conf"
    own.write_text("[Service]\n")
    assert configure(dash_machine, "open").status == 0 and own.exists()


def test_rules_that_fail_leave_the_engine_with_its_new_settings(dash_machine: Machine):
    served(with_tools(dash_machine, "nft"), "open")
    dash_machine.switch("unit-fails")
    settings = encoded(json.dumps({**dash_machine.daemon_json(), "debug": True}))
    answer = dash_machine.run("configure", DAEMON_JSON=settings, CONTAINER_METADATA="closed", APPLY="1")
    assert answer.reason == "metadata-open"
    assert json.loads(dash_machine.file("/etc/docker/daemon.json").read_text())["debug"] is True


def test_with_the_fast_lane_containers_are_kept_out_before_the_engine_serves(first_boot: FirstBoot):
    with_tools(first_boot.machine, "nft")
    first_boot.machine.add_tool("systemctl", STAND_INS["systemctl"])
    first_boot.start(host={"DOCKERVM_CONTAINER_METADATA": "closed"})
    first_boot.request()
    first_boot.wait_until(first_boot.machine.file(DROP_INS[-1]).exists)
    assert "systemctl restart docker.service" not in first_boot.machine.calls()
    first_boot.hand_in()
    assert first_boot.end().status == 0


def test_the_docker_vm_extension_s_host_has_them_by_whichever_action_prepares_it(dash_machine: Machine):
    with_tools(dash_machine, "nft").switch("offered", "docker-compose\n")
    text = daemon_json(Engine(dash_machine.port))
    assert dash_machine.run("install", COMPOSE="1", DAEMON_JSON=encoded(text), CONTAINER_METADATA="closed").status == 0
    assert is_closed(dash_machine)


def test_and_on_an_image_of_its_era_by_its_restart(dash_machine: Machine):
    with_tools(dash_machine, "nft").install_docker(EXTENSION_UNIT.replace("4243", str(dash_machine.port)))
    csr = dash_machine.request().csr
    folder = dash_machine.file("/etc/docker")
    (folder / "ca.pem").write_text(dash_machine.authority().read_text())
    (folder / "cert.pem").write_text(dash_machine.sign(csr))
    shutil.copy(folder / "dockervm/server-key.pem", folder / "key.pem")
    assert dash_machine.run("restart").status == 0 and not is_closed(dash_machine)
    assert dash_machine.run("restart", CONTAINER_METADATA="closed").status == 0 and is_closed(dash_machine)
