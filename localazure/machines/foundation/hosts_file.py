"""Names of public addresses in /etc/hosts: one marked block per instance, gone without a trace when it is empty."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from localazure.machines.foundation.mounts import is_mount_point

HOSTS = Path("/etc/hosts")
# Said in the block's first line when the file did not end with a newline, so that removal restores every byte.
_ADDED_NEWLINE = "a newline was added before this line"


def with_names(text: str, instance: str, names: Mapping[str, str]) -> str:
    """The text with this instance's block saying `names` (name → address); without a block when there are none."""
    text = without_block(text, instance)
    if not names:
        return text
    note = "" if not text or text.endswith("\n") else f" ({_ADDED_NEWLINE})"
    lines = "".join(f"{address} {name}\n" for name, address in sorted(names.items()))
    return f"{text}{chr(10) if note else ''}# localazure {instance} begin{note}\n{lines}# localazure {instance} end\n"


def without_block(text: str, instance: str) -> str:
    """The text as it was before this instance's block."""
    name = re.escape(instance)
    block = re.compile(
        rf"(?P<before>\n?)^# localazure {name} begin(?P<note>[^\n]*)\n.*?^# localazure {name} end\n", re.M | re.S
    )
    return block.sub(lambda found: "" if _ADDED_NEWLINE in found["note"] else found["before"], text)


def update(instance: str, names: Mapping[str, str], path: Path | None = None) -> bool:
    """Write the instance's block; callers hold the machine's lock. False when this user may not write the file."""
    path = path or HOSTS
    if not os.access(path, os.W_OK):
        return False
    before = path.read_text(encoding="utf-8", errors="surrogateescape")
    after = with_names(before, instance, names)
    if after != before:
        _replace(path, after.encode("utf-8", errors="surrogateescape"))
    return True


def _replace(path: Path, content: bytes) -> None:
    """Swap the file in one step; where it is a mount of its own (containers), write it in place."""
    if is_mount_point(path) or path.is_symlink() or not os.access(path.parent, os.W_OK):
        path.write_bytes(content)
        return
    stat = path.stat()
    descriptor, fresh = tempfile.mkstemp(prefix=".hosts-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.chmod(fresh, stat.st_mode & 0o7777)
        os.chown(fresh, stat.st_uid, stat.st_gid)
        os.replace(fresh, path)
    except BaseException:  # also an interrupted one leaves no file behind
        os.unlink(fresh)
        raise
