"""The tenant's directory: people, applications and managed identities; as much of Microsoft Graph as az asks for
names."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.arm.identities import PERSON, Identity
from localazure.protocol import shape
from localazure.protocol.errors import ArmError
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route

_USER_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
_ODATA_TYPE = "#microsoft.graph.servicePrincipal"
_ODATA_USER = "#microsoft.graph.user"


def routes() -> list[Route]:
    return [
        Route("GET", "/v1.0/servicePrincipals", list_service_principals, open=True),
        Route("GET", "/v1.0/servicePrincipals/{id}", get_service_principal, open=True),
        Route("GET", "/v1.0/users", list_users, open=True),
        Route("POST", "/v1.0/directoryObjects/getByIds", get_by_ids, open=True),
    ]


def _principal(identifier: str, application: str, name: str, kind: str = "Application") -> dict[str, Any]:
    return {
        "@odata.type": _ODATA_TYPE,
        "id": identifier,
        "appId": application,
        "displayName": name,
        "servicePrincipalNames": [application],
        "servicePrincipalType": kind,
    }


def principals(cloud: Cloud) -> Iterator[dict[str, Any]]:
    """Every service principal."""
    for one in cloud.identities:
        if one.kind != PERSON:
            yield _principal(one.object_id, one.app_id, one.name)
    for identity in cloud.store.of_type(_USER_IDENTITIES):
        ids = identity.properties
        yield _principal(ids["principalId"], ids["clientId"], identity.name, "ManagedIdentity")
    for resource in cloud.store.all():
        own = resource.extra.get("identity")
        if isinstance(own, dict) and own.get("principalId"):
            application = str(uuid.uuid5(uuid.NAMESPACE_URL, own["principalId"]))
            yield _principal(own["principalId"], application, resource.name, "ManagedIdentity")


def _user(person: Identity) -> dict[str, Any]:
    return {
        "@odata.type": _ODATA_USER,
        "id": person.object_id,
        "displayName": person.name,
        "userPrincipalName": person.upn,
        "mail": None,
    }


def users(cloud: Cloud) -> Iterator[dict[str, Any]]:
    """Every person."""
    return (_user(one) for one in cloud.identities if one.kind == PERSON)


def find(cloud: Cloud, identifier: str) -> dict[str, Any] | None:
    """The service principal, or the person, of an object id."""
    known = (*principals(cloud), *users(cloud))
    return next((one for one in known if one["id"].lower() == identifier.lower()), None)


def owners(cloud: Cloud, kind: str, role: str) -> Iterator[dict[str, Any]]:
    """Each identity of the instance owns the subscription: these assignments say so."""
    scope = f"/subscriptions/{cloud.settings.subscription}"
    since = time.strftime("%Y-%m-%dT%H:%M:%S.000000+00:00", time.gmtime(cloud.identities.since))
    for one in cloud.identities:
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}/{one.object_id}"))
        properties = {
            "roleDefinitionId": scope + role,
            "principalId": one.object_id,
            "principalType": "User" if one.kind == PERSON else "ServicePrincipal",
            "scope": scope,
            "condition": None,
            "conditionVersion": None,
            "createdOn": since,
            "updatedOn": since,
            "createdBy": one.object_id,
            "updatedBy": one.object_id,
            "delegatedManagedIdentityResourceId": None,
            "description": None,
        }
        yield {"properties": properties, "id": f"{scope}/providers/{kind}/{name}", "type": kind, "name": name}


def _authorized(cloud: Cloud, request: Request) -> None:
    cloud.authority.check(request.headers.get("authorization"))


def _context(request: Request, what: str, found: list[dict[str, Any]]) -> Reply:
    return Reply(200, {"@odata.context": f"{request.base_url}/v1.0/$metadata#{what}", "value": found})


def list_service_principals(cloud: Cloud, request: Request) -> Reply:
    _authorized(cloud, request)
    text = request.query.get("$filter", "")
    name = re.search(r"servicePrincipalNames/any\(c:\s*c eq '([^']*)'\)|appId eq '([^']*)'", text, re.I)
    display = re.search(r"displayName eq '([^']*)'|startswith\(displayName,\s*'([^']*)'\)", text, re.I)
    found = list(principals(cloud))
    if name:
        wanted = (name.group(1) or name.group(2) or "").lower()
        found = [one for one in found if one["appId"].lower() == wanted]
    if display:
        exact, start = display.groups()
        found = [
            one for one in found
            if (one["displayName"] == exact if exact is not None else one["displayName"].startswith(start))
        ]  # fmt: skip
    return _context(request, "servicePrincipals", found)


def get_service_principal(cloud: Cloud, request: Request) -> Reply:
    _authorized(cloud, request)
    found = find(cloud, request.params["id"])
    if found is None:
        message = f"Resource '{request.params['id']}' does not exist or one of its queried reference-property objects "
        raise ArmError(404, "Request_ResourceNotFound", f"{message}are not present.")
    return Reply(200, found)


def list_users(cloud: Cloud, request: Request) -> Reply:
    _authorized(cloud, request)
    name = re.search(r"userPrincipalName eq '([^']*)'", request.query.get("$filter", ""), re.I)
    found = [one for one in users(cloud) if name is None or one["userPrincipalName"] == name.group(1).lower()]
    return _context(request, "users", found)


def get_by_ids(cloud: Cloud, request: Request) -> Reply:
    _authorized(cloud, request)
    shape.check(request.body, {"ids": [str], "types": [str]})
    wanted = {one.lower() for one in request.body.get("ids") or ()}
    known = (*principals(cloud), *users(cloud))
    return _context(request, "directoryObjects", [one for one in known if one["id"].lower() in wanted])
