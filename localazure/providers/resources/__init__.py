"""Microsoft.Resources, Features and Authorization: subscriptions, groups, namespaces, tags, locks, roles."""

from __future__ import annotations

from localazure.arm.router import Route


def routes() -> list[Route]:
    """The routes of these types."""
    from localazure.providers.resources import (
        deployments,
        features,
        groups,
        locks,
        namespaces,
        resources,
        role_assignments,
        subscriptions,
        tags,
    )

    modules = (deployments, features, groups, locks, namespaces, resources, role_assignments, subscriptions, tags)
    return [route for module in modules for route in module.routes()]
