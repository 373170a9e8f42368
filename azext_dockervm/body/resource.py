"""What every resource of ARM has: a state, an id, a whole that a PUT replaces."""

from __future__ import annotations

from typing import Any

# ARM's JSON of one resource, or of what a PUT makes one of.
Resource = dict[str, Any]


def state(resource: Resource | None) -> str:
    """Azure's provisioning state: Creating, Updating, Succeeded, Failed, Deleting; empty where there is none."""
    return ((resource or {}).get("properties") or {}).get("provisioningState") or ""


def has_failed(resource: Resource | None) -> bool:
    return state(resource) == "Failed"


def whole(existing: Resource, **changes: Any) -> Resource:
    """A PUT's body that leaves all of a resource as it is but for ``changes`` of its properties."""
    rest = {key: value for key, value in existing.items() if key != "etag"}
    return {**rest, "properties": {**existing["properties"], **changes}}


def region(resource: Resource) -> str:
    """'West US' and 'westus' are the same."""
    location: str = resource["location"]
    return location.replace(" ", "").lower()
