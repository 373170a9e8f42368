"""Types of Compute that are known but never made here: none is found, their lists are empty, a PUT is refused."""

from __future__ import annotations

from localazure.arm.cloud import Cloud
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import crud
from localazure.providers.common import existing

_WORDS = {
    "snapshots": "snapshots",
    "images": "images of one's own",
    "virtualMachineScaleSets": "scale sets",
    "hostGroups": "dedicated hosts",
    "capacityReservationGroups": "capacity reservations",
}


def routes() -> list[Route]:
    return [
        route
        for name in _WORDS
        for route in crud.routes(
            f"Microsoft.Compute/{name}", "name", list_all=list_none, get=get, put=refuse, delete=delete
        )
    ]


def list_none(cloud: Cloud, request: Request) -> Reply:
    return listing([])


def get(cloud: Cloud, request: Request) -> Reply:
    existing(cloud, request.resource_id(request.kind, "name"))  # never does: this raises ResourceNotFound
    return Reply(404)


def refuse(cloud: Cloud, request: Request) -> Reply:
    name = request.kind.split("/")[1]
    raise ArmError(409, "OperationNotAllowed", f"Local Azure has no {_WORDS[name]}.", target=name)


def delete(cloud: Cloud, request: Request) -> Reply:
    return Reply(204)
