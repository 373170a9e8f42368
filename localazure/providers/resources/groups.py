"""Resource groups, and their deletion in the order of dependencies."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.operations import Operation
from localazure.protocol import ids, locations, shape
from localazure.protocol.errors import ArmError, gateway_error
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import kinds, model
from localazure.providers.common import invalid_filter
from localazure.providers.compute import disks, vm_life
from localazure.providers.model import ANY, READ_ONLY, named, obj
from localazure.providers.network import vnets
from localazure.providers.resources import deployment_record
from localazure.store.resources import Group, Resource

KIND = "Microsoft.Resources/resourceGroups"
_RETRY_AFTER_S = 15.0
_MODEL = obj(
    "ResourceGroupDefinition",
    **named("id name type systemData", READ_ONLY), location=str, tags=ANY, managedBy=str,
    properties=obj("ResourceGroupProperties", provisioningState=READ_ONLY),
)  # fmt: skip
# Users before what they use; whatever is not named here goes last.
_ORDER = [
    kind.lower()
    for kind in (
        kinds.VM, kinds.DISK, kinds.AVAILABILITY_SET, kinds.PROXIMITY_GROUP, kinds.NIC, kinds.PUBLIC_IP, kinds.VNET,
        kinds.NSG, kinds.ASG,
    )
]  # fmt: skip
# What is made of another thing does not hold it: images and what they were made of, VMs and their images.
_HELD_BY_NOBODY = (kinds.IMAGE, kinds.GALLERY, kinds.GALLERY_IMAGE, kinds.GALLERY_VERSION)
# What is kept for a group and what is in it, beside its resources.
_RECORDS = ("lock", "role-assignment", *deployment_record.RECORDS)
# Types of which more has to go than the resource: (cloud, resource) -> awaitable.
_REMOVE: dict[str, Callable[[Cloud, Resource], Awaitable[None]]] = {
    kinds.DISK.lower(): disks.remove,
    kinds.VM.lower(): vm_life.remove,
    kinds.VNET.lower(): vnets.remove,
}


def routes() -> list[Route]:
    subscription = "/subscriptions/{subscription}"
    one = f"{subscription}/resourceGroups/{{group}}"
    return [
        Route("GET", f"{subscription}/resourceGroups", list_groups, KIND),
        Route("PUT", one, put_group, KIND),
        Route("PATCH", one, patch_group, KIND),
        Route("GET", one, get_group, KIND),
        Route("HEAD", one, head_group, KIND),
        Route("DELETE", one, delete_group, KIND),
        Route("GET", f"{subscription}/operationresults/{{operation}}", get_result, KIND),
    ]


def _render(cloud: Cloud, group: Group) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": ids.group_id(cloud.settings.subscription, group.name),
        "name": group.name,
        "type": KIND,
        "location": group.location,
        "properties": {"provisioningState": group.state},
    }
    if group.managed_by:
        body["managedBy"] = group.managed_by
    if group.tags is not None:
        body["tags"] = group.tags
    return body


def list_groups(cloud: Cloud, request: Request) -> Reply:
    groups = cloud.store.groups()
    wanted = request.query.get("$filter", "").strip()
    if wanted:
        tag = re.fullmatch(r"tagname eq '(.*?)'(?: and tagvalue eq '(.*?)')?", wanted, re.I)
        if tag is None:
            raise invalid_filter(wanted)
        name, value = tag.groups()
        groups = [one for one in groups if _tagged(one.tags, name, value)]
    return listing([_render(cloud, group) for group in groups])


def _tagged(tags: dict[str, str] | None, name: str, value: str | None) -> bool:
    found = {key.lower(): text for key, text in (tags or {}).items()}.get(name.lower())
    return found is not None and value in (None, found)


def _check_name(name: str) -> None:
    if len(name) > 90:
        message = f"The provided resource group name '{name}' exceeds the maximum length of '90'."
        raise gateway_error(400, "InvalidResourceGroup", message)
    if not re.fullmatch(r"[-\w.()]*[-\w()]", name):
        wrong = "".join(sorted(set(re.sub(r"[-\w.()]", "", name)))) or "."
        raise gateway_error(
            400,
            "InvalidResourceGroup",
            f"The provided resource group name '{name}' has these invalid characters: '{wrong}'. The name can only be "
            "a letter, digit, '-', '.', '(', ')' or '_', and can't end with '.'.",
        )


def put_group(cloud: Cloud, request: Request) -> Reply:
    name = request.params["group"]
    _check_name(name)
    given = model.read(request.body, _MODEL, model.FRONT_DOOR)
    asked = given.get("location")
    if not asked:
        raise gateway_error(400, "LocationRequired", "The location property is required for this definition.")
    location = locations.normal(asked)
    if location not in locations.REGIONS:
        regions = ",".join(sorted(locations.REGIONS))
        message = (
            f"The provided location '{asked}' is not available for resource group. List of available regions is "
            f"'{regions}'."
        )
        raise gateway_error(400, "LocationNotAvailableForResourceGroup", message)
    existing = cloud.store.group(name)
    if existing is not None:
        cloud.writable_group(name)
        if existing.location != location:
            message = (
                f"Invalid resource group location '{location}'. The Resource group already exists in location "
                f"'{existing.location}'."
            )
            raise gateway_error(409, "InvalidResourceGroupLocation", message)
    group = Group(
        existing.name if existing else name, location, shape.tags(request.body), given.get("managedBy")
    )
    cloud.store.put_group(group)
    return Reply(200 if existing else 201, _render(cloud, group))


def patch_group(cloud: Cloud, request: Request) -> Reply:
    group = cloud.writable_group(request.params["group"])
    given = model.read(request.body, _MODEL, model.FRONT_DOOR)
    if "tags" in given:
        group.tags = shape.tags(request.body)
    if given.get("managedBy"):
        group.managed_by = given["managedBy"]
    cloud.store.put_group(group)
    return Reply(200, _render(cloud, group))


def get_group(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, _render(cloud, cloud.group(request.params["group"])))


def head_group(cloud: Cloud, request: Request) -> Reply:
    if cloud.store.group(request.params["group"]) is None:
        return Reply(404, None, {"x-ms-failure-cause": "gateway"})
    return Reply(204)


def delete_group(cloud: Cloud, request: Request) -> Reply:
    group = cloud.group(request.params["group"])
    target = ids.group_id(cloud.settings.subscription, group.name)
    operation = cloud.operations.in_flight(target)
    if operation is None:
        group.state = "Deleting"
        cloud.store.put_group(group)
        operation = start_deletion(cloud, group)
    return _follow(cloud, operation, request)


def start_deletion(cloud: Cloud, group: Group, operation: Operation | None = None) -> Operation:
    """Delete a group and all that is in it; with an operation, take up one that a dead server left behind."""
    target = ids.group_id(cloud.settings.subscription, group.name)

    async def work(_: Operation) -> None:
        await cloud.operations.pause(_RETRY_AFTER_S)
        await _empty(cloud, group)
        cloud.store.delete_group(group.name)
        for kind in _RECORDS:
            cloud.records.delete_below(kind, target)

    def failed(_: Operation) -> None:
        group.state = "Succeeded"
        cloud.store.put_group(group)

    if operation is not None:
        cloud.operations.run(operation, work, failed)
        return operation
    return cloud.operations.start("groups", group.location, target, "delete", work, failed)


def rank(one: Resource) -> int:
    """Sorts resources so that users come before what they use."""
    kind = one.type.lower()
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


async def _empty(cloud: Cloud, group: Group) -> None:
    """Remove the group's resources; those that a resource of another group uses stay, and then this raises."""
    left: list[Resource] = []
    for resource in sorted(cloud.store.in_group(group.name), key=rank):
        kind = resource.type.lower()
        if cloud.store.get(resource.id) is None:
            continue  # went with its virtual machine
        users = _users(cloud, resource)
        shared = kind.startswith(("microsoft.network/", "microsoft.compute/"))
        if shared and any(one.id.group.lower() != group.name.lower() for one in users):
            left.append(resource)
        else:
            await remove(cloud, resource)
    if left:
        names = ", ".join(str(one.id) for one in left)
        message = (
            f"Deletion of resource group '{group.name}' failed as resources with identifiers '{names}' are in use."
        )
        raise ArmError(409, "ResourceGroupDeletionBlocked", message)


