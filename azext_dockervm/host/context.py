"""The docker client's contexts of a host: whether it can have one, and what it becomes after the host has changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from azext_dockervm.advice import context_messages
from azext_dockervm.azure import names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.contexts.builder import Buildx
from azext_dockervm.contexts.change import Files
from azext_dockervm.contexts.store import Context, ContextStore
from azext_dockervm.errors import CertificateError, Conflict, DockerClientError
from azext_dockervm.host import adopt, noted, opened
from azext_dockervm.host.cause import is_empty
from azext_dockervm.host.finished import FinishedHost
from azext_dockervm.host.noted import NotedHost, check_tags
from azext_dockervm.host.noted import docker_host as docker_host_of
from azext_dockervm.spec.host import Given, HostSpec

_TUNNEL = re.compile(r"tcp://(127\.0\.0\.1|localhost):", re.IGNORECASE)


@dataclass(frozen=True)
class Credentials:
    """What of a certificate folder opens hosts. ``authorities``: SHA-256 fingerprints, the one that signs first."""

    folder: Path
    files: Files
    authorities: tuple[str, ...]

    @classmethod
    def of(cls, store: CertificateStore) -> Credentials:
        """Raises CertificateError for a set that opens nothing."""
        return cls(store.folder, store.tls_contents(), store.authority_fingerprints())


def credentials(azure: Azure, store: CertificateStore, host: HostSpec) -> Credentials:
    """What of a folder opens ``host``. Azure is asked only where the folder is empty: whether the host needs what is
    lost."""
    try:
        return Credentials.of(store)
    except CertificateError:
        if is_empty(store.folder):
            opened.check_folder(noted.read(azure, host.group, host.name, host.subscription), host, store)
        raise


def endpoint(seen: NotedHost, host: HostSpec, credentials: Credentials, tunnel: str | None = None) -> str:
    """Where docker reaches the host: by its ``tunnel``, else by its address. Raises ``Conflict`` for tags that a hand
    has spoilt, for a host of another authority, and for one without an address."""
    check_tags(seen, host)
    adopt.check_whose(host, seen.vm, credentials.authorities)
    return tunnel or docker_host_of(seen, host)


def is_tunnel(context: Context) -> bool:
    """Whether it reaches its host through a tunnel: the address is none of the host's, and stays as it is."""
    return bool(_TUNNEL.match(context.docker_host or ""))


def named_in(group: str, name: str, vm_id: str) -> bool:
    """Whether a VM's id is that of this host, in whatever subscription: for a host that is not there yet."""
    return [part.lower() for part in names.id_parts(vm_id)] == [group.lower(), name.lower()]


def owner(context: Context) -> HostSpec:
    """The host of one of ours, for the commands that messages print."""
    vm_id, folder = context.host or "", context.cert_dir
    group, name = names.id_parts(vm_id)
    return HostSpec(group, name, subscription=vm_id.split("/")[2],
                    given={"cert_dir": Given(("-dc", str(folder)))} if folder else {})


def follow(contexts: ContextStore, store: CertificateStore, made: FinishedHost | None = None
           ) -> tuple[list[str], list[Context]]:
    """After the certificates in a folder may have changed, and with them, or alone, the host ``made``: refresh ours
    that are concerned → the names of those that this changed, and those that were left.

    Those of the host have been proven to need the new certificates, and may need another endpoint. Of the others made
    of the folder, ``ContextStore.refresh_copies`` tells which are left.
    """
    ours = contexts.contexts()[0]
    if not any(one.cert_dir == store.folder or made and one.is_of(made.vm["id"]) for one in ours):
        return [], []
    credentials = Credentials.of(store)
    changed = _follow_host(contexts, made, credentials) if made else []
    refreshed, left = contexts.refresh_copies(store.folder, credentials.files, credentials.authorities[0])
    return [*changed, *(one.name for one in refreshed)], left


def _follow_host(contexts: ContextStore, made: FinishedHost, credentials: Credentials) -> list[str]:
    vm_id, changed = made.vm["id"], []
    direct = docker_host(made)
    for one in contexts.of_host(vm_id):
        to = one.docker_host if is_tunnel(one) and one.docker_host else direct
        if contexts.put(one.name, to, vm_id, credentials.folder, credentials.files).changed:
            changed.append(one.name)
    return changed


def make(contexts: ContextStore, name: str, made: FinishedHost, store: CertificateStore) -> None:
    """The context of a host that has just been finished."""
    credentials = Credentials.of(store)
    contexts.put(name, docker_host(made), made.vm["id"], credentials.folder, credentials.files)


def docker_host(made: FinishedHost) -> str:
    return f"tcp://{made.address.endpoint}:{made.spec.engine.port}"


def forget(contexts: ContextStore, vm_id: str, say: Callable[[str], None], warn: Callable[[str], None]) -> None:
    """After a host is gone: remove its contexts, and the nodes on them from builders of ours; those of others are
    named."""
    buildx = Buildx(contexts.client)
    for one in contexts.of_host(vm_id):
        over, current = buildx.over(one.name), contexts.current() == one.name
        contexts.remove(one)
        say(f"The context '{one.name}' was removed.")
        if current:
            warn(context_messages.was_the_current(one.name))
        for name in over:
            try:
                gone = buildx.leave(name, one.name)
                say(f"The builder '{name}' was removed." if gone else
                    f"The builder '{name}' builds on the other hosts only.")
            except Conflict:
                warn(context_messages.builder_lost_a_node(name, one.name))
            except DockerClientError as error:
                warn(context_messages.node_not_taken_out(name, error.message))
