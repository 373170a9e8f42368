"""Requests as a trace may hold them: method, path and api-version, without the ids and queries that open things."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from azext_dockervm.flow import trace

# The id of an operation can be a token that tells its state to whoever has it; so may whatever is as long as one.
_OPERATION = re.compile(r"(/\w*operation(?:s|results?|status(?:es)?)?)/[^/]+$", re.IGNORECASE)
_LONG = re.compile(r"[^/]{81,}")
_SUBSCRIPTION = re.compile(r"^/subscriptions/[^/]+", re.IGNORECASE)
_VERSION = re.compile(r"[\w.-]{1,40}")


def attempt(request: Any, number: int, send: Callable[[], Any]) -> Any:
    """The answer of ``send``, which sends an azure-core ``request`` for the ``number``-th time."""
    if not trace.is_on():
        return send()
    with trace.call(request.method, shown_path(request.url), shown_version(request.url), number) as call:
        answer = send()
        call.status = answer.http_response.status_code
        return answer


def shown_path(url: str) -> str:
    path = _SUBSCRIPTION.sub("/subscriptions/…", unquote(urlsplit(url).path))
    return _LONG.sub("…", _OPERATION.sub(r"\1/…", path))


def shown_version(url: str) -> str:
    found = parse_qs(urlsplit(url).query).get("api-version", [""])[0]
    return found if _VERSION.fullmatch(found) else ""
