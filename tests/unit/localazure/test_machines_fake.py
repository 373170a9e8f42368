"""Fake machines: a true mutual-TLS handshake, state that outlives the server, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import time
from dataclasses import replace

import pytest
from fake_support import MACHINE, OPEN, command_lines, enable, eventually, fake_platform, make, refused

from localazure.machines.fake.platform import FakePlatform
from localazure.machines.foundation import hosts_file
from localazure.machines.machine import DataDisk, FirewallRule, Guise, MachineError, PublicAddress
from localazure.machines.platforms import platform_for


@pytest.fixture
def platform(tmp_path, monkeypatch):
    with fake_platform(tmp_path, monkeypatch) as platform:
        yield platform


def test_the_extension_makes_a_host_that_says_it_is_a_fake(platform, pki):
    address = make(platform)
    assert refused(address)
    assert enable(platform, pki).exit_code == 0
    assert pki.get(address, "/_ping") == (200, b"OK")
    assert "fake" in json.loads(pki.get(address, "/v1.45/version")[1])["Version"]
    info = json.loads(pki.get(address, "/info")[1])
    assert "fake" in info["OperatingSystem"] and info["LiveRestoreEnabled"] and info["Name"] == "web1"
    assert pki.get(address, "/images/create")[0] == 501
    assert (platform.state_dir / f"machines/{MACHINE}/root/etc/docker/key.pem").stat().st_mode & 0o777 == 0o600


def test_a_modern_fake_needs_to_be_prepared_as_a_real_guest_does(platform, pki):
    address = make(platform)
    modern = Guise("Ubuntu", "24.04", False)
    assert "exit status 100" in enable(platform, pki, modern).stderr
    platform.machine_run(MACHINE, "apt-get install docker.io docker-cli")
    assert "error installing docker-compose" in enable(platform, pki, modern).stderr
    prepare = "apt-get -y install docker-compose && mkdir -p $R/usr/local/bin && " + (
        "ln -s /usr/bin/docker-compose $R/usr/local/bin/docker-compose && docker-compose version"
    )
    assert platform.machine_run(MACHINE, f"R=$DOCKERVM_ROOT; {prepare}").exit_code == 0
    assert enable(platform, pki, modern).exit_code == 0
    assert pki.get(address, "/_ping") == (200, b"OK")


def test_installing_docker_takes_as_long_as_it_is_told_and_only_once(platform):
    make(platform, lists=0.7, installation=1.5)

    def seconds(words: str) -> float:
        clock = "date +%s.%N"
        ran = platform.machine_run(MACHINE, f"{clock}; apt-get {words} >/dev/null; {clock}")
        before, after = map(float, ran.stdout.split())
        return after - before

    assert 0.7 <= seconds("update") < 1.5
    assert seconds("install -y openssl") < 1.5
    assert seconds("install -y docker.io docker-cli") >= 1.5
    assert seconds("install -y docker.io docker-cli") < 1.5, "it is there"


def test_docker_is_enabled_by_its_package(platform):
    make(platform)
    asked = platform.machine_run(MACHINE, "systemctl is-enabled docker.service")
    assert (asked.exit_code, asked.stdout) == (1, "not-found\n")
    platform.machine_run(MACHINE, "apt-get install docker.io; systemctl stop docker")
    assert platform.machine_run(MACHINE, "systemctl is-enabled docker.service docker").stdout == "enabled\n"


def test_a_fake_that_passes_for_coreos_listens_by_its_drop_in(platform, pki):
    address = make(platform)
    assert enable(platform, pki, Guise("CoreOS", "2512.3.0")).exit_code == 0
    assert pki.get(address, "/_ping") == (200, b"OK")


def test_only_users_who_exist_can_be_changed(platform):
    make(platform)
    assert platform.machine_run(MACHINE, "usermod -aG docker azureuser").exit_code == 0
    refused = platform.machine_run(MACHINE, "usermod -aG docker nobody1")
    assert (refused.exit_code, refused.stderr) == (6, "usermod: user 'nobody1' does not exist\n")


def test_a_stranger_is_turned_away_with_a_reason(platform, pki):
    address = make(platform)
    enable(platform, pki)
    with pytest.raises(ssl.SSLError, match="(?i)certificate.required|alert"):
        pki.get(address, "/_ping", known=False)


def test_certificates_that_do_not_fit_fail_the_extension(platform, pki):
    make(platform)
    certs = {"ca": pki.base64("ca"), "cert": pki.base64("server"), "key": pki.base64("client-key")}
    result = platform.machine_extension(
        MACHINE, "Microsoft.Azure.Extensions", "DockerExtension", {"docker": {"port": "4243"}}, {"certs": certs}
    )
    assert result.exit_code == 1 and "could not load the TLS files" in result.stdout


def test_rules_and_power_decide_whether_it_listens(platform, pki):
    address = make(platform)
    enable(platform, pki)
    platform.machine_firewall(MACHINE, None)
    assert refused(address)
    platform.machine_firewall(MACHINE, OPEN)
    assert not refused(address)
    platform.machine_stop(MACHINE)
    assert refused(address) and platform.machine_state(MACHINE) == "stopped"
    with pytest.raises(MachineError):
        platform.machine_run(MACHINE, "true")
    platform.machine_start(MACHINE)
    assert pki.get(address, "/_ping")[0] == 200
    platform.machine_expose(MACHINE, None)
    assert refused(address)


def test_state_outlives_the_server_and_the_engine(platform, pki):
    address = make(platform)
    enable(platform, pki)
    again = FakePlatform(platform.state_dir, platform.instance)
    again.start()
    assert again.machine_state(MACHINE) == "running" and pki.get(address, "/_ping")[0] == 200
    os.kill(int((platform.state_dir / "machines/engine.lock").read_text()), signal.SIGKILL)
    eventually(lambda: not again._engine.lives())
    assert again.machine_state(MACHINE) == "stopped"
    again.start()
    assert pki.get(address, "/_ping")[0] == 200


def test_deleting_closes_the_port_and_removes_the_folder(platform, pki):
    address = make(platform)
    enable(platform, pki)
    platform.machine_delete(MACHINE)
    platform.machine_delete(MACHINE)
    assert refused(address) and platform.machine_state(MACHINE) == "absent"
    assert not (platform.state_dir / "machines" / MACHINE).exists()
    assert "web1" not in hosts_file.HOSTS.read_text()


def test_scripts_see_the_private_folder_and_their_parameters(platform):
    make(platform)
    script = (
        '#!/bin/sh\nprintf "%s|%s|" "$GREETING" "$DOCKERVM_ROOT"; hostname; command -v docker; echo oops >&2; exit 3'
    )
    result = platform.machine_run(MACHINE, script, [("GREETING", "a 'b' \"$c\"\nd")])
    root = platform.state_dir / f"machines/{MACHINE}/root"
    assert result.stdout == f"a 'b' \"$c\"\nd|{root}|web1\n"
    assert (result.stderr, result.exit_code, result.timed_out) == ("oops\n", 3, False)


@pytest.mark.parametrize("thoroughly", [True, False])
def test_a_deadline_ends_a_script_and_where_it_is_thorough_all_that_it_has_started(platform, thoroughly):
    make(platform)
    started = time.monotonic()
    nap = f"{100 + os.getpid() / 1e7:.7f}"  # found again among all processes
    result = platform.machine_run(
        MACHINE, f"setsid sleep {nap} & echo begun; sleep {nap}", timeout=0.5, thoroughly=thoroughly
    )
    assert result.timed_out and result.stdout == "begun\n" and time.monotonic() - started < 5
    assert (nap.encode() not in command_lines()) is thoroughly
    platform.machine_stop(MACHINE)
    assert nap.encode() not in command_lines()


def test_what_outlasts_a_killed_script_keeps_its_lock(platform, tmp_path):
    """As bash's children do when the handler kills it."""
    make(platform)
    lock = tmp_path / "lock"
    platform.machine_run(MACHINE, f"exec 9>{lock}; flock -n 9; sleep 60", timeout=0.5)
    assert platform.machine_run(MACHINE, f"flock -n {lock} true").exit_code == 1
    platform.machine_delete(MACHINE)
    make(platform)
    assert platform.machine_run(MACHINE, f"flock -n {lock} true").exit_code == 0


