"""A host with all that goes together of place, price, identity and daily end; and what has to be there for it."""

from __future__ import annotations

from flow_cloud import PASSWORD, Cloud

ZONAL = "westus2"       # westus has no zones
EVERYTHING = ("--zone", "2", "--ppg", "near", "--priority", "Spot", "--max-price", "0.5", "--license-type", "None",
              "--assign-identity", "[system]", "builder", "--user-data", "role=build",
              "--boot-diagnostics-storage", "", "--auto-shutdown", "1900",
              "--auto-shutdown-time-zone", "W. Europe Standard Time", "--auto-shutdown-email", "me@example.com",
              "--authentication-type", "all", "--ssh-key-name", "mine", "-p", PASSWORD)


def lay_placement(cloud: Cloud) -> str:
    """What ``EVERYTHING`` names; the identity's id. ``cloud`` is one with a group in a region that has zones."""
    def put(kind: str, name: str, api: str, **members: object) -> dict:
        return cloud.instance.arm("PUT", cloud.path(kind, name), api, {"location": ZONAL, **members})

    put("Microsoft.Compute/proximityPlacementGroups", "near", "2024-11-01")
    put("Microsoft.Compute/sshPublicKeys", "mine", "2024-11-01", properties={
        "publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE+N4unGvv6pXPYebWiQ6Ak618DjYm5g6d2ECnq/1F0x somebody"})
    return put("Microsoft.ManagedIdentity/userAssignedIdentities", "builder", "2023-01-31")["id"]
