"""A script that runs in a machine: what is refused, how the job is handed over, what is kept of its output."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localazure.machines.machine import MachineError, RunResult

# The program that reads a job and runs it, where the script shall run.
GUEST_RUN = Path(__file__).with_name("guest_run.py")
# What is kept of each stream: handlers report the last 4 KB, people want a little more.
KEPT_BYTES = 1024 * 1024
TIMED_OUT = 124
# How long guest_run.py may take to kill a script at its deadline, in seconds.
GRACE_S = 10.0
_runs = itertools.count(1)


@dataclass(frozen=True)
class Command:
    """What starts guest_run.py. `end` ends the process and all that its script has started; it returns when they have.

    `environment` None is this process's own.
    """

    words: Sequence[str]
    end: Callable[[subprocess.Popen[bytes]], None]
    environment: Mapping[str, str] | None = None


def new_run() -> str:
    """The name of a run, which no other run of a live server has."""
    return f"{os.getpid()}-{next(_runs)}"


def perform(
    command: Command, job: dict[str, Any], folder: Path, timeout: float, thoroughly: bool = False
) -> RunResult:
    """Run a job of guest_run.py. `folder` is made for its output and removed again; `timeout` in seconds.

    At its deadline the script alone is killed; `thoroughly`: with all that it has started.
    """
    try:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700)
    except FileNotFoundError:
        raise _deleted() from None
    job = {**job, "timeout": None if thoroughly else timeout}
    patience = timeout if thoroughly else timeout + GRACE_S
    began = time.monotonic()
    try:
        with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
            process = subprocess.Popen(
                command.words, stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True,
                env=None if command.environment is None else dict(command.environment),
            )  # fmt: skip
            code = _finish(process, json.dumps(job).encode(), patience, command.end)
        stdout, stderr = tail(folder / "stdout"), tail(folder / "stderr")
    except FileNotFoundError:
        raise _deleted() from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if code is None or (code == TIMED_OUT and not thoroughly and time.monotonic() - began >= timeout):
        return RunResult(TIMED_OUT, stdout, f"{stderr}the script did not end within {timeout:g} s\n", True)
    return RunResult(code, stdout, stderr)


def _deleted() -> MachineError:
    return MachineError("MachineNotFound", "the machine was deleted while something ran on it")


def _finish(
    process: subprocess.Popen[bytes], job: bytes, timeout: float, end: Callable[[subprocess.Popen[bytes]], None]
) -> int | None:
    """Hand over the job and wait; None when the deadline passed and everything of the run was ended."""
    deadline = time.monotonic() + timeout
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # the guest went away before it read the job: its status says so
        with process.stdin:
            process.stdin.write(job)
    try:
        return process.wait(timeout=max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        end(process)
        return None


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
