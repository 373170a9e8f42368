"""The router: ARM paths, which ignore case, to handlers; the answers for paths and methods that nobody serves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from localazure.protocol import absent
from localazure.protocol.errors import ArmError, gateway_error, invalid_namespace, invalid_type

Handler = Callable[..., Any | Awaitable[Any]]
_SCOPE = "{scope}"


@dataclass(frozen=True)
class Route:
    """`pattern` has {variable} parts. `kind` is the resource type whose api-versions the call must name.

    A pattern that begins with {scope} belongs to whatever is in front of its `providers`: a subscription, a group, a
    resource or nothing; `scope` is then that id. `open` routes need neither token nor api-version (cloud metadata,
    sign-in). A PUT or PATCH without `body` may be empty.
    """

    method: str
    pattern: str
    handler: Handler
    kind: str = ""
    open: bool = False
    body: bool = True


@dataclass
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    variable: tuple[str, _Node] | None = None
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    """Finds the route of a path; a literal part wins over a variable one."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        self._extensions = _Node()
        self.namespaces: set[str] = {"microsoft.resources"}
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        extends = route.pattern.startswith(_SCOPE)
        node = self._extensions if extends else self._root
        for part in _parts(route.pattern.removeprefix(_SCOPE)):
            if part.startswith("{"):
                name = part[1:-1]
                if node.variable is None:
                    node.variable = (name, _Node())
                elif node.variable[0] != name:
                    raise ValueError(f"{route.pattern}: this place is already called {{{node.variable[0]}}}")
                node = node.variable[1]
            else:
                node = node.literals.setdefault(part.lower(), _Node())
        if route.method in node.routes:
            raise ValueError(f"two routes for {route.method} {route.pattern}")
        node.routes[route.method] = route
        if route.kind:
            self.namespaces.add(route.kind.split("/")[0].lower())

    def find(self, method: str, parts: list[str]) -> tuple[Route, dict[str, str]]:
        """The route and its variables; raises ArmError where there is none."""
        leaf = _walk(self._root, parts, 0, {}) or self._walk_extension(parts)
        if leaf is None:
            raise self._unknown(parts)
        node, params = leaf
        route = node.routes.get(method)
        if route is None and method == "HEAD":
            route = node.routes.get("GET")  # does it exist? the server leaves the body out
        if route is None:
            allowed = ", ".join(sorted(node.routes))
            message = f"The requested resource does not support http method '{method}'."
            raise ArmError(405, "MethodNotAllowed", message, headers={"Allow": allowed})
        return route, params

    def _walk_extension(self, parts: list[str]) -> tuple[_Node, dict[str, str]] | None:
        """What is kept for a scope: the last `providers` of the path divides the two."""
        ends = [place for place, part in enumerate(parts) if part.lower() == "providers"]
        if not ends:
            return None
        scope = parts[: ends[-1]]
        params = {"scope": "".join(f"/{part}" for part in scope)}
        lowered = [part.lower() for part in scope[:3:2]]
        if lowered[:1] == ["subscriptions"] and len(scope) > 1:
            params["subscription"] = scope[1]
        if lowered == ["subscriptions", "resourcegroups"] and len(scope) > 3:
            params["group"] = scope[3]
        return _walk(self._extensions, parts, ends[-1], params)

    def _unknown(self, parts: list[str]) -> ArmError:
        lowered = [part.lower() for part in parts]
        if "providers" in lowered:
            at = lowered.index("providers")
            lacking = absent.find("/".join(parts[at + 1 :]))
            if lacking is not None:
                return absent.refusal(lacking)
            if len(parts) > at + 1 and lowered[at + 1] not in self.namespaces:
                return invalid_namespace(parts[at + 1])
            if len(parts) > at + 2:
                return invalid_type(parts[at + 1], "/".join(parts[at + 2 :: 2]))
        return gateway_error(404, "NotFound", "The requested path was not found.")


def _parts(pattern: str) -> list[str]:
    return [part for part in pattern.split("/") if part]


def _walk(node: _Node, parts: list[str], at: int, params: dict[str, str]) -> tuple[_Node, dict[str, str]] | None:
    if at == len(parts):
        return (node, params) if node.routes else None
    literal = node.literals.get(parts[at].lower())
    if literal is not None:
        found = _walk(literal, parts, at + 1, params)
        if found is not None:
            return found
    if node.variable is not None:
        name, child = node.variable
        return _walk(child, parts, at + 1, {**params, name: parts[at]})
    return None
