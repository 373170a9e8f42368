"""A folder of a machine on a disk of its own that is full, or nearly: a real one, in the view of one process alone."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from script_machine import Answer, Machine


def may_mount() -> None:
    """Leaves the test out where nobody may."""
    mount = ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "/mnt"]
    if not shutil.which("unshare") or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk")


def in_own_view(machine: Machine, free_pages: int, action: str, folder: str = "/etc", **values: str) -> Answer:
    """Run an action with that much room in the folder, to which is copied what is there → its answer; the folder as it
    was then is /after."""
    small = machine.file(folder)
    script = f"""
cp -a {small} {machine.root}/saved
mount -t tmpfs -o size=256k,mode=755 tmpfs {small}
cp -a {machine.root}/saved/. {small}/
cat /dev/zero >{small}/filler 2>/dev/null || true
truncate -s -{4 * free_pages}K {small}/filler
"$@" || status=$?
cp -a {small} {machine.root}/after
rm {machine.root}/after/filler
exit "${{status:-0}}"
"""
    return machine.run(action, f"exec unshare -m sh -ec '{script}' sh \"$@\"", **values)
