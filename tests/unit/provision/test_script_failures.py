"""How the set-up script fails: with evidence, for its own reason, and without leaving anything behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess

import pytest
from script_machine import Answer, Machine, encoded, needs_tools

from azext_dockervm.provision.script.join import PARTS, set_up_script

pytestmark = needs_tools

CLOUD_INIT = "[ \"$1\" != status ] || echo 'errors: the mirror of cloud-init'\n"


# Evidence


def test_a_failed_installation_tells_the_log_and_what_cloud_init_says(dash_machine: Machine):
    dash_machine.add_tool("cloud-init", CLOUD_INIT)
    dash_machine.switch("apt-fails", "E: Unable to locate package docker.io\n" * 100)
    answer = dash_machine.run("install")
    assert answer.reason == "install-failed"
    assert "E: Unable to locate package docker.io" in answer.details
    assert "errors: the mirror of cloud-init" in answer.details


def test_a_silent_engine_tells_its_journal_others_drop_ins_and_cloud_init(dash_machine: Machine):
    dash_machine.serve(dash_machine.request().csr)
    dash_machine.add_tool("cloud-init", CLOUD_INIT)
    dash_machine.switch("journal", "panic: the journal\n")
    other = dash_machine.file("/etc/systemd/system/docker.service.d/zz.conf")
    other.write_text("[Service]\nExecStart=\nExecStart=/opt/dockerd --another\n")
    dash_machine.file("/run/up").unlink()
    answer = dash_machine.run("check", TIMEOUT="1")
    assert answer.reason == "check-failed"
    assert {"panic: the journal", "ExecStart=/opt/dockerd --another", "errors: the mirror of cloud-init"} <= set(
        answer.details)
    assert any(str(other) in line for line in answer.details)
    assert not any("dockervm.conf" in line for line in answer.details), "ours is no evidence"


def test_an_engine_that_starts_for_nobody_tells_others_drop_ins_too(dash_machine: Machine):
    csr = dash_machine.request().csr
    other = dash_machine.file("/etc/systemd/system/docker.service.d/zz.conf")
    other.parent.mkdir(parents=True)
    other.write_text("[Service]\nExecStart=\nExecStart=/opt/dockerd --another\n")
    dash_machine.switch("start-fails")
    answer = dash_machine.serve(csr)
    assert answer.reason == "docker-start-failed"
    assert "ExecStart=/opt/dockerd --another" in answer.details


def test_details_are_lines_that_a_terminal_can_show(dash_machine: Machine):
    csr = dash_machine.request().csr
    dash_machine.switch("start-fails")
    dash_machine.switch("journal", "\x1b[31mred\x07\n\n" + "y" * 400 + "\n")
    details = dash_machine.serve(csr).details
    assert "[31mred" in details and "y" * 220 in details
    assert all(line.isprintable() and 0 < len(line) <= 220 for line in details)


# Reasons


@pytest.mark.parametrize("path", ["", "/nowhere"])
@pytest.mark.parametrize("action", PARTS)
def test_whoever_is_not_root_is_told_even_with_a_short_path(action: str, path: str):
    # The system itself is at stake here: as nobody the script can't change it.
    nobody = [str(shutil.which("setpriv")), "--reuid=65534", "--regid=65534", "--clear-groups"]
    command = [*(nobody if os.geteuid() == 0 else []), str(shutil.which("sh"))]
    environment = {"PATH": path, "DOCKERVM_ACTION": action, "DOCKERVM_TIMEOUT": "1"}
    done = subprocess.run(command, input=set_up_script(action), env=environment, capture_output=True, text=True)
    assert Answer.of(done.returncode, done.stdout, done.stderr).reason == "not-root"


def test_check_of_a_host_that_lost_docker_says_so_and_whose_it_was(dash_machine: Machine):
    served = dash_machine.serve(dash_machine.request().csr)
    (dash_machine.tools / "dockerd").unlink()
    answer = dash_machine.run("check", TIMEOUT="1")
    assert answer.reason == "not-set-up"
    assert "Docker" in answer.details[0]
    assert answer.facts["certificate"] == served.facts["certificate"]


def test_restart_needs_a_certificate_to_expect(dash_machine: Machine):
    csr = dash_machine.request().csr
    certificate = dash_machine.sign(csr)
    dash_machine.serve(csr, CERT=encoded(certificate))
    dash_machine.file("/etc/docker/dockervm/server-cert.pem").rename(dash_machine.file("/etc/elsewhere.pem"))
    calls = len(dash_machine.calls())
    assert dash_machine.run("restart").reason == "check-failed"
    assert not [call for call in dash_machine.calls()[calls:] if "systemctl" in call]
    dash_machine.file("/etc/elsewhere.pem").rename(dash_machine.file("/etc/docker/dockervm/server-cert.pem"))
    assert dash_machine.run("restart", CERT=encoded(certificate)).status == 0
    assert dash_machine.run("restart", CERT=encoded(dash_machine.sign(csr)), TIMEOUT="1").reason == "check-failed"


def test_the_port_is_checked_at_the_given_address(dash_machine: Machine):
    dash_machine.serve(dash_machine.request().csr)
    answer = dash_machine.run("check", ADDRESS="127.0.0.2", TIMEOUT="1")
    assert answer.reason == "check-failed"
    assert f"port {dash_machine.port} presents certificate none" in answer.details[0]


def test_an_engine_that_can_t_be_enabled_is_started_all_the_same(dash_machine: Machine):
    csr = dash_machine.request().csr
    dash_machine.switch("disabled")
    systemctl = dash_machine.tools / "systemctl"
    for word in ("enable", "reset-failed"):
        systemctl.write_text(systemctl.read_text().replace("\nroot=", f'\n[ "$1" != {word} ] || exit 1\nroot=', 1))
    answer = dash_machine.serve(csr)
    assert answer.status == 0
    assert "could not enable docker.service" in answer.stderr


def test_an_engine_that_the_package_has_not_enabled_is_enabled(dash_machine: Machine):
    csr = dash_machine.request().csr
    dash_machine.switch("disabled")
    dash_machine.serve(csr)
    assert "systemctl enable docker.service" in dash_machine.calls()


def test_systemd_that_does_not_read_its_files_again_is_a_failure(dash_machine: Machine):
    csr = dash_machine.request().csr
    systemctl = dash_machine.tools / "systemctl"
    systemctl.write_text(systemctl.read_text().replace("\nroot=", '\n[ "$1" != daemon-reload ] || exit 1\nroot=', 1))
    assert dash_machine.serve(csr).reason == "docker-start-failed"


@pytest.mark.parametrize(("argument", "word"), [("genpkey", "key"), ("req", "signing request")])
def test_openssl_that_fails_is_told_with_its_own_words(dash_machine: Machine, argument: str, word: str):
    dash_machine.install_docker()
    dash_machine.add_tool("openssl", f'[ "$1" != {argument} ] || {{ echo "no entropy" >&2; exit 1; }}\n'
                                     'PATH=${PATH#*:} exec openssl "$@"\n')
    answer = dash_machine.run("request")
    assert answer.reason == "openssl-failed"
    assert word in answer.details[0] and "no entropy" in answer.details


def test_a_tool_that_fails_where_nobody_expects_it_ends_in_an_answer_too(machine: Machine):
    machine.serve(machine.request().csr)
    machine.add_tool("tail", "exit 7\n")
    answer = machine.run("check")
    assert (answer.status, answer.reason) == (1, "unexpected")
    assert "status 7" in answer.details[0]


# What earlier runs left


@pytest.mark.parametrize("action", ["install", "check"])
def test_what_killed_runs_left_is_removed(dash_machine: Machine, action: str):
    dash_machine.serve(dash_machine.request().csr)
    left = [dash_machine.file(name) for name in (
        "/run/dockervm/work.1/log", "/etc/docker/.daemon.json.dockervm-new",
        "/etc/docker/dockervm/.ca.pem.dockervm-backup",
        "/etc/docker/dockervm/.server-key.pem.dockervm-kept", "/etc/ssh/.sshd_config.dockervm-new",
        "/etc/systemd/system/docker.service.d/.dockervm.conf.dockervm-new", "/usr/bin/.dockerd.dockervm-new",
        "/etc/systemd/system/ssh.socket.d/.dockervm.conf.dockervm-backup")]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert dash_machine.run(action).status == 0
    assert not [path for path in left if path.exists()]
    assert list(dash_machine.file("/run/dockervm").iterdir()) == [dash_machine.file("/run/dockervm/lock")]


@pytest.mark.parametrize("action", sorted(PARTS.keys() - {"boot"}))
def test_a_run_that_waits_in_vain_leaves_the_other_s_files(dash_machine: Machine, action: str):
    folder = dash_machine.file("/run/dockervm")
    theirs = [folder / "work.1/log", dash_machine.file("/etc/docker/.daemon.json.dockervm-backup")]
    for path in theirs:
        path.parent.mkdir(parents=True)
        path.touch()
    holding = ["flock", str(folder / "lock"), "sh", "-c", "echo held; exec /bin/sleep 30"]
    with subprocess.Popen(holding, stdout=subprocess.PIPE, start_new_session=True) as holder:
        assert holder.stdout and holder.stdout.readline() == b"held\n"
        process = dash_machine.start(action, TIMEOUT="1")
        stdout, stderr = process.communicate(timeout=30)
        os.killpg(holder.pid, signal.SIGKILL)
    answer = Answer.of(process.returncode, stdout, stderr)
    assert answer.reason == "busy"
    assert all(path.exists() for path in theirs)
