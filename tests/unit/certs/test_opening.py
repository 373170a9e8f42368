"""Whether a folder's certificates open hosts of an authority: the handshake in memory says yes where the store does,
and no to everything that an engine would turn away."""

from __future__ import annotations

import os
import pty
import shutil
import signal
from datetime import datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from azext_dockervm.certs import opening
from azext_dockervm.certs.store import CertificateStore


@pytest.fixture
def mine(two_authorities, tmp_path):
    return shutil.copytree(two_authorities / "mine", tmp_path / "mine")


def at(days: int) -> datetime:
    return datetime.now(timezone.utc) + timedelta(days)


def of(folder) -> str:
    return CertificateStore(folder).authority_fingerprints()[0]


def test_a_sound_set_opens_the_hosts_of_its_authority_and_no_others(mine, two_authorities):
    assert opening.opens(mine, of(mine))
    assert not opening.opens(mine, of(two_authorities / "other"))


def test_a_set_by_docker_s_handbook_and_one_without_the_authority_s_key_open_theirs(handbook):
    authority = of(handbook)
    (handbook / "ca-key.pem").unlink()
    assert opening.opens(handbook, authority)


@pytest.mark.parametrize("mine_first", [True, False])
def test_of_two_authorities_the_one_that_issued_the_client_counts(mine, two_authorities, mine_first):
    authority, other = of(mine), of(two_authorities / "other")
    both = [(folder / "ca.pem").read_bytes() for folder in (mine, two_authorities / "other")]
    (mine / "ca.pem").write_bytes(b"".join(both if mine_first else both[::-1]))
    assert opening.opens(mine, authority) and not opening.opens(mine, other)


@pytest.mark.parametrize("name", ["ca.pem", "cert.pem", "key.pem"])
@pytest.mark.parametrize("content", [None, b"", b"no PEM"])
def test_a_file_that_is_missing_or_damaged(mine, name, content):
    authority = of(mine)
    (mine / name).unlink()
    if content is not None:
        (mine / name).write_bytes(content)
    assert not opening.opens(mine, authority)


@pytest.mark.parametrize("names", [("key.pem",), ("cert.pem", "key.pem")])
def test_files_of_another_set(mine, two_authorities, names):
    for name in names:
        shutil.copy(two_authorities / "other" / name, mine / name)
    assert not opening.opens(mine, of(mine))


@pytest.mark.parametrize(("client", "opens"), [
    ({}, True), ({"not_before": -9, "not_after": -1}, False), ({"not_before": 1}, False),
    ({"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]}, False)])
def test_a_client_that_an_engine_would_turn_away(tmp_path, write_set, client, opens):
    write_set(tmp_path / "set", client={name: at(value) if isinstance(value, int) else value
                                            for name, value in client.items()})
    assert opening.opens(tmp_path / "set", of(tmp_path / "set")) is opens


def test_an_authority_that_has_expired(tmp_path, write_set):
    write_set(tmp_path / "set", ca={"not_after": at(-1), "not_before": at(-9)})
    assert not opening.opens(tmp_path / "set", of(tmp_path / "set"))


def test_a_key_with_a_passphrase_asks_nobody(mine):
    """OpenSSL would read it from the terminal, and wait for it."""
    key = load_pem_private_key((mine / "key.pem").read_bytes(), None)
    (mine / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    authority = of(mine)
    child, terminal = pty.fork()
    if not child:
        os._exit(int(opening.opens(mine, authority)))
    said = read_all(terminal)
    if said:
        os.kill(child, signal.SIGKILL)      # it waits for an answer
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0 and said == b""


def read_all(terminal: int) -> bytes:
    """Until the other end has gone, or has asked."""
    try:
        return os.read(terminal, 1000)
    except OSError:
        return b""
