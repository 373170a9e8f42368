"""Access: who else can read or change what is in the folder, by the modes and owners of it and of the keys.

On Windows modes mean nothing; there the profile folder's access list protects the keys. Some file systems keep no modes
either (Windows drives under WSL, network shares, USB sticks): they show one and the same for everything, however open
it looks. Only a try tells these from a folder that is really open (``keeps_modes``), so only who is about to write
tells; readers say both.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from azext_dockervm.advice import certificates as advice
from azext_dockervm.certs.transaction import PRIVATE_MODE, file_errors
from azext_dockervm.errors import CertificateFileError

# Two modes, as a file system that shows one for everything may happen to show the first.
_TRIED_MODES = (PRIVATE_MODE, 0o640)

_PERHAPS_NO_MODES = ("If that changes nothing, the file system does not keep modes (a Windows drive under WSL, a "
                     "network share); then keep the certificates on one that does.")


def is_open(folder: Path) -> bool:
    """Whether everybody can write to the folder, by its mode. The sticky bit keeps others from renaming our files, but
    not from putting theirs there before us."""
    found = _status(folder)
    return found is not None and bool(found.st_mode & stat.S_IWOTH)


def is_open_to_others(key: Path) -> bool:
    """Whether others than its owner can get at a key file, by its mode."""
    found = _status(key)
    return found is not None and bool(found.st_mode & 0o077)


def keeps_modes(folder: Path) -> bool:
    """Whether the file system keeps the modes that files are given, tried with one in ``folder``."""
    path = folder / f".dockervm-probe-{secrets.token_hex(8)}"
    with file_errors(folder, "written"):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
        except PermissionError:
            return True  # we can't write there, whoever else can
        except OSError as error:
            if error.errno == errno.EROFS:
                return False  # nobody can, whatever is shown
            raise
        try:
            return all(_keeps_mode(descriptor, mode) for mode in _TRIED_MODES)
        finally:
            os.close(descriptor)
            os.unlink(path)


def _keeps_mode(descriptor: int, mode: int) -> bool:
    try:
        os.fchmod(descriptor, mode)
    except OSError:  # vfat refuses what it can't show
        return False
    return stat.S_IMODE(os.fstat(descriptor).st_mode) == mode


def open_folder_error(folder: Path) -> CertificateFileError:
    """The refusal of a folder that is open to everybody."""
    found = os.stat(folder)
    shared_on_purpose = found.st_mode & stat.S_ISVTX    # sticky, as /tmp is
    can_close = os.geteuid() in (0, found.st_uid) and not shared_on_purpose
    return CertificateFileError(f"Everybody can write to {folder} (mode {_shown(found)}), and so could put a "
                                "certificate authority of their own there.",
                                advice.for_an_open_folder(folder, can_close))


def warnings(folder: Path, keys: Iterable[Path], modes_kept: bool | None) -> tuple[str, ...]:
    """Sentences about who else can get at the folder and the key files. ``modes_kept`` is what ``keeps_modes`` said,
    None if nobody asked. A file system that keeps no modes gets one sentence, whatever it shows."""
    found = _status(folder)
    if found is None:
        return ()
    present = {path: status for path in keys if (status := _status(path))}
    loose = {path: status for path, status in present.items() if status.st_mode & 0o077}
    if modes_kept is False:
        return (_no_modes(folder),) if loose or found.st_mode & 0o022 else ()
    if found.st_mode & stat.S_IWOTH and len(loose) == len(present):
        return (f"Everybody can write to {folder} (mode {_shown(found)}): "
                f"`{advice.close_to_everybody(folder)}` closes the folder{_keys_too(loose)}. {_PERHAPS_NO_MODES}",)
    return tuple(text for text in (_writers(folder, found), _owners({folder: found, **present}), _readers(loose))
                 if text)


def _no_modes(folder: Path) -> str:
    return (f"The file system of {folder} does not keep modes (a Windows drive under WSL, a network share): what "
            f"else protects the private keys there is unknown. {advice.ANOTHER_FILE_SYSTEM}")


def _keys_too(keys: dict[Path, os.stat_result]) -> str:
    return f", `{advice.close_keys(keys)}` the keys" if keys else ""


def _writers(folder: Path, found: os.stat_result) -> str | None:
    if found.st_mode & stat.S_IWOTH:
        return (f"Everybody can write to {folder} (mode {_shown(found)}); `{advice.close_to_everybody(folder)}` closes "
                "it.")
    # A group with its user's number is that user's own, as most distributions make one for everybody.
    if found.st_mode & stat.S_IWGRP and found.st_gid != found.st_uid:
        return (f"The group with the ID {found.st_gid} can write to {folder} (mode {_shown(found)}): its members can "
                f"replace the certificates. `{advice.close_to_group(folder)}` closes it.")
    return None


def _owners(found: dict[Path, os.stat_result]) -> str | None:
    strangers = {path: status.st_uid for path, status in found.items() if status.st_uid not in (0, os.geteuid())}
    if not strangers:
        return None
    path, owner = next(iter(strangers.items()))
    return f"{path} belongs to another user (ID {owner}), who can change what is in it."


def _readers(keys: dict[Path, os.stat_result]) -> str | None:
    if not keys:
        return None
    modes = " and ".join(sorted({_shown(status) for status in keys.values()}))
    made_up = any(status.st_mode & 0o111 for status in keys.values())  # nobody makes keys executable
    return (f"{' and '.join(map(str, keys))} can be read or written by others (mode {modes}); "
            f"`{advice.close_keys(keys)}` closes that.{f' {_PERHAPS_NO_MODES}' if made_up else ''}")


def _status(path: Path) -> os.stat_result | None:
    """None where there is no such file, or no modes to speak of."""
    if os.name == "nt":
        return None
    try:
        return os.stat(path)
    except OSError:
        return None


def _shown(status: os.stat_result) -> str:
    return f"{stat.S_IMODE(status.st_mode):04o}"
