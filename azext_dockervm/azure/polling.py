"""Following one of Azure's operations to its end: often enough, not too often, and through outages."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from azure.core.exceptions import DecodeError, HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.polling import PollingMethod
from azure.core.rest import HttpRequest

from azext_dockervm.azure.errors import Lost
from azext_dockervm.flow.deadline import Deadline

# Seconds before the 2nd, 3rd and later polls where Azure sends no Retry-After. Compute's operation GETs hold 45 and
# refill by 15 a minute: 1, 2, 4, 4, ... stays inside; azure-core's own 30 s would double the length of a create.
POLL_SECONDS = (1.0, 2.0, 4.0)
# Azure goes on with an operation though nobody asks for it: a network that is away for a moment must not end a create.
OUTAGE_SECONDS = 120.0
# Seconds that one poll may be silent: its answer is short, and another poll does as well.
POLL_READ_SECONDS = 30.0

FAILED = frozenset({"failed", "canceled"})
SUCCEEDED = frozenset({"succeeded"})


class Operation(PollingMethod[None]):
    """What a ``begin_`` method gets for its polling: it keeps the first answer, and polls in ``wait``, in the caller's
    own thread."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._client: Any = None
        self._first: Any = None
        self._state = ""

    # What azure-core asks of a polling method. It has "finished" from the start, so that no thread is made for it.

    def initialize(self, client: Any, initial_response: Any, _deserialize: Callable[..., Any]) -> None:
        self._client, self._first = client, initial_response.http_response

    def run(self) -> None:
        pass

    def status(self) -> str:
        return self._state

    def finished(self) -> bool:
        return True

    def resource(self) -> None:
        return None

    # For the caller

    def wait(self) -> tuple[bool, dict[str, Any] | None]:
        """Until the operation has ended → whether it was followed, and else what its one answer held.

        Raises ``HttpResponseError`` with the answer that tells of a failure, ``Lost`` where Azure accepted what it
        does not tell the end of, and what ``Deadline.sleep`` raises.
        """
        headers, accepted = self._first.headers, self._first.status_code == 202
        url = headers.get("Azure-AsyncOperation") or headers.get("Operation-Location")
        if url:
            self._poll(url, _state_of_operation)
        elif accepted and headers.get("Location"):
            self._poll(headers["Location"], _state_of_location)
        elif accepted:
            raise Lost("Azure accepted the request, but does not say where to ask for its end.")
        else:
            return False, self._at_once()
        return True, None

    def _at_once(self) -> dict[str, Any] | None:
        """For changes that take no operation, and for those whose end the resource alone tells."""
        body = _json(self._first)
        if body is None:
            if self._first.text():
                raise DecodeError(response=self._first)
            return None
        self._state = provisioning_state(body)
        if self._state.lower() in FAILED:
            raise HttpResponseError(response=self._first)
        if self._state and self._state.lower() not in SUCCEEDED:
            raise Lost(f"Azure accepted the request, and its state is '{self._state}'.")
        return body

    def _poll(self, url: str, state_of: Callable[[Any], str]) -> None:
        asked, answered = 0, time.monotonic()
        while True:
            pause = POLL_SECONDS[min(asked, len(POLL_SECONDS) - 1)]
            asked += 1
            try:
                response = self._ask(url)
                self._state = state_of(response)
            except (ServiceRequestError, ServiceResponseError, DecodeError, OutOfOrder) as error:
                if time.monotonic() - answered > OUTAGE_SECONDS:
                    raise
                pause = max(pause, error.pause if isinstance(error, OutOfOrder) else 0.0)
            else:
                answered = time.monotonic()
                if self._state.lower() in FAILED:
                    raise HttpResponseError(response=response)
                if self._state.lower() in SUCCEEDED:
                    return
                pause = _retry_after(response.headers) or pause
            self._deadline.sleep(pause, f"Azure's operation is '{self._state or 'not known yet'}'")

    def _ask(self, url: str) -> Any:
        # One attempt each: this loop repeats it by itself, with pauses that the budget for such requests bears.
        response = self._client.send_request(HttpRequest("GET", url), deadline=self._deadline, retry_total=0,
                                             read_timeout=POLL_READ_SECONDS)
        if response.status_code in (408, 429) or response.status_code >= 500:
            raise OutOfOrder(response=response)
        if response.status_code in (404, 410):
            raise Lost("Azure does not know the operation any more")
        if response.status_code >= 400:
            raise HttpResponseError(response=response)
        return response


class OutOfOrder(HttpResponseError):
    """An answer that says nothing about the operation, from Azure or from what lies before it: ask again."""

    @property
    def pause(self) -> float:
        """Seconds that whoever answered asks to wait; 0 where it says none."""
        return _retry_after(getattr(self.response, "headers", None) or {})


def _json(response: Any) -> dict[str, Any] | None:
    try:
        value = json.loads(response.text())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _state_of_operation(response: Any) -> str:
    state = (_json(response) or {}).get("status")
    if not isinstance(state, str) or not state:
        raise OutOfOrder(response=response)
    return state


def _state_of_location(response: Any) -> str:
    """A Location URL answers 202 until the end; then what the operation was to give, or nothing."""
    if response.status_code == 202:
        return "InProgress"
    if response.status_code != 204 and response.text() and _json(response) is None:
        raise OutOfOrder(response=response)
    return provisioning_state(_json(response) or {}) or "Succeeded"


def provisioning_state(resource: Mapping[str, Any]) -> str:
    properties = resource.get("properties")
    state = properties.get("provisioningState") if isinstance(properties, Mapping) else None
    return state if isinstance(state, str) else ""


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that the service asks to wait; 0 where it says none."""
    for name, unit in (("Retry-After", 1.0), ("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001)):
        text = headers.get(name) or ""
        if text.isdigit():
            return int(text) * unit
    return 0.0
