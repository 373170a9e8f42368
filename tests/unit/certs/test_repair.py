"""A sound CA with a client certificate that is not: what is issued again, what is only told, and with which advice."""

from __future__ import annotations

import dataclasses
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from azext_dockervm.certs.authority import Authority, describe
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.store import CertificateStore, StoreChange
from azext_dockervm.errors import CertificateError, CertificateFileError

NOW = datetime.now(timezone.utc).replace(microsecond=0)
PAST = {"not_before": NOW - timedelta(days=9), "not_after": NOW - timedelta(days=1)}
FUTURE = {"not_before": NOW + timedelta(days=1)}
HOST = ServerIdentity.for_host("web1.example.test", "203.0.113.7", "10.0.0.4")
CLIENT = ("cert.pem", "key.pem")


@pytest.fixture
def store(tmp_path):
    store = CertificateStore(tmp_path / "docker")
    store.ensure()
    return store


def files(folder: Path, *names: str) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def put(**contents):
    def fault(folder):
        for name, content in contents.items():
            path = folder / f"{name}.pem"
            path.write_bytes(content(folder) if callable(content) else content)

    return fault


def drop(*names):
    return lambda folder: [(folder / f"{name}.pem").unlink() for name in names]


def both(*faults):
    return lambda folder: [fault(folder) for fault in faults]


def another_key(_folder):
    return Authority.create().issue_client().key_pem.reveal()


def same_ca_certificate(folder):
    return CertificateStore(folder).load_authority().issue_client("twin").certificate_pem


# What is mended

NO_CERTIFICATE = "cert.pem does not contain a readable certificate"
NO_KEY = "key.pem does not contain a readable private key"


@pytest.mark.parametrize(("fault", "reason", "words", "message"), [
    (drop("cert", "key"), "missing", "there was none", "cert.pem and key.pem are missing"),
    (drop("cert"), "half", "cert.pem was missing", "cert.pem is missing; key.pem can't be used without it"),
    (drop("key"), "half", "key.pem was missing", "key.pem is missing; cert.pem can't be used without it"),
    (both(drop("cert"), put(key=b"junk")), "half", "cert.pem was missing", "cert.pem is missing"),
    (put(cert=b""), "damaged", "the old one was damaged", f"{NO_CERTIFICATE}: it is empty"),
    (put(cert=b"junk"), "damaged", "the old one was damaged", NO_CERTIFICATE),
    (put(cert=lambda folder: (folder / "cert.pem").read_bytes()[:300]), "damaged", "the old one was damaged",
     NO_CERTIFICATE),
    (both(drop("key"), put(cert=b"junk")), "damaged", "the old one was damaged", NO_CERTIFICATE),
    (put(key=b""), "damaged", "the old one was damaged", f"{NO_KEY}: it is empty"),
    (put(key=b"junk"), "damaged", "the old one was damaged", NO_KEY),
    (put(cert=b"", key=b""), "damaged", "the old one was damaged", NO_CERTIFICATE),
    (put(key=another_key), "damaged", "the old one was damaged", "key.pem does not belong to"),
    (put(cert=same_ca_certificate), "damaged", "the old one was damaged", "key.pem does not belong to"),
])
def test_the_same_ca_issues_again_and_what_was_there_is_kept(store, handshake, content, fault, reason, words, message):
    fault(store.folder)
    before = files(store.folder, *CLIENT)
    ca = files(store.folder, "ca.pem", "ca-key.pem")
    untouched = content(store.folder)

    state = store.state()
    repair = f"az dockervm cert create -dc {store.folder}"
    assert message in state.problem.message and repair in state.problem.message
    with pytest.raises(CertificateError, match=message) as refusal:
        store.tls_paths()
    told = [*state.problem.recommendations, *refusal.value.recommendations]
    assert any(repair in text for text in refusal.value.recommendations)
    assert not [text for text in told if "--force" in text]
    foreseen = store.check()
    assert content(store.folder) == untouched

    change = store.ensure()
    assert change.client_issued and not change.created
    assert (change.client_reason, change.client_words) == (reason, words)
    assert foreseen == dataclasses.replace(change, backup=None)
    assert (files(change.backup, *os.listdir(change.backup)) if change.backup else {}) == before
    assert files(store.folder, "ca.pem", "ca-key.pem") == ca
    server, paths = store.load_authority().issue_server(HOST), store.tls_paths()
    handshake("web1.example.test", server=(server.certificate_pem, server.key_pem.reveal()), server_ca=ca["ca.pem"],
              client=(paths.cert.read_bytes(), paths.key.read_bytes()))
    assert store.ensure() == store.check() == StoreChange() and store.state().problem is None


