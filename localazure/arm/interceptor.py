"""Where the server asks behavior/ about one authorized request, before and after its handler."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.behavior.behavior import Behavior
from localazure.protocol import versions
from localazure.protocol.errors import busy
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Handler

# The claims of the token with which the request at hand came; a deployment's own calls inherit its caller's.
_caller: ContextVar[Mapping[str, Any]] = ContextVar("caller", default={})  # noqa: B039 - never changed in place
_budgets: ContextVar[Mapping[str, str]] = ContextVar("budgets", default={})  # noqa: B039 - the same


def count_request(behavior: Behavior, method: str, path: str, claims: Mapping[str, Any]) -> None:
    """Count a client's request; raises ArmError 429 when it is one too many."""
    _caller.set(claims)
    _budgets.set(behavior.budgets.spend(method, path, str(claims.get("oid", ""))))


def count_part(behavior: Behavior, method: str, path: str) -> None:
    """Count a call within a client's request, as its own."""
    claims = _caller.get()
    behavior.budgets.spend(method, path, str(claims.get("oid", "")))


def budget_headers() -> Mapping[str, str]:
    """The headers that tell what is left after the request at hand; to be asked once."""
    found = _budgets.get()
    _budgets.set({})  # a connection's next request runs in the same context
    return found


async def call_handler(cloud: Cloud, handler: Handler, request: Request) -> Reply:
    """What a provider's handler answers to a client or a deployment, unless behavior.json has it refused."""
    behavior = cloud.behavior
    found = cloud.store.get(request.path.rstrip("/")) if behavior.config.conditions.all("policy") else None
    _refuse_version(cloud, request)
    behavior.refuse(request, _caller.get(), (found.tags if found else None) or {})
    lingering = cloud.operations.lingering(request.path)
    if lingering is not None and request.method not in ("GET", "HEAD", "DELETE"):
        raise busy(lingering.provider, lingering.uri)
    lags = request.method == "PUT" and bool(behavior.config.conditions.all("replication_lag"))
    existed = lags and cloud.store.get(request.path.rstrip("/")) is not None
    if request.method in ("GET", "HEAD"):
        reply = handler(cloud, request)
    else:
        with cloud.database.together():
            reply = handler(cloud, request)
    if inspect.isawaitable(reply):
        reply = await reply
    if lags and (reply.status == 201 or (reply.status == 202 and not existed)):
        behavior.visibility.created(behavior.config.conditions, request)
    return behavior.visibility.without_hidden(request, reply)


def _refuse_version(cloud: Cloud, request: Request) -> None:
    """Raise ArmError NoRegisteredProviderFound for a version that behavior.json does not have served in the region of
    what the request is about: where it is, or shall be."""
    if not cloud.behavior.config.conditions.all("api_versions") or not request.kind:
        return
    body = request.body if isinstance(request.body, dict) else {}
    region = request.params.get("location") or body.get("location") or _region_of(cloud, request.path)
    region = str(region).replace(" ", "").lower()
    served = cloud.behavior.served_versions(request.kind, region)
    if served is not None and request.api_version not in served:
        raise versions.refusal(request.kind, request.api_version, region, served)


def _region_of(cloud: Cloud, path: str) -> str:
    """Of the resource that a path names, or of that which it lies in; "" for none."""
    parts = path.rstrip("/").split("/")
    for cut in range(3):
        found = cloud.store.get("/".join(parts[: len(parts) - cut]))
        if found is not None:
            return found.location or ""
    return ""
