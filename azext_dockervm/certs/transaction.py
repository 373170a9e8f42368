"""Transaction: several files of a folder change together or not at all, whatever kills the process and when.

A rename swaps one file atomically; several need a protocol. All of it happens under the folder's lock:

1. stage: the new files, copies of the old files that they replace, and a manifest go into ``.dockervm-staging``, and
   are synced to the disk.
2. commit: that folder is renamed to ``.dockervm-pending``. One rename; from here on the new files count.
3. finish: the copies are renamed to a ``dockervm-backup-…`` folder, then each new file to its final name.
4. clean: the pending folder is renamed back to staging, and deleted.

Killed before 2, the old files are untouched, and what is staged is rubbish that the next run deletes. Killed after it,
the next run finishes (``recover``). A final name only ever changes by a rename of a whole, synced file.

Should somebody have changed the files by hand between a kill and the next run, nothing of theirs is overwritten: the
pending folder is put aside as ``dockervm-backup-…-unfinished`` and their files count.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from azext_dockervm.advice.certificates import LINK, for_missing_rights
from azext_dockervm.errors import CertificateFileError
from azext_dockervm.secret import Secret

STAGING = ".dockervm-staging"
PENDING = ".dockervm-pending"
BACKUP_PREFIX = "dockervm-backup-"

FOLDER_MODE = 0o700
PRIVATE_MODE = 0o600
PUBLIC_MODE = 0o644

# A certificate takes about 1 KB, a chain some KB. Whatever is bigger was not meant for us.
LARGEST_FILE = 1 << 20

_MANIFEST = "manifest.json"
_COPIES = "copies"

# No path in the folder is longer than this one: where the system takes it, it takes them all.
LONGEST_PATH = f"{BACKUP_PREFIX}20260131T120000Z-unfinished-99/{_MANIFEST}"

# Windows refuses to rename or delete a file, and a folder with a file in it, while another program has it open, which
# docker and virus scanners do for milliseconds.
_TRIES = 20 if os.name == "nt" else 1
_PAUSE = 0.05

# What file systems answer that can't sync a folder: some network shares, some of FUSE.
_NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)

# Of a path that is too long, so much is shown of either end.
_SHOWN_ENDS = 60


@dataclass(frozen=True)
class NewFile:
    """What a file is to hold. A Secret gets mode 0600, anything else 0644."""

    content: bytes | Secret[bytes]

    @property
    def mode(self) -> int:
        return PRIVATE_MODE if isinstance(self.content, Secret) else PUBLIC_MODE

    @property
    def data(self) -> bytes:
        return self.content.reveal() if isinstance(self.content, Secret) else self.content


def is_pending(folder: Path) -> bool:
    """Whether a change was committed and is not finished: the files in the folder may be of two sets."""
    return os.path.lexists(folder / PENDING)


def has_leftovers(folder: Path) -> bool:
    """Whether another process is changing the folder now, or died while it did."""
    return is_pending(folder) or os.path.lexists(folder / STAGING)


def change(folder: Path, files: Mapping[str, NewFile], keep: bool = False) -> Path | None:
    """Give ``files``, by name and in this order, their new content, all or none of them. The caller holds the lock and
    has called ``recover``.

    ``keep`` copies the files that are replaced into a backup folder, whose path is returned; without it none of the
    files may exist. Raises CertificateFileError, before anything changes, for a file that can't be read or written,
    or is no plain file: a symbolic link may lead to a file that others use, or to another file system.
    """
    copies = {}
    for name in files:
        content = plain_content(folder / name)
        if content is not None:
            copies[name] = content
    if copies and not keep:
        raise CertificateFileError(f"{folder / next(iter(copies))} exists already.")
    backup = _unused(folder, BACKUP_PREFIX + datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")) if copies else None
    manifest = {
        "replaces": {name: _digest(content) for name, content in copies.items()},
        "writes": {name: _digest(file.data) for name, file in files.items()},
        "backup": backup.name if backup else None,
    }
    with file_errors(folder, "written"):
        _stage(folder / STAGING, files, copies, manifest)
        rename(folder / STAGING, folder / PENDING)
        sync_folder(folder)
        _finish(folder, manifest)
    return backup


def recover(folder: Path) -> None:
    """Bring the folder to rest after a process that died: finish what was committed, delete what was not. The caller
    holds the lock."""
    with file_errors(folder, "tidied after an interrupted run"):
        delete(folder / STAGING)
        pending = folder / PENDING
        if not os.path.lexists(pending):
            return
        manifest = _read_manifest(pending) if _is_ours(pending) else None
        if manifest is None or not _untouched(folder, manifest):
            rename(pending, _unused(folder, BACKUP_PREFIX + datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
                                    + "-unfinished"))
            sync_folder(folder)
        else:
            _finish(folder, manifest)


def _stage(staging: Path, files: Mapping[str, NewFile], copies: Mapping[str, bytes], manifest: dict[str, Any]) -> None:
    _persist(lambda: os.mkdir(staging, FOLDER_MODE))  # the old one may be on its way out
    for name, file in files.items():
        write_new(staging / name, file.data, file.mode)
    if copies:
        os.mkdir(staging / _COPIES, FOLDER_MODE)
        for name, content in copies.items():
            write_new(staging / _COPIES / name, content, PRIVATE_MODE)
        sync_folder(staging / _COPIES)
    write_new(staging / _MANIFEST, json.dumps(manifest).encode(), PRIVATE_MODE)
    sync_folder(staging)


def _finish(folder: Path, manifest: dict[str, Any]) -> None:
    """Steps 3 and 4; each part is skipped where it was done before."""
    pending = folder / PENDING
    if os.path.lexists(pending / _COPIES):
        rename(pending / _COPIES, _unused(folder, manifest["backup"]))
    for name in manifest["writes"]:
        if os.path.lexists(pending / name):
            rename(pending / name, folder / name)
    sync_folder(folder)
    rename(pending, folder / STAGING)
    delete(folder / STAGING)


def _untouched(folder: Path, manifest: dict[str, Any]) -> bool:
    """Whether nobody changed the files since the process died: each file that still waits finds the old content (or
    nothing) under its final name; each that was moved is still what was written."""
    for name, written in manifest["writes"].items():
        try:
            content = plain_content(folder / name)
        except CertificateFileError:
            return False
        now = None if content is None else _digest(content)
        if os.path.lexists(folder / PENDING / name):
            if now not in (None, manifest["replaces"].get(name)):
                return False
        elif now != written:
            return False
    return True


def _is_ours(pending: Path) -> bool:
    """Whether we, root or the folder's owner made it. In a folder that was open to others, somebody else's change may
    wait to be finished by us."""
    if not hasattr(os, "geteuid"):
        return True
    return os.lstat(pending).st_uid in (0, os.geteuid(), os.stat(pending.parent).st_uid)


def _read_manifest(pending: Path) -> dict[str, Any] | None:
    """None for what this module did not write: the manifest is synced before the commit, so it can't be half there."""
    try:
        manifest = json.loads((pending / _MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    ours = isinstance(manifest, dict) and manifest.keys() >= {"writes", "replaces", "backup"}
    return manifest if ours else None


def read_file(path: Path) -> bytes | None:
    """The file's content, through symbolic links; ``None`` where there is none. Raises CertificateFileError for what
    can't be read or is no file."""
    with file_errors(path, "read"):
        try:
            # O_NONBLOCK: opening a named pipe would wait for its other end.
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            if os.path.islink(path):
                raise CertificateFileError(f"{path} is a symbolic link to nothing.") from None
            return None
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise CertificateFileError(f"{path} is not a file.")
            content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise CertificateFileError(f"{path} is larger than {LARGEST_FILE >> 20} MB, too large for a certificate or a "
                                   "key.")
    return content


@contextmanager
def file_errors(path: Path, verb: str) -> Iterator[None]:
    """Turn an OSError into a CertificateFileError: "PATH can't be VERB: reason"."""
    try:
        yield
    except OSError as error:
        about, advice = _explain(path) if isinstance(error, (PermissionError, NotADirectoryError)) else ("", ())
        raise CertificateFileError(f"{_shown(path)} can't be {verb}: {error.strerror or error}{about}.",
                                   advice) from error


def _explain(path: Path) -> tuple[str, tuple[str, ...]]:
    """What stands in the way of the path or on the way to it, and the command where it is ours to change."""
    place, status = _last_in_sight(path)
    it = "it" if place == path else place
    is_folder = status is not None and stat.S_ISDIR(status.st_mode)
    if status is None or not hasattr(os, "geteuid"):
        return "", ()
    if place != path and not is_folder:
        return f"; {it} is a file", ()
    if status.st_uid != os.geteuid():
        return f"; {it} belongs to another user", ()
    if os.access(place, os.R_OK | os.W_OK | (os.X_OK if is_folder else 0)):
        return "", ()
    return f"; you lack permissions on {it}", for_missing_rights(place, is_folder)


def _last_in_sight(path: Path) -> tuple[Path, os.stat_result | None]:
    """The path itself or the nearest of its folders that something can be said about."""
    for place in (path, *path.parents):
        with suppress(OSError):
            return place, os.stat(place)
    return path, None


def _shown(path: Path) -> str:
    text = str(path)
    if len(text) <= 4 * _SHOWN_ENDS:
        return text
    return f"{text[:_SHOWN_ENDS]}…{text[-_SHOWN_ENDS:]} ({len(text)} characters)"


def plain_content(path: Path) -> bytes | None:
    """As ``read_file``, but a symbolic link is an error: what this returns may be replaced."""
    if os.path.islink(path):
        raise CertificateFileError(f"{path} is a symbolic link; only plain files are replaced.",
                                   LINK)
    return read_file(path)


def write_new(path: Path, data: bytes, mode: int) -> None:
    """A new file with these bytes, on the disk when this returns. It never exists with a wider mode than ``mode``."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, mode)
    try:
        if hasattr(os, "fchmod"):  # the umask may have taken more than wanted: ca.pem is 0644 under 077 as well
            with suppress(PermissionError):  # vfat can't show it; who may read the file is the mount's business there
                os.fchmod(descriptor, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view):]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename(source: Path, target: Path) -> None:
    """Also over a file that is there."""
    _persist(lambda: os.replace(source, target))


def delete(path: Path) -> None:
    """A file, a link or a folder with all in it; nothing where there is none."""
    def at_once() -> None:
        if os.path.islink(path) or os.path.isfile(path):
            os.unlink(path)
        elif os.path.lexists(path):
            shutil.rmtree(path)

    _persist(at_once)


def _persist(action: Callable[[], None]) -> None:
    """Do it, on Windows again and again for a second while another program stands in the way."""
    for left in reversed(range(_TRIES)):
        try:
            return action()
        except OSError as error:
            # ENOTEMPTY: a deleted file that somebody still has open stays in its folder until they close it.
            if not left or not (isinstance(error, PermissionError) or error.errno == errno.ENOTEMPTY):
                raise
            time.sleep(_PAUSE)


def sync_folder(path: Path) -> None:
    """Put the folder's names on the disk, so that a power cut can't undo a rename that later ones build on."""
    if os.name == "nt":  # folders can't be opened there; NTFS journals renames
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def _unused(folder: Path, name: str) -> Path:
    candidate, number = folder / name, 1
    while os.path.lexists(candidate):
        number += 1
        candidate = folder / f"{name}-{number}"
    return candidate


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
