"""Stand-in for systemd-run: a command as a unit of its own, which `systemctl stop` ends. Standard library only.

With --pipe the command has the caller's standard streams. A unit lives as long as this process, which holds a lock on
the unit's file; the file tells its number. Properties are taken and have no effect: what confines a unit on a real
machine is not there. The door of `az dockervm` is a unit as any other, but for its place (door_place.py).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from localazure import files
from localazure.machines.fake import door_place

FOLDER = "run/systemd/transient"
SWITCHES = {"-q": "--quiet", "-P": "--pipe", "-G": "--collect", "--wait": "--wait"}
VALUED = {"-u": "--unit", "-p": "--property"}
# systemd's DefaultTimeoutStopSec is 90; a unit of a fake machine has little to put in order.
STOP_TIMEOUT_S = 2
POLL_S = 0.02
# What systemd takes for a clean end, besides status 0.
CLEAN = {-signal.SIGTERM, -signal.SIGHUP, -signal.SIGINT, -signal.SIGPIPE}


@dataclass(frozen=True)
class Order:
    """What systemd-run was asked for."""

    unit: str
    options: frozenset[str]
    command: list[str]


def parse(words: list[str]) -> Order:
    """systemd-run's arguments. Raises ValueError for those that the stand-in does not know."""
    switches = {**SWITCHES, **{name: name for name in SWITCHES.values()}}
    valued = {**VALUED, **{name: name for name in VALUED.values()}}
    options, unit, rest = set(), f"run-{os.getpid()}", list(words)
    while rest and rest[0].startswith("-"):
        name, equals, value = rest.pop(0).partition("=")
        if name == "--":
            break
        if name in switches and not equals:
            options.add(switches[name])
        elif name in valued and (equals or rest):
            value = value if equals else rest.pop(0)
            unit = value.removesuffix(".service") if valued[name] == "--unit" else unit
        else:
            raise ValueError(f"a fake machine's systemd-run does not know {name}")
    if not rest or "/" in unit:
        raise ValueError("Command line to execute required." if not rest else f"Failed to mangle unit name {unit}")
    if not options & {"--pipe", "--wait"}:
        raise ValueError("a fake machine's systemd-run needs --pipe or --wait: nothing would look after the unit")
    return Order(unit, frozenset(options), rest)


def systemd_run(root: Path, order: Order) -> int:
    """Run the command until it ends or is ended; the exit status is systemd-run's. Raises ValueError."""
    with _registered(root, order.unit) as number:
        is_door = order.unit == door_place.UNIT
        given = None if "--pipe" in order.options else subprocess.DEVNULL
        try:
            process = subprocess.Popen(
                order.command, env=_environment(), start_new_session=True, cwd=root,
                stdin=subprocess.PIPE if is_door else given, stdout=subprocess.PIPE if is_door else given,
                stderr=given,
            )  # fmt: skip
        except OSError as error:
            raise ValueError(f"Failed to find executable {order.command[0]}: {error.strerror}") from error
        _end_at_signals(process)
        number.write(str(os.getpid()))  # not before: from now on signals end the command, too
        number.flush()
        if "--quiet" not in order.options:
            os.write(2, f"Running as unit: {order.unit}.service\n".encode())
        if is_door:
            door_place.serve(process)
        code = process.wait()
        _signal_all(process, signal.SIGKILL)  # what it has started ends with it
    return code if code > 0 else 0 if code == 0 or code in CLEAN else 1


def lives(root: Path, unit: str) -> bool:
    """Whether there is such a unit now."""
    return files.is_held(_file(root, unit))


def stop(root: Path, unit: str) -> None:
    """End the unit; returns when it has ended."""
    while lives(root, unit):
        # At its beginning there is no number yet. While the lock is held the number is nobody else's.
        with contextlib.suppress(ValueError, ProcessLookupError):
            os.kill(int(_file(root, unit).read_text()), signal.SIGTERM)
        time.sleep(POLL_S)


@contextlib.contextmanager
def _registered(root: Path, unit: str) -> Iterator[TextIO]:
    """The unit's file, empty, with its lock held."""
    file = _file(root, unit)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            already = f"Unit {unit}.service was already loaded or has a fragment file."
            raise ValueError(f"Failed to start transient service unit: {already}") from None
        lock.truncate(0)
        yield lock


def _file(root: Path, unit: str) -> Path:
    return root / FOLDER / f"{unit}.service"


def _environment() -> dict[str, str]:
    """A unit inherits nothing but what a fake machine's programs are confined and found by."""
    kept = ("LOCALAZURE_", "DOCKERVM_ROOT", "DOCKERVM_ADDRESS")
    found = {name: value for name, value in os.environ.items() if name.startswith(kept) and name != "LOCALAZURE_RUN"}
    return {**found, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


def _end_at_signals(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, which comes again and again, ends the command; where it does not heed that, the alarm does."""

    def end(*_: object) -> None:
        if signal.getitimer(signal.ITIMER_REAL)[0] == 0:
            signal.alarm(STOP_TIMEOUT_S)
            _signal_all(process, signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGALRM, lambda *_: _signal_all(process, signal.SIGKILL))


def _signal_all(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