async def remove(cloud: Cloud, resource: Resource) -> None:
    """Remove a resource with what its type has on machines. Raises MachineError."""
    kind = resource.type.lower()
    if kind in _REMOVE:
        await _REMOVE[kind](cloud, resource)
    else:
        cloud.store.delete(resource.id)


def _users(cloud: Cloud, resource: Resource) -> list[Resource]:
    """What stands on a resource, or on a subnet in it."""
    if resource.type in _HELD_BY_NOBODY:
        return []
    inner = [resource.id.child("subnets", one["name"]) for one in resource.properties.get("subnets", ())]
    users = [user for target in (resource.id, *inner) for user in cloud.store.referrers(target)]
    return [user for user in users if user.type not in _HELD_BY_NOBODY]


def _follow(cloud: Cloud, operation: Operation, request: Request) -> Reply:
    at = f"{request.base_url}/subscriptions/{cloud.settings.subscription}/operationresults/{operation.id}"
    reply = Reply(202, None, {"Location": f"{at}?api-version={request.api_version}"})
    cloud.operations.hint(operation, reply, _RETRY_AFTER_S)
    return reply


def get_result(cloud: Cloud, request: Request) -> Reply:
    """The Location of a group's deletion: 202 while it runs, 200 when it is done."""
    operation = cloud.operations.get(request.params["operation"])
    if operation is None:
        raise gateway_error(404, "OperationNotFound", "The operation was not found.")
    if operation.running:
        return _follow(cloud, operation, request)
    if operation.error is not None:
        raise ArmError(operation.error_status, operation.error["code"], operation.error["message"])
    return Reply(200)
