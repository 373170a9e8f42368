"""The agent of booted guests: runs scripts in a guest as the managed run-command handler does.

A command enters the guest's namespaces and its control groups. Script and environment go through a pipe: nothing of
them is in the arguments or the environment of a process of this machine.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from localazure.machines.foundation import scripts
from localazure.machines.machine import RunResult
from localazure.machines.nspawn import enter
from localazure.machines.nspawn.cgroups import MachineCgroups

# The mark of rootfs/etc/systemd/system/localazure-ready.service.
READY_MARK = "run/localazure/ready"
_PROGRAM = scripts.GUEST_RUN.read_text(encoding="utf-8")


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
        self, leader: int, script: str, arguments: Sequence[tuple[str, str]], timeout: float, user: str | None,
        thoroughly: bool = False,
    ) -> RunResult:  # fmt: skip
        """Run a script in the guest whose process 1 is `leader`."""
        name = scripts.new_run()
        job = {"name": name, "script": script, "environment": dict(arguments), "user": user, "root": ""}
        groups = self._cgroups.make_run(name)

        def end(process: subprocess.Popen[bytes]) -> None:
            self._cgroups.kill_run(name)
            process.send_signal(signal.SIGKILL)
            process.wait()

        command = scripts.Command(enter_command(leader, groups), end)
        try:
            result = scripts.perform(command, job, self._folder / "runs" / name, timeout, thoroughly)
        finally:
            self._cgroups.remove_run(name)
        if result.exit_code > 128 and self._cgroups.leader() != leader:
            return replace(result, stderr=f"{result.stderr}the machine went down while the script ran\n")
        return result


def enter_command(leader: int, groups: Sequence[Path]) -> list[str]:
    """The command that joins the groups, enters the guest and reads a job there."""
    return [
        sys.executable, "-I", "-S", enter.__file__, str(leader), *map(str, groups), "--",
        "/usr/bin/python3", "-I", "-S", "-c", _PROGRAM,
    ]  # fmt: skip
