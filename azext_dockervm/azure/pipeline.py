"""The policies that the SDK's clients get from us: api-version, pages as on the wire, and repeating by a deadline.

Three options go with a call, which these policies take away before a transport would see them: ``deadline``,
``spoken_version`` and ``pages``.
"""

from __future__ import annotations

import copy
import json
import logging
import math
import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline import PipelineContext, PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import RetryPolicy, SansIOHTTPPolicy
from azure.core.rest import HttpRequest

from azext_dockervm.azure import traced
from azext_dockervm.azure.errors import is_web_page
from azext_dockervm.errors import AnswerUnreadable, AzureRefused, DeadlinePassed, Interrupted
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.waiting import Call
from azext_dockervm.printable import printable

logger = logging.getLogger("cli.azext_dockervm.azure")

# Seconds for making a connection and for each piece of an answer. ARM itself ends a request after 60; azure-core would
# wait 300 for either.
CONNECT_SECONDS = 20.0
READ_SECONDS = 90.0
# Seconds for one request in all, from its token to the last byte: only a server that trickles needs more.
WHOLE_SECONDS = 180.0
# Seconds that a write which is on its way still has when its time is over: what was sent is carried out, and who undoes
# it right away has to find it there. Never more than a part of all the time.
SETTLE_SECONDS, SETTLE_PART = 5.0, 0.08
# With no deadline to wait for, nobody sits through a longer Retry-After.
LONGEST_PAUSE_SECONDS = 300.0
# Azure's own longest for an operation are some 100 s; by a longer one a poll would miss the end of what it follows.
LONGEST_POLL_PAUSE_SECONDS = 120.0
# The first retry comes at once, the second after 1.6 s, the third after 3.2 s.
RETRIES = 3
BACKOFF_FACTOR = 0.8

Asked = PipelineRequest[Any]
Answered = PipelineResponse[Any, Any]

REGISTRATION_VERSION = "2016-02-01"
REGISTRATION_PAUSE_SECONDS = 5.0
UNREGISTERED = re.compile(r"namespace '([\w.]+)'")


def client_options(registers: bool = True) -> dict[str, Any]:
    """What each client is made with. A policy belongs to one pipeline, so these are made anew each time. ``registers``:
    the subscription is registered for a provider that it has never used, which is a write."""
    return {"per_call_policies": [ApiVersionPolicy(), PagesPolicy()], "retry_policy": DeadlineRetryPolicy(registers)}


class ApiVersionPolicy(SansIOHTTPPolicy[Any, Any]):
    """Writes the call's api-version into its URL: into each page's too, where the SDK goes back to its own."""

    def on_request(self, request: Asked) -> None:
        version = request.context.options.pop("spoken_version", None)
        if version:
            request.http_request.url = re.sub(r"(?<=[?&]api-version=)[^&]*", version, request.http_request.url)


class Pages(list[Any]):
    """The pages of one list, as they came."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: set[str] = set()

    def ask(self, url: str) -> None:
        """A page that names one before it as the next one would have no end."""
        if url in self._asked:
            raise AnswerUnreadable("Azure's list leads back to a page that was read already.", why="unreadable")
        self._asked.add(url)


class PagesPolicy(SansIOHTTPPolicy[Any, Any]):
    """Keeps each page of a list as it came: the SDK's models lose what they do not know."""

    def on_request(self, request: Asked) -> None:
        pages = request.context["pages"] = request.context.options.pop("pages", None)
        if pages is not None:
            pages.ask(request.http_request.url)

    def on_response(self, request: Asked, response: Answered) -> None:
        pages = request.context.get("pages")
        if pages is not None and response.http_response.status_code == 200:
            pages.append(json.loads(response.http_response.text()))


