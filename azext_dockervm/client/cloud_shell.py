"""Azure Cloud Shell: whether this is one, and whether a folder outlives its session.

Cloud Shell sets ACC_CLOUD, by which az itself knows it (``in_cloud_console`` of azure-cli-core's util.py), and its
image AZUREPS_HOST_ENVIRONMENT=cloud-shell/1.0 (github.com/Azure/CloudShell, linux/tools.Dockerfile). A session with
storage has ACC_STORAGE_PROFILE, JSON with ``storageAccountResourceId``, and the file share as ~/clouddrive (the same
repository, ``Get-CloudDrive`` of PSCloudShellUtility.psm1). There the home folder lies in an image on that share; all
else ends with the session, and in an ephemeral session, which has no storage, the home folder too
(https://learn.microsoft.com/azure/cloud-shell/persisting-shell-storage). How an ephemeral session looks from inside is
documented nowhere: it is known by the absence of both signs, so that one that was taken away by hand is no false alarm.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def is_here(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("ACC_CLOUD")) or environment.get("AZUREPS_HOST_ENVIRONMENT", "").startswith(
        "cloud-shell")


def is_ephemeral(environment: Mapping[str, str], home: Path) -> bool:
    """Whether this is a Cloud Shell without storage."""
    return is_here(environment) and not _has_storage(environment) and not (home / "clouddrive").is_dir()


def loses(folder: Path, environment: Mapping[str, str], home: Path) -> bool:
    """Whether a folder ends with the session of this Cloud Shell; False on any other computer."""
    if not is_here(environment):
        return False
    if is_ephemeral(environment, home):
        return True
    place = folder.resolve()
    kept = (home.resolve(), (home / "clouddrive").resolve())
    return not any(place.is_relative_to(root) for root in kept)


def _has_storage(environment: Mapping[str, str]) -> bool:
    try:
        profile = json.loads(environment.get("ACC_STORAGE_PROFILE") or "{}")
    except ValueError:
        return False
    return isinstance(profile, dict) and bool(profile.get("storageAccountResourceId"))
