"""Enters a guest: joins control groups, then the namespaces of the guest's process 1, and runs one program in it.

Run as `python enter.py LEADER GROUP... -- PROGRAM ARGUMENT...`; standard library only. nsenter won't do: it stops
itself when its child is stopped, as systemd does to all at shutdown, and then holds up the guest's end forever.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

# The mount namespace comes last: after it, /proc is the guest's.
NAMESPACES = ("ipc", "uts", "net", "pid", "cgroup", "mnt")


def main() -> int:
    """The program's exit status; 128 + n when signal n ended it."""
    cut = sys.argv.index("--")
    leader, groups, program = sys.argv[1], sys.argv[2:cut], sys.argv[cut + 1 :]
    for group in groups:
        Path(group, "cgroup.procs").write_text(str(os.getpid()))
    enter(leader)
    child = os.fork()
    if child == 0:
        try:
            os.execve(program[0], program, {})
        finally:
            os._exit(127)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def enter(leader: str) -> None:
    """Join the namespaces of a process; children are born in its PID namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    handles = [os.open(f"/proc/{leader}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in NAMESPACES]
    for name, handle in zip(NAMESPACES, handles, strict=True):
        if libc.setns(handle, 0) != 0:
            raise OSError(ctypes.get_errno(), f"can't enter the guest's {name} namespace")


if __name__ == "__main__":
    sys.exit(main())
