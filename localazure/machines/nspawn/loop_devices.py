"""Loop devices of one guest's data disks. They end with the process that holds them, whatever ends it.

Standard library only. A device is told to clear itself after its last user (LO_FLAGS_AUTOCLEAR), so neither SIGKILL
nor a crash leaves one behind: the holder's handle and the guest's mounts are all that keeps it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import time
from pathlib import Path

# linux/loop.h
LOOP_SET_CAPACITY, LOOP_CONFIGURE, LOOP_CTL_GET_FREE = 0x4C07, 0x4C0A, 0x4C82
READ_ONLY, AUTOCLEAR, PARTITIONS = 1, 4, 8
MAJOR = 7
CONTROL = "/dev/loop-control"
# Another process may take the free device first; and the device's node may take a moment.
TRIES = 50


class LoopDevice:
    """One attached device; `number` is its minor number."""

    def __init__(self, image: Path, read_only: bool) -> None:
        self.image = image
        self.read_only = read_only
        mode = os.O_RDONLY if read_only else os.O_RDWR
        backing = os.open(image, mode)
        try:
            self._size = os.fstat(backing).st_size
            self._handle, self.number = _configure(backing, mode, image, read_only)
        finally:
            os.close(backing)

    def grow(self) -> None:
        """Show the guest the size that the image has by now."""
        size = self.image.stat().st_size
        if size != self._size:
            fcntl.ioctl(self._handle, LOOP_SET_CAPACITY)
            self._size = size

    def close(self) -> None:
        """Let go: the device is cleared at once, or when the guest lets go of it too."""
        os.close(self._handle)


def _configure(backing: int, mode: int, image: Path, read_only: bool) -> tuple[int, int]:
    for _ in range(TRIES):
        control = os.open(CONTROL, os.O_RDWR)
        try:
            number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
        finally:
            os.close(control)
        try:
            handle = os.open(f"/dev/loop{number}", mode)
        except FileNotFoundError:
            time.sleep(0.02)
            continue
        try:
            fcntl.ioctl(handle, LOOP_CONFIGURE, loop_config(backing, image, read_only))
            return handle, number
        except OSError as error:
            os.close(handle)
            if error.errno != errno.EBUSY:
                raise
    raise OSError(errno.EBUSY, "no loop device is free")


def loop_config(backing: int, image: Path, read_only: bool) -> bytes:
    """struct loop_config: file, sector size 512, struct loop_info64 with flags and a name to show, reserve."""
    flags = AUTOCLEAR | PARTITIONS | (READ_ONLY if read_only else 0)
    name = str(image).encode()[-63:]
    info = struct.pack("=5Q4I64s64s32s2Q", 0, 0, 0, 0, 0, 0, 0, 0, flags, name, b"", b"", 0, 0)
    return struct.pack("=2I", backing, 512) + info + bytes(64)