def test_the_new_certificate_keeps_the_name_of_the_old_one(tmp_path, write_set):
    write_set(tmp_path)
    (tmp_path / "key.pem").unlink()
    CertificateStore(tmp_path).ensure()
    assert describe((tmp_path / "cert.pem").read_bytes()).subject == "CN=other client,O=dockervm"


def test_an_expired_one_is_called_so_and_half_of_one_is_not(tmp_path, write_set):
    for name, reason in ((None, "expired"), ("key.pem", "half")):
        folder = tmp_path / reason
        write_set(folder, client=PAST)
        if name:
            (folder / name).unlink()
        assert CertificateStore(folder).check().client_reason == reason
        change = CertificateStore(folder).ensure()
        assert change.client_reason == reason and ("expired" in change.client_words) == (reason == "expired")


def test_check_foresees_a_new_set(tmp_path):
    store = CertificateStore(tmp_path / "deep" / "docker")
    assert store.check() == StoreChange(created=True) == store.ensure()


# What is told and left alone

@pytest.fixture
def foreign(tmp_path):
    """Another team's CA and client certificate."""
    other = CertificateStore(tmp_path / "other team")
    other.ensure()
    return other.folder


def copied(name):
    return lambda folder: (folder.parent / "other team" / name).read_bytes()


@pytest.mark.parametrize(("fault", "reason"), [
    (put(cert=copied("cert.pem"), key=copied("key.pem")), "cert.pem was not signed by the CA in"),
    (put(cert=copied("cert.pem")), "cert.pem was not signed by the CA in"),
    (both(put(cert=copied("cert.pem")), drop("key")), "cert.pem was not signed by the CA in"),
    (put(cert=copied("cert.pem"), key=b"junk"), "cert.pem was not signed by the CA in"),
    (put(cert=lambda folder: host_certificate(folder)), "cert.pem is not a client certificate"),
    (both(put(cert=lambda folder: host_certificate(folder)), drop("key")), "cert.pem is not a client certificate"),
])
def test_a_certificate_that_somebody_may_have_meant_is_told_and_left_alone(store, foreign, content, fault, reason):
    fault(store.folder)
    advice = left_alone(store, content, CertificateError, reason)
    # The CA is sound: the way out is to move the files, and never a new CA.
    assert f"move cert.pem and key.pem out of {store.folder}" in advice
    assert f"az dockervm cert create -dc {store.folder}" in advice
    for name in CLIENT:
        (store.folder / name).unlink(missing_ok=True)
    assert store.ensure().client_issued  # as the advice says


def host_certificate(folder):
    made = CertificateStore(folder).load_authority().issue_server(HOST)
    (folder / "key.pem").write_bytes(made.key_pem.reveal())
    return made.certificate_pem


@pytest.mark.parametrize("form", [["pkey"], ["ec"]], ids=["PKCS#8", "RFC 1421"])
@pytest.mark.parametrize("certificate", ["sound", "missing", "damaged"])
def test_an_encrypted_key_is_told_with_the_command_that_decrypts_it(store, openssl, content, form, certificate):
    openssl(*form, "-in", "key.pem", "-aes128", "-passout", "pass:x", "-out", "key.pem", cwd=store.folder)
    (drop("cert") if certificate == "missing" else put(cert=b"") if certificate == "damaged" else drop())(store.folder)
    advice = left_alone(store, content, CertificateError, "key.pem is encrypted with a passphrase")
    assert "docker client" in str(store.state().problem)
    key = store.folder / "key.pem"
    assert f"openssl pkey -in {key} -out {key}.decrypted" in advice
    # The advice, followed, works, and the copy is for our eyes only.
    openssl("pkey", "-in", key, "-passin", "pass:x", "-out", f"{key}.decrypted")
    assert Path(f"{key}.decrypted").stat().st_mode & 0o077 == 0
    key.rename(store.folder.parent / "encrypted.pem")
    Path(f"{key}.decrypted").rename(key)
    assert store.ensure() == StoreChange() if certificate == "sound" else store.ensure().client_issued


