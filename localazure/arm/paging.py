"""Paging: a list's whole answer cut into the service's pages, each with the nextLink by which clients go on."""

from __future__ import annotations

import base64
import json
from collections import OrderedDict
from typing import Any
from urllib.parse import quote, urlencode

from localazure.protocol.errors import gateway_error
from localazure.protocol.request import Reply, Request

# What Resource Manager puts on a page, and what a caller may ask for with $top.
LARGEST_PAGE = 1000
# Lists of whole subscriptions, gathered region by region: Compute answers 50 at a time (azure-xplat-cli#2961).
SUBSCRIPTION_PAGES = {"microsoft.compute": 50, "microsoft.network": 250}
# Power states alone are small.
STATUS_ONLY_PAGE = 500
# Never paged: catalogues that the service sends in one piece.
_WHOLE = (
    "microsoft.compute/skus",
    "microsoft.compute/locations",
    "microsoft.network/locations",
    "microsoft.resources/subscriptions",
)
# Kinds whose lists know $top.
_WITH_TOP = ("microsoft.resources/", "microsoft.features/")
# Lists that are being paged through. Each is rendered once; what is gone is rendered again at the place of the token.
_SNAPSHOTS = 8


class Pager:
    """Cuts lists. Belongs to one server."""

    def __init__(self) -> None:
        self._snapshots: OrderedDict[str, list[Any]] = OrderedDict()

    def next_page(self, request: Request) -> Reply | None:
        """The page that a token asks for, of a list that is still at hand; None: the handler must be asked."""
        if "$skiptoken" not in request.query or request.method != "GET":
            return None
        items = self._snapshots.get(_list_key(request))
        return None if items is None else Reply(200, self._cut(request, items))

    def cut(self, request: Request, reply: Reply) -> Reply:
        """One page of what a handler answered; anything but a long list is left as it is."""
        body = reply.body
        if request.method != "GET" or not isinstance(body, dict) or not isinstance(body.get("value"), list):
            return reply
        size = page_size(request)
        if size is None or ("$skiptoken" not in request.query and len(body["value"]) <= size):
            return reply
        return Reply(reply.status, {**body, **self._cut(request, body["value"])}, reply.headers)

    def _cut(self, request: Request, items: list[Any]) -> dict[str, Any]:
        start = _position(request.query.get("$skiptoken"), items)
        end = start + (page_size(request) or LARGEST_PAGE)
        key = _list_key(request)
        if end >= len(items):
            self._snapshots.pop(key, None)
            return {"value": items[start:]}
        self._snapshots[key] = items
        self._snapshots.move_to_end(key)
        while len(self._snapshots) > _SNAPSHOTS:
            self._snapshots.popitem(last=False)
        return {"value": items[start:end], "nextLink": _next_link(request, end, items[end - 1])}


def page_size(request: Request) -> int | None:
    """Items on a page of this list; None when the service sends it whole."""
    kind = request.kind.lower()
    if kind in _WHOLE:
        return None
    size = LARGEST_PAGE
    if "group" not in request.params:
        size = SUBSCRIPTION_PAGES.get(kind.split("/")[0], LARGEST_PAGE)
    if request.query.get("statusonly", "").lower() == "true":
        size = STATUS_ONLY_PAGE
    top = request.query.get("$top")
    if top is None or not kind.startswith(_WITH_TOP):
        return size
    if not top.isascii() or not top.isdecimal() or not 1 <= int(top[:9]) <= LARGEST_PAGE:
        message = f"Invalid $top '{top[:40]}' specified in the query string. It must be between 1 and {LARGEST_PAGE}."
        raise gateway_error(400, "InvalidTopInQueryString", message)
    return int(top)


def _list_key(request: Request) -> str:
    """The same for all pages of one list."""
    rest = sorted((name, value) for name, value in request.query.items() if name != "$skiptoken")
    return f"{request.path.lower()}?{rest}"


def _id(item: Any) -> str:
    return str(item.get("id", "")) if isinstance(item, dict) else ""


def _next_link(request: Request, end: int, last: Any) -> str:
    """The address of the next page: this one's with all its query, and where to go on."""
    token = base64.urlsafe_b64encode(json.dumps([end, _id(last)]).encode()).decode()
    query = urlencode({**request.query, "$skiptoken": token}, quote_via=quote, safe="$")
    return f"{request.base_url}{quote(request.path)}?{query}"


def _position(token: str | None, items: list[Any]) -> int:
    """Where a page begins: behind the last item of the page before, wherever that is now."""
    if token is None:
        return 0
    try:
        end, last = json.loads(base64.urlsafe_b64decode(token.encode()))
        end = max(0, int(end))
    except (ValueError, TypeError, OverflowError, RecursionError):
        message = f"The skip token '{token[:100]}' is not valid."
        raise gateway_error(400, "InvalidSkipToken", message) from None
    if not last or (end <= len(items) and _id(items[end - 1]) == last):
        return end
    return next((place + 1 for place, item in enumerate(items) if _id(item) == last), end)
