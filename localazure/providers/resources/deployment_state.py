"""Values: evaluates what needs the state of other resources, by asking for it when it is missing and trying again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from localazure.arm.cloud import Cloud
from localazure.protocol import ids
from localazure.protocol.errors import ArmError
from localazure.template.errors import TemplateError, unevaluable
from localazure.template.template import Template

Value = TypeVar("Value")
# More resources than this are not looked up for one value.
_MOST = 1000
_Key = tuple[str, str, str]


class _Missing(Exception):
    def __init__(self, method: str, path: str, api_version: str, body: Any) -> None:
        super().__init__(path)
        self.key: _Key = (method, path, api_version)
        self.body = body


class Values:
    """The state of a deployment's surroundings at one moment; each resource is asked for once."""

    def __init__(self, cloud: Cloud, template: Template, base_url: str) -> None:
        self._cloud = cloud
        self._template = template
        self._base_url = base_url
        self._found: dict[_Key, Any] = {}

    async def of(self, evaluate: Callable[[], Value]) -> Value:
        """What `evaluate` returns once all that it asks for is known. Raises ArmError, TemplateError."""
        for _ in range(_MOST):
            try:
                return evaluate()
            except _Missing as missing:
                method, path, api_version = missing.key
                try:
                    reply = await self._cloud.dispatch(method, path, api_version, missing.body, self._base_url)
                    self._found[missing.key] = reply.body
                except ArmError as refused:
                    self._found[missing.key] = refused
        raise TemplateError("The template language expressions refer to too many resources.")

    def _ask(self, method: str, path: str, api_version: str, body: Any = None) -> Any:
        key = (method, path, api_version)
        if key not in self._found:
            raise _Missing(method, path, api_version, body)
        found = self._found[key]
        if isinstance(found, ArmError):
            raise found
        return found

    def reference(self, target: str, api_version: str | None, full: bool) -> Any:
        """reference(): a resource's properties, or all of it with what the service adds."""
        planned = next(iter(self._template.find(target)), None)
        if planned is None and not target.startswith("/"):
            raise TemplateError(
                f"The template reference '{target}' is not valid: could not find template resource or resource copy "
                "with this name. Please see https://aka.ms/arm-function-reference for usage details."
            )
        version = api_version or (planned.api_version if planned else None)
        if version is None:
            reason = f"the resource '{target}' is not in the template, so an api-version is needed."
            raise unevaluable("reference", reason)
        path = planned.id if planned else target
        body = self._ask("GET", path, version)
        if not isinstance(body, dict):
            return body
        if not full:
            return body.get("properties", {})
        identifier = ids.parse(path)
        rest = {name: value for name, value in body.items() if name not in ("id", "name", "type", "etag")}
        return {
            "apiVersion": version, **rest, "subscriptionId": identifier.subscription,
            "resourceGroupName": identifier.group, "scope": "",
            "resourceId": f"{identifier.type}/{'/'.join(identifier.names)}", "referenceApiVersion": version,
            "condition": True, "isConditionTrue": True, "isTemplateResource": planned is not None, "isAction": False,
            "provisioningOperation": "Read",
        }  # fmt: skip

    def listed(self, function: str, target: str, api_version: str, body: Any) -> Any:
        """list…(): what an action of a resource answers."""
        planned = next(iter(self._template.find(target)), None)
        return self._ask("POST", f"{planned.id if planned else target}/{function}", api_version, body)
