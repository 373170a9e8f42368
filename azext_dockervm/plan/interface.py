"""What ARM's JSON of a network interface says: its primary IP configuration and what hangs on it."""

from __future__ import annotations


def primary(interface: dict) -> dict:
    """The primary IP configuration, on which a host stands; somebody may have added others, before it too."""
    configurations = interface["properties"]["ipConfigurations"]
    return next((one for one in configurations if one["properties"].get("primary")), configurations[0])


def public_ip_id(interface: dict) -> str | None:
    return (primary(interface)["properties"].get("publicIPAddress") or {}).get("id")


def private_address(interface: dict) -> str:
    return primary(interface)["properties"]["privateIPAddress"]
