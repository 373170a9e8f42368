"""The api-versions that a service turned out to speak: ours, or the newest older one that it named."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from typing import Any

from azext_dockervm.azure.kinds import Member, Spoken

# How ARM says that it does not know the api-version for the type, there.
REFUSALS = frozenset({"NoRegisteredProviderFound", "InvalidResourceType", "InvalidApiVersionParameter"})

VERSION = re.compile(r"\b\d{4}-\d\d-\d\d(?:-\w+)?\b")


class Versions:
    """What one service speaks, by type and location. Thread-safe; a choice holds for as long as this object."""

    def __init__(self) -> None:
        self._chosen: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def of(self, spoken: Spoken, location: str = "") -> str:
        with self._lock:
            return self._chosen.get((spoken.type, location), spoken.api_version)

    def fall_back(self, spoken: Spoken, location: str, refused: str, message: str) -> bool:
        """Choose another, after ``refused`` was; whether there is one."""
        chosen = newest_before(refused, message)
        if chosen is None:
            return False
        with self._lock:
            # Another thread may have found an older one meanwhile.
            now = self._chosen.get((spoken.type, location), spoken.api_version)
            self._chosen[spoken.type, location] = min(now, chosen)
        return True


def newest_before(refused: str, message: str) -> str | None:
    """The newest stable version that a refusal names and that is older than the refused one."""
    return max((found for found in VERSION.findall(message) if len(found) == len("2023-09-01") and found < refused),
               default=None)


def without_younger(members: Iterable[Member], version: str, body: Any) -> Any:
    """A body without the members that ``version`` does not know."""
    for member in members:
        if version < member.since:
            body = _without(body, member.path.replace("[]", ".[]").split("."))
    return body


def _without(tree: Any, path: list[str]) -> Any:
    first, rest = path[0], path[1:]
    if first == "[]":
        return [_without(one, rest) for one in tree] if isinstance(tree, (list, tuple)) else tree
    if not isinstance(tree, dict) or first not in tree:
        return tree
    kept = {key: value for key, value in tree.items() if key != first}
    if rest:
        inner = _without(tree[first], rest)
        # What is left empty was there for the member's sake.
        if inner or not tree[first]:
            kept[first] = inner
    return kept
