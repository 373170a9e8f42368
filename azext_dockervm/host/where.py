"""Where a host is, by Azure's own word: its public name and address, its private address.

Its tags note that too, but whoever may write tags could so send docker clients, and their certificates' trust, to an
address of their own. What is dialled or printed to be dialled comes from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.body import network_interface, public_ip, security_group, virtual_machine
from azext_dockervm.body.knock import Knock
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import DeadlinePassed, DockerVMError, Interrupted
from azext_dockervm.flow.workers import run_in_parallel

# Hosts that Azure is asked about at once.
ASKED_AT_ONCE = 8


@dataclass(frozen=True)
class Where:
    """None for what the host does not have, or what was not read. ``interface`` and ``address`` as ARM shows them:
    of a host whose address was found by its usual name, ``interface`` may not have been read. ``unread``: why nobody
    knows where it is."""

    fqdn: str | None = None
    public: str | None = None
    private: str | None = None
    interface: Resource | None = None
    address: Resource | None = None
    unread: DockerVMError | None = None


def with_vm(azure: Azure, group: str, name: str, *more: Kind) -> tuple[Resource | None, dict[str, Resource | None]]:
    """The VM, and beside it what usually bears its name: the public address and ``more`` of the network. Of these what
    can't be read is None."""
    azure.connect("resources")
    reads: dict[str, Callable[[], Any]] = {"vm": partial(azure.get, kinds.VM, group, name)}
    for kind in (kinds.PUBLIC_IP, *more):
        reads[kind.type] = partial(_if_readable, azure, kind, group, _USUAL_NAMES[kind.type](name))
    found = run_in_parallel(reads, azure.deadline)
    return found.pop("vm"), found


_USUAL_NAMES: Mapping[str, Callable[[str], str]] = {
    kinds.PUBLIC_IP.type: names.public_ip, kinds.NETWORK_INTERFACE.type: names.network_interface,
    kinds.SECURITY_GROUP.type: names.network_security_group}


def _if_readable(azure: Azure, kind: Kind, *path: str) -> Resource | None:
    try:
        return azure.get(kind, *path)
    except (DeadlinePassed, Interrupted):
        raise
    except DockerVMError:
        return None


def located(azure: Azure, vm: Resource, near: Iterable[Resource | None], whole: bool = False) -> Where:
    """Where ``vm`` is. Of ``near`` what belongs to the VM's primary interface is believed; the rest is followed from
    the VM by its ids. ``whole``: the interface itself is wanted too."""
    primary = virtual_machine.primary_interface(vm)
    if primary is None:     # a VM that Azure could not make
        return Where()
    used = primary["id"].lower()
    known = {one["id"].lower(): one for one in near if one is not None}
    address = next((one for one in known.values() if (public_ip.interface_id(one) or "").lower() == used), None)
    interface = known.get(used)
    try:
        if interface is None and (whole or address is None):
            interface = azure.get(kinds.NETWORK_INTERFACE, *names.id_parts(primary["id"]))
        reference = network_interface.public_ip_id(interface) if interface else None
        if reference is not None and (address is None or address["id"].lower() != reference.lower()):
            address = known.get(reference.lower()) or azure.get(kinds.PUBLIC_IP, *names.id_parts(reference))
    except (DeadlinePassed, Interrupted):
        raise
    except DockerVMError as error:
        return _of(interface, address, None if address is not None else error)
    return _of(interface, address)


def _of(interface: Resource | None, address: Resource | None, unread: DockerVMError | None = None) -> Where:
    return Where(public_ip.fqdn_if_any(address), public_ip.address_if_any(address),
                 network_interface.private_address_if_any(interface), interface, address, unread)


def ssh_port(vm: Resource, near: Mapping[str, Resource | None], is_private: bool) -> int | None:
    """At which the security group that ``with_vm`` has read beside the VM lets in; None where it does not, or nobody
    knows."""
    primary = virtual_machine.primary_interface(vm)
    return security_group.open_ssh_port(near.get(kinds.SECURITY_GROUP.type), primary["id"],
                                        Knock(inside=is_private)) if primary else None


def all_located(azure: Azure, group: str | None, vms: Iterable[Resource]) -> dict[str, Where]:
    """Where each of several VMs is, by its id in lower case: two queries side by side, each a request for a page, and
    what they do not show (another group's, what this login may not list) is followed for each VM."""
    azure.connect("network", "resources")
    lists = run_in_parallel({kind.type: partial(_listed, azure, kind, group)
                             for kind in (kinds.PUBLIC_IP, kinds.NETWORK_INTERFACE)}, azure.deadline)
    near = [one for found in lists.values() for one in found]
    return run_in_parallel({vm["id"].lower(): partial(located, azure, vm, near) for vm in vms}, azure.deadline,
                           ASKED_AT_ONCE)


def _listed(azure: Azure, kind: Kind, group: str | None) -> list[Resource]:
    def odd(_told: str) -> None:
        """It is followed by its id where a VM leads to it, and told then."""

    try:
        return azure.list_all(kind, odd=odd) if group is None else azure.list(kind, group, odd=odd)
    except (DeadlinePassed, Interrupted):
        raise
    except DockerVMError:
        return []
