"""The HTTPS server: one aiohttp handler that turns HTTP into a Request, asks the router, and answers with a Reply."""

from __future__ import annotations

import inspect
import json
import logging
import ssl
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from localazure.arm import versions
from localazure.arm.cloud import Cloud
from localazure.arm.errors import ArmError, gateway_error
from localazure.arm.request import Reply, Request
from localazure.arm.router import Route, Router

log = logging.getLogger(__name__)

LARGEST_BODY = 4 * 1024 * 1024  # Resource Manager's own limit
_BODY_METHODS = ("PUT", "PATCH", "POST")


class ArmServer:
    """Serves one Cloud. `routes` are those of all providers."""

    def __init__(self, cloud: Cloud, routes: list[Route]) -> None:
        self.cloud = cloud
        self.router = Router(routes)
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, port: int, tls_folder: Path) -> int:
        """Listen on loopback; port 0 takes a free one. Returns the port. Raises OSError when it is taken."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
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
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            "X-Content-Type-Options": "nosniff",
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": http.headers.get("x-ms-correlation-request-id", request_id),
            "x-ms-routing-request-id": f"LOCAL:{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}:{request_id}",
            **reply.headers,
        }
        if http.headers.get("x-ms-return-client-request-id", "").lower() == "true":
            headers["x-ms-client-request-id"] = http.headers.get("x-ms-client-request-id", "")
        # The path alone is logged: bodies and queries may hold what nobody else should read.
        log.info("%s %s %d %.1f ms", http.method, http.path, reply.status, (time.perf_counter() - started) * 1000)
        if reply.body is None:
            return web.Response(status=reply.status, headers=headers)
        text = json.dumps(reply.body, separators=(",", ":"), ensure_ascii=False)
        return web.Response(status=reply.status, headers=headers, text=text, content_type="application/json")

    async def _answer(self, http: web.Request) -> Reply:
        parts = [unquote(part) for part in http.rel_url.raw_path.split("/") if part]
        try:
            route, params = self.router.find(http.method, parts)
        except ArmError:
            self.cloud.authority.check(http.headers.get("Authorization"))
            raise
        query = {name.lower(): value for name, value in http.query.items()}
        base_url = f"https://{http.host}"
        if route.open:
            form = dict(await http.post()) if http.method == "POST" else None
            request = Request(http.method, http.path, params, query, form, "", base_url)
        else:
            self.cloud.authority.check(http.headers.get("Authorization"))
            api_version = self._admit(route, params, query)
            body = await self._body(http, route)
            request = Request(http.method, http.path, params, query, body, api_version, base_url, route.kind)
        reply = route.handler(self.cloud, request)
        if inspect.isawaitable(reply):
            reply = await reply
        return Reply(204, None, reply.headers) if http.method == "HEAD" and reply.status == 200 else reply

    def _admit(self, route: Route, params: dict[str, str], query: dict[str, str]) -> str:
        """What Resource Manager checks before a provider is asked; returns the api-version."""
        subscription = params.get("subscription")
        if subscription is not None and subscription.lower() != self.cloud.settings.subscription:
            message = f"The subscription '{subscription}' could not be found."
            raise gateway_error(404, "SubscriptionNotFound", message)
        api_version = query.get("api-version", "")
        if route.kind:
            versions.check(route.kind, api_version, params.get("location", ""))
        elif not api_version:
            versions.check("Microsoft.Resources/resources", api_version)
        if "group" in params and route.kind != "Microsoft.Resources/resourceGroups":
            # A group that goes can still be read, and what is in it deleted.
            writes = route.method in ("PUT", "PATCH", "POST")
            group = (self.cloud.writable_group if writes else self.cloud.group)(params["group"])
            params["group"] = group.name
        return api_version

    async def _body(self, http: web.Request, route: Route) -> Any:
        if http.method not in _BODY_METHODS:
            return None
        try:
            data = await http.read()
        except web.HTTPRequestEntityTooLarge:
            message = f"The request content size exceeds the maximum size of '{LARGEST_BODY // 2**20} MB'."
            raise gateway_error(413, "RequestContentTooLarge", message) from None
        if not data.strip():
            if http.method == "POST":
                return {}
            raise gateway_error(400, "InvalidRequestContent", "The request content was invalid: it is empty.")
        if http.content_type not in ("application/json", "text/json"):
            message = (
                f"The content media type '{http.content_type}' is not supported. Only 'application/json' is supported."
            )
            raise gateway_error(415, "UnsupportedMediaType", message)
        return parse_json(data)


def parse_json(data: bytes) -> dict[str, Any]:
    """A body as an object; raises ArmError InvalidRequestContent for anything else."""
    try:
        body = json.loads(data.decode("utf-8-sig"))
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (
        ValueError,
        RecursionError,
    ) as error:  # broken JSON, broken UTF-8, half characters, NaN, nesting without end
        reason = str(error) if isinstance(error, json.JSONDecodeError) else type(error).__name__
        message = f"The request content was invalid and could not be deserialized: '{reason}'."
        raise gateway_error(400, "InvalidRequestContent", message) from None
    if not isinstance(body, dict):
        message = "The request content was invalid and could not be deserialized: 'a JSON object is required'."
        raise gateway_error(400, "InvalidRequestContent", message)
    return body
