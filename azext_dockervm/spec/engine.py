"""The Docker engine of a host."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.azure import names
from azext_dockervm.spec.docker_packages import DISTRIBUTION


@dataclass(frozen=True)
class Engine:
    """``port`` is that of its TLS listener; ``tls_names`` are DNS names and addresses that its certificate is to name
    besides the host's own. ``channel`` says whose packages of Docker it has; ``version``, which version, is empty
    for the newest there."""

    port: int = names.DEFAULT_DOCKER_PORT
    tls_names: tuple[str, ...] = ()
    channel: str = DISTRIBUTION
    version: str = ""
