"""Access: folders that others can write to, keys that they can read, and file systems that keep no modes."""

from __future__ import annotations

import json
import os
import re
import stat

import pytest

from azext_dockervm.certs import access, transaction
from azext_dockervm.certs.store import CertificateStore, StoreChange
from azext_dockervm.errors import CertificateError, CertificateFileError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes mean nothing on Windows")

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
FOUR = ("ca-key.pem", "ca.pem", "cert.pem", "key.pem")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "docker"
    path.mkdir(mode=0o700)
    return path


def writers(store):
    return store.check, store.ensure, store.replace


# Open to everybody

@pytest.mark.parametrize("mode", [0o777, 0o702, 0o707, 0o1777])
@pytest.mark.parametrize("made", [False, True], ids=["empty", "sound set"])
def test_a_folder_that_everybody_can_write_to_is_refused_and_nothing_written(folder, content, mode, made):
    if made:
        CertificateStore(folder).ensure()
    folder.chmod(mode)
    before = content(folder)
    for write in writers(CertificateStore(folder)):
        with pytest.raises(CertificateFileError, match=f"Everybody can write to {folder} .mode {mode:04o}") as refusal:
            write()
        advice = " ".join(refusal.value.recommendations)
        # A sticky folder is shared on purpose, as /tmp is: nobody is told to close that.
        assert (f"chmod go-w {folder}" in advice) == (not mode & stat.S_ISVTX) and "-dc" in advice
    assert content(folder) == before
    if not mode & stat.S_ISVTX:
        folder.chmod(mode & ~0o022)  # as advised
        assert CertificateStore(folder).ensure() == (StoreChange() if made else StoreChange(created=True))


def test_such_a_folder_is_read_with_a_warning(folder):
    CertificateStore(folder).ensure()
    folder.chmod(0o777)
    store = CertificateStore(folder)
    state = store.state()
    assert [f"Everybody can write to {folder} (mode 0777)" in text for text in state.warnings] == [True]
    assert state.problem is None and store.tls_paths().ca.exists() and len(store.authority_fingerprints()) == 1


@pytest.mark.parametrize("read", ["state", "tls_paths", "load_authority"])
def test_what_somebody_left_to_be_finished_in_such_a_folder_is_not(folder, content, read):
    CertificateStore(folder).ensure()
    plant(folder, b"theirs")
    folder.chmod(0o1777)
    before = content(folder)
    with pytest.raises(CertificateFileError, match="Everybody can write to"):
        getattr(CertificateStore(folder), read)()
    assert content(folder) == before


def plant(folder, content: bytes):
    """A committed change of ca.pem, as another process would have left it."""
    pending = folder / transaction.PENDING
    pending.mkdir(mode=0o755)
    (pending / "ca.pem").write_bytes(content)
    digest = transaction._digest((folder / "ca.pem").read_bytes())
    (pending / "manifest.json").write_text(json.dumps(
        {"replaces": {"ca.pem": digest}, "writes": {"ca.pem": transaction._digest(content)}, "backup": None}))


@pytest.mark.skipif(not ROOT, reason="only root can make somebody else's files")
def test_what_another_user_left_to_be_finished_is_put_aside_even_when_the_folder_is_closed_again(folder):
    CertificateStore(folder).ensure()
    mine = (folder / "ca.pem").read_bytes()
    plant(folder, b"theirs")
    os.chown(folder / transaction.PENDING, 65534, 65534)
    CertificateStore(folder).tls_paths()
    assert (folder / "ca.pem").read_bytes() == mine
    assert len(list(folder.glob("*-unfinished"))) == 1


@pytest.mark.skipif(not ROOT, reason="only root can make somebody else's folders")
def test_somebody_elses_open_folder_is_not_ours_to_close(unprivileged):
    unprivileged.folder.mkdir()
    unprivileged.folder.chmod(0o777)
    said = unprivileged(CertificateStore(unprivileged.folder).ensure)
    assert "Everybody can write to" in said and "chmod" not in said and "-dc" in said
    assert os.listdir(unprivileged.folder) == []


def test_ones_own_open_folder_is_ours_to_close(unprivileged):
    unprivileged.prepare(unprivileged.folder)
    unprivileged.folder.chmod(0o777)
    said = unprivileged(CertificateStore(unprivileged.folder).ensure)
    assert "Everybody can write to" in said and f"chmod go-w {unprivileged.folder}" in said


# Open to some

def test_a_folder_that_another_group_can_write_to_is_used_with_a_warning(folder, monkeypatch):
    folder.chmod(0o770)
    monkeypatch.setattr(access, "_status", as_seen(folder, st_uid=os.geteuid(), st_gid=os.geteuid() + 4711))
    store = CertificateStore(folder)
    store.check()
    told = store.warnings()
    assert len(told) == 1 and f"group with the ID {os.geteuid() + 4711} can write to {folder} (mode 0770)" in told[0]
    assert f"chmod g-w {folder}" in told[0]
    assert store.ensure() == StoreChange(created=True)  # it was told before, and is not told twice
    assert store.state().warnings == told


def test_ones_own_group_is_no_other(folder, monkeypatch):
    folder.chmod(0o770)
    monkeypatch.setattr(access, "_status", as_seen(folder, st_uid=os.geteuid(), st_gid=os.geteuid()))
    assert CertificateStore(folder).warnings() == ()


def as_seen(folder, **members):
    """``access._status`` with other owners of the folder than who runs the tests can give it."""
    positions = {"st_uid": 4, "st_gid": 5}
    real = access._status

    def status(path):
        found = real(path)
        if path != folder:
            return found
        values = list(found)
        for name, value in members.items():
            values[positions[name]] = value
        return os.stat_result(values)

    return status


