"""CertificateStore under SIGKILL at every step and with other processes: one whole set, never a mixture."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from killing import fresh_folders, kill_points

from azext_dockervm.certs import transaction
from azext_dockervm.certs.authority import check_client
from azext_dockervm.certs.store import CertificateStore, StoreChange
from azext_dockervm.errors import CertificateError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

NOW = datetime.now(timezone.utc).replace(microsecond=0)
FOUR = ("ca-key.pem", "ca.pem", "cert.pem", "key.pem")
LOCK = ".dockervm.lock"


@pytest.fixture
def fresh(tmp_path):
    return fresh_folders(tmp_path, "docker")


def bytes_of(folder):
    return {name: (folder / name).read_bytes() for name in FOUR if (folder / name).exists()}


def no_half_file(folder, where):
    """What is visible under a final name is whole and has its mode."""
    for name, content in bytes_of(folder).items():
        if name.endswith("key.pem"):
            load_pem_private_key(content, None)
        else:
            x509.load_pem_x509_certificate(content)
        mode = stat.S_IMODE((folder / name).stat().st_mode)
        assert mode == (0o600 if name.endswith("key.pem") else 0o644), where
    for path in folder.rglob("*key.pem") if folder.exists() else ():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, (where, path)
    if folder.exists():
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, where


def at_rest(folder, backups=0):
    names = set(os.listdir(folder))
    kept = {name for name in names if name.startswith(transaction.BACKUP_PREFIX)}
    return names - kept - {LOCK} == set(FOUR) and len(kept) == backups and "unfinished" not in " ".join(kept)


def works(folder):
    """The four files as they lie there belong together."""
    files = bytes_of(folder)
    check_client(files["cert.pem"], files["key.pem"], files["ca.pem"])
    key, certificate = load_pem_private_key(files["ca-key.pem"], None), x509.load_pem_x509_certificate(files["ca.pem"])
    return key.public_key() == certificate.public_key()


# One process, killed

def test_making_a_set_survives_a_kill_anywhere(fresh):
    outcomes = set()
    for folder, where in kill_points(fresh, lambda folder: CertificateStore(folder).ensure(), 30):
        if folder.exists():
            no_half_file(folder, where)
        visible = bytes_of(folder)
        decided = (folder / transaction.PENDING).exists() or bool(visible)
        change = CertificateStore(folder).ensure()
        # What was decided stays; what was not is made anew. A CA that anybody could have seen never changes.
        assert change.created != decided, where
        assert visible.items() <= bytes_of(folder).items(), where
        assert works(folder) and at_rest(folder), where
        assert CertificateStore(folder).ensure() == StoreChange(), where
        outcomes.add((decided, len(visible)))
    # The test went through every stage: nothing, decided, and each number of files moved.
    assert outcomes == {(False, 0), (True, 0), (True, 1), (True, 2), (True, 3), (True, 4)}


def test_replacing_a_set_survives_a_kill_anywhere(fresh):
    template = fresh()
    CertificateStore(template).ensure()
    old = bytes_of(template)
    outcomes = set()

    def replace(folder):
        return CertificateStore(folder).replace()

    for killed_folder, where in kill_points(lambda: fresh(template), replace, 40):
        no_half_file(killed_folder, where)
        moved = sum(bytes_of(killed_folder)[name] != old[name] for name in FOUR)
        # Whatever comes first brings it to rest; two of the four calls at each point, so that the test stays fast.
        for first in (("state", "ensure"), ("load_authority", "tls_paths"))[int(where.split()[-1]) % 2]:
            folder = fresh(killed_folder)
            getattr(CertificateStore(folder), first)()
            now = bytes_of(folder)
            changed = [name for name in FOUR if now[name] != old[name]]
            assert changed in ([], list(FOUR)), where
            assert works(folder) and at_rest(folder, backups=1 if changed else 0), where
            if changed:
                assert bytes_of(CertificateStore(folder).state().backups[0]) == old, where
            outcomes.add((bool(changed), moved))
        # Or the user tries again at once: each set that was whole is kept.
        change = CertificateStore(killed_folder).replace()
        kept = [bytes_of(backup) for backup in CertificateStore(killed_folder).state().backups]
        assert works(killed_folder) and works(change.backup) and old in kept, where
        assert len(kept) == (2 if changed else 1) and not transaction.has_leftovers(killed_folder), where
    assert outcomes == {(False, 0), (True, 0), (True, 1), (True, 2), (True, 3), (True, 4)}


def test_renewing_a_client_certificate_survives_a_kill_anywhere(fresh, write_set):
    template = fresh()
    template.mkdir(mode=0o700)
    write_set(template, client={"not_before": NOW - timedelta(days=9), "not_after": NOW - timedelta(days=1)})
    old = bytes_of(template)
    for folder, where in kill_points(lambda: fresh(template), lambda folder: CertificateStore(folder).ensure(), 30):
        no_half_file(folder, where)
        CertificateStore(folder).ensure()
        now = bytes_of(folder)
        assert [name for name in FOUR if now[name] != old[name]] == ["cert.pem", "key.pem"], where
        assert works(folder) and at_rest(folder, backups=1), where
        CertificateStore(folder).tls_paths()


@pytest.mark.parametrize(("fault", "reason"), [
    (lambda folder: (folder / "key.pem").unlink(), "half"), (lambda folder: (folder / "cert.pem").unlink(), "half"),
    (lambda folder: (folder / "cert.pem").write_bytes(b""), "damaged"),
    (lambda folder: shutil.copy(folder / "ca-key.pem", folder / "key.pem"), "damaged"),
], ids=["no key", "no certificate", "empty certificate", "another's key"])
def test_mending_a_client_certificate_survives_a_kill_anywhere(fresh, fault, reason):
    template = fresh()
    CertificateStore(template).ensure()
    fault(template)
    old = bytes_of(template)
    left = {name: content for name, content in old.items() if name in ("cert.pem", "key.pem")}
    stages = set()
    for folder, where in kill_points(lambda: fresh(template), lambda folder: CertificateStore(folder).ensure(), 25):
        decided = (folder / transaction.PENDING).exists() or bytes_of(folder) != old
        change = CertificateStore(folder).ensure()
        # What was decided counts; else the next run does it, knowing why. No third state, and only one backup.
        assert change.client_reason == (None if decided else reason), where
        now = bytes_of(folder)
        assert (now["ca.pem"], now["ca-key.pem"]) == (old["ca.pem"], old["ca-key.pem"]), where
        assert works(folder) and at_rest(folder, backups=1), where
        assert bytes_of(CertificateStore(folder).state().backups[0]) == left, where
        CertificateStore(folder).tls_paths()
        no_half_file(folder, where)
        stages.add(decided)
    assert stages == {False, True}


def test_a_recovery_that_is_killed_is_recovered_from(fresh):
    template = fresh()
    CertificateStore(template).ensure()
    old = bytes_of(template)
    half_done = []
    for folder, _ in kill_points(lambda: fresh(template), lambda folder: CertificateStore(folder).replace(), 40):
        if (folder / transaction.PENDING).exists():
            half_done.append(folder)
    assert len(half_done) > 5
    for start in half_done[:: len(half_done) // 2]:
        for folder, where in kill_points(lambda: fresh(start), lambda folder: CertificateStore(folder).state(), 5):  # noqa: B023
            no_half_file(folder, where)
            CertificateStore(folder).tls_paths()
            now = bytes_of(folder)
            assert all(now[name] != old[name] for name in FOUR), where
            assert works(folder) and at_rest(folder, backups=1), where


# Changed by hand after a kill

@pytest.fixture
def killed_between_renames(fresh):
    """A folder whose replacement was killed when two of four files had their final name, and the old files."""
    template = fresh()
    CertificateStore(template).ensure()
    old = bytes_of(template)
    for folder, _ in kill_points(lambda: fresh(template), lambda folder: CertificateStore(folder).replace(), 40):
        if sum(bytes_of(folder)[name] != old[name] for name in FOUR) == 2:
            return folder, old
    raise AssertionError("no kill between the renames")


def unfinished(folder):
    return [path for path in folder.iterdir() if path.name.endswith("-unfinished")]


def test_a_set_that_the_user_put_back_by_hand_counts(killed_between_renames):
    folder, old = killed_between_renames
    for name, content in old.items():
        (folder / name).write_bytes(content)
    CertificateStore(folder).tls_paths()
    assert bytes_of(folder) == old
    assert len(unfinished(folder)) == 1 and not transaction.has_leftovers(folder)


def test_another_set_that_the_user_put_there_is_not_overwritten(killed_between_renames, fresh):
    folder, _ = killed_between_renames
    other = fresh()
    CertificateStore(other).ensure()
    for name in FOUR:
        (folder / name).unlink()
        shutil.copy(other / name, folder / name)
    assert CertificateStore(folder).ensure() == StoreChange()
    assert bytes_of(folder) == bytes_of(other)
    assert len(unfinished(folder)) == 1


def test_a_pending_folder_that_is_not_ours_is_put_aside(fresh):
    folder = fresh()
    CertificateStore(folder).ensure()
    before = bytes_of(folder)
    for manifest in (None, "junk", '{"writes": {"ca.pem": "x"}, "replaces": {}, "backup": null}', "{}", "[]"):
        (folder / transaction.PENDING).mkdir()
        (folder / transaction.PENDING / "ca.pem").write_text("evil")
        if manifest is not None:
            (folder / transaction.PENDING / "manifest.json").write_text(manifest)
        CertificateStore(folder).tls_paths()
        assert bytes_of(folder) == before and not transaction.has_leftovers(folder)
    assert len(unfinished(folder)) + len(list(folder.glob("*-unfinished-*"))) == 5


# Several processes

def in_children(count, action):
    """Run ``action(index)`` in so many processes, all begun at once; their results as text."""
    gate_out, gate_in = os.pipe()
    answers = []
    for index in range(count):
        readable, writable = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.close(gate_in)
                os.read(gate_out, 1)
                os.write(writable, str(action(index)).encode())
            finally:
                os._exit(0)
        os.close(writable)
        answers.append((child, readable))
    os.close(gate_out)
    os.close(gate_in)  # opens the gate for all
    said = []
    for child, readable in answers:
        with os.fdopen(readable) as answer:
            said.append(answer.read())
        os.waitpid(child, 0)
    return said


def test_processes_that_begin_at_once_get_one_ca(fresh):
    for _ in range(5):
        folder = fresh()

        def make(_, folder=folder):
            change = CertificateStore(folder).ensure()
            return change.created, CertificateStore(folder).load_authority().summary.fingerprint

        said = in_children(6, make)
        assert sorted(text[:6] for text in said) == ["(False"] * 5 + ["(True,"]
        assert len({text.split()[1] for text in said}) == 1
        assert works(folder) and at_rest(folder)


def test_readers_beside_a_writer_never_see_a_mixture(fresh):
    folder = fresh()
    CertificateStore(folder).ensure()

    def work(index):
        store = CertificateStore(folder)
        for _ in range(15):
            if index == 0:
                store.replace()
            else:
                try:
                    store.tls_paths()
                    store.load_authority()
                    assert store.ensure() == StoreChange()
                except CertificateError as error:
                    return error.message
        return "fine"

    assert in_children(3, work) == ["fine"] * 3
    assert works(folder) and at_rest(folder, backups=15)


def test_without_the_lock_a_reader_checks_that_nothing_changed(fresh, monkeypatch):
    """A replacement that happens whole between two files' reading is noticed."""
    folder = fresh()
    store = CertificateStore(folder)
    store.ensure()
    real, done = transaction.read_file, []

    def interrupted(path):
        content = real(path)
        if path.name == "ca.pem" and not done:
            done.append(True)
            CertificateStore(folder).replace()
        return content

    monkeypatch.setattr("azext_dockervm.certs.files.read_file", interrupted)
    store.tls_paths()
    assert done
