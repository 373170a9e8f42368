"""SIGKILL at every change of the disk that a function makes, in a child process each."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

# What changes a disk. Reading, syncing and closing leave nothing for others to see, so a kill at one of those is the
# same as one before the next of these; likewise "after" an operation is "before" the next one.
CHANGES = ("mkdir", "open", "fchmod", "write", "rename", "replace", "unlink", "rmdir")


def killed(action, number: int, when: str) -> bool:
    """Run ``action`` in a child that kills itself ``before`` its ``number``-th change of the disk, or in the ``middle``
    of its ``number``-th write, half of the bytes written. False if it ended first."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0, "the child failed by itself"
        return os.WIFSIGNALED(status)
    count = 0

    def hooked(name, real):
        def operation(*arguments, **more):
            nonlocal count
            if name == "write" or when == "before" and (name != "open" or arguments[1] & os.O_CREAT):
                count += 1
                if count == number:
                    if when == "middle":
                        real(arguments[0], bytes(arguments[1])[:len(arguments[1]) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **more)

        return operation

    for name in CHANGES:
        setattr(os, name, hooked(name, getattr(os, name)))
    try:
        action()
        os._exit(0)
    finally:
        os._exit(1)


def kill_points(prepare, action, least: int):
    """Yield a folder for each point at which ``action`` was killed. There must be at least ``least`` such points, so
    that no test passes by killing nothing."""
    points = 0
    for when in ("before", "middle"):
        number = 1
        while True:
            folder = prepare()
            if not killed(lambda: action(folder), number, when):  # noqa: B023  called at once
                break
            yield folder, f"{when} change {number}"
            number += 1
            points += 1
    assert points >= least, points


def fresh_folders(parent: Path, word: str) -> Callable[..., Path]:
    """A function that makes the path of a folder that does not exist yet; with a template, a copy of it."""
    count = 0

    def make(template: Path | None = None) -> Path:
        nonlocal count
        count += 1
        path = parent / f"{word}{count}"
        return Path(shutil.copytree(template, path)) if template else path

    return make
