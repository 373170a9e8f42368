"""A context changes whole or not at all, whatever kills the process and when. All of it under the lock of the store.

docker lists what has a ``meta.json`` below ``contexts/meta``, at any depth, and takes every file below
``contexts/tls``: so new files wait beside both, in ``contexts/.dockervm-staging``, synced. A rename to
``.dockervm-pending`` is the commit; then each file is renamed to its place, ``meta.json`` last, by which a new context
appears. Killed before the commit, what is staged is rubbish that the next run deletes; after it, the next run finishes
(``recover``).

In a refreshed context a kill can leave files of two sets, which docker refuses, until the next run: never none, with
which docker would speak without TLS. For the same reason ``meta.json`` goes first when a context is removed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from azext_dockervm.certs.transaction import delete, rename, sync_folder, write_new
from azext_dockervm.contexts.files import Json, file_errors, read_object
from azext_dockervm.secret import Secret

META, META_FILE, TLS, ENDPOINT = "meta", "meta.json", "tls", "docker"
STAGING, PENDING, REMOVING = ".dockervm-staging", ".dockervm-pending", ".dockervm-removing"

# As docker makes them: what a context is may be read by all, the certificates by nobody else.
_META_MODE, _TLS_MODE = 0o644, 0o600
_META_FOLDER, _TLS_FOLDER = 0o755, 0o700

Files = Mapping[str, bytes | Secret[bytes]]


def context_id(name: str) -> str:
    """The name of the context's folders."""
    # surrogatepass: JSON can hold what is no text, in names that somebody wrote by hand.
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def meta_file(root: Path, name: str) -> Path:
    return root / META / context_id(name) / META_FILE


def tls_folder(root: Path, name: str) -> Path:
    return root / TLS / context_id(name) / ENDPOINT


def make(folder: Path, mode: int) -> None:
    """With what is missing above it."""
    if not folder.is_dir():
        make(folder.parent, mode)
        with suppress(FileExistsError):     # another process was first
            os.mkdir(folder, mode)


def put(root: Path, meta: Json, files: Files, is_new: bool) -> None:
    """Make the context that ``meta`` names, or give it another ``meta`` and other ``files``."""
    staging = root / STAGING
    with file_errors(root, "written"):
        os.mkdir(staging, _TLS_FOLDER)
        write_new(staging / META_FILE, json.dumps(meta).encode(), _META_MODE)
        for name, content in files.items():
            data = content.reveal() if isinstance(content, Secret) else content
            write_new(staging / name, data, _TLS_MODE)
        sync_folder(staging)
        if is_new:      # no context's; docker, too, deletes it before it makes one
            delete(root / TLS / context_id(meta["Name"]))
        rename(staging, root / PENDING)
        sync_folder(root)
        _finish(root)


def remove(root: Path, name: str) -> None:
    removing, meta = root / REMOVING, meta_file(root, name).parent
    with file_errors(root, "written"):
        os.mkdir(removing, _TLS_FOLDER)
        rename(meta, removing / META)
        _finish_removal(root)


def recover(root: Path, is_another_s: Callable[[str], bool]) -> None:
    """Finish what a process that died had committed, delete what it had not. ``is_another_s``: whether by now there is
    a context of this name that is not ours."""
    with file_errors(root, "tidied after an interrupted run"):
        delete(root / STAGING)
        if os.path.lexists(root / PENDING):
            meta = read_object(root / PENDING / META_FILE)
            if meta and is_another_s(meta["Name"]):
                delete(root / PENDING)
            else:
                _finish(root)
        if os.path.lexists(root / REMOVING):
            _finish_removal(root)


def _finish(root: Path) -> None:
    pending = root / PENDING
    meta = read_object(pending / META_FILE)
    if meta:
        tls, described = tls_folder(root, meta["Name"]), meta_file(root, meta["Name"])
        make(tls, _TLS_FOLDER)
        make(described.parent, _META_FOLDER)
        for path in sorted(pending.iterdir()):
            if path.name != META_FILE:
                rename(path, tls / path.name)
        sync_folder(tls)
        rename(pending / META_FILE, described)
        sync_folder(described.parent)
    rename(pending, root / STAGING)
    delete(root / STAGING)


def _finish_removal(root: Path) -> None:
    """Its certificates too, unless somebody has made a context of this name meanwhile."""
    removing = root / REMOVING
    meta = read_object(removing / META / META_FILE)
    if meta and not meta_file(root, meta["Name"]).exists():
        delete(root / TLS / context_id(meta["Name"]))
    delete(removing)
