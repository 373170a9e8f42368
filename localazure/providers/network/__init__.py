"""Microsoft.Network: one noun a file; network.py is what they share, attach.py what ties VMs to it."""

from __future__ import annotations

from localazure.arm.router import Route


def routes() -> list[Route]:
    """The routes of these types."""
    from localazure.providers.network import network, nics, nsgs, public_ips, vnets

    modules = (network, nics, nsgs, public_ips, vnets)
    return [route for module in modules for route in module.routes()]
