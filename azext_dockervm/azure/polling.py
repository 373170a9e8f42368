"""Following one of Azure's operations to its end: often enough, not too often, and through outages."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from azure.core.exceptions import DecodeError, HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.polling import PollingMethod
from azure.core.rest import HttpRequest

from azext_dockervm.azure.errors import Lost
from azext_dockervm.azure.pipeline import LONGEST_POLL_PAUSE_SECONDS, retry_after
from azext_dockervm.azure.watching import FAILED, SUCCEEDED, Watch, provisioning_state
from azext_dockervm.flow.deadline import Deadline

# Seconds before the 2nd, 3rd and later polls where Azure sends no Retry-After. Compute's operation GETs hold 45 and
# refill by 15 a minute: 1, 2, 4, 4, ... stays inside; azure-core's own 30 s would double the length of a create.
POLL_SECONDS = (1.0, 2.0, 4.0)
# Azure goes on with an operation though nobody asks for it: a network that is away for a moment must not end a create.
OUTAGE_SECONDS = 120.0
# Seconds that one poll may be silent: its answer is short, and another poll does as well.
POLL_READ_SECONDS = 30.0


class Operation(PollingMethod[None]):
    """What a ``begin_`` method gets for its polling: it keeps the first answer, and polls in ``wait``, in the caller's
    own thread."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._client: Any = None
        self._first: Any = None

    # What azure-core asks of a polling method. It has "finished" from the start, so that no thread is made for it.

    def initialize(self, client: Any, initial_response: Any, _deserialize: Callable[..., Any]) -> None:
        self._client, self._first = client, initial_response.http_response

    def run(self) -> None:
        pass

    def status(self) -> str:
        return ""

    def finished(self) -> bool:
        return True

    def resource(self) -> None:
        return None

    # For the caller

    @property
    def first_status(self) -> int:
        """The HTTP status of the first answer."""
        return int(self._first.status_code)

    def wait(self, watch: Watch | None = None) -> tuple[bool, dict[str, Any] | None]:
        """Until the operation has ended, or ``watch`` has seen what it makes → whether there was one, and the resource:
        what the one answer held where there was none, else what was seen; None where the operation told.

        Raises ``HttpResponseError`` with the answer that tells of a failure, ``Lost`` where Azure accepted what it
        does not tell the end of, and what ``Deadline.sleep`` raises.
        """
        polls = self._polls()
        if polls is None:
            return False, self._at_once()
        first = _json(self._first) or {}
        if watch is None or not watch.can_tell(first, is_new=self._first.status_code == 201):
            return True, follow(polls, self._deadline)
        if provisioning_state(first).lower() in SUCCEEDED:
            return True, follow(polls, self._deadline, watch)
        polls.state = provisioning_state(first)
        # What is said to be at work is not polled at once: the first answer says when.
        return True, follow(polls, self._deadline, watch, _retry_after(self._first.headers) or POLL_SECONDS[0])

    def _polls(self) -> Polls | None:
        headers, accepted = self._first.headers, self._first.status_code == 202
        url = headers.get("Azure-AsyncOperation") or headers.get("Operation-Location")
        if url:
            return Polls(self._client, url, _state_of_operation, self._deadline)
        if accepted and headers.get("Location"):
            return Polls(self._client, headers["Location"], _state_of_location, self._deadline)
        if accepted:
            raise Lost("Azure accepted the request, but does not say where to ask for its end.")
        return None

    def _at_once(self) -> dict[str, Any] | None:
        """For changes that take no operation, and for those whose end the resource alone tells."""
        body = _json(self._first)
        if body is None:
            if self._first.text():
                raise DecodeError(response=self._first)
            return None
        state = provisioning_state(body)
        if state.lower() in FAILED:
            raise HttpResponseError(response=self._first)
        if state and state.lower() not in SUCCEEDED:
            raise Lost(f"Azure accepted the request, and its state is '{state}'.")
        return body


class Polls:
    """The polls of one operation: its address, and what it said last."""

    def __init__(self, client: Any, url: str, state_of: Callable[[Any], str], deadline: Deadline) -> None:
        self._client, self._url, self._state_of, self._deadline = client, url, state_of, deadline
        self.state = ""
        self._asked, self._answered = 0, time.monotonic()

    def poll(self) -> float | None:
        """Ask once → seconds until it may be asked again; None where the operation has succeeded."""
        pause = POLL_SECONDS[min(self._asked, len(POLL_SECONDS) - 1)]
        self._asked += 1
        try:
            response = self._ask()
            self.state = self._state_of(response)
        except (ServiceRequestError, ServiceResponseError, DecodeError, OutOfOrder) as error:
            if time.monotonic() - self._answered > OUTAGE_SECONDS:
                raise
            return max(pause, error.pause if isinstance(error, OutOfOrder) else 0.0)
        self._answered = time.monotonic()
        if self.state.lower() in FAILED:
            raise HttpResponseError(response=response)
        return None if self.state.lower() in SUCCEEDED else _retry_after(response.headers) or pause

    def _ask(self) -> Any:
        # One attempt each: whoever follows repeats it, with pauses that the budget for such requests bears.
        response = self._client.send_request(HttpRequest("GET", self._url), deadline=self._deadline, retry_total=0,
                                             read_timeout=POLL_READ_SECONDS)
        if response.status_code in (408, 429) or response.status_code >= 500:
            raise OutOfOrder(response=response)
        if response.status_code in (404, 410):
            raise Lost("Azure does not know the operation any more")
        if response.status_code >= 400:
            raise HttpResponseError(response=response)
        return response


def follow(polls: Polls, deadline: Deadline, watch: Watch | None = None, pause: float = 0.0) -> dict[str, Any] | None:
    """Poll, the first time after ``pause`` seconds, and look by ``watch`` in between → what was seen to be ready; None
    where the operation told its end. The clock counts pauses only."""
    now, poll_at = 0.0, pause
    look_at = watch.pause() if watch else math.inf
    while True:
        until = min(poll_at, look_at)
        if until > now:
            deadline.sleep(until - now, f"Azure's operation is '{polls.state or 'not known yet'}'")
            now = until
        if watch and look_at <= now:
            found = watch.look()
            if found is not None:
                return found
            if watch.is_odd:
                poll_at = now
            look_at = now + watch.pause()
        if poll_at <= now:
            next_pause = polls.poll()
            if next_pause is None:
                return None
            poll_at = now + next_pause


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


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that the service asks to wait; 0 where it says none."""
    return min(retry_after(headers), LONGEST_POLL_PAUSE_SECONDS)
