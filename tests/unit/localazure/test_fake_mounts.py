"""File systems in fake machines: made, found by their UUID, mounted in name."""

from __future__ import annotations

import pytest

from localazure.machines.fake import mounts


@pytest.fixture
def disk(tmp_path):
    image = tmp_path / "image"
    image.write_bytes(bytes(4096))
    return image


def unit(root, name, what, where):
    path = root / name
    path.write_text(f"[Mount]\nWhere={where}\nWhat={what}\n")
    return path


def test_a_blank_disk_has_no_file_system_until_one_is_made(tmp_path, disk, capsys):
    assert mounts.blkid(["-p", str(disk)]) == 2 and capsys.readouterr().out == ""
    mounts.show(tmp_path, [disk])
    assert not list((tmp_path / mounts.BY_UUID).iterdir())
    assert mounts.make_file_system(tmp_path, ["-q", str(disk)]) == 0
    assert mounts.blkid([str(disk)]) == 0
    assert f"UUID={mounts.uuid_on(disk)}\nTYPE=ext4" in capsys.readouterr().out
    assert (tmp_path / mounts.BY_UUID / str(mounts.uuid_on(disk))).resolve() == disk


def test_what_is_mounted_hides_what_was_there(tmp_path, disk):
    mounts.make_file_system(tmp_path, [str(disk)])
    (tmp_path / "var/lib/docker").mkdir(parents=True)
    (tmp_path / "var/lib/docker/before").touch()
    disk_unit = unit(tmp_path, "a.mount", f"/{mounts.BY_UUID}/{mounts.uuid_on(disk)}", "/mnt/disk")
    bound = unit(tmp_path, "b.mount", "/mnt/disk/docker", "/var/lib/docker")
    assert not mounts.is_active(tmp_path, bound)
    for one in (disk_unit, bound, bound):
        assert mounts.start(tmp_path, one) is None and mounts.is_active(tmp_path, one)
    (tmp_path / "var/lib/docker/new").touch()
    assert [path.name for path in (tmp_path / "mnt/disk/docker").iterdir()] == ["new"]
    assert (tmp_path / "var/lib/docker.below/before").exists()


def test_a_disk_that_is_not_there_is_not_mounted(tmp_path):
    missing = unit(tmp_path, "a.mount", f"/{mounts.BY_UUID}/none", "/mnt/disk")
    assert mounts.start(tmp_path, missing) == f"/{mounts.BY_UUID}/none is not there"
    assert not mounts.is_active(tmp_path, missing)
