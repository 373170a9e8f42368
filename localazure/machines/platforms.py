"""Which kinds of machines there are, and which of them this machine can have."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from localazure.machines.machine import MachineError, Platform


def usable_kind() -> str:
    """ "nspawn" where guests can be booted for real (root, systemd-nspawn, nft, ip, overlay), else "fake"."""
    tools = ("systemd-nspawn", "mmdebstrap", "nft", "ip", "nsenter")
    root = sys.platform == "linux" and os.geteuid() == 0
    return "nspawn" if root and all(shutil.which(tool) for tool in tools) else "fake"


def platform_for(kind: str, state_dir: Path, instance: str) -> Platform:
    """The platform of this kind: "nspawn", "fake", or "auto" for the better one that works here.

    `state_dir` is the instance's folder; the platform keeps to `state_dir/machines`. Nothing is touched before start().
    """
    if kind == "auto":
        kind = usable_kind()
    if kind == "nspawn":
        from localazure.machines.nspawn.platform import NspawnPlatform

        return NspawnPlatform(state_dir, instance)
    if kind == "fake":
        from localazure.machines.fake.platform import FakePlatform

        return FakePlatform(state_dir, instance)
    raise MachineError("UnknownPlatform", f"machines are 'nspawn', 'fake' or 'auto', not {kind!r}")
