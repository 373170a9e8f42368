"""The plan of a host's machine: its network, then the VM, as steps that can be printed before they run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.body import network_interface, public_ip, storage, virtual_machine
from azext_dockervm.body.resource import Resource, state
from azext_dockervm.errors import AzureRefused, Conflict
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Ref, Request
from azext_dockervm.flow.step import Alternative, Results, Step
from azext_dockervm.host import plan_guards, plan_network, schedule
from azext_dockervm.host.making import NETWORK_INTERFACE, PUBLIC_IP, VM, Making, made
from azext_dockervm.host.undo import UNSEEN_SECONDS, undo_with_disks
from azext_dockervm.provision.target import ADDRESS, AUTHORITY, Address
from azext_dockervm.secret import Secret


def steps(making: Making, custom_data: bytes | Secret[str] | Ref | None, ordered: Mapping[str, str | Ref] | None = None
          ) -> list[Step | Alternative]:
    """Security group, network and address side by side, then the interface, then the VM; the ``Address`` is the
    result under its key. They need the certificate authority, under its key. ``ordered`` are tags of the VM."""
    return [*plan_network.steps(making), _vm(making, custom_data, ordered), *_schedule(making), _address(making)]


def _vm(making: Making, custom_data: bytes | Secret[str] | Ref | None,
        ordered: Mapping[str, str | Ref] | None) -> Step:
    spec, existing = making.spec, making.found.vm
    if existing is not None:
        return Step(VM, f"use the VM '{spec.name}'", lambda _results, _deadline: existing, quiet=True,
                    needs=(NETWORK_INTERFACE,))
    body = virtual_machine.body(
        spec, making.run_id, network_interface=Ref(NETWORK_INTERFACE, "id"),
        more_interfaces=tuple(one["id"] for one in making.found.interfaces[1:]),
        interfaces_stay=not making.makes_interface, endpoint=_endpoint(making),
        image=making.found.image, custom_data=custom_data, authority=Ref(AUTHORITY, "fingerprint"), ordered=ordered,
        disks=making.found.disks, standard_is_known=making.found.standard_is_known, placed=making.found.placed)
    step = making.write(kinds.VM, VM, "create", spec.name, body, needs=(AUTHORITY, *plan_guards.keys(making)),
                        undone=True, do=partial(_create_vm, making))
    disks = storage.made_disks(spec, making.run_id, making.found.image)
    return replace(step, undo=undo_with_disks(making.azure, spec.group, disks, step.undo)) if disks else step


def _create_vm(making: Making, azure: Azure, request: Request) -> Resource:
    try:
        return made(azure, request)
    except AzureRefused as error:
        if error.status not in (409, 412):
            raise
        return _made_all_the_same(making, azure, error)


def _made_all_the_same(making: Making, azure: Azure, refusal: AzureRefused) -> Resource:
    """A PUT whose answer got lost is sent again by azure-core, and then refused because of itself: go on with it."""
    spec = making.spec
    found = azure.get(kinds.VM, spec.group, spec.name)
    # It is there, Azure has just said, and reads may show it late.
    patience = azure.deadline.within(UNSEEN_SECONDS if refusal.status == 412 else 0.0)
    while found is None and patience.remaining() > 4:
        azure.deadline.sleep(4, f"Azure does not show the VM '{spec.name}' yet")
        found = azure.get(kinds.VM, spec.group, spec.name)
    if found is None:
        raise refusal
    if names.tag(found, names.TAG_RUN) != making.run_id:
        raise Conflict(f"Another create has made the VM '{spec.name}' at the same moment; it was left to it.",
                       "When it has ended, the same command again goes on with the host.") from refusal
    while state(found) in ("Creating", "Updating"):
        azure.deadline.sleep(4, "Azure still creates the VM")
        found = azure.get(kinds.VM, spec.group, spec.name)
        if found is None:
            raise refusal
    if state(found) != "Succeeded":
        code, message = virtual_machine.failure(found)
        raise AzureRefused(f"create the VM: {message}", code=code)
    return found


def _schedule(making: Making) -> list[Step]:
    """Beside the set-up: Azure makes it for a VM that is there. A host that exists gets it after the proof."""
    spec = making.spec
    if spec.placement.shutdown_time is None or spec.disks.ephemeral or making.found.vm is not None:
        return []
    return [schedule.step(making, Ref(VM, "id"))]


def _address(making: Making) -> Step:
    spec, address = making.spec, making.found.public_ip

    def read(results: Results, deadline: Deadline) -> Address:
        private = network_interface.private_address(results[NETWORK_INTERFACE])
        ip = results[PUBLIC_IP] if making.has_address else None
        if ip is None:
            return Address(None, None, private, spec.engine.tls_names)
        if not public_ip.address_if_any(ip):    # the first answer to a PUT lacks it
            ip = making.azure.until(deadline).get(kinds.PUBLIC_IP, *names.id_parts(ip["id"])) or ip
        return Address(public_ip.fqdn_if_any(ip), ip["properties"]["ipAddress"], private, spec.engine.tls_names)

    # Ours is static, so it is known before the VM is there; another kind gets its address with the VM.
    known = address is None or public_ip.address_if_any(address)
    last = () if known and making.found.vm is None else (VM,)
    shown = (PUBLIC_IP,) if making.has_address else ()
    return Step(ADDRESS, "note the host's address", read, needs=(*shown, NETWORK_INTERFACE, *last), quiet=True)


def _endpoint(making: Making) -> Ref:
    """What the VM's tag notes of where it is; its own kind of public address always has a name."""
    if not making.has_address:
        return Ref(NETWORK_INTERFACE, via=network_interface.private_address)
    return Ref(PUBLIC_IP, via=public_ip.fqdn if making.makes_address else public_ip.endpoint)
