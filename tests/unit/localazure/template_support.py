"""What the tests of templates share: surroundings, and evaluating one expression."""

from __future__ import annotations

from typing import Any

from localazure.template.evaluate import Evaluator
from localazure.template.scope import Scope, Surroundings
from localazure.template.template import Template

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
SURROUNDINGS = Surroundings(
    subscription={"subscriptionId": SUBSCRIPTION, "id": f"/subscriptions/{SUBSCRIPTION}"},
    group={"id": GROUP_ID, "name": "rg", "location": "westus"},
    deployment={"name": "first"},
    tenant={"tenantId": "t"},
    environment={"name": "cloud", "suffixes": {"storage": "core.test"}},
    providers={"Microsoft.Compute": [{"resourceType": "virtualMachines", "apiVersions": ["2024-11-01", "2024-07-01"]}]},
)


class State:
    """Resources that are there; remembers what it was asked."""

    def __init__(self, **resources: Any) -> None:
        self.resources = resources
        self.asked: list[tuple[Any, ...]] = []

    def reference(self, target: str, api_version: str | None, full: bool) -> Any:
        self.asked.append((target, api_version, full))
        return self.resources[target]

    def listed(self, function: str, target: str, api_version: str, body: Any) -> Any:
        self.asked.append((function, target, api_version, body))
        return {"keys": ["k"]}


def value(
    expression: Any,
    *,
    state: Any = None,
    parameters: dict[str, Any] | None = None,
    variables: dict[str, Any] | None = None,
    functions: dict[str, Any] | None = None,
    **more: Any,
) -> Any:
    """What an expression (without its brackets) stands for."""
    scope = Scope(SURROUNDINGS, parameters or {}, variables or {}, functions or {})
    return Evaluator(scope, state=state, **more).value(f"[{expression}]" if isinstance(expression, str) else expression)


def template(resources: Any = (), given: dict[str, Any] | None = None, **sections: Any) -> Template:
    """A template that is bound; `resources` a list, or a dictionary by symbolic names."""
    listed = resources if isinstance(resources, dict) else list(resources)
    raw = {"$schema": "s", "contentVersion": "1.0.0.0", "resources": listed, **sections}
    return Template(raw, Scope(SURROUNDINGS), {name: {"value": one} for name, one in (given or {}).items()})


def resource(
    name: str, *depends_on: str, kind: str = "Microsoft.Network/publicIPAddresses", **more: Any
) -> dict[str, Any]:
    return {
        "type": kind,
        "apiVersion": "2022-01-01",
        "name": name,
        "location": "westus",
        "dependsOn": list(depends_on),
        **more,
    }
