"""Settings: what is fixed for the life of an instance."""

from __future__ import annotations

from dataclasses import dataclass, field

# How a region can have the Docker VM extension.
POLICIES = ("published", "absent", "failing")


@dataclass(frozen=True)
class Settings:
    """What is fixed for the life of an instance; written by `up`, read from server.json.

    `time_scale` multiplies every delay and every Retry-After of the real service (1.0 is the real service's own).
    `docker_extension` maps regions to "published", "absent" or "failing", over the built-in table. `cores` is the
    quota of a region (100 is what a new subscription usually has). `registry` adds a container registry.
    """

    instance: str
    subscription: str
    tenant: str
    suffix: str
    machines: str
    time_scale: float = 0.02
    docker_extension: dict[str, str] = field(default_factory=dict)
    cores: int = 100
    registry: bool = False
