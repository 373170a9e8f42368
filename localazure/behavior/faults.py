"""Faults: what rules do to requests and answers on the wire: cut connections, silence, half bodies, a proxy's page."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from aiohttp import web

from localazure.behavior.behavior import Behavior, operation_rule, spoils_operation
from localazure.behavior.rules import Rule
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]
_rule: ContextVar[Rule | None] = ContextVar("rule", default=None)
_HEALTH = "/metadata/endpoints"  # `up` and `status` ask here whether the server answers
_FOREVER_S = 86400.0
_PAGE = (
    "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>"
    "\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


async def serve(behavior: Behavior, http: web.Request, respond: Respond) -> web.StreamResponse:
    """Answer a request, spoiled by the first rule that applies to it."""
    rule = None
    if http.path != _HEALTH:
        api_version = next((value for name, value in http.query.items() if name.lower() == "api-version"), "")
        rule = behavior.rule_for(http.method, http.path, api_version, http.headers)
    if rule is None:
        return await respond(http)
    if spoils_operation(rule):
        token = operation_rule.set(rule)
        try:
            return await respond(http)
        finally:
            operation_rule.reset(token)
    if rule.options.get("when", "before") == "before" and rule.do in _INSTEAD:
        return await _INSTEAD[rule.do](rule, http)
    token = _rule.set(rule)
    try:
        response = await respond(http)
    finally:
        _rule.reset(token)
    if rule.do in _INSTEAD:
        return await _INSTEAD[rule.do](rule, http)
    return await _spoil(rule, http, response)


def reply() -> Reply | None:
    """The answer that a rule gives to the request at hand in the server's place."""
    rule = _rule.get()
    return _given(rule) if rule is not None and rule.do == "answer" else None


def _given(rule: Rule) -> Reply:
    options = rule.options
    body = options.get("body")
    if body is None and options["status"] >= 400:
        message = options.get("message", "Answered so by a rule of behavior.json.")
        body = {"error": {"code": options.get("code", "InternalServerError"), "message": message}}
    headers = dict(options.get("headers", {}))
    if options.get("retry_after") is not None:
        headers["Retry-After"] = options["retry_after"]
    return Reply(options["status"], body, headers)


async def inside(behavior: Behavior, request: Request, perform: Callable[[], Awaitable[Reply]]) -> Reply:
    """A call within the service (a deployment's), which has no connection: answers and operations can be spoiled."""
    rule = behavior.rule_for(request.method, request.path, request.api_version, request.headers, ("answer",))
    if rule is None:
        return await perform()
    if rule.do == "answer":
        given = _given(rule)
        if given.status < 400:
            return given
        error = (given.body or {}).get("error") or {}
        raise ArmError(given.status, error.get("code", "InternalServerError"), error.get("message", ""))
    token = operation_rule.set(rule)
    try:
        return await perform()
    finally:
        operation_rule.reset(token)


async def _spoil(rule: Rule, http: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if rule.do == "slow":
        await asyncio.sleep(rule.options["seconds"])
    elif rule.do == "retry_after":
        for name in ("Retry-After", "retry-after-ms"):
            response.headers.popall(name, None)
        if rule.options["value"] is not None:
            response.headers["Retry-After"] = rule.options["value"]
    elif rule.do == "truncate" and isinstance(response, web.Response):
        return await _truncate(rule, http, response)
    return response


async def _truncate(rule: Rule, http: web.Request, whole: web.Response) -> web.StreamResponse:
    """All headers, with the length of the whole body; a part of the body; then the end of the connection."""
    body = whole.body if isinstance(whole.body, bytes) else b""
    part = web.StreamResponse(status=whole.status, headers=whole.headers)
    part.content_length = len(body)
    await part.prepare(http)
    sent = body[: rule.options.get("bytes", len(body) // 2)]
    if sent:
        await part.write(sent)
    _close(http)
    return part


async def _html(rule: Rule, _: web.Request) -> web.StreamResponse:
    response = web.Response(status=rule.options.get("status", 502), content_type="text/html")
    response.text = _PAGE.format(status=response.status, reason=response.reason)
    response.headers["Server"] = "nginx"
    return response


async def _reset(_: Rule, http: web.Request) -> web.StreamResponse:
    """End the connection by a TCP reset."""
    transport = http.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            # To linger for no time makes the kernel send RST.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)


async def _cut(_: Rule, http: web.Request) -> web.StreamResponse:
    """End the connection in good order, without an answer."""
    _close(http)
    return web.Response(status=500)


def _close(http: web.Request) -> None:
    if http.transport is not None:
        http.transport.close()


async def _silence(rule: Rule, http: web.Request) -> web.StreamResponse:
    """Say nothing until the time is over or the client has gone; then end the connection."""
    left = rule.options.get("seconds", _FOREVER_S)
    while left > 0 and http.transport is not None and not http.transport.is_closing():
        await asyncio.sleep(min(left, 0.5))
        left -= 0.5
    return await _cut(rule, http)


_INSTEAD: dict[str, Callable[[Rule, web.Request], Awaitable[web.StreamResponse]]] = {
    "html": _html, "reset": _reset, "close": _cut, "silence": _silence,
}  # fmt: skip
