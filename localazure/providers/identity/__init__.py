"""Microsoft.ManagedIdentity: user-assigned identities."""

from __future__ import annotations

from localazure.arm.router import Route


def routes() -> list[Route]:
    """The routes of these types."""
    from localazure.providers.identity import user_assigned

    return user_assigned.routes()
