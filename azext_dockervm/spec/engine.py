"""The Docker engine of a host."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.azure import names


@dataclass(frozen=True)
class Engine:
    """``port`` is that of its TLS listener; ``tls_names`` are DNS names and addresses that its certificate is to name
    besides the host's own."""

    port: int = names.DEFAULT_DOCKER_PORT
    tls_names: tuple[str, ...] = ()
