"""The agent of booted guests: runs scripts in a guest as the managed run-command handler does.

A command enters the guest's namespaces and its control groups. Script and environment go through a pipe: nothing of
them is in the arguments or the environment of a process of this machine.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from localazure.machines import enter
from localazure.machines.cgroups import MachineCgroups
from localazure.machines.machine import MachineError, RunResult

# The mark of rootfs/etc/systemd/system/localazure-ready.service.
READY_MARK = "run/localazure/ready"
# What is kept of each stream: handlers report the last 4 KB, people want a little more.
KEPT_BYTES = 1024 * 1024
TIMED_OUT = 124
_PROGRAM = Path(__file__).with_name("guest_run.py").read_text(encoding="utf-8")
_runs = itertools.count(1)


class GuestAgent:
    """Commands in one guest. `folder` is the machine's folder on this machine."""

    def __init__(self, folder: Path, cgroups: MachineCgroups) -> None:
        self._folder = folder
        self._cgroups = cgroups

    def ready(self) -> int | None:
        """The guest's process 1 when it takes commands, else None."""
        leader = self._cgroups.leader()
        if leader is None:
            return None
        try:
            os.lstat(f"/proc/{leader}/root/{READY_MARK}")
        except OSError:
            return None
        return leader

    def run(
        self, leader: int, script: str, arguments: Sequence[tuple[str, str]], timeout: float, user: str | None
    ) -> RunResult:
        """Run a script in the guest whose process 1 is `leader`."""
        name = f"{os.getpid()}-{next(_runs)}"
        job = {"name": name, "script": script, "environment": dict(arguments), "user": user, "root": ""}
        groups = self._cgroups.make_run(name)
        folder = self._folder / "runs" / name
        folder.mkdir(parents=True, mode=0o700)
        try:
            with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
                process = subprocess.Popen(
                    enter_command(leader, groups), stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True
                )
                code = self._wait(process, json.dumps(job).encode(), name, timeout)
            stdout, stderr = tail(folder / "stdout"), tail(folder / "stderr")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            self._cgroups.remove_run(name)
        if code is None:
            return RunResult(TIMED_OUT, stdout, f"{stderr}the script did not end within {timeout:g} s\n", True)
        if code > 128 and self._cgroups.leader() != leader:
            stderr += "the machine went down while the script ran\n"
        return RunResult(code, stdout, stderr)

    def _wait(self, process: subprocess.Popen[bytes], job: bytes, name: str, timeout: float) -> int | None:
        """Hand over the job and wait; None when the deadline passed and everything of the run was ended."""
        deadline = time.monotonic() + timeout
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # the guest went away before it read the job: its status says so
            with process.stdin:
                process.stdin.write(job)
        try:
            return process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._cgroups.kill_run(name)
            process.send_signal(signal.SIGKILL)
            process.wait()
            return None


def enter_command(leader: int, groups: Sequence[Path]) -> list[str]:
    """The command that joins the groups, enters the guest and reads a job there."""
    return [
        sys.executable, "-I", "-S", enter.__file__, str(leader), *map(str, groups), "--",
        "/usr/bin/python3", "-I", "-S", "-c", _PROGRAM,
    ]  # fmt: skip


def tail(path: Path) -> str:
    """The end of an output file as text."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - KEPT_BYTES))
        return file.read().decode(errors="replace")


def check_script(script: str, arguments: Sequence[tuple[str, str]]) -> None:
    """Refuse what no environment can hold."""
    if "\0" in script:
        raise MachineError("InvalidScript", "the script contains a null character")
    for name, value in arguments:
        if not name or "=" in name or "\0" in name + value:
            raise MachineError("InvalidParameter", f"{name!r} can't be the name of an environment variable")
