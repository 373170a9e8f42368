"""The docker-extension provisioner: the Docker VM extension of the 2014 command, with its certificates.

Its handler wants the server's key in its protected settings (base64 of PEM): the one case in which the key travels.
Azure encrypts them for the VM's agent and never returns them.

On images that are younger than it the handler fails at installing Docker. It installs nothing where it finds ``docker``
and ``/usr/local/bin/docker-compose``, so there the set-up script puts both in place first.

It writes Docker's command line into the packaged unit, which each upgrade of Docker puts back: the host would listen
no more. So the script keeps that line in a drop-in, and no host is finished without having been restarted with it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from azext_dockervm.advice import host_commands
from azext_dockervm.advice.host_messages import vm_is_gone
from azext_dockervm.azure import kinds
from azext_dockervm.azure.names import EXTENSION_TYPE
from azext_dockervm.body import extension
from azext_dockervm.errors import AzureRefused, DeadlinePassed, HostFailed, HostGone, NotFound
from azext_dockervm.flow.deadline import Deadline, at_most
from azext_dockervm.flow.request import Ref, Request
from azext_dockervm.flow.step import Results, Step
from azext_dockervm.provision.choice import DOCKER_EXTENSION, RUN_COMMAND
from azext_dockervm.provision.daemon import extension_options
from azext_dockervm.provision.host_values import Values, container_metadata, to_install, to_serve
from azext_dockervm.provision.run_command import action_step
from azext_dockervm.provision.script.answer import encoded
from azext_dockervm.provision.target import ADDRESS, AUTHORITY, PROVISIONED, Provisioned, Target, names_in_words
from azext_dockervm.secret import Secret
from azext_dockervm.spec.extension_era import is_of_extension_era

# For the run command after the extension of a new host, which works without it: six times what one takes.
KEEPING_SECONDS = 180.0


def steps(target: Target, after: tuple[str, ...]) -> list[Step]:
    """certificate, prepare → extension (→ ssh) → restart → provisioned."""
    spec = target.spec
    plan = [Step("certificate", "issue the server's certificate",
                 lambda results, _deadline: results[AUTHORITY].issue_server(results[ADDRESS].identity),
                 needs=(AUTHORITY, ADDRESS), detail=lambda issued: names_in_words(issued.certificate_pem))]
    before = after
    if needs_preparation(target):
        plan.append(action_step(target, "prepare", "install",
                                "install Docker and Compose, which the extension then finds",
                                {"DOCKERVM_COMPOSE": "1", **to_install(spec), **to_serve(spec)}, after))
        before = ("prepare",)
    plan.append(_put(target, before))
    last = "extension"
    for action in further_actions(target):
        parameters: Values = {"DOCKERVM_SSH_PORT": str(spec.network.ssh_port or "")}
        # No other command of ours runs on an image of the extension's era.
        if action == "restart" and not target.finished and not needs_preparation(target):
            parameters.update(container_metadata(spec))
        step = action_step(target, action, action, FURTHER_TITLES[action], parameters, (last,))
        if is_forgiven(target, action):
            step = replace(step, forgiven=partial(_not_kept, target), limit=at_most(KEEPING_SECONDS))
        plan.append(step)
        last = action
    return [*plan, Step(PROVISIONED, "note the certificate", lambda results, _deadline: Provisioned.of(
        DOCKER_EXTENSION, results["certificate"].certificate_pem, checked=False),
        needs=(last, "certificate"), quiet=True)]


def _put(target: Target, before: tuple[str, ...]) -> Step:
    spec = target.spec
    request = Request("PUT", kinds.EXTENSION.type, spec.group, (spec.name, EXTENSION_TYPE), extension.body(
        spec, target.run_id, _flags(target), ca=Ref(AUTHORITY, "certificate_pem", via=encoded),
        certificate=Ref("certificate", "certificate_pem", via=encoded),
        key=Ref("certificate", "key_pem", via=encoded_secret)))

    def put(results: Results, deadline: Deadline) -> Any:
        try:
            return target.azure.until(deadline).send(request.resolved(results))
        except (AzureRefused, NotFound) as error:
            azure = target.azure.until(deadline)
            if isinstance(error, HostGone) or (
                    isinstance(error, NotFound) and azure.vm_is_gone(spec.group, spec.name)):
                raise vm_is_gone(spec) from error
            other = ("--provisioner", RUN_COMMAND)
            without = host_commands.create_with(spec, "provisioner", *other)
            failed = HostFailed(f"The Docker VM extension failed: {error.message}",
                                None if target.finished else f"To set the host up without it: {without}")
            failed.unfit = {} if target.finished else {"provisioner": other}
            raise failed from error

    return Step("extension", "install the Docker VM extension", put, request, needs=before)


def _flags(target: Target) -> list[str]:
    """Where a daemon.json has them already, the engine would not start with the same settings on its command line."""
    return extension_options() if target.has_flags or is_of_extension_era(target.spec.machine.image) else []


def encoded_secret(secret: Secret[bytes]) -> Secret[str]:
    return Secret(encoded(secret.reveal()))


def needs_preparation(target: Target) -> bool:
    return not target.finished and not is_of_extension_era(target.spec.machine.image)


FURTHER_TITLES = {"ssh": "move sshd to its port",
                  "restart": "keep Docker's settings where an upgrade leaves them, and restart it"}


def further_actions(target: Target) -> list[str]:
    """What the handler can't do and the set-up script does: sshd's port; settings that an upgrade leaves; a restart,
    since the handler restarts the engine only when its unit file changed, so on a second run the new certificate would
    lie there unused."""
    moved = ["ssh"] if target.spec.network.ssh_port not in (None, 22) else []
    return [*moved, "restart"]


def is_forgiven(target: Target, action: str) -> bool:
    """A new host works without the restart."""
    return action == "restart" and not target.resumed


def _not_kept(target: Target, error: BaseException) -> str | None:
    if not isinstance(error, (HostFailed, AzureRefused, DeadlinePassed)):
        return None
    again = host_commands.create_again(target.spec)
    return (f"An upgrade of Docker on '{target.spec.name}' would take its settings away: they could not be kept. "
            f"{error} To try again: {again}")
