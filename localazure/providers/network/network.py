"""What Microsoft.Network's resources share: names and shapes, writing and deleting as long operations, status URLs."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from localazure.arm import patience
from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation
from localazure.protocol import ids, locations
from localazure.protocol.errors import ArmError, busy, network_error, reference_not_found
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Handler, Route
from localazure.providers import crud, kinds
from localazure.providers.common import existing, place, refuse_if_busy
from localazure.providers.network.model import unread
from localazure.store.resources import Resource

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,78}[a-z0-9_])?", re.I)
DELETE_RETRY_AFTER_S = 10.0
_NOTIFIES = {"Azure-AsyncNotification": "Enabled"}
_NOUNS = {
    kinds.VNET.lower(): "VirtualNetwork", kinds.SUBNET.lower(): "Subnet", kinds.NIC.lower(): "Nic",
    kinds.NSG.lower(): "NetworkSecurityGroup", kinds.SECURITY_RULE.lower(): "SecurityRule",
    kinds.PUBLIC_IP.lower(): "PublicIpAddress", kinds.ASG.lower(): "ApplicationSecurityGroup",
    kinds.NAT_GATEWAY.lower(): "NatGateway",
}  # fmt: skip
Effect = Callable[[], Awaitable[None]]
# What a resource looks like in an answer.
Body = Callable[[Cloud, Resource], dict[str, Any]]


def check_name(name: str) -> None:
    """The rule for names of all types here and of their children."""
    if not _NAME.fullmatch(name):
        raise network_error(
            400,
            "InvalidResourceName",
            f"Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word "
            "character, and it must end with a word character or with '_'. The name may contain word characters or "
            "'.', '-', '_'.",
        )


def check_dns_server(resource: ids.ResourceId, server: str) -> None:
    """Raise ArmError for a DNS server that is no address. A NIC may also say that it takes Azure's own."""
    try:
        ipaddress.ip_address(server)
    except ValueError:
        message = f"DNS server '{server}' of {resource} is not a valid IP address."
        raise network_error(400, "InvalidDnsServerIpAddress", message) from None


def reference(member: Any, path: str) -> str | None:
    """The id that a member like `networkSecurityGroup` names; None when it is absent. Raises ArmError without an id."""
    if member is None:
        return None
    if not member.get("id"):
        raise unread("MissingJsonReferenceId", f"Value for reference id is missing. Path {path}.")
    return str(member["id"])


def referred(cloud: Cloud, identifier: str, path: str, full_type: str, location: str, source: str) -> Resource:
    """The resource that an id names; raises ArmError when it is missing, going, or of another type or region."""
    parsed = ids.parse(identifier, path)
    found = cloud.store.get(parsed)
    if parsed.type.lower() != full_type.lower():
        message = f"Reference Id {identifier} is not formatted correctly. The Id is expected to reference resources of "
        raise unread("InvalidJsonReferenceWrongType", f"{message}type {full_type}. Path {path}.")
    if found is None or found.location != location or found.state == "Deleting":
        raise reference_not_found(identifier, source)
    return found


def not_found(identifier: ids.ResourceId) -> ArmError:
    """What is said of a missing child of a resource that is there."""
    return network_error(404, "NotFound", f"Resource {identifier} not found.")


@dataclass(frozen=True)
class Pace:
    """What the service says and takes for a PUT of one type, in seconds: Retry-After (None: not sent) and duration."""

    retry_after: float | None
    duration: float
    first_state: str = "Updating"


def operation_name(target: ids.ResourceId | str, action: str) -> str:
    """What the service calls an operation in its messages, like PutVirtualNetworkOperation."""
    return f"{action.capitalize()}{_NOUNS[ids.parse(str(target)).type.lower()]}Operation"


def refuse_if_going(cloud: Cloud, target: ids.ResourceId) -> None:
    """Raise ArmError while a resource or a child of it is being deleted; other writes would be superseded."""
    for operation in cloud.operations.below(target):
        if operation.action == "delete":
            raise busy(operation.provider, operation.uri)


def refuse_if_busy_below(cloud: Cloud, target: ids.ResourceId) -> None:
    """Raise ArmError while a resource or a child of it is being changed, for those that change one child at a time."""
    for operation in cloud.operations.below(target):
        raise busy(operation.provider, operation.uri)


