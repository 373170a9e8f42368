"""Disks and encryption sets as somebody else has made them, in a Local Azure with fake machines."""

from __future__ import annotations

from typing import Any

from flow_cloud import REGION, Cloud
from local_azure import eventually

DISK, SET = "Microsoft.Compute/disks", "Microsoft.Compute/diskEncryptionSets"
DISK_API, SET_API, TERMS_API = "2023-04-02", "2022-03-02", "2021-01-01"
KEY = "https://vault1.vault.azure.net/keys/mine/0123456789abcdef0123456789abcdef"


def put(cloud: Cloud, kind: str, name: str, api: str, properties: dict[str, Any], **more: Any) -> str:
    """What is made once it is at rest; its id."""
    at = cloud.path(kind, name)
    cloud.instance.arm("PUT", at, api, {"location": REGION, "properties": properties, **more})
    eventually(lambda: cloud.instance.arm("GET", at, api)["properties"]["provisioningState"] == "Succeeded", name, 30)
    return at


def lay_disk(cloud: Cloud, name: str, size: int = 4) -> str:
    """An empty one."""
    return put(cloud, DISK, name, DISK_API, {"creationData": {"createOption": "Empty"}, "diskSizeGB": size})


def lay_keys(cloud: Cloud, name: str) -> str:
    """An encryption set."""
    return put(cloud, SET, name, SET_API, {"activeKey": {"keyUrl": KEY}}, identity={"type": "SystemAssigned"})


def accept_terms(cloud: Cloud, accepted: bool = True) -> None:
    """Of the Flatcar that is sold."""
    subscription = cloud.path(DISK, "any").split("/resourceGroups/")[0]
    at = (f"{subscription}/providers/Microsoft.MarketplaceOrdering/offerTypes/VirtualMachine/publishers/kinvolk/"
          "offers/flatcar-container-linux/plans/stable-gen2/agreements/current")
    cloud.instance.arm("PUT", at, TERMS_API, {"properties": {"accepted": accepted}})
