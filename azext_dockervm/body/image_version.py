"""The version of a gallery's image that a VM boots: which one it is, and what its definition does not tell of disks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from azext_dockervm.body.resource import Resource

_NUMBER = re.compile(r"\d+\.\d+\.\d+")


def booted(versions: Iterable[Resource], region: str) -> Resource | None:
    """The newest one that is in the region, as Azure takes it where none is named; None for none."""
    there = [one for one in versions if _NUMBER.fullmatch(str(one.get("name"))) and _is_offered(one, region)]
    return max(there, key=lambda one: [int(part) for part in one["name"].split(".")], default=None)


def is_in(version: Resource, region: str) -> bool:
    """One of a gallery that others share tells no regions: it is asked for in the VM's."""
    targets = _targets(version)
    return not targets or region in [_plain(one.get("name")) for one in targets]


def regions(version: Resource) -> list[str]:
    return sorted(_plain(one.get("name")) for one in _targets(version))


def with_disks(definition: Resource, version: Resource) -> Resource:
    """The definition with the version's disks, in the words of a managed image."""
    storage = version["properties"].get("storageProfile") or {}
    disk = storage.get("osDiskImage") or {}
    told: Resource = {"dataDisks": [{"lun": one["lun"]} for one in storage.get("dataDiskImages") or ()]}
    size = disk.get("sizeInGB") or disk.get("diskSizeGB")
    if size:
        told["osDisk"] = {"diskSizeGB": size}
    return {**definition, "properties": {**definition["properties"], "storageProfile": told}}


def _is_offered(version: Resource, region: str) -> bool:
    profile = version["properties"].get("publishingProfile") or version["properties"]
    here = [one for one in _targets(version) if _plain(one.get("name")) == region]
    excluded = profile.get("excludeFromLatest") or any(one.get("excludeFromLatest") for one in here)
    return not excluded and is_in(version, region)


def _targets(version: Resource) -> list[Any]:
    found: list[Any] = (version["properties"].get("publishingProfile") or {}).get("targetRegions") or []
    return found


def _plain(region: Any) -> str:
    return str(region).replace(" ", "").lower()