class Put(NamedTuple):
    """A PUT of a whole resource as far as all types are alike. `found` is what there is already, None if nothing."""

    identifier: ids.ResourceId
    location: str
    tags: dict[str, str] | None
    given: dict[str, Any]
    found: Resource | None


def read_put(cloud: Cloud, request: Request, full_type: str, name: str) -> Put:
    """`name` is the path's variable, the body is read already. Raises ArmError for a wrong name or location."""
    identifier = request.resource_id(full_type, name)
    check_name(identifier.name)
    location, tags = place(cloud, request, identifier)
    return Put(identifier, location, tags, request.body["properties"], cloud.store.get(identifier))


def guid(found: Resource | None) -> str:
    """The member `resourceGuid`: one of its own for a new resource, and then always that."""
    return str(found.properties["resourceGuid"] if found else uuid.uuid4())


def write(
    cloud: Cloud,
    request: Request,
    resource: Resource,
    pace: Pace,
    render: Body,
    effect: Effect,
    *,
    is_new: bool,
    answer: Callable[[], dict[str, Any]] | None = None,
    target: ids.ResourceId | None = None,
) -> Reply:
    """Store a resource, let `effect` happen on the machines, and answer as the service does for a PUT.

    `answer` renders something else than the resource (a subnet, a rule); `target` is then that child's id.
    A PUT of the whole resource supersedes those that are under way with it and its children. Callers ask before that:
    refuse_if_going for the whole, refuse_if_busy for a child.
    """
    target = target or resource.id
    whole = target is resource.id
    superseded = [one for one in cloud.operations.below(target) if one.action == "put"] if whole else []
    resource.state = pace.first_state
    resource.hidden["lastOperation"] = operation_name(target, "put")
    cloud.store.put(resource)
    operation = cloud.operations.start(
        "network",
        resource.location,
        target,
        "put",
        _finish(cloud, resource.id, pace, effect),
        _failed(cloud, resource.id),
    )
    for one in superseded:
        _supersede(cloud, one, operation)
    body = answer() if answer is not None else render(cloud, resource)
    reply = Reply(201 if is_new else 200, body, dict(_NOTIFIES))
    return cloud.operations.accepted(operation, request, reply, pace.retry_after)


def _finish(
    cloud: Cloud, identifier: ids.ResourceId, pace: Pace, effect: Effect
) -> Callable[[Operation], Awaitable[None]]:
    async def work(operation: Operation) -> None:
        await cloud.operations.pause(pace.duration)
        # One after the other: what an earlier write still does to the machines must not come after a later one.
        async with cloud.lock(identifier, "write"):
            if operation.running:
                await effect()
            if operation.running:
                _settle(cloud, identifier, "Succeeded")

    return work


def _supersede(cloud: Cloud, before: Operation, after: Operation) -> None:
    """End a write that a later one makes pointless, in the words of terraform-provider-iterative issue 341."""
    old, new = (f"{operation_name(one.target, one.action)} ({one.id})" for one in (before, after))
    message = f"Operation {old} was canceled and superseded by operation {new}."
    cloud.operations.end_as_canceled(before, "CanceledAndSupersededDueToAnotherOperation", message)


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


def with_part(
    parts: list[dict[str, Any]], before: dict[str, Any] | None, after: dict[str, Any]
) -> list[dict[str, Any]]:
    """What a resource keeps in itself (subnets, rules), one of them written anew or, without a `before`, added."""
    kept = [after if one is before else one for one in parts]
    return kept if before is not None else [*kept, after]


def remove_part(
    cloud: Cloud,
    request: Request,
    holder: Resource,
    target: ids.ResourceId,
    member: str,
    follow: Callable[[Cloud, ids.ResourceId], Awaitable[None]],
) -> Reply:
    """Answer a DELETE of what a resource keeps in its property `member`; then let machines `follow` the resource."""

    async def effect() -> None:
        now = cloud.store.get(holder.id)
        if now is None:
            return
        left = [one for one in now.properties[member] if one["name"].lower() != target.name.lower()]
        now.properties = {**now.properties, member: left}
        cloud.store.put(now)
        await follow(cloud, now.id)

    return remove_child(cloud, request, holder, target, effect)


