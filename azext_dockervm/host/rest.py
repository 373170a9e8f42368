"""Waiting until no change is at work any more on a host and what it stands on: an earlier run's, another terminal's."""

from __future__ import annotations

from collections.abc import Callable

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.body.resource import Resource, state
from azext_dockervm.preflight.found import Found

PAUSE_SECONDS = 4.0
# A VM is updated by whoever tags it or installs into it, and bears it.
WAITED_FOR = {kinds.VM: ("Creating", "Deleting")}
MOVING = ("Creating", "Updating", "Deleting")


def bring_to_rest(azure: Azure, found: Found, say: Callable[[str], None]) -> bool:
    """Wait for what is being made, changed or deleted → whether there was any, so that all may be otherwise by now.

    Azure refuses what stands on a part that is at work, and such a part lacks its address yet.
    """
    parts = ((kinds.VM, found.vm), (kinds.VIRTUAL_NETWORK, found.virtual_network),
             (kinds.SECURITY_GROUP, found.security_group), (kinds.PUBLIC_IP, found.public_ip),
             (kinds.NETWORK_INTERFACE, found.network_interface))
    moving = [(kind, part) for kind, part in parts if part and state(part) in WAITED_FOR.get(kind, MOVING)]
    for kind, part in moving:
        done = {"Creating": "created", "Updating": "changed", "Deleting": "deleted"}[state(part)]
        say(f"The {kind.noun} '{part['name']}' is being {done}, by a run that was cut short or by another terminal; "
            "waiting for it.")
        _wait(azure, kind, part)
    return bool(moving)


def _wait(azure: Azure, kind: Kind, part: Resource | None) -> None:
    """Whatever it is doing by then: who made it may undo it."""
    while part is not None and state(part) in MOVING:
        azure.deadline.sleep(PAUSE_SECONDS, f"the {kind.noun} '{part['name']}' is '{state(part)}'")
        part = azure.get(kind, *names.id_parts(part["id"]))
