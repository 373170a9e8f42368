"""VM sizes as a region offers them, out of the list of SKUs."""

from __future__ import annotations

from typing import Any

# Of a VM size: its name, its vCPUs and architecture as the service writes them, whether it can be had now.
Offer = tuple[str, tuple[str, str], bool]
Offers = list[Offer]
Sku = dict[str, Any]


def offers(skus: list[Sku]) -> Offers:
    return [(sku["name"], _vcpus_and_architecture(sku), not _is_restricted(sku)) for sku in skus
            if sku["resourceType"] == "virtualMachines"]


def _vcpus_and_architecture(sku: Sku) -> tuple[str, str]:
    """As the service writes them; empty where it says nothing."""
    found = {one.get("name"): one.get("value") for one in sku.get("capabilities") or ()}
    return found.get("vCPUs") or "", found.get("CpuArchitectureType") or ""


def _is_restricted(sku: Sku) -> bool:
    """In the whole region; a restriction of some zones leaves the others."""
    return any(one.get("type") == "Location" for one in sku.get("restrictions") or ())
