"""Request and Reply: one ARM call and its answer, free of any HTTP library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localazure.protocol import ids


@dataclass(frozen=True)
class Request:
    """`params` holds the path's variable parts as the caller wrote them; query and headers have lower-case names.

    `caller` is the object id of who calls; empty for what a deployment does.
    """

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    api_version: str
    base_url: str
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    caller: str = ""

    def resource_id(self, full_type: str, *names: str) -> ids.ResourceId:
        """An id in this call's subscription and group; `names` are names of path parts."""
        values = [self.params[name] for name in names]
        return ids.resource_id(self.params["subscription"], self.params["group"], full_type, *values)


@dataclass
class Reply:
    """`body` None is an empty body."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def listing(items: list[Any]) -> Reply:
    """A whole list; the server cuts it into the service's pages (paging.py)."""
    return Reply(200, {"value": items})
