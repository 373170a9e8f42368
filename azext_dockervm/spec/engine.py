"""The Docker engine of a host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azext_dockervm.azure import names
from azext_dockervm.spec.docker_packages import DISTRIBUTION


@dataclass(frozen=True)
class Engine:
    """``port`` is that of its TLS listener; ``tls_names`` are DNS names and addresses that its certificate is to name
    besides the host's own. ``channel`` says whose packages of Docker it has; ``version``, which version, is empty for
    the newest there. All else are settings: ``file`` and ``options`` by the keys of daemon.json, and what has an option
    of its own, where None or empty leaves them to these, to dockervm's defaults and to Docker, in this order."""

    port: int = names.DEFAULT_DOCKER_PORT
    tls_names: tuple[str, ...] = ()
    channel: str = DISTRIBUTION
    version: str = ""
    file: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    registry_mirrors: tuple[str, ...] = ()
    insecure_registries: tuple[str, ...] = ()
    storage_driver: str | None = None
    log_driver: str | None = None
    log_options: Mapping[str, str] = field(default_factory=dict)
    live_restore: bool | None = None
    address_pools: tuple[Mapping[str, Any], ...] = ()
    build_cache_gb: int | None = None
    container_metadata: bool = False