class DeadlineRetryPolicy(RetryPolicy[Any, Any]):
    """Repeats what azure-core would repeat, but never beyond the call's deadline, and awake to its cancellation."""

    def __init__(self, registers: bool = True) -> None:
        self._registers = registers
        self._place: tuple[str, str | None, int | None] | None = None
        super().__init__(retry_total=RETRIES, retry_connect=RETRIES, retry_read=RETRIES, retry_status=RETRIES,
                         retry_backoff_factor=BACKOFF_FACTOR)

    def send(self, request: Asked) -> Answered:
        # It stays among the options: other policies send requests of their own with those of this one.
        deadline = request.context.options.get("deadline") or Deadline.never()
        deadline = deadline.within(deadline.patience)
        self._check_place(request.http_request.url)
        response = self._send(request, deadline)
        namespace = _unregistered_namespace(response)
        if namespace and not self._registers:
            raise HttpResponseError(response=response.http_response)    # the SDK would register for an answer
        if namespace and self._register(request, deadline, namespace):
            # Azure answers a request with the same id as it did before.
            request.http_request.headers["x-ms-client-request-id"] = str(uuid.uuid4())
            response = self._send(request, deadline)
        return response

    def _check_place(self, url: str) -> None:
        """Next pages, operations and redirects are followed on the client's own server only: whoever else is named
        would get the login's token. A client's first request goes to the cloud's own endpoint."""
        parts = urlsplit(url)
        place = (parts.scheme.lower(), parts.hostname, parts.port or (443 if parts.scheme.lower() == "https" else None))
        if self._place is None:
            self._place = place
        if place != self._place:
            raise AzureRefused(f"Azure's answer leads to another server ('{printable(str(parts.hostname))}'), which "
                               "was not asked: it would get this login's token.")

    def _send(self, request: Asked, deadline: Deadline) -> Answered:
        settings = self.configure_retries(request.context.options)
        while True:
            try:
                response: Answered = traced.attempt(request.http_request, len(settings["history"]) + 1,
                                                    lambda: self._attempt(request, deadline))
            except AzureError as error:
                pause = self._pause_after_error(settings, request, error)
                if pause is None or pause > deadline.remaining():
                    raise
                said = "none"
            else:
                pause = self._pause_after_answer(settings, response, deadline)
                if pause is None:
                    self.update_context(response.context, settings)
                    _check(response)
                    return response
                said = f"HTTP {response.http_response.status_code}"
            state = f"Azure's answer to {_named(request)} was {said}"
            if pause > deadline.remaining():
                raise DeadlinePassed(f"the time allowed ({deadline.seconds:.0f} s) does not suffice; {state}, and it "
                                     f"asks to wait {pause:.0f} s")
            deadline.sleep(pause, state)

    def _pause_after_error(self, settings: dict[str, Any], request: Asked, error: AzureError) -> float | None:
        """Seconds until the request may be sent again; None where it may not."""
        method = request.http_request.method
        # Half an answer: what it was about has happened, and sent again it would be refused because of itself.
        broken = isinstance(error, HttpResponseError) and method != "GET"
        if broken or isinstance(error, ClientAuthenticationError) or not self._is_method_retryable(
                settings, request.http_request) or not self.increment(settings, response=request, error=error):
            return None
        return self.get_backoff_time(settings)

    def _pause_after_answer(self, settings: dict[str, Any], response: Answered, deadline: Deadline) -> float | None:
        """Seconds until the request may be sent again; None where the answer is to be taken."""
        if not self.is_retry(settings, response) or not self.increment(settings, response=response):
            return None
        pause = retry_after(response.http_response.headers) or self.get_backoff_time(settings)
        return None if pause > LONGEST_PAUSE_SECONDS and math.isinf(deadline.remaining()) else pause

    def _attempt(self, request: Asked, deadline: Deadline) -> Answered:
        """Send once, in a thread of its own, and read the whole answer there."""
        state = f"waiting for the answer to {_named(request)}"
        deadline.check(state)
        limit = deadline.within(WHOLE_SECONDS)
        is_read = request.http_request.method in ("GET", "HEAD")
        settle = 0.0 if is_read else min(SETTLE_SECONDS, SETTLE_PART * deadline.seconds)
        read_seconds = request.context.options.get("read_timeout") or READ_SECONDS
        own = _copy(request, stream=False, connection_timeout=min(CONNECT_SECONDS, limit.remaining()),
                    read_timeout=min(read_seconds, limit.remaining() + settle))
        call = Call(lambda: self.next.send(own))
        try:
            return call.result(limit, state)
        except (DeadlinePassed, Interrupted) as error:
            call.wait(settle)
            if deadline.passed or isinstance(error, Interrupted):
                raise
            raise ServiceResponseTimeoutError(f"no whole answer within {WHOLE_SECONDS:.0f} s") from error
        finally:
            if not call.has_ended:
                # Its token may come yet: what nobody waits for any more must not be sent then.
                own.http_request.url = ""

    def _register(self, request: Asked, deadline: Deadline, namespace: str) -> bool:
        """As the SDK's own policy does, which sleeps 10 s at a time, whatever the deadline, and has no end."""
        prefix = _subscription_url(request.http_request.url)
        if prefix is None:
            return False

        def ask(method: str, path: str) -> Answered:
            url = f"{prefix}/providers/{namespace}{path}?api-version={REGISTRATION_VERSION}"
            return self._send(PipelineRequest(HttpRequest(method, url), request.context), deadline)

        logger.warning("The subscription is being registered for %s, which it has not used before.", namespace)
        answer = ask("POST", "/register")
        while answer.http_response.status_code == 200:
            if json.loads(answer.http_response.text()).get("registrationState") == "Registered":
                return True
            deadline.sleep(REGISTRATION_PAUSE_SECONDS, f"the subscription is being registered for {namespace}")
            answer = ask("GET", "")
        return False


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that the service asks to wait: by a number, or by a date; 0 where it says none, or what is neither."""
    for name, unit in (("Retry-After", 1.0), ("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001)):
        text = (headers.get(name) or "").strip()
        if re.fullmatch(r"[0-9]{1,9}", text):
            return int(text) * unit
        if text and unit == 1.0:
            return _seconds_until(text)
    return 0.0


def _seconds_until(date: str) -> float:
    try:
        found = parsedate_to_datetime(date)
        return max(0.0, (found - datetime.now(found.tzinfo or timezone.utc)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0


def _check(response: Answered) -> None:
    """The SDKs take a web page for an answer, trip over it, and keep nothing of it that would tell what it was."""
    http = response.http_response
    if http.status_code < 300 and is_web_page(http):
        raise DecodeError(response=http)


def _copy(request: Asked, **options: Any) -> Asked:
    """One that a thread of its own can use up: policies take options away, and write headers."""
    http = copy.copy(request.http_request)
    http.headers = copy.copy(http.headers)
    kept = {name: value for name, value in request.context.options.items() if name != "deadline"}
    context = PipelineContext(request.context.transport, **{**kept, **options})
    for key, value in request.context.items():
        context[key] = value
    return PipelineRequest(http, context)


def _named(request: Asked) -> str:
    """Method and resource; never the query, which holds signatures."""
    path = urlsplit(request.http_request.url).path
    return f"{request.http_request.method} {path.rpartition('/providers/')[2]}"


def _subscription_url(url: str) -> str | None:
    found = re.match(r"https?://[^/]+/subscriptions/[^/?]+", url)
    return found and found.group(0)


def _unregistered_namespace(response: Answered) -> str | None:
    """Of which the subscription makes its first use, by the code and the name in the refusal."""
    if response.http_response.status_code != 409:
        return None
    try:
        error = json.loads(response.http_response.text())["error"]
        found = error["code"] == "MissingSubscriptionRegistration" and UNREGISTERED.search(error["message"])
    except (ValueError, KeyError, TypeError):
        return None
    return found.group(1) if found else None
