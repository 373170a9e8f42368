"""az dockervm enable."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from azext_dockervm.handlers import shared
from azext_dockervm.handlers.command import command

if TYPE_CHECKING:
    from azext_dockervm.options.arguments import Arguments


@command("enable")
def enable(cmd: Any, arguments: Arguments) -> dict[str, Any]:
    """Make a host trust the certificate authority of the user's folder."""
    from azext_dockervm.advice import option_values
    from azext_dockervm.errors import MissingArgument
    from azext_dockervm.host.enable import TrustReplacement
    from azext_dockervm.output import shapes

    spec = arguments.host_spec()
    if not arguments["replace_trust"]:
        raise MissingArgument("Say what to enable: --replace-trust makes the host trust the certificate authority of "
                              "your folder.", option_values.help_of("dockervm", "enable"))
    store = shared.certificate_store(arguments)
    store.check()
    with shared.progress_of(cmd, [*store.warnings(), *shared.session_warnings(store.folder)]) as listener:
        azure = shared.azure_calls(cmd, spec.timeout)
        replacement = TrustReplacement(azure, spec, store, listener)
        with shared.stopped_by_signals(azure):
            replacement.ask_the_host()
        _confirm(replacement, arguments["yes"], listener)
        with shared.stopped_by_signals(azure):
            made = replacement.carry_out()
        shared.refresh_contexts(store, listener, made)
        shared.tell_the_end(cmd, made, store.folder, listener)
    return shapes.host(made, str(store.folder))


def _confirm(replacement: Any, yes: bool, listener: Any) -> None:
    loss = replacement.whom_it_cuts_off()
    if not loss:
        return
    began = time.monotonic()
    try:
        shared.confirm(loss, "Replace its trust?", yes, listener)
    except BaseException:
        replacement.give_up()
        raise
    replacement.was_thought_over(time.monotonic() - began)