def remove_child(cloud: Cloud, request: Request, parent: Resource, target: ids.ResourceId, effect: Effect) -> Reply:
    """Answer a DELETE of an existing resource, or of a child that is kept in its parent, with 202."""
    refuse_if_busy(cloud, parent.id)
    refuse_if_busy(cloud, target)
    before, parent.state = parent.state, "Deleting" if target is parent.id else "Updating"
    parent.hidden["lastOperation"] = operation_name(target, "delete")
    cloud.store.put(parent)

    async def work(_: Operation) -> None:
        await cloud.operations.pause(DELETE_RETRY_AFTER_S)
        await effect()
        _settle(cloud, parent.id, before)

    operation = cloud.operations.start("network", parent.location, target, "delete", work, _failed(cloud, parent.id))
    return cloud.operations.accepted(operation, request, Reply(202, None, dict(_NOTIFIES)), DELETE_RETRY_AFTER_S)


def ask(
    cloud: Cloud, request: Request, resource: Resource, action: str, answer: Callable[[], dict[str, Any]]
) -> Reply:
    """A question that the service answers at the end of an operation only: 202 with Location, which gives the body."""

    async def work(_: Operation) -> dict[str, Any]:
        await cloud.operations.pause(DELETE_RETRY_AFTER_S)
        return answer()

    operation = cloud.operations.start("network", resource.location, f"{resource.id}/{action}", action, work)
    reply = cloud.operations.accepted(operation, request, Reply(202, None, dict(_NOTIFIES)), DELETE_RETRY_AFTER_S)
    reply.headers.pop("Azure-AsyncOperation")
    return reply


def standard_routes(
    full_type: str, name: str, body: Body, put: Handler, delete: Handler, expanded: crud.Show | None = None,
    in_version: Callable[[Request, dict[str, Any]], dict[str, Any]] = lambda _, shown: shown,
) -> list[Route]:  # fmt: skip
    """GET, PUT, PATCH, DELETE and both lists of a top-level type. `expanded` shows it with what `$expand` names;
    `in_version` gives a body without what the request's api-version does not know."""

    def show(cloud: Cloud, request: Request, resource: Resource) -> dict[str, Any]:
        return in_version(request, body(cloud, resource))

    def show_expanded(cloud: Cloud, request: Request, resource: Resource) -> dict[str, Any]:
        return expanded(cloud, request, resource) if expanded and "$expand" in request.query else show(
            cloud, request, resource)

    patch = crud.patch_tags(full_type, name, show, _NOTIFIES)
    return crud.routes(full_type, name, show=show_expanded, put=put, patch=patch, delete=delete)


def part_routes(
    parent_type: str,
    parent: str,
    part: str,
    name: str,
    parts: Callable[[Cloud, Resource], list[dict[str, Any]]],
    full_type: str = "",
) -> list[Route]:
    """GET and list of what a resource keeps in itself, like its IP configurations (`part` ipConfigurations).

    `full_type` where that is a type with a name and api-versions of its own.
    """

    def list_all(cloud: Cloud, request: Request) -> Reply:
        return listing(parts(cloud, existing(cloud, request.resource_id(parent_type, parent))))

    def get(cloud: Cloud, request: Request) -> Reply:
        holder = existing(cloud, request.resource_id(parent_type, parent))
        for one in parts(cloud, holder):
            if one["name"].lower() == request.params[name].lower():
                return Reply(200, one)
        child = holder.id.child(part, request.params[name])
        raise not_found(request.resource_id(full_type, parent, name) if full_type else child)

    at = f"{crud.address(parent_type, parent)}/{part}"
    kind = full_type or parent_type
    return [Route("GET", at, list_all, kind), Route("GET", f"{at}/{{{name}}}", get, kind)]


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
        body["error"] = {"details": [], **operation.error}
    reply = Reply(200, body)
    if operation.running:
        cloud.operations.hint(operation, reply, patience.of_network_poll(operation.polls))
        operation.polls += 1
    return reply


def get_result(cloud: Cloud, request: Request) -> Reply:
    """The Location of a deletion or a question: 202 while it runs, at its end 204, or 200 with what was asked."""
    operation = _operation(cloud, request)
    if operation.running:
        return cloud.operations.accepted(operation, request, Reply(202, None, dict(_NOTIFIES)), DELETE_RETRY_AFTER_S)
    if operation.error is not None:
        error = operation.error
        details = error.get("details", [])
        raise ArmError(operation.error_status, error["code"], error["message"], details=details)
    return Reply(204, None, dict(_NOTIFIES)) if operation.output is None else Reply(200, operation.output)
