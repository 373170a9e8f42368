"""az dockervm create."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azext_dockervm.handlers import shared
from azext_dockervm.handlers.command import command

if TYPE_CHECKING:
    from azext_dockervm.options.arguments import Arguments


@command("create")
def create(cmd: Any, arguments: Arguments) -> dict[str, Any]:
    """Make a host, or finish one that is half made."""
    from azext_dockervm.handlers import login, registry
    from azext_dockervm.host import create as host
    from azext_dockervm.output import shapes

    spec = arguments.host_spec()
    store = shared.certificate_store(arguments)
    store.check()
    context = _context_name(spec, arguments["docker_context"])
    timeline = shared.timeline_file(arguments["timeline"])
    password = login.asked_password(arguments["admin_password"], spec.login)
    registry_passwords, logins = arguments["registry_password"], spec.workload.logins
    if arguments["dry_run"] or arguments["validate"]:
        spec = spec.having({"login.password": login.previewed_password(password),
                            "workload.logins": registry.previewed(registry_passwords, logins)})
        return _previewed(cmd, arguments, spec, store, context)
    # Passwords last: nobody types one twice only to read that another argument is wrong.
    spec = spec.having({"login.password": login.admin_password(password),
                        "workload.logins": registry.with_passwords(registry_passwords, logins)})
    with shared.progress_of(cmd, [*store.warnings(), *shared.session_warnings(store.folder)]) as listener:
        azure = shared.azure_calls(cmd, spec.timeout)
        title = f"Create the host '{spec.name}' in the group '{spec.group}'"
        with shared.drawn_in(timeline, title, listener), shared.stopped_by_signals(azure):
            prepared = host.prepare(azure, spec, store)
            made = host.create(azure, prepared, store, listener,
                               lambda: login.usual_ssh_keys(
                                   arguments["generate_ssh_keys"], listener.warn, spec.login.key_type))
        context = _made_context(context, spec, made, store, listener)
        shared.refresh_contexts(store, listener, made)
        shared.tell_the_end(cmd, made, store.folder, listener, context)
        shared.tell_of_workload(cmd, made, store.folder, listener, context)
    return shapes.host(made, str(store.folder), context)


def _previewed(cmd: Any, arguments: Arguments, spec: Any, store: Any, context: str | None) -> dict[str, Any]:
    """What would be done, after the same looks."""
    from azext_dockervm.handlers import login
    from azext_dockervm.host import create as host
    from azext_dockervm.host.preview import preview, template_of
    from azext_dockervm.options.flow import TEMPLATE
    from azext_dockervm.output import previews

    with shared.progress_of(cmd, store.warnings()) as listener:
        azure = shared.azure_calls(cmd, spec.timeout, registers=False)
        with shared.stopped_by_signals(azure):
            creation = host.Creation(azure, host.prepare(azure, spec, store, to_write=False), store, listener)
        creation.announce()
        keys = login.keys_that_are_there(spec.login.key_type)
        if arguments["dry_run"] == TEMPLATE:
            return template_of(creation, keys)
        seen = preview(creation, store.check(), keys)
    return previews.checked(seen, store, context) if arguments["validate"] else previews.plan(seen, store, context)


def _context_name(spec: Any, asked: Any) -> str | None:
    """The name of the context that is wanted, the host's where none was typed; None where none is wanted. Raises for
    one that can't be had, before anything is made."""
    from azext_dockervm.advice import context_commands
    from azext_dockervm.contexts.name import check_context
    from azext_dockervm.contexts.store import ContextStore
    from azext_dockervm.host import context
    from azext_dockervm.options.context import HOST_NAME

    if asked is None:
        return None
    name = check_context(spec.name, "--docker-context") if asked is HOST_NAME else str(asked)
    ContextStore().check_free(name, lambda vm_id: context.named_in(spec.group, spec.name, vm_id),
                              context_commands.OTHER_NAME_OF_NEW_HOST)
    return name


def _made_context(name: str | None, spec: Any, made: Any, store: Any, listener: Any) -> str | None:
    """The name again, None where it could not be made: the host works all the same."""
    from azext_dockervm.advice import context_messages
    from azext_dockervm.contexts.store import ContextStore
    from azext_dockervm.errors import DockerVMError
    from azext_dockervm.host import context

    if name is None:
        return None
    try:
        context.make(ContextStore(), name, made, store)
    except DockerVMError as error:
        listener.warn(context_messages.not_made(spec, name, error.message))
        return None
    return name
