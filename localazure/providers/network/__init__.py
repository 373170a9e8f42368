"""Microsoft.Network: one noun a file; network.py is what they share, attach.py what ties VMs to it."""

from __future__ import annotations

from localazure.arm.router import Route


def routes() -> list[Route]:
    """The routes of these types."""
    from localazure.providers.network import (
        asgs,
        catalogue,
        effective,
        network,
        nics,
        nsgs,
        public_ips,
        service_tags,
        subnets,
        vnets,
    )

    modules = (asgs, catalogue, effective, network, nics, nsgs, public_ips, service_tags, subnets, vnets)
    return [route for module in modules for route in module.routes()]
