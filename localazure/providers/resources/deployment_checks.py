"""What a deployment is checked for before anything is made: the template itself, then its resources (preflight)."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import absent, ids, locations, versions
from localazure.protocol.errors import ArmError, invalid_namespace, invalid_type
from localazure.protocol.locations import DISPLAY_NAMES
from localazure.protocol.request import Request
from localazure.providers import kinds
from localazure.providers.compute import quota, sizes, spot
from localazure.template.errors import TemplateError
from localazure.template.evaluate import Evaluator
from localazure.template.scope import Scope, Surroundings
from localazure.template.template import Planned, Template
from localazure.template.values import find


@dataclass(frozen=True)
class Prepared:
    """A deployment that may begin."""

    template: Template
    mode: str
    correlation: str


class NestedBody(dict):  # type: ignore[type-arg]
    """The body of a nested deployment whose expressions see the names of the template around it."""

    scope: Scope | None = None


def prepare(cloud: Cloud, request: Request, identifier: ids.ResourceId, given: dict[str, Any]) -> Prepared:
    """Read and check a deployment; raises ArmError InvalidTemplate or InvalidTemplateDeployment."""
    outer = request.body.scope if isinstance(request.body, NestedBody) else None
    try:
        if outer is not None:
            template = Template(given["template"], outer)
        else:
            scope = Scope(_surroundings(cloud, request, identifier, given))
            template = Template(given["template"], scope, given.get("parameters") or {})
    except TemplateError as error:
        raise refusal(error) from None
    except RecursionError:
        raise refusal(TemplateError("The template is nested too deeply.")) from None
    _preflight(cloud, identifier, template)
    correlation = request.headers.get("x-ms-correlation-request-id") or str(uuid.uuid4())
    return Prepared(template, given["mode"], correlation)


def refusal(error: TemplateError) -> ArmError:
    """What a client is told of a template that can't be used."""
    return InvalidTemplate(400, error.code, error.message, gateway=True)


class InvalidTemplate(ArmError):
    """The refusal of a template, with where in it the fault is: templates are checked as one line here."""

    def error(self) -> dict[str, Any]:
        info = {"lineNumber": 1, "linePosition": 1, "path": ""}
        return {**super().error(), "additionalInfo": [{"type": "TemplateViolation", "info": info}]}


class _Providers(Mapping[str, list[dict[str, Any]]]):
    """providers(): the types of each namespace with their versions, newest first, and regions."""

    def __getitem__(self, namespace: str) -> list[dict[str, Any]]:
        return [
            {"resourceType": kind.partition("/")[2], "locations": DISPLAY_NAMES, "apiVersions": list(reversed(known))}
            for kind, known in versions.TYPES.items()
            if kind.partition("/")[0] == namespace
        ]

    def __iter__(self) -> Any:
        return iter(versions.namespaces())

    def __len__(self) -> int:
        return len(versions.namespaces())


def _surroundings(cloud: Cloud, request: Request, identifier: ids.ResourceId, given: dict[str, Any]) -> Surroundings:
    settings = cloud.settings
    group = cloud.group(identifier.group)
    name = f"Local Azure ({settings.instance})"
    return Surroundings(
        subscription={
            "id": f"/subscriptions/{settings.subscription}", "subscriptionId": settings.subscription,
            "tenantId": settings.tenant, "displayName": name,
        },
        group={
            "id": ids.group_id(settings.subscription, group.name), "name": group.name,
            "type": "Microsoft.Resources/resourceGroups", "location": group.location, "tags": group.tags or {},
            "properties": {"provisioningState": group.state},
        },
        deployment={
            "name": identifier.name,
            "properties": {
                "template": given["template"], "parameters": {}, "mode": given["mode"], "provisioningState": "Accepted",
            },
        },
        tenant={"tenantId": settings.tenant, "countryCode": "US", "displayName": name},
        environment={
            "name": f"LocalAzure-{settings.instance}",
            "resourceManager": request.base_url,
            "authentication": {
                "loginEndpoint": request.base_url, "audiences": [request.base_url], "tenant": "common",
                "identityProvider": "AAD",
            },
            "suffixes": {
                "storage": f"core.{settings.suffix}", "keyvaultDns": f".vault.{settings.suffix}",
                "sqlServerHostname": f".database.{settings.suffix}",
            },
        },
        providers=_Providers(),
    )  # fmt: skip


# preflight


def _preflight(cloud: Cloud, identifier: ids.ResourceId, template: Template) -> None:
    """Raise ArmError for resources that the service would refuse before it begins."""
    refused: list[ArmError] = []
    cores: Counter[tuple[str, bool]] = Counter()
    for one in template.resources:
        if not one.included or one.existing:
            continue
        try:
            _check_type(template, one)
            _check_vm(cloud, template, one, cores)
        except ArmError as error:
            refused.append(error)
    if not refused:
        return
    details = [error.error() for error in refused]
    if len(refused) > 1:
        words = ",".join(_WORDS.get(error.status, "BadRequest") for error in refused)
        message = f"Multiple error occurred: {words}. Please see details."
        raise ArmError(400, "MultipleErrorsOccurred", message, details=details)
    raise ArmError(
        400,
        "InvalidTemplateDeployment",
        f"The template deployment '{identifier.name}' is not valid according to the validation procedure. The tracking "
        f"id is '{uuid.uuid4()}'. See inner errors for details.",
        details=details,
    )


_WORDS = {400: "BadRequest", 403: "Forbidden", 404: "NotFound", 409: "Conflict"}


def _check_type(template: Template, one: Planned) -> None:
    if "/providers/" in one.type:
        return  # an extension of a resource of the template, checked when it is its turn
    if absent.find(one.type) is not None:
        return  # refused by its provider when it is its turn: az has only tracebacks for what this here refuses
    namespace, _, kind = one.type.partition("/")
    if find(versions.namespaces(), namespace) is None:
        raise invalid_namespace(namespace)
    known = find(versions.TYPES, one.type)
    if known is None:
        raise invalid_type(namespace, kind)
    location = known_before(template, one, one.raw.get("location"))
    versions.check(known, one.api_version, location if isinstance(location, str) else "")
    if isinstance(location, str) and location.lower() != "global":
        locations.for_resource(location, one.type)


def _check_vm(cloud: Cloud, template: Template, one: Planned, cores: Counter[tuple[str, bool]]) -> None:
    """Size and quota of a VM, with what the template's other VMs take: by region, and whether they are Spot VMs."""
    if one.type.lower() != kinds.VM.lower():
        return
    location = locations.normal(str(known_before(template, one, one.raw.get("location")) or ""))
    profile = known_before(template, one, (one.raw.get("properties") or {}).get("hardwareProfile"))
    wanted = profile.get("vmSize") if isinstance(profile, dict) else None
    if not isinstance(wanted, str) or cloud.store.get(one.id) is not None:
        return
    size = sizes.find(wanted, location)
    is_spot = spot.is_spot({"priority": known_before(template, one, (one.raw.get("properties") or {}).get("priority"))})
    taken = cores[location, is_spot]
    try:
        quota.check(cloud, size, location, is_spot=is_spot, freed=-taken)
    except ArmError as error:
        raise ArmError(error.status, "QuotaExceeded", error.message) from None
    cores[location, is_spot] += size.cores


def known_before(template: Template, one: Planned, raw: Any) -> Any:
    """A part of a resource's body, where it can be known without deploying anything; else None."""
    try:
        return Evaluator(template.scope, loops=one.loops, loop=one.loop).value(raw)
    except TemplateError:
        return None
