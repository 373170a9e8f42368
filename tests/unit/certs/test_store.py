"""CertificateStore: what it makes, what it takes over, what it shows."""

from __future__ import annotations

import os
import stat
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from azext_dockervm.certs.authority import describe
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.store import CertificateStore, StoreChange
from azext_dockervm.errors import CertificateError, CertificateFileError
from azext_dockervm.secret import Secret

NOW = datetime.now(timezone.utc).replace(microsecond=0)
HOST = ServerIdentity.for_host("web1.example.test", "203.0.113.7", "10.0.0.4")
FOUR = ("ca-key.pem", "ca.pem", "cert.pem", "key.pem")
PAST = {"not_before": NOW - timedelta(days=9), "not_after": NOW - timedelta(days=1)}


@pytest.fixture
def store(tmp_path):
    return CertificateStore(tmp_path / "docker")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def shakes_hands(store, handshake, strict=True):
    """A host signed now by the store's CA and a client with the folder's files get along."""
    server, paths = store.load_authority().issue_server(HOST), store.tls_paths()
    ca = paths.ca.read_bytes()
    return handshake("web1.example.test", server=(server.certificate_pem, server.key_pem.reveal()), server_ca=ca,
                     client=(paths.cert.read_bytes(), paths.key.read_bytes()), strict=strict)


# Making

@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_set_works_and_has_the_right_modes(store, handshake, umask):
    before = os.umask(umask)
    try:
        assert store.ensure() == StoreChange(created=True)
    finally:
        os.umask(before)
    shakes_hands(store, handshake)
    assert sorted(os.listdir(store.folder)) == sorted([*FOUR, ".dockervm.lock"])
    assert mode(store.folder) == 0o700
    assert [mode(store.folder / name) for name in FOUR] == [0o600, 0o644, 0o644, 0o600]


def test_a_key_never_exists_with_a_wider_mode(store, monkeypatch):
    seen = []
    real = os.open

    def watching(path, flags, mode=0o777, **more):
        descriptor = real(path, flags, mode, **more)
        if flags & os.O_CREAT:
            seen.append((os.path.basename(path), stat.S_IMODE(os.fstat(descriptor).st_mode)))
        return descriptor

    before = os.umask(0)
    monkeypatch.setattr(os, "open", watching)
    try:
        store.ensure()
        store.replace()
    finally:
        os.umask(before)
    created = [entry for entry in seen if "key" in entry[0]]
    assert len(created) == 6 and {bits for _, bits in created} == {0o600}


def test_a_second_call_changes_nothing(store, content):
    store.ensure()
    before = content(store.folder)
    assert store.ensure() == StoreChange()
    store.state(), store.load_authority(), store.tls_paths()
    assert content(store.folder) == before


def test_the_contents_for_a_tls_client_are_the_files_and_its_key_a_secret(store):
    store.ensure()
    contents, paths = store.tls_contents(), store.tls_paths()
    assert (contents["ca.pem"], contents["cert.pem"]) == (paths.ca.read_bytes(), paths.cert.read_bytes())
    assert contents["key.pem"] == Secret(paths.key.read_bytes()) and len(contents) == 3
    paths.key.unlink()
    with pytest.raises(CertificateError, match="key.pem is missing"):
        store.tls_contents()


def test_an_existing_folder_keeps_its_mode_and_its_files(tmp_path):
    folder = tmp_path / "docker"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    (folder / "config.json").write_text("{}")
    CertificateStore(folder).ensure()
    assert mode(folder) == 0o755 and (folder / "config.json").read_text() == "{}"
    assert mode(folder / "key.pem") == mode(folder / "ca-key.pem") == 0o600


def test_a_missing_client_certificate_is_issued_by_the_ca_that_is_there(store, handshake):
    store.ensure()
    for name in ("cert.pem", "key.pem"):
        (store.folder / name).unlink()
    ca = [(store.folder / name).read_bytes() for name in ("ca.pem", "ca-key.pem")]
    assert store.ensure() == StoreChange(client_issued=True, client_reason="missing", client_words="there was none")
    assert [(store.folder / name).read_bytes() for name in ("ca.pem", "ca-key.pem")] == ca
    shakes_hands(store, handshake)


def test_an_expired_client_certificate_is_renewed_under_its_name_and_the_old_one_kept(tmp_path, write_set, handshake):
    write_set(tmp_path, client=PAST)
    store = CertificateStore(tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in FOUR}
    assert "expired" in store.state().problem.message and store.state().client.days_left < 0
    with pytest.raises(CertificateError, match="cert.pem expired on"):
        store.tls_paths()
    change = store.ensure()
    assert change.client_issued and not change.created
    assert {name: (change.backup / name).read_bytes() for name in os.listdir(change.backup)} == {
        name: before[name] for name in ("cert.pem", "key.pem")}
    assert mode(change.backup) == 0o700 and mode(change.backup / "key.pem") == 0o600
    assert (tmp_path / "ca.pem").read_bytes() == before["ca.pem"]
    assert describe((tmp_path / "cert.pem").read_bytes()).subject == "CN=other client,O=dockervm"
    assert store.state().backups == (change.backup,)
    shakes_hands(store, handshake, strict=False)
    assert store.ensure() == StoreChange()


