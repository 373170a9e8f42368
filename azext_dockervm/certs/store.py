"""CertificateStore: the folder that holds the CA and the client certificate, ``~/.docker`` by default.

The files have the names that the docker client looks for: ``ca.pem``, ``cert.pem``, ``key.pem``; the CA's key is
``ca-key.pem`` beside them, as docker-machine and Docker's own handbook name it. A set that others made is used as it
is; an existing file is never changed, but for two cases: ``replace`` (on the user's word), and a client certificate
that expired, for which the same CA issues a new one. Both keep the old files in a ``dockervm-backup-…`` folder.

A folder that this module makes has mode 0700; an existing one keeps its mode. Key files have 0600 from the moment
of creation, certificates 0644. On Windows modes mean nothing; there the profile folder's access list protects the
keys. A symbolic link to the folder is followed; one in place of a file is read, but never replaced (an error).

How several files change together, and what a kill in the middle does, is told in ``transaction``. Readers here see one
set or another, never a mixture; a docker client that reads the files itself can see one for the microseconds
between two renames, and after a kill exactly there until the next run.

Importing this module is cheap: cryptography is loaded by the first call that needs it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from azext_dockervm.certs import transaction
from azext_dockervm.certs.files import CA_CERT, CA_KEY, CLIENT_CERT, CLIENT_KEY, NAMES, CertificateFiles, Verdict
from azext_dockervm.certs.lock import FolderLock
from azext_dockervm.certs.summary import Summary
from azext_dockervm.certs.transaction import NewFile
from azext_dockervm.errors import CertificateError, CertificateFileError
from azext_dockervm.shell import typed

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
    backup: Path | None = None  # where the replaced files are kept; None if none was replaced


@dataclass(frozen=True)
class StoreState:
    """What the folder holds. ``problem`` is why it can't be used, ``None`` for a sound or an empty folder."""

    folder: Path
    authority: Summary | None  # the certificate that signs, where ca.pem has several
    client: Summary | None
    has_authority_key: bool  # without it hosts can be reached, but none can be made
    problem: CertificateError | None
    warnings: tuple[str, ...]  # sentences: keys that others can read
    backups: tuple[Path, ...]  # oldest first


