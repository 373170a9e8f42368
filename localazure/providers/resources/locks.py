"""Management locks of subscriptions, groups and resources; arm/admission.py lets them take effect."""

from __future__ import annotations

from typing import Any

from localazure.arm.admission import LOCKS
from localazure.arm.cloud import Cloud
from localazure.protocol.errors import gateway_error
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import crud, model
from localazure.providers.common import spelled
from localazure.providers.model import READ_ONLY, named, obj

_LEVELS = ("CanNotDelete", "ReadOnly")
_MODEL = obj(
    "ManagementLockObject", **named("id name type systemData", READ_ONLY),
    properties=obj(
        "ManagementLockProperties", **named("level notes", str),
        owners=[obj("ManagementLockOwner", applicationId=str)],
    ),
)  # fmt: skip
LONGEST_NOTES = 512


def routes() -> list[Route]:
    return crud.scoped_routes(LOCKS, "lock", list_all=list_locks, get=get, put=put, delete=delete)


def _id(request: Request) -> str:
    return f"{request.params['scope']}/providers/{LOCKS}/{request.params['lock']}"


def _render(lock: dict[str, Any]) -> dict[str, Any]:
    return {"properties": lock["properties"], "id": lock["id"], "type": LOCKS, "name": lock["name"]}


def list_locks(cloud: Cloud, request: Request) -> Reply:
    """Those around a scope, at it and, but for `$filter=atScope()`, in it."""
    scope = request.params["scope"].lower()
    inner = "atscope()" not in request.query.get("$filter", "").lower()
    found = []
    for lock in cloud.records.all("lock"):
        at = lock["scope"].lower()
        if f"{scope}/".startswith(f"{at}/") or (inner and at.startswith(f"{scope}/")):
            found.append(_render(lock))
    return listing(found)


def get(cloud: Cloud, request: Request) -> Reply:
    lock = cloud.records.get("lock", _id(request))
    if lock is None:
        raise gateway_error(404, "LockNotFound", f"The lock '{request.params['lock']}' could not be found.")
    return Reply(200, _render(lock))


def put(cloud: Cloud, request: Request) -> Reply:
    given = model.read(request.body, _MODEL, model.FRONT_DOOR).get("properties") or {}
    asked = given.get("level") or ""
    level = spelled(asked, _LEVELS)
    if level is None:
        message = f"The lock level '{asked}' is invalid. The supported lock levels are '{', '.join(_LEVELS)}'."
        raise gateway_error(400, "InvalidLockLevel", message)
    notes = given.get("notes") or ""
    if len(notes) > LONGEST_NOTES:
        message = f"The lock notes exceed the maximum length of '{LONGEST_NOTES}' characters."
        raise gateway_error(400, "InvalidLockNotes", message)
    before = cloud.records.get("lock", _id(request))
    properties: dict[str, Any] = {"level": level}
    if notes:
        properties["notes"] = notes
    if given.get("owners"):
        properties["owners"] = given["owners"]
    lock = {
        "scope": request.params["scope"],
        "id": before["id"] if before else _id(request),
        "name": before["name"] if before else request.params["lock"],
        "properties": properties,
    }
    cloud.records.put("lock", _id(request), lock)
    return Reply(200 if before else 201, _render(lock))


def delete(cloud: Cloud, request: Request) -> Reply:
    if cloud.records.get("lock", _id(request)) is None:
        return Reply(204)
    cloud.records.delete("lock", _id(request))
    return Reply(200)
