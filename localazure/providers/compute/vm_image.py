"""The platform image by which a VM goes: the one that its body names, or the one that its image came from."""

from __future__ import annotations

from typing import Any

from localazure.store.resources import Resource


def origin(vm: Resource) -> dict[str, Any]:
    """Publisher, offer, sku, version and exactVersion. All images boot the one local guest; these tell what it passes
    for, and what fits it."""
    found: dict[str, Any] = vm.hidden.get("origin") or vm.properties["storageProfile"]["imageReference"]
    return found
