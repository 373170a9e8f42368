"""Data disks as files: sparse images in the folder machines/disks of an instance, whoever has them attached."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from localazure.machines.machine import DataDisk, MachineError

GIB = 1024**3
_DISK_ID = re.compile(r"[0-9a-f]{8}")


class DiskFolder:
    """All data disks of an instance. Callers see to it that a disk is in use by one machine at most."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, disk_id: str) -> Path:
        """The image of a disk."""
        if not _DISK_ID.fullmatch(disk_id):
            raise MachineError("InvalidDisk", f"{disk_id!r} is not the id of a disk")
        return self.folder / f"{disk_id}.img"

    def create(self, disk_id: str, size_gib: int) -> None:
        """Make an empty disk unless it exists; all at once, so that a crash leaves none of half the size."""
        path = self.path(disk_id)
        if path.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.ftruncate(descriptor, size_gib * GIB)
        except OSError as error:
            fresh.unlink()
            raise MachineError("NoSpace", f"a disk of {size_gib} GiB can't be made here: {error.strerror}") from error
        finally:
            os.close(descriptor)
        os.replace(fresh, path)

    def resize(self, disk_id: str, size_gib: int) -> None:
        """Make a disk larger."""
        path = self.existing(disk_id)
        if path.stat().st_size > size_gib * GIB:
            raise MachineError("DiskTooSmall", f"disk {disk_id} has more than {size_gib} GiB and can't be made smaller")
        os.truncate(path, size_gib * GIB)

    def delete(self, disk_id: str) -> None:
        """Remove a disk; nothing happens when there is none."""
        with suppress(FileNotFoundError):
            self.path(disk_id).unlink()

    def existing(self, disk_id: str) -> Path:
        """The image of a disk that must exist."""
        path = self.path(disk_id)
        if not path.exists():
            raise MachineError("DiskNotFound", f"there is no disk {disk_id}")
        return path


def check_disks(disks: Sequence[DataDisk], others: Iterable[DataDisk]) -> None:
    """Refuse a set of disks for one machine: a LUN or disk twice, or one that is among `others`' disks."""
    taken = {disk.id for disk in others}
    for disk in disks:
        if disk.id in taken:
            raise MachineError("DiskInUse", f"disk {disk.id} belongs to another machine")
        if not 0 <= disk.lun <= 63:
            raise MachineError("InvalidLun", f"{disk.lun} is not a LUN; they go from 0 to 63")
    for what, values in (("LUN", [disk.lun for disk in disks]), ("disk", [disk.id for disk in disks])):
        if len(set(values)) < len(values):
            raise MachineError("InvalidDisks", f"a {what} is named twice")
