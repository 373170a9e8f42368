"""Disks as their first api-version has them: with an account type among the properties instead of a SKU beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Handler, Route
from localazure.providers.common import spelled
from localazure.providers.model import FRONT_DOOR

FIRST = "2016-04-30-preview"


def spoken(route: Route) -> Route:
    """A route of disks that speaks the first version too."""
    return replace(route, handler=_translated(route.handler))


def _translated(handler: Handler) -> Handler:
    def handle(cloud: Cloud, request: Request) -> Reply:
        if request.api_version != FIRST:
            reply: Reply = handler(cloud, request)
            return reply
        reply = handler(cloud, replace(request, body=_with_sku(request.body)))
        body = reply.body
        if isinstance(body, dict):
            whole = "value" in body
            body = {"value": [_with_account_type(one) for one in body["value"]]} if whole else _with_account_type(body)
        return Reply(reply.status, body, reply.headers)

    return handle


def _with_sku(body: Any) -> Any:
    """The body with a SKU instead of its account type; names count without regard to case. Raises ArmError for both."""
    if not isinstance(body, dict):
        return body
    if spelled("sku", body) is not None:
        raise FRONT_DOOR.unknown("ResourceDefinition", "sku", "sku")
    inner = spelled("properties", body)
    properties = body[inner] if inner else None
    account_type = spelled("accountType", properties) if isinstance(properties, dict) else None
    if inner is None or account_type is None:
        return body
    kept = {name: value for name, value in properties.items() if name != account_type}
    return {**body, inner: kept, "sku": {"name": properties[account_type]}}


def _with_account_type(disk: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in disk.items() if name != "sku"}
    return {**rest, "properties": {"accountType": disk["sku"]["name"], **disk["properties"]}}
