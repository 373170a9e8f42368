"""az dockervm cert create and show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azext_dockervm.handlers import shared
from azext_dockervm.handlers.command import command

if TYPE_CHECKING:
    from azext_dockervm.options.arguments import Arguments


@command("cert create")
def create(cmd: Any, arguments: Arguments) -> dict[str, Any]:
    """Make what is missing, or all anew."""
    from azext_dockervm.output import shapes

    store = shared.certificate_store(arguments)
    with shared.progress_of(cmd) as listener:
        if arguments["force"] and _has_anything(store.state()):
            _confirm_replacement(store, arguments["yes"], listener)
            change = store.replace()
        else:
            change = store.ensure()
        _tell(change, store.folder, listener)
        shared.refresh_contexts(store, listener)
        state = store.state()
        for warning in (*state.warnings, *shared.session_warnings(store.folder)):
            listener.warn(warning)
    return shapes.certificates(state, change)


@command("cert show")
def show(cmd: Any, arguments: Arguments) -> dict[str, Any]:
    """Show the certificates of a folder."""
    from azext_dockervm.advice.certificates import create_command
    from azext_dockervm.errors import NotFound
    from azext_dockervm.output import shapes

    state = shared.certificate_store(arguments).state()
    if state.problem is None and state.authority is None and state.client is None:
        raise NotFound(f"{state.folder} holds no certificates.", create_command(state.folder))
    problems = [state.problem.message] if state.problem else []
    with shared.progress_of(cmd, [*state.warnings, *problems]):
        return shapes.certificates(state)


def _has_anything(state: Any) -> bool:
    return bool(state.problem or state.authority or state.client or state.has_authority_key)


def _confirm_replacement(store: Any, yes: bool, listener: Any) -> None:
    subject = store.state().authority
    who = f" '{subject.subject}'" if subject else ""
    shared.confirm(f"This replaces the certificate authority{who} in {store.folder}. Every Docker host that trusts it "
                   "turns the new client certificate away; only the old files, kept in a backup folder, still open "
                   "those hosts.", "Replace it?", yes, listener)


def _tell(change: Any, folder: Any, listener: Any) -> None:
    from azext_dockervm.advice.certificates import new_client

    if change.client_issued:
        listener.say(f"{new_client(folder, change.client_words)}.")
    if change.backup:
        listener.say(f"The old files are kept in {change.backup}.")
    if not change.created and not change.client_issued:
        listener.say(f"{folder} has a sound set of certificates; it was left as it is.")
