"""What a power cut leaves: each rename of the protocol is on the disk before the next one builds on it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from azext_dockervm.certs import transaction
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.errors import CertificateFileError

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs names of open files")

STAGING, PENDING = transaction.STAGING, transaction.PENDING


@pytest.fixture
def store(tmp_path):
    store = CertificateStore(tmp_path / "docker")
    store.ensure()
    return store


@pytest.fixture
def disk(store, monkeypatch):
    """What is done to the disk, in order: "sync PATH" and "rename PATH PATH", relative to the folder."""
    done = []

    def short(path) -> str:
        return os.path.relpath(path, store.folder)

    def watched(name, tell):
        real = getattr(os, name)

        def operation(*arguments, **more):
            told = tell(*arguments)
            result = real(*arguments, **more)
            done.append(told)
            return result

        monkeypatch.setattr(os, name, operation)

    watched("fsync", lambda descriptor: f"sync {short(os.readlink(f'/proc/self/fd/{descriptor}'))}")
    for name in ("rename", "replace"):
        watched(name, lambda old, new: f"rename {short(old)} {short(new)}")
    return done


def test_what_is_staged_is_on_the_disk_before_it_counts(store, disk):
    store.replace()
    commit = disk.index(f"rename {STAGING} {PENDING}")
    for name in ("ca-key.pem", "ca.pem", "cert.pem", "key.pem"):
        assert disk.index(f"sync {STAGING}/{name}") < commit
        assert disk.index(f"sync {STAGING}/copies/{name}") < disk.index(f"sync {STAGING}/copies") < commit
    assert disk.index(f"sync {STAGING}/manifest.json") < disk.index(f"sync {STAGING}") < commit


def test_each_rename_is_on_the_disk_before_the_next_builds_on_it(store, disk):
    backup = store.replace().backup
    commit, end = disk.index(f"rename {STAGING} {PENDING}"), disk.index(f"rename {PENDING} {STAGING}")
    assert disk[commit + 1] == "sync .", "the files change before it is certain that they do"
    assert set(disk[commit + 2:end - 1]) == {
        f"rename {PENDING}/copies {backup.name}",
        *(f"rename {PENDING}/{name} {name}" for name in ("ca-key.pem", "ca.pem", "cert.pem", "key.pem"))}
    assert disk[end - 1] == "sync .", "the change ends before it is certain that it was made"


def test_what_is_put_aside_is_on_the_disk_before_anything_else_is_done(store, disk):
    (store.folder / PENDING).mkdir()
    (store.folder / PENDING / "of-somebody-else").touch()
    transaction.recover(store.folder)
    assert len(disk) == 2 and disk[0].startswith(f"rename {PENDING} dockervm-backup-") and disk[1] == "sync ."


@pytest.mark.parametrize("number, goes_on", [(errno.EINVAL, True), (errno.ENOSYS, True), (errno.EIO, False)])
def test_a_file_system_that_syncs_no_folders_is_lived_with(store, monkeypatch, number, goes_on):
    real = os.fsync

    def fsync(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    before = len(os.listdir("/proc/self/fd"))
    if goes_on:
        assert store.replace().created
    else:
        with pytest.raises(CertificateFileError, match=os.strerror(number)):
            store.replace()
    assert len(os.listdir("/proc/self/fd")) == before, "a folder stays open"


# Readers who may not write

@pytest.fixture
def reader(store, monkeypatch):
    """The same folder for somebody who can't take its lock."""
    def refused(_lock):
        raise CertificateFileError("The folder can't be written.")

    monkeypatch.setattr("azext_dockervm.certs.lock.FolderLock.__enter__", refused)
    return store


def test_rubbish_of_a_killed_process_keeps_no_reader_away(reader):
    (reader.folder / STAGING).mkdir()
    assert reader.state().problem is None and reader.tls_paths().cert.exists()


def test_half_of_a_change_does(reader):
    (reader.folder / PENDING).mkdir()
    with pytest.raises(CertificateFileError, match="can't be written"):
        reader.tls_paths()


# What is replaced, and how much is read

@pytest.mark.parametrize("name", ["key.pem", "cert.pem"])
def test_a_check_foresees_that_a_link_is_not_replaced(store, tmp_path, name):
    other = tmp_path / "elsewhere.pem"
    other.write_bytes((store.folder / name).read_bytes())
    for one in ("key.pem", "cert.pem"):
        (store.folder / one).unlink()
    (store.folder / name).symlink_to(other)
    with pytest.raises(CertificateFileError, match="symbolic link"):
        store.check()


def test_a_megabyte_is_read_and_not_a_byte_more(tmp_path: Path):
    file = tmp_path / "chain.pem"
    file.write_bytes(b"x" * (1 << 20))
    assert transaction.read_file(file) == file.read_bytes()
    file.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(CertificateFileError, match="larger than 1 MB"):
        transaction.read_file(file)