@pytest.mark.skipif(not ROOT, reason="only root can make somebody else's files")
@pytest.mark.parametrize(("path", "owner"), [("", 4711), ("ca-key.pem", 4711), ("", 0)])
def test_what_belongs_to_another_user_is_warned_of(folder, path, owner):
    CertificateStore(folder).ensure()
    os.chown(folder / path, owner, 0)
    told = CertificateStore(folder).warnings()
    assert [f"{folder / path} belongs to another user (ID 4711)" in text for text in told] == [True] * bool(owner)


def test_keys_that_others_can_read_are_one_warning_with_one_command(folder):
    store = CertificateStore(folder)
    store.ensure()
    (folder / "key.pem").chmod(0o640)
    (folder / "ca-key.pem").chmod(0o644)
    told = store.warnings()
    assert len(told) == 1 and "0640 and 0644" in told[0]
    command = re.search("`(chmod .*)`", told[0])[1]
    assert os.system(command) == 0 and store.warnings() == ()


def test_nothing_to_warn_of_is_no_warning(folder):
    store = CertificateStore(folder)
    assert store.warnings() == CertificateStore(folder / "none").warnings() == ()
    assert store.ensure().warnings == store.warnings() == store.state().warnings == ()


# File systems that keep no modes: a stand-in at the border, as no such file system can be mounted everywhere

class NoModes:
    """Makes os show one mode for all files and one for all folders below a folder, whatever they are given, as a
    Windows drive under WSL or a network share does; or refuse it, as vfat does."""

    def __init__(self, monkeypatch, files, folders, refuses):
        self.real = {name: getattr(os, name) for name in ("stat", "lstat", "fstat", "fchmod")}
        self.modes = {True: files, False: folders}
        for name in ("stat", "lstat", "fstat"):
            monkeypatch.setattr(os, name, self.shower(self.real[name]))
        monkeypatch.setattr(os, "fchmod", self.refuse if refuses else lambda descriptor, mode: None)

    def shower(self, real):
        def show(*arguments, **more):
            found = real(*arguments, **more)
            if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
                return found
            mode = stat.S_IFMT(found.st_mode) | self.modes[stat.S_ISREG(found.st_mode)]
            return os.stat_result((mode, *tuple(found)[1:]))

        return show

    @staticmethod
    def refuse(descriptor, mode):
        raise PermissionError(1, "Operation not permitted")


@pytest.fixture(params=[(0o777, 0o777, False), (0o777, 0o777, True), (0o755, 0o755, False), (0o755, 0o777, True)],
                ids=["wsl", "vfat", "smb", "mixed"])
def modeless(request, monkeypatch):
    NoModes(monkeypatch, *request.param)
    return request.param


@pytest.mark.parametrize("exists", [True, False])
def test_where_the_file_system_keeps_no_modes_one_warning_is_given_and_nothing_refused(modeless, folder, exists):
    if not exists:
        folder.rmdir()
    store = CertificateStore(folder)
    store.check()
    told = [*store.warnings()]
    change = store.ensure()
    told += change.warnings
    assert change.created and len(told) == 1
    assert told[0].startswith(f"The file system of {folder} does not keep modes")
    assert sorted(name for name in os.listdir(folder) if name.endswith(".pem")) == sorted(FOUR)
    assert len(os.listdir(folder)) == 5  # the lock; no probe is left
    # The same run goes on, a later one renews, replaces and recovers.
    assert len(store.state().warnings) == 1 and "does not keep modes" in store.state().warnings[0]
    store = CertificateStore(folder)
    (folder / "key.pem").unlink()
    assert store.ensure().client_reason == "half" and store.replace().created
    (folder / transaction.STAGING).mkdir()
    CertificateStore(folder).tls_paths()
    assert not transaction.has_leftovers(folder)


def test_a_reader_there_warns_once_without_a_try(modeless, folder, monkeypatch):
    CertificateStore(folder).ensure()
    monkeypatch.setattr(access, "keeps_modes", None)  # calling it would fail
    told = CertificateStore(folder).state().warnings
    assert len(told) == 1 and "does not keep modes" in told[0]


def test_a_second_run_there_warns_once_more_and_no_more(modeless, folder):
    CertificateStore(folder).ensure()
    store = CertificateStore(folder)
    assert store.check() == StoreChange()
    told = store.warnings()
    assert store.ensure() == StoreChange()
    assert len(told) == 1 and "does not keep modes" in told[0]


def test_a_real_file_system_keeps_modes(folder):
    assert access.keeps_modes(folder) and os.listdir(folder) == []


def test_a_file_that_is_shown_0600_by_chance_does_not_deceive(folder, monkeypatch):
    NoModes(monkeypatch, 0o600, 0o777, False)
    assert not access.keeps_modes(folder)


def test_a_full_disk_while_trying_is_told(folder, monkeypatch):
    folder.chmod(0o777)
    real = os.open

    def full(path, flags, *more, **named):
        if "probe" in str(path):
            raise OSError(28, "No space left on device")
        return real(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(CertificateError, match=f"{folder} can't be written: No space left on device"):
        CertificateStore(folder).ensure()


def test_a_network_share_that_can_not_sync_folders_is_written(folder, monkeypatch):
    real = os.fsync

    def sync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(22, "Invalid argument")
        return real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    assert CertificateStore(folder).ensure().created


def test_who_can_not_write_there_says_that_modes_are_kept(folder, monkeypatch):
    def refused(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    assert access.keeps_modes(folder) is True