@pytest.mark.parametrize("rest", ["expired", "half", "damaged"])
@pytest.mark.parametrize("link", CLIENT)
def test_a_link_is_told_and_left_alone(tmp_path, write_set, content, rest, link):
    folder = tmp_path / "docker"
    write_set(folder, client=PAST if rest == "expired" else {})
    other = "key.pem" if link == "cert.pem" else "cert.pem"
    if rest == "half":
        (folder / other).unlink()
    if rest == "damaged":
        (folder / other).write_bytes(b"")
    (folder / link).rename(tmp_path / "elsewhere.pem")
    (folder / link).symlink_to(tmp_path / "elsewhere.pem")
    advice = left_alone(CertificateStore(folder), content, CertificateFileError, f"{link} is a symbolic link")
    assert "Remove the link" in advice


@pytest.mark.parametrize(("unreadable", "other"), [CLIENT, CLIENT[::-1]])
@pytest.mark.parametrize("rest", ["sound", "half", "damaged"])
def test_a_file_that_can_not_be_read_is_told_and_left_alone(unprivileged, content, unreadable, other, rest):
    folder = unprivileged.folder
    unprivileged.prepare(folder)
    {"sound": drop(), "half": drop(other[:-4]), "damaged": put(**{other[:-4]: b""})}[rest](folder)
    (folder / unreadable).chmod(0)
    before = content(folder)
    for use in (CertificateStore(folder).ensure, CertificateStore(folder).check):
        said = unprivileged(use)
        assert said.startswith(f"CertificateFileError: {folder / unreadable} can't be read: Permission denied")
        assert f"chmod u+rw {folder / unreadable}" in said and "--force" not in said
    assert content(folder) == before


