"""What Microsoft.Compute's resources share: names, zones, refusals, and operations with their status URLs."""

from __future__ import annotations

import re
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation
from localazure.protocol import ids, locations, shape
from localazure.protocol.errors import ArmError, invalid_parameter, parent_not_found
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import kinds
from localazure.store.resources import Resource

_KIND = "Microsoft.Compute/locations"
_NAME = re.compile(r"^[^_\W][\w._-]{0,79}(?<![-.])$")


def check_name(kind: str, name: str, longest: int = 80) -> None:
    """The rule for names; `kind` like "virtualMachineName" names what it is for."""
    if not _NAME.fullmatch(name) or len(name) > longest:
        rule = "^[^_\\W][\\w-._]{0,79}(?<![-.])$"
        raise invalid_parameter(kind, f"The entity name '{kind}' is invalid according to its validation rule: {rule}.")


def parent_vm(cloud: Cloud, request: Request, full_type: str, name: str) -> Resource:
    """The VM of a child that shall be written (of this type, by this variable of the path); raises ArmError."""
    vm = cloud.store.get(request.resource_id(kinds.VM, "vm"))
    if vm is None:
        raise parent_not_found(kinds.VM, request.params["vm"], full_type, request.params[name])
    return vm


def zones_of(body: dict[str, Any], location: str, identifier: ids.ResourceId) -> dict[str, Any]:
    """The member `zones` of a body, where it has one; raises ArmError for zones that the region does not have."""
    shape.check(body.get("zones"), [str], "zones")
    zones = body.get("zones") or []
    if zones and location in locations.WITHOUT_ZONES:
        message = f"The resource '{identifier}' does not support availability zones at location '{location}'."
        raise ArmError(400, "AvailabilityZoneNotSupported", message)
    if len(zones) > 1 or any(zone not in ("1", "2", "3") for zone in zones):
        message = (
            f"The zone(s) '{','.join(zones)}' for resource '{identifier}' is not supported. The supported zones for "
            f"location '{location}' are '1,2,3'; a resource is in one of them."
        )
        raise ArmError(400, "InvalidAvailabilityZone", message, target="zones")
    return {"zones": zones} if zones else {}


def unchangeable(name: str, target: str = "") -> ArmError:
    """The refusal to change a property that is fixed; `target` where that is not its name."""
    message = f"Changing property '{name}' is not allowed."
    return ArmError(409, "PropertyChangeNotAllowed", message, target=target or name)


def preempt(cloud: Cloud, operation: Operation) -> None:
    """End an operation that a later one overtakes."""
    message = "Operation execution has been preempted by a more recent operation."
    cloud.operations.end_as_failed(operation, "OperationPreempted", message)


def routes() -> list[Route]:
    at = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
    names = ("operations", "DiskOperations")
    return [Route("GET", f"{at}/{name}/{{operation}}", get_operation, _KIND) for name in names]


def follow(cloud: Cloud, operation: Operation, request: Request, status: int, body: Any = None) -> Reply:
    """The first answer to a long-running call."""
    return cloud.operations.accepted(operation, request, Reply(status, body))


def get_operation(cloud: Cloud, request: Request) -> Reply:
    """An operation's status, or with `monitor=true` (the Location) its result: 202 until there is one."""
    operation = cloud.operations.get(request.params["operation"])
    if operation is None or operation.location != locations.normal(request.params["location"]):
        message = f"The entity was not found in this Azure location: operation {request.params['operation']}."
        raise ArmError(404, "NotFound", message)
    if request.query.get("monitor", "").lower() == "true":
        return _result(cloud, operation, request)
    operation.polls += 1
    body: dict[str, Any] = {"startTime": operation.start}
    if operation.end is not None:
        body["endTime"] = operation.end
    body["status"] = operation.status
    if operation.output is not None:
        body["properties"] = {"output": operation.output}
    if operation.error is not None:
        body["error"] = operation.error
    body["name"] = operation.id
    reply = Reply(200, body)
    if operation.running:
        cloud.operations.hint(operation, reply, None)
    return reply


def _result(cloud: Cloud, operation: Operation, request: Request) -> Reply:
    if operation.running:
        operation.polls += 1
        return cloud.operations.accepted(operation, request, Reply(202))
    if operation.error is not None:
        raise ArmError(operation.error_status, operation.error["code"], operation.error["message"])
    return Reply(200, operation.output)  # without a body where there is nothing to tell: no SDK takes 204 here
