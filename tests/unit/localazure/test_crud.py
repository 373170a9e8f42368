"""Routes that most types share: where they are, and that nothing is served that has no handler."""

from __future__ import annotations

from typing import Any

from localazure.protocol.request import Reply
from localazure.providers import crud

GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers"
TOP, CHILD = "Contoso.Things/boxes", "Contoso.Things/boxes/lids"


def served(routes: list[Any]) -> set[tuple[str, str, str]]:
    return {(route.method, route.pattern, route.kind) for route in routes}


def handler(*_: Any) -> Reply:
    return Reply(200)


def show(*_: Any) -> dict[str, Any]:
    return {}


def test_a_type_is_listed_by_group_and_by_subscription() -> None:
    assert served(crud.routes(TOP, "box", show=show, put=handler, patch=handler, delete=handler)) == {
        ("GET", f"{GROUP}/Contoso.Things/boxes", TOP),
        ("GET", "/subscriptions/{subscription}/providers/Contoso.Things/boxes", TOP),
        *((method, f"{GROUP}/Contoso.Things/boxes/{{box}}", TOP) for method in ("GET", "PUT", "PATCH", "DELETE")),
    }


def test_a_child_is_listed_by_its_parent() -> None:
    assert served(crud.routes(CHILD, "box", "lid", show=show)) == {
        ("GET", f"{GROUP}/Contoso.Things/boxes/{{box}}/lids", CHILD),
        ("GET", f"{GROUP}/Contoso.Things/boxes/{{box}}/lids/{{lid}}", CHILD),
    }


def test_what_has_no_handler_is_not_served() -> None:
    assert served(crud.routes(TOP, "box", delete=handler)) == {("DELETE", crud.address(TOP, "box"), TOP)}
    assert served(crud.scoped_routes(TOP, "box", list_all=handler, get=handler)) == {
        ("GET", "{scope}/providers/Contoso.Things/boxes", TOP),
        ("GET", "{scope}/providers/Contoso.Things/boxes/{box}", TOP),
    }


def test_own_handlers_go_before_those_of_show() -> None:
    routes = crud.routes(TOP, "box", show=show, get=handler)
    one = [route.handler for route in routes if route.pattern == crud.address(TOP, "box")]
    assert one == [handler] and len(routes) == 3
