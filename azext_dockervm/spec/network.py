"""How a host is reached: its name, its open ports, and who may knock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """``ssh_port`` None means that SSH stays closed; ``dns_label`` None, that one is found.

    ``sources`` may reach Docker and SSH: addresses, prefixes or service tags, ``*`` for all.
    """

    ssh_port: int | None = None
    sources: tuple[str, ...] = ("*",)
    dns_label: str | None = None
