"""How a host is reached: its name, its open ports, and who may knock."""

from __future__ import annotations

from dataclasses import dataclass

from azext_dockervm.spec.ports import PortRange


@dataclass(frozen=True)
class Network:
    """``ssh_port`` None means that SSH stays closed; ``dns_label`` None, that one is found.

    ``sources`` may reach Docker and SSH: addresses, prefixes or service tags, ``*`` for all. ``open_ports`` are those
    that containers publish; ``open_ports_sources`` None: whoever may reach Docker may reach these.
    """

    ssh_port: int | None = None
    sources: tuple[str, ...] = ("*",)
    dns_label: str | None = None
    open_ports: tuple[PortRange, ...] = ()
    open_ports_sources: tuple[str, ...] | None = None
