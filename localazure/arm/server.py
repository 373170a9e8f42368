"""The HTTPS server: one aiohttp handler that turns HTTP into a Request, asks the router, and answers with a Reply."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import ssl
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from localazure.arm import admission, etags, interceptor
from localazure.arm.cloud import Cloud
from localazure.arm.paging import Pager
from localazure.behavior import faults
from localazure.protocol import shape
from localazure.protocol.errors import ArmError, gateway_error
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route, Router
from localazure.template import jsonc

log = logging.getLogger(__name__)

LARGEST_BODY = 4 * 1024 * 1024  # Resource Manager's own limit
BODY_TIMEOUT_S = 60.0
DEEPEST_BODY = 128  # objects and arrays in each other
_TEMPLATES = "Microsoft.Resources/deployments"  # templates may have comments in them
_BODY_METHODS = ("PUT", "PATCH", "POST")


class ArmServer:
    """Serves one Cloud. `routes` are those of all providers."""

    def __init__(self, cloud: Cloud, routes: list[Route]) -> None:
        self.cloud = cloud
        self.router = Router(routes)
        cloud.dispatch = self.dispatch
        self._pager = Pager()
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, port: int, tls_folder: Path) -> int:
        """Listen on loopback; port 0 takes a free one. Returns the port. Raises OSError when it is taken."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", r"/{path:[\s\S]*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handle_signals=False)
        await self._runner.setup()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls_folder / "server.pem", tls_folder / "server-key.pem")
        site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=context, backlog=256)
        await site.start()
        server: Any = site._server  # aiohttp has no public way to learn a port that the system chose
        self.port = server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, http: web.Request) -> web.StreamResponse:
        return await faults.serve(self.cloud.behavior, http, self._respond)

    async def _respond(self, http: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        try:
            reply = await self._answer(http)
        except ArmError as error:
            reply = Reply(error.status, error.body(), error.headers)
        except Exception:  # noqa: BLE001 - the border: a client gets Azure's own words, the log the traceback
            log.exception("%s %s broke", http.method, http.path)
            reply = Reply(
                500, {"error": {"code": "InternalServerError", "message": "Encountered internal server error."}}
            )
        headers = {
            "Cache-Control": "no-cache",
            "Pragma": "no-cache",
            "Expires": "-1",
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            "X-Content-Type-Options": "nosniff",
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": http.headers.get("x-ms-correlation-request-id", request_id),
            "x-ms-routing-request-id": f"LOCAL:{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}:{request_id}",
            **interceptor.budget_headers(),
            **reply.headers,
        }
        if "/providers/microsoft.network/" in http.path.lower() and "x-ms-failure-cause" not in reply.headers:
            headers["x-ms-arm-service-request-id"] = str(uuid.uuid4())
        if http.headers.get("x-ms-return-client-request-id", "").lower() == "true":
            headers["x-ms-client-request-id"] = http.headers.get("x-ms-client-request-id", "")
        # The path alone is logged: bodies and queries may hold what nobody else should read.
        # As it came: decoded it could hold lines of its own.
        took = (time.perf_counter() - started) * 1000
        log.info("%s %s %d %.1f ms", http.method, http.rel_url.raw_path, reply.status, took)
        if reply.body is None:
            return web.Response(status=reply.status, headers=headers)
        if isinstance(reply.body, bytes):  # a blob, with a content type of its own
            return web.Response(status=reply.status, headers=headers, body=reply.body)
        text = json.dumps(reply.body, separators=(",", ":"), ensure_ascii=False)
        return web.Response(status=reply.status, headers=headers, text=text, content_type="application/json")

    async def _answer(self, http: web.Request) -> Reply:
        given = faults.reply()
        if given is not None:
            return given
        parts = _parts(http.rel_url.raw_path)
        try:
            route, params = self.router.find(http.method, parts)
        except ArmError:
            self.cloud.authority.check(http.headers.get("Authorization"))
            raise
        query = {name.lower(): value for name, value in http.query.items()}
        headers = {name.lower(): value for name, value in http.headers.items()}
        base_url, path = f"https://{http.host}", "/" + "/".join(parts)
        if route.open:
            form = await self._form(http) if http.method == "POST" else None
            request = Request(http.method, path, params, query, form, "", base_url, "", headers)
            return await self._ask(route, request)
        caller = self.cloud.authority.check(headers.get("authorization"))
        interceptor.count_request(self.cloud.behavior, http.method, path, caller)
        api_version = admission.admit(self.cloud, route, params, query)
        body = await self._body(http, route.body, comments=route.kind == _TEMPLATES)
        request = Request(
            http.method, path, params, query, body, api_version, base_url, route.kind, headers, caller.get("oid", "")
        )
        return await self._perform(route, request)

    async def dispatch(
        self, method: str, path: str, api_version: str, body: Any, base_url: str, *,
        query: Mapping[str, str] | None = None, caller: str = "",
    ) -> Reply:  # fmt: skip
        """A call that a deployment or a batch makes: checked and answered as a client's. Raises ArmError.

        `path` is as in an id; what else `query` has is in lower-case names.
        """
        route, params = self.router.find(method, [part for part in path.split("/") if part])
        if route.open:
            raise gateway_error(404, "NotFound", "The requested path was not found.")
        asked = {**(query or {}), "api-version": api_version}
        known = admission.admit(self.cloud, route, params, asked)
        request = Request(method, path, params, asked, body, known, base_url, route.kind, caller=caller)
        return await faults.inside(self.cloud.behavior, request, lambda: self._perform(route, request))

    async def _perform(self, route: Route, request: Request) -> Reply:
        request = replace(request, body=shape.with_own_names(request.body))
        admission.refuse_locked(self.cloud, request)
        admission.refuse_unregistered(self.cloud, request)
        admission.refuse_reserved(request)
        etags.check(self.cloud.store, request)
        reply = self._pager.next_page(request)
        if reply is None:
            reply = etags.named(request, self._pager.cut(request, await self._ask(route, request)))
        return Reply(204, None, reply.headers) if request.method == "HEAD" and reply.status == 200 else reply

    async def _ask(self, route: Route, request: Request) -> Reply:
        if not route.open:
            return await interceptor.call_handler(self.cloud, route.handler, request)
        reply = route.handler(self.cloud, request)
        return await reply if inspect.isawaitable(reply) else reply

    async def _form(self, http: web.Request) -> dict[str, Any]:
        """The body of a call of sign-in or of the directory: a form or JSON."""
        if http.content_type == "application/json":
            return await self._body(http)
        try:
            fields = await asyncio.wait_for(http.post(), BODY_TIMEOUT_S)
            return {name: value for name, value in fields.items() if isinstance(value, str)}
        except web.HTTPRequestEntityTooLarge:
            raise _too_large() from None
        except asyncio.TimeoutError:
            raise _too_late() from None
        except (ValueError, LookupError, OSError, web.RequestPayloadError) as error:  # not the form that it says
            message = f"The request content was invalid: {type(error).__name__}."
            raise gateway_error(400, "InvalidRequestContent", message) from None

    async def _body(self, http: web.Request, required: bool = True, comments: bool = False) -> Any:
        if http.method not in _BODY_METHODS:
            return None
        try:
            data = await asyncio.wait_for(http.read(), BODY_TIMEOUT_S)
        except web.HTTPRequestEntityTooLarge:
            raise _too_large() from None
        except asyncio.TimeoutError:
            raise _too_late() from None
        except (OSError, HttpProcessingError, web.RequestPayloadError) as error:  # cut short, or not as it is encoded
            message = f"The request content was invalid: {type(error).__name__}."
            raise gateway_error(400, "InvalidRequestContent", message) from None
        if not data.strip():
            if http.method == "POST" or not required:
                return {}
            raise gateway_error(400, "InvalidRequestContent", "The request content was invalid: it is empty.")
        if http.content_type not in ("application/json", "text/json"):
            message = (
                f"The content media type '{http.content_type}' is not supported. Only 'application/json' is supported."
            )
            raise gateway_error(415, "UnsupportedMediaType", message)
        return parse_json(data, comments)


def _parts(raw_path: str) -> list[str]:
    """The parts of a path, decoded. The first may be a whole scope, whose slashes some clients send as %2F."""
    first, *rest = [unquote(part) for part in raw_path.split("/") if part] or [""]
    return [*(part for part in first.split("/") if part), *rest]


def _too_late() -> ArmError:
    return gateway_error(408, "RequestTimeout", "The request content did not arrive in time.")


def _too_large() -> ArmError:
    message = f"The request content size exceeds the maximum size of '{LARGEST_BODY // 2**20} MB'."
    return gateway_error(413, "RequestContentTooLarge", message)


def parse_json(data: bytes, comments: bool = False) -> dict[str, Any]:
    """A body as an object, in which comments may be; raises ArmError InvalidRequestContent for anything else."""
    try:
        body = (jsonc if comments else json).loads(data.decode("utf-8-sig"))
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (
        ValueError,
        RecursionError,
    ) as error:  # broken JSON, broken UTF-8, half characters, NaN, nesting without end
        reason = str(error) if isinstance(error, json.JSONDecodeError) else type(error).__name__
        message = f"The request content was invalid and could not be deserialized: '{reason}'."
        raise gateway_error(400, "InvalidRequestContent", message) from None
    if _depth(body) > DEEPEST_BODY:
        message = (
            "The request content was invalid and could not be deserialized: 'The reader's MaxDepth of "
            f"{DEEPEST_BODY} has been exceeded.'."
        )
        raise gateway_error(400, "InvalidRequestContent", message)
    if not isinstance(body, dict):
        message = "The request content was invalid and could not be deserialized: 'a JSON object is required'."
        raise gateway_error(400, "InvalidRequestContent", message)
    return body


def _depth(body: Any) -> int:
    """How many objects and arrays are in each other; no more are looked into than may be."""
    depth, level = 0, [body]
    while level and depth <= DEEPEST_BODY:
        level = [
            inner
            for one in level if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]  # fmt: skip
        depth += 1
    return depth
