"""CertificateStore: the folder that holds the CA and the client certificate, ``~/.docker`` by default.

The files have the names that the docker client looks for: ``ca.pem``, ``cert.pem``, ``key.pem``; the CA's key is
``ca-key.pem`` beside them, as docker-machine and Docker's own handbook name it. A set that others made is used as it
is; an existing file is never changed, but for two cases: ``replace`` (on the user's word), and a client certificate
that expired, is damaged or half there, for which the same CA issues a new one: that takes nothing from anybody. Both
keep the old files in a ``dockervm-backup-…`` folder.

A folder that this module makes has mode 0700; an existing one keeps its mode. Key files have 0600 from the moment
of creation, certificates 0644. A folder that everybody can write to is refused before anything in it is trusted or
written; ``access`` tells more. A symbolic link to the folder is followed; one in place of a file is read, but never
replaced (an error).

How several files change together, and what a kill in the middle does, is told in ``transaction``. Readers here see one
set or another, never a mixture; a docker client that reads the files itself can see one for the microseconds
between two renames, and after a kill exactly there until the next run.

Importing this module is cheap: cryptography is loaded by the first call that needs it.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from azext_dockervm.advice import certificates as advice
from azext_dockervm.certs import access, transaction
from azext_dockervm.certs import folder as certificate_folder
from azext_dockervm.certs.faults import ClientFault, NotYetValid, Protected
from azext_dockervm.certs.files import CA_CERT, CA_KEY, CLIENT_CERT, CLIENT_KEY, NAMES, CertificateFiles, Verdict
from azext_dockervm.certs.lock import FolderLock
from azext_dockervm.certs.summary import Summary
from azext_dockervm.certs.transaction import NewFile
from azext_dockervm.errors import CertificateError, CertificateFileError
from azext_dockervm.secret import Secret

if TYPE_CHECKING:
    from azext_dockervm.certs.authority import Authority

# Readers that find the files changing this often in a row wait for the lock instead.
_READS = 3


@dataclass(frozen=True)
class TlsPaths:
    """The three files that a TLS client of a Docker host needs."""

    ca: Path
    cert: Path
    key: Path


@dataclass(frozen=True)
class StoreChange:
    """What a call changed in the folder."""

    created: bool = False  # a new CA and a client certificate of it
    client_issued: bool = False  # a new client certificate of the CA that was there
    client_reason: str | None = None  # why it was issued: "missing", "half" (one of two files), "damaged", "expired"
    client_words: str | None = None  # the same for the middle of a sentence: "key.pem was missing"
    backup: Path | None = None  # where the replaced files are kept; None if none was replaced
    warnings: tuple[str, ...] = ()  # what ``warnings()`` says now and did not say before the change


@dataclass(frozen=True)
class StoreState:
    """What the folder holds. ``problem`` is why it can't be used, ``None`` for a sound or an empty folder."""

    folder: Path
    authority: Summary | None  # the certificate that signs, where ca.pem has several
    client: Summary | None
    has_authority_key: bool  # without it hosts can be reached, but none can be made
    problem: CertificateError | None
    warnings: tuple[str, ...]  # what ``CertificateStore.warnings`` says
    backups: tuple[Path, ...]  # oldest first


