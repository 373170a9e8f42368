"""The command `join`: this machine becomes a member of a virtual network, for hosts without a public address."""

from __future__ import annotations

from localazure.arm import ids
from localazure.arm.errors import ArmError
from localazure.instance import Instance, InstanceError
from localazure.machines.machine import MachineError, platform_for
from localazure.machines.records import Records

_TYPE = "Microsoft.Network/virtualNetworks"


def run(instance: Instance, network: str | None, leave: bool) -> int:
    """Join or leave a network by its ARM id; leave all without one; say what is joined with neither. Exit status 0."""
    kind = instance.read().get("machines")
    if kind is None:
        raise InstanceError(f"Local Azure '{instance.name}' has not been started.")
    platform = platform_for(kind, instance.folder, instance.name)
    known = Records(instance.folder / "machines").joined()
    try:
        if network is not None and leave and _network_id(network) not in known:
            print(f"This machine is not a member of {network}.")
        elif network is not None:
            platform.network_join(_network_id(network), not leave)
            print(f"This machine {'has left' if leave else 'is a member of'} {network}.")
        elif leave:
            for one in known:
                platform.network_join(one, False)
            print("This machine is a member of no virtual network.")
        else:
            print(f"Virtual networks that this machine is a member of: {len(known)}. Name one by its id to join it.")
    except MachineError as error:
        if error.code == "NetworkNotFound":
            message = f"There is no virtual network {network}; see: az network vnet list --query [].id"
            raise InstanceError(message) from error
        raise InstanceError(error.message) from error
    return 0


def _network_id(text: str) -> str:
    try:
        identifier = ids.parse(text)
    except ArmError as error:
        message = f"{text!r} is not a resource id; az network vnet show -g GROUP -n NAME --query id -o tsv tells it."
        raise InstanceError(message) from error
    if identifier.type.lower() != _TYPE.lower():
        raise InstanceError(f"{text!r} is not the id of a virtual network.")
    return ids.short_id(identifier)
