"""A builder over hosts: each gets a context where it has none, and buildx a node for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from azext_dockervm.advice import context_commands
from azext_dockervm.azure.calls import Azure
from azext_dockervm.contexts import name as context_name
from azext_dockervm.contexts.builder import Builder, Buildx
from azext_dockervm.contexts.store import ContextStore, Outcome
from azext_dockervm.errors import Conflict, DockerClientError
from azext_dockervm.flow.workers import run_in_parallel
from azext_dockervm.host import context, noted
from azext_dockervm.host.context import Credentials
from azext_dockervm.spec.host import HostSpec

# Hosts that Azure is asked about at once.
ASKED_AT_ONCE = 8


@dataclass(frozen=True)
class Member:
    """A host of the builder; ``name`` is that of its context."""

    name: str
    docker_host: str
    vm_id: str


def create(azure: Azure, name: str, hosts: Sequence[HostSpec], credentials: Credentials, contexts: ContextStore,
           say: Callable[[str], None]) -> Builder:
    """Make the builder, or add to it what it lacks; no node is taken away. Azure is read only.

    Raises before anything is made for what shows beforehand: no buildx, a name that is another's, a host that can't
    have a context.
    """
    buildx = Buildx(contexts.client)
    buildx.check_there()
    buildx.check_ours(name)
    if contexts.get(name) is not None:
        raise Conflict(f"The docker client has a context '{name}', and buildx takes no builder of a context's name.",
                       context_commands.OTHER_BUILDER)
    members = _members(azure, hosts, credentials, contexts)
    for one in members:
        if contexts.put(one.name, one.docker_host, one.vm_id, credentials.folder,
                        credentials.files) is Outcome.CREATED:
            say(f"The context '{one.name}' was made.")
    for one in members:
        _add(buildx, name, one, hosts, say)
    made = buildx.check_ours(name)
    if made is None:
        raise DockerClientError(f"buildx has made the builder '{name}', and has no note of it.")
    return made


def _members(azure: Azure, hosts: Sequence[HostSpec], credentials: Credentials, contexts: ContextStore
             ) -> list[Member]:
    seen = run_in_parallel({host.name: partial(noted.read, azure, host.group, host.name, host.subscription)
                            for host in hosts}, azure.deadline, ASKED_AT_ONCE)
    return [_member(seen[host.name], host, credentials, contexts) for host in hosts]


def _member(seen: noted.NotedHost, host: HostSpec, credentials: Credentials, contexts: ContextStore) -> Member:
    """By a context that it has, whatever its name, else by one that has the host's."""
    vm_id = seen.vm["id"]
    for one in contexts.of_host(vm_id):
        tunnel = one.docker_host if context.is_tunnel(one) else None
        return Member(one.name, context.endpoint(seen, host, credentials, tunnel), vm_id)
    direct = context.endpoint(seen, host, credentials)
    name = context_name.check_context(host.name, "--hosts")
    contexts.check_free(name, lambda other: other.lower() == vm_id.lower(), context_commands.make_it_first(host))
    return Member(name, direct, vm_id)


def _add(buildx: Buildx, name: str, member: Member, hosts: Sequence[HostSpec], say: Callable[[str], None]) -> None:
    found = buildx.check_ours(name)
    if found and member.name in found.contexts:
        say(f"The builder '{name}' has the context '{member.name}' already.")
        return
    try:
        buildx.add(name, member.name)
    except DockerClientError as error:
        again = context_commands.create_builder(hosts[0], name, [host.name for host in hosts])
        error.recommendations = (*error.recommendations, f"To go on with it once that is mended: {again}")
        raise
    say(f"The builder '{name}' has got the context '{member.name}'.")
