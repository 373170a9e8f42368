"""Folder: the certificate folder itself: its name, whether it can be looked into, made and written."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from azext_dockervm.advice import certificates as advice
from azext_dockervm.certs import transaction
from azext_dockervm.certs.lock import LOCK_FILE
from azext_dockervm.errors import CertificateFileError


def full_path(text: str) -> Path:
    """The full path. Raises CertificateFileError for what can't be the name of a folder, or was not meant as one."""
    if not text.strip():
        raise CertificateFileError("The name of the certificate folder is empty.",
                                   advice.ANOTHER_FOLDER)
    try:
        fault = _fault(text)
        if fault:
            raise CertificateFileError(f"The name of the certificate folder {fault}: {text[:200]!r}.",
                                       advice.ANOTHER_NAME)
        return Path(os.path.abspath(Path(text).expanduser()))
    except RuntimeError as error:  # no HOME, or ~somebody who does not exist
        raise CertificateFileError(f"The home folder in '{text}' can't be found.", advice.FULL_PATH) from error
    except OSError as error:
        raise CertificateFileError(f"'{text}' can't be found: the current folder no longer exists.",
                                   advice.FULL_PATH) from error


def _fault(text: str) -> str | None:
    if text.strip("\r\n") != text:  # a script's slip: such a folder would be made beside the one that was meant
        return "begins or ends with a line break"
    if "\0" in text:
        return "has a NUL in it"
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return "has characters that this system does not allow in file names"
    return None


def check(folder: Path) -> None:
    """Raise for what is no folder, can't be looked into, or has a name that leaves no room for those of files. One that
    does not exist is fine."""
    with transaction.file_errors(folder, "read"):
        try:
            is_folder = stat.S_ISDIR(os.stat(folder).st_mode)
        except FileNotFoundError:
            if os.path.islink(folder):
                raise CertificateFileError(f"{folder} is a symbolic link to nothing.") from None
            is_folder = True
        if not is_folder:
            raise CertificateFileError(f"{folder} is a file, not a folder.")
        with suppress(FileNotFoundError):
            os.stat(folder / transaction.LONGEST_PATH)


def check_writable(folder: Path) -> None:
    """Raise what would stop the folder from being made or written, as far as that shows beforehand."""
    nearest = _nearest_existing(folder)
    _check_name_lengths(folder, nearest)
    if not os.path.isdir(nearest):
        raise CertificateFileError(f"{folder} can't be created: {nearest} is a file.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        why = "its file system is read-only" if _is_read_only(nearest) else f"you have no write permission in {nearest}"
        raise CertificateFileError(f"{folder} can't be written: {why}.")
    lock = folder / LOCK_FILE
    if os.path.exists(lock) and not os.access(lock, os.R_OK | os.W_OK):
        raise CertificateFileError(f"{folder} can't be written: you have no write permission on {lock}.")


def make(folder: Path) -> None:
    """Make the folder, for us alone, and what is missing above it. One that exists keeps its mode."""
    _check_name_lengths(folder, _nearest_existing(folder))
    with transaction.file_errors(folder, "created"), suppress(FileExistsError):
        os.makedirs(folder.parent, exist_ok=True)
        os.mkdir(folder, transaction.FOLDER_MODE)


def _check_name_lengths(folder: Path, nearest: Path) -> None:
    """Of a folder that is missing the system does not look at what is below it, and so not at names that are too long;
    making it would leave the part that could be made."""
    if not hasattr(os, "pathconf"):  # Windows
        return
    with transaction.file_errors(nearest, "read"):
        longest = os.pathconf(nearest, "PC_NAME_MAX")
    for part in map(os.fsencode, folder.relative_to(nearest).parts):
        if len(part) > longest:
            raise CertificateFileError(f"The certificate folder can't be created: '{os.fsdecode(part[:60])}…' in its "
                                       f"name is {len(part)} bytes long; the system allows {longest}.")


def _is_read_only(folder: Path) -> bool:
    if not hasattr(os, "statvfs"):  # Windows
        return False
    with transaction.file_errors(folder, "read"):
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _nearest_existing(folder: Path) -> Path:
    """The folder, or the nearest of its parents that exists."""
    for path in (folder, *folder.parents):
        with transaction.file_errors(path, "read"):
            try:
                os.stat(path)
                return path
            except FileNotFoundError:
                if os.path.islink(path):
                    raise CertificateFileError(f"{folder} can't be created: {path} is a symbolic link to "
                                               "nothing.") from None
    raise CertificateFileError(f"{folder} can't be created: {folder.anchor} does not exist.")  # a drive of Windows
