"""User-assigned managed identities: principals that machines can carry."""

from __future__ import annotations

import re
import uuid
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import shape
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers import crud, kinds, model
from localazure.providers.common import envelope, existing, place
from localazure.providers.model import ANY, READ_ONLY, named, obj
from localazure.store.resources import Resource

KIND = kinds.USER_IDENTITY
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{2,127}", re.I)
_MODEL = obj(
    "Identity",
    **named("id name type systemData", READ_ONLY), location=ANY, tags=ANY,
    properties=obj(
        "UserAssignedIdentityProperties", isolationScope=str, **named("tenantId principalId clientId", READ_ONLY)
    ),
)  # fmt: skip


def routes() -> list[Route]:
    return crud.routes(
        KIND, "identity", show=render, put=put, patch=patch, delete=crud.delete_at_once(KIND, "identity")
    )


def render(cloud: Cloud, request: Request, identity: Resource) -> dict[str, Any]:
    return envelope(identity, identity.properties)


def put(cloud: Cloud, request: Request) -> Reply:
    """Made at once; its principal and client ids stay the same when it is written again."""
    identifier = request.resource_id(KIND, "identity")
    if not _NAME.fullmatch(identifier.name):
        message = (
            f"The resource name '{identifier.name}' is invalid. It must be 3 to 128 characters long, begin with a "
            "letter or number, and hold letters, numbers, '-' and '_' only."
        )
        raise ArmError(400, "BadRequest", message)
    given = model.read(request.body, _MODEL, model.FRONT_DOOR)
    location, tags = place(cloud, request, identifier)
    before = cloud.store.get(identifier)
    properties = dict(before.properties) if before else {
        "tenantId": cloud.settings.tenant, "principalId": str(uuid.uuid4()), "clientId": str(uuid.uuid4()),
    }  # fmt: skip
    properties.update(_scope(given))
    identity = cloud.store.put(Resource(identifier, location, tags or {}, properties))
    body = render(cloud, request, identity)
    return Reply(200, body) if before else Reply(201, body, {"Location": str(identity.id)})


def _scope(given: dict[str, Any]) -> dict[str, Any]:
    scope = (given.get("properties") or {}).get("isolationScope")
    return {"isolationScope": scope} if scope else {}


def patch(cloud: Cloud, request: Request) -> Reply:
    identity = existing(cloud, request.resource_id(KIND, "identity"))
    identity.properties = {**identity.properties, **_scope(model.read(request.body, _MODEL, model.FRONT_DOOR))}
    if "tags" in request.body:
        identity.tags = shape.tags(request.body) or {}
    cloud.store.put(identity)
    return Reply(200, render(cloud, request, identity))
