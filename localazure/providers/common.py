"""What resources of every provider have in common: location and tags of a body, spelling, reading, refusals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids, locations, shape
from localazure.protocol.errors import ArmError, busy, gateway_error, resource_not_found
from localazure.protocol.request import Request
from localazure.store.resources import Resource


def type_name(identifier: ids.ResourceId) -> str:
    """Like Microsoft.Compute/virtualMachines/web1, or with children …/virtualMachines/web1/extensions/x."""
    pairs = "/".join(f"{t}/{n}" for t, n in zip(identifier.types, identifier.names, strict=True))
    return f"{identifier.namespace}/{pairs}"


def existing(cloud: Cloud, identifier: ids.ResourceId) -> Resource:
    """The resource; raises ArmError ResourceNotFound."""
    resource = cloud.store.get(identifier)
    if resource is None:
        raise resource_not_found(type_name(identifier), identifier.group)
    return resource


def place(cloud: Cloud, request: Request, identifier: ids.ResourceId) -> tuple[str, dict[str, str] | None]:
    """Location and tags of a PUT's body; raises ArmError when the location is wrong or has changed."""
    shape.check(request.body.get("location"), str, "location")
    location = locations.for_resource(request.body.get("location"), identifier.type)
    found = cloud.store.get(identifier)
    if found is not None and found.location != location:
        raise gateway_error(
            409,
            "InvalidResourceLocation",
            f"The resource '{identifier.name}' already exists in location '{found.location}' in resource group "
            f"'{identifier.group}'. A resource with the same name cannot be created in location '{location}'. "
            "Please select a new resource name.",
        )
    return location, shape.tags(request.body)


def envelope(resource: Resource, properties: dict[str, Any], *, etag: bool = False) -> dict[str, Any]:
    """The outer object of a resource: name, id, type, location, tags and the provider's properties."""
    body: dict[str, Any] = {"name": resource.name, "id": str(resource.id)}
    if etag:
        body["etag"] = f'W/"{resource.etag}"'
    body["type"] = resource.type
    if resource.location:
        body["location"] = resource.location
    if resource.tags is not None:
        body["tags"] = resource.tags
    body.update(resource.extra)
    body["properties"] = properties
    return body


def spelled(text: str, known: Iterable[str]) -> str | None:
    """The one of the known names that a text means, in its own spelling: Azure ignores case. None for none of them."""
    return next((name for name in known if name.lower() == text.lower()), None)


def refuse_if_busy(cloud: Cloud, target: ids.ResourceId) -> None:
    """Raise ArmError (`busy`) while an operation on exactly this resource is unfinished."""
    operation = cloud.operations.in_flight(target)
    if operation is not None:
        raise busy(operation.provider, operation.uri)


def invalid_filter(text: str) -> ArmError:
    """The refusal of a `$filter` that a list does not know."""
    message = f"Invalid $filter '{text}' specified in the query string."
    return gateway_error(400, "InvalidFilterInQueryString", message)


def missing_property(name: str) -> ArmError:
    """Compute's refusal of a body without a required property."""
    return ArmError(400, "InvalidParameter", f"Required parameter '{name}' is missing (null).", target=name)
