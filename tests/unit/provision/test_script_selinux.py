"""The set-up script and SELinux: the label without which sshd can't listen on its new port."""

from __future__ import annotations

import pytest
from script_machine import Machine, free_port, needs_tools

pytestmark = needs_tools

SSHD_CONFIG = "Port 22\n"


@pytest.fixture
def enforcing(dash_machine: Machine) -> Machine:
    dash_machine.add_tool("getenforce", 'cat "$root/switch/mode"\n')
    dash_machine.switch("mode", "Enforcing\n")
    config = dash_machine.file("/etc/ssh/sshd_config")
    config.parent.mkdir()
    config.write_text(SSHD_CONFIG)
    units = dash_machine.file("/usr/lib/systemd/system")
    units.mkdir(parents=True)
    (units / "ssh.service").touch()
    return dash_machine


def labels(machine: Machine) -> list[str]:
    return [call for call in machine.calls() if call.startswith("semanage")]


@pytest.mark.parametrize(("manager", "package"), [
    ("dnf", "policycoreutils-python-utils"), ("yum", "policycoreutils-python"),
    ("tdnf", "policycoreutils-python-utils"), ("zypper", "policycoreutils-python-utils")])
def test_the_tool_that_labels_ports_is_installed(enforcing: Machine, manager: str, package: str):
    enforcing.add_tool("semanage", "", enforcing.root / "stock")
    enforcing.add_tool(manager, f'case "$*" in\n*" install {package}") mv "$root/stock/semanage" "$root/tools/" ;;\n'
                       "*) echo 'No match for argument'; exit 1 ;; esac\n")
    port = str(free_port())
    assert enforcing.run("ssh", SSH_PORT=port).facts["ssh-port"] == port
    assert labels(enforcing) == [f"semanage port -a -t ssh_port_t -p tcp {port}"]


def test_without_it_sshd_stays_where_it_is(enforcing: Machine):
    enforcing.add_tool("dnf", "echo 'Error: Unable to find a match: policycoreutils-python' >&2\nexit 1\n")
    port = str(free_port())
    answer = enforcing.run("ssh", SSH_PORT=port, TIMEOUT="1")
    assert answer.reason == "selinux-tools-missing"
    assert "semanage" in answer.details[0] and port in answer.details[0]
    assert "policycoreutils-python-utils" in answer.details[1]
    assert any("Unable to find a match" in line for line in answer.details)
    assert enforcing.file("/etc/ssh/sshd_config").read_text() == SSHD_CONFIG
    assert not [call for call in enforcing.calls() if "restart" in call]


def test_a_port_that_can_t_be_labelled_is_not_taken(enforcing: Machine):
    enforcing.add_tool("semanage", "echo 'ValueError: the policy store is locked' >&2\nexit 1\n")
    answer = enforcing.run("ssh", SSH_PORT=str(free_port()))
    assert answer.reason == "selinux-label"
    assert any("policy store is locked" in line for line in answer.details)
    assert enforcing.file("/etc/ssh/sshd_config").read_text() == SSHD_CONFIG


@pytest.mark.parametrize("mode", ["Permissive", "Disabled"])
def test_where_selinux_does_not_enforce_nothing_is_installed(enforcing: Machine, mode: str):
    enforcing.switch("mode", f"{mode}\n")
    enforcing.add_tool("dnf", "exit 1\n")
    assert enforcing.run("ssh", SSH_PORT=str(free_port())).status == 0
    assert not [call for call in enforcing.calls() if call.startswith("dnf")]
