"""User-assigned managed identities: principals that machines can carry."""

from __future__ import annotations

import re
import uuid
from typing import Any

from localazure.arm import shape
from localazure.arm.cloud import Cloud
from localazure.arm.errors import ArmError
from localazure.arm.request import Reply, Request, listing
from localazure.arm.router import Route
from localazure.providers import kinds
from localazure.providers.common import envelope, existing, place
from localazure.store.resources import Resource

KIND = kinds.USER_IDENTITY
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{2,127}", re.I)
_SHAPE: dict[str, Any] = {"properties": {"isolationScope": str}}


def routes() -> list[Route]:
    in_group = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{KIND}"
    return [
        Route("GET", in_group, list_all, KIND),
        Route("GET", f"/subscriptions/{{subscription}}/providers/{KIND}", list_all, KIND),
        Route("GET", f"{in_group}/{{identity}}", get, KIND),
        Route("PUT", f"{in_group}/{{identity}}", put, KIND),
        Route("PATCH", f"{in_group}/{{identity}}", patch, KIND),
        Route("DELETE", f"{in_group}/{{identity}}", delete, KIND),
    ]


def render(identity: Resource) -> dict[str, Any]:
    return envelope(identity, identity.properties)


def list_all(cloud: Cloud, request: Request) -> Reply:
    return listing([render(one) for one in cloud.store.of_type(KIND, request.params.get("group"))])


def get(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, render(existing(cloud, request.resource_id(KIND, "identity"))))


def put(cloud: Cloud, request: Request) -> Reply:
    """Made at once; its principal and client ids stay the same when it is written again."""
    identifier = request.resource_id(KIND, "identity")
    if not _NAME.fullmatch(identifier.name):
        message = (
            f"The resource name '{identifier.name}' is invalid. It must be 3 to 128 characters long, begin with a "
            "letter or number, and hold letters, numbers, '-' and '_' only."
        )
        raise ArmError(400, "BadRequest", message)
    shape.check(request.body, _SHAPE)
    location, tags = place(cloud, request, identifier)
    before = cloud.store.get(identifier)
    properties = dict(before.properties) if before else {
        "tenantId": cloud.settings.tenant, "principalId": str(uuid.uuid4()), "clientId": str(uuid.uuid4()),
    }  # fmt: skip
    scope = (request.body.get("properties") or {}).get("isolationScope")
    if scope:
        properties["isolationScope"] = scope
    identity = cloud.store.put(Resource(identifier, location, tags or {}, properties))
    return Reply(200, render(identity)) if before else Reply(201, render(identity), {"Location": str(identity.id)})


def patch(cloud: Cloud, request: Request) -> Reply:
    identity = existing(cloud, request.resource_id(KIND, "identity"))
    shape.check(request.body, _SHAPE)
    if "tags" in request.body:
        identity.tags = shape.tags(request.body) or {}
    cloud.store.put(identity)
    return Reply(200, render(identity))


def delete(cloud: Cloud, request: Request) -> Reply:
    identifier = request.resource_id(KIND, "identity")
    if cloud.store.get(identifier) is None:
        return Reply(204)
    cloud.store.delete(identifier)
    return Reply(200)
