"""A guest's disk at first boot: user, keys, names, network, custom data; secrets readable by root only."""

from __future__ import annotations

import os
import shutil

import pytest

from localazure.machines.foundation.guest_identity import check_names, ovf_environment
from localazure.machines.machine import MachineError, MachineSpec, Secret
from localazure.machines.nspawn import provision

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ssh-keygen") is None, reason="files of several owners are made by root"
)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample me@here"


def spec(**changes) -> MachineSpec:
    values = {
        "id": "0a1b2c3d", "hostname": "web-1", "admin_username": "azureuser", "admin_password": None,
        "ssh_keys": (KEY,), "custom_data": None, "cloud_init": True, "network_id": "aaaaaaaa",
        "private_ip": "10.0.0.4", "subnet_prefix": "10.0.0.0/24", "mac": "00:0d:3a:00:00:01", "cpus": 2,
        "memory_mib": 2048, **changes,
    }  # fmt: skip
    return MachineSpec(**values)


@pytest.fixture
def disk(tmp_path) -> provision.Disk:
    lower = tmp_path / "lower"
    files = {
        "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n", "etc/shadow": "root:*:20000:0:99999:7:::\n",
        "etc/group": "root:x:0:\nsudo:x:27:\nadm:x:4:syslog\n", "etc/gshadow": "root:*::\nsudo:*::\nadm:*::syslog\n",
        "etc/skel/.profile": "# profile\n",
    }  # fmt: skip
    for path, content in files.items():
        (lower / path).parent.mkdir(parents=True, exist_ok=True)
        (lower / path).write_text(content)
    (lower / "etc/shadow").chmod(0o640)
    (lower / "etc").chmod(0o711)
    (tmp_path / "upper").mkdir()
    return provision.Disk((lower,), tmp_path / "upper")


def test_user_with_key(disk):
    provision.provision(disk, spec())
    assert "azureuser:x:1000:1000::/home/azureuser:/bin/bash" in (disk.upper / "etc/passwd").read_text()
    assert "azureuser:!:" in (disk.upper / "etc/shadow").read_text()
    assert (
        disk.upper / "etc/group"
    ).read_text() == "root:x:0:\nsudo:x:27:azureuser\nadm:x:4:syslog,azureuser\nazureuser:x:1000:\n"
    keys = disk.upper / "home/azureuser/.ssh/authorized_keys"
    assert keys.read_text() == f"{KEY}\n"
    assert (keys.stat().st_mode & 0o777, keys.stat().st_uid) == (0o600, 1000)
    assert (disk.upper / "home/azureuser/.profile").stat().st_uid == 1000
    assert "PasswordAuthentication no" in (disk.upper / "etc/ssh/sshd_config.d/60-azure.conf").read_text()
    assert (disk.upper / "etc/sudoers.d/90-azure-user").stat().st_mode & 0o777 == 0o440


def test_folders_of_the_image_keep_their_mode(disk):
    provision.provision(disk, spec())
    assert (disk.upper / "etc").stat().st_mode & 0o777 == 0o711


def test_password_is_nowhere_but_hashed_in_shadow(disk):
    provision.provision(disk, spec(admin_password=Secret("Sesame-123456"), ssh_keys=(), custom_data=b"#!/bin/sh\n"))
    for path in disk.upper.rglob("*"):
        if path.is_file():
            assert b"Sesame" not in path.read_bytes(), path
    assert "azureuser:$6$" in (disk.upper / "etc/shadow").read_text()
    assert (disk.upper / "etc/shadow").stat().st_mode & 0o777 == 0o640
    assert "PasswordAuthentication yes" in (disk.upper / "etc/ssh/sshd_config.d/60-azure.conf").read_text()


@pytest.mark.parametrize("data", [b"#!/bin/sh\necho\n", b"#cloud-config\n{}\n", b"\x1f\x8b\x08\x00\xff\x00", b""])
def test_custom_data_is_cloud_inits_user_data_byte_for_byte(disk, data):
    provision.provision(disk, spec(custom_data=data))
    seed = disk.upper / "var/lib/cloud/seed/nocloud"
    assert (seed / "user-data").read_bytes() == (data or b"#cloud-config\n{}\n")
    assert (seed / "user-data").stat().st_mode & 0o077 == 0
    assert '"local-hostname": "web-1"' in (seed / "meta-data").read_text()


@pytest.mark.parametrize(
    ("cloud_init", "agent", "name"),
    [(True, True, "ns1:CustomData"), (False, True, "CustomData"), (True, False, "ns1:CustomData")],
)
def test_custom_data_stays_in_the_provisioning_document_for_root_alone(disk, cloud_init, agent, name):
    """Where people look for secrets that custom data has left, and where handlers find the user's name."""
    provision.provision(disk, spec(cloud_init=cloud_init, agent=agent, custom_data=b"hello",
                                   admin_password=Secret("Sesame-123456")))
    path = disk.upper / "var/lib/waagent/ovf-env.xml"
    text = path.read_text()
    assert f"<{name}>aGVsbG8=</{name}>" in text and "UserPassword>REDACTED<" in text
    assert path.stat().st_mode & 0o777 == 0o600
    assert "CustomData" not in ovf_environment(spec(cloud_init=cloud_init))


def test_without_cloud_init_the_agent_keeps_custom_data(disk):
    provision.provision(disk, spec(cloud_init=False, custom_data=b"hello"))
    assert (disk.upper / "etc/cloud/cloud-init.disabled").exists()
    assert (disk.upper / "var/lib/waagent/CustomData").read_bytes() == b"aGVsbG8="
    assert not (disk.upper / "var/lib/cloud").exists()


def test_with_neither_nobody_has_the_custom_data(disk):
    provision.provision(disk, spec(cloud_init=False, agent=False, custom_data=b"hello"))
    assert not (disk.upper / "var/lib/waagent").exists()


def test_machines_have_host_keys_of_their_own(disk, tmp_path):
    other = provision.Disk(disk.lowers, tmp_path / "other")
    other.upper.mkdir()
    for each in (disk, other):
        provision.provision(each, spec())
    keys = [(each.upper / "etc/ssh/ssh_host_ed25519_key.pub").read_text() for each in (disk, other)]
    assert keys[0] != keys[1]


def test_network_is_static_with_azures_resolver():
    text = provision.network_file(spec(private_ip="10.1.2.9", subnet_prefix="10.1.2.0/25"))
    assert "Address=10.1.2.9/25\nGateway=10.1.2.1\nDNS=168.63.129.16\n" in text


@pytest.mark.parametrize("change", [{"admin_username": "a:b"}, {"admin_username": "a\nroot"}, {"hostname": "a b"}])
def test_names_that_break_files_are_refused(change):
    with pytest.raises(MachineError):
        check_names(spec(**change))


def test_a_user_of_the_image_is_refused(disk):
    with pytest.raises(MachineError, match="root"):
        provision.provision(disk, spec(admin_username="root"))


def test_secrets_do_not_print():
    shown = repr(spec(admin_password=Secret("Sesame-123456"), custom_data=b"token"))
    assert "Sesame" not in shown and "token" not in shown
