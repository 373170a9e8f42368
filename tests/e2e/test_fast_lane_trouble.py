"""What goes wrong with the fast lane on booted machines: clients that die or are two, resets, clones, firewalls, images
and boots that it was not made for. The same create, or the next, has a host in the end, or says why not."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
from fleet import IPTABLES
from local_azure import GROUP, eventually
from test_resume import answers, create, killed, sound, whole

from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from localazure.behavior import config

pytestmark = pytest.mark.machines

# What the set-up script says where it was begun before, or a run command has the machine.
BEGUN_BEFORE = "this run was begun before, or run commands have taken over"
CAP_NET_BIND_SERVICE = 1 << 10
OUTPUT = "/var/log/cloud-init-output.log"


@pytest.fixture(name="order")
def order_of_a_host(local_azure, fleet, tmp_path):
    """order(name, region, ...) → the words that make a host; its machine goes when the test ends."""
    made = []

    def order(name: str, region: str, *words: object) -> tuple[object, ...]:
        made.append(name)
        return (*create(fleet, name, region, tmp_path / "certificates"), *words)

    yield order
    for name in made:
        path = f"{local_azure.group_path(GROUP)}/providers/Microsoft.Compute/virtualMachines/{name}"
        local_azure.arm("DELETE", path, "2024-11-01")


def certificate(result, folder: Path) -> bytes:
    """Of the engine, which has answered a client of the folder."""
    return handshake(Endpoint(result["fqdn"], result["dockerPort"], folder))


def check_the_door_has_only(rights: int, azure, name: str) -> None:
    """What the kernel says of the process that knocks reach, while it listens. ``rights`` is a set of capabilities."""
    said = eventually(lambda: azure.in_guest(name, "grep -q ^open /run/dockervm/door/said && "
                                             "cat /proc/$(systemctl show -P MainPID dockervm-door)/status"),
                      "a door that listens")
    told = dict(line.split(":", 1) for line in said.splitlines())
    assert "python" in told["Name"]
    assert {int(one) for kind in ("Uid", "Gid") for one in told[kind].split()}.isdisjoint(range(1000)), said
    assert {int(told[f"Cap{one}"], 16) for one in ("Inh", "Prm", "Eff", "Bnd", "Amb")} <= {0, rights}, said
    assert int(told["CapEff"], 16) == rights and told["NoNewPrivs"].strip() == "1", said
    # As the process finds its files: nothing in homes nor in the host's /tmp; no write outside its own /tmp.
    seen = azure.in_guest(name, "touch /tmp/of-the-host; nsenter -m -t $(systemctl show -P MainPID dockervm-door) "
                                "sh -c 'ls -A /root /home /tmp; touch /etc/of-the-door 2>&1'")
    assert "of-the-host" not in seen and ".ssh" not in seen and "Read-only" in seen, seen
    limits = azure.in_guest(name, "systemctl show -p MemoryMax -p RestrictAddressFamilies dockervm-door")
    families = dict(line.split("=", 1) for line in limits.splitlines())["RestrictAddressFamilies"]
    assert "MemoryMax=134217728" in limits and set(families.split()) == {"AF_INET", "AF_INET6"}, limits


@pytest.mark.long
def test_a_client_that_dies_between_request_and_certificate_goes_on_by_run_commands(local_azure, order, tmp_path):
    folder, words = tmp_path / "certificates", order("orpheus", "westus2")
    running = local_azure.start(*words)
    running.until_said("wait for 'orpheus' at its door")
    running.signal(signal.SIGKILL)
    assert running.finish().code == -signal.SIGKILL
    check_the_door_has_only(0, local_azure, "orpheus")
    finished = local_azure.az(*words).succeeded()
    assert (finished.json["provisioner"], finished.json["reachable"]) in (
        ("run-command", True), ("cloud-init", True)), "cloud-init's where the certificate was in time"
    assert answers(local_azure, finished.json, folder) == finished.json["engineVersion"]
    assert local_azure.in_guest("orpheus", "systemctl is-active dockervm-door.service") != "active"


@pytest.mark.long
def test_a_reset_while_docker_installs_is_finished_by_run_commands_in_the_same_create(local_azure, order, tmp_path):
    words = order("sisyphus", "southcentralus")
    running = local_azure.start(*words)
    running.until_said("create the VM 'sisyphus'")
    local_azure.in_guest("sisyphus", "echo 1 >/proc/sys/kernel/sysrq; systemctl reboot --force --force")
    finished = running.finish()
    assert finished.code == 0, str(finished)
    assert "run-command takes over" in finished.stderr and finished.json["provisioner"] == "run-command"
    assert answers(local_azure, finished.json, tmp_path / "certificates") == finished.json["engineVersion"]


def test_a_firewall_of_the_guest_s_own_is_opened_before_the_door(local_azure, order, tmp_path):
    """Azure Linux's iptables drop all but SSH; a port below 1024 takes a right of the door's own."""
    words = order("janus", "canadacentral", "--provisioner", "cloud-init", "--image", IPTABLES, "-dp", "443")
    running = local_azure.start(*words)
    running.until_said("'janus' says: it installs Docker")
    check_the_door_has_only(CAP_NET_BIND_SERVICE, local_azure, "janus")
    finished = running.finish().succeeded()
    assert (finished.json["provisioner"], finished.json["reachable"]) == ("cloud-init", True)
    assert answers(local_azure, finished.json, tmp_path / "certificates") == finished.json["engineVersion"]


# Takes Docker's port the moment that nobody has it, as any user may. What it does with those who call is the argument.
TAKE_THE_PORT = """
import socket, sys, time
while True:
    taken = socket.socket()
    # Who only binds a port keeps others from it by not sharing it.
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, sys.argv[1] != "binds")
    try:
        taken.bind(("", 4243))
        break
    except OSError:
        taken.close()
