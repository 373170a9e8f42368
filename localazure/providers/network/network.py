"""What Microsoft.Network's resources share: name rule, writing and deleting as long-running operations, status URLs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from localazure.arm import ids, locations
from localazure.arm.cloud import Cloud
from localazure.arm.errors import network_error, operation_in_progress
from localazure.arm.operations import Operation
from localazure.arm.request import Reply, Request, listing
from localazure.arm.router import Route
from localazure.arm.shape import tags as checked_tags
from localazure.providers.common import existing
from localazure.store.resources import Resource

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,78}[a-z0-9_])?", re.I)
DELETE_RETRY_AFTER_S = 10.0
Effect = Callable[[], Awaitable[None]]


def check_name(name: str) -> None:
    """The rule for names of VNets, subnets, NICs, NSGs, rules and public IPs."""
    if not _NAME.fullmatch(name):
        raise network_error(
            400,
            "InvalidResourceName",
            f"Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word "
            "character, and it must end with a word character or with '_'. The name may contain word characters or "
            "'.', '-', '_'.",
        )


@dataclass(frozen=True)
class Pace:
    """What the service says and takes for a PUT of one type, in seconds: Retry-After (None: not sent) and duration."""

    retry_after: float | None
    duration: float
    first_state: str = "Updating"


def refuse_if_busy(cloud: Cloud, target: ids.ResourceId) -> None:
    operation = cloud.operations.in_flight(target)
    if operation is not None:
        raise operation_in_progress(operation.id)


def write(
    cloud: Cloud,
    request: Request,
    resource: Resource,
    pace: Pace,
    render: Callable[[Cloud, Resource], dict[str, Any]],
    effect: Effect,
    *,
    is_new: bool,
    answer: Callable[[], dict[str, Any]] | None = None,
    target: ids.ResourceId | None = None,
) -> Reply:
    """Store a resource, let `effect` happen on the machines, and answer as the service does for a PUT.

    `answer` renders something else than the resource (a subnet, a rule); `target` is then that child's id.
    Callers ask refuse_if_busy before they change a resource that is there already.
    """
    target = target or resource.id
    resource.state = pace.first_state
    cloud.store.put(resource)
    operation = cloud.operations.start(
        "network",
        resource.location,
        target,
        "put",
        _finish(cloud, resource.id, pace, effect),
        _failed(cloud, resource.id),
    )
    body = answer() if answer is not None else render(cloud, resource)
    return cloud.operations.accepted(operation, request, Reply(201 if is_new else 200, body), pace.retry_after)


def _finish(
    cloud: Cloud, identifier: ids.ResourceId, pace: Pace, effect: Effect
) -> Callable[[Operation], Awaitable[None]]:
    async def work(_: Operation) -> None:
        await cloud.operations.pause(pace.duration)
        await effect()
        _settle(cloud, identifier, "Succeeded")

    return work


def _failed(cloud: Cloud, identifier: ids.ResourceId) -> Callable[[Operation], None]:
    return lambda _: _settle(cloud, identifier, "Failed")


def _settle(cloud: Cloud, identifier: ids.ResourceId, state: str) -> None:
    resource = cloud.store.get(identifier)
    if resource is not None:
        resource.state = state
        cloud.store.put(resource)


def remove(
    cloud: Cloud, request: Request, identifier: ids.ResourceId, check: Callable[[Resource], None], effect: Effect
) -> Reply:
    """Answer a DELETE of a top-level resource: 204 when it is not there, else 202; `effect` removes it."""
    resource = cloud.store.get(identifier)
    if resource is None:
        return Reply(204)
    check(resource)
    return remove_child(cloud, request, resource, resource.id, effect)


def remove_child(cloud: Cloud, request: Request, parent: Resource, target: ids.ResourceId, effect: Effect) -> Reply:
    """Answer a DELETE of an existing resource, or of a child that is kept in its parent, with 202."""
    refuse_if_busy(cloud, parent.id)
    refuse_if_busy(cloud, target)
    before, parent.state = parent.state, "Deleting" if target is parent.id else "Updating"
    cloud.store.put(parent)

    async def work(_: Operation) -> None:
        await cloud.operations.pause(DELETE_RETRY_AFTER_S)
        await effect()
        _settle(cloud, parent.id, before)

    operation = cloud.operations.start("network", parent.location, target, "delete", work, _failed(cloud, parent.id))
    return cloud.operations.accepted(operation, request, Reply(202), DELETE_RETRY_AFTER_S)


def patch_tags(
    render: Callable[[Cloud, Resource], dict[str, Any]], full_type: str, parameter: str
) -> Callable[..., Reply]:
    """A handler for PATCH, which on network resources changes tags only."""

    def handler(cloud: Cloud, request: Request) -> Reply:
        resource = existing(cloud, request.resource_id(full_type, parameter))
        resource.tags = checked_tags(request.body)
        cloud.store.put(resource)
        return Reply(200, render(cloud, resource))

    return handler


def standard_routes(
    full_type: str,
    parameter: str,
    render: Callable[[Cloud, Resource], dict[str, Any]],
    put: Callable[..., Reply],
    delete: Callable[..., Reply],
    expanded: Callable[[Cloud, Request, Resource], dict[str, Any]] | None = None,
) -> list[Route]:
    """GET, PUT, PATCH, DELETE and both lists of a top-level network type."""
    provider = f"providers/{full_type}"
    in_group = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/{provider}"
    one = f"{in_group}/{{{parameter}}}"

    def show(cloud: Cloud, request: Request, resource: Resource) -> dict[str, Any]:
        return (
            expanded(cloud, request, resource) if expanded and "$expand" in request.query else render(cloud, resource)
        )

    def get(cloud: Cloud, request: Request) -> Reply:
        return Reply(200, show(cloud, request, existing(cloud, request.resource_id(full_type, parameter))))

    def list_all(cloud: Cloud, request: Request) -> Reply:
        found = cloud.store.of_type(full_type, request.params.get("group"))
        return listing([show(cloud, request, resource) for resource in found])

    return [
        Route("GET", one, get, full_type),
        Route("PUT", one, put, full_type),
        Route("PATCH", one, patch_tags(render, full_type, parameter), full_type),
        Route("DELETE", one, delete, full_type),
        Route("GET", in_group, list_all, full_type),
        Route("GET", f"/subscriptions/{{subscription}}/{provider}", list_all, full_type),
    ]


# status of operations


def routes() -> list[Route]:
    at = "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}"
    kind = "Microsoft.Network/locations"
    return [
        Route("GET", f"{at}/operations/{{operation}}", get_status, kind),
        Route("GET", f"{at}/operationResults/{{operation}}", get_result, kind),
    ]


def _operation(cloud: Cloud, request: Request) -> Operation:
    operation = cloud.operations.get(request.params["operation"])
    if operation is None or operation.location != locations.normal(request.params["location"]):
        raise network_error(404, "NotFound", f"Operation {request.params['operation']} was not found.")
    return operation


def get_status(cloud: Cloud, request: Request) -> Reply:
    """An operation's status; a failed operation answers 200 too."""
    operation = _operation(cloud, request)
    body: dict[str, Any] = {"status": operation.status}
    if operation.error is not None:
        body["error"] = {**operation.error, "details": []}
    reply = Reply(200, body)
    if operation.running:
        cloud.operations.hint(operation, reply, DELETE_RETRY_AFTER_S)
    return reply


def get_result(cloud: Cloud, request: Request) -> Reply:
    """The Location of a deletion: 202 while it runs, 204 at its end."""
    operation = _operation(cloud, request)
    if operation.running:
        at = f"{request.base_url}{request.path}?api-version={request.api_version}"
        reply = Reply(202, None, {"Location": at})
        cloud.operations.hint(operation, reply, DELETE_RETRY_AFTER_S)
        return reply
    if operation.error is not None:
        raise network_error(operation.error_status, operation.error["code"], operation.error["message"])
    return Reply(204)
