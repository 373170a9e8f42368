"""The first boot of a fake machine: custom data that is a user script is run once, as cloud-init would."""

from __future__ import annotations

import base64
import functools
import gzip
import os
import time
import uuid
from pathlib import Path

import pytest
from fake_support import MACHINE, command_lines, eventually, fake_platform, make, root_of

from localazure.machines.fake.platform import FakePlatform

# Without a time: parameters of tests are the same in each of pytest's processes.
packed = functools.partial(gzip.compress, mtime=0)

# Until the test lets it.
HOLD = 'while [ ! -e "$DOCKERVM_ROOT/go" ]; do sleep 0.01; done\n'
COUNT = 'echo run >>"$DOCKERVM_ROOT/runs"\n'


@pytest.fixture
def platform(tmp_path, monkeypatch):
    with fake_platform(tmp_path, monkeypatch) as platform:
        yield platform


def script(text: str) -> bytes:
    return f"#!/bin/sh\n{text}".encode()


def log_of(platform: FakePlatform) -> str:
    log = root_of(platform) / "var/log/cloud-init-output.log"
    return log.read_text() if log.exists() else ""


def status(platform: FakePlatform, *options: str) -> tuple[int, str]:
    """What `cloud-init status` says in the machine."""
    result = platform.machine_run(MACHINE, f"cloud-init status {' '.join(options)}")
    return result.exit_code, result.stdout


def runs(platform: FakePlatform) -> int:
    """How often a script with COUNT was run, once cloud-init is done."""
    assert status(platform, "--wait") == (0, "status: done\n")
    file = root_of(platform) / "runs"
    return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.mark.parametrize("packed", [False, True])
def test_a_user_script_is_run_while_the_machine_is_ready_already(platform, packed):
    data = script(f"{HOLD}hostname; command -v systemctl; echo oops >&2")
    make(platform, custom_data=gzip.compress(data) if packed else data)
    assert status(platform) == (0, "status: running\n")
    root = root_of(platform)
    assert not (root / "var/lib/cloud/instance/boot-finished").exists()
    (root / "go").touch()
    assert status(platform, "--wait") == (0, "status: done\n")
    assert log_of(platform) == f"web1\n{root.parent / 'bin'}/systemctl\noops\n"
    assert (root / "var/lib/cloud/instance/boot-finished").exists()


def test_scripts_of_a_mime_message_are_run_in_the_order_of_their_names_whatever_becomes_of_others(platform):
    head = b"Content-Type: text/x-shellscript\nContent-Disposition: attachment; filename="
    parts = b"".join(b"--X\n" + head + name + b"\n\n" + script(text) + b"\n" for name, text in (
        (b"b", "echo second"), (b"a", "echo first; exit 3")))
    data = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=X\n\n" + parts + b"--X--\n"
    make(platform, custom_data=packed(data))
    code, said = status(platform, "--wait", "--long")
    assert code == 1 and "scripts/a: exit status 3" in said and "scripts/b" not in said
    assert log_of(platform).splitlines()[:2] == ["first", "second"]


def test_it_has_the_environment_of_run_commands(platform):
    make(platform, custom_data=script("env"))
    run = platform.machine_run(MACHINE, "env").stdout.splitlines()
    status(platform, "--wait")
    kept = ("PATH=", "HOME=", "DOCKERVM_", "LOCALAZURE_")
    expected = {line for line in run if line.startswith(kept) and not line.startswith("LOCALAZURE_RUN=")}
    assert len(expected) == 11
    assert {line for line in log_of(platform).splitlines() if line.startswith(kept)} == expected


def test_it_is_run_at_the_first_start_alone(platform):
    make(platform, custom_data=script(COUNT))
    assert runs(platform) == 1
    platform.machine_restart(MACHINE)
    assert runs(platform) == 1


def test_one_that_was_cut_off_is_not_run_again(platform):
    make(platform, custom_data=script(COUNT + HOLD))
    eventually((root_of(platform) / "runs").exists)
    platform.machine_stop(MACHINE)
    platform.machine_start(MACHINE)
    assert runs(platform) == 1


