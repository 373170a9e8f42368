"""Types that are known but never made here: none is found, their lists are empty, a PUT is refused."""

from __future__ import annotations

from localazure.arm.cloud import Cloud
from localazure.protocol import absent, versions
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Handler, Route
from localazure.providers import crud
from localazure.providers.common import existing


def routes() -> list[Route]:
    return [route for full_type in absent.TYPES for route in _of_type(full_type)]


def _of_type(full_type: str) -> list[Route]:
    """Any api-version is taken where the type has none here: there is nothing that it could change."""
    kind = full_type if full_type in versions.TYPES else ""
    one = crud.address(full_type, "name")
    lists = [one.rpartition("/")[0], f"/subscriptions/{{subscription}}/providers/{full_type}"]
    missing = _missing(full_type)
    return [
        *(Route("GET", pattern, list_none, kind) for pattern in lists),
        Route("GET", one, missing, kind),
        Route("PATCH", one, missing, kind),
        Route("PUT", one, _refuser(full_type), kind),
        Route("DELETE", one, delete, kind),
    ]


def list_none(cloud: Cloud, request: Request) -> Reply:
    return listing([])


def _missing(full_type: str) -> Handler:
    def handle(cloud: Cloud, request: Request) -> Reply:
        existing(cloud, request.resource_id(full_type, "name"))  # never does: this raises ResourceNotFound
        return Reply(404)

    return handle


def _refuser(full_type: str) -> Handler:
    def handle(cloud: Cloud, request: Request) -> Reply:
        raise absent.refusal(full_type)

    return handle


def delete(cloud: Cloud, request: Request) -> Reply:
    return Reply(204)
