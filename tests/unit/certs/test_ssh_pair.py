"""An Ed25519 key pair for SSH, as ssh itself reads it."""

from __future__ import annotations

import shutil
import stat
import subprocess

import pytest

from azext_dockervm.certs import ssh_pair


@pytest.fixture
def files(tmp_path):
    return tmp_path / ".ssh/id_ed25519", tmp_path / ".ssh/id_ed25519.pub"


def test_a_pair_is_made_that_nobody_else_can_read(files):
    private, public = files
    key = ssh_pair.ensure(private, public)
    assert key.startswith("ssh-ed25519 ") and public.read_text() == f"{key}\n"
    assert [stat.S_IMODE(one.stat().st_mode) for one in (private.parent, private, public)] == [0o700, 0o600, 0o644]


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="there is no ssh-keygen here")
def test_ssh_reads_it(files):
    key = ssh_pair.ensure(*files)
    shown = subprocess.run(["ssh-keygen", "-y", "-f", files[0]], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == key


def test_a_public_half_that_is_missing_is_made_of_the_private_one(files):
    key = ssh_pair.ensure(*files)
    before = files[0].read_bytes()
    files[1].unlink()
    assert ssh_pair.ensure(*files) == key and files[0].read_bytes() == before


def test_a_private_key_that_can_t_be_read_is_left(files):
    files[0].parent.mkdir()
    files[0].write_text("no key")
    with pytest.raises(ValueError):
        ssh_pair.ensure(*files)
    assert files[0].read_text() == "no key" and not files[1].exists()
