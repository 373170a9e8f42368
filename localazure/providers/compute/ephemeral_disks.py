"""Ephemeral OS disks: local to the VM's host, so they need a size with room for them and can't be deallocated.

https://learn.microsoft.com/azure/virtual-machines/ephemeral-os-disks; where a refusal's HTTP status is not on record it
is judgement.
"""

from __future__ import annotations

from typing import Any

from localazure.protocol.errors import ArmError
from localazure.providers.compute.compute import unchangeable
from localazure.providers.compute.sizes import Size
from localazure.store.resources import Resource

# GB of cache that a VM has for each of its cores, by the family of its size; other families have none that counts.
_CACHE_GB = {
    "standardDSFamily": 43, "standardDSv2Family": 43, "standardDs_v3Family": 25, "standardDds_v5Family": 25,
    "standardEASv4Family": 25, "standardFSv2Family": 16, "standardMSFamily": 16,
}  # fmt: skip
ACCOUNT_TYPE = "Standard_LRS"


def room(size: Size) -> dict[str, int]:
    """How many GB an OS disk may have in a size, by placement; the first one is where it is put unless it is said."""
    cache = {name.lower(): gb for name, gb in _CACHE_GB.items()}.get(size.family.lower(), 0) * size.cores
    found = {"CacheDisk": cache, "ResourceDisk": size.temporary_mib // 1024}
    return {placement: gb for placement, gb in found.items() if gb}


def settings(given: dict[str, Any], size: Size) -> dict[str, str] | None:
    """The `diffDiskSettings` of a body's OS disk as they are kept; None for one that stays. Raises ArmError."""
    wanted = given.get("diffDiskSettings") or {}
    if not wanted.get("option"):
        if wanted.get("placement"):
            message = "The diffDiskSettings.placement of an OS disk is for one whose diffDiskSettings.option is Local."
            raise ArmError(400, "InvalidParameter", message, target="osDisk.diffDiskSettings.placement")
        return None
    if given.get("caching") != "ReadOnly":
        raise _only_readonly()
    if ((given.get("managedDisk") or {}).get("storageAccountType") or ACCOUNT_TYPE) != ACCOUNT_TYPE:
        message = f"VMs using an ephemeral OS disk support only the storage account type {ACCOUNT_TYPE}."
        raise ArmError(409, "NotSupported", message, target="osDisk.managedDisk.storageAccountType")
    found = room(size)
    return {"option": "Local", "placement": wanted.get("placement") or next(iter(found), "CacheDisk")}


def check_room(placement: str, disk_gb: int, size: Size) -> None:
    """Raise ArmError NotSupported for a size whose cache or temporary disk is smaller than the OS disk."""
    most = room(size).get(placement, 0)
    if disk_gb > most:
        raise ArmError(
            409,
            "NotSupported",
            f"OS disk of Ephemeral VM with size greater than {most} GB is not allowed for VM size {size.name} when the "
            f"DiffDiskPlacement is {placement}. Please refer to https://aka.ms/Ephemeral for more details.",
            target="osDisk.diffDiskSettings",
        )


def change(vm: Resource, kept: dict[str, Any], given: dict[str, Any], size: Size) -> None:
    """Bring an OS disk as it is kept in line with an update of its VM, to which `size` belongs. Raises ArmError.

    Only another size brings another place for it.
    """
    wanted, now = given.get("diffDiskSettings") or {}, kept.get("diffDiskSettings")
    if bool(wanted.get("option") or wanted.get("placement")) > bool(now):
        raise unchangeable("osDisk.diffDiskSettings")
    if now is None:
        return
    placement = wanted.get("placement") or now["placement"]
    if size.name != vm.properties["hardwareProfile"]["vmSize"]:
        check_room(placement, kept["diskSizeGB"], size)
    elif placement != now["placement"]:
        message = (
            "The 'Placement' option override for the ephemeral OS disk is not supported. Please upgrade the VM Size "
            "with desired placement option for provisioning the Ephemeral OS disk."
        )
        raise ArmError(409, "OperationNotAllowed", message, target="osDisk.diffDiskSettings.placement")
    if given.get("caching") not in (None, "ReadOnly"):
        raise _only_readonly()
    kept["diffDiskSettings"] = {**now, "placement": placement}


def _only_readonly() -> ArmError:
    message = "VMs and VM Scale Set Instances using an ephemeral OS disk support only Readonly caching."
    return ArmError(409, "NotSupported", message, target="osDisk.caching")


def is_ephemeral(vm: Resource) -> bool:
    return "diffDiskSettings" in vm.properties["storageProfile"]["osDisk"]


def refuse_capture(vm: Resource) -> None:
    """Raise ArmError for a VM of which no image can be made. The service's own words are not known."""
    if is_ephemeral(vm):
        message = "Capture of an image is not supported for VMs using an ephemeral OS disk."
        raise ArmError(409, "NotSupported", message)


def refuse_deallocation(vm: Resource) -> None:
    """Raise ArmError for a VM whose OS disk would be gone with its host."""
    if is_ephemeral(vm):
        message = (
            "Operation 'deallocate' is not supported for VMs or VM Scale Set instances using an ephemeral OS disk."
        )
        raise ArmError(409, "OperationNotAllowed", message)
