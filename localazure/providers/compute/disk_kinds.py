"""Kinds of managed disks: account types, and what a disk of a size performs."""

from __future__ import annotations

from typing import Any

from localazure.protocol.errors import ArmError
from localazure.providers.common import spelled
from localazure.providers.compute.model import out_of_range

LARGEST_GB = 32767
# Each storage account type and its tier.
SKUS = {
    "Standard_LRS": "Standard",
    "StandardSSD_LRS": "Standard",
    "StandardSSD_ZRS": "Standard",
    "Premium_LRS": "Premium",
    "Premium_ZRS": "Premium",
}
_NOT_HERE = ("UltraSSD_LRS", "PremiumV2_LRS")
# Up to so many GB a disk is of this tier and has so many operations and MB per second.
_PREMIUM = [
    (4, "P1", 120, 25), (8, "P2", 120, 25), (16, "P3", 120, 25), (32, "P4", 120, 25), (64, "P6", 240, 50),
    (128, "P10", 500, 100), (256, "P15", 1100, 125), (512, "P20", 2300, 150), (1024, "P30", 5000, 200),
    (2048, "P40", 7500, 250), (4096, "P50", 7500, 250), (8192, "P60", 16000, 500), (16384, "P70", 18000, 750),
    (LARGEST_GB, "P80", 20000, 900),
]  # fmt: skip
_STANDARD_SSD = [(4096, 500, 100), (8192, 2000, 400), (16384, 4000, 600), (LARGEST_GB, 6000, 750)]
_STANDARD_HDD = [(4096, 500, 60), (8192, 1300, 300), (16384, 2000, 500), (LARGEST_GB, 2000, 500)]


# The sizes in which types that are not premium are told, with their numbers, which they share.
_STEPS = [(size, tier.removeprefix("P")) for size, tier, *_ in _PREMIUM]
_LEAST_HDD_GB = 32
# Up to so many GB as many VMs may share a disk; a hard disk is for one.
_SHARES = [(512, 3), (4096, 5), (LARGEST_GB, 10)]


def sizes(sku: str) -> list[tuple[int, str]]:
    """The sizes that the service tells of an account type: the largest GB of each, and its name like P10, E10, S10."""
    letter = "P" if SKUS[sku] == "Premium" else "E" if "SSD" in sku else "S"
    return [(size, f"{letter}{step}") for size, step in _STEPS if letter != "S" or size >= _LEAST_HDD_GB]


def most_shares(sku: str, size_gb: int) -> int:
    """How many VMs may share a disk on Azure; none do here."""
    if SKUS[sku] == "Standard" and "SSD" not in sku:
        return 1
    return next(most for largest, most in _SHARES if size_gb <= largest)


def sku_of(name: str | None, target: str) -> str:
    """The account type in Azure's spelling; raises ArmError for one that does not exist, or not here."""
    wanted = name or "Standard_LRS"
    known = spelled(wanted, SKUS)
    if known is not None:
        return known
    if spelled(wanted, _NOT_HERE) is not None:
        message = f"Local Azure has no disks of type {name}; take one of {', '.join(SKUS)}."
        raise ArmError(409, "OperationNotAllowed", message, target=target)
    raise ArmError(400, "InvalidParameter", f"The AccountType {name} is invalid.", target=target)


def check_size(size: Any, target: str) -> int:
    """A data disk's size in GB; raises ArmError out of 1 to 32,767."""
    if not 1 <= size <= LARGEST_GB:
        raise out_of_range(target, size, 1, LARGEST_GB)
    return int(size)


def refuse_write_accelerator(disk: dict[str, Any], vm_size: str) -> None:
    """Raise ArmError for what disks of VMs of the M series alone can have."""
    if disk.get("writeAcceleratorEnabled") and not vm_size.startswith("Standard_M"):
        message = f"Write Accelerator (writeAcceleratorEnabled) is not supported for VM size {vm_size}."
        raise ArmError(409, "OperationNotAllowed", message, target="writeAcceleratorEnabled")


_PLUS_LEAST_GB = 513


def check_tier(tier: str | None, sku: str) -> str | None:
    """A performance tier in Azure's spelling; raises ArmError for one that is none, or not for this account type."""
    if not tier:
        return None
    known = spelled(tier, [row[1] for row in _PREMIUM])
    if known is None or SKUS[sku] != "Premium":
        message = f"The value '{tier}' of parameter 'disk.tier' is invalid for a disk of type {sku}."
        raise ArmError(400, "InvalidParameter", message, target="disk.tier")
    return known


def check_performance_plus(creation: dict[str, Any], size_gb: int) -> None:
    """Raise ArmError for a disk that is too small for performancePlus: documented, the answer's words are ours.

    By how much the service raises a disk's numbers is not known here, so they stay.
    """
    if creation.get("performancePlus") and size_gb < _PLUS_LEAST_GB:
        message = f"performancePlus is for disks of {_PLUS_LEAST_GB} GiB and more; this one has {size_gb} GiB."
        raise ArmError(400, "InvalidParameter", message, target="disk.creationData.performancePlus")


def performance(sku: str, size_gb: int, chosen: str | None = None) -> dict[str, Any]:
    """diskIOPSReadWrite, diskMBpsReadWrite and, for premium disks, the tier: the size's, or a higher one if chosen."""
    if SKUS[sku] == "Premium":
        at = next(number for number, row in enumerate(_PREMIUM) if size_gb <= row[0])
        higher = [number for number, row in enumerate(_PREMIUM) if row[1] == chosen and number > at]
        tier, operations, throughput = _PREMIUM[(higher or [at])[0]][1:]
        return {"diskIOPSReadWrite": operations, "diskMBpsReadWrite": throughput, "tier": tier}
    table = _STANDARD_SSD if "SSD" in sku else _STANDARD_HDD
    operations, throughput = next(row[1:] for row in table if size_gb <= row[0])
    return {"diskIOPSReadWrite": operations, "diskMBpsReadWrite": throughput}
