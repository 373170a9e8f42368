"""Debian packages unpacked into the cache: for programs that shall neither be installed nor started by the system."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from localazure import files


class PackageError(Exception):
    """A package could not be had; the message says which, why and what to do."""


def unpacked(package: str) -> Path:
    """The root folder of a package from this machine's own apt sources; downloaded once. Needs no root.

    Installing docker-registry would start it on port 5000 of this machine, which nobody asked for.
    """
    base = files.cache() / "debian"
    folder = base / package
    if folder.exists():
        return folder
    base.mkdir(parents=True, exist_ok=True)
    with (base / f"{package}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=base) as work:
                archive = _download(package, Path(work))
                _run(["dpkg-deb", "-x", str(archive), "root"], Path(work), package)
                os.replace(Path(work) / "root", folder)
    return folder


def _download(package: str, folder: Path) -> Path:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise PackageError(f"{package} comes from Debian's archive, and this machine has no apt-get and dpkg-deb.")
    try:
        _run(["apt-get", "download", "-q", package], folder, package)
    except PackageError:
        if os.geteuid() != 0:  # only root may refresh the lists, which may be missing or out of date
            raise
        _run(["apt-get", "update", "-q"], folder, package)
        _run(["apt-get", "download", "-q", package], folder, package)
    return next(folder.glob(f"{package}_*.deb"))


def _run(command: list[str], folder: Path, package: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise PackageError(f"{package} can't be had ({' '.join(command[:2])}: {reason}). Try: sudo apt-get update")
