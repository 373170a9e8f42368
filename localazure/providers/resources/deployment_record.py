"""What is kept of a deployment, how it is shown, and the operations that it consisted of. Never a secret."""

from __future__ import annotations

import copy
import hashlib
import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids, shape
from localazure.template.parameters import SECURE, rendered
from localazure.template.scope import Scope
from localazure.template.syntax import is_expression
from localazure.template.template import Planned, Template

KIND = "Microsoft.Resources/deployments"
_ACTIVE = ("Accepted", "Running")
RECORDS = _RECORD, _TEMPLATE = "deployment", "deploymenttemplate"
# Literal values of these are left out of the template that is kept: they are never kept elsewhere either.
_UNKEPT = ("adminpassword", "customdata", "protectedsettings", "protectedparameters", "runaspassword")


def now() -> str:
    """As deployments write it: 2025-11-24T13:42:25.1234567Z."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def duration(seconds: float) -> str:
    """As ISO 8601 writes it: PT1M2.3456789S."""
    minutes, rest = divmod(max(0.0, seconds), 60)
    hours, minutes = divmod(int(minutes), 60)
    shown = f"{hours}H" if hours else ""
    shown += f"{minutes}M" if minutes else ""
    return f"PT{shown}{rest:.7f}S"


def new(
    identifier: ids.ResourceId, given: dict[str, Any], template: Template, correlation: str, body: dict[str, Any],
    operation: str,
) -> dict[str, Any]:  # fmt: skip
    """The record of an accepted deployment."""
    properties: dict[str, Any] = {
        "templateHash": template.hash,
        "parameters": rendered(template.scope, template.defined),
        "mode": given["mode"],
        "provisioningState": "Accepted",
        "timestamp": now(),
        "duration": "PT0S",
        "correlationId": correlation,
        "providers": _providers(template),
        "dependencies": _dependencies(template),
    }
    for name in ("debugSetting", "validationLevel"):
        if given.get(name):
            properties[name] = given[name]
    record = {
        "id": str(identifier), "name": identifier.name, "properties": properties, "operations": [],
        "operation": operation, "started": time.time(),
    }  # fmt: skip
    tags = shape.tags(body)
    return {**record, "tags": tags} if tags is not None else record


def _providers(template: Template) -> list[dict[str, Any]]:
    found: dict[str, dict[str, set[str]]] = {}
    for one in template.resources:
        namespace, _, kind = one.type.partition("/")
        location = one.raw.get("location")
        places = found.setdefault(namespace, {}).setdefault(kind, set())
        if isinstance(location, str):
            places.add(location if not is_expression(location) else template.scope.surroundings.group["location"])
    return [
        {
            "namespace": namespace,
            "resourceTypes": [
                {"resourceType": kind, "locations": sorted(places) or [None]} for kind, places in kinds.items()
            ],
        }
        for namespace, kinds in found.items()
    ]


def target(planned: Planned) -> dict[str, str]:
    """A resource as deployments name it."""
    return {"id": planned.id, "resourceType": planned.type, "resourceName": planned.name}


def _dependencies(template: Template) -> list[dict[str, Any]]:
    by_key = {one.key: one for one in template.resources}
    return [
        {"dependsOn": [target(by_key[key]) for key in sorted(one.needs)], **target(one)}
        for one in template.resources
        if one.needs
    ]


# keeping


def find(cloud: Cloud, identifier: ids.ResourceId | str) -> dict[str, Any] | None:
    return cloud.records.get(_RECORD, ids.key(identifier))


def everything(cloud: Cloud) -> list[dict[str, Any]]:
    return cloud.records.all(_RECORD)


def of_group(cloud: Cloud, group: str) -> list[dict[str, Any]]:
    below = ids.key(ids.group_id(cloud.settings.subscription, group)) + "/"
    return [one for one in everything(cloud) if ids.key(one["id"]).startswith(below)]


def save(cloud: Cloud, record: dict[str, Any]) -> None:
    cloud.records.put(_RECORD, ids.key(record["id"]), record)


def forget(cloud: Cloud, identifier: str) -> None:
    for kind in RECORDS:
        cloud.records.delete(kind, identifier)


def keep_template(cloud: Cloud, identifier: ids.ResourceId, template: dict[str, Any]) -> None:
    cloud.records.put(_TEMPLATE, ids.key(identifier), _without_secrets(template))


def template(cloud: Cloud, record: dict[str, Any]) -> dict[str, Any]:
    """The template of a deployment, without what is never kept."""
    return cloud.records.get(_TEMPLATE, ids.key(record["id"])) or {}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(one) for one in value]
    if not isinstance(value, dict):
        return value
    unkept = (*_UNKEPT, "defaultvalue") if str(value.get("type")).lower() in SECURE else _UNKEPT
    return {
        name: _without_secrets(inner)
        for name, inner in value.items()
        if name.lower() not in unkept or (isinstance(inner, str) and is_expression(inner))
    }


def masked(value: Any, secrets: Sequence[str]) -> Any:
    """An error with stars where its texts repeat one of these."""
    if isinstance(value, dict):
        return {name: masked(inner, secrets) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, secrets) for inner in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "***")
    return value


def secrets_of(scope: Scope) -> list[str]:
    """The texts in a scope's secure parameters, longest first; what is very short would be found everywhere."""
    found: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, str) and len(value) > 3:
            found.append(value)
        elif isinstance(value, (dict, list)):
            for inner in value.values() if isinstance(value, dict) else value:
                collect(inner)

    for name, value in scope.parameters.items():
        if name.lower() in scope.secret:
            collect(value)
    return sorted(found, key=len, reverse=True)


