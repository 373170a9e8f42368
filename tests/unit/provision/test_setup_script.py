"""Runs the real set-up script in private folders, with stand-ins for the system's tools and with the real openssl."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from script_machine import (
    EXTENSION_UNIT,
    Answer,
    Machine,
    encoded,
    fingerprint,
    free_port,
    mode,
    needs_tools,
    openssl,
    wait_for_port,
)

from azext_dockervm.provision.custom_data import head_start

pytestmark = needs_tools


# From a bare machine to a host


def test_a_bare_machine_becomes_a_host(machine: Machine):
    asked = machine.request(USER="azureuser")
    assert asked.facts["key"] == "new"
    assert openssl("req", "-verify", "-noout", "-subject", text=asked.csr).strip().endswith("web1.test")
    assert "DNS:web1.test, IP Address:127.0.0.1" in openssl("req", "-noout", "-text", text=asked.csr)
    installs = [call for call in machine.calls() if call.startswith("apt-get") and " install " in call]
    assert len(installs) == 1 and "docker.io" in installs[0] and "docker-cli" in installs[0]
    assert "--no-install-recommends" in installs[0]
    assert len([call for call in machine.calls() if call.startswith("apt-get") and " update" in call]) == 1
    assert "usermod -aG docker azureuser" in machine.calls()

    certificate = machine.sign(asked.csr)
    served = machine.serve(asked.csr, CERT=encoded(certificate))
    assert served.facts["engine"] == "26.1.5"
    assert served.facts["certificate"] == fingerprint(certificate)
    assert json.loads(machine.file("/etc/docker/daemon.json").read_text()) == machine.daemon_json()
    drop_in = machine.file("/etc/systemd/system/docker.service.d/dockervm.conf").read_text().splitlines()
    start = drop_in.index("ExecStart=")
    assert "Requires=docker.socket" in drop_in
    assert drop_in[start + 1] == f"ExecStart={machine.tools}/dockerd --containerd=/run/containerd/containerd.sock"
    restarts = [call for call in machine.calls() if call.startswith("systemctl")]
    assert restarts[-4:] == [
        "systemctl is-enabled docker.service",
        "systemctl daemon-reload",
        "systemctl reset-failed docker.service",
        "systemctl restart docker.service",
    ]


def test_files_have_the_modes_of_the_contract(dash_machine: Machine):
    csr = dash_machine.request().csr
    key = dash_machine.file("/etc/docker/dockervm/server-key.pem")
    assert mode(key) == 0o400
    dash_machine.serve(csr)
    assert mode(key.parent) == 0o700
    assert mode(key) == 0o400
    assert mode(dash_machine.file("/etc/docker")) == 0o755
    for name in ("dockervm/ca.pem", "dockervm/server-cert.pem"):
        assert mode(dash_machine.file(f"/etc/docker/{name}")) == 0o444
    assert mode(dash_machine.file("/etc/docker/daemon.json")) == 0o644


def test_the_same_again_changes_nothing(dash_machine: Machine):
    first = dash_machine.request()
    material = dash_machine.material(first.csr)
    dash_machine.run("serve", **material)
    folder = dash_machine.file("/etc/docker")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    again = dash_machine.request()
    assert again.facts["key"] == "kept"
    assert dash_machine.run("serve", **material).status == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert sum("docker.io" in call for call in dash_machine.calls()) == 1


def test_the_key_never_leaves_the_host(dash_machine: Machine):
    asked = dash_machine.request()
    served = dash_machine.serve(asked.csr)
    secret = dash_machine.file("/etc/docker/dockervm/server-key.pem").read_text().splitlines()[1]
    for answer in (asked, served):
        assert secret not in answer.stdout + answer.stderr
        assert "PRIVATE KEY" not in answer.stdout + answer.stderr
    assert not [call for call in dash_machine.calls() if secret in call]


def test_an_own_daemon_json_is_kept_once(dash_machine: Machine):
    dash_machine.install_docker()
    own = dash_machine.file("/etc/docker/daemon.json")
    own.parent.mkdir()
    own.write_text('{"debug": true}')
    csr = dash_machine.request().csr
    for _ in range(2):
        assert dash_machine.serve(csr).status == 0
        assert own.with_name("daemon.json.before-dockervm").read_text() == '{"debug": true}'


def test_it_takes_over_from_the_docker_extension(dash_machine: Machine):
    dash_machine.install_docker(EXTENSION_UNIT)
    folder = dash_machine.file("/etc/docker")
    folder.mkdir()
    (folder / "key.pem").write_text("another key")
    asked = dash_machine.request()
    assert not [call for call in dash_machine.calls() if call.startswith("apt-get")]
    assert dash_machine.serve(asked.csr).status == 0
    drop_in = dash_machine.file("/etc/systemd/system/docker.service.d/dockervm.conf").read_text()
    assert f"\nExecStart=\nExecStart={dash_machine.tools}/dockerd\n" in drop_in


def test_without_a_socket_unit_the_engine_opens_its_socket_itself(dash_machine: Machine):
    dash_machine.install_docker(socket_unit=False)
    assert dash_machine.serve(dash_machine.request().csr).status == 0
    hosts = json.loads(dash_machine.file("/etc/docker/daemon.json").read_text())["hosts"]
    assert hosts == ["unix:///var/run/docker.sock", f"tcp://0.0.0.0:{dash_machine.port}"]


def test_a_key_that_is_broken_is_made_anew(dash_machine: Machine):
    dash_machine.request()
    key = dash_machine.file("/etc/docker/dockervm/server-key.pem")
    key.write_text(key.read_text()[:60])
    assert dash_machine.request().facts["key"] == "new"
    openssl("pkey", "-in", str(key), "-noout")


def test_a_new_key_comes_into_use_with_its_certificate(dash_machine: Machine):
    csr = dash_machine.request().csr
    dash_machine.serve(csr)
    key = dash_machine.file("/etc/docker/dockervm/server-key.pem")
    earlier = key.read_bytes()
    renewed = dash_machine.request(NEW_KEY="1")
    assert renewed.facts["key"] == "new"
    assert key.read_bytes() == earlier
    served = dash_machine.serve(renewed.csr)
    assert served.status == 0
    assert key.read_bytes() != earlier and mode(key) == 0o400
    assert not key.with_name("server-key-next.pem").exists()


# Checks


def test_check_and_restart_know_the_certificate_on_disk(dash_machine: Machine):
    csr = dash_machine.request().csr
    served = dash_machine.serve(csr)
    for action in ("check", "restart"):
        answer = dash_machine.run(action)
        assert answer.facts["certificate"] == served.facts["certificate"]
        assert answer.facts["engine"] == "26.1.5"


def test_check_wants_the_given_certificate(dash_machine: Machine):
    csr = dash_machine.request().csr
    dash_machine.serve(csr)
    another = dash_machine.sign(csr)
    dash_machine.switch("journal", "the engine's own words\n")
    answer = dash_machine.run("check", CERT=encoded(another), TIMEOUT="2")
    assert answer.reason == "check-failed"
    assert fingerprint(another) in answer.details[0]
    assert "the engine's own words" in answer.details


def test_an_open_door_is_a_failure_and_is_shut(dash_machine: Machine):
    csr = dash_machine.request().csr
    dash_machine.switch("open-door")
    answer = dash_machine.serve(csr)
    assert answer.reason == "check-failed"
    assert "does not refuse" in answer.details[0]
    assert not dash_machine.file("/etc/docker/daemon.json").exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", dash_machine.port), timeout=1)


def test_a_silent_engine_is_a_failure(dash_machine: Machine):
    dash_machine.serve(dash_machine.request().csr)
    dash_machine.file("/run/up").unlink()
    answer = dash_machine.run("check", TIMEOUT="1")
    assert answer.reason == "check-failed"
    assert "socket" in answer.details[0]


# Failures: the host's own words, and the earlier state


def test_a_failed_start_tells_the_journal_and_puts_the_earlier_files_back(machine: Machine):
    csr = machine.request().csr
    machine.serve(csr)
    folder = machine.file("/etc/docker")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    machine.switch("start-fails")
    noise = [f"level=info msg=noise{n} " + "x" * 400 for n in range(40)]
    machine.switch("journal", "\n".join([*noise, "the end \xe9"]))
    answer = machine.serve(csr)
    assert answer.reason == "docker-start-failed"
    assert any("the end" in line for line in answer.details)
    assert "Job for docker.service failed." in answer.details
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_first_serve_that_fails_leaves_no_configuration(dash_machine: Machine):
    csr = dash_machine.request().csr
    dash_machine.switch("config-bad")
    answer = dash_machine.serve(csr)
    assert answer.reason == "docker-config-invalid"
    assert "unable to configure the Docker daemon" in answer.details
    assert not dash_machine.file("/etc/docker/daemon.json").exists()
    assert not dash_machine.file("/etc/systemd/system/docker.service.d/dockervm.conf").exists()
    assert dash_machine.file("/etc/docker/dockervm/server-key.pem").exists()


def test_secrets_in_logs_are_not_passed_on(dash_machine: Machine):
    csr = dash_machine.request().csr
    dash_machine.switch("start-fails")
    dash_machine.switch("journal", "proxy http://me:hunter2@proxy:3128/ refused\n-----BEGIN EC PRIVATE KEY-----\n")
    answer = dash_machine.serve(csr)
    assert "hunter2" not in answer.stdout + answer.stderr
    assert "PRIVATE KEY" not in answer.stdout
    assert any("http://***@proxy:3128/" in line for line in answer.details)


@pytest.mark.parametrize(("name", "value"), [
    ("CERT", "%%%"), ("CERT", ""), ("CERT", encoded("no certificate")), ("CA", encoded("no certificate")),
    ("DAEMON_JSON", ""), ("DAEMON_JSON", "%%%"), ("PORT", "0"), ("PORT", "70000"), ("PORT", "abc"), ("PORT", "04243"),
    ("TIMEOUT", "soon"), ("TIMEOUT", "0"), ("TIMEOUT", "1234567"), ("ACTION", "destroy"), ("ACTION", "check"),
])
def test_bad_input_is_refused_before_anything_is_written(requested, name: str, value: str):
    machine, csr = requested
    answer = machine.serve(csr, **{name: value})
    assert answer.reason == "bad-input"
    assert f"DOCKERVM_{name}" in answer.details[0]
    assert not machine.file("/etc/docker/daemon.json").exists()


@pytest.mark.parametrize(("action", "name", "value"), [
    ("install", "USER", "-r"), ("request", "USER", "a b"), ("request", "SUBJECT", "a\nb"),
    ("request", "NAMES", "DNS:$ENV::HOME"), ("request", "SSH_PORT", "22;reboot"), ("ssh", "SSH_PORT", "65536"),
    ("check", "PORT", "0"), ("restart", "PORT", "abc"),
])
def test_each_action_refuses_bad_input_before_it_does_anything(
    dash_machine: Machine, action: str, name: str, value: str
):
    answer = dash_machine.run(action, **{name: value})
    assert answer.reason == "bad-input"
    assert f"DOCKERVM_{name}" in answer.details[0]
    assert not dash_machine.calls()


def test_a_certificate_of_another_key_or_authority_is_refused(dash_machine: Machine, tmp_path: Path):
    asked = dash_machine.request()
    other = Machine(tmp_path / "other", dash_machine.shell, tmp_path / "foreign")
    foreign = other.material(asked.csr)
    assert dash_machine.serve(asked.csr, CERT=foreign["CERT"]).reason == "certificate-invalid"
    others_request = other.request().csr
    assert dash_machine.serve(others_request).reason == "certificate-mismatch"
    dash_machine.file("/etc/docker/dockervm/server-key.pem").unlink()
    assert dash_machine.serve(asked.csr).reason == "key-missing"


def test_serve_without_docker_says_so(dash_machine: Machine):
    assert dash_machine.run("serve").reason == "docker-missing"


# Installing


# A port that another program has


IN_USE = "failed to load listeners: listen tcp 0.0.0.0:{}: bind: address already in use\n"


@pytest.mark.parametrize(("listener", "journal", "expected"), [
    ('users:(("nc",pid=1,fd=3),("sh",pid=7,fd=3))', "", "nc (process 1 of the user root)"),
    ('users:(("dockerd",pid=1,fd=3))', "", None), ("", "", None), ("", "the disk is full", None),
    ("", IN_USE, "another program"), (None, IN_USE, "another program"), (None, "", None),
    ("", IN_USE.replace("{}", "2{}"), None)])
def test_an_engine_whose_port_is_taken_names_the_process(dash_machine: Machine, listener, journal, expected):
    csr = dash_machine.request().csr
    dash_machine.switch("start-fails")
    dash_machine.switch("journal", journal.format(dash_machine.port))
    if listener is not None:
        dash_machine.add_tool("ss", f"""case "$*" in *" sport = :{dash_machine.port}") echo '{listener}' ;; esac\n""")
    answer = dash_machine.serve(csr)
    if expected is None:
        assert answer.reason == "docker-start-failed"
    else:
        assert answer.reason == "port-taken"
        assert answer.details[0] == f"port {dash_machine.port} is in use by {expected}"


def test_install_alone_starts_nothing_twice(dash_machine: Machine):
    answer = dash_machine.run("install")
    assert answer.facts["engine"] == "26.1.5"
    assert "systemctl restart docker.service" not in dash_machine.calls()


def test_as_custom_data_it_needs_no_more_than_one_line(dash_machine: Machine):
    environment = {name: value for name, value in dash_machine.environment("").items() if "DOCKERVM_" not in name}
    result = subprocess.run(["sh"], input=head_start({}), capture_output=True,
                            env={**environment, "DOCKERVM_ROOT": str(dash_machine.root)})
    assert b"\nresult: ok\n" in result.stdout, result.stderr


def test_a_held_lock_is_waited_for(dash_machine: Machine):
    held = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 99 (apt-get)\n"
    dash_machine.switch("apt-fails", held * 9)
    assert dash_machine.run("install").status == 0


def test_a_lock_that_is_never_released_ends_in_a_reason(dash_machine: Machine):
    held = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 99 (apt-get)\n"
    dash_machine.switch("apt-fails", held * 1000)
    answer = dash_machine.run("install", TIMEOUT="1")
    assert answer.reason == "lock-timeout"
    assert any("held by process 99" in line for line in answer.details)


def test_a_mirror_that_comes_late_is_tried_again_and_one_that_never_comes_is_not(dash_machine: Machine):
    failed = "E: Failed to fetch http://me:hunter2@mirror/pool  503  Service Unavailable\n"
    dash_machine.switch("apt-fails", failed * 100)
    answer = dash_machine.run("install")
    assert answer.reason == "install-failed"
    assert any("503" in line for line in answer.details)
    assert "hunter2" not in answer.stdout + answer.stderr
    dash_machine.switch("apt-fails", failed * 3)
    assert dash_machine.run("install").status == 0


def test_each_round_waits_longer_than_the_last_up_to_half_a_minute(dash_machine: Machine):
    dash_machine.switch("apt-fails", "E: Could not get lock /var/lib/dpkg/lock-frontend.\n" * 11)
    assert dash_machine.run("install").status == 0
    pauses = [int(call.split()[1]) for call in dash_machine.calls() if call.startswith("sleep ")]
    assert pauses[:5] == [4, 8, 16, 32, 32]


def test_apt_asks_nobody_and_paints_nothing_and_tries_a_mirror_again_itself(dash_machine: Machine):
    assert dash_machine.run("install", TIMEOUT="30").status == 0
    calls = [call for call in dash_machine.calls() if call.startswith("apt-get ")]
    for call in calls:
        assert " -y -q " in call and {"Dpkg::Use-Pty=0", "Dpkg::Options::=--force-confdef",
                                      "Dpkg::Options::=--force-confold", "Acquire::Retries=2"} <= set(call.split())
        (wait,) = (word for word in call.split() if word.startswith("DPkg::Lock::Timeout="))
        assert 0 < int(wait.rpartition("=")[2]) <= 30
    assert calls


def test_an_interrupted_dpkg_is_mended(dash_machine: Machine):
    dash_machine.add_tool("dpkg", "")
    dash_machine.switch("apt-fails", "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'\n" * 2)
    assert dash_machine.run("install").status == 0
    assert "dpkg --configure -a" in dash_machine.calls()


def test_an_installation_that_was_broken_off_is_finished(dash_machine: Machine):
    dash_machine.install_docker()
    (dash_machine.tools / "docker").rename(dash_machine.root / "stock" / "docker")
    dash_machine.add_tool(
        "dpkg-query", 'if grep -qs -e --fix-broken "$root/calls"; then echo installed; else echo unpacked; fi\n'
    )
    reply = '{"Components":[{"Name":"Engine","Version":"1"}],"Version":"26.1.5","ApiVersion":"1.45"}'
    dash_machine.add_tool("curl", f"echo '{reply}'\n")
    answer = dash_machine.run("install")
    assert answer.facts["engine"] == "26.1.5"
    installs = [call for call in dash_machine.calls() if call.startswith("apt-get") and " install " in call]
    assert "docker-cli" in installs[-1]


def test_two_runs_at_once_install_once(dash_machine: Machine):
    dash_machine.switch("apt-slow")
    runs = [dash_machine.start("install") for _ in range(2)]
    for run in runs:
        stdout, stderr = run.communicate(timeout=30)
        assert run.returncode == 0, stdout + stderr
    assert sum("docker.io" in call for call in dash_machine.calls()) == 1


def test_a_run_that_never_ends_is_not_waited_for_without_end(dash_machine: Machine):
    folder = dash_machine.file("/run/dockervm")
    folder.mkdir()
    with subprocess.Popen(["flock", str(folder / "lock"), "/bin/sleep", "30"], start_new_session=True) as holder:
        time.sleep(0.2)
        answer = dash_machine.run("install", TIMEOUT="1")
        os.killpg(holder.pid, signal.SIGKILL)
    assert answer.reason == "busy"


def test_no_package_manager(dash_machine: Machine):
    (dash_machine.tools / "apt-get").unlink()
    assert dash_machine.run("install").reason == "no-package-manager"


def test_in_a_private_folder_the_tools_of_this_system_count_as_missing(dash_machine: Machine):
    (dash_machine.tools / "systemctl").unlink()
    (dash_machine.tools / "docker").unlink()
    dash_machine.install_docker()
    assert dash_machine.run("install", TIMEOUT="1").reason == "no-systemd"


# SSH

SSHD_CONFIG = "Include /etc/ssh/sshd_config.d/*.conf\nPort 22\nPermitRootLogin no\n"


@pytest.fixture
def ssh_machine(dash_machine: Machine) -> Machine:
    folder = dash_machine.file("/etc/ssh/sshd_config.d")
    folder.mkdir(parents=True)
    (folder.parent / "sshd_config").write_text(SSHD_CONFIG)
    units = dash_machine.file("/usr/lib/systemd/system")
    units.mkdir(parents=True)
    (units / "ssh.service").touch()
    return dash_machine


def ports(text: str) -> list[str]:
    return re.findall(r"^(?:Port |ListenStream=)(\d+)$", text, re.M)


def test_ssh_moves_to_another_port(ssh_machine: Machine):
    port = str(free_port())
    answer = ssh_machine.run("ssh", SSH_PORT=port)
    assert answer.facts["ssh-port"] == port
    assert "SELinux" not in answer.stderr, "this host has none"
    assert ports(ssh_machine.file("/etc/ssh/sshd_config.d/10-dockervm.conf").read_text()) == [port]
    assert ports(ssh_machine.file("/etc/ssh/sshd_config").read_text()) == []
    calls = len(ssh_machine.calls())
    assert ssh_machine.run("ssh", SSH_PORT=port).facts["ssh-port"] == port
    assert not [call for call in ssh_machine.calls()[calls:] if "restart" in call]


def test_ssh_without_an_include(ssh_machine: Machine):
    port = str(free_port())
    config = ssh_machine.file("/etc/ssh/sshd_config")
    config.write_text("#Port 22\nMatch User x\n")
    config.chmod(0o600)
    assert ssh_machine.run("ssh", SSH_PORT=port).status == 0
    assert ports(config.read_text()) == [port]
    assert config.read_text().index("Port " + port) < config.read_text().index("Match")
    assert mode(config) == 0o600


def test_ssh_where_systemd_holds_the_socket(ssh_machine: Machine):
    ssh_machine.switch("ssh-socket")
    port = str(free_port())
    assert ssh_machine.run("ssh", SSH_PORT=port).status == 0
    override = ssh_machine.file("/etc/systemd/system/ssh.socket.d/zz-dockervm.conf").read_text()
    assert override.splitlines()[1] == "ListenStream="
    assert ports(override) == [port]


@pytest.mark.parametrize("fault", ["ssh-fails", "ssh-config-bad"])
def test_ssh_stays_where_it_was_when_the_new_port_fails(ssh_machine: Machine, fault: str):
    ssh_machine.switch(fault)
    port = str(free_port())
    answer = ssh_machine.run("ssh", SSH_PORT=port, TIMEOUT="1")
    assert answer.reason == "ssh-failed"
    assert ssh_machine.file("/etc/ssh/sshd_config").read_text() == SSHD_CONFIG
    assert not ssh_machine.file("/etc/ssh/sshd_config.d/10-dockervm.conf").exists()


def test_a_socket_that_systemd_holds_stays_where_it_was_when_the_new_port_fails(ssh_machine: Machine):
    ssh_machine.switch("ssh-socket")
    port = str(free_port())
    assert ssh_machine.run("ssh", SSH_PORT=port).status == 0
    calls = ssh_machine.calls()
    assert calls.index("systemctl stop ssh.service") < calls.index("systemctl restart ssh.socket")
    before = ssh_machine.files("/etc")
    ssh_machine.switch("ssh-fails")
    assert ssh_machine.run("ssh", SSH_PORT=str(free_port()), TIMEOUT="1").reason == "ssh-failed"
    assert ssh_machine.files("/etc") == before
    assert ssh_machine.calls()[-1] == "systemctl restart ssh.socket"


def test_a_port_that_selinux_knows_by_another_label_gets_ours(ssh_machine: Machine):
    ssh_machine.add_tool("semanage", '[ "$2" = -m ]\n')
    port = str(free_port())
    answer = ssh_machine.run("ssh", SSH_PORT=port)
    assert answer.status == 0 and "SELinux" not in answer.stderr
    assert f"semanage port -m -t ssh_port_t -p tcp {port}" in ssh_machine.calls()


def test_a_firewall_that_is_off_or_refuses_is_no_failure(ssh_machine: Machine):
    ssh_machine.add_tool("firewall-cmd", "exit 252\n")
    ssh_machine.add_tool("ufw", "echo 'Status: inactive'\n")
    ssh_machine.add_tool("semanage", "exit 1\n")
    answer = ssh_machine.run("ssh", SSH_PORT=(port := str(free_port())))
    assert answer.status == 0
    assert f"could not give port {port} its SELinux label" in answer.stderr
    assert not [call for call in ssh_machine.calls() if port in call and call.startswith(("firewall-cmd", "ufw"))]


def test_ssh_port_of_somebody_else(ssh_machine: Machine):
    with subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{(port := free_port())}", "-nocert", "-www", "-quiet"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as other:
        wait_for_port(port)
        answer = ssh_machine.run("ssh", SSH_PORT=str(port))
        other.kill()
    assert answer.reason == "ssh-port-taken"
    assert ssh_machine.file("/etc/ssh/sshd_config").read_text() == SSHD_CONFIG


@pytest.mark.parametrize("port", ["", "22"])
def test_ssh_is_left_alone(ssh_machine: Machine, port: str):
    assert ssh_machine.run("ssh", SSH_PORT=port).status == 0
    assert not ssh_machine.calls()


def test_ssh_without_a_server(dash_machine: Machine):
    assert dash_machine.run("ssh", SSH_PORT="2222").reason == "sshd-missing"


def test_firewalls_of_the_image_and_selinux_let_the_ports_through(ssh_machine: Machine):
    for tool in ("firewall-cmd", "semanage"):
        ssh_machine.add_tool(tool, "")
    ssh_machine.add_tool("ufw", "echo 'Status: active'\n")
    port = str(free_port())
    asked = ssh_machine.request(SSH_PORT=port)
    assert asked.facts["ssh-port"] == port
    assert ssh_machine.serve(asked.csr).status == 0
    calls = ssh_machine.calls()
    assert f"semanage port -a -t ssh_port_t -p tcp {port}" in calls
    for wanted in (port, str(ssh_machine.port)):
        assert f"firewall-cmd --permanent --add-port={wanted}/tcp" in calls
        assert f"firewall-cmd --add-port={wanted}/tcp" in calls
        assert f"ufw allow {wanted}/tcp" in calls


# Being stopped


@pytest.mark.parametrize(
    ("machine", "stop"),
    [("dash", signal.SIGTERM), ("dash", signal.SIGKILL), ("bash", signal.SIGTERM)],
    indirect=["machine"],
)
def test_a_stop_at_any_moment_leaves_whole_files(machine: Machine, stop: signal.Signals):
    csr = machine.request().csr
    material = machine.material(csr)
    folder = machine.file("/etc/docker")
    for delay in (0.03, 0.08, 0.13):
        process = machine.start("serve", **material)
        time.sleep(delay)
        if process.poll() is None:
            os.killpg(process.pid, stop)
        stdout, _ = process.communicate(timeout=30)
        if stop == signal.SIGTERM and process.returncode:
            assert Answer.of(process.returncode, stdout, "").reason in {"interrupted", "unexpected"}
            assert not machine.leftovers()
        for path in (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
            text = path.read_text()
            if path.name == "daemon.json":
                json.loads(text)
            elif path.name.endswith("key.pem"):
                openssl("pkey", "-noout", "-in", str(path))
            else:
                fingerprint(text)
    assert machine.run("serve", **material).status == 0
