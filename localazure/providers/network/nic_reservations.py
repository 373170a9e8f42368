"""Network interfaces that are kept for a VM which never ran: for three minutes no other VM gets them, as on Azure."""

from __future__ import annotations

import time

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.protocol.errors import network_error

_RESERVATION = "nic-reservation"
_RESERVATION_S = 180.0  # how long Azure keeps the NIC of a VM that never ran


def reserve(cloud: Cloud, nic: ids.ResourceId, vm: ids.ResourceId) -> None:
    """Keep a NIC from other VMs for a while (real seconds; the time scale does not shorten it)."""
    cloud.records.put(_RESERVATION, ids.key(nic), {"vm": str(vm), "until": time.time() + _RESERVATION_S})


def reserved_for(cloud: Cloud, nic: ids.ResourceId) -> str | None:
    """The id of the VM for which a NIC is still reserved."""
    record = cloud.records.get(_RESERVATION, ids.key(nic))
    if record is None:
        return None
    if time.time() < record["until"]:
        return str(record["vm"])
    cloud.records.delete(_RESERVATION, ids.key(nic))
    return None


def refuse_reserved(cloud: Cloud, nic: ids.ResourceId, vm: ids.ResourceId | None = None) -> None:
    """Raise ArmError NicReservedForAnotherVm while a NIC is reserved, unless it is for this VM."""
    reserved = reserved_for(cloud, nic)
    if reserved is not None and (vm is None or ids.key(reserved) != ids.key(vm)):
        raise network_error(
            400,
            "NicReservedForAnotherVm",
            "Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another nic(s) "
            f"or retry after 180 seconds. Reserved VM: {reserved}",
        )
