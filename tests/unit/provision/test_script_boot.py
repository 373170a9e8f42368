"""The action boot in a private folder: the real script from real custom data, its real door, and a client at it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest
from boot_machine import INSTANCE, RUN, FirstBoot, content, digest, family, path_without
from script_machine import fingerprint, free_port, mode, needs_tools, openssl, tls_certificate

pytestmark = needs_tools


# From power-on to the engine


def test_a_machine_becomes_a_host_while_its_client_only_signs(any_boot: FirstBoot):
    machine = any_boot.machine
    go_on = any_boot.held()
    any_boot.start()
    assert any_boot.wait_for_state("installing")["certified"] is None
    certificate = any_boot.hand_in()
    assert any_boot.wait_for_state("certified")["certified"] == digest(certificate)
    go_on()
    answer = any_boot.end()
    assert answer.facts["certificate"] == fingerprint(certificate) == tls_certificate(machine.port)
    assert answer.facts["engine"] == "26.1.5"
    assert json.loads(machine.file("/etc/docker/daemon.json").read_text()) == machine.daemon_json()
    assert "usermod -aG docker azureuser" in machine.calls()
    # What a host waits for is done once: package lists, packages, and our start of the engine.
    apt = [call for call in machine.calls() if call.startswith("apt-get")]
    assert [" update" in call for call in apt] == [True, False] and " install " in apt[1]
    assert machine.calls().count("systemctl restart docker.service") == 1
    assert any_boot.marker == [f"run {RUN}", f"instance {INSTANCE}"]
    assert mode(machine.file("/etc/docker/dockervm/server-key.pem")) == 0o400


def test_the_client_may_come_long_after_docker_was_installed(first_boot: FirstBoot):
    first_boot.machine.install_docker()
    first_boot.start()
    first_boot.request()
    first_boot.wait_until(first_boot.lock_is_free)
    assert first_boot.machine.leftovers() == [], "what it has in its folder while it waits is not safe from others"
    first_boot.wait_until(lambda: "sleep 0.2" in first_boot.machine.calls())    # it has pauses meanwhile
    assert fingerprint(first_boot.hand_in()) == first_boot.end().facts["certificate"]


def test_mirrors_that_do_not_answer_are_told_at_the_door_while_docker_installs(first_boot: FirstBoot):
    go_on = first_boot.held()
    first_boot.start(host={"DOCKERVM_MIRRORS": "127.0.0.1:1"})
    first_boot.wait_until(lambda: first_boot.wait_for_state("installing").get("notes") == [
        "silent-mirrors 127.0.0.1:1"])
    go_on()
    first_boot.hand_in()
    assert first_boot.end().status == 0


def test_without_openssl_the_request_comes_as_soon_as_that_is_installed(first_boot: FirstBoot, tmp_path: Path):
    machine = first_boot.machine
    machine.switch("installs", 'ln -sf /usr/bin/openssl "$root/tools/"\n')
    go_on = first_boot.held()
    first_boot.start(path=path_without("openssl", tmp_path / "bin", machine.tools))
    assert first_boot.wait_for_state("installing")["csr"] is None
    go_on()
    first_boot.hand_in()
    assert first_boot.end().status == 0


def test_the_request_bears_no_names_the_signature_decides_on_them(first_boot: FirstBoot):
    first_boot.start()
    text = openssl("req", "-verify", "-noout", "-text", text=first_boot.request())
    assert re.search(r"Subject: CN ?= ?docker-host\n", text) and "Alternative Name" not in text
    first_boot.hand_in()
    first_boot.end()


def test_a_key_that_came_with_the_disk_s_image_is_not_used(first_boot: FirstBoot):
    """Other machines of that image have it."""
    machine = first_boot.machine
    machine.request()
    first_boot.become("another-instance")
    key = machine.file("/etc/docker/dockervm/server-key.pem")
    before = key.read_text()
    first_boot.start()
    first_boot.hand_in()
    assert first_boot.end().facts["key"] == "new"
    assert key.read_text() != before


def test_sshd_is_moved_too(first_boot: FirstBoot):
    machine = first_boot.machine
    for path, text in (("/etc/ssh/sshd_config", "UsePAM yes\n"), ("/usr/lib/systemd/system/ssh.service", "")):
        machine.file(path).parent.mkdir(parents=True, exist_ok=True)
        machine.file(path).write_text(text)
    port = free_port()
    first_boot.start(host={"DOCKERVM_SSH_PORT": str(port)})
    first_boot.hand_in()
    assert first_boot.end().facts["ssh-port"] == str(port)
    assert f"Port {port}\n" in machine.file("/etc/ssh/sshd_config").read_text()


def test_the_host_s_own_firewall_is_opened_before_the_door(first_boot: FirstBoot):
    machine = first_boot.machine
    machine.add_tool("firewall-cmd", "")
    first_boot.start()
    first_boot.hand_in()
    first_boot.end()
    calls = [call.split()[0] + " " + call.split()[-1] for call in machine.calls()]
    opened = calls.index(f"firewall-cmd --add-port={machine.port}/tcp")
    assert opened < next(at for at, call in enumerate(calls) if call.startswith("systemd-run"))


# What the door is given, and nobody else


def test_the_one_time_key_is_in_no_file_no_environment_and_no_argument(first_boot: FirstBoot):
    """But in custom data itself, also where the environment brought it."""
    go_on = first_boot.held()
    process = first_boot.start(before="export DOCKERVM_DOOR_KEY\n")
    first_boot.request()
    secrets = [first_boot.key.read_text().splitlines()[1].encode()]
    secrets.append(re.findall(rb"DOCKERVM_DOOR_KEY=(\S+)", (first_boot.folder / "part-001").read_bytes())[-1])
    ours = family(process.pid)
    assert len(ours) > 3
    shown = b"".join(content(Path(f"/proc/{pid}/{what}")) for pid in ours for what in ("environ", "cmdline"))
    files = b"".join(content(path) for path in first_boot.machine.root.rglob("*") if path.is_file())
    assert b"DOCKERVM_ROOT" in shown and b"PRIVATE KEY" in files, "what is searched has something"
    go_on()
    first_boot.hand_in()
    answer = first_boot.end()
    said = (answer.stdout + answer.stderr).encode()
    for secret in secrets:
        assert secret not in shown and secret not in files and secret not in said


def test_its_files_are_root_s_but_for_the_program_that_anybody_may_read(first_boot: FirstBoot):
    first_boot.start()
    first_boot.request()
    run = first_boot.machine.file("/run/dockervm")
    assert {path.name: oct(mode(path)) for path in (run, *run.glob("door"), *run.glob("door/*"))} == {
        "dockervm": "0o700", "door": "0o700", "orders": "0o600", "said": "0o600", "log": "0o600"}
    program = first_boot.machine.file("/run/dockervm-door/door.py")
    assert (mode(program), mode(program.parent)) == (0o644, 0o755)
    first_boot.hand_in()
    first_boot.end()


# What a stranger who took the door over would find: no file of a user's, no other process, little memory, TCP alone.
SANDBOX = {
    "DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateDevices=yes",
    "PrivateTmp=yes", "ProtectControlGroups=yes", "ProtectKernelModules=yes", "ProtectKernelTunables=yes",
    "LockPersonality=yes", "RestrictAddressFamilies=AF_INET AF_INET6", "RestrictNamespaces=yes",
    "RestrictRealtime=yes", "SystemCallArchitectures=native", "MemoryMax=128M", "TasksMax=64", "LimitCORE=0",
    "LimitFSIZE=1M",
}


@pytest.mark.parametrize(("port", "capability"), [(1024, ""), (1023, "CAP_NET_BIND_SERVICE")])
def test_the_unit_has_no_right_that_it_does_not_need(first_boot: FirstBoot, port: int, capability: str):
    first_boot.machine.switch("no-unit")
    first_boot.boot(host={"DOCKERVM_PORT": str(port)})
    [call] = [call for call in first_boot.machine.calls() if call.startswith("systemd-run ")]
    given = set(re.findall(r"--property=(\S+=[^-]*?)(?= --| /)", call))
    assert given - SANDBOX == {f"CapabilityBoundingSet={capability}", f"AmbientCapabilities={capability}",
                               "RuntimeMaxSec=1830"}
    assert SANDBOX - given == set()
    assert "$" not in call and "%" not in call, "systemd would read more into it"


@pytest.mark.parametrize(("shebang", "used"), [
    ("#!{python}", "{python}"), ("#! {python} -s", "{python}"),
    ("#!/usr/bin/env python-of-path", "{tools}/python-of-path"),
    ("#!/nowhere/python3", "{python3}"), ("#!/bin/sh", "{python3}"), ("\x7fELF", "{python3}"), (None, "{python3}")])
def test_the_door_runs_on_what_cloud_init_runs_on(
        first_boot: FirstBoot, shebang: str | None, used: str, tmp_path: Path):
    machine = first_boot.machine
    python = tmp_path / "usr-libexec" / "platform-python"
    python.parent.mkdir()
    names = {"python": python, "tools": machine.tools, "python3": machine.tools / "python3"}
    for name in (python, machine.tools / "python-of-path", machine.tools / "python3"):
        name.symlink_to("/bin/true")
    program = machine.tools / "cloud-init"
    program.unlink()
    if shebang is not None:
        program.write_text(shebang.format(**names) + "\n")
        program.chmod(0o755)
    path = path_without("cloud-init", tmp_path / "bin", machine.tools)
    first_boot.boot(path=path)
    [call] = [call for call in machine.calls() if call.startswith("systemd-run ")]
    assert call.split()[-3:] == [used.format(**names), "-I", str(machine.file("/run/dockervm-door/door.py"))]


# No door


def _assert_it_was_a_head_start(first_boot: FirstBoot, why: str, path: str = "") -> None:
    answer = first_boot.boot(path=path)
    assert answer.status == 0 and "certificate" not in answer.facts
    assert why in answer.stderr
    machine = first_boot.machine
    assert any("docker.io" in call for call in machine.calls())
    assert not machine.file("/etc/docker/daemon.json").exists()
    assert machine.request().facts["key"] == "kept", "run commands go on from here"


def test_a_port_that_is_taken_leaves_a_head_start(first_boot: FirstBoot):
    with socket.create_server(("0.0.0.0", first_boot.machine.port)):
        _assert_it_was_a_head_start(first_boot, "the door: cannot ")


def test_a_unit_that_can_t_be_made_leaves_a_head_start(first_boot: FirstBoot):
    first_boot.machine.switch("no-unit")
    _assert_it_was_a_head_start(first_boot, "the door: Failed to start transient service unit")


def test_without_systemd_run_it_is_a_head_start(first_boot: FirstBoot):
    (first_boot.machine.tools / "systemd-run").unlink()
    _assert_it_was_a_head_start(first_boot, "the door needs systemd-run and Python")


def test_without_python_it_is_a_head_start(first_boot: FirstBoot, tmp_path: Path):
    (first_boot.machine.tools / "cloud-init").unlink()
    path = path_without("python3", tmp_path / "bin", first_boot.machine.tools)
    (tmp_path / "bin" / "cloud-init").unlink(missing_ok=True)
    _assert_it_was_a_head_start(first_boot, "the door needs systemd-run and Python", path)


def test_a_door_that_ends_while_it_is_waited_for_ends_the_run(first_boot: FirstBoot):
    first_boot.start()
    first_boot.request()
    first_boot.wait_until(first_boot.lock_is_free)
    os.kill(int(first_boot.machine.file("/run/door.pid").read_text()), signal.SIGKILL)
    assert first_boot.end().status == 0


def test_a_client_that_never_comes_is_not_waited_for_longer_than_allowed(first_boot: FirstBoot):
    begun = time.monotonic()
    first_boot.start(timeout=2)
    assert first_boot.end().status == 0
    assert 1 <= time.monotonic() - begun < 20
    assert first_boot.marker == [f"run {RUN}"]


@pytest.mark.parametrize("changes", [{"authority": b""}, {"door_certificate": b""}, {"door_key": b""}, {"run_id": ""},
                                     {"user": "-x"}, {"host": {"DOCKERVM_PORT": "0"}}])
def test_input_is_checked_before_anything_is_done(first_boot: FirstBoot, changes: dict[str, object]):
    assert first_boot.boot(**changes).reason == "bad-input"
    assert first_boot.machine.calls() == [] and first_boot.marker == []
