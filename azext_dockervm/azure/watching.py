"""Whether a write has ended well, by reading what it writes: sooner than its operation is asked, never against it.

The operation stays the judge. What is read counts as the end only where it can't be anything else: it is ready, it is
as it was asked for, and it is not what was there before. In doubt, and for every failure, the operation is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from azext_dockervm.azure.resources import Resource, says
from azext_dockervm.errors import AnswerUnreadable, AzureRefused, AzureUnreachable

FAILED = frozenset({"failed", "canceled"})
SUCCEEDED = frozenset({"succeeded"})

# Looks after which a resource that is not found is not looked for any more: its operation tells what became of it.
MISSING_LOOKS = 20


class Watch:
    """Looks at the resource that is written. ``look`` reads it once (None: it is not there); ``asked`` is the write's
    body; ``pauses`` are the seconds before each look, of which the last one stays. ``is_change``: what was there before
    was not as it is asked for.

    ``is_odd`` after a look: what was seen has failed, or is not as it was asked for, for the first time or again. Only
    the operation tells whether that is its own failure, another's write in its place, or what was there before.
    ``was_found``: a look has found the resource.
    """

    def __init__(self, look: Callable[[], Resource | None], asked: Any, pauses: Sequence[float],
                 is_change: bool = False) -> None:
        self._look, self._asked, self._pauses = look, asked, list(pauses)
        self._first: Mapping[str, Any] = {}
        self._is_seen = is_change
        self._missed = 0
        self._was_odd = self.is_odd = self.was_found = False

    def can_tell(self, first: Mapping[str, Any], is_new: bool) -> bool:
        """Whether looking can tell the end, after the write's own answer (``first``); ``is_new``: nothing was there
        before.

        An answer that is ready already (a network interface's is) can only be told from the end by its etag.
        """
        self._first, self._is_seen = first, self._is_seen or is_new
        state = provisioning_state(first).lower()
        return bool(state) and state not in FAILED and (state not in SUCCEEDED or bool(first.get("etag")))

    def pause(self) -> float:
        """Seconds until the next look; infinite where there is no use in looking."""
        return self._pauses.pop(0) if len(self._pauses) > 1 else self._pauses[0]

    def look(self) -> Resource | None:
        """The resource, where it shows that the write has ended well; None where it tells nothing."""
        self.is_odd = False
        try:
            found = self._look()
        except AzureRefused as error:
            if (error.status or 0) < 500:       # forbidden, or too many requests: the operation is asked alone
                self._give_up()
            return None
        except (AzureUnreachable, AnswerUnreadable):
            return None
        if found is None:
            self._missed += 1
            if self._missed >= MISSING_LOOKS:
                self._give_up()
            return None
        self.was_found = True
        return found if self._is_the_end(found) else None

    def _is_the_end(self, found: Resource) -> bool:
        state, is_ours = provisioning_state(found).lower(), says(found, self._asked)
        odd = state in FAILED or not is_ours
        self.is_odd, self._was_odd = odd and not self._was_odd, odd
        same = bool(found.get("etag")) and found.get("etag") == self._first.get("etag")
        # What was there before says Succeeded until Azure begins: it counts once this write was seen at work.
        self._is_seen = self._is_seen or same or state not in SUCCEEDED | FAILED
        was_ready = provisioning_state(self._first).lower() in SUCCEEDED
        return (state in SUCCEEDED and self._is_seen and is_ours
                and not (was_ready and (same or not found.get("etag"))))

    def _give_up(self) -> None:
        self._pauses = [float("inf")]


def provisioning_state(resource: Mapping[str, Any]) -> str:
    properties = resource.get("properties")
    state = properties.get("provisioningState") if isinstance(properties, Mapping) else None
    return state if isinstance(state, str) else ""
