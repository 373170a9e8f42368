"""Terms of the namespaces that other companies run: they are accepted for the subscription, and no more."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import shape
from localazure.protocol.errors import invalid_namespace
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route
from localazure.providers.common import spelled

# `az provider register --accept-terms` knows these.
_NAMESPACES = ("Microsoft.Confluent", "Microsoft.Datadog")
_NAME = "default"
_RECORD = "agreement"


def routes() -> list[Route]:
    one = f"/subscriptions/{{subscription}}/providers/{{namespace}}/agreements/{_NAME}"
    return [Route("GET", one, get), Route("PUT", one, put)]


def _namespace(request: Request) -> str:
    namespace = spelled(request.params["namespace"], _NAMESPACES)
    if namespace is None:
        raise invalid_namespace(request.params["namespace"])
    return namespace


def _shown(cloud: Cloud, namespace: str) -> dict[str, Any]:
    record = cloud.records.get(_RECORD, namespace) or {"accepted": False}
    return {
        "id": f"/subscriptions/{cloud.settings.subscription}/providers/{namespace}/agreements/{_NAME}",
        "name": _NAME,
        "type": f"{namespace}/agreements",
        "properties": {"accepted": record["accepted"]},
    }


def get(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, _shown(cloud, _namespace(request)))


def put(cloud: Cloud, request: Request) -> Reply:
    namespace = _namespace(request)
    shape.check(request.body, {"properties": {"accepted": bool}})
    accepted = bool((request.body.get("properties") or {}).get("accepted"))
    cloud.records.put(_RECORD, namespace, {"accepted": accepted})
    return Reply(200, _shown(cloud, namespace))
