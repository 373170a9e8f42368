"""up, status, env and down of whole instances, in processes of their own, with fake machines."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from arm_support import eventually

ROOT = Path(__file__).parents[3]


class Command:
    """python -m localazure with a state folder of the test's own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        # Instances are this machine's, not a folder's: a name of its own keeps tests that run side by side apart.
        self.name = f"t{os.getpid()}"
        self.other = f"{self.name}-other"
        self.environment = {
            **os.environ, "LOCALAZURE_HOME": str(home), "LOCALAZURE_INSTANCE": self.name, "PYTHONPATH": str(ROOT),
        }  # fmt: skip

    def __call__(self, *arguments: str, status: int = 0) -> str:
        command = [sys.executable, "-m", "localazure", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def status(self, instance: str | None = None) -> dict[str, Any]:
        command = [sys.executable, "-m", "localazure", "status", "--json", "--instance", instance or self.name]
        value: dict[str, Any] = json.loads(subprocess.run(command, env=self.environment, capture_output=True).stdout)
        return value


@pytest.fixture
def localazure(tmp_path: Path) -> Iterator[Command]:
    pytest.importorskip("localazure.machines.fake.platform")
    command = Command(tmp_path / "instances")
    yield command
    for name in (command.name, command.other):
        command("down", "--instance", name)


def test_up_says_what_the_machines_are_does_nothing_twice_and_env_tells_a_shell(localazure: Command) -> None:
    assert "FAKE machines" in localazure("up", "--machines", "fake")
    first = localazure.status()
    assert first["running"]
    assert first["machines"] == "fake"
    assert "runs already" in localazure("up", "--machines", "fake")
    assert localazure.status()["pid"] == first["pid"]
    assert "take it down first" in localazure("up", "--machines", "nspawn", status=1)
    assert "runs with another --cores and --registry" in localazure("up", "--registry", "--cores", "7", status=1)
    lines = localazure("env").splitlines()
    values = dict(shlex.split(line.removeprefix("export "))[0].split("=", 1) for line in lines)
    assert values["LOCALAZURE_SUFFIX"] == f"{localazure.name}.test"
    assert values["LOCALAZURE_ENDPOINT"] == first["endpoint"]
    assert Path(values["AZURE_CONFIG_DIR"]).stat().st_mode & 0o777 == 0o700
    assert "BEGIN CERTIFICATE" in Path(values["REQUESTS_CA_BUNDLE"]).read_text()


def test_two_instances_run_at_once_and_know_nothing_of_each_other(localazure: Command) -> None:
    localazure("up", "--machines", "fake")
    localazure("up", "--machines", "fake", "--instance", localazure.other, "--time-scale", "0.5")
    one, other = localazure.status(), localazure.status(localazure.other)
    assert one["port"] != other["port"]
    assert one["subscription"] != other["subscription"]
    assert (one["time_scale"], other["time_scale"]) == (0.02, 0.5)
    localazure("down", "--instance", localazure.other)
    assert localazure.status()["running"]


def test_after_a_kill_up_goes_on_at_the_same_port_and_down_removes_all_and_harms_nobody(localazure: Command) -> None:
    localazure("up", "--machines", "fake")
    before = localazure.status()
    os.kill(before["pid"], signal.SIGKILL)
    eventually(lambda: not localazure.status()["running"])
    assert "not running" in localazure("status", status=3)
    localazure("up", "--machines", "fake")
    after = localazure.status()
    assert after["pid"] != before["pid"]
    assert (after["port"], after["tenant"]) == (before["port"], before["tenant"])
    os.kill(after["pid"], signal.SIGKILL)
    # A stale server.json may name the process of somebody else by now.
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        state = localazure.home / localazure.name / "server.json"
        state.write_text(json.dumps({**json.loads(state.read_text()), "pid": stranger.pid}))
        localazure("down")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    assert not localazure.home.exists()


def test_a_kept_state_goes_on_at_the_next_up(localazure: Command) -> None:
    assert "not running" in localazure("env", status=3)
    localazure("up", "--machines", "fake", "--docker-extension", "uksouth=published")
    before = localazure.status()
    assert "stays in" in localazure("down", "--keep-state")
    assert not localazure.status()["running"]
    localazure("up")
    after = localazure.status()
    assert (after["port"], after["docker_extension"]) == (before["port"], {"uksouth": "published"})


@pytest.mark.parametrize(
    "arguments",
    [("up", "--instance", "Bad_Name"), ("up", "--docker-extension", "westmars=published"), ("up", "--time-scale", "x")],
)
def test_bad_arguments_are_refused_and_nothing_is_made(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    command = Command(tmp_path / "instances")
    command(*arguments, status=1 if "--instance" in arguments else 2)
    assert not command.home.exists()