if sys.argv[1] == "binds":
    time.sleep(9999)
taken.listen(64)
while True:
    caller, _ = taken.accept()
    caller.sendall(b"not the engine\\n")
    caller.close()
"""


@pytest.mark.long
@pytest.mark.parametrize(("name", "manner"), [("sinon", "answers"), ("cacus", "binds")])
def test_a_local_user_who_takes_the_port_before_the_engine_is_named_within_the_create(
        local_azure, order, name, manner):
    words = order(name, "westus2", "--provisioner", "cloud-init")
    running = local_azure.start(*words)
    running.until_said(f"'{name}' says: it installs Docker")
    local_azure.in_guest(name, f"cat >/tmp/take.py <<'END'\n{TAKE_THE_PORT}END\n"
                               f"systemd-run -q -u taker -p User=nobody python3 /tmp/take.py {manner}")
    running.until_said(f"'{name}' says: it starts the engine")
    begun = time.monotonic()
    running.until_said("run-command takes over")
    assert time.monotonic() - begun < 60
    finished = running.finish()
    assert finished.code == 1 and "the port is in use by another program" in finished.stderr
    who = "(process " if manner == "answers" else "another program"
    assert f"port 4243 is in use by {'python3 ' if manner == 'answers' else ''}{who}" in finished.stderr
    assert manner == "binds" or "of the user nobody)" in finished.stderr
    # As it says.
    local_azure.in_guest(name, "systemctl stop taker")
    assert local_azure.az(*words).succeeded().json["reachable"] is True


@pytest.mark.long
def test_an_image_without_cloud_init_is_set_up_by_run_commands_after_all(local_azure, order):
    """Nobody opens a door: a minute and a half is waited for it."""
    words = order("echo", "uksouth", "--provisioner", "cloud-init", "-u", "skipper", "--image",
                  "LocalAzure:linux-without-cloud-init:agent-only:latest")
    finished = local_azure.az(*words).succeeded()
    assert "90 seconds after the VM was ready. run-command takes over." in finished.stderr
    assert (finished.json["provisioner"], finished.json["reachable"]) == ("run-command", True)


@pytest.mark.long
@pytest.mark.parametrize(("name", "moment"), [("asclepius", "the VM is ordered"), ("eurydice", "the engine starts")])
def test_a_client_that_is_killed_is_finished_by_the_same_command(local_azure, order, tmp_path, name, moment):
    """Before the host says a word, and when it has all that it needs."""
    folder, words = tmp_path / "certificates", order(name, "westus2", "--provisioner", "cloud-init")
    if moment == "the VM is ordered":
        killed(local_azure, words, rf"PUT \S+/publicIPAddresses/{name}PublicIP")
        killed(local_azure, words, rf"PUT \S+/virtualMachines/{name} 201", 0.5)
    else:
        running = local_azure.start(*words)
        running.until_said(f"'{name}' says: it starts the engine")
        running.signal(signal.SIGKILL)
        assert running.finish().code == -signal.SIGKILL
    before = whole(folder)
    finished = local_azure.az(*words).succeeded()
    assert sound(folder) == before, "the certificates were made anew"
    result = finished.json
    assert result["reachable"] is True and answers(local_azure, result, folder) == result["engineVersion"]
    assert local_azure.query("vm", "run-command", "list", "-g", GROUP, "--vm-name", name) == []
    tags = local_azure.query("vm", "show", "-g", GROUP, "-n", name)["tags"]
    assert tags["dockervm-provisioner"] == result["provisioner"]
    assert local_azure.in_guest(name, "systemctl is-active dockervm-door.service") != "active"


@pytest.mark.long
def test_two_clients_that_make_the_same_host_at_once_both_have_it(local_azure, order, tmp_path):
    folder, words = tmp_path / "certificates", order("castor", "westus2")
    first = local_azure.start(*words)
    first.until_said("'castor' says: it installs Docker")
    second = local_azure.az(*words)
    for finished in (first.finish(), second):
        result = finished.succeeded().json
        assert result["reachable"] is True
        assert answers(local_azure, result, folder) == result["engineVersion"]
    assert local_azure.query("vm", "run-command", "list", "-g", GROUP, "--vm-name", "castor") == []


@pytest.mark.long
def test_a_clone_opens_no_door_and_keeps_the_engine_as_it_is(local_azure, order, tmp_path):
    """A copy of the disk is another machine to cloud-init, which runs the same custom data there from the beginning."""
    folder, words = tmp_path / "certificates", order("proteus", "westus2", "--provisioner", "cloud-init")
    result = local_azure.az(*words).succeeded().json
    shown, boot = certificate(result, folder), local_azure.boot("proteus")
    id_file, seed = "/var/lib/cloud/data/instance-id", "/var/lib/cloud/seed/nocloud/meta-data"
    instance = local_azure.in_guest("proteus", f"cloud-init status --wait >/dev/null; cat {id_file}")
    assert BEGUN_BEFORE not in local_azure.in_guest("proteus", f"cat {OUTPUT}")
    local_azure.in_guest("proteus", f"sed -i s/{instance}/another-machine/ {seed}; "
                                    "nohup systemctl reboot >/dev/null 2>&1 &")
    eventually(lambda: local_azure.boot("proteus") not in (boot, None), "it reboots")
    eventually(lambda: local_azure.in_guest("proteus", f"grep '{BEGUN_BEFORE}' {OUTPUT}"), "cloud-init runs the script")
    assert local_azure.in_guest("proteus", f"cat {id_file}") == "another-machine"
    look = "systemctl is-active dockervm-door.service; ls -d /run/dockervm/door /run/dockervm-door 2>/dev/null"
    assert local_azure.in_guest("proteus", look) == "inactive"
    assert answers(local_azure, result, folder) == result["engineVersion"]
    assert certificate(result, folder) == shown


@pytest.mark.long
def test_a_first_boot_that_comes_late_finds_the_host_taken(local_azure, order, tmp_path):
    """As where something holds up multi-user.target, behind which cloud-init runs scripts."""
    late = {"conditions": {"cloud_init_delay": [{"vm": "epimetheus", "seconds": 150}]}}
    path = local_azure.folder / config.NAME
    folder, words = tmp_path / "certificates", order("epimetheus", "westus2", "--provisioner", "cloud-init")
    config.write(path, json.dumps(late).encode())
    try:
        finished = local_azure.start(*words).finish(300).succeeded()
    finally:
        path.unlink()
    result = finished.json
    assert "90 seconds after the VM was ready. run-command takes over." in finished.stderr
    assert (result["provisioner"], result["reachable"]) == ("run-command", True)
    shown = certificate(result, folder)
    eventually(lambda: local_azure.in_guest("epimetheus", f"grep '{BEGUN_BEFORE}' {OUTPUT}"), "the script runs", 200)
    assert local_azure.in_guest("epimetheus", "cloud-init status --wait >/dev/null; ls -d /run/dockervm-door") == ""
    assert certificate(result, folder) == shown


@pytest.mark.long
def test_a_set_up_that_fails_tells_why_through_the_door_and_the_machine_is_kept(local_azure, order, fleet):
    """The user's own part of custom data runs all the same, once the door has been there for who asks why."""
    requests = local_azure.requests()
    words = order("tantalus", "francecentral", "--provisioner", "cloud-init", "--image",
                  "LocalAzure:linux-variants:dnf-without-docker:latest", "--custom-data", fleet.own_script)
    failed = local_azure.az(*words)
    assert failed.code == 1 and "'tantalus' says: its set-up has failed" in failed.stderr, str(failed)
    assert "The host says:" in failed.stderr and "The VM 'tantalus' was kept" in failed.stderr
    assert r"PUT \S+/runCommands/" not in requests, "the same script would fail again"
    assert local_azure.in_guest("tantalus", "ls /root/own 2>/dev/null") == ""
    local_azure.in_guest("tantalus", "systemctl stop dockervm-door.service")
    eventually(lambda: local_azure.in_guest("tantalus", "cat /root/own/order 2>/dev/null") == "script",
               "the user's script runs")
