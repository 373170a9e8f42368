"""What is mounted where on this machine, by the kernel's own word."""

from __future__ import annotations

import os
import re
from pathlib import Path

from localazure.machines.foundation.commands import succeeds

MOUNTINFO = Path("/proc/self/mountinfo")
# Where `ip netns` keeps the namespaces of all instances, and the mark in the run folder that it mounted that for us.
NAMESPACES = Path("/run/netns")
NAMESPACES_MARK = "netns-mounted"


def mount_points() -> list[Path]:
    """All mount points, in the order in which they were mounted."""
    return [Path(_plain(line.split()[4])) for line in MOUNTINFO.read_text(encoding="utf-8").splitlines()]


def is_mount_point(path: str | Path) -> bool:
    """Unlike `os.path.ismount` this also sees a bind mount from the same file system, such as the one that `ip netns`
    makes of its folder, or a container engine of a file."""
    return Path(os.path.realpath(path)) in mount_points()


def unmount_namespaces(run_folder: Path) -> None:
    """Undo the mount that the first `ip netns add` of an instance made, when no namespace of anybody is left."""
    mark = run_folder / NAMESPACES_MARK
    if mark.exists() and NAMESPACES.is_dir() and not any(NAMESPACES.iterdir()):
        succeeds(["umount", NAMESPACES])
        NAMESPACES.rmdir()
        mark.unlink()


def _plain(field: str) -> str:
    """The kernel writes spaces, tabs, line ends and backslashes as octal numbers (proc(5))."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
