"""The zone of a VM: the one it asks for, or one of Azure's choice (`placement`), which `zones` tells."""

from __future__ import annotations

from typing import Any

from localazure.protocol import ids
from localazure.protocol.errors import ArmError
from localazure.providers.compute import compute

_ZONES = ("1", "2", "3")


def zone_members(body: dict[str, Any], location: str, identifier: ids.ResourceId) -> dict[str, Any]:
    """The top-level members `zones` and `placement` of a new VM, where it has them. Raises ArmError.

    The first zone that is left to choose from is taken: all of them have room. The refusals' words are ours.
    """
    placement = body.get("placement") or {}
    if not placement.get("zonePlacementPolicy"):
        if placement:
            raise _refused("includeZones and excludeZones are for a VM with a zonePlacementPolicy.", "placement")
        return compute.zones_of(body, location, identifier)
    if body.get("zones"):
        raise _refused("A VM names its zones, or has a zonePlacementPolicy by which one is chosen: not both.", "zones")
    wanted, avoided = placement.get("includeZones") or _ZONES, placement.get("excludeZones") or ()
    chosen = next((zone for zone in _ZONES if zone in wanted and zone not in avoided), None)
    if chosen is None:
        raise _refused(f"includeZones and excludeZones leave none of the zones {','.join(_ZONES)}.", "placement")
    return {**compute.zones_of({"zones": [chosen]}, location, identifier), "placement": placement}


def _refused(message: str, target: str) -> ArmError:
    return ArmError(400, "InvalidParameter", message, target=target)


def disk_alignment(storage: dict[str, Any], kept: dict[str, Any]) -> dict[str, bool]:
    """`alignRegionalDisksToVMZone` as it is kept. Where disks are has no effect here."""
    value = storage.get("alignRegionalDisksToVMZone")
    if value is None:
        value = kept.get("alignRegionalDisksToVMZone")
    return {} if value is None else {"alignRegionalDisksToVMZone": value}
