"""Making an existing host trust this folder's certificate authority, for who is root there by Azure's rights."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from azext_dockervm import advice, names
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from azext_dockervm.errors import Conflict, DockerVMError, EngineUnreachable, HostGone, Interrupted
from azext_dockervm.plan import adopt, certify, view, vm
from azext_dockervm.plan.arm import Azure
from azext_dockervm.plan.execute import PlanFailed
from azext_dockervm.plan.host import Host
from azext_dockervm.plan.step import Listener
from azext_dockervm.provision import base
from azext_dockervm.provision.run_command import RunCommands
from azext_dockervm.spec import HostSpec


def replace_trust(azure: Azure, spec: HostSpec, store: Any, listener: Listener,
                  confirm: Callable[[str], None]) -> Host:
    """Give the host a certificate of this folder's CA, which from then on is the one that it trusts.

    ``confirm`` is told whom that cuts off, and raises where the user does not want it. Containers run on. Raises
    ``NotFound``, and ``Conflict`` for a VM that is off, that dockervm did not make or that has lost its address.
    """
    seen = view.read(azure, spec.group, spec.name, spec.subscription)
    spec = _spec_of(spec, seen)
    adopt.check_runs(spec, seen.vm)
    _check_made_by_us(spec, seen)
    commands = RunCommands(azure, spec, uuid.uuid4().hex[:12])
    try:
        found = _look(spec, seen, store, commands, listener)
    except DockerVMError as error:
        cause = advice.as_ours(error, spec)
        cause.message = advice.sentences(cause.message, "Nothing was changed.")
        cause.recommendations += (f"To try again: {advice.enable_command(spec)}",)
        raise cause from error
    commands.spec = spec = replace(spec, docker_port=found.port)
    if found.trusts_us is None:
        try:
            confirm(_whom_it_cuts_off(spec, seen, found, store))
        except BaseException:
            commands.delete(listener.warn, leftovers=False)
            raise
    store.ensure()
    noted = names.tag(seen.vm, names.TAG_PROVISIONER)
    choice = base.as_set_up(spec, noted) or base.Choice(base.RUN_COMMAND, "nothing says how the host was set up")
    job = base.Job(azure, spec, commands.run_id, commands, store.load_authority(), seen.fqdn, seen.public_address,
                   seen.private_address, resumed=True, finished=noted is not None)
    try:
        if found.trusts_us is not None:
            listener.say(f"The host '{spec.name}' trusts the authority in {store.folder} already.")
            provisioned = replace(found.trusts_us, provisioner=choice.provisioner)
        else:
            provisioned = certify.provision(job, choice, listener)
        machine, proven = certify.finish(job, provisioned, store.folder, listener)
    except PlanFailed as failure:
        raise _unfinished(failure.cause, spec) from failure.cause
    except KeyboardInterrupt:
        raise _unfinished(Interrupted("Stopped by Ctrl-C"), spec) from None
    except DockerVMError as error:
        raise _unfinished(error, spec) from error
    return Host(machine, spec, job.fqdn, job.public_address, job.private_address, provisioned, proven)


@dataclass(frozen=True)
class _Look:
    """``port`` is the engine's, ``authorities`` those that the host trusts by its own word, () where it said nothing.
    ``trusts_us`` is its certificate where it trusts this folder's authority and is sound."""

    port: int
    authorities: tuple[str, ...] = ()
    trusts_us: base.Provisioned | None = None


def _look(spec: HostSpec, seen: view.MachineView, store: Any, commands: RunCommands, listener: Listener) -> _Look:
    """By TLS from here, else by the host's own check: what its tags say is what somebody once ordered."""
    mine = store.authority_fingerprints()
    try:
        shown = handshake(Endpoint(seen.fqdn, spec.docker_port, store.folder))
    except EngineUnreachable:
        shown = None
    if mine and shown:
        certificate = ssl.DER_cert_to_PEM_cert(shown).encode()
        return _Look(spec.docker_port, mine[:1], base.Provisioned.of(base.RUN_COMMAND, certificate, checked=False))
    listener.say(f"Asking the host '{spec.name}' whom it trusts ...")
    answer = adopt.check(commands, spec.docker_port)
    told_port = answer.values.get("port", "")
    port = int(told_port) if told_port.isdigit() else spec.docker_port
    if port != spec.docker_port:
        answer = adopt.check(commands, port)
    authorities = tuple(one for one in answer.values.get("authority", "").split()
                        if one not in (adopt.NOBODY, adopt.UNKNOWN))
    ours = answer.ok and bool(mine) and mine[0] in authorities
    return _Look(port, authorities, adopt.by_its_word(base.RUN_COMMAND, answer) if ours else None)


def _spec_of(spec: HostSpec, seen: view.MachineView) -> HostSpec:
    """What the host is, as far as giving it a certificate needs it."""
    return replace(spec, location=seen.vm["location"], docker_port=seen.port or spec.docker_port,
                   tags=names.own_tags(seen.vm), admin_username=vm.admin_username(seen.vm) or spec.admin_username)


def _check_made_by_us(spec: HostSpec, seen: view.MachineView) -> None:
    if names.tag(seen.vm, names.TAG_HOST) is None:
        raise Conflict(f"The VM '{spec.name}' was not made by dockervm. It was left as it is.",
                       "To see which were: " + advice.az("resource", "list", "--tag", names.TAG_SCHEMA, "-o", "table",
                                                         subscription=spec.subscription))
    if not seen.fqdn or not seen.public_address:
        raise Conflict(f"The host '{spec.name}' has no public address with a name, which its certificate has to say. "
                       "It was left as it is.",
                       "Whoever holds its certificates gives it one again with the command that made it: az dockervm "
                       "create")


def _whom_it_cuts_off(spec: HostSpec, seen: view.MachineView, found: _Look, store: Any) -> str:
    mine = store.authority_fingerprints()
    noted = (names.tag(seen.vm, names.TAG_AUTHORITY) or "").lower()
    theirs = found.authorities or ((noted,) if noted else ())
    if theirs and theirs[0] in mine[:1]:
        return (f"The host '{spec.name}' was set up for the authority in {store.folder} already, but it is not sound. "
                "It is given a certificate of that authority again; whoever else it trusts is cut off. Its containers "
                "run on; the engine is restarted.")
    whose = (f"the certificate authority with the SHA-256 fingerprint {' or '.join(theirs)}" if theirs
             else "whatever certificate authority it trusts now (neither it nor its tags say which)")
    own = (f"the authority in {store.folder} ({mine[0]})" if mine
           else f"a new authority, which will be made in {store.folder}")
    return (f"The host '{spec.name}' shall trust {own}. This cuts off everybody whose certificates come from {whose}: "
            "their docker clients, scripts and CI jobs are turned away from the moment on. Its containers run on; the "
            "engine is restarted.")


def _unfinished(cause: BaseException, spec: HostSpec) -> DockerVMError:
    error = advice.as_ours(cause, spec)
    if isinstance(error, HostGone):
        return error
    error.message = advice.sentences(error.message, f"The host '{spec.name}' may trust either authority now.")
    error.recommendations += (f"To go on: {advice.enable_command(spec)}",)
    return error
