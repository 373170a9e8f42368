"""az dockervm builder create and remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azext_dockervm.handlers import shared
from azext_dockervm.handlers.command import command

if TYPE_CHECKING:
    from azext_dockervm.options.arguments import Arguments


@command("builder create")
def create(cmd: Any, arguments: Arguments) -> dict[str, Any]:
    """Make a builder over hosts, or add to it what it lacks."""
    from azext_dockervm.advice import docker_commands
    from azext_dockervm.contexts.store import ContextStore
    from azext_dockervm.host import builder, context
    from azext_dockervm.output import shapes

    name = arguments["builder_name"]
    hosts = [arguments.named_host(one) for one in arguments["hosts"]]
    store, contexts = shared.certificate_store(arguments), ContextStore()
    azure = shared.azure_reads(cmd)
    credentials = context.credentials(azure, store, hosts[0])
    with shared.progress_of(cmd, store.warnings()) as listener:
        made = builder.create(azure, name, hosts, credentials, contexts, listener.say)
        listener.say(f"Now type: {docker_commands.build_by(name)}")
    return shapes.builder(made, [contexts.get(one) for one in made.contexts])


@command("builder remove")
def remove(cmd: Any, arguments: Arguments) -> None:
    """Remove a builder of ours, and BuildKit from its hosts."""
    from azext_dockervm.contexts import client
    from azext_dockervm.contexts.builder import Buildx

    name = arguments["builder_name"]
    with shared.progress_of(cmd) as listener:
        silent = Buildx(client.folder()).remove(name)
        if silent:
            listener.warn(f"What the builder '{name}' has left on hosts, the container buildx_buildkit_… and its "
                          f"volume, could not be removed everywhere: {silent}")
        listener.say(f"The builder '{name}' was removed; the contexts stay.")
