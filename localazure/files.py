"""Files: private from the moment of their creation, replaced in one step, held as locks; and the cache's folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def write_private(path: Path, data: bytes) -> None:
    """Write a file in place. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)  # one that was there may have had another mode
        file.write(data)


def replace_private(path: Path, data: bytes) -> None:
    """Write a file in one step: a reader sees the old content or the new one. Raises OSError."""
    fresh = path.with_name(f"{path.name}.new")
    write_private(fresh, data)
    os.replace(fresh, path)


def is_held(lock: Path) -> bool:
    """Whether a process holds this lock file, and so lives."""
    try:
        with lock.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def cache() -> Path:
    """The folder of what is downloaded or built once for all instances."""
    named = os.environ.get("DOCKERVM_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "az-dockervm"
