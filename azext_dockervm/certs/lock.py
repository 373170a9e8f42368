"""FolderLock: one process at a time changes the certificates, or the docker client's contexts, of a folder."""

from __future__ import annotations

import errno
import importlib
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from azext_dockervm.advice.certificates import BUSY_FOLDER
from azext_dockervm.errors import CertificateFileError

LOCK_FILE = ".dockervm.lock"

# Making a set takes milliseconds. Who holds the lock longer is stopped (Ctrl-Z, a debugger) or on a dead network share.
WAIT_SECONDS = 30.0
POLL_SECONDS = 0.02

# What the systems answer for "another process has it": flock; LockFile by way of the Windows C library.
_HELD = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)


class FolderLock:
    """An advisory lock on ``.dockervm.lock`` in the folder, for a ``with`` block.

    The system lets go of it when the process dies, however it dies. The file stays: were it deleted, a process that
    waits on the old file and one that made a new file would both think that they are alone.

    Raises CertificateFileError if the file can't be made or if the lock is not to be had within ``wait`` seconds.
    """

    def __init__(self, folder: Path, wait: float = WAIT_SECONDS, holds: str = "certificates") -> None:
        self.path = folder / LOCK_FILE
        self._wait, self._holds = wait, holds
        self._descriptor: int | None = None

    def __enter__(self) -> FolderLock:
        deadline = time.monotonic() + self._wait
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except OSError as error:
            raise CertificateFileError(f"The folder {self.path.parent} can't be written: {error.strerror} "
                                       f"({LOCK_FILE}).") from error
        try:
            while not self._try(descriptor):
                if time.monotonic() >= deadline:
                    raise CertificateFileError(
                        f"Another process has been changing the {self._holds} in {self.path.parent} for "
                        f"{self._wait:.0f} seconds (it holds {self.path}).",
                        BUSY_FOLDER)
                time.sleep(POLL_SECONDS)
        except BaseException:  # Ctrl-C while waiting too: the file must not stay open
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        if self._descriptor is not None:
            _unlock(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _try(self, descriptor: int) -> bool:
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno in _HELD:
                return False
            raise CertificateFileError(f"{self.path} can't be locked: {error.strerror}.") from error
        return True


def _lock(descriptor: int) -> None:
    """Take the lock or raise OSError at once. Only one of the two modules exists on a system."""
    try:
        import fcntl
    except ImportError:
        msvcrt = _windows_c_library()
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        # flock rather than lockf: it also keeps two threads of one process apart, and closing some other descriptor of
        # the file does not drop it.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:
        msvcrt = _windows_c_library()
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _windows_c_library() -> Any:
    """Elsewhere the types of this module are not known either."""
    return importlib.import_module("msvcrt")
