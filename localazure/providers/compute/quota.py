"""How many cores a region lets VMs have, regular and Spot ones, and what of it is in use."""

from __future__ import annotations

from collections import Counter
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import locations
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import kinds
from localazure.providers.compute import sizes, spot

_LOCATIONS = "Microsoft.Compute/locations"


def routes() -> list[Route]:
    at = "/subscriptions/{subscription}/providers/Microsoft.Compute"
    return [Route("GET", f"{at}/locations/{{location}}/usages", list_usages, _LOCATIONS)]


def check(cloud: Cloud, size: sizes.Size, location: str, *, is_spot: bool, freed: int = 0) -> None:
    """Raise ArmError when the region has no room for a size now, or its cores don't suffice; `freed` are given back.

    Spot VMs have a quota of their own, of the same number of cores.
    """
    if cloud.behavior.lacks_size(size.name, location):
        raise sizes.not_available(size, location)
    used, limit = _used(cloud, location, is_spot) - freed, _limit(cloud, location)
    if used + size.cores > limit:
        name = "LowPriorityCores" if is_spot else "Total Regional Cores"
        raise ArmError(
            409,
            "OperationNotAllowed",
            f"Operation could not be completed as it results in exceeding approved {name} quota. "
            f"Additional details - Deployment Model: Resource Manager, Location: {location}, Current Limit: "
            f"{limit}, Current Usage: {used}, Additional Required: {size.cores}, (Minimum) New Limit Required: "
            f"{used + size.cores}. Submit a request for Quota increase at https://aka.ms/ProdportalCRP/.",
        )


def _limit(cloud: Cloud, location: str) -> int:
    limit = cloud.behavior.cores(location)
    return cloud.settings.cores if limit is None else limit


def _used(cloud: Cloud, location: str, is_spot: bool) -> int:
    vms = [vm for vm in cloud.store.of_type(kinds.VM) if vm.location == location]
    return sum(sizes.of_vm(vm).cores for vm in vms if spot.is_spot(vm.properties) == is_spot)


def list_usages(cloud: Cloud, request: Request) -> Reply:
    location = locations.in_path(request.params["location"], f"{_LOCATIONS}/usages", request.api_version)
    vms = [one for one in cloud.store.of_type(kinds.VM) if one.location == location]
    sets = [one for one in cloud.store.of_type(kinds.AVAILABILITY_SET) if one.location == location]
    used: Counter[str] = Counter()
    for vm in vms:
        if not spot.is_spot(vm.properties):
            size = sizes.of_vm(vm)
            used[size.family] += size.cores
    for disk in cloud.store.of_type(kinds.DISK):
        if disk.location == location:
            used[disk.extra["sku"]["name"]] += 1
    limit = _limit(cloud, location)
    rows = [
        ("availabilitySets", "Availability Sets", len(sets), 2500),
        ("cores", "Total Regional vCPUs", _used(cloud, location, False), limit),
        ("virtualMachines", "Virtual Machines", len(vms), 25000),
        ("lowPriorityCores", "Total Regional Low-priority vCPUs", _used(cloud, location, True), limit),
        *(
            (family, family.replace("standard", "Standard ").replace("Family", " Family vCPUs"), used[family], limit)
            for family in dict.fromkeys(size.family for size in sizes.TABLE)
        ),
        ("StandardDiskCount", "Standard Storage Managed Disks", used["Standard_LRS"], 50000),
        ("StandardSSDDiskCount", "StandardSSD Storage Managed Disks", used["StandardSSD_LRS"], 50000),
        ("PremiumDiskCount", "Premium Storage Managed Disks", used["Premium_LRS"], 50000),
    ]
    return listing([_usage(*row) for row in rows])


def _usage(name: str, text: str, count: int, limit: int) -> dict[str, Any]:
    return {"limit": limit, "unit": "Count", "currentValue": count, "name": {"value": name, "localizedValue": text}}