def test_a_script_without_an_interpreter_of_its_own_is_bash_s(platform):
    make(platform)
    assert platform.machine_run(MACHINE, '[[ "$BASH" ]] && a=(1 2) && echo "${a[1]}"').stdout == "2\n"


def test_custom_data_stays_in_the_provisioning_document_for_its_owner_alone(platform):
    make(platform, custom_data=b"#!/bin/sh\n")
    document = platform.state_dir / f"machines/{MACHINE}/root/var/lib/waagent/ovf-env.xml"
    assert "CustomData>IyEvYmluL3NoCg==<" in document.read_text() and document.stat().st_mode & 0o777 == 0o600


def test_a_ssh_port_answers_with_a_greeting(platform):
    address = make(platform)
    rule = FirewallRule("ssh", 110, "Inbound", "Allow", "Tcp", ("*",), ("*",), ("*",), ("2222",))
    platform.machine_firewall(MACHINE, (*OPEN, rule))
    script = 'echo "Port 2222" > "$DOCKERVM_ROOT/etc/ssh/sshd_config.d/10.conf"; systemctl restart ssh.service; sshd -T'
    assert platform.machine_run(MACHINE, script).stdout == "port 2222\n"
    with socket.create_connection((address, 2222), timeout=5) as line:
        assert line.recv(100).startswith(b"SSH-2.0-LocalAzure_fake")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda platform: platform.machine_run("bbbbbbbb", "true"),
        lambda platform: platform.machine_expose(MACHINE, PublicAddress("8.8.8.8", None)),
        lambda platform: platform.machine_firewall(MACHINE, [replace(OPEN[0], source_prefixes=("10.0.0.0/99",))]),
        lambda platform: platform.machine_run(MACHINE, "true", [("A=B", "c")]),
        lambda platform: make(platform),
        lambda platform: platform.network_delete("aaaaaaaa"),
    ],
)  # fmt: skip
def test_misuse_is_a_machine_error(platform, wrong):
    make(platform)
    with pytest.raises(MachineError):
        wrong(platform)


