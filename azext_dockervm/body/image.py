"""An image as it is read: a platform image, a managed one, or the definition of a gallery's; what it asks of a VM."""

from __future__ import annotations

from typing import Any

from azext_dockervm.body.resource import Resource
from azext_dockervm.spec.sizes import AMD64, ARM64

# Values of the feature SecurityType of images that may, or must, be booted as Trusted Launch VMs: what may be is, as
# `az vm create` does it. A gallery's image refuses other VMs where it must (terraform-provider-azurerm#23148).
_TRUSTED = frozenset({"trustedlaunch", "trustedlaunchsupported", "trustedlaunchandconfidentialvmsupported"})
# Of which only confidential VMs can be made.
_CONFIDENTIAL = "confidentialvm"


def is_trusted(image: Resource | None) -> bool:
    """Whether Trusted Launch VMs can be made of it: it is generation V2, and says so."""
    return generation(image) == "V2" and _security_type(image) in _TRUSTED


def demands_trusted_launch(image: Resource | None) -> bool:
    """Whether no other VMs can be made of it (an image of a gallery)."""
    return _security_type(image) == "trustedlaunch"


def generation(image: Resource | None) -> str | None:
    """V1 or V2, of Hyper-V; None where nothing is told."""
    found: str | None = _properties(image).get("hyperVGeneration")
    return found


def architecture(image: Resource | None) -> str | None:
    """amd64 or arm64; None where nothing is told, as of managed images."""
    return {"x64": AMD64, "arm64": ARM64}.get(str(_properties(image).get("architecture")).lower())


def plan(image: Resource | None) -> Resource | None:
    """What a VM of an image that is sold must say; a gallery's definition calls it purchasePlan
    (terraform-provider-azurerm#28797)."""
    properties = _properties(image)
    named = properties.get("plan") or properties.get("purchasePlan") or {}
    found = {name: named[name] for name in ("name", "publisher", "product") if named.get(name)}
    return found or None


def data_disk_luns(image: Resource | None) -> list[int]:
    """Of data disks that a managed image brings along; a gallery's definition does not tell of them."""
    return sorted(one["lun"] for one in (_properties(image).get("storageProfile") or {}).get("dataDisks") or ())


def disk_size_gb(image: Resource | None) -> int | None:
    """The least that an OS disk of it can have; None where the image does not tell, as those of the Marketplace."""
    size = ((_properties(image).get("storageProfile") or {}).get("osDisk") or {}).get("diskSizeGB")
    return int(size) if size else None


def why_no_host(image: Resource) -> str | None:
    """Why a Docker host can't be made of an image; None where nothing speaks against it."""
    properties = _properties(image)
    disk = (properties.get("storageProfile") or {}).get("osDisk") or properties.get("osDiskImage") or {}
    system = properties.get("osType") or disk.get("osType") or disk.get("operatingSystem") or "Linux"
    if str(system).lower() != "linux":
        return f"it is an image of {system}; a Docker host runs Linux"
    if str(properties.get("osState") or disk.get("osState") or "").lower() == "specialized":
        return "it is specialized: its users and its name are those of the VM that it was made of"
    if _security_type(image) == _CONFIDENTIAL:
        return "only confidential VMs can be made of it, and dockervm makes none"
    return None


def _security_type(image: Resource | None) -> str:
    features: list[Any] = _properties(image).get("features") or []
    found = [one.get("value") for one in features if str(one.get("name")).lower() == "securitytype"]
    return str(found[0]).lower() if found else ""


def _properties(image: Resource | None) -> Resource:
    found: Resource = (image or {}).get("properties") or {}
    return found
