"""What handlers share: Azure, the folder of certificates, what is told on the way, the question before a loss."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_ASKING = threading.Lock()


def azure_calls(cmd: Any, seconds: float | None = None, registers: bool = True) -> Any:
    """An ``azure.calls.Azure``; its calls end within ``seconds`` where they are given, and by its cancellation.
    ``registers`` False: not even the subscription's first use of a provider is written down."""
    from azext_dockervm.azure.calls import Azure
    from azext_dockervm.flow.deadline import Deadline

    return Azure.for_cli(cmd.cli_ctx, Deadline(seconds) if seconds else None, registers)


# What only reads: in all, and without an answer to one question.
READING_SECONDS, SILENCE_SECONDS = 600.0, 120.0


def azure_reads(cmd: Any) -> Any:
    """The same for a command that only reads and has no --timeout."""
    from azext_dockervm.azure.calls import Azure
    from azext_dockervm.flow.deadline import Deadline

    return Azure.for_cli(cmd.cli_ctx, Deadline(READING_SECONDS, patience=SILENCE_SECONDS))


def stopped_by_signals(azure: Any) -> Any:
    """In this context Ctrl-C and its like end the calls of ``azure_calls`` in good order, a second one at once."""
    from azext_dockervm.flow.cancellation import listening

    return listening(azure.deadline.cancellation)


def certificate_store(arguments: Any) -> Any:
    """The ``certs.store.CertificateStore`` of the folder that --docker-cert-dir names."""
    from azext_dockervm.certs.store import CertificateStore

    return CertificateStore(arguments["cert_dir"])


def session_warnings(folder: Any) -> list[str]:
    """That a Cloud Shell loses the folder with its session, where it does."""
    import os
    from pathlib import Path

    from azext_dockervm.advice import shell_commands
    from azext_dockervm.client import cloud_shell

    if not cloud_shell.is_here(os.environ):     # where there may be no home folder
        return []
    home = Path.home()
    if not cloud_shell.loses(folder, os.environ, home):
        return []
    return [shell_commands.lost_with_session(folder, cloud_shell.is_ephemeral(os.environ, home))]


@contextmanager
def progress_of(cmd: Any, warnings: Iterable[str] = ()) -> Iterator[Any]:
    """The listener that fits, closed at the end; it begins with ``warnings``."""
    from azext_dockervm.output.progress import progress

    listener = progress(cmd.cli_ctx.only_show_errors)
    try:
        for warning in warnings:
            listener.warn(warning)
        yield listener
    finally:
        listener.close()


def timeline_file(path: Any) -> Any:
    """The ``output.timeline.target.Target`` at ``path``, None where that is. Raises where nothing can be written
    there."""
    if path is None:
        return None
    from azext_dockervm.output.timeline.target import Target

    return Target(path)


@contextmanager
def drawn_in(target: Any, title: str, listener: Any) -> Iterator[None]:
    """What happens within it is drawn at its end, however that comes, in a ``timeline_file``; nothing where that is
    None. ``title`` says which command it is."""
    if target is None:
        yield
        return
    from azext_dockervm.flow import trace

    record = trace.Trace()
    try:
        with trace.recording(record):
            yield
    except BaseException as error:
        record.end(error)
        raise
    else:
        record.end()
    finally:
        _draw(record, target, title, listener)


def _draw(record: Any, target: Any, title: str, listener: Any) -> None:
    from azext_dockervm.errors import DockerVMError
    from azext_dockervm.output.timeline import drawing

    try:
        target.write(drawing.svg(record, title))
    # Whatever it is: the host matters, the picture does not.
    except Exception as error:  # pylint: disable=broad-exception-caught
        why = error.message if isinstance(error, DockerVMError) else f"{type(error).__name__}: {error}"
        listener.warn(f"The timeline was not written to {target.path}: {why}")
    else:
        listener.say(f"What waited for what is drawn in {target.path}.")