def test_an_image_without_cloud_init_runs_nothing_and_has_the_data_from_its_agent(platform):
    data = script(COUNT)
    make(platform, custom_data=data, cloud_init=False)
    assert platform.machine_run(MACHINE, "command -v cloud-init").exit_code != 0
    root = root_of(platform)
    assert not (root / "var/lib/cloud").exists() and not (root / "runs").exists()
    kept = root / "var/lib/waagent/CustomData"
    assert (base64.b64decode(kept.read_bytes()), kept.stat().st_mode & 0o777) == (data, 0o600)


@pytest.mark.parametrize("data", [
    None, b"", b"#cloud-config\nruncmd: [touch /tmp/x]\n", b"echo no interpreter\n", b"\x1f\x8bno gzip",
    packed(b"#cloud-config\n"), packed(script(COUNT))[:-9],
], ids=["none", "empty", "configuration", "no interpreter", "no gzip", "packed configuration", "half a gzip"]
)  # fmt: skip
def test_whatever_is_no_user_script_is_kept_and_not_run(platform, data):
    make(platform, custom_data=data)
    assert runs(platform) == 0
    kept = root_of(platform) / "var/lib/cloud/instance/user-data.txt"
    assert (kept.read_bytes(), kept.stat().st_mode & 0o777) == (data or b"", 0o600)


@pytest.mark.parametrize(("data", "reason"), [
    (script("exit 3"), "exit status 3"), (b"#!/no/such/interpreter\n", "No such file or directory"),
])  # fmt: skip
def test_cloud_init_tells_of_a_script_that_failed_until_the_next_boot(platform, data, reason):
    make(platform, custom_data=data)
    code, said = status(platform, "--wait", "--long")
    assert code == 1 and said.startswith("status: error\n") and reason in said and reason in log_of(platform)
    platform.machine_restart(MACHINE)
    assert status(platform) == (0, "status: done\n")


def test_cloud_init_can_be_late(platform):
    before = time.time()
    make(platform, custom_data=script("date +%s.%N"), delay=0.5)
    assert status(platform, "--wait") == (0, "status: done\n")
    assert float(log_of(platform)) >= before + 0.5


@pytest.mark.parametrize("end", ["machine_stop", "machine_delete", "destroy"])
def test_all_that_it_has_started_ends_with_the_machine(platform, end):
    nap = f"{100 + os.getpid() / 1e7:.7f}"  # found again among all processes
    make(platform, custom_data=script(f"setsid nohup sleep {nap} & sleep {nap}"))
    eventually(lambda: command_lines().count(f"sleep\0{nap}".encode()) == 2)
    getattr(platform, end)(*(() if end == "destroy" else (MACHINE,)))
    assert nap.encode() not in command_lines()
    assert str(root_of(platform)).encode() not in command_lines()   # nor what waits for the script


def test_it_goes_on_without_the_server(platform):
    make(platform, custom_data=script(HOLD + COUNT))
    again = FakePlatform(platform.state_dir, platform.instance)
    platform.stop()
    again.start()
    assert status(again) == (0, "status: running\n")
    (root_of(platform) / "go").touch()
    assert runs(again) == 1


def test_nothing_below_run_outlives_a_boot(platform):
    make(platform)
    platform.machine_run(MACHINE, 'echo x >"$DOCKERVM_ROOT/run/kept"')
    platform.machine_restart(MACHINE)
    assert list((root_of(platform) / "run").iterdir()) == []


def test_each_machine_has_an_instance_id_of_its_own_as_long_as_it_lives(platform):
    def instance_id(machine_id: str = MACHINE) -> str:
        path: Path = root_of(platform, machine_id) / "var/lib/cloud/data/instance-id"
        return str(uuid.UUID(path.read_text().strip()))

    make(platform)
    make(platform, "0b0b0b0b", public=1)
    first, other = instance_id(), instance_id("0b0b0b0b")
    assert first != other
    platform.machine_restart(MACHINE)   # what a redeployment does, too
    assert instance_id() == first
    platform.machine_delete(MACHINE)
    make(platform)
    assert instance_id() not in (first, other)


def test_what_cloud_init_cannot_do_here_is_said(platform):
    make(platform)
    result = platform.machine_run(MACHINE, "cloud-init clean")
    assert result.exit_code == 1 and "knows `status` only" in result.stderr