class CertificateStore:
    """The certificates of one folder. Nothing is read or written before a method is called.

    Every method raises CertificateError (CertificateFileError where the file system is the cause) with a message that
    names the file, and recommendations that name ``-dc``.
    """

    def __init__(self, folder: str | os.PathLike[str],
                 clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)) -> None:
        self.folder = certificate_folder.full_path(os.fspath(folder))
        self._now = clock
        self._modes_kept: bool | None = None  # None: not tried yet

    def state(self) -> StoreState:
        """What is there, for showing. Changes nothing, except that it finishes what a killed process left half done."""
        with self._with_advice():
            files = self._read()
            problem = None
            try:
                with self._with_advice():
                    files.check_for_show()
            except CertificateError as error:
                problem = error
            return StoreState(self.folder, files.describe_authority(), files.describe_client(), files.has(CA_KEY),
                              problem, self.warnings(), self._backups())

    def warnings(self) -> tuple[str, ...]:
        """Sentences about who else can get at the certificates: a group or another user with rights on the folder,
        keys that others can read, a file system that keeps no modes. Some looks at modes, nothing is read or written.
        Before ``check`` or ``ensure`` a folder that is open to everybody is one of them; after it, it is refused."""
        return access.warnings(self.folder, [self.folder / name for name in (CA_KEY, CLIENT_KEY)], self._modes_kept)

    def authority_fingerprints(self) -> tuple[str, ...]:
        """SHA-256 fingerprints, lower-case hex, of all certificates in ca.pem, the one that signs first where
        ca-key.pem tells; () without a ca.pem. The files are read once and without the lock, so it never waits.

        Raises CertificateError for damaged files; whether a certificate is expired is not looked at.
        """
        with self._with_advice():
            certificate_folder.check(self.folder)
            return CertificateFiles.read(self.folder, self._now()).authority_fingerprints()

    def ensure(self) -> StoreChange:
        """Make what is missing: a CA and a client certificate in an empty folder; a client certificate where the CA's
        is missing, half there, damaged or expired. A sound set is left alone, not even the lock file is made.

        Raises for half a CA, a missing CA key, files of two CAs, encrypted or unreadable ones, an expired CA, and a
        folder that everybody can write to. Then nothing was written.
        """
        with self._with_advice():
            before = self.warnings()
            self.check_access()
            if self._read().verdict() is Verdict.SOUND:
                return StoreChange()
            certificate_folder.make(self.folder)
            with self._locked():
                files = CertificateFiles.read(self.folder, self._now())
                verdict = files.verdict()  # again: another process may have been first
                if verdict is Verdict.SOUND:
                    return StoreChange()
                rewritten: tuple[str, ...] = ()
                if verdict is Verdict.REWRITE:
                    rewritten = (self._rewrite_authority(files),)
                    files = CertificateFiles.read(self.folder, self._now())
                    verdict = files.verdict()
                change = (StoreChange() if verdict is Verdict.SOUND else self._create(keep=False)
                          if verdict is Verdict.EMPTY else self._issue_client(files))
            change = self._with_warnings(change, before)
            return dataclasses.replace(change, warnings=(*rewritten, *change.warnings))

    def check(self) -> StoreChange:
        """What ``ensure`` would do, as far as that can be known without writing: its change (without a backup's name),
        or its error."""
        with self._with_advice():
            self.check_access()
            files = self._read()
            verdict = files.verdict()
            if verdict is Verdict.SOUND:
                return StoreChange()
            rewrites = verdict is Verdict.REWRITE
            for name in (CA_CERT,) if rewrites else (CLIENT_KEY, CLIENT_CERT):  # they would be replaced
                transaction.plain_content(self.folder / name)
            certificate_folder.check_writable(self.folder)
            if rewrites:
                return StoreChange() if files.client_fault() is None else _issued(files.client_fault())
            return StoreChange(created=True) if verdict is Verdict.EMPTY else _issued(files.client_fault())

    def replace(self) -> StoreChange:
        """Make a new CA and client certificate in place of whatever is there. Every host that trusts the old CA is cut
        off, so the user must have said so. The old files are kept in ``StoreChange.backup``."""
        with self._with_advice():
            before = self.warnings()
            self.check_access()
            certificate_folder.make(self.folder)
            with self._locked():
                change = self._create(keep=True)
            return self._with_warnings(change, before)

    def load_authority(self) -> Authority:
        """The CA with its key, able to sign now. Needs ca.pem and ca-key.pem only."""
        with self._with_advice():
            return self._read().authority()

    def tls_paths(self) -> TlsPaths:
        """The files for a TLS client, after a check that a host of this CA would let it in. Needs no CA key."""
        with self._with_advice():
            self._read().check_tls()
            return TlsPaths(self.folder / CA_CERT, self.folder / CLIENT_CERT, self.folder / CLIENT_KEY)

    def tls_contents(self) -> dict[str, bytes | Secret[bytes]]:
        """What the same files hold, as they were at one moment, by name."""
        with self._with_advice():
            files = self._read()
            files.check_tls()
            return {CA_CERT: files.get(CA_CERT), CLIENT_CERT: files.get(CLIENT_CERT),
                    CLIENT_KEY: Secret(files.get(CLIENT_KEY))}

    def _create(self, keep: bool) -> StoreChange:
        from azext_dockervm.certs.authority import Authority

        authority = Authority.create(self._now())
        client = authority.issue_client(now=self._now())
        contents: tuple[bytes | Secret[bytes], ...] = (
            authority.key_pem, authority.certificate_pem, client.key_pem, client.certificate_pem)
        files = {name: NewFile(content) for name, content in zip(NAMES, contents, strict=True)}
        return StoreChange(created=True, backup=transaction.change(self.folder, files, keep))

    def _rewrite_authority(self, files: CertificateFiles) -> str:
        """The same certificates, in the form that the docker client reads → what was done."""
        transaction.plain_content(self.folder / CA_CERT)
        new = {CA_CERT: NewFile(files.authority_as_pem())}
        backup = transaction.change(self.folder, new, keep=True)
        return (f"{self.folder / CA_CERT} was written anew, with the same certificates: it {files.authority_form()}, "
                f"which the docker client does not read. The old file is in {backup}.")

    def _issue_client(self, files: CertificateFiles) -> StoreChange:
        # Docker's authorization plugins know a client by its common name: a renewed one keeps it.
        client = files.authority().issue_client(files.client_name(), self._now())
        new = {CLIENT_KEY: NewFile(client.key_pem), CLIENT_CERT: NewFile(client.certificate_pem)}
        backup = transaction.change(self.folder, new, keep=True)
        return dataclasses.replace(_issued(files.client_fault()), backup=backup)

    def _with_warnings(self, change: StoreChange, before: tuple[str, ...]) -> StoreChange:
        if access.is_open_to_others(self.folder / CLIENT_KEY):  # a moment after it was made with 0600
            self._modes_kept = False
        return dataclasses.replace(change, warnings=tuple(text for text in self.warnings() if text not in before))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.check_access()  # the folder may have been made just now, by us or by somebody else
        with FolderLock(self.folder):
            transaction.recover(self.folder)
            yield

    def _read(self) -> CertificateFiles:
        """The four files of one set. Without the lock in the ordinary case, so that a folder that can't be written
        can be read, and reading leaves no lock file in a folder that others made.

        No change was going on before, between and after two readings, and both found the same: then no file changed
        while the set was read. (A change that spans a mixed reading either still goes on at one of the three looks, or
        the second reading finds what the first did not: keys never come back.)
        """
        certificate_folder.check(self.folder)
        self._recover_leftovers()
        for _ in range(_READS):
            looks = [transaction.is_pending(self.folder)]
            first = CertificateFiles.read(self.folder, self._now())
            looks.append(transaction.is_pending(self.folder))
            second = CertificateFiles.read(self.folder, self._now())
            looks.append(transaction.is_pending(self.folder))
            if not any(looks) and first.same_as(second):
                return first
        with self._locked():
            return CertificateFiles.read(self.folder, self._now())

    def _recover_leftovers(self) -> None:
        """Recover from a process that died here; wait for one that is alive."""
        if not transaction.has_leftovers(self.folder):
            return
        try:
            with self._locked():
                pass
        except CertificateFileError:
            # Rubbish in a folder that can't be written does no harm; half of a committed change would.
            if transaction.is_pending(self.folder):
                raise

    def check_access(self) -> None:
        """Refuse a folder that everybody can write to, as far as its file system knows what that means."""
        certificate_folder.check(self.folder)
        if not access.is_open(self.folder):
            return
        if self._modes_kept is None:
            self._modes_kept = access.keeps_modes(self.folder)
        if self._modes_kept:
            raise access.open_folder_error(self.folder)

    def _backups(self) -> tuple[Path, ...]:
        with transaction.file_errors(self.folder, "read"):
            try:
                names = os.listdir(self.folder)
            except FileNotFoundError:
                return ()
        return tuple(self.folder / name for name in sorted(names) if name.startswith(transaction.BACKUP_PREFIX))

    @contextmanager
    def _with_advice(self) -> Iterator[None]:
        """Add to an error what the user can do about it, unless it says so already."""
        try:
            yield
        except CertificateError as error:
            if not any("-dc" in text for text in error.recommendations):
                error.recommendations += self._general_advice(error)
            raise

    def _general_advice(self, error: CertificateError) -> tuple[str, ...]:
        if isinstance(error, CertificateFileError):
            return (advice.ANOTHER_FOLDER,)
        return advice.for_an_authority(self.folder, may_replace=not isinstance(error, (Protected, NotYetValid)))


def _issued(fault: ClientFault | None) -> StoreChange:
    assert fault is not None
    return StoreChange(client_issued=True, client_reason=fault.reason.value, client_words=fault.words)