def tell_the_end(cmd: Any, host: Any, folder: Any, listener: Any, context: str | None = None) -> None:
    """What to type now; for a host that can't be reached from here an alert, and an exit code that scripts see.

    ``host`` is a ``host.finished.FinishedHost``, ``folder`` that of its certificates, ``context`` the docker client's
    of it.
    """
    from azext_dockervm.advice import docker_commands, host_commands
    from azext_dockervm.advice.host_messages import with_sentence
    from azext_dockervm.client import programs
    from azext_dockervm.engine.endpoint import Endpoint
    from azext_dockervm.output import exit_code

    if not host.proof.reachable:
        listener.alert(with_sentence(
            f"Docker on '{host.spec.name}' works, as the host itself has checked, but it can't be reached from here: "
            f"{host.cause.sentence if host.cause else host.proof.cause}",
            f"Hence exit code {exit_code.UNREACHABLE}.") + "".join(
                f"\n{one}" for one in (host.cause.commands if host.cause else ())))
        exit_code.end_with(cmd.cli_ctx, exit_code.UNREACHABLE)
        # A docker command would only wait in vain.
        listener.say(f"Then type: {host_commands.info_as_asked(host.spec)}")
        return
    endpoint = Endpoint(host.address.endpoint, host.spec.engine.port, folder)
    if not programs.find("docker"):
        listener.say(f"There is no docker client here. Now type: {host_commands.info_as_asked(host.spec)}")
        return
    command = docker_commands.in_context(context, "info") if context else docker_commands.on_engine(endpoint, "info")
    listener.say(f"Now type: {command}")


def tell_of_workload(cmd: Any, host: Any, folder: Any, listener: Any, context: str | None = None) -> None:
    """Where not all runs that a host was to run: an alert, and an exit code for scripts. As ``tell_the_end``."""
    from azext_dockervm.advice import docker_commands, host_messages
    from azext_dockervm.engine.endpoint import Endpoint
    from azext_dockervm.output import exit_code

    outcome = host.workload
    if outcome is None or outcome.problem is None:
        return
    code = exit_code.WORKLOAD_FAILED if host.proof.reachable else exit_code.UNREACHABLE
    advice = list(outcome.advice)
    if outcome.broken:
        logs = ("compose", "-p", outcome.workload.project, "logs", *outcome.broken)
        endpoint = Endpoint(host.address.endpoint, host.spec.engine.port, folder)
        command = docker_commands.in_context(context, *logs) if context else docker_commands.on_engine(endpoint, *logs)
        advice.append(f"To see what they say: {command}")
    listener.alert("\n".join([host_messages.workload_failed(host.spec, outcome.problem, code), *advice]))
    exit_code.end_with(cmd.cli_ctx, code)


def refresh_contexts(store: Any, listener: Any, host: Any = None) -> None:
    """The docker client's contexts follow the certificates of the folder, and the ``host`` that was finished with them.
    It never ends a command that has done its work."""
    from azext_dockervm.advice import context_messages
    from azext_dockervm.contexts.store import ContextStore
    from azext_dockervm.errors import DockerVMError
    from azext_dockervm.host import context

    try:
        changed, left = context.follow(ContextStore(), store, host)
    except DockerVMError as error:
        listener.warn(context_messages.not_refreshed(store.folder, error.message))
        return
    if changed:
        listener.say(f"Refreshed in the docker client: {', '.join(map(repr, changed))}.")
    for one in left:
        listener.warn(context_messages.keeps_old_authority(one.name, context.owner(one)))


def contexts_of(vm_id: str) -> list[str]:
    """Names of the docker client's contexts of a host; none where that can't be read."""
    from azext_dockervm.contexts.store import ContextStore
    from azext_dockervm.errors import DockerVMError

    try:
        return [one.name for one in ContextStore().of_host(vm_id)]
    except DockerVMError:
        return []


def forget_record(arguments: Any, vm_id: str) -> None:
    """Of the certificate of a host that is gone; a folder in disorder is no reason to fail."""
    from azext_dockervm.certs.records import HostRecords
    from azext_dockervm.errors import CertificateError

    try:
        HostRecords(certificate_store(arguments).folder).forget(vm_id)
    except CertificateError:
        return


def forget_contexts(vm_id: str, listener: Any) -> None:
    """Those of a host that is gone go too. It never ends a command that has done its work."""
    from azext_dockervm.advice import context_messages
    from azext_dockervm.contexts.store import ContextStore
    from azext_dockervm.errors import DockerVMError
    from azext_dockervm.host import context

    try:
        context.forget(ContextStore(), vm_id, listener.say, listener.warn)
    except DockerVMError as error:
        listener.warn(context_messages.not_removed(error.message))


def confirm(loss: str, question: str, yes: bool, listener: Any) -> None:
    """Says what somebody loses, and asks; with --yes it is a warning like any other. Raises where it shall not be."""
    from knack.prompting import NoTTYException, prompt_y_n

    from azext_dockervm.advice import option_values
    from azext_dockervm.errors import Interrupted, MissingArgument

    if yes:
        listener.warn(loss)
        return
    # With several --ids az runs the command in threads: one question at a time, right below what it is about.
    with _ASKING:
        listener.alert(loss)
        try:
            if not prompt_y_n(question, default="n"):
                raise Interrupted("Nothing was changed.")
        except NoTTYException as error:
            raise MissingArgument("There is no terminal to ask on. Nothing was changed.",
                                  option_values.YES) from error
