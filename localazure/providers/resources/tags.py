"""Tags: the tags of any scope as a resource of their own, and the tag names of the subscription with their use."""

from __future__ import annotations

from collections import Counter
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import shape
from localazure.protocol.errors import gateway_error
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import kinds
from localazure.providers.compute import instance_metadata

_KIND = "Microsoft.Resources/tags"
_SHAPE = {"operation": str, "properties": {"tags": dict}}
# Records: the tags of the subscription itself, and names and values that were made before anything carries them.
_OWN, _NAMES = "subscription-tags", "tag-name"


def routes() -> list[Route]:
    at = f"{{scope}}/providers/{_KIND}/default"
    names = "/subscriptions/{subscription}/tagNames"
    return [
        Route("GET", at, get, _KIND),
        Route("PUT", at, put, _KIND),
        Route("PATCH", at, patch, _KIND),
        Route("DELETE", at, delete, _KIND),
        Route("GET", names, list_names, _KIND),
        Route("PUT", f"{names}/{{tag}}", put_name, _KIND, body=False),
        Route("DELETE", f"{names}/{{tag}}", delete_name, _KIND),
        Route("PUT", f"{names}/{{tag}}/tagValues/{{value}}", put_value, _KIND, body=False),
        Route("DELETE", f"{names}/{{tag}}/tagValues/{{value}}", delete_value, _KIND),
    ]


def _read(cloud: Cloud, scope: str) -> dict[str, str]:
    if scope.count("/") == 2:
        return (cloud.records.get(_OWN, scope) or {}).get("tags", {})
    if scope.count("/") == 4:
        return cloud.group(scope.rpartition("/")[2]).tags or {}
    resource = cloud.store.get(scope)
    if resource is None or not resource.location:
        message = f"The resource '{scope}' does not support tags."
        raise gateway_error(400, "TagsNotSupportedForResource", message)
    return resource.tags or {}


def _write(cloud: Cloud, scope: str, given: dict[str, str]) -> Reply:
    _read(cloud, scope)
    tags = shape.tags({"tags": given}) or {}
    if scope.count("/") == 2:
        cloud.records.put(_OWN, scope, {"tags": tags})
    elif scope.count("/") == 4:
        group = cloud.writable_group(scope.rpartition("/")[2])
        group.tags = tags
        cloud.store.put_group(group)
    else:
        resource = cloud.store.get(scope)
        if resource is not None:
            resource.tags = tags
            cloud.store.put(resource)
            if resource.type == kinds.VM:  # the guest reads them in its metadata
                cloud.background(instance_metadata.push(cloud, resource))
    return Reply(200, _render(scope, tags))


def _render(scope: str, tags: dict[str, str]) -> dict[str, Any]:
    at = f"{scope}/providers/{_KIND}/default"
    return {"id": at, "name": "default", "type": _KIND, "properties": {"tags": tags}}


def _given(request: Request) -> dict[str, str]:
    shape.check(request.body, _SHAPE)
    return shape.tags(request.body.get("properties") or {}) or {}


def get(cloud: Cloud, request: Request) -> Reply:
    scope = request.params["scope"]
    return Reply(200, _render(scope, _read(cloud, scope)))


def put(cloud: Cloud, request: Request) -> Reply:
    """All tags of a scope."""
    return _write(cloud, request.params["scope"], _given(request))


def patch(cloud: Cloud, request: Request) -> Reply:
    """Merge, Replace, or Delete by name (and by value, where one is given)."""
    scope, given = request.params["scope"], _given(request)
    operation = (request.body.get("operation") or "").lower()
    tags = dict(_read(cloud, scope))
    spelled = {name.lower(): name for name in tags}
    if operation == "replace":
        tags = given
    elif operation == "merge":
        tags.update({spelled.get(name.lower(), name): value for name, value in given.items()})
    elif operation == "delete":
        for name, value in given.items():
            if value in ("", tags.get(spelled.get(name.lower(), ""))):
                tags.pop(spelled.get(name.lower(), ""), None)
    else:
        message = f"The tags operation '{request.body.get('operation')}' is invalid: 'Merge', 'Replace' or 'Delete'."
        raise gateway_error(400, "InvalidTagsOperation", message)
    return _write(cloud, scope, tags)