@pytest.mark.parametrize(("client", "reason"), [
    (FUTURE, "by this computer's clock"),
    ({"key": rsa.generate_private_key(65537, 1024)}, "1024 bits"),
    ({"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]}, "lacks clientAuth"),
])
def test_what_is_neither_damaged_nor_over_is_told_and_left_alone(tmp_path, write_set, content, client, reason):
    write_set(tmp_path / "docker", client=client)
    advice = left_alone(CertificateStore(tmp_path / "docker"), content, CertificateError, reason)
    # A wrong clock must not cost a certificate.
    assert ("az dockervm cert create" in advice) == (client is not FUTURE)


def test_nobody_is_told_to_issue_anew_what_this_folder_can_not_sign(tmp_path, write_set):
    write_set(tmp_path / "docker", client={"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]})
    (tmp_path / "docker/ca-key.pem").unlink()
    with pytest.raises(CertificateError, match="lacks clientAuth") as refusal:
        CertificateStore(tmp_path / "docker").tls_paths()
    assert "az dockervm cert create" not in " ".join(refusal.value.recommendations)


def left_alone(store, content, kind, reason) -> str:
    """Refused by each call in the same words, nothing changed, no word of --force → all the advice."""
    before = content(store.folder)
    problem = store.state().problem
    advice = [*problem.recommendations]
    assert reason in problem.message
    for refuse in (store.check, store.ensure, store.tls_paths):
        with pytest.raises(kind, match=reason) as refusal:
            refuse()
        advice += refusal.value.recommendations
        assert any("-dc" in text for text in refusal.value.recommendations)
    assert content(store.folder) == before
    assert not [text for text in advice if "--force" in text]
    return " ".join(advice)


# What advice fits where the CA itself is at fault

@pytest.mark.parametrize("fault", [
    drop("ca"), drop("ca-key"), put(**{"ca-key": b"junk"}), put(ca=b"junk"), put(**{"ca-key": another_key}),
])
def test_a_new_ca_is_advised_where_nothing_else_helps_and_said_to_cut_hosts_off(store, content, fault):
    fault(store.folder)
    before = content(store.folder)
    with pytest.raises(CertificateError) as refusal:
        store.ensure()
    advice = [text for text in refusal.value.recommendations if "--force" in text]
    assert len(advice) == 1 and "hosts that trust the old CA will reject" in advice[0]
    assert content(store.folder) == before


def test_no_new_ca_is_advised_for_an_encrypted_key_and_a_wrong_clock(store, openssl, tmp_path, write_set):
    openssl("pkey", "-in", "ca-key.pem", "-aes128", "-passout", "pass:x", "-out", "ca-key.pem", cwd=store.folder)
    write_set(tmp_path / "future", ca=FUTURE)
    for faulty, reason in ((store, "is encrypted"), (CertificateStore(tmp_path / "future"), "computer's clock")):
        with pytest.raises(CertificateError, match=reason) as refusal:
            faulty.ensure()
        assert "--force" not in " ".join(refusal.value.recommendations)
        assert "-dc" in " ".join(refusal.value.recommendations)


def test_without_the_cas_key_a_client_fault_is_not_said_to_be_mended_here(store):
    (store.folder / "ca-key.pem").unlink()
    (store.folder / "cert.pem").write_bytes(b"")
    with pytest.raises(CertificateError, match="not contain a readable certificate") as refusal:
        store.tls_paths()
    assert "from the person who created this set" in refusal.value.recommendations[0]
    with pytest.raises(CertificateError, match="ca-key.pem is missing"):
        store.ensure()


def test_an_empty_folder_is_not_advised_to_force(tmp_path):
    with pytest.raises(CertificateError, match="There are no certificates") as refusal:
        CertificateStore(tmp_path).tls_paths()
    advice = " ".join(refusal.value.recommendations)
    assert f"az dockervm cert create -dc {tmp_path}" in advice and "--force" not in advice


# Fingerprints

def fingerprint_by(openssl, certificate: bytes) -> str:
    said = openssl("x509", "-noout", "-fingerprint", "-sha256", stdin=certificate).decode()
    return said.split("=")[1].strip().replace(":", "").lower()


def test_fingerprints_are_openssls_the_signing_one_first_and_need_no_key(store, openssl):
    mine = (store.folder / "ca.pem").read_bytes()
    other = Authority.create()
    assert store.load_authority().fingerprint == fingerprint_by(openssl, mine)
    assert other.fingerprint == fingerprint_by(openssl, other.certificate_pem)
    (store.folder / "ca.pem").write_bytes(other.certificate_pem + mine)
    mine, others = fingerprint_by(openssl, mine), other.fingerprint
    assert store.authority_fingerprints() == (mine, others)
    openssl("pkey", "-in", "ca-key.pem", "-aes128", "-passout", "pass:x", "-out", "ca-key.pem", cwd=store.folder)
    assert store.authority_fingerprints() == (others, mine)
    (store.folder / "ca-key.pem").unlink()
    assert store.authority_fingerprints() == (others, mine)
    (store.folder / "ca.pem").unlink()
    assert store.authority_fingerprints() == ()
    assert CertificateStore(store.folder / "none").authority_fingerprints() == ()


def test_fingerprints_of_an_expired_ca_are_told_those_of_a_damaged_one_are_not(store, tmp_path, write_set):
    (ca, _), _ = write_set(tmp_path / "old", ca=PAST)
    assert len(CertificateStore(tmp_path / "old").authority_fingerprints()) == 1
    for name, text in (("ca-key.pem", "not contain a readable private key"),
                       ("ca.pem", "not contain a readable certificate")):
        (store.folder / name).write_bytes(b"junk")
        with pytest.raises(CertificateError, match=text) as refusal:
            store.authority_fingerprints()
        assert str(store.folder / name) in refusal.value.message


def test_fingerprints_wait_for_nobody_and_write_nothing(store, content):
    from azext_dockervm.certs.lock import FolderLock

    (store.folder / ".dockervm-pending").mkdir()
    before = content(store.folder)
    with FolderLock(store.folder):
        assert len(store.authority_fingerprints()) == 1
    assert content(store.folder) == before


def test_an_authority_knows_when_it_ends(store):
    authority = store.load_authority()
    assert authority.expires == authority.summary.not_after
    assert authority.expires == x509.load_pem_x509_certificate(authority.certificate_pem).not_valid_after_utc
    assert authority.expires.utcoffset() == timedelta(0)
