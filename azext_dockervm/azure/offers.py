"""What a region offers a subscription: VM sizes, out of the list of SKUs, and how much of its quotas is used."""

from __future__ import annotations

from typing import Any

# Of a VM size: its name, its vCPUs and architecture as the service writes them, whether it can be had now.
Offer = tuple[str, tuple[str, str], bool]
Offers = list[Offer]
# What a size can do, by the service's names: {"MaxDataDiskCount": "4", "PremiumIO": "True", ...}.
Capabilities = dict[str, str]
# Among them, with commas between them: the zones in which the subscription can have it; none in a region without zones.
ZONES = "zones"
Sku = dict[str, Any]
# Of each quota, by its name in lower case: how much is used, and how much there is.
Usages = dict[str, tuple[int, int]]


def offers(skus: list[Sku]) -> Offers:
    return [(sku["name"], _vcpus_and_architecture(sku), not _is_restricted(sku)) for sku in skus
            if sku["resourceType"] == "virtualMachines"]


def capabilities(size: str, skus: list[Sku]) -> Capabilities | None:
    """Of one size, in any case; None where the list does not have it."""
    found = next((sku for sku in skus if sku["resourceType"] == "virtualMachines"
                  and sku["name"].lower() == size.lower()), None)
    if found is None:
        return None
    can = {one["name"]: one["value"] for one in found.get("capabilities") or ()}
    return {**can, ZONES: _zones(found)} if found.get("locationInfo") else can


def _zones(sku: Sku) -> str:
    closed = {zone for one in sku.get("restrictions") or () for zone in (one.get("restrictionInfo") or {}).get("zones")
              or () if one.get("type") == "Zone"}
    return ",".join(sorted(zone for one in sku["locationInfo"] for zone in one.get("zones") or ()
                           if zone not in closed))


def _vcpus_and_architecture(sku: Sku) -> tuple[str, str]:
    """As the service writes them; empty where it says nothing."""
    found = {one.get("name"): one.get("value") for one in sku.get("capabilities") or ()}
    return found.get("vCPUs") or "", found.get("CpuArchitectureType") or ""


def _is_restricted(sku: Sku) -> bool:
    """In the whole region; a restriction of some zones leaves the others."""
    return any(one.get("type") == "Location" for one in sku.get("restrictions") or ())


def usages(found: list[dict[str, Any]]) -> Usages:
    return {one["name"]["value"].lower(): (one["currentValue"], one["limit"]) for one in found}
