"""Scope: what the expressions of one template can see around them; and the ids that they can make of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from localazure.template.budget import Budget
from localazure.template.errors import FUNCTIONS, TemplateError, unevaluable
from localazure.template.values import find, type_name


@dataclass(frozen=True)
class Surroundings:
    """What a deployment stands in. Each is what the function of that name answers; `providers` by namespace."""

    subscription: dict[str, Any]
    group: dict[str, Any]
    deployment: dict[str, Any]
    tenant: dict[str, Any]
    environment: dict[str, Any]
    providers: Mapping[str, list[dict[str, Any]]]

    def provider(self, namespace: str, kind: str | None) -> Any:
        """providers(): a namespace, or one of its types; raises TemplateError."""
        known = find(self.providers, namespace)
        if known is None:
            raise TemplateError(f"The provider namespace '{namespace}' of function 'providers' is not registered.")
        types = self.providers[known]
        if kind is None:
            return {"namespace": known, "resourceTypes": types}
        found = next((one for one in types if one["resourceType"].lower() == kind.lower()), None)
        if found is None:
            raise TemplateError(f"The resource type '{kind}' of function 'providers' is unknown in '{known}'.")
        return found


class State(Protocol):
    """What is only known while the deployment runs."""

    def reference(self, target: str, api_version: str | None, full: bool) -> Any:
        """The properties (or all) of a resource, by its name in the template or its id."""

    def listed(self, function: str, target: str, api_version: str, body: Any) -> Any:
        """What a list… action of a resource answers."""


@dataclass
class Scope:
    """The names of one template: parameters by value, variables and functions as they are written.

    `secret` names the parameters of secure types, in lower case.
    """

    surroundings: Surroundings
    parameters: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()
    known: dict[str, tuple[Any, bool]] = field(default_factory=dict)  # variables that were evaluated, and if secret
    budget: Budget = field(default_factory=Budget)


def resource_id(scope: Scope, arguments: list[Any]) -> str:
    """resourceId([subscription], [group], type, name, …)."""
    before, kind, names = _parts("resourceId", arguments, 2)
    subscription = before[0] if len(before) == 2 else scope.surroundings.subscription["subscriptionId"]
    group = before[-1] if before else scope.surroundings.group["name"]
    return f"/subscriptions/{subscription}/resourceGroups/{group}/{_provider('resourceId', kind, names)}"


def subscription_resource_id(scope: Scope, arguments: list[Any]) -> str:
    """subscriptionResourceId([subscription], type, name, …)."""
    before, kind, names = _parts("subscriptionResourceId", arguments, 1)
    subscription = before[0] if before else scope.surroundings.subscription["subscriptionId"]
    return f"/subscriptions/{subscription}/{_provider('subscriptionResourceId', kind, names)}"


def tenant_resource_id(_: Scope, arguments: list[Any]) -> str:
    """tenantResourceId(type, name, …)."""
    _none, kind, names = _parts("tenantResourceId", arguments, 0)
    return f"/{_provider('tenantResourceId', kind, names)}"


def extension_resource_id(_: Scope, arguments: list[Any]) -> str:
    """extensionResourceId(id, type, name, …)."""
    if len(arguments) < 3 or not all(isinstance(one, str) for one in arguments):
        raise unevaluable("extensionResourceId", "the function expects an id, a type and its names.")
    return f"{arguments[0]}/{_provider('extensionResourceId', arguments[1], arguments[2:])}"


def _parts(function: str, arguments: list[Any], most: int) -> tuple[list[str], str, list[str]]:
    """What comes before the type, the type (the first argument with a slash), and the names behind it."""
    wrong = next((one for one in arguments if not isinstance(one, str)), None)
    if wrong is not None:
        raise unevaluable(function, f"the arguments must be strings; one is of type '{type_name(wrong)}'.")
    place = next((at for at, one in enumerate(arguments) if "/" in one), -1)
    if not 0 <= place <= most or place == len(arguments) - 1:
        reason = "the function requires a resource type like 'namespace/type' as one of its arguments, and names."
        raise unevaluable(function, reason)
    return arguments[:place], arguments[place], arguments[place + 1 :]


def _provider(function: str, kind: str, names: list[str]) -> str:
    namespace, *types = kind.strip("/").split("/")
    if len(types) != len(names):
        raise unevaluable(function, f"the type '{kind}' requires '{len(types)}' resource name argument(s).")
    return f"providers/{namespace}/" + "/".join(f"{a}/{b}" for a, b in zip(types, names, strict=True))


def unknown_function(name: str) -> TemplateError:
    return TemplateError(f"The template function '{name}' is not valid. {FUNCTIONS}")


def not_here(name: str) -> TemplateError:
    """A function that has no meaning where it stands."""
    return TemplateError(f"The template function '{name}' is not expected at this location. {FUNCTIONS}")


LIST = re.compile(r"list\w*", re.I)
