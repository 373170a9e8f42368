"""The server certificate that was signed last for each host: the record of whom a host's certificate names.

Tags are written by others too, so no name is signed because a tag has it. A record is the certificate itself, as a file
of its own below the folder of certificates, named by a hash of the VM's id. What a host presents after a verified call
is as good: it was signed by the same authority, and the host has its key. Of the two the one that was signed later
counts, since another computer with the same certificates may have signed since.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from azext_dockervm.certs import transaction
from azext_dockervm.errors import CertificateError

FOLDER = "dockervm-hosts"
# Certificates are public; the docker client's own have this mode too.
_MODE = 0o644
# ``ServerIdentity.for_host`` puts these between the host's own names and those that the user adds.
_OWN_ENDS = ("localhost", "127.0.0.1")


class HostRecords:
    """Those in one folder of certificates. A file is one host's, and is replaced as a whole, so no lock is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def read(self, vm_id: str) -> bytes | None:
        """The certificate (PEM) that was signed last for this VM; None where none is recorded, or it can't be read."""
        from azext_dockervm.certs.summary import describe

        try:
            found = self._path(vm_id).read_bytes()
            describe(found)
        except (OSError, CertificateError):
            return None
        return found

    def keep(self, vm_id: str, certificate: bytes) -> None:
        """Raises ``CertificateFileError`` where it can't be written."""
        path = self._path(vm_id)
        with transaction.file_errors(path, "written"):
            with suppress(FileExistsError):
                os.mkdir(self._folder, transaction.FOLDER_MODE)
            staged = path.with_name(f"{path.name}.{os.getpid()}.new")
            transaction.delete(staged)
            transaction.write_new(staged, certificate, _MODE)
            transaction.rename(staged, path)

    def forget(self, vm_id: str) -> None:
        """Of a host that is gone, or is about to be made; never an error."""
        with suppress(OSError):
            transaction.delete(self._path(vm_id))
            os.rmdir(self._folder)      # where it is empty

    def _path(self, vm_id: str) -> Path:
        return self._folder / f"{hashlib.sha256(vm_id.lower().encode()).hexdigest()[:32]}.pem"


def signed_last(certificates: Iterable[bytes | None]) -> bytes | None:
    """The one whose validity begins last; None where there is none."""
    from azext_dockervm.certs.summary import describe

    found = [one for one in certificates if one is not None]
    return max(found, key=lambda one: describe(one).not_before, default=None)


def certified_names(certificate: bytes) -> tuple[str, ...]:
    """Names, then addresses, of a server certificate (PEM) as people write them."""
    from azext_dockervm.certs.summary import describe

    return tuple(one.partition(":")[2] for one in describe(certificate).names)


def further_names(certificate: bytes) -> tuple[str, ...]:
    """What a server certificate (PEM) of ours names besides the host's own names and addresses of its time."""
    from azext_dockervm.certs.summary import describe

    found: list[str] = []
    begun = {"DNS": False, "IP": False}
    for one in describe(certificate).names:
        kind, _, name = one.partition(":")
        if begun.get(kind):
            found.append(name)
        elif name in _OWN_ENDS:
            begun[kind] = True
    return tuple(found)
