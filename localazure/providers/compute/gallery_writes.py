"""Writing and removing galleries, what is in them, and managed images: operations without work on machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation
from localazure.protocol.errors import gateway_error
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Handler
from localazure.providers import crud
from localazure.providers.common import refuse_if_busy, type_name
from localazure.providers.compute import compute
from localazure.store.resources import Resource


def refuse_if_going(cloud: Cloud, parent: Resource) -> None:
    """Raise ArmError for a new child of what is being deleted."""
    if parent.state == "Deleting":
        refuse_if_busy(cloud, parent.id)


def write(cloud: Cloud, request: Request, resource: Resource, show: crud.Show, *, new_status: int = 201) -> Reply:
    """Store a resource that was just checked, and let its operation end in Succeeded. A new one is answered with
    `new_status`.

    `resource` is a new one or a changed copy: what is refused leaves the stored one as it was.
    """
    refuse_if_busy(cloud, resource.id)
    is_new = cloud.store.get(resource.id) is None
    resource.state = "Creating" if is_new else "Updating"
    cloud.store.put(resource)

    async def work(_: Operation) -> None:
        await cloud.operations.ripe()
        if cloud.store.get(resource.id) is resource and resource.state != "Deleting":
            resource.state = "Succeeded"
            cloud.store.put(resource)

    operation = cloud.operations.start("compute", resource.location, resource.id, "put", work)
    return compute.follow(cloud, operation, request, new_status if is_new else 200, show(cloud, request, resource))


def deletion(full_type: str, *names: str, inner: str = "") -> Handler:
    """DELETE of such a type; refused while there are resources of the type `inner` in it."""

    def delete(cloud: Cloud, request: Request) -> Reply:
        found = cloud.store.get(request.resource_id(full_type, *names))
        if found is None:
            return Reply(204)
        if inner and cloud.store.children(found.id, inner):
            message = (
                f"Cannot delete resource '{type_name(found.id)}' while nested resources exist. Some existing nested "
                f"resource IDs include: '{cloud.store.children(found.id, inner)[0].id}'. Please delete all nested "
                "resources before deleting this resource."
            )
            raise gateway_error(409, "CannotDeleteResource", message)
        found.state = "Deleting"
        cloud.store.put(found)

        async def work(_: Operation) -> None:
            await cloud.operations.ripe()
            cloud.store.delete(found.id)

        operation = cloud.operations.start("compute", found.location, found.id, "delete", work)
        return compute.follow(cloud, operation, request, 202)

    return delete


def merged(properties: dict[str, Any], given: dict[str, Any], kept: Callable[[str], bool]) -> dict[str, Any]:
    """What a PATCH makes of properties: those of its body that may change take the place of those that are there."""
    return {**properties, **{name: value for name, value in given.items() if kept(name) and value is not None}}
