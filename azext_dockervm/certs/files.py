"""CertificateFiles: the four files of a folder as they were read at one moment, and what they are good for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from azext_dockervm.advice import certificates as advice
from azext_dockervm.certs.faults import ClientFault, ClientReason, Damaged, Expired, NotYetValid
from azext_dockervm.certs.summary import Summary, describe, fingerprint
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
    CLIENT = "a sound CA whose client certificate is missing, damaged or expired"
    REWRITE = "a sound CA whose certificate is in a form that the docker client does not read"
    SOUND = "nothing"


@dataclass(frozen=True)
class CertificateFiles:
    """Raises CertificateError that names the file for whatever is wrong with what is asked for, and only with that:
    a damaged client key does not stop the CA from signing."""

    folder: Path
    contents: dict[str, Content]
    links: frozenset[str]  # names in whose place a symbolic link was found
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
        return cls(folder, contents, frozenset(name for name in NAMES if os.path.islink(folder / name)), now)

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
        something: half a CA, an unusable CA, a client certificate that somebody may have put there on purpose."""
        if self.is_empty:
            return Verdict.EMPTY
        self.authority()
        if self.authority_form():
            return Verdict.REWRITE
        return Verdict.SOUND if self.client_fault() is None else Verdict.CLIENT

    def authority_form(self) -> str:
        """Why the docker client does not read ca.pem, which is sound otherwise; empty where it does."""
        from azext_dockervm.certs.pem import why_docker_refuses

        return why_docker_refuses(self.get(CA_CERT))

    def authority_as_pem(self) -> bytes:
        """All certificates of ca.pem, as the docker client reads them."""
        from azext_dockervm.certs.pem import as_pem, read_certificates

        return as_pem(read_certificates(self.get(CA_CERT), self.name(CA_CERT)))

    def client_fault(self) -> ClientFault | None:
        """Why the client certificate has to be issued again, None if it is sound. Needs a sound ca.pem.

        Raises CertificateError for what is not ours to replace, since somebody may have meant it: another CA's
        certificate, a host's, an encrypted key, a weak one, a link, a file that can't be read. A clock that goes wrong
        must not cost a certificate either.
        """
        try:
            fault = self._client_fault()
        except CertificateFileError:
            raise
        except CertificateError as error:
            may_replace = self.can_sign and not isinstance(error, NotYetValid)
            error.recommendations += advice.for_a_client(self.folder, may_replace)
            raise
        links = [name for name in (CLIENT_CERT, CLIENT_KEY) if name in self.links]
        if fault and links:
            raise CertificateFileError(f"{fault.message} No new one was issued, because {self.name(links[0])} "
                                       "is a symbolic link: only plain files are replaced.", advice.LINK)
        return fault

    @property
    def can_sign(self) -> bool:
        try:
            self.authority()
        except CertificateError:
            return False
        return True

    def authority(self) -> Authority:
        """The CA with its key, able to sign now."""
        from azext_dockervm.certs.authority import Authority

        certificate = self.get(CA_CERT)
        if not self.has(CA_KEY):
            raise self._no_authority_key()
        return Authority.load(certificate, self.get(CA_KEY), self.now, cert_name=self.name(CA_CERT),
                              key_name=self.name(CA_KEY))

    def authority_fingerprints(self) -> tuple[str, ...]:
        """SHA-256 fingerprints of the certificates in ca.pem, the one that signs first if the key, which says which
        that is, can be read. Raises for damaged files, not for expired certificates."""
        from azext_dockervm.certs.authority import signing_first
        from azext_dockervm.certs.pem import read_certificates, read_key

        if not self.has(CA_CERT):
            return ()
        certificates = read_certificates(self.get(CA_CERT), self.name(CA_CERT))
        key = self.contents[CA_KEY]
        if isinstance(key, bytes):
            try:
                certificates = signing_first(certificates, read_key(key, self.name(CA_KEY)), self.name(CA_CERT),
                                             self.name(CA_KEY))
            except Damaged:
                raise
            except CertificateError:
                pass  # an encrypted or a weak key: it can't sign, but the certificates are what they are
        return tuple(fingerprint(certificate) for certificate in certificates)

    def check_tls(self) -> None:
        """Raise unless a host of this CA would let this client in now."""
        from azext_dockervm.certs.authority import check_trust

        check_trust(self.get(CA_CERT), self.now, self.name(CA_CERT))
        form = self.authority_form()
        if form:
            raise CertificateError(f"{self.name(CA_CERT)} {form}: the docker client does not read it.",
                                   advice.to_rewrite(self.folder) if self.can_sign else ())
        fault = self.client_fault()
        if fault:
            fault.recommendations = advice.for_a_client_to_issue_again(self.folder, self.can_sign)
            raise fault

    def check_for_show(self) -> None:
        """Raise the first reason why the set can't be used for what it holds. No CA key is none: such a set reaches
        hosts. Where one command mends it, the message ends in that command."""
        reaches_only = self.has(CA_CERT, CLIENT_CERT, CLIENT_KEY) and not self.has(CA_KEY)
        if not reaches_only and self.verdict() is not Verdict.CLIENT:
            return
        try:
            self.check_tls()
        except ClientFault as fault:
            if not self.can_sign:
                raise
            raise CertificateError(f"{fault.message} {fault.recommendations[0]}", fault.recommendations) from fault

    def client_name(self) -> str | None:
        """The client certificate's common name, ``None`` where there is no readable certificate or it has none."""
        from azext_dockervm.certs.authority import common_name

        try:
            return common_name(self.get(CLIENT_CERT), self.name(CLIENT_CERT)) if self.has(CLIENT_CERT) else None
        except Damaged:
            return None

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

    def _client_fault(self) -> ClientFault | None:
        from azext_dockervm.certs.authority import check_validity
        from azext_dockervm.certs.pem import check_unprotected, read_certificates

        read_certificates(self.get(CA_CERT), self.name(CA_CERT))  # its damage is no fault of the client's
        missing = [name for name in (CLIENT_CERT, CLIENT_KEY) if not self.has(name)]
        if len(missing) == 2:
            return ClientFault(f"There is no client certificate in {self.folder}: {CLIENT_CERT} and {CLIENT_KEY} are "
                               "missing.", ClientReason.MISSING, "there was none")
        if CLIENT_KEY not in missing:  # before the certificate is found to be damaged, and so both to be replaced
            check_unprotected(self.get(CLIENT_KEY), self.name(CLIENT_KEY))
        try:
            validity = self._client_validity(missing)
            if not missing:
                self._check_forms()
        except Damaged as error:
            return ClientFault(error.message, ClientReason.DAMAGED, "the old one was damaged")
        if validity is None:
            other = CLIENT_KEY if CLIENT_CERT in missing else CLIENT_CERT
            return ClientFault(f"{self.name(missing[0])} is missing; {other} can't be used without it.",
                               ClientReason.HALF, f"{missing[0]} was missing")
        try:
            check_validity(*validity, self.now, self.name(CLIENT_CERT))
        except Expired as error:
            return ClientFault(error.message, ClientReason.EXPIRED, "the old one had expired")
        return None

    def _check_forms(self) -> None:
        from azext_dockervm.certs.pem import why_docker_refuses

        for name in (CLIENT_CERT, CLIENT_KEY):
            form = why_docker_refuses(self.get(name))
            if form:
                raise Damaged(f"{self.name(name)} {form}: the docker client does not read it.")

    def _client_validity(self, missing: list[str]) -> tuple[datetime, datetime] | None:
        """None where half is missing. A certificate is looked at without its key, too: it may be another CA's."""
        from azext_dockervm.certs.authority import check_client, client_certificate

        names = {"cert_name": self.name(CLIENT_CERT), "ca_name": self.name(CA_CERT)}
        if not missing:
            return check_client(self.get(CLIENT_CERT), self.get(CLIENT_KEY), self.get(CA_CERT),
                                key_name=self.name(CLIENT_KEY), **names)
        if CLIENT_CERT not in missing:
            client_certificate(self.get(CLIENT_CERT), self.get(CA_CERT), **names)
        return None

    def _require(self, name: str) -> None:
        if self.has(name):
            return
        there = [one for one in NAMES if self.has(one)]
        if not there:
            raise CertificateError(f"There are no certificates in {self.folder}.",
                                   advice.for_an_empty_folder(self.folder))
        verb = "exists" if len(there) == 1 else "exist"
        raise CertificateError(f"{self.name(name)} is missing, while {' and '.join(there)} {verb}: the folder holds an "
                               "incomplete set of certificates.")

    def _no_authority_key(self) -> CertificateError:
        text = f"{self.name(CA_KEY)} is missing: without the CA's key no certificate can be signed."
        if self.has(CLIENT_CERT, CLIENT_KEY):
            text += " The other files in the folder are enough to reach existing hosts."
        return CertificateError(text, advice.for_a_missing_authority_key(CA_KEY))
