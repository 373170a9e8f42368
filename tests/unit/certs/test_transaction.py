"""Transaction on Windows: what another program holds open for a moment is waited for, each rename and deletion."""

from __future__ import annotations

import errno
import os
import shutil

import pytest

from azext_dockervm.certs import transaction
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.errors import CertificateFileError

DENIED = PermissionError(13, "Access is denied")


@pytest.fixture
def scanner(monkeypatch):
    """A virus scanner: each path's first ``times`` operations fail as on Windows; ``paths`` it has stood in the way."""
    monkeypatch.setattr(transaction, "_TRIES", 20)
    monkeypatch.setattr(transaction, "_PAUSE", 0.001)
    failed = {}

    def busy(name, real, times, error, only):
        def operation(path, *arguments, **more):
            key = name, os.path.basename(path)
            if only and key[1] != only:
                return real(path, *arguments, **more)
            if failed.setdefault(key, 0) < times:
                failed[key] += 1
                raise error
            return real(path, *arguments, **more)

        return operation

    def install(times, module=os, names=("rename", "replace"), error=DENIED, only=None):
        for name in names:
            monkeypatch.setattr(module, name, busy(name, getattr(module, name), times, error, only))
        return failed

    return install


@pytest.fixture
def store(tmp_path):
    store = CertificateStore(tmp_path / "docker")
    store.ensure()
    return store


def test_every_rename_is_tried_again(store, scanner):
    failed = scanner(3)
    assert store.replace().created
    names = {name for _, name in failed}
    # The commit (staging), the backup, each file, and the way back to staging.
    assert names == {transaction.STAGING, "copies", "ca-key.pem", "ca.pem", "key.pem", "cert.pem", transaction.PENDING}
    assert set(failed.values()) == {3}
    store.tls_paths()
    assert not transaction.has_leftovers(store.folder)


@pytest.mark.parametrize("error", [DENIED, OSError(errno.ENOTEMPTY, "not empty")])
def test_deletions_and_the_folder_made_after_them_are_tried_again(store, scanner, error):
    (store.folder / transaction.STAGING).mkdir()
    deleted = scanner(2, shutil, ("rmtree",), error)
    made = scanner(2, os, ("mkdir",), only=transaction.STAGING)
    assert store.replace().created
    assert deleted[("rmtree", transaction.STAGING)] == made[("mkdir", transaction.STAGING)] == 2
    assert not transaction.has_leftovers(store.folder)


def test_what_stays_in_the_way_is_told_and_the_old_set_counts(store, scanner):
    before = {path.name: path.read_bytes() for path in store.folder.glob("*.pem")}
    failed = scanner(1000)
    with pytest.raises(CertificateFileError, match="Access is denied"):
        store.replace()
    assert failed[("replace", transaction.STAGING)] == 20
    assert {path.name: path.read_bytes() for path in store.folder.glob("*.pem")} == before


def test_elsewhere_nothing_is_tried_twice(store, monkeypatch):
    tries = []

    def refuse(*arguments):
        tries.append(arguments)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(CertificateFileError):
        store.replace()
    assert len(tries) == 1