def delete(cloud: Cloud, request: Request) -> Reply:
    _write(cloud, request.params["scope"], {})
    return Reply(200)


# the names of the subscription


def _used(cloud: Cloud) -> dict[str, Counter[str]]:
    """Every tag name, as it was first written, with how often each of its values is used."""
    found: dict[str, Counter[str]] = {}
    spelled: dict[str, str] = {}

    def of(name: str) -> Counter[str]:
        return found.setdefault(spelled.setdefault(name.lower(), name), Counter())

    for record in cloud.records.all(_NAMES):
        of(record["name"]).update({value: 0 for value in record["values"]})
    own = cloud.records.get(_OWN, f"/subscriptions/{cloud.settings.subscription}") or {"tags": {}}
    for tags in (own["tags"], *(one.tags for one in cloud.store.groups()), *(one.tags for one in cloud.store.all())):
        for name, value in (tags or {}).items():
            of(name)[value] += 1
    return found


def _count(number: int) -> dict[str, Any]:
    return {"type": "Total", "value": number}


def _name(cloud: Cloud, name: str, values: Counter[str]) -> dict[str, Any]:
    at = f"/subscriptions/{cloud.settings.subscription}/tagNames/{name}"
    return {
        "id": at,
        "tagName": name,
        "count": _count(sum(values.values())),
        "values": [_value(at, value, number) for value, number in values.items()],
    }


def _value(name_id: str, value: str, number: int) -> dict[str, Any]:
    return {"id": f"{name_id}/tagValues/{value}", "tagValue": value, "count": _count(number)}


def list_names(cloud: Cloud, request: Request) -> Reply:
    return listing([_name(cloud, name, values) for name, values in _used(cloud).items()])


def _of(cloud: Cloud, request: Request) -> tuple[str, Counter[str]]:
    asked = request.params["tag"]
    found = ((name, values) for name, values in _used(cloud).items() if name.lower() == asked.lower())
    return next(found, (asked, Counter()))


def put_name(cloud: Cloud, request: Request) -> Reply:
    name = request.params["tag"]
    shape.tags({"tags": {name: ""}})
    existed = any(one.lower() == name.lower() for one in _used(cloud))
    if cloud.records.get(_NAMES, name) is None:
        cloud.records.put(_NAMES, name, {"name": name, "values": []})
    return Reply(200 if existed else 201, _name(cloud, *_of(cloud, request)))


def delete_name(cloud: Cloud, request: Request) -> Reply:
    name, values = _of(cloud, request)
    if sum(values.values()):
        raise gateway_error(409, "TagNameInUse", f"The tag name '{name}' is in use and can't be deleted.")
    existed = cloud.records.get(_NAMES, name) is not None
    cloud.records.delete(_NAMES, name)
    return Reply(200 if existed else 204)


def put_value(cloud: Cloud, request: Request) -> Reply:
    name, value = request.params["tag"], request.params["value"]
    shape.tags({"tags": {name: value}})
    record = cloud.records.get(_NAMES, name)
    if record is None:
        raise gateway_error(404, "TagNotFound", f"The tag '{name}' could not be found.")
    existed = value in record["values"]
    if not existed:
        cloud.records.put(_NAMES, name, {**record, "values": [*record["values"], value]})
    at = f"/subscriptions/{cloud.settings.subscription}/tagNames/{record['name']}"
    return Reply(200 if existed else 201, _value(at, value, _of(cloud, request)[1][value]))


def delete_value(cloud: Cloud, request: Request) -> Reply:
    name, value = request.params["tag"], request.params["value"]
    record = cloud.records.get(_NAMES, name)
    if record is None or value not in record["values"]:
        return Reply(204)
    if _of(cloud, request)[1][value]:
        raise gateway_error(409, "TagValueInUse", f"The value '{value}' of tag '{name}' is in use.")
    cloud.records.put(_NAMES, name, {**record, "values": [one for one in record["values"] if one != value]})
    return Reply(200)
