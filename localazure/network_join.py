"""The command `join`: this machine becomes a member of a virtual network, for hosts without a public address."""

from __future__ import annotations

from localazure.instance import Instance, InstanceError
from localazure.machines.foundation.records import Records
from localazure.machines.machine import MachineError
from localazure.machines.platforms import platform_for
from localazure.protocol import ids
from localazure.protocol.errors import ArmError
from localazure.store.database import Database

_TYPE = "Microsoft.Network/virtualNetworks"


def run(instance: Instance, network: str | None, leave: bool) -> int:
    """Join or leave a network by its ARM id; leave all without one; say which there are with neither. Exit status 0."""
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
            _print_networks(instance, known)
    except MachineError as error:
        if error.code == "NetworkNotFound":
            message = f"There is no virtual network {network}; see: az network vnet list --query [].id"
            raise InstanceError(message) from error
        raise InstanceError(error.message) from error
    return 0


def _print_networks(instance: Instance, joined: list[str]) -> None:
    networks = _networks(instance)
    if not networks:
        print(f"Local Azure '{instance.name}' has no virtual network yet: az network vnet create -g GROUP -n NAME")
        return
    print("Virtual networks, to be joined by their ids (* this machine is a member):")
    for one in networks:
        print(f"{'*' if ids.short_id(one) in joined else ' '} {one}")


def _networks(instance: Instance) -> list[ids.ResourceId]:
    """Those of the instance, whether its server runs or not."""
    if not instance.store.exists():
        return []
    database = Database(instance.store)
    try:
        found = [ids.parse(one["id"]) for one in database.load("resources")]
    finally:
        database.close()
    return sorted((one for one in found if one.type.lower() == _TYPE.lower()), key=str)


def _network_id(text: str) -> str:
    try:
        identifier = ids.parse(text)
    except ArmError as error:
        message = f"{text!r} is not a resource id; az network vnet show -g GROUP -n NAME --query id -o tsv tells it."
        raise InstanceError(message) from error
    if identifier.type.lower() != _TYPE.lower():
        raise InstanceError(f"{text!r} is not the id of a virtual network.")
    return ids.short_id(identifier)
