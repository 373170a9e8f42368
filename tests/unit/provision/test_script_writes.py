"""A write that fails: a clear reason, and every earlier file as it was. Limits and full disks here are real ones."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from script_machine import Machine, encoded, free_port, mode, needs_tools, tls_certificate
from small_disk import in_own_view

pytestmark = needs_tools

NO_INCLUDE = "#Port 22\nPermitRootLogin no\n" + "# a long file\n" * 100


def largest_file(size: int) -> str:
    """The kernel refuses to let any file grow beyond this: like a full disk, but without root."""
    # Ignored, the signal becomes an error of write(2), and half of the file is there.
    return (f"exec {sys.executable} -c 'import os, resource, signal, sys;"
            " signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            f" resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}));"
            " os.execvp(sys.argv[1], sys.argv[1:])' \"$@\"")


def give_ssh(machine: Machine, config: str) -> Path:
    folder = machine.file("/etc/ssh")
    folder.mkdir()
    path = folder / "sshd_config"
    path.write_text(config)
    path.chmod(0o640)
    units = machine.file("/usr/lib/systemd/system")
    units.mkdir(parents=True, exist_ok=True)
    (units / "ssh.service").touch()
    return path


def test_sshd_config_is_never_replaced_by_half_of_one(machine: Machine):
    config = give_ssh(machine, NO_INCLUDE)
    before = machine.files("/etc")
    answer = machine.run("ssh", largest_file(len(NO_INCLUDE) + 10), SSH_PORT=str(free_port()))
    assert answer.reason == "write-failed"
    assert str(config) in answer.details[0]
    assert "KB are free" in answer.details[2]
    assert machine.files("/etc") == before


def test_the_tool_s_own_words_are_told(dash_machine: Machine):
    give_ssh(dash_machine, NO_INCLUDE)
    answer = dash_machine.run("ssh", largest_file(len(NO_INCLUDE) + 10), SSH_PORT=str(free_port()))
    assert "File too large" in answer.details[1]


def test_an_edited_file_keeps_its_mode_and_its_owner(dash_machine: Machine):
    config = give_ssh(dash_machine, NO_INCLUDE)
    if os.geteuid() == 0:
        os.chown(config, 12, 34)
    owner = (config.stat().st_uid, config.stat().st_gid)
    port = str(free_port())
    assert dash_machine.run("ssh", SSH_PORT=port).status == 0
    assert config.read_text().startswith("# The port of sshd is set by az dockervm.\nPort " + port)
    assert (mode(config), config.stat().st_uid, config.stat().st_gid) == (0o640, *owner)


def test_an_engine_goes_on_as_before_when_its_new_settings_can_t_be_written(machine: Machine, tmp_path: Path):
    csr = machine.request().csr
    served = machine.serve(csr)
    machine.file("/etc/docker/dockervm/ca.pem").chmod(0o604)    # as somebody may have set it; it comes back like that
    before = machine.files("/etc")
    other = Machine(tmp_path / "other", machine.shell, tmp_path / "another-authority")
    settings = {**machine.daemon_json(), "labels": ["x" * 3000]}
    answer = machine.run(
        "serve", largest_file(2000), **{**other.material(csr), "DAEMON_JSON": encoded(json.dumps(settings))})
    assert answer.reason == "write-failed"
    assert "/etc/docker/daemon.json" in answer.details[0]
    assert machine.files("/etc") == before
    assert tls_certificate(machine.port) == served.facts["certificate"]


def test_an_engine_none_of_whose_files_was_changed_is_not_restarted(dash_machine: Machine):
    csr = dash_machine.request().csr
    dash_machine.serve(csr)
    dash_machine.add_tool("mv", 'case "$*" in */dockervm/ca.pem) exit 1 ;; esac\nexec /bin/mv "$@"\n')
    restarts = dash_machine.calls().count("systemctl restart docker.service")
    answer = dash_machine.serve(csr)
    assert answer.reason == "write-failed" and "ca.pem" in answer.details[0]
    assert dash_machine.calls().count("systemctl restart docker.service") == restarts == 1


def test_without_a_copy_of_the_user_s_own_settings_nothing_is_changed(machine: Machine):
    machine.install_docker()
    own = machine.file("/etc/docker/daemon.json")
    own.parent.mkdir()
    own.write_text(json.dumps({"labels": ["x" * 3000]}))
    csr = machine.request().csr
    before = machine.files("/etc")
    answer = machine.run("serve", largest_file(2000), **machine.material(csr))
    assert answer.reason == "write-failed"
    assert "daemon.json.before-dockervm" in answer.details[0]
    assert machine.files("/etc") == before


def test_a_key_is_whole_or_not_there(machine: Machine):
    machine.install_docker()
    assert machine.run("request", largest_file(100)).reason == "write-failed"
    assert machine.files("/etc") == {}


def test_a_new_key_that_can_t_be_written_leaves_the_one_in_use(dash_machine: Machine):
    dash_machine.serve(dash_machine.request().csr)
    before = dash_machine.files("/etc")
    answer = dash_machine.run("request", largest_file(100), NEW_KEY="1")
    assert answer.reason == "write-failed"
    assert "server-key-next.pem" in answer.details[0]
    assert dash_machine.files("/etc") == before


@pytest.mark.parametrize("folder", ["run", "etc/docker"])
def test_a_folder_that_can_t_be_made_is_told(dash_machine: Machine, folder: str):
    dash_machine.install_docker()
    path = dash_machine.file(folder)
    shutil.rmtree(path, ignore_errors=True)
    path.write_text("a file is in the way")
    answer = dash_machine.run("request")
    assert answer.reason == "write-failed"
    assert folder in answer.details[0]


def test_a_lock_that_can_t_be_made_is_told(machine: Machine):
    machine.file("/run/dockervm/lock").mkdir(parents=True)
    answer = machine.run("check")
    assert answer.reason == "write-failed"
    assert "/run/dockervm/lock" in answer.details[0]


# A disk that is full


def moved(files: dict[str, tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
    """Compares what was in one folder with what is in another."""
    return {name.partition("/")[2]: state for name, state in files.items()}


@pytest.mark.usefixtures("mounts")
def test_a_full_disk_leaves_sshd_config(machine: Machine):
    give_ssh(machine, NO_INCLUDE)
    before = machine.files("/etc")
    answer = in_own_view(machine, 0, "ssh", SSH_PORT=str(free_port()))
    assert answer.reason == "disk-full"
    assert "sshd_config" in answer.details[0] and "0 KB are free" in answer.details[2]
    assert moved(machine.files("/after")) == moved(before)


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize("free_pages", [0, 1, 2, 3, 4])
def test_a_disk_that_gets_full_on_the_way_has_room_for_the_way_back(
    dash_machine: Machine, free_pages: int, tmp_path: Path
):
    csr = dash_machine.request().csr
    served = dash_machine.serve(csr)
    before = dash_machine.files("/etc")
    calls = len(dash_machine.calls())
    other = Machine(tmp_path / "other", dash_machine.shell, tmp_path / "another-authority")
    answer = in_own_view(dash_machine, free_pages, "serve", **other.material(csr))
    assert answer.reason == "disk-full"
    # An engine whose files were not touched is not disturbed.
    assert ("systemctl restart docker.service" in dash_machine.calls()[calls:]) == (free_pages > 0)
    assert moved(dash_machine.files("/after")) == moved(before)
    assert tls_certificate(dash_machine.port) == served.facts["certificate"]
