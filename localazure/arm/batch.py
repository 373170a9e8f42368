"""POST /batch: several calls in one, as the portal and Ansible's inventory make them.

Azure does not document it. How it is asked and answers is known from public programs that use it.
"""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from localazure.arm import interceptor
from localazure.arm.cloud import Cloud
from localazure.protocol import shape
from localazure.protocol.errors import ArmError, gateway_error
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route

log = logging.getLogger(__name__)

# How many calls there may be: the programs of the newest version send 20 at a time, Ansible up to 500.
_MOST = {"2015-11-01": 500, "2016-07-01": 500, "2020-06-01": 20}
_CALL = {"httpMethod": str, "url": str, "relativeUrl": str, "name": str, "headers": dict, "requestHeaderDetails": dict}
# Headers on which it depends whether a call may be carried out; others only tell who asks and for what.
_CONDITIONS = ("if-match", "if-none-match")
_METHODS = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")


def routes() -> list[Route]:
    return [Route("POST", "/batch", perform)]


async def perform(cloud: Cloud, request: Request) -> Reply:
    """One call after the other; the answer has a response for each, in their order."""
    most = _MOST.get(request.api_version)
    if most is None:
        known = ", ".join(_MOST)
        message = f"The api-version '{request.api_version}' is invalid. The supported versions are '{known}'."
        raise gateway_error(400, "InvalidApiVersionParameter", message)
    shape.check(request.body, {"requests": [_CALL]})
    calls = request.body.get("requests") or []
    if not 1 <= len(calls) <= most:
        message = f"The request content was invalid: a batch has 1 to {most} requests, and this one {len(calls)}."
        raise gateway_error(400, "InvalidRequestContent", message)
    return Reply(200, {"responses": [await _response(cloud, request, call) for call in calls]})


async def _response(cloud: Cloud, request: Request, call: dict[str, Any]) -> dict[str, Any]:
    try:
        reply = await _reply(cloud, request, call)
    except ArmError as error:
        reply = Reply(error.status, error.body(), error.headers)
    except Exception:  # noqa: BLE001 - one call that breaks takes no other along; the log has the traceback
        log.exception("a call of a batch broke")
        reply = Reply(500, {"error": {"code": "InternalServerError", "message": "Encountered internal server error."}})
    response: dict[str, Any] = {"httpStatusCode": reply.status, "headers": reply.headers, "contentLength": 0}
    if call.get("name"):
        response["name"] = call["name"]
    if reply.body is not None:
        text = json.dumps(reply.body, separators=(",", ":"), ensure_ascii=False)
        response.update(content=reply.body, contentLength=len(text.encode()))
    return response


async def _reply(cloud: Cloud, request: Request, call: dict[str, Any]) -> Reply:
    method = (call.get("httpMethod") or "GET").upper()
    url = _address(call.get("url") or call.get("relativeUrl") or "")
    path = "/" + "/".join(unquote(part) for part in url.path.split("/") if part)
    if method not in _METHODS or path.lower() == "/batch":
        message = f"The request content was invalid: '{method} {path}' can't be a part of a batch."
        raise gateway_error(400, "InvalidRequestContent", message)
    given = {**(call.get("headers") or {}), **(call.get("requestHeaderDetails") or {})}
    if any(name.lower() in _CONDITIONS for name in given):
        message = "Local Azure obeys no conditions within a batch (If-Match, If-None-Match): send the call alone."
        raise gateway_error(400, "BatchConditionNotSupportedByLocalAzure", message)
    body = call.get("content")
    if body is None and method == "POST":
        body = {}
    if method in ("PUT", "PATCH", "POST") and not isinstance(body, dict):
        raise gateway_error(400, "InvalidRequestContent", "The request content was invalid: it is empty.")
    query = {name.lower(): value for name, value in parse_qsl(url.query, keep_blank_values=True)}
    interceptor.count_part(cloud.behavior, method, path)
    return await cloud.dispatch(
        method, path, query.get("api-version", ""), body, request.base_url, query=query, caller=request.caller
    )


def _address(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:  # such as a bracket that is never closed
        message = f"The request content was invalid: '{text}' is no address."
        raise gateway_error(400, "InvalidRequestContent", message) from None
