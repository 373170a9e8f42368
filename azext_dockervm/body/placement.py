"""What a VM's body says of its place, its price and what Azure's platform does for it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from azext_dockervm.body.resource import Resource
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.placement import Identity


@dataclass(frozen=True)
class Placed:
    """What was found of what was named: ids, and the URI of a storage account's blobs. None: nothing was named."""

    availability_set: str | None = None
    proximity_group: str | None = None
    identities: tuple[str, ...] = ()
    diagnostics: str | None = None


NOWHERE = Placed()


def members(spec: HostSpec, placed: Placed) -> Resource:
    """Members of the VM beside its properties."""
    found: Resource = zones(spec)
    if spec.placement.identity is not None:
        found["identity"] = _identity(spec.placement.identity, placed.identities)
    return found


def zones(spec: HostSpec) -> Resource:
    """Of what stands in the zone that was asked for, the VM and its address: a member of it."""
    return {"zones": [spec.placement.zone]} if spec.placement.zone else {}


def properties(spec: HostSpec, placed: Placed) -> Resource:
    """Nothing is sent of what was not asked for."""
    asked = spec.placement
    found: dict[str, Any] = {
        "availabilitySet": _reference(placed.availability_set),
        "proximityPlacementGroup": _reference(placed.proximity_group),
        "priority": asked.priority,
        "evictionPolicy": asked.eviction_policy if asked.is_spot else None,
        "billingProfile": {"maxPrice": asked.max_price} if asked.is_spot and asked.max_price is not None else None,
        "licenseType": asked.license_type,
        "userData": base64.b64encode(asked.user_data).decode() if asked.user_data is not None else None,
        "diagnosticsProfile": _diagnostics(asked.diagnostics, placed.diagnostics),
    }
    return {name: value for name, value in found.items() if value is not None}


def _reference(resource_id: str | None) -> Resource | None:
    return {"id": resource_id} if resource_id else None


def _identity(asked: Identity, identities: tuple[str, ...]) -> Resource:
    kinds = [*(["SystemAssigned"] if asked.system else []), *(["UserAssigned"] if identities else [])]
    body: Resource = {"type": ", ".join(kinds)}
    return {**body, "userAssignedIdentities": {one: {} for one in identities}} if identities else body


def _diagnostics(asked: str | None, uri: str | None) -> Resource | None:
    if asked is None:
        return None
    return {"bootDiagnostics": {"enabled": True, **({"storageUri": uri} if uri else {})}}
