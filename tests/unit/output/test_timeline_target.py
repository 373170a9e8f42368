"""The file of a picture: what is refused before anything is asked, and that it is whole or not there."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from azext_dockervm.errors import InvalidValue
from azext_dockervm.output.timeline import target
from azext_dockervm.output.timeline.drawing import MARK
from azext_dockervm.output.timeline.target import Target

OURS = f"{MARK} more>\n</svg>\n"


def refused(path) -> str:
    with pytest.raises(InvalidValue) as caught:
        Target(str(path))
    assert caught.value.recommendations == ("Name another file with --timeline, such as create.svg.",)
    return caught.value.message


def names(folder):
    return sorted(one.name for one in folder.iterdir())


@pytest.fixture
def file(tmp_path):
    return tmp_path / "create.svg"


def test_a_new_file_is_made_when_it_is_written_and_not_before(tmp_path, file):
    made = Target(str(file))
    assert names(tmp_path) == []
    made.write(f"{OURS}…")
    assert file.read_text(encoding="utf-8") == f"{OURS}…" and names(tmp_path) == ["create.svg"]


def test_it_has_the_mode_of_any_new_file(tmp_path, file):
    (tmp_path / "other").touch()
    Target(str(file)).write(OURS)
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


@pytest.mark.parametrize("before", [OURS, ""])
def test_a_timeline_and_an_empty_file_are_replaced(file, before):
    file.write_text(before)
    Target(str(file)).write(f"{OURS}2")
    assert file.read_text() == f"{OURS}2"


@pytest.mark.parametrize("before", ["-----BEGIN PRIVATE KEY-----", "<svg>", MARK[:-1], "\n" + OURS])
def test_any_other_file_is_left_as_it_is(file, before):
    file.write_text(before)
    assert refused(file) == f"--timeline: {file} exists, and is no timeline; it was left as it is."
    assert file.read_text() == before


def test_one_that_became_another_s_meanwhile_is_left_as_it_is(tmp_path, file):
    made = Target(str(file))
    file.write_text("somebody's")
    with pytest.raises(InvalidValue, match="is no timeline"):
        made.write(OURS)
    assert file.read_text() == "somebody's" and names(tmp_path) == ["create.svg"]


def test_where_there_is_no_folder(tmp_path):
    assert refused(tmp_path / "a/b/c.svg") == (
        f"--timeline: {tmp_path}/a/b/c.svg can't be written: there is no folder {tmp_path}/a/b.")
    assert names(tmp_path) == []


@pytest.mark.parametrize("path", ["", "new/", "new" + os.sep])
def test_a_folder_is_no_file(tmp_path, path):
    assert refused(f"{tmp_path}/{path}").endswith("names a folder.")
    assert names(tmp_path) == []


def test_a_file_is_no_folder(tmp_path, file):
    file.write_text(OURS)
    assert "can't be written: Not a directory" in refused(file / "x.svg")


@pytest.mark.parametrize("path", ["/dev/null", "/dev/full", "fifo"])
def test_what_is_no_plain_file_is_never_replaced(tmp_path, path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if path == "fifo":
        os.mkfifo(path)     # to open it would wait for ever
    before = os.stat(path)
    assert refused(path).endswith("is no plain file.")
    assert os.stat(path).st_ino == before.st_ino


def test_a_name_that_no_file_can_have(tmp_path):
    assert "can't be written: File name too long" in refused(tmp_path / ("a" * 300))


def test_the_longest_name_that_a_file_can_have(tmp_path):
    longest = tmp_path / ("a" * 255)
    Target(str(longest)).write(OURS)
    assert longest.read_text() == OURS


def test_a_link_stays_one(tmp_path, file):
    (tmp_path / "elsewhere").mkdir()
    file.symlink_to("elsewhere/real.svg")
    Target(str(file)).write(OURS)
    assert file.is_symlink() and (tmp_path / "elsewhere/real.svg").read_text() == OURS
    Target(str(file)).write(f"{OURS}2")
    assert (tmp_path / "elsewhere/real.svg").read_text() == f"{OURS}2" and names(tmp_path / "elsewhere") == ["real.svg"]


def test_a_name_is_one_of_the_folder_of_the_command_s_begin(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Target("create.svg")
    monkeypatch.chdir("/")
    made.write(OURS)
    assert names(tmp_path) == ["create.svg"] and made.path == "create.svg"


def test_what_can_t_be_read_on_a_terminal_is_escaped(tmp_path):
    assert r"a\x1b[31m\n" in refused(tmp_path / "a\x1b[31m\n/b")


@contextmanager
def somebody():
    """Not root, to whom all is allowed."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(("mode", "name"), [(0o555, "new.svg"), (0o755, "read-only.svg"), (0o700, "unseen.svg")])
def test_what_may_not_be_written_is_refused(mode, name):
    with tempfile.TemporaryDirectory() as folder:       # pytest's own are root's alone
        (Path(folder) / "read-only.svg").write_text(OURS)
        (Path(folder) / "read-only.svg").chmod(0o444)
        if mode == 0o700 and os.geteuid():
            mode = 0o000
        Path(folder).chmod(mode)
        with somebody():
            said = refused(Path(folder) / name)
        Path(folder).chmod(0o700)
        assert said == f"--timeline: {folder}/{name} can't be written: Permission denied."
        assert (Path(folder) / "read-only.svg").read_text() == OURS and names(Path(folder)) == ["read-only.svg"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_ends_half_way_leaves_what_was_there(tmp_path, file, monkeypatch, error):
    file.write_text(OURS)
    made = Target(str(file))

    def fsync(_number):
        raise error

    monkeypatch.setattr(target.os, "fsync", fsync)
    with pytest.raises(type(error)):
        made.write(f"{OURS}2")
    assert file.read_text() == OURS and names(tmp_path) == ["create.svg"]


def test_a_full_disk_is_told_as_such(tmp_path, file, monkeypatch):
    def touch(_self):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "touch", touch)
    assert refused(file) == f"--timeline: {file} can't be written: No space left on device."
