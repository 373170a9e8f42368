"""What is mounted where: bind mounts of one file system are seen, which os.path.ismount takes for plain folders."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from localazure.machines.foundation import mounts
from localazure.machines.foundation.address_blocks import loopback_blocks
from localazure.machines.foundation.instance_registry import InstanceRegistry

LINES = (
    "21 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
    "95 21 254:0 /run/netns /run/netns rw,relatime shared:4 - ext4 /dev/vda rw",
    r"96 21 0:40 / /mnt/with\040space\134backslash rw - tmpfs none rw",
)


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    file = tmp_path / "mountinfo"
    file.write_text("\n".join(LINES) + "\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", file)


@pytest.mark.parametrize("path, mounted", [
    ("/", True), ("/run/netns", True), ("/run", False), ("/run/netns/one", False),
    ("/mnt/with space\\backslash", True), ("/mnt/with", False)])
def test_mount_points_are_read_from_the_kernel(kernel, path, mounted):
    assert mounts.is_mount_point(path) is mounted


def test_a_folder_that_leads_to_a_mount_point_is_one(kernel, tmp_path):
    (tmp_path / "link").symlink_to("/run/netns")
    assert mounts.is_mount_point(tmp_path / "link")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_bind_mount_of_the_same_file_system_is_seen(tmp_path):
    (tmp_path / "folder").mkdir()
    folder = str(tmp_path / "folder")
    program = f"from localazure.machines.foundation import mounts; print(mounts.is_mount_point({folder!r}))"
    bound = f'mount --bind {tmp_path}/folder {tmp_path}/folder && exec "$0" -c "$1"'
    private = ["unshare", "--mount", "--propagation", "private"]
    done = subprocess.run([*private, "sh", "-c", bound, sys.executable, program], capture_output=True, text=True,
                          check=True)
    assert done.stdout.strip() == "True"


@pytest.mark.parametrize("marked, others, unmounted", [(True, False, True), (False, False, False), (True, True, False)])
def test_the_last_instance_unmounts_what_was_mounted_for_any_of_them(tmp_path, monkeypatch, marked, others, unmounted):
    """Fakes have no namespaces, and may be the last ones to go."""
    namespaces, asked = tmp_path / "netns", []
    namespaces.mkdir()
    if others:
        (namespaces / "theirs").touch()
    monkeypatch.setattr(mounts, "NAMESPACES", namespaces)
    monkeypatch.setattr(mounts, "succeeds", asked.append)
    registry = InstanceRegistry(tmp_path / "run")
    registry.acquire("fakes", tmp_path / "state", loopback_blocks(0), list)
    if marked:
        (registry.folder / mounts.NAMESPACES_MARK).touch()
    registry.release("fakes")
    assert bool(asked) is unmounted and namespaces.exists() is not unmounted
    assert not registry.folder.exists()
