"""Who gets to a host: open ports, SSH with key and password, other ports and folders."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from fleet import PASSWORD
from running import run

pytestmark = pytest.mark.machines

KNOCKED = (22, 80, 111, 443, 2222, 2375, 2376, 4243, 8080, 10250)


def open_ports(address: str, timeout: float = 1.5) -> set[int]:
    """Which of the ports that people leave open take a connection from here."""
    def is_open(port: int) -> bool:
        try:
            socket.create_connection((address, port), timeout=timeout).close()
        except OSError:
            return False
        return True

    with ThreadPoolExecutor(len(KNOCKED)) as pool:
        return {port for port, found in zip(KNOCKED, pool.map(is_open, KNOCKED), strict=True) if found}


def listening(host, port: int) -> bool:
    return host.run(f"ss -Hltn 'sport = :{port}'") != ""


def ssh(host, port: int, *options: object, command: str = "id -un", **environment: str):
    return run(["ssh", "-p", port, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                "ConnectTimeout=10", "-o", "LogLevel=ERROR", "-F", "none", *options,
                f"skipper@{host.result['fqdn']}", command],
               {**host.azure.environment, **environment})


def with_key(key):
    return "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"


def with_password(folder, password: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Options and environment that let ssh ask a program for the password, which no terminal is there to type."""
    teller = folder / "teller"
    teller.write_text(f"#!/bin/sh\necho '{password}'\n")
    teller.chmod(0o700)
    options = ("-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1")
    return options, {"SSH_ASKPASS": str(teller), "SSH_ASKPASS_REQUIRE": "force"}


def test_without_e_only_the_docker_port_is_open(plain):
    assert listening(plain, 22)     # so that it is the rules that close it
    assert open_ports(plain.result["publicIpAddress"]) == {4243}


def test_e_alone_opens_22(prompted, tmp_path):
    assert open_ports(prompted.result["publicIpAddress"]) == {22, 4243}
    options, environment = with_password(tmp_path, PASSWORD)
    assert ssh(prompted, 22, *options, **environment).succeeded().stdout.strip() == "skipper"


def test_e_2222_by_run_command_moves_sshd_there(run_command, fleet):
    assert open_ports(run_command.result["publicIpAddress"]) == {2222, 2376}
    assert listening(run_command, 2222) and not listening(run_command, 22)
    assert ssh(run_command, 2222, *with_key(fleet.ssh_key)).succeeded().stdout.strip() == "skipper"


def test_e_2222_with_the_extension_moves_sshd_there(extension, tmp_path):
    assert open_ports(extension.result["publicIpAddress"]) == {2222, 4243}
    assert listening(extension, 2222) and not listening(extension, 22)
    options, environment = with_password(tmp_path, PASSWORD)
    assert ssh(extension, 2222, *options, **environment).succeeded().stdout.strip() == "skipper"


def test_ssh_turns_a_wrong_password_and_another_key_away(extension, run_command, tmp_path):
    options, environment = with_password(tmp_path, f"{PASSWORD}x")
    assert ssh(extension, 2222, *options, **environment).code == 255
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"]).succeeded()
    assert ssh(run_command, 2222, *with_key(tmp_path / "other")).code == 255


def test_admin_user_may_use_docker_on_the_host_itself(run_command, fleet):
    asked = ssh(run_command, 2222, *with_key(fleet.ssh_key), command="docker version --format '{{.Server.Version}}'")
    assert asked.succeeded().stdout.strip() == run_command.result["engineVersion"]


def test_a_key_pair_is_made_and_said_when_neither_password_nor_key_is_given(plain):
    assert "a key pair was made" in plain.created.stderr
    ssh_folder = plain.azure.home / ".ssh"
    assert (ssh_folder / "id_rsa").stat().st_mode & 0o777 == 0o600
    public = (ssh_folder / "id_rsa.pub").read_text().split()[1]
    assert public in plain.run("cat /home/*/.ssh/authorized_keys")


def test_own_port_and_folder_are_used(run_command, fleet):
    assert run_command.result["dockerPort"] == 2376
    assert run_command.folder == fleet.files / "own certificates"
    assert {path.name for path in run_command.folder.glob("*.pem")} == {"ca.pem", "ca-key.pem", "cert.pem", "key.pem"}
    assert run_command.docker("version").succeeded()
