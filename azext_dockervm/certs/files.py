"""CertificateFiles: the four files of a folder as they were read at one moment, and what they are good for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from azext_dockervm.certs.summary import Summary, describe
from azext_dockervm.certs.transaction import read_file
from azext_dockervm.errors import CertificateError, CertificateFileError

if TYPE_CHECKING:
    from azext_dockervm.certs.authority import Authority

CA_CERT = "ca.pem"
CA_KEY = "ca-key.pem"
CLIENT_CERT = "cert.pem"
CLIENT_KEY = "key.pem"
NAMES = (CA_KEY, CA_CERT, CLIENT_KEY, CLIENT_CERT)  # in the order in which new ones get their final names

# The bytes, None for no file, or why it can't be read.
Content = bytes | None | CertificateFileError


class Verdict(Enum):
    """What a set needs before hosts can be made with it."""

    EMPTY = "none of the files exist"
    CLIENT_MISSING = "a sound CA, no client certificate"
    CLIENT_EXPIRED = "a sound CA, the client certificate is expired"
    SOUND = "nothing"


@dataclass(frozen=True)
class CertificateFiles:
    """Raises CertificateError that names the file for whatever is wrong with what is asked for, and only with that:
    a damaged client key does not stop the CA from signing."""

    folder: Path
    contents: dict[str, Content]
    now: datetime

    @classmethod
    def read(cls, folder: Path, now: datetime) -> CertificateFiles:
        """Read the files, through symbolic links. What can't be read is an error only when it is asked for."""
        contents: dict[str, Content] = {}
        for name in NAMES:
            try:
                contents[name] = read_file(folder / name)
            except CertificateFileError as error:
                contents[name] = error
        return cls(folder, contents, now)

    @property
    def is_empty(self) -> bool:
        return not any(self.has(name) for name in NAMES)

    def has(self, *names: str) -> bool:
        """Whether files of all these names exist, readable or not."""
        return all(self.contents[name] is not None for name in names)

    def get(self, name: str) -> bytes:
        self._require(name)
        content = self.contents[name]
        if isinstance(content, bytes):
            return content
        assert content is not None
        raise content

    def same_as(self, other: CertificateFiles) -> bool:
        """Whether both found the same bytes; two errors count as the same."""
        return all(mine == theirs or isinstance(mine, Exception) and isinstance(theirs, Exception)
                   for mine, theirs in zip(self.contents.values(), other.contents.values(), strict=True))

    def verdict(self) -> Verdict:
        """What the set needs before it can sign and be used. Raises for a set that can't be helped without losing
        something: half a set, no CA key, an unusable CA, a client certificate that is damaged or of another CA."""
        from azext_dockervm.certs.authority import check_validity

        if self.is_empty:
            return Verdict.EMPTY
        self.authority()
        if not self.has(CLIENT_CERT) and not self.has(CLIENT_KEY):
            return Verdict.CLIENT_MISSING
        not_before, not_after = self._client_validity()
        if self.now > not_after:
            return Verdict.CLIENT_EXPIRED
        check_validity(not_before, not_after, self.now, self.name(CLIENT_CERT))
        return Verdict.SOUND

    def authority(self) -> Authority:
        """The CA with its key, able to sign now."""
        from azext_dockervm.certs.authority import Authority

        certificate = self.get(CA_CERT)
        if not self.has(CA_KEY):
            raise self._no_authority_key()
        return Authority.load(certificate, self.get(CA_KEY), self.now, cert_name=self.name(CA_CERT),
                              key_name=self.name(CA_KEY))

    def check_tls(self) -> None:
        """Raise unless a host of this CA would let this client in now."""
        from azext_dockervm.certs.authority import check_trust, check_validity

        check_trust(self.get(CA_CERT), self.now, self.name(CA_CERT))
        check_validity(*self._client_validity(), self.now, self.name(CLIENT_CERT))

    def check_for_show(self) -> None:
        """Raise the first reason why the set can't be used for what it holds. No CA key is none: such a set reaches
        hosts."""
        reaches_only = self.has(CA_CERT, CLIENT_CERT, CLIENT_KEY) and not self.has(CA_KEY)
        if reaches_only or self.verdict() is Verdict.CLIENT_EXPIRED:
            self.check_tls()

    def client_name(self) -> str | None:
        """The client certificate's common name, ``None`` where there is no certificate or it has none."""
        from azext_dockervm.certs.authority import common_name

        return common_name(self.get(CLIENT_CERT), self.name(CLIENT_CERT)) if self.has(CLIENT_CERT) else None

    def describe_authority(self) -> Summary | None:
        """The certificate that signs; the first one of ca.pem if none can; ``None`` if it can't be read."""
        try:
            return describe(self.authority().certificate_pem, self.now)
        except CertificateError:
            return self._describe(CA_CERT)

    def describe_client(self) -> Summary | None:
        """The client certificate; ``None`` if there is none or it can't be read."""
        return self._describe(CLIENT_CERT)

    def name(self, name: str) -> str:
        """What error messages call a file: its full path."""
        return str(self.folder / name)

    def _describe(self, name: str) -> Summary | None:
        try:
            return describe(self.get(name), self.now, self.name(name))
        except CertificateError:
            return None

    def _client_validity(self) -> tuple[datetime, datetime]:
        from azext_dockervm.certs.authority import check_client

        return check_client(self.get(CLIENT_CERT), self.get(CLIENT_KEY), self.get(CA_CERT),
                            cert_name=self.name(CLIENT_CERT), key_name=self.name(CLIENT_KEY),
                            ca_name=self.name(CA_CERT))

    def _require(self, name: str) -> None:
        if self.has(name):
            return
        there = [one for one in NAMES if self.has(one)]
        if not there:
            raise CertificateError(f"There are no certificates in {self.folder}.")
        verb = "is" if len(there) == 1 else "are"
        raise CertificateError(f"{self.name(name)} is missing, while {' and '.join(there)} {verb} there: the folder "
                               "holds half a set of certificates.")

    def _no_authority_key(self) -> CertificateError:
        text = f"{self.name(CA_KEY)} is missing: without the CA's key no certificate can be signed."
        if self.has(CLIENT_CERT, CLIENT_KEY):
            text += " The folder's other files do to reach hosts that exist."
        return CertificateError(text, "Get ca-key.pem from whoever made this set.")
