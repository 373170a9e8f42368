"""The list of SKUs: availability sets, disks, and the sizes of VMs with what they can and where they are restricted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import locations
from localazure.protocol.locations import REGIONS
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers.compute import disk_kinds, ephemeral_disks, sizes
from localazure.providers.compute.availability_sets import FAULT_DOMAINS
from localazure.providers.compute.sizes import Size

_KIND = "Microsoft.Compute/skus"
_BURST_OPERATIONS, _BURST_MBPS, _BURST_MINUTES = 3500, 170, 30
_LARGEST_BURSTING_GB = 512
_ZONES = ["1", "2", "3"]


def routes() -> list[Route]:
    return [Route("GET", "/subscriptions/{subscription}/providers/Microsoft.Compute/skus", list_skus, _KIND)]


def list_skus(cloud: Cloud, request: Request) -> Reply:
    """The SKUs of one region (`$filter=location eq 'x'`) or of all."""
    match = re.fullmatch(r"location\s+eq\s+'([^']*)'", request.query.get("$filter", "").strip(), re.I)
    regions = [locations.normal(match[1])] if match else list(REGIONS)
    found: list[dict[str, Any]] = []
    for region in regions:
        if region in REGIONS:
            found += [*_availability_sets(region), *_disks(region), *(_size(cloud, one, region) for one in sizes.TABLE)]
    return listing(found)


def _sku(kind: str, name: str, region: str, zones: Iterable[str], capabilities: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "name": name,
        "locations": [region],
        "locationInfo": [{"location": region, "zones": list(zones), "zoneDetails": []}],
        "capabilities": [{"name": key, "value": str(value)} for key, value in capabilities.items()],
        "restrictions": [],
    }


def _zones(region: str) -> list[str]:
    return [] if region in locations.WITHOUT_ZONES else _ZONES


def _availability_sets(region: str) -> list[dict[str, Any]]:
    capabilities = {"MaximumPlatformFaultDomainCount": FAULT_DOMAINS}
    return [_sku("availabilitySets", name, region, (), capabilities) for name in ("Aligned", "Classic")]


def _disks(region: str) -> Iterator[dict[str, Any]]:
    """Each account type in each of its sizes; copies in several zones are where there are zones."""
    zones = _zones(region)
    for name, tier in disk_kinds.SKUS.items():
        across = name.endswith("_ZRS")
        if across and not zones:
            continue
        smallest = 0
        for size, label in disk_kinds.sizes(name):
            capabilities = {"MaxSizeGiB": size, "MinSizeGiB": smallest, **_performance(name, size)}
            sku = _sku("disks", name, region, () if across else zones, capabilities)
            yield {**sku, "tier": tier, "size": label}
            smallest = size


def _performance(name: str, size: int) -> dict[str, int]:
    told = disk_kinds.performance(name, size)
    operations, throughput = told["diskIOPSReadWrite"], told["diskMBpsReadWrite"]
    found = {
        "MaxIOps": operations, "MinIOps": operations, "MaxBandwidthMBps": throughput, "MinBandwidthMBps": throughput,
        "MaxValueOfMaxShares": disk_kinds.most_shares(name, size),
    }  # fmt: skip
    if disk_kinds.SKUS[name] == "Premium" and size <= _LARGEST_BURSTING_GB:
        seconds = _BURST_MINUTES * 60
        found |= {
            "MaxBurstIops": _BURST_OPERATIONS, "MaxBurstBandwidthMBps": _BURST_MBPS,
            "MaxBurstDurationInMin": _BURST_MINUTES,
            "BurstCreditBucketSizeInIO": (_BURST_OPERATIONS - operations) * seconds,
            "BurstCreditBucketSizeInGiB": round((_BURST_MBPS - throughput) * seconds / 1024),
        }  # fmt: skip
    return found


def _size(cloud: Cloud, size: Size, region: str) -> dict[str, Any]:
    room = ephemeral_disks.room(size)
    capabilities = {
        "MaxResourceVolumeMB": size.temporary_mib, "OSVhdSizeMB": sizes.DISK_MIB, "vCPUs": size.cores,
        "MemoryPreservingMaintenanceSupported": True, "HyperVGenerations": ",".join(size.generations),
        "DiskControllerTypes": size.controllers,
        "MemoryGB": f"{size.memory_mib / 1024:g}", "MaxDataDiskCount": size.data_disks,
        "CpuArchitectureType": size.architecture,
        "LowPriorityCapable": True, "PremiumIO": size.premium,
        "VMDeploymentTypes": "IaaS", "vCPUsAvailable": size.cores,
        "vCPUsPerCore": min(2, size.cores), "EphemeralOSDiskSupported": bool(room),
        "CachedDiskBytes": room.get("CacheDisk", 0) * 2**30, "EncryptionAtHostSupported": size.premium,
        "CapacityReservationSupported": False, "AcceleratedNetworkingEnabled": True, "RdmaEnabled": False,
        "MaxNetworkInterfaces": 1,
    }  # fmt: skip
    zones = _zones(region)
    sku = _sku("virtualMachines", size.name, region, zones, capabilities)
    if size.refusal == "SkuNotAvailable" or cloud.behavior.lacks_size(size.name, region):
        sku["restrictions"] = [_restriction("Location", [region], {"locations": [region]})]
        if zones:
            sku["restrictions"].append(_restriction("Zone", [region], {"locations": [region], "zones": zones}))
    return {**sku, "tier": "Standard", "size": size.name.removeprefix("Standard_"), "family": size.family}


def _restriction(kind: str, values: list[str], info: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "values": values, "restrictionInfo": info, "reasonCode": "NotAvailableForSubscription"}
