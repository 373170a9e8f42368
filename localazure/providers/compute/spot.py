"""Spot VMs: what they can't have, and what can't be changed of them."""

from __future__ import annotations

from typing import Any

from localazure.protocol.errors import ArmError
from localazure.store.resources import Resource

SPOT = ("Spot", "Low")
# https://learn.microsoft.com/azure/virtual-machines/error-codes-spot has the messages, by keys; the code that goes with
# them was recorded for the eviction policy.
_MORE = "For more information, see http://aka.ms/AzureSpot/errormessages."


def is_spot(properties: dict[str, Any]) -> bool:
    return properties.get("priority") in SPOT


def check(given: dict[str, Any]) -> None:
    """Raise ArmError for what a VM can't have by its priority."""
    price = (given.get("billingProfile") or {}).get("maxPrice")
    if not is_spot(given):
        if given.get("evictionPolicy"):
            raise refused("Eviction policy can be set only on Azure Spot Virtual Machines.", "evictionPolicy")
        if price is not None:
            raise refused("Max price is supported only for Azure Spot Virtual Machines.", "billingProfile.maxPrice")
        return
    if given.get("availabilitySet"):
        raise refused("Azure Spot Virtual Machine is not supported in Availability Set.", "availabilitySet")
    disk = (given.get("storageProfile") or {}).get("osDisk") or {}
    if (disk.get("diffDiskSettings") or {}).get("option") and given.get("evictionPolicy") != "Delete":
        # That it is refused is on record (kubernetes-sigs/cluster-api-provider-azure#2579), in which words is not.
        raise refused("An Azure Spot Virtual Machine with an ephemeral OS disk needs the eviction policy 'Delete'.",
                      "evictionPolicy")
    if price is not None and price != -1 and price <= 0:
        message = (
            "Invalid max price value. The only supported values for max price are -1 or a decimal greater than zero. "
            "Max price value of -1 indicates the Azure Spot Virtual Machine will not be evicted for price reasons."
        )
        raise refused(message, "billingProfile.maxPrice")


def refused(message: str, target: str) -> ArmError:
    return ArmError(409, "OperationNotAllowed", f"{message} {_MORE}", target=target)


def check_price_change(vm: Resource, given: dict[str, Any]) -> None:
    """Raise ArmError where the price is changed of a VM that has a host."""
    price = (given.get("billingProfile") or {}).get("maxPrice")
    before = (vm.properties.get("billingProfile") or {}).get("maxPrice")
    if price is not None and price != before and vm.hidden.get("power") != "deallocated":
        message = (
            f"Max price change is not allowed when the VM '{vm.name}' is currently allocated. Please deallocate and "
            "try again."
        )
        raise refused(message, "billingProfile.maxPrice")
