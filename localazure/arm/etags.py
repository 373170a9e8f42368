"""Etags: If-Match and If-None-Match checked before a handler is asked, and the ETag header of what is read.

Network's etags are weak (`W/"..."`), also those of children that are kept in their parent (subnets, rules), which
are the parent's. Both forms, with and without `W/`, name the same etag.
"""

from __future__ import annotations

from localazure.protocol import ids
from localazure.protocol.errors import ArmError, invalid_parameter
from localazure.protocol.request import Reply, Request
from localazure.store.resources import ResourceStore

_WRITES = ("PUT", "PATCH", "DELETE")
_NAMESPACES = ("microsoft.network", "microsoft.compute")


def check(store: ResourceStore, request: Request) -> None:
    """Raise ArmError 412 when a write's conditions don't hold for the resource that its path names.

    Compute knows If-None-Match with * alone: "other values will result in error from server as they are not supported".
    """
    must, must_not = request.headers.get("if-match"), request.headers.get("if-none-match")
    namespace = request.kind.split("/")[0].lower()
    if (must is None and must_not is None) or request.method not in _WRITES or namespace not in _NAMESPACES:
        return
    try:
        identifier = ids.parse(request.path)
    except ArmError:
        return
    if namespace == "microsoft.compute" and must_not not in (None, "*"):
        message = f"The value '{must_not}' of header If-None-Match is not supported. Only '*' is."
        raise invalid_parameter("If-None-Match", message)
    holder = store.holder(identifier)
    current = holder.etag if holder is not None else None
    if must is not None and not _names(must, current):
        raise _mismatch(namespace, must, current, identifier)
    if must_not is not None and _names(must_not, current):
        message = f"Resource {identifier} already exists and its etag matches the if-none-match header."
        raise _refused(namespace, message)


def named(request: Request, reply: Reply) -> Reply:
    """A read of one resource that has an etag says it in a header too."""
    if request.method in ("GET", "HEAD") and isinstance(reply.body, dict) and isinstance(reply.body.get("etag"), str):
        reply.headers.setdefault("ETag", reply.body["etag"])
    return reply


def _names(header: str, current: str | None) -> bool:
    """Whether a header's list of etags names this one; `*` names any that exists."""
    given = [one.strip() for one in header.split(",")]
    return current is not None and ("*" in given or current in [one.removeprefix("W/").strip('"') for one in given])


def _mismatch(namespace: str, given: str, current: str | None, identifier: ids.ResourceId) -> ArmError:
    shown = f'W/"{current}"' if current is not None else "(none)"
    where = f"resource {identifier} in NRP data store." if namespace == "microsoft.network" else "resource."
    return _refused(namespace, f"Etag provided in if-match header {given} does not match etag {shown} of {where}")


def _refused(namespace: str, message: str) -> ArmError:
    if namespace == "microsoft.network":
        details = [{"code": "PreconditionFailedEtagMismatch", "message": message}]
        return ArmError(412, "PreconditionFailed", "Precondition failed.", details=details)
    return ArmError(412, "PreconditionFailed", message)
