"""File systems of a fake machine's data disks, in name: a mark in the disk's image stands for one, a folder for what is
on it, a link for a mount. What is on a disk stays with the machine that wrote it.

Standard library only.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

MARK, OFFSET = b"localazure-file-system ", 1024
BY_UUID = "dev/disk/by-uuid"


def uuid_on(image: Path) -> str | None:
    with image.open("rb") as file:
        file.seek(OFFSET)
        mark, _, found = file.read(len(MARK) + 36).rpartition(b" ")
    return found.decode() if mark + b" " == MARK else None


def blkid(words: list[str]) -> int:
    """-p -o export DEVICE: its exit status 2 says that nothing is there."""
    found = uuid_on(Path(words[-1]))
    if found is None:
        return 2
    print(f"DEVNAME={words[-1]}\nUUID={found}\nTYPE=ext4")
    return 0


def make_file_system(root: Path, words: list[str]) -> int:
    """mkfs ... DEVICE."""
    image = Path(words[-1]).resolve()
    with image.open("r+b") as file:
        file.seek(OFFSET)
        file.write(MARK + str(uuid.uuid4()).encode())
    show(root, [image])
    return 0


def show(root: Path, images: list[Path]) -> None:
    """Links by UUID to those of these disks that have a file system."""
    links = root / BY_UUID
    links.mkdir(parents=True, exist_ok=True)
    for image in images:
        found = uuid_on(image)
        if found and not (links / found).is_symlink():
            (links / found).symlink_to(image)


def start(root: Path, unit: Path) -> str | None:
    """Mount as a mount unit's file says; what is wrong, if it can't."""
    what, where = _setting(unit, "What"), root / _setting(unit, "Where").lstrip("/")
    if what.startswith("/dev/"):
        if not (root / what.lstrip("/")).exists():
            return f"{what} is not there"
        target = root / "disks" / Path(what).name
    else:
        target = root / what.lstrip("/")
    if where.is_symlink() and where.readlink() == target:
        return None
    target.mkdir(parents=True, exist_ok=True)
    where.parent.mkdir(parents=True, exist_ok=True)
    if where.exists():
        shutil.move(where, f"{where}.below")
    where.symlink_to(target)
    return None


def is_active(root: Path, unit: Path) -> bool:
    return (root / _setting(unit, "Where").lstrip("/")).is_symlink()


def _setting(unit: Path, name: str) -> str:
    lines = unit.read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith(f"{name}="))