def test_replace_keeps_the_old_set_in_a_backup_folder(store, handshake):
    store.ensure()
    before = {name: (store.folder / name).read_bytes() for name in FOUR}
    change = store.replace()
    assert change.created and change.backup.parent == store.folder
    assert {name: (change.backup / name).read_bytes() for name in FOUR} == before
    assert all((store.folder / name).read_bytes() != before[name] for name in FOUR)
    assert mode(change.backup) == 0o700
    assert [mode(store.folder / name) for name in FOUR] == [0o600, 0o644, 0o644, 0o600]
    shakes_hands(store, handshake)
    again = store.replace()  # within the same second
    assert again.backup != change.backup and store.state().backups == tuple(sorted([change.backup, again.backup]))
    # The backup is a folder that can be named.
    CertificateStore(change.backup).tls_paths()


@pytest.mark.parametrize("damage", ["nothing", "half", "corrupt"])
def test_replace_helps_where_nothing_else_does(tmp_path, damage, handshake):
    folder = tmp_path / "docker"
    if damage != "nothing":
        folder.mkdir()
        (folder / "ca.pem").write_text("junk")
    if damage == "corrupt":
        for name in FOUR:
            (folder / name).write_bytes(b"\0junk")
    change = CertificateStore(folder).replace()
    assert (change.backup is None) == (damage == "nothing")
    assert damage == "nothing" or (change.backup / "ca.pem").exists()
    shakes_hands(CertificateStore(folder), handshake)


# Taking over

def test_a_set_made_by_openssl_is_used_as_it_is(handbook, handshake, content):
    before = content(handbook)
    store = CertificateStore(handbook)
    assert store.ensure() == StoreChange()
    assert store.state().authority.key_type == "RSA" and store.state().problem is None
    shakes_hands(store, handshake, strict=False)
    assert store.load_authority().summary.subject == "CN=handbook CA,O=Hand Made,C=DE"
    store.tls_paths()
    assert content(handbook) == before


def test_a_set_made_by_docker_machine_is_used_as_it_is(tmp_path, write_set, handshake, content):
    usage = x509.KeyUsage(True, False, True, False, True, True, False, False, False)
    write_set(tmp_path, ca={"key": rsa.generate_private_key(65537, 2048), "usage": usage})
    before = content(tmp_path)
    store = CertificateStore(tmp_path)
    assert store.ensure() == StoreChange()
    assert content(tmp_path) == before
    shakes_hands(store, handshake, strict=False)


def test_without_the_ca_key_hosts_are_reached_but_not_made(store):
    store.ensure()
    (store.folder / "ca-key.pem").unlink()
    store.tls_paths()
    assert store.state().problem is None and not store.state().has_authority_key
    for sign in (store.load_authority, store.ensure):
        with pytest.raises(CertificateError, match="ca-key.pem is missing") as refusal:
            sign()
        assert any("-dc" in text for text in refusal.value.recommendations)


def test_a_set_in_a_folder_that_can_not_be_written_is_used(unprivileged):
    folder = unprivileged.folder
    CertificateStore(folder).ensure()
    (folder / ".dockervm.lock").unlink()
    for name in ("key.pem", "ca-key.pem"):
        (folder / name).chmod(0o644)  # for the user who will read them
    folder.chmod(0o555)
    said = unprivileged(lambda: (CertificateStore(folder).ensure(), CertificateStore(folder).tls_paths(),
                                 CertificateStore(folder).load_authority().summary.is_ca))
    assert "StoreChange(created=False" in said and "True" in said


def test_a_link_to_the_folder_is_followed(tmp_path, handshake):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    store = CertificateStore(tmp_path / "link")
    store.ensure()
    store.replace()
    shakes_hands(store, handshake)
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real" / "ca.pem").exists()


def test_a_link_in_place_of_a_file_is_read_but_never_replaced(store, tmp_path, handshake, content):
    store.ensure()
    (store.folder / "key.pem").rename(tmp_path / "elsewhere.pem")
    (store.folder / "key.pem").symlink_to(tmp_path / "elsewhere.pem")
    shakes_hands(store, handshake)
    before, target = content(store.folder), (tmp_path / "elsewhere.pem").read_bytes()
    with pytest.raises(CertificateFileError, match="key.pem is a symbolic link") as refusal:
        store.replace()
    assert any("-dc" in text for text in refusal.value.recommendations)
    assert content(store.folder) == before and (tmp_path / "elsewhere.pem").read_bytes() == target


# Showing

def test_the_state_describes_both_certificates(store):
    store.ensure()
    state = store.state()
    assert state.authority.is_ca and not state.client.is_ca
    assert state.client.issuer == state.authority.subject
    assert state.has_authority_key and state.problem is None and state.warnings == () and state.backups == ()
    assert state.authority.days_left > 1800 and state.client.days_left == 824
    assert "PRIVATE" not in repr(state)


def test_keys_that_others_can_read_are_warned_of(store):
    store.ensure()
    (store.folder / "key.pem").chmod(0o644)
    assert [str(store.folder / "key.pem") in text and "0644" in text for text in store.state().warnings] == [True]


def test_the_store_follows_the_clock_it_is_given(tmp_path):
    later = NOW
    store = CertificateStore(tmp_path / "docker", clock=lambda: later)
    store.ensure()
    later = NOW + timedelta(days=900)
    assert store.state().client.days_left < 0
    change = store.ensure()
    assert change.client_issued and change.backup
    # The new one ends with its CA at the latest.
    assert describe((store.folder / "cert.pem").read_bytes()).not_after <= store.state().authority.not_after
    later = NOW + timedelta(days=2000)
    with pytest.raises(CertificateError, match="ca.pem expired on"):
        store.ensure()
