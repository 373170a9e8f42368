"""The resource providers: a package for each namespace, one noun a file, and the list of all their routes."""

from __future__ import annotations

from localazure.arm import directory
from localazure.arm import identity as sign_in
from localazure.arm.router import Route


def all_routes() -> list[Route]:
    """Every route of the server."""
    from localazure.providers import compute, identity, network, resources

    return [
        Route("GET", "/metadata/endpoints", sign_in.endpoints, open=True),
        Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", sign_in.openid_configuration, open=True),
        Route("POST", "/{tenant}/oauth2/v2.0/token", sign_in.token, open=True),
        *directory.routes(),
        *resources.routes(),
        *identity.routes(),
        *network.routes(),
        *compute.routes(),
    ]
