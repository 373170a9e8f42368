"""Folder: names that are none, folders that can't be looked into, made or written: told before anything is tried."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.errors import CertificateFileError

LONG = "x" * 300
UNUSED = ("state", "tls_paths", "load_authority", "authority_fingerprints")


def calls(store):
    return store.check, store.ensure, store.replace, store.state, store.tls_paths, store.load_authority, \
        store.authority_fingerprints


def writers(store):
    return store.check, store.ensure, store.replace


def refused(call, *says):
    with pytest.raises(CertificateFileError) as refusal:
        call()
    for text in says:
        assert text in refusal.value.message, refusal.value.message
    assert any("-dc" in text for text in refusal.value.recommendations)
    assert len(refusal.value.message) < 1000
    return " ".join(refusal.value.recommendations)


@pytest.mark.parametrize(("text", "says"), [
    ("", "is empty"), ("  ", "is empty"), ("\n", "is empty"), ("certs\n", "line break"), ("certs\r\n", "line break"),
    ("\ncerts", "line break"), ("cer\0ts", "NUL"), ("cer\ud800ts", "characters that this system does not allow"),
    ("~nobody-has-this-name/x", "home folder"),
])
def test_a_name_that_is_none_is_refused_at_once(text, says):
    refused(lambda: CertificateStore(text), says)


def test_a_name_that_is_odd_but_possible_is_used(tmp_path):
    for name in ("a b", "two\nlines", "ünï", "-dc"):
        assert CertificateStore(tmp_path / name).ensure().created
        assert (tmp_path / name / "ca.pem").exists()


def test_a_current_folder_that_is_gone_is_told(tmp_path):
    (tmp_path / "gone").mkdir()
    code = ("import os, sys; os.chdir(sys.argv[1]); os.rmdir(sys.argv[1])\n"
            "from azext_dockervm.certs.store import CertificateStore\n"
            "from azext_dockervm.errors import CertificateFileError\n"
            "try: CertificateStore('certs')\n"
            "except CertificateFileError as error: print(error.message)")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    said = subprocess.run([sys.executable, "-c", code, tmp_path / "gone"], capture_output=True, text=True,
                          env=environment)
    assert said.stdout == "'certs' can't be found: the current folder no longer exists.\n", said.stderr


# Too long

def test_a_part_of_a_name_that_is_too_long_is_told(tmp_path):
    for call in calls(CertificateStore(tmp_path / LONG)):
        refused(call, "File name too long")


def test_a_part_that_is_too_long_below_a_missing_folder_is_told_before_that_is_made(tmp_path):
    for call in writers(CertificateStore(tmp_path / "missing" / LONG / "docker")):
        refused(call, "can't be created", "300 bytes long; the system allows 255")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("length", [5000, 4090, 4050])
def test_a_path_that_is_too_long_is_told_before_anything_is_made(tmp_path, length):
    """The two shorter ones leave room for the folder, but not for the names of files in it."""
    folder = str(tmp_path) + "/y" * ((length - len(str(tmp_path))) // 2)
    for call in calls(CertificateStore(folder)):
        refused(call, "File name too long", f"({len(folder)} characters)")
    assert os.listdir(tmp_path) == []


# Not to be reached

def test_a_folder_below_a_file_is_told_with_the_file(tmp_path):
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file" / "docker", tmp_path / "file" / "deeper" / "docker"):
        for call in calls(CertificateStore(folder)):
            refused(call, f"{folder} can't be read: Not a directory; {tmp_path / 'file'} is a file.")


@pytest.mark.parametrize("below", ["", "docker"])
def test_a_circle_of_links_is_told(tmp_path, below):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    for call in calls(CertificateStore(tmp_path / "one" / below)):
        refused(call, str(tmp_path / "one"), "Too many levels of symbolic links")


def test_a_folder_below_a_link_that_leads_nowhere_is_told(tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    for call in writers(CertificateStore(tmp_path / "link" / "docker")):
        refused(call, f"{tmp_path / 'link'} is a symbolic link to nothing")


@pytest.mark.parametrize(("mode", "closed"), [(0o000, "parent"), (0o600, "parent"), (0o600, "folder")])
def test_what_can_not_be_searched_is_told_with_the_command_that_opens_it(unprivileged, mode, closed):
    """As another user: root may search everything."""
    outer = unprivileged.folder
    folder = outer / "docker" if closed == "parent" else outer
    unprivileged.prepare(outer)
    CertificateStore(folder).ensure()
    outer.chmod(mode)
    for call in calls(CertificateStore(folder)):
        said = unprivileged(call)
        assert said.startswith(f"CertificateFileError: {folder} can't be read: Permission denied; "), said
        assert f"chmod u+rwx {outer}" in said and "-dc" in said
    outer.chmod(0o700)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make somebody else's files")
def test_a_lock_file_that_is_anothers_is_foreseen(unprivileged):
    folder = unprivileged.folder
    unprivileged.prepare(folder)
    (folder / "key.pem").unlink()
    os.chown(folder / ".dockervm.lock", 0, 0)
    said = unprivileged(CertificateStore(folder).check)
    assert f"you have no write permission on {folder / '.dockervm.lock'}" in said
    assert unprivileged(CertificateStore(folder).ensure).startswith("CertificateFileError")
