"""ContextStore: the docker client's contexts, in the docker client's own layout; ours are those of our hosts.

Written by ourselves: the Docker SDK's writer makes ``./contexts`` where there is no config.json, leaves key.pem 0644
and turns tcp:// into https://. docker keeps what it does not know in a context's Metadata, so a member of ours there
says whose a context is, of which host, and which folder its certificates are copies of. It names the context, too: a
copy that somebody makes under another name (``--from``, import) has the member, but is theirs.

What is not ours is listed and can be made current; it is never overwritten or removed. Reading makes no file and no
lock; a context that appears or goes meanwhile is there or not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from azext_dockervm.advice import context_commands
from azext_dockervm.certs.access import is_open_to_others
from azext_dockervm.certs.files import CA_CERT, CLIENT_CERT, CLIENT_KEY
from azext_dockervm.certs.lock import FolderLock
from azext_dockervm.certs.summary import fingerprints
from azext_dockervm.contexts import change, client
from azext_dockervm.contexts.change import Files
from azext_dockervm.contexts.files import Json, file_errors, read, read_object
from azext_dockervm.contexts.name import DEFAULT
from azext_dockervm.errors import CertificateError, CertificateFileError, Conflict, DockerClientFileError, NotFound
from azext_dockervm.secret import Secret

MEMBER = "dockervm"
TLS_FILES = (CA_CERT, CLIENT_CERT, CLIENT_KEY)
_VM_ID = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/virtualMachines/[^/]+",
                    re.IGNORECASE)
_FOLDER_MODE, _CONTEXTS_MODE = 0o700, 0o755     # as docker makes them


@dataclass(frozen=True)
class Context:
    """``meta`` is what its meta.json holds."""

    meta: Json

    @property
    def name(self) -> str:
        return str(self.meta.get("Name"))

    @property
    def docker_host(self) -> str | None:
        return _member(self.meta, "Endpoints", "docker", "Host")

    @property
    def description(self) -> str | None:
        return _member(self.meta, "Metadata", "Description")

    @property
    def host(self) -> str | None:
        """The ARM id of the VM; None of a context that is not ours."""
        found = _member(self.meta, "Metadata", MEMBER, "host") if self._is_marked else None
        return found if found and _VM_ID.fullmatch(found) else None

    @property
    def cert_dir(self) -> Path | None:
        """The folder whose certificates were copied; None of a context that is not ours."""
        folder = _member(self.meta, "Metadata", MEMBER, "certDir") if self.is_ours else None
        return Path(folder) if folder else None

    @property
    def is_ours(self) -> bool:
        return self.host is not None

    def is_of(self, vm_id: str) -> bool:
        return self.host is not None and self.host.lower() == vm_id.lower()

    @property
    def _is_marked(self) -> bool:
        return _member(self.meta, "Metadata", MEMBER, "context") == self.name


class Outcome(Enum):
    """What ``put`` did."""

    CREATED = "created"
    REFRESHED = "refreshed"
    LEFT = "left as it was"

    @property
    def changed(self) -> bool:
        return self is not Outcome.LEFT


class ContextStore:
    """The contexts of one docker client. Nothing is read or written before a method is called.

    Raises DockerClientFileError for files that can't be read, understood or written, Conflict for what is not ours.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.client = folder or client.folder()
        self._root = self.client / "contexts"

    def contexts(self) -> tuple[list[Context], list[str]]:
        """All, docker's own first and the others by name, and what is wrong with those that can't be read."""
        found, problems = [], []
        folder = self._root / change.META
        with file_errors(folder, "read"):
            try:
                names = sorted(os.listdir(folder))
            except FileNotFoundError:
                names = []
        for name in names:
            try:
                meta = read_object(folder / name / change.META_FILE)
            except DockerClientFileError as error:
                problems.append(error.message)
                continue
            # docker finds a context by the folder of its name only.
            if meta is not None and change.context_id(Context(meta).name) == name:
                found.append(Context(meta))
        return [_dockers_own(), *sorted(found, key=lambda one: one.name)], problems

    def get(self, name: str) -> Context | None:
        meta = read_object(change.meta_file(self._root, name))
        return None if meta is None else Context(meta)

    def existing(self, name: str) -> Context:
        """Docker's own too. Raises ``NotFound``."""
        found = self.get(name) if name != DEFAULT else _dockers_own()
        if found is None:
            raise NotFound(f"The docker client has no context '{name}'.",
                           f"Those that it has: {context_commands.list_contexts()}")
        return found

    def of_host(self, vm_id: str) -> list[Context]:
        """Ours of this VM, by name."""
        return [one for one in self.contexts()[0] if one.is_of(vm_id)]

    def check_free(self, name: str, is_of_host: Callable[[str], bool],
                   other_name: str = context_commands.OTHER_NAME) -> None:
        """Raise ``Conflict`` unless there is no context of this name, or it is ours and of this host: ``is_of_host``
        says so of a VM's id. ``other_name`` tells how the user takes another."""
        found = self.get(name)
        if found is None:
            return
        if found.host is None:
            raise Conflict(f"The docker client has a context '{name}' that dockervm did not make. It was left as it "
                           "is.", context_commands.for_a_taken_name(None, other_name))
        if not is_of_host(found.host):
            raise Conflict(f"The docker client's context '{name}' is that of another host: {found.host}. It was left "
                           "as it is.", context_commands.for_a_taken_name(name, other_name))

    def check_ours(self, context: Context) -> None:
        """Raise ``Conflict`` for one that is not ours to remove."""
        if context.name == DEFAULT:
            raise Conflict(f"'{DEFAULT}' is docker's own context, which can't be removed.",
                           f"The contexts that there are: {context_commands.list_contexts()}")
        if not context.is_ours:
            raise Conflict(f"The context '{context.name}' was not made by dockervm. It was left as it is.",
                           f"To remove it all the same: {context_commands.remove_by_docker(context.name)}")

    def check_not_current(self, context: Context) -> None:
        """Raise ``Conflict`` for the one that docker commands take now: docker's own rule for a removal."""
        if self.current() == context.name:
            raise Conflict(f"The context '{context.name}' is the current one. It was left as it is.",
                           context_commands.for_the_current(client.overriding()))

    def put(self, name: str, docker_host: str, vm_id: str, cert_dir: Path, files: Files) -> Outcome:
        """Make the context of a host, or refresh it; a sound one is left alone. ``files`` has ``TLS_FILES``."""
        with self._changing():
            self.check_free(name, lambda host: host.lower() == vm_id.lower())
            found = self.get(name)
            meta = _described(found.meta if found else {}, name, docker_host, vm_id, cert_dir)
            if found and found.meta == meta and self._holds(name, files):
                return Outcome.LEFT
            change.put(self._root, meta, files, is_new=found is None)
        return Outcome.REFRESHED if found else Outcome.CREATED

    def refresh_copies(self, cert_dir: Path, files: Files, authority: str) -> tuple[list[Context], list[Context]]:
        """After the certificates in a folder have changed: give ours that were made of it the new ones → the contexts
        that this changed, and those that were left.

        Left are those that don't believe ``authority`` (SHA-256, the one that signs in the folder now): their hosts
        trust another, which the new certificates don't open and the old ones do.
        """
        refreshed, left = [], []
        for one in self.contexts()[0]:
            if one.host is None or one.cert_dir != cert_dir or not self.is_stale(one):
                continue
            if authority in self.authorities(one):
                self.put(one.name, one.docker_host or "", one.host, cert_dir, files)
                refreshed.append(one)
            else:
                left.append(one)
        return refreshed, left

    def remove(self, context: Context) -> None:
        """One of ours. Is it the current one of config.json, docker's own becomes that first, as docker has it."""
        with self._changing():
            found = self.get(context.name)
            if found is None:
                return
            self.check_ours(found)
            if client.configured(self.client) == context.name:
                client.configure(self.client, DEFAULT)
            change.remove(self._root, context.name)

    def use(self, name: str) -> None:
        """Make it the current one, whosever it is. Raises ``NotFound``."""
        self.existing(name)
        with self._changing():
            client.configure(self.client, name)

    def current(self) -> str:
        """The name of the one that docker commands take now."""
        return client.current(self.client)

    def authorities(self, context: Context) -> tuple[str, ...]:
        """SHA-256 fingerprints, lower-case hex, of the authorities that it believes; () where that can't be read."""
        content = self._read(context.name, CA_CERT)
        try:
            return fingerprints(content) if content else ()
        except CertificateError:
            return ()

    def is_stale(self, context: Context) -> bool | None:
        """Whether its certificates differ from those in the folder that they were copied from. None of a context that
        is not ours, and where the folder has none of them any more."""
        if context.cert_dir is None:
            return None
        with suppress(DockerClientFileError):
            now = {name: read(context.cert_dir / name) for name in TLS_FILES}
            if None not in now.values():
                return {name: self._read(context.name, name) for name in TLS_FILES} != now
        return None

    def _holds(self, name: str, files: Files) -> bool:
        """Whether the context has these files, and the key is nobody else's."""
        return (all(self._read(name, one) == (content.reveal() if isinstance(content, Secret) else content)
                    for one, content in files.items())
                and not is_open_to_others(change.tls_folder(self._root, name) / CLIENT_KEY))

    def _read(self, name: str, file: str) -> bytes | None:
        return read(change.tls_folder(self._root, name) / file)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Alone, and after whatever a killed run has left was tidied."""
        with file_errors(self._root, "created"):
            change.make(self.client, _FOLDER_MODE)
            change.make(self._root, _CONTEXTS_MODE)
        with _lock_errors(), FolderLock(self._root, holds="contexts of the docker client"):
            change.recover(self._root, self._is_another_s)
            yield

    def _is_another_s(self, name: str) -> bool:
        found = self.get(name)
        return found is not None and not found.is_ours


@contextmanager
def _lock_errors() -> Iterator[None]:
    try:
        yield
    except CertificateFileError as error:
        raise DockerClientFileError(error.message, error.recommendations) from error


def _dockers_own() -> Context:
    """The one that docker makes up, in docker's words."""
    return Context({"Name": DEFAULT, "Metadata": {"Description": "Current DOCKER_HOST based configuration"},
                    "Endpoints": {"docker": {"Host": os.environ.get("DOCKER_HOST") or None}}})


def _described(before: Json, name: str, docker_host: str, vm_id: str, cert_dir: Path) -> Json:
    """meta.json with all four members that the Docker SDK, too, wants to find. Whatever else somebody has put into it,
    such as a description of their own, stays."""
    metadata = {"Description": f"Docker host {vm_id.rsplit('/', 1)[-1]} on Azure, kept by dockervm",
                **_object(before, "Metadata"),
                MEMBER: {"context": name, "host": vm_id, "certDir": str(cert_dir)}}
    endpoints = _object(before, "Endpoints")
    endpoint = {**_object(endpoints, change.ENDPOINT), "Host": docker_host, "SkipTLSVerify": False}
    return {**before, "Name": name, "Metadata": metadata, "Endpoints": {**endpoints, change.ENDPOINT: endpoint}}


def _object(found: Json, name: str) -> Json:
    """A member that ought to be an object; an empty one where it is none."""
    member = found.get(name)
    return member if isinstance(member, dict) else {}


def _member(found: Any, *names: str) -> str | None:
    """A text somewhere in what somebody may have written by hand; None where there is none."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None