# changing


def active(record: dict[str, Any]) -> bool:
    return record["properties"]["provisioningState"] in _ACTIVE


def end(record: dict[str, Any], state: str, error: dict[str, Any] | None = None) -> None:
    """Give a deployment its final state: Succeeded, Failed or Canceled."""
    properties = record["properties"]
    properties["provisioningState"] = state
    properties["timestamp"] = now()
    properties["duration"] = duration(time.time() - record["started"])
    if error is not None:
        properties["error"] = error


def begin_operation(record: dict[str, Any], action: str, planned: Planned | None) -> dict[str, Any]:
    """Write down an operation of a deployment that begins; `action` like Create, Delete, EvaluateDeploymentOutput."""
    seed = f"{record['operation']}{planned.key if planned else ''}{action}"
    operation: dict[str, Any] = {
        "operationId": hashlib.sha256(seed.encode()).hexdigest()[:16].upper(),
        "started": time.time(),
        "properties": {
            "provisioningOperation": action,
            "provisioningState": "Running",
            "timestamp": now(),
            "duration": "PT0S",
            "trackingId": str(uuid.uuid4()),
        },
    }
    if planned is not None:
        operation["properties"]["targetResource"] = target(planned)
    record["operations"].append(operation)
    return operation


def end_operation(
    operation: dict[str, Any], status: str, error: dict[str, Any] | None = None, message: dict[str, Any] | None = None
) -> None:
    """`status` is the HTTP status by its name (OK, Created, Conflict); `message` the statusMessage of a failure."""
    properties = operation["properties"]
    properties["provisioningState"] = "Failed" if error is not None else "Succeeded"
    properties["timestamp"] = now()
    properties["duration"] = duration(time.time() - operation["started"])
    properties["serviceRequestId"] = str(uuid.uuid4())
    properties["statusCode"] = status
    if error is not None:
        properties["statusMessage"] = message or {"error": error}


# showing


def render(record: dict[str, Any]) -> dict[str, Any]:
    """A deployment as it is shown. A copy: what is kept goes on changing."""
    body = {"id": record["id"], "name": record["name"], "type": KIND}
    if "tags" in record:
        body["tags"] = record["tags"]
    properties = record["properties"]
    if active(record):
        properties = {**properties, "duration": duration(time.time() - record["started"])}
    return copy.deepcopy({**body, "properties": properties})


def render_operation(record: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    number = operation["operationId"]
    return copy.deepcopy(
        {"id": f"{record['id']}/operations/{number}", "operationId": number, "properties": operation["properties"]}
    )
