"""All hosts of a group or a subscription, and which of their engines answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from azext_dockervm.advice import region_commands
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import virtual_machine
from azext_dockervm.body.resource import Resource
from azext_dockervm.certs.summary import describe
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from azext_dockervm.errors import EngineUnreachable, NotFound
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.workers import run_in_parallel
from azext_dockervm.host import where
from azext_dockervm.host.cause import NOT_DIALLED, Cause, authorities_held, conclude
from azext_dockervm.host.noted import NotedHost, is_host
from azext_dockervm.preflight.look import unknown_if_forbidden

# For one engine's answer; those that nobody hears from are waited for side by side.
CHECK_SECONDS = 5.0
# Engines that are dialled at once, and hosts that Azure is asked about at once.
DIALLED_AT_ONCE, ASKED_AT_ONCE = 64, 8


def hosts(azure: Azure, group: str | None, subscription: str | None,
          warn: Callable[[str], None] = lambda _text: None) -> list[NotedHost]:
    """Those of ``group``, else all that the login may see, by group and name; ``warn`` is told of VMs whose data can't
    be used.

    Two queries side by side, each a request for a page of Azure's: the VMs with their tags, and their power states,
    which Azure lists for a whole subscription only. Who has rights on one group alone is asked about each host there.
    """
    azure.connect("compute", "resources")
    answers = run_in_parallel({"models": lambda: _models(azure, group, subscription, warn),
                               "states": unknown_if_forbidden(lambda: _power_states(azure))}, azure.deadline)
    found = [vm for vm in answers["models"] if is_host(vm)]
    states = answers["states"]
    if states is None:
        states = _one_by_one(azure, found)
    listed = [NotedHost(vm, states.get(vm["id"].lower(), "unknown"), subscription) for vm in found]
    return sorted(listed, key=lambda host: (host.group.lower(), host.name.lower()))


def _models(azure: Azure, group: str | None, subscription: str | None, odd: Callable[[str], None]) -> list[Resource]:
    if group is None:
        return azure.list_all(kinds.VM, odd=odd)
    try:
        return azure.list(kinds.VM, group, odd=odd)
    except NotFound as error:
        raise NotFound(f"The resource group '{group}' does not exist.",
                       f"Those that there are: {region_commands.list_groups(subscription)}") from error


def _power_states(azure: Azure) -> dict[str, str]:
    """By the id of the VM in lower case, since the two lists differ in the case of groups."""
    return {one["id"].lower(): virtual_machine.power_state(one)
            for one in azure.list_all(kinds.VM, odd=lambda _told: None, status_only="true")}


def _one_by_one(azure: Azure, vms: Sequence[Resource]) -> dict[str, str]:
    """What can't be read, such as a VM that has gone since, is left out."""
    def state(vm: Resource) -> str:
        group, name = names.id_parts(vm["id"])
        return virtual_machine.power_state(unknown_if_forbidden(lambda: azure.get(kinds.VM, group, name))() or {})

    return run_in_parallel({vm["id"].lower(): partial(state, vm) for vm in vms}, azure.deadline, ASKED_AT_ONCE)


# Engines


@dataclass(frozen=True)
class Dialled:
    """What came of dialling one engine: the end of the certificate that it shows, or the reason why it shows none."""

    expires: datetime | None = None
    cause: Cause | None = None

    @property
    def reason(self) -> str | None:
        return self.cause.sentence if self.cause else None


def located(azure: Azure, group: str | None, found: Sequence[NotedHost]) -> list[NotedHost]:
    """The same hosts, each with where Azure says that it is."""
    at = where.all_located(azure, group, [host.vm for host in found])
    return [replace(host, where=at[host.vm["id"].lower()]) for host in found]


def dial(found: Sequence[NotedHost], folder: Path, deadline: Deadline) -> list[tuple[NotedHost, Dialled]]:
    """Ask the engine of every ``located`` host with the certificates in ``folder``, side by side → each host with what
    came of it."""
    calls = {host.vm["id"]: partial(_dial, host, folder) for host in found}
    answers = run_in_parallel(calls, deadline, DIALLED_AT_ONCE)
    return [(host, answers[host.vm["id"]]) for host in found]


def _dial(host: NotedHost, folder: Path) -> Dialled:
    if host.where is None:
        raise AssertionError("what tags alone say is not dialled")
    facts = replace(host.facts, folder=folder, holds=authorities_held(folder))
    before = conclude(facts)
    if host.endpoint is None or host.port is None or (before is not None and before.key in NOT_DIALLED):
        return Dialled(cause=before)
    try:
        return Dialled(describe(handshake(Endpoint(host.endpoint, host.port, folder), CHECK_SECONDS)).not_after)
    except EngineUnreachable as error:
        return Dialled(cause=conclude(replace(facts, wire=error)))