def test_data_disks_are_files_that_move_with_their_content(platform):
    make(platform)
    platform.disk_create("d0000001", 1)
    disk = DataDisk("d0000001", 3, 1)
    platform.machine_disks(MACHINE, [disk])
    written = platform.machine_run(MACHINE, "printf kept >\"$LOCALAZURE_ROOT/dev/disk/azure/scsi1/lun3\"")
    assert written.exit_code == 0
    for wrong in (lambda: platform.disk_delete("d0000001"), lambda: platform.machine_disks(MACHINE, [disk, disk])):
        with pytest.raises(MachineError):
            wrong()
    platform.machine_disks(MACHINE, [])
    assert platform.machine_run(MACHINE, "ls \"$LOCALAZURE_ROOT/dev/disk/azure/scsi1\"").stdout == ""
    platform.machine_disks(MACHINE, [replace(disk, lun=0)])
    platform.machine_stop(MACHINE)
    again = FakePlatform(platform.state_dir, platform.instance)
    again.start()
    again.machine_start(MACHINE)
    shown = again.machine_run(MACHINE, "head -c 4 \"$LOCALAZURE_ROOT/dev/disk/azure/scsi1/lun0\"")
    assert shown.stdout == "kept"


def test_a_fake_says_what_it_is_and_refuses_what_it_has_not(platform):
    make(platform)
    platform.machine_stop(MACHINE)
    platform.machine_start(MACHINE)
    console = platform.machine_console(MACHINE).splitlines()
    assert len(console) == 3 and all("fake machine" in line for line in console)
    with pytest.raises(MachineError, match="no networks"):
        platform.network_join("aaaaaaaa", True)
    platform.machine_size(MACHINE, 4, 8192)
    platform.machine_readdress(MACHINE, "10.0.0.9", "10.0.0.0/24")
    platform.machine_metadata(MACHINE, {"compute": {}})
    assert platform.machine_agent(MACHINE)
    platform.machine_stop(MACHINE)
    assert not platform.machine_agent(MACHINE)


def test_a_fake_without_agent_runs_nothing(platform):
    make(platform)
    spec = replace(platform._machines[MACHINE].spec, id="0b0b0b0b", agent=False)
    platform.machine_create(spec)
    assert not platform.machine_agent("0b0b0b0b")
    with pytest.raises(MachineError) as caught:
        platform.machine_run("0b0b0b0b", "true")
    assert caught.value.code == "NoAgent"


def test_users_of_a_fake_are_lines_in_its_folder(platform):
    make(platform)

    def access(**protected):
        return platform.machine_extension(MACHINE, "Microsoft.OSTCExtensions", "VMAccessForLinux", {}, protected)

    key = "ssh-rsa AAAA ann"
    assert access(username="ann", ssh_key=key).exit_code == 0
    keys = platform.machine_run(MACHINE, "cat \"$LOCALAZURE_ROOT/home/ann/.ssh/authorized_keys\"")
    assert keys.stdout == f"{key}\n"
    assert access(remove_user="ann").exit_code == 0
    assert platform.machine_run(MACHINE, "grep ann \"$LOCALAZURE_ROOT/etc/passwd\"").exit_code == 1


def test_removing_the_docker_extension_stops_the_engine_and_fails_without_one(platform, pki):
    address = make(platform)
    remove = (MACHINE, "Microsoft.Azure.Extensions", "DockerExtension")
    assert platform.machine_extension_remove(*remove).exit_code == 1
    assert enable(platform, pki).exit_code == 0 and not refused(address)
    assert platform.machine_extension_remove(*remove).exit_code == 0
    assert refused(address)
    assert platform.machine_extension_remove(MACHINE, "Microsoft.Azure.Extensions", "CustomScript").exit_code == 0


def test_kinds_are_known(tmp_path):
    assert platform_for("auto", tmp_path, "x").kind in ("nspawn", "fake")
    with pytest.raises(MachineError):
        platform_for("vmware", tmp_path, "x")
