"""Microsoft.Resources and what belongs to subscriptions: groups, providers, lists of all resources."""

from __future__ import annotations

from localazure.arm.router import Route


def routes() -> list[Route]:
    """The routes of these types."""
    from localazure.providers.resources import groups, subscriptions

    modules = (groups, subscriptions)
    return [route for module in modules for route in module.routes()]