class CertificateStore:
    """The certificates of one folder. Nothing is read or written before a method is called.

    Every method raises CertificateError (CertificateFileError where the file system is the cause) with a message that
    names the file, and recommendations that name ``-dc``.
    """

    def __init__(self, folder: str | os.PathLike[str],
                 clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)) -> None:
        text = os.fspath(folder)
        if not text:
            raise CertificateFileError("The name of the certificate folder is empty.", "Name one with "
                                       "--docker-cert-dir (-dc).")
        try:
            self.folder = Path(os.path.abspath(Path(text).expanduser()))
        except RuntimeError as error:  # no HOME, or ~somebody who does not exist
            raise CertificateFileError(f"The home folder in '{text}' can't be found.", "Name the certificate folder "
                                       "with its full path: --docker-cert-dir (-dc).") from error
        self._now = clock

    def state(self) -> StoreState:
        """What is there, for showing. Changes nothing, except that it finishes what a killed process left half done."""
        with self._advice():
            files = self._read()
            problem = None
            try:
                with self._advice():
                    files.check_for_show()
            except CertificateError as error:
                problem = error
            return StoreState(self.folder, files.describe_authority(), files.describe_client(), files.has(CA_KEY),
                              problem, self._warnings(files), self._backups())

    def ensure(self) -> StoreChange:
        """Make what is missing: a CA and a client certificate in an empty folder; a client certificate where the CA has
        none or the one it has is expired. A sound set is left alone, not even the lock file is made.

        Raises for half a set, a missing CA key, files that don't belong together, are damaged, encrypted or unreadable,
        and for an expired CA. Then nothing was written.
        """
        with self._advice():
            if self._read().verdict() is Verdict.SOUND:
                return StoreChange()
            self._make_folder()
            with self._locked():
                files = CertificateFiles.read(self.folder, self._now())
                verdict = files.verdict()  # again: another process may have been first
                if verdict is Verdict.SOUND:
                    return StoreChange()
                if verdict is Verdict.EMPTY:
                    return self._create(keep=False)
                return self._issue_client(files)

    def check(self) -> None:
        """Raise what ``ensure`` would raise, as far as that can be known without writing anything."""
        with self._advice():
            verdict = self._read().verdict()
            if verdict is Verdict.SOUND:
                return
            if verdict is Verdict.CLIENT_EXPIRED:  # its files would be replaced, which links never are
                for name in (CLIENT_KEY, CLIENT_CERT):
                    transaction.plain_content(self.folder / name)
            nearest = next(path for path in (self.folder, *self.folder.parents) if path.exists())
            if not nearest.is_dir():
                raise CertificateFileError(f"{self.folder} can't be created: {nearest} is a file.")
            if not os.access(nearest, os.W_OK | os.X_OK):
                raise CertificateFileError(f"{self.folder} can't be written: you have no right to write in {nearest}.")

    def replace(self) -> StoreChange:
        """Make a new CA and client certificate in place of whatever is there. Every host that trusts the old CA is cut
        off, so the user must have said so. The old files are kept in ``StoreChange.backup``."""
        with self._advice():
            self._make_folder()
            with self._locked():
                return self._create(keep=True)

    def load_authority(self) -> Authority:
        """The CA with its key, able to sign now. Needs ca.pem and ca-key.pem only."""
        with self._advice():
            return self._read().authority()

    def tls_paths(self) -> TlsPaths:
        """The files for a TLS client, after a check that a host of this CA would let it in. Needs no CA key."""
        with self._advice():
            self._read().check_tls()
            return TlsPaths(self.folder / CA_CERT, self.folder / CLIENT_CERT, self.folder / CLIENT_KEY)

    def _create(self, keep: bool) -> StoreChange:
        from azext_dockervm.certs.authority import Authority

        authority = Authority.create(self._now())
        client = authority.issue_client(now=self._now())
        contents = (authority.key_pem, authority.certificate_pem, client.key_pem, client.certificate_pem)
        files = {name: NewFile(content) for name, content in zip(NAMES, contents, strict=True)}
        return StoreChange(created=True, backup=transaction.change(self.folder, files, keep))

    def _issue_client(self, files: CertificateFiles) -> StoreChange:
        # Docker's authorization plugins know a client by its common name: a renewed one keeps it.
        client = files.authority().issue_client(files.client_name(), self._now())
        new = {CLIENT_KEY: NewFile(client.key_pem), CLIENT_CERT: NewFile(client.certificate_pem)}
        return StoreChange(client_issued=True, backup=transaction.change(self.folder, new, keep=True))

    def _make_folder(self) -> None:
        try:
            with transaction.file_errors(self.folder, "created"):
                os.makedirs(self.folder.parent, exist_ok=True)
                os.mkdir(self.folder, transaction.FOLDER_MODE)
        except CertificateFileError as error:
            if not isinstance(error.__cause__, FileExistsError):
                raise
        self._check_folder()

    @contextmanager
    def _locked(self) -> Iterator[None]:
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
        self._check_folder()
        self._tidy()
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

    def _tidy(self) -> None:
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

    def _check_folder(self) -> None:
        if self.folder.is_symlink() and not self.folder.exists():
            raise CertificateFileError(f"{self.folder} is a symbolic link that leads nowhere.")
        with transaction.file_errors(self.folder, "read"):
            try:
                if not stat.S_ISDIR(os.stat(self.folder).st_mode):
                    raise CertificateFileError(f"{self.folder} is a file; certificates need a folder.")
            except FileNotFoundError:
                pass  # it will be made, or there is nothing to read

    def _warnings(self, files: CertificateFiles) -> tuple[str, ...]:
        if os.name == "nt":  # modes are made up there
            return ()
        found = []
        for path in (self.folder / name for name in (CA_KEY, CLIENT_KEY) if isinstance(files.contents[name], bytes)):
            try:
                mode = stat.S_IMODE(os.stat(path).st_mode)
            except OSError:
                continue  # gone since
            if mode & 0o077:
                found.append(f"{path} can be read or written by others (mode {mode:04o}); "
                             f"`{typed(['chmod', '600', path])}` closes it.")
        return tuple(found)

    def _backups(self) -> tuple[Path, ...]:
        with transaction.file_errors(self.folder, "read"):
            try:
                names = os.listdir(self.folder)
            except FileNotFoundError:
                return ()
        return tuple(self.folder / name for name in sorted(names) if name.startswith(transaction.BACKUP_PREFIX))

    @contextmanager
    def _advice(self) -> Iterator[None]:
        """Add to an error what the user can do about it, unless it says so already."""
        try:
            yield
        except CertificateError as error:
            if any("-dc" in text for text in error.recommendations):
                raise
            if isinstance(error, CertificateFileError):
                advice = [*error.recommendations, "Name another folder with --docker-cert-dir (-dc)."]
            else:
                folder = typed([self.folder])
                advice = [*error.recommendations,
                          "Name the folder that holds the right set with --docker-cert-dir (-dc), or put the right "
                          f"files into {self.folder}.",
                          f"`az dockervm cert create --force -dc {folder}` makes a new set and keeps the old "
                           "files in a backup folder; hosts that trust the old CA are cut off."]
            raise type(error)(error.message, advice) from (error.__cause__ or error)
