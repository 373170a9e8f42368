"""Data disks as files, and how loop devices are asked for."""

from __future__ import annotations

import struct

import pytest

from localazure.machines.foundation.disk_files import GIB, DiskFolder, check_disks
from localazure.machines.machine import DataDisk, MachineError
from localazure.machines.nspawn import loop_devices

DISK = "d0000001"


def test_a_disk_takes_no_space_until_it_is_written(tmp_path):
    disks = DiskFolder(tmp_path / "disks")
    disks.create(DISK, 1024)
    stat = disks.existing(DISK).stat()
    assert (stat.st_size, stat.st_blocks, stat.st_mode & 0o777) == (1024 * GIB, 0, 0o600)


def test_creating_again_keeps_the_content_and_deleting_again_does_nothing(tmp_path):
    disks = DiskFolder(tmp_path)
    disks.create(DISK, 1)
    with disks.path(DISK).open("r+b") as file:
        file.write(b"kept")
    disks.create(DISK, 1)
    disks.resize(DISK, 2)
    assert disks.path(DISK).open("rb").read(4) == b"kept" and disks.path(DISK).stat().st_size == 2 * GIB
    with pytest.raises(MachineError, match="smaller"):
        disks.resize(DISK, 1)
    disks.delete(DISK)
    disks.delete(DISK)
    with pytest.raises(MachineError, match="no disk"):
        disks.existing(DISK)


@pytest.mark.parametrize("name", ["../../etc", "D0000001", "d000001", ""])
def test_ids_are_no_paths(tmp_path, name):
    with pytest.raises(MachineError):
        DiskFolder(tmp_path).create(name, 1)


@pytest.mark.parametrize(
    ("disks", "code"),
    [
        ([DataDisk(DISK, 0, 1), DataDisk("d0000002", 0, 1)], "InvalidDisks"),
        ([DataDisk(DISK, 0, 1), DataDisk(DISK, 1, 1)], "InvalidDisks"),
        ([DataDisk(DISK, 64, 1)], "InvalidLun"),
        ([DataDisk("d0000009", 0, 1)], "DiskInUse"),
    ],
)
def test_sets_that_no_machine_can_have(disks, code):
    with pytest.raises(MachineError) as caught:
        check_disks(disks, [DataDisk("d0000009", 0, 1)])
    assert caught.value.code == code


def test_the_kernel_gets_its_structure(tmp_path):
    config = loop_devices.loop_config(7, tmp_path, read_only=True)
    assert len(config) == 304  # sizeof(struct loop_config)
    assert struct.unpack_from("=2I", config) == (7, 512)
    flags = struct.unpack_from("=I", config, 8 + 5 * 8 + 3 * 4)[0]
    assert flags == loop_devices.READ_ONLY | loop_devices.AUTOCLEAR | loop_devices.PARTITIONS
