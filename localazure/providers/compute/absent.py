"""Types of Compute that are known but never made here: none is found, their lists are empty, a PUT is refused."""

from __future__ import annotations

from localazure.arm.cloud import Cloud
from localazure.arm.errors import ArmError
from localazure.arm.request import Reply, Request, listing
from localazure.arm.router import Route
from localazure.providers.common import existing

_WORDS = {
    "snapshots": "snapshots",
    "images": "images of one's own",
    "virtualMachineScaleSets": "scale sets",
    "hostGroups": "dedicated hosts",
    "capacityReservationGroups": "capacity reservations",
}


def routes() -> list[Route]:
    found = []
    for name in _WORDS:
        kind = f"Microsoft.Compute/{name}"
        in_group = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{kind}"
        one = f"{in_group}/{{name}}"
        found += [
            Route("GET", in_group, list_none, kind),
            Route("GET", f"/subscriptions/{{subscription}}/providers/{kind}", list_none, kind),
            Route("GET", one, get, kind),
            Route("PUT", one, refuse, kind),
            Route("DELETE", one, delete, kind),
        ]
    return found


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
