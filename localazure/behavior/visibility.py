"""Visibility: what was created can't be read yet for a while, by itself and in lists, nor be a parent (replication
lag)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from localazure.behavior.conditions import Conditions
from localazure.behavior.paths import type_of
from localazure.protocol.errors import ArmError, group_not_found, parent_not_found, resource_not_found
from localazure.protocol.request import Reply, Request


class Visibility:
    """Remembers until when new resources stay hidden: from reads, from lists, and from PUTs of their children."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._hidden: dict[str, tuple[float, float, float]] = {}

    def forget(self) -> None:
        """All is visible again."""
        self._hidden.clear()

    def created(self, conditions: Conditions, request: Request) -> None:
        """This PUT has just made something new."""
        found = conditions.find("replication_lag", type=type_of("PUT", request.path))
        if found is not None:
            now = self._clock()
            lists = found.get("list_seconds", found["seconds"])
            children = found.get("child_seconds", 0.0)
            untils = (now + found["seconds"], now + lists, now + children)
            self._hidden[request.path.rstrip("/").lower()] = untils

    def refuse(self, request: Request) -> None:
        """Raise ArmError 404 for a read of what is not visible yet, or of something in it, and for a PUT into it."""
        if not self._hidden or request.method not in ("GET", "HEAD", "PUT"):
            return
        path, now = request.path.rstrip("/").lower(), self._clock()
        for key, (until, _, as_parent) in self._hidden.items():
            below = path.startswith(key + "/")
            if request.method == "PUT":
                if now < as_parent and below:
                    raise _without_parent(request)
            elif now < until and (path == key or below):
                raise _missing(request)

    def without_hidden(self, request: Request, reply: Reply) -> Reply:
        """A list without what is not visible in lists yet."""
        if not self._hidden or request.method != "GET" or not isinstance(reply.body, dict):
            return reply
        items = reply.body.get("value")
        if not isinstance(items, list):
            return reply
        now = self._clock()
        self._hidden = {key: untils for key, untils in self._hidden.items() if now < max(untils)}
        hidden = {key for key, (_, until, _) in self._hidden.items() if now < until}
        kept = [one for one in items if _id(one) not in hidden]
        return reply if len(kept) == len(items) else Reply(reply.status, {**reply.body, "value": kept}, reply.headers)


def _id(item: Any) -> str:
    return str(item.get("id", "")).lower() if isinstance(item, dict) else ""


def _missing(request: Request) -> ArmError:
    group = request.params.get("group", "")
    if "/providers/" not in request.path.lower():
        return group_not_found(group)
    behind = request.path.rstrip("/").rpartition("/providers/")[2].split("/")
    return resource_not_found("/".join(behind), group)


def _without_parent(request: Request) -> ArmError:
    """For a path like …/providers/Microsoft.Compute/virtualMachines/web1/runCommands/one."""
    namespace, *pairs = request.path.rstrip("/").rpartition("/providers/")[2].split("/")
    types, names = pairs[::2], pairs[1::2]
    return parent_not_found(f"{namespace}/{types[0]}", names[0], f"{namespace}/{'/'.join(types)}", names[-1])
