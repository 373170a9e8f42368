"""VMAccess: which settings it takes, and its script in a private folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from localazure.machines.fake import guest_tools
from localazure.machines.handlers import dispatch, vm_access
from localazure.machines.handlers.context import HandlerContext
from localazure.machines.machine import OF_ITS_TIME, RunResult

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE9mZmljZQ me"


def environment(**protected):
    return dict(vm_access.environment(protected))


def test_settings_become_variables():
    made = environment(username="ann", password="Secret-123", ssh_key=f" {KEY}\n", expiration="2030-01-02T03:04:05.6")
    assert made == {
        "ACCESS_RESET": "", "ACCESS_REMOVE": "", "ACCESS_USER": "ann", "ACCESS_PASSWORD": "Secret-123",
        "ACCESS_EXPIRATION": "2030-01-02", "ACCESS_KEY": KEY,
    }  # fmt: skip
    assert environment(reset_ssh=True)["ACCESS_RESET"] and environment(remove_user="ann")["ACCESS_REMOVE"] == "ann"


@pytest.mark.parametrize(
    ("protected", "said"),
    [
        ({"username": "ann"}, "No password or ssh_key is specified."),
        ({"remove_user": "ann", "reset_ssh": True}, "Cannot reset sshd_config and remove a user in one operation."),
        ({"username": "-r", "password": "x"}, "Failed to create user account: -r (0x07)."),
        ({"username": "a.*", "ssh_key": KEY, "remove_user": "a/b"}, "Failed to create user account: a.* (0x07)."),
        ({"username": "ann", "ssh_key": "no key"}, "Failed to generate public key file."),
        ({"username": "ann", "password": 1}, "password must be a string"),
    ],
)
def test_settings_that_are_refused(protected, said):
    context = HandlerContext(lambda *_: pytest.fail("nothing is run"), OF_ITS_TIME)
    done = dispatch.enable(context, "Microsoft.OSTCExtensions", "VMAccessForLinux", {}, protected)
    assert done.exit_code == 1 and done.stderr.startswith("Enable failed:") and said in done.stderr


def test_keys_of_other_forms_are_converted(tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-C", "", "-f", key], check=True)
    plain = key.with_suffix(".pub").read_text().strip()
    ssh2 = subprocess.run(["ssh-keygen", "-e", "-f", key], check=True, capture_output=True, text=True).stdout
    assert vm_access.public_key(ssh2.strip()).split()[:2] == plain.split()[:2]
    pem = tmp_path / "pem"
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", pem]
    certificate = subprocess.run([*new], check=True, capture_output=True, text=True).stdout
    assert vm_access.public_key(certificate.strip()).startswith("ssh-rsa ")


@pytest.fixture
def guest(tmp_path):
    """A private folder that stands for a guest, as fake machines have it, and a way to run the handler in it."""
    root, tools = tmp_path / "root", tmp_path / "bin"
    for folder in ("etc/ssh/sshd_config.d", "home/azureuser/.ssh", "usr/share/openssh"):
        (root / folder).mkdir(parents=True)
    (root / "etc/passwd").write_text("daemon:x:1:1::/:/bin/sh\nazureuser:x:1000:1000::/home/azureuser:/bin/bash\n")
    (root / "etc/ssh/sshd_config").write_text("AllowUsers nobody\n")
    (root / "usr/share/openssh/sshd_config").write_text("Include /etc/ssh/sshd_config.d/*.conf\n")
    (root / "etc/ssh/sshd_config.d/60-azure.conf").write_text("PasswordAuthentication no\n")
    tools.mkdir()
    for tool in ("useradd", "userdel", "chpasswd"):
        guest_tools.write_tool(tools, tool)
    (tools / "systemctl").write_text("#!/bin/sh\n")
    (tools / "systemctl").chmod(0o755)

    def run(script, arguments, timeout):
        variables = {"PATH": f"{tools}:{os.environ['PATH']}", "LOCALAZURE_ROOT": str(root), **dict(arguments)}
        done = subprocess.run(["sh", "-c", script], env=variables, capture_output=True, text=True, timeout=timeout)
        return RunResult(done.returncode, done.stdout, done.stderr)

    def access(**protected):
        context = HandlerContext(run, OF_ITS_TIME)
        return dispatch.enable(context, "Microsoft.OSTCExtensions", "VMAccessForLinux", {}, protected)

    return root, access


def text(root: Path, path: str) -> str:
    return (root / path).read_text()


def test_a_new_user_gets_a_home_the_key_and_sudo(guest):
    root, access = guest
    assert access(username="ann", ssh_key=KEY).stderr == "Enable succeeded."
    assert text(root, "home/ann/.ssh/authorized_keys") == f"{KEY}\n"
    assert text(root, "etc/sudoers.d/waagent") == "ann ALL = (ALL) NOPASSWD: ALL\n"
    assert text(root, "etc/ssh/sshd_config.d/60-azure.conf") == "PasswordAuthentication no\n"
    assert access(remove_user="ann").exit_code == 0
    assert "ann:" not in text(root, "etc/passwd") and text(root, "etc/sudoers.d/waagent") == ""


def test_a_password_opens_sshd_for_passwords(guest):
    root, access = guest
    assert access(username="azureuser", password="Secret-123").exit_code == 0
    for file in ("sshd_config", "sshd_config.d/60-azure.conf"):
        assert "PasswordAuthentication yes" in text(root, f"etc/ssh/{file}")
    assert text(root, "etc/sudoers.d/waagent") == "azureuser ALL = (ALL) ALL\n"


def test_sshd_is_reset_with_a_copy_of_what_was(guest):
    root, access = guest
    assert access(reset_ssh=True).exit_code == 0
    assert text(root, "etc/ssh/sshd_config").startswith("Include ")
    copies = [path.read_text() for path in (root / "etc/ssh").glob("sshd_config_*")]
    assert copies == ["AllowUsers nobody\n"]


def test_system_users_are_left_alone(guest):
    _, access = guest
    done = access(username="daemon", password="x")
    assert done.exit_code == 1 and "system user: daemon (0x06)" in done.stderr
    assert access(remove_user="daemon").exit_code == 1
    assert access(remove_user="nobody-there").exit_code == 0
