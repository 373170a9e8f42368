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
    from azext_dockervm.handlers import login
    from azext_dockervm.host import create as host
    from azext_dockervm.output import shapes

    spec = arguments.host_spec()
    store = shared.certificate_store(arguments)
    store.check()
    # The password last: nobody types it twice only to read that another argument is wrong.
    spec = spec.having({"login.password": login.admin_password(arguments["admin_password"])})
    with shared.progress_of(cmd, [*store.warnings(), *shared.session_warnings(store.folder)]) as listener:
        azure = shared.azure_calls(cmd, spec.timeout)
        with shared.stopped_by_signals(azure):
            prepared = host.prepare(azure, spec, store)
            made = host.create(azure, prepared, store, listener,
                               lambda: login.usual_ssh_keys(arguments["generate_ssh_keys"], listener.warn))
        shared.tell_the_end(cmd, made, store.folder, listener)
    return shapes.host(made, str(store.folder))
