"""What a create would do, told before anything is done: nothing is written, in Azure or on this computer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from azext_dockervm.advice import option_values
from azext_dockervm.certs.store import StoreChange
from azext_dockervm.errors import Conflict
from azext_dockervm.flow.step import printed
from azext_dockervm.host.create import Creation
from azext_dockervm.host.server_names import server_names
from azext_dockervm.host.template import template
from azext_dockervm.options.existing import not_applied
from azext_dockervm.provision import cloud_init
from azext_dockervm.provision.choice import CLOUD_INIT, ProvisionerChoice
from azext_dockervm.provision.first_boot import FirstBoot, planned
from azext_dockervm.provision.host_values import Values
from azext_dockervm.provision.target import AUTHORITY
from azext_dockervm.spec.host import HostSpec

# In place of keys that have yet to be made, which is the create's own affair.
KEY_TO_COME = "<made by create: a public key of ~/.ssh>"


@dataclass(frozen=True)
class Preview:
    """``steps`` as plain JSON (``flow.step.printed``). ``not_applied`` is what an existing host does not get of what
    was typed. ``change`` is what becomes of the folder of certificates. ``server_names``: whom a new certificate of the
    host will speak for. ``first_boot``: what a new host is given for it, and ``set_up`` what the script in it is told,
    None where requests show that."""

    spec: HostSpec
    exists: bool
    choice: ProvisionerChoice
    steps: list[dict[str, Any]]
    not_applied: list[str]
    change: StoreChange
    server_names: tuple[str, ...] = ()
    first_boot: FirstBoot | None = None
    set_up: Values | None = None


def preview(creation: Creation, change: StoreChange, ssh_keys: tuple[str, ...]) -> Preview:
    """``ssh_keys``: the user's that are there; for a VM for which neither keys nor password were asked."""
    vm = creation.found.vm
    if vm is None or creation.never_ran:
        steps, told = _of_new(creation, ssh_keys), []
        given: FirstBoot | None = planned(creation.spec, creation.choice, creation.store)
        set_up = cloud_init.told(creation.spec) if creation.choice.provisioner == CLOUD_INIT else None
    else:
        steps, told = _of_existing(creation), not_applied(creation.asked, creation.found.expanded_vm)
        given = set_up = None
    return Preview(creation.spec, vm is not None, creation.choice, steps, told, change,
                   server_names(creation.planning.making), given, set_up)


def template_of(creation: Creation, ssh_keys: tuple[str, ...]) -> dict[str, Any]:
    """The network and the machine of a host that is not there yet, as an ARM template. Raises ``Conflict`` for one that
    is there, and for what no template can say."""
    vm, spec = creation.found.vm, creation.spec
    if vm is not None:
        raise Conflict(f"The host '{spec.name}' exists; a template is of one that is not there yet.",
                       option_values.PLAN_INSTEAD)
    creation.take_keys(lambda: ssh_keys or (KEY_TO_COME,))
    mine = creation.store.authority_fingerprints()
    return template(creation.planning.machine(), spec.group, {AUTHORITY: {"fingerprint": mine[0]}} if mine else {},
                    {KEY_TO_COME: "sshPublicKey"})


def _of_new(creation: Creation, ssh_keys: tuple[str, ...]) -> list[dict[str, Any]]:
    removal = creation.planning.removal() if creation.never_ran else []
    creation.found = replace(creation.found, vm=None)
    creation.take_keys(lambda: ssh_keys or (KEY_TO_COME,))
    return printed([*removal, *creation.plan()])


def _of_existing(creation: Creation) -> list[dict[str, Any]]:
    """What is mended, then what follows from the host's own answer. It is not asked here: asking may write."""
    creation.take_over()
    creation.announce_ports()
    planning = creation.planning
    look = {"step": "look", "title": f"ask the host '{creation.spec.name}' how it is", "after": [AUTHORITY]}
    return [*printed([planning.authority()]), look, *printed(planning.machine()),
            {"ifSound": printed([*planning.left_alone(None), *planning.finish(planning.daily_shutdown())]),
             "otherwise": printed([*planning.set_up(), *planning.finish(planning.daily_shutdown())])}]
