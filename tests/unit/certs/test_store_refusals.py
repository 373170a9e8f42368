"""CertificateStore: what it refuses, by the file's name and without touching a file."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from azext_dockervm.certs import transaction
from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.store import CertificateStore, StoreChange
from azext_dockervm.errors import CertificateError, CertificateFileError

NOW = datetime.now(timezone.utc).replace(microsecond=0)
FOUR = ("ca-key.pem", "ca.pem", "cert.pem", "key.pem")
PAST = {"not_before": NOW - timedelta(days=9), "not_after": NOW - timedelta(days=1)}


@pytest.fixture
def store(tmp_path):
    return CertificateStore(tmp_path / "docker")


def put(name, data):
    return lambda folder: (folder / name).write_bytes(data(folder) if callable(data) else data)


def drop(*names):
    return lambda folder: [(folder / name).unlink() for name in names]


def become(name, how):
    def change(folder):
        (folder / name).unlink()
        how(folder / name)

    return change


def other_key(folder):
    return Authority.create().key_pem.reveal()


def other_client(folder):
    client = Authority.create().issue_client()
    (folder / "key.pem").write_bytes(client.key_pem.reveal())
    return client.certificate_pem


@pytest.mark.parametrize(("fault", "file", "reason"), [
    (drop("ca.pem"), "ca.pem", "is missing, while ca-key.pem and key.pem and cert.pem exist: .*incomplete set"),
    (drop("ca-key.pem", "cert.pem", "key.pem"), "ca-key.pem", "is missing"),
    (drop("ca.pem", "cert.pem", "key.pem"), "ca.pem", "is missing, while ca-key.pem exists"),
    (drop("ca.pem", "ca-key.pem"), "ca.pem", "incomplete set"),
    (drop("ca-key.pem"), "ca-key.pem", "is missing: without the CA's key"),
    (put("ca.pem", b""), "ca.pem", "not contain a readable certificate"),
    (put("ca.pem", lambda folder: (folder / "ca.pem").read_bytes()[:400]), "ca.pem",
     "not contain a readable certificate"),
    (put("ca-key.pem", b"junk"), "ca-key.pem", "not contain a readable private key"),
    (put("ca-key.pem", other_key), "ca-key.pem", "does not belong to"),
    (put("cert.pem", other_client), "cert.pem", "was not signed by the CA in"),
    (put("cert.pem", b"x" * (1 << 20) + b"x"), "cert.pem", "is larger than 1 MB"),
    (become("ca.pem", os.mkdir), "ca.pem", "is not a file|Is a directory"),
    (become("key.pem", os.mkfifo), "key.pem", "is not a file"),
    (become("ca-key.pem", lambda path: path.symlink_to("/nowhere")), "ca-key.pem", "link to nothing"),
])
def test_a_faulty_set_is_refused_by_name_and_left_alone(store, fault, file, reason, content):
    store.ensure()
    fault(store.folder)
    refused_and_left_alone(content, store, file, reason)


@pytest.mark.parametrize(("ca", "client", "file", "reason"), [
    (PAST, {}, "ca.pem", "expired on"),
    ({"not_before": NOW + timedelta(days=1)}, {}, "ca.pem", "by this computer's clock"),
    ({"ca": False}, {}, "ca.pem", "not the certificate of a CA"),
    ({}, {"not_before": NOW + timedelta(days=1)}, "cert.pem", "by this computer's clock"),
    ({}, {"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]}, "cert.pem", "lacks clientAuth"),
])
def test_a_set_that_docker_would_refuse_is_refused(tmp_path, make, pem, write_set, ca, client, file, reason, content):
    folder = tmp_path / "docker"
    if "ca" in ca:
        write_set(folder)
        certificate, key = make("no CA", ca=False)
        (folder / "ca.pem").write_bytes(pem(certificate))
        (folder / "ca-key.pem").write_bytes(pem(key))
    else:
        write_set(folder, ca, client)
    refused_and_left_alone(content, CertificateStore(folder), file, reason)


def refused_and_left_alone(content, store, file, reason):
    before = content(store.folder)
    for refuse in (store.check, store.ensure):
        with pytest.raises(CertificateError, match=reason) as refusal:
            refuse()
        assert refusal.value.message.startswith(str(store.folder / file))
        assert any("-dc" in text for text in refusal.value.recommendations)
    state = store.state()
    assert state.problem is not None or file == "ca-key.pem"
    if state.problem:
        assert str(store.folder / file) in state.problem.message
        assert any("-dc" in text for text in state.problem.recommendations)
    assert content(store.folder) == before


def test_a_client_fault_does_not_stop_the_ca_and_the_other_way_round(store):
    store.ensure()
    key = (store.folder / "key.pem").read_bytes()
    (store.folder / "key.pem").write_bytes(b"junk")
    store.load_authority()
    (store.folder / "key.pem").write_bytes(key)
    (store.folder / "ca-key.pem").write_bytes(b"junk")
    store.tls_paths()
    assert store.state().authority.is_ca and store.state().client.subject


def test_an_encrypted_ca_key_is_refused(store, openssl, content):
    store.ensure()
    openssl("pkey", "-in", "ca-key.pem", "-aes128", "-passout", "pass:x", "-out", "ca-key.pem", cwd=store.folder)
    refused_and_left_alone(content, store, "ca-key.pem", "is encrypted")


def test_an_empty_or_missing_folder_has_nothing_to_give(store):
    for _ in range(2):
        for use in (store.load_authority, store.tls_paths):
            with pytest.raises(CertificateError, match="There are no certificates in") as refusal:
                use()
            assert f"-dc {store.folder}" in " ".join(refusal.value.recommendations)
        state = store.state()
        assert (state.authority, state.client, state.has_authority_key, state.problem) == (None, None, False, None)
        if not store.folder.exists():
            store.folder.mkdir()
    assert os.listdir(store.folder) == []


def every_call(store):
    return store.check, store.ensure, store.replace, store.load_authority, store.tls_paths, store.state


@pytest.mark.parametrize(("prepare", "reason"), [
    (lambda path: path.write_text("I am a file"), "is a file"),
    (lambda path: path.symlink_to("/nowhere/at/all"), "link to nothing"),
])
def test_a_folder_that_is_none_is_refused(tmp_path, prepare, reason):
    path = tmp_path / "docker"
    prepare(path)
    for call in every_call(CertificateStore(path)):
        with pytest.raises(CertificateFileError, match=reason) as refusal:
            call()
        assert str(path) in refusal.value.message and any("-dc" in text for text in refusal.value.recommendations)
    assert path.is_symlink() or path.read_text() == "I am a file"


def test_a_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    store = CertificateStore(tmp_path / "file" / "docker")
    for call in every_call(store):
        with pytest.raises(CertificateFileError, match="Not a directory") as refusal:
            call()
        assert str(store.folder) in refusal.value.message


@pytest.mark.parametrize(("folder", "reason"), [("", "is empty"), ("~nobody-has-this-name/x", "home folder")])
def test_a_name_that_is_no_folder_is_refused(folder, reason):
    with pytest.raises(CertificateFileError, match=reason) as refusal:
        CertificateStore(folder)
    assert any("-dc" in text for text in refusal.value.recommendations)


def test_the_home_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert CertificateStore("~/.docker").folder == tmp_path / ".docker"


def test_a_folder_that_can_not_be_written_is_named(unprivileged):
    folder = unprivileged.folder
    CertificateStore(folder.parent / "other").ensure()  # loads everything that the other user may not read
    folder.mkdir()
    folder.chmod(0o555)
    for use in (CertificateStore(folder).ensure, CertificateStore(folder).replace):
        said = unprivileged(use)
        assert said.startswith(f"CertificateFileError: The folder {folder} can't be written: Permission denied")
        assert "-dc" in said
    assert os.listdir(folder) == []
    folder.parent.chmod(0o555)
    below = folder / "deeper" / "still"
    said = unprivileged(CertificateStore(below).check)
    assert said.startswith(f"CertificateFileError: {below} can't be written: you have no write permission in {folder}.")
    assert "-dc" in said
    said = unprivileged(CertificateStore(below).ensure)
    assert said.startswith(f"CertificateFileError: {below} can't be created: Permission denied")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make somebody else's files")
def test_somebody_elses_set_is_named(unprivileged, content):
    folder = unprivileged.folder
    CertificateStore(folder).ensure()
    folder.chmod(0o755)
    before = content(folder)
    for use in (CertificateStore(folder).ensure, CertificateStore(folder).load_authority):
        said = unprivileged(use)
        assert f"{folder / 'ca-key.pem'} can't be read: Permission denied; it belongs to another user." in said
        assert "-dc" in said
    said = unprivileged(CertificateStore(folder).replace)
    assert f"The folder {folder} can't be written: Permission denied" in said
    assert content(folder) == before
    folder.chmod(0o700)
    said = unprivileged(CertificateStore(folder).ensure)
    assert f"{folder} can't be read: Permission denied; it belongs to another user." in said


@pytest.mark.parametrize("operation", ["write", "fsync", "open", "mkdir", "replace"])
def test_a_full_disk_leaves_the_old_set_and_the_next_run_tidies(store, monkeypatch, operation):
    store.ensure()
    before = {name: (store.folder / name).read_bytes() for name in FOUR}
    real = getattr(os, operation)

    def full(*arguments, **more):
        if transaction.STAGING in str(arguments[0]) or operation in ("write", "fsync"):
            raise OSError(28, "No space left on device")
        return real(*arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, operation, full)
        with pytest.raises(CertificateFileError, match="No space left on device") as refusal:
            store.replace()
    assert str(store.folder) in refusal.value.message and any("-dc" in text for text in refusal.value.recommendations)
    assert {name: (store.folder / name).read_bytes() for name in FOUR} == before
    assert store.ensure() == StoreChange()
    assert sorted(os.listdir(store.folder)) == sorted([*FOUR, ".dockervm.lock"])


def test_the_check_makes_nothing(store, tmp_path, write_set, content):
    store.check()
    assert not store.folder.exists()
    store.ensure()
    before = content(store.folder)
    store.check()
    assert content(store.folder) == before
    write_set(tmp_path / "expired", client=PAST)
    before = content(tmp_path / "expired")
    CertificateStore(tmp_path / "expired").check()
    assert content(tmp_path / "expired") == before


def test_an_expired_client_certificate_behind_a_link_is_refused_by_the_check_too(tmp_path, write_set):
    write_set(tmp_path / "docker", client=PAST)
    (tmp_path / "docker" / "key.pem").rename(tmp_path / "elsewhere.pem")
    (tmp_path / "docker" / "key.pem").symlink_to(tmp_path / "elsewhere.pem")
    store = CertificateStore(tmp_path / "docker")
    for refuse in (store.check, store.ensure):
        with pytest.raises(CertificateFileError, match="key.pem is a symbolic link"):
            refuse()
