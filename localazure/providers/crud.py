"""The routes that most types of resources have: lists, reading, writing, tags and deleting, declared in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import shape
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Handler, Route
from localazure.providers.common import existing
from localazure.providers.model import FRONT_DOOR
from localazure.store.resources import Resource

# What clients send back of what they have read, beside the tags that they change.
_NOT_PATCHED = ("tags", "id", "name", "type", "location", "etag")
# The body of an answer that shows a resource.
Show = Callable[[Cloud, Request, Resource], dict[str, Any]]


def address(full_type: str, *names: str) -> str:
    """The pattern of a resource's path. `names` are those of its variables, a parent's first: ("vm", "extension")."""
    namespace, *types = full_type.split("/")
    parts = "".join(f"/{one}/{{{name}}}" for one, name in zip(types, names, strict=True))
    return f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{namespace}{parts}"


def routes(
    full_type: str,
    *names: str,
    show: Show | None = None,
    show_in_list: Show | None = None,
    list_all: Handler | None = None,
    get: Handler | None = None,
    put: Handler | None = None,
    patch: Handler | None = None,
    delete: Handler | None = None,
) -> list[Route]:
    """The routes of a type in a group, or of one that has a parent; what has no handler is not served.

    `show` is how GET answers, and lists too unless they have a `show_in_list`; `get` and `list_all` are for types that
    need more. A type without a parent is listed by group and by subscription, another one by its parent.
    """
    if show is not None:
        get = get or _get(full_type, names, show)
        list_all = list_all or _list(full_type, names, show_in_list or show)
    one = address(full_type, *names)
    lists = [one.rpartition("/")[0]]
    if len(names) == 1:
        lists.append(f"/subscriptions/{{subscription}}/providers/{full_type}")
    return _table(full_type, lists, one, list_all, {"GET": get, "PUT": put, "PATCH": patch, "DELETE": delete})


def scoped_routes(
    full_type: str, name: str, *, list_all: Handler, get: Handler, put: Handler | None = None,
    delete: Handler | None = None,
) -> list[Route]:  # fmt: skip
    """The routes of a type that belongs to whatever id is in front of it: a subscription, a group or a resource."""
    at = f"{{scope}}/providers/{full_type}"
    return _table(full_type, [at], f"{at}/{{{name}}}", list_all, {"GET": get, "PUT": put, "DELETE": delete})


def _table(
    full_type: str, lists: Sequence[str], one: str, list_all: Handler | None, methods: Mapping[str, Handler | None]
) -> list[Route]:
    found = [Route("GET", pattern, list_all, full_type) for pattern in lists if list_all is not None]
    return found + [Route(method, one, handler, full_type) for method, handler in methods.items() if handler]


# handlers


def _get(full_type: str, names: Sequence[str], show: Show) -> Handler:
    def get(cloud: Cloud, request: Request) -> Reply:
        _parent(cloud, request, full_type, names)
        return Reply(200, show(cloud, request, existing(cloud, request.resource_id(full_type, *names))))

    return get


def _list(full_type: str, names: Sequence[str], show: Show) -> Handler:
    def list_all(cloud: Cloud, request: Request) -> Reply:
        parent = _parent(cloud, request, full_type, names)
        if parent is not None:
            found = cloud.store.children(parent.id, full_type)
        else:
            found = cloud.store.of_type(full_type, request.params.get("group"))
        return listing([show(cloud, request, one) for one in found])

    return list_all


def _parent(cloud: Cloud, request: Request, full_type: str, names: Sequence[str]) -> Resource | None:
    """The parent in the path, if the type has one; raises ArmError ResourceNotFound when it is not there."""
    if len(names) == 1:
        return None
    return existing(cloud, request.resource_id(full_type.rpartition("/")[0], *names[:-1]))


def patch_tags(full_type: str, name: str, show: Show, headers: Mapping[str, str] | None = None) -> Handler:
    """PATCH of a type of which nothing but tags can be changed in this way."""

    def patch(cloud: Cloud, request: Request) -> Reply:
        resource = existing(cloud, request.resource_id(full_type, name))
        _refuse_all_but_tags(request.body)
        if "tags" in request.body:
            resource.tags = shape.tags(request.body)
            cloud.store.put(resource)
        return Reply(200, show(cloud, request, resource), dict(headers or {}))

    return patch


def _refuse_all_but_tags(body: dict[str, Any]) -> None:
    """Raise ArmError for what such a PATCH would have to leave as it is. Members without a value ask for nothing."""
    for name, value in body.items():
        if name not in _NOT_PATCHED and value not in (None, {}):
            raise FRONT_DOOR.unknown("TagsObject", name, name)


def delete_at_once(full_type: str, name: str, refuse_used: Callable[[Cloud, Resource], None] | None = None) -> Handler:
    """DELETE of a type that is nothing but its entry: 200, or 204 when it is not there. `refuse_used` may raise."""

    def delete(cloud: Cloud, request: Request) -> Reply:
        found = cloud.store.get(request.resource_id(full_type, name))
        if found is None:
            return Reply(204)
        if refuse_used is not None:
            refuse_used(cloud, found)
        cloud.store.delete(found.id)
        return Reply(200)

    return delete
