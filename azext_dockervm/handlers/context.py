"""az dockervm context create, list, show, use and remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azext_dockervm.handlers import shared
from azext_dockervm.handlers.command import command

if TYPE_CHECKING:
    from azext_dockervm.contexts.store import Context, ContextStore
    from azext_dockervm.options.arguments import Arguments


@command("context create")
def create(cmd: Any, arguments: Arguments) -> dict[str, Any]:
    """Make the context of a host, or refresh it."""
    from azext_dockervm.contexts.name import check_context
    from azext_dockervm.contexts.store import ContextStore
    from azext_dockervm.host import context, noted

    host = arguments.named_host()
    name, tunnel = arguments["context_name"] or check_context(host.name), arguments["via"]
    store, contexts = shared.certificate_store(arguments), ContextStore()
    azure = shared.azure_reads(cmd)
    credentials = context.credentials(azure, store, host)
    contexts.check_free(name, lambda vm_id: context.named_in(host.group, host.name, vm_id))
    seen = noted.read(azure, host.group, host.name, host.subscription)
    endpoint = context.endpoint(seen, host, credentials, tunnel)
    with shared.progress_of(cmd, store.warnings()) as listener:
        outcome = contexts.put(name, endpoint, seen.vm["id"], store.folder, credentials.files)
        listener.say(f"The context '{name}' was {outcome.value}.")
        if arguments["use"]:
            _use(contexts, name, listener)
        return {**_shape(contexts, contexts.existing(name)), "outcome": outcome.name.lower()}


@command("context list")
def list_contexts(cmd: Any, _arguments: Arguments) -> list[dict[str, Any]]:
    """List the docker client's contexts."""
    from azext_dockervm.advice import context_messages
    from azext_dockervm.contexts.store import ContextStore

    contexts = ContextStore()
    found, problems = contexts.contexts()
    current = contexts.current()
    if current not in [one.name for one in found]:
        problems.append(context_messages.current_is_gone(current))
    with shared.progress_of(cmd, problems):
        return [_shape(contexts, one) for one in found]


# By its name: azdev's linter takes every call about "show" for one of a command table.
@command(name="context show")
def show(_cmd: Any, arguments: Arguments) -> dict[str, Any]:
    """Show a context."""
    from azext_dockervm.contexts.store import ContextStore

    contexts = ContextStore()
    return _shape(contexts, contexts.existing(arguments["context_name"] or contexts.current()))


@command("context use")
def use(cmd: Any, arguments: Arguments) -> dict[str, Any]:
    """Make a context the current one."""
    from azext_dockervm.contexts.store import ContextStore

    contexts, name = ContextStore(), arguments["context_name"]
    with shared.progress_of(cmd) as listener:
        _use(contexts, name, listener)
        return _shape(contexts, contexts.existing(name))


@command("context remove")
def remove(cmd: Any, arguments: Arguments) -> None:
    """Remove a context of ours."""
    from azext_dockervm.contexts.store import ContextStore

    contexts = ContextStore()
    found = contexts.existing(arguments["context_name"])
    contexts.check_ours(found)
    if not arguments["force"]:
        contexts.check_not_current(found)
    with shared.progress_of(cmd) as listener:
        shared.confirm(f"This removes the context '{found.name}' of the host {found.host} from the docker client, with "
                       "its copies of the certificates. The host and the certificate folder stay as they are."
                       f"{_builders_over(contexts, found)}", "Remove it?", arguments["yes"], listener)
        contexts.remove(found)
        listener.say(f"The context '{found.name}' was removed.")


def _builders_over(contexts: ContextStore, found: Context) -> str:
    """A sentence about those that lose a node with the context, "" where none does."""
    from azext_dockervm.contexts.builder import Buildx

    names = Buildx(contexts.client).over(found.name)
    return f" Builders that can't build on it any more: {', '.join(names)}." if names else ""


def _use(contexts: ContextStore, name: str, listener: Any) -> None:
    from azext_dockervm.advice import context_messages
    from azext_dockervm.contexts import client

    contexts.use(name)
    listener.say(f"The current context is '{name}'.")
    variable = client.overriding()
    if variable and contexts.current() != name:
        listener.warn(context_messages.variable_wins(variable, name))


def _shape(contexts: ContextStore, found: Context) -> dict[str, Any]:
    from azext_dockervm.output import shapes

    return shapes.context(found, found.name == contexts.current(), contexts.is_stale(found))
