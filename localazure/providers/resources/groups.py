"""Resource groups, their deletion in the order of dependencies, and the lists of all resources."""

from __future__ import annotations

import re
from typing import Any

from localazure.arm import ids, locations, shape
from localazure.arm.cloud import Cloud
from localazure.arm.errors import ArmError, gateway_error
from localazure.arm.operations import Operation
from localazure.arm.request import Reply, Request, listing
from localazure.arm.router import Route
from localazure.providers.common import envelope
from localazure.providers.compute import vm_life
from localazure.providers.network import vnets
from localazure.store.resources import Group, Resource

KIND = "Microsoft.Resources/resourceGroups"
_RETRY_AFTER_S = 15.0
# Users before what they use; whatever is not named here goes last.
_ORDER = [
    "microsoft.compute/virtualmachines",
    "microsoft.compute/disks",
    "microsoft.network/networkinterfaces",
    "microsoft.network/publicipaddresses",
    "microsoft.network/virtualnetworks",
    "microsoft.network/networksecuritygroups",
]


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
        Route("GET", f"{subscription}/resources", list_resources, "Microsoft.Resources/resources"),
        Route("GET", f"{one}/resources", list_resources, "Microsoft.Resources/resources"),
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
    tag = re.fullmatch(r"tagname eq '(.*?)'(?: and tagvalue eq '(.*?)')?", request.query.get("$filter", ""), re.I)
    if tag:
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
    shape.check(request.body, {"location": str, "managedBy": str, "properties": dict})
    asked = request.body.get("location")
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
        existing.name if existing else name, location, shape.tags(request.body), request.body.get("managedBy")
    )
    cloud.store.put_group(group)
    return Reply(200 if existing else 201, _render(cloud, group))


def patch_group(cloud: Cloud, request: Request) -> Reply:
    group = cloud.writable_group(request.params["group"])
    if "tags" in request.body:
        group.tags = shape.tags(request.body)
    cloud.store.put_group(group)
    return Reply(200, _render(cloud, group))


def get_group(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, _render(cloud, cloud.group(request.params["group"])))


def head_group(cloud: Cloud, request: Request) -> Reply:
    return Reply(204 if cloud.store.group(request.params["group"]) else 404)


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

    def failed(_: Operation) -> None:
        group.state = "Succeeded"
        cloud.store.put_group(group)

    if operation is not None:
        cloud.operations.run(operation, work, failed)
        return operation
    return cloud.operations.start("groups", group.location, target, "delete", work, failed)


async def _empty(cloud: Cloud, group: Group) -> None:
    """Remove the group's resources; those that a resource of another group uses stay, and then this raises."""
    left: list[Resource] = []

    def rank(one: Resource) -> int:
        kind = one.type.lower()
        return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)

    for resource in sorted(cloud.store.in_group(group.name), key=rank):
        kind = resource.type.lower()
        if cloud.store.get(resource.id) is None:
            continue  # went with its virtual machine
        if kind == _ORDER[0]:
            await vm_life.remove(cloud, resource)
            continue
        users = _users(cloud, resource)
        if any(one.id.group.lower() != group.name.lower() for one in users) and kind.startswith("microsoft.network/"):
            left.append(resource)
        elif kind == "microsoft.network/virtualnetworks":
            await vnets.remove(cloud, resource)
        else:
            cloud.store.delete(resource.id)
    if left:
        names = ", ".join(str(one.id) for one in left)
        message = (
            f"Deletion of resource group '{group.name}' failed as resources with identifiers '{names}' are in use."
        )
        raise ArmError(409, "ResourceGroupDeletionBlocked", message)


def _users(cloud: Cloud, resource: Resource) -> list[Resource]:
    """What refers to a resource, or to a subnet in it."""
    inner = [resource.id.child("subnets", one["name"]) for one in resource.properties.get("subnets", ())]
    return [user for target in (resource.id, *inner) for user in cloud.store.referrers(target)]


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


# all resources

_CLAUSE = re.compile(r"\s*(\w+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*", re.I)


def list_resources(cloud: Cloud, request: Request) -> Reply:
    group = request.params.get("group")
    found = cloud.store.in_group(group) if group else cloud.store.all()
    wanted = _filter(request.query.get("$filter", ""))
    items = []
    for resource in found:
        if resource.type.count("/") > 1 and not resource.location:
            continue
        if all(_matches(resource, *clause) for clause in wanted) and _matches_tag(resource, wanted):
            body = envelope(resource, {})
            del body["properties"]
            if "provisioningstate" in request.query.get("$expand", "").lower():
                body["provisioningState"] = resource.state
            items.append(body)
    return listing(items)


def _filter(text: str) -> list[tuple[str, str, str]]:
    clauses = []
    for part in re.split(r"\s+and\s+", text, flags=re.I) if text.strip() else []:
        match = _CLAUSE.fullmatch(part)
        if match is None:
            raise gateway_error(
                400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string."
            )
        name, comparison, value = match.groups()
        clauses.append((name.lower(), comparison.lower(), value.replace("''", "'").lower()))
    return clauses


def _matches(resource: Resource, name: str, comparison: str, value: str) -> bool:
    values = {
        "resourcetype": resource.type,
        "name": resource.name,
        "location": resource.location,
        "resourcegroup": resource.id.group,
    }
    if name not in values:
        return name in ("tagname", "tagvalue")
    return (values[name].lower() == value) == (comparison == "eq")


def _matches_tag(resource: Resource, wanted: list[tuple[str, str, str]]) -> bool:
    clauses = {name: value for name, _, value in wanted}
    if "tagname" not in clauses:
        return True
    tags = {name.lower(): text.lower() for name, text in (resource.tags or {}).items()}
    found = tags.get(clauses["tagname"])
    return found is not None and clauses.get("tagvalue") in (None, found)
