"""The resource providers: one noun a file, and the list of all their routes."""

from __future__ import annotations

from localazure.arm import identity
from localazure.arm.router import Route


def all_routes() -> list[Route]:
    """Every route of the server."""
    from localazure.providers import (
        compute,
        disks,
        extension_images,
        extensions,
        groups,
        images,
        network,
        nics,
        nsgs,
        public_ips,
        run_commands,
        sizes,
        subscriptions,
        vms,
        vnets,
    )  # fmt: skip

    modules = (
        subscriptions, groups, network, vnets, nsgs, public_ips, nics, compute, images, extension_images, sizes, disks,
        vms, extensions, run_commands,
    )  # fmt: skip
    return [
        Route("GET", "/metadata/endpoints", identity.endpoints, open=True),
        Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", identity.openid_configuration, open=True),
        Route("POST", "/{tenant}/oauth2/v2.0/token", identity.token, open=True),
        *(route for module in modules for route in module.routes()),
    ]
