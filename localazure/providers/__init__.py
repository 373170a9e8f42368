"""The resource providers: a package for each namespace, one noun a file, and the list of all their routes."""

from __future__ import annotations

from localazure.arm import identity
from localazure.arm.router import Route


def all_routes() -> list[Route]:
    """Every route of the server."""
    from localazure.providers import compute, network, resources

    return [
        Route("GET", "/metadata/endpoints", identity.endpoints, open=True),
        Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", identity.openid_configuration, open=True),
        Route("POST", "/{tenant}/oauth2/v2.0/token", identity.token, open=True),
        *resources.routes(),
        *network.routes(),
        *compute.routes(),
    ]
