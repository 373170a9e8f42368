"""Role definitions and role assignments at any scope. They are kept and shown; nobody is refused by them here."""

from __future__ import annotations

import re
from typing import Any

from localazure.arm import directory
from localazure.arm.cloud import Cloud
from localazure.arm.operations import timestamp
from localazure.protocol import shape
from localazure.protocol.errors import ArmError, gateway_error
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import crud

KIND = "Microsoft.Authorization/roleAssignments"
DEFINITION = "Microsoft.Authorization/roleDefinitions"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_SHAPE = {
    "properties": {
        "roleDefinitionId": str,
        "principalId": str,
        "principalType": str,
        "description": str,
        "condition": str,
        "conditionVersion": str,
    }
}
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
# Built-in roles: guid -> (name, actions, notActions, dataActions)
_ROLES: dict[str, tuple[str, list[str], list[str], list[str]]] = {
    OWNER: ("Owner", ["*"], [], []),
    "b24988ac-6180-42a0-ab88-20f7382dd24c": (
        "Contributor", ["*"],
        ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write",
         "Microsoft.Authorization/elevateAccess/Action"], [],
    ),
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": ("Reader", ["*/read"], [], []),
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": (
        "User Access Administrator", ["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"], [], [],
    ),
    "9980e02c-c2be-4d73-94e8-173b1dc7cf3c": (
        "Virtual Machine Contributor",
        ["Microsoft.Compute/availabilitySets/*", "Microsoft.Compute/locations/*", "Microsoft.Compute/virtualMachines/*",
         "Microsoft.Compute/disks/*", "Microsoft.Network/networkInterfaces/*"], [], [],
    ),
    "4d97b98b-1d4f-4787-a291-c67834d212e7": ("Network Contributor", ["Microsoft.Network/*"], [], []),
    "1c0163c0-47e6-4577-8991-ea5c82e286e4": (
        "Virtual Machine Administrator Login", ["Microsoft.Compute/virtualMachines/*/read"], [],
        ["Microsoft.Compute/virtualMachines/login/action", "Microsoft.Compute/virtualMachines/loginAsAdmin/action"],
    ),
    "fb879df8-f326-4884-b1cf-06f3ad86be52": (
        "Virtual Machine User Login", ["Microsoft.Compute/virtualMachines/*/read"], [],
        ["Microsoft.Compute/virtualMachines/login/action"],
    ),
    "f1a07417-d97a-45cb-824c-7a7467783830": (
        "Managed Identity Operator",
        ["Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
         "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action"], [], [],
    ),
    "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59": (
        "Managed Identity Contributor", ["Microsoft.ManagedIdentity/userAssignedIdentities/*"], [], [],
    ),
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": (
        "Storage Blob Data Contributor", ["Microsoft.Storage/storageAccounts/blobServices/containers/*"], [],
        ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*"],
    ),
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": ("AcrPull", ["Microsoft.ContainerRegistry/registries/pull/read"], [], []),
    "4a9ae827-6dc8-4573-8ac7-8239d42aa03f": ("Tag Contributor", ["Microsoft.Resources/tags/*"], [], []),
}  # fmt: skip


def routes() -> list[Route]:
    return [
        *crud.scoped_routes(KIND, "assignment", list_all=list_assignments, get=get, put=put, delete=delete),
        *crud.scoped_routes(DEFINITION, "role", list_all=list_definitions, get=get_definition),
    ]


# definitions


def _definition(cloud: Cloud, guid: str) -> dict[str, Any]:
    name, actions, not_actions, data_actions = _ROLES[guid]
    permissions = {"actions": actions, "notActions": not_actions, "dataActions": data_actions, "notDataActions": []}
    return {
        "properties": {
            "roleName": name,
            "type": "BuiltInRole",
            "description": name,
            "assignableScopes": ["/"],
            "permissions": [permissions],
            "createdOn": "2015-02-02T21:55:09.8806423Z",
            "updatedOn": "2024-05-02T15:08:20.0000000Z",
            "createdBy": None,
            "updatedBy": None,
        },
        "id": f"/subscriptions/{cloud.settings.subscription}/providers/{DEFINITION}/{guid}",
        "type": DEFINITION,
        "name": guid,
    }


def list_definitions(cloud: Cloud, request: Request) -> Reply:
    wanted = re.search(r"roleName eq '((?:[^']|'')*)'", request.query.get("$filter", ""), re.I)
    custom = re.search(r"type eq '?CustomRole'?", request.query.get("$filter", ""), re.I)
    name = wanted.group(1).replace("''", "'").lower() if wanted else None
    found = [guid for guid, role in _ROLES.items() if not custom and name in (None, role[0].lower())]
    return listing([_definition(cloud, guid) for guid in found])


def get_definition(cloud: Cloud, request: Request) -> Reply:
    guid = request.params["role"].lower()
    if guid not in _ROLES:
        message = f"The specified role definition with ID '{request.params['role']}' does not exist."
        raise ArmError(404, "RoleDefinitionDoesNotExist", message)
    return Reply(200, _definition(cloud, guid))


# assignments


def _all(cloud: Cloud) -> list[dict[str, Any]]:
    return [*directory.owners(cloud, KIND, f"/providers/{DEFINITION}/{OWNER}"), *cloud.records.all("role-assignment")]


def list_assignments(cloud: Cloud, request: Request) -> Reply:
    """Those around a scope, at it and, but for atScope(), in it; of one principal with principalId or assignedTo()."""
    text, scope = request.query.get("$filter", ""), request.params["scope"].lower()
    inner = "atscope()" not in text.lower()
    principal = re.search(r"(?:principalId eq|assignedTo\()\s*'([^']*)'", text, re.I)
    found = []
    for one in _all(cloud):
        at = one["properties"]["scope"].lower()
        if not f"{scope}/".startswith(f"{at}/") and not (inner and at.startswith(f"{scope}/")):
            continue
        if principal is None or one["properties"]["principalId"].lower() == principal.group(1).lower():
            found.append(one)
    return listing(found)


def _id(request: Request) -> str:
    return f"{request.params['scope']}/providers/{KIND}/{request.params['assignment']}"


def _find(cloud: Cloud, request: Request) -> dict[str, Any] | None:
    return next((one for one in _all(cloud) if one["id"].lower() == _id(request).lower()), None)


def get(cloud: Cloud, request: Request) -> Reply:
    found = _find(cloud, request)
    if found is None:
        message = f"The role assignment '{request.params['assignment']}' is not found."
        raise ArmError(404, "RoleAssignmentNotFound", message)
    return Reply(200, found)


def put(cloud: Cloud, request: Request) -> Reply:
    name = request.params["assignment"]
    if not _GUID.fullmatch(name):
        message = f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
        raise ArmError(400, "InvalidRoleAssignmentId", message)
    shape.check(request.body, _SHAPE)
    given = request.body.get("properties") or {}
    role, principal = given.get("roleDefinitionId") or "", given.get("principalId") or ""
    if role.rpartition("/")[2].lower() not in _ROLES:
        message = f"The specified role definition with ID '{role.rpartition('/')[2]}' does not exist."
        raise ArmError(400, "RoleDefinitionDoesNotExist", message)
    if not _GUID.fullmatch(principal):
        raise ArmError(400, "InvalidPrincipalId", "A valid principal ID must be provided for role assignment.")
    before = _find(cloud, request)
    if before is not None and before["properties"]["principalId"].lower() != principal.lower():
        message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        raise ArmError(409, "RoleAssignmentUpdateNotPermitted", message)
    properties = _properties(cloud, request, given, before)
    _refuse_twin(cloud, properties, _id(request))
    assignment = {"properties": properties, "id": _id(request), "type": KIND, "name": name}
    cloud.records.put("role-assignment", _id(request), assignment)
    if before is not None:
        return Reply(200, assignment)
    # The first answer does not say yet who made it.
    return Reply(201, {**assignment, "properties": {**properties, "createdBy": None}})


def _properties(
    cloud: Cloud, request: Request, given: dict[str, Any], before: dict[str, Any] | None
) -> dict[str, Any]:
    principal = given["principalId"]
    known = directory.find(cloud, principal)
    if known is None and not given.get("principalType"):
        raise ArmError(
            400,
            "PrincipalNotFound",
            f"Principal {principal.replace('-', '')} does not exist in the directory {cloud.settings.tenant}. Check "
            "that you have the correct principal ID. If you are creating this principal and then immediately assigning "
            "a role, this error might be related to a replication delay. In this case, set the role assignment "
            "principalType property to a value, such as ServicePrincipal, User, or Group.  "
            "See https://aka.ms/docs-principaltype",
        )
    guid = given["roleDefinitionId"].rpartition("/")[2].lower()
    now = timestamp()
    properties: dict[str, Any] = {
        "roleDefinitionId": f"/subscriptions/{cloud.settings.subscription}/providers/{DEFINITION}/{guid}",
        "principalId": principal,
        "principalType": given.get("principalType") or "ServicePrincipal",
        "scope": request.params["scope"] or "/",
        "condition": given.get("condition"),
        "conditionVersion": given.get("conditionVersion"),
        "createdOn": before["properties"]["createdOn"] if before else now,
        "updatedOn": now,
        "createdBy": before["properties"]["createdBy"] if before else request.caller or None,
        "updatedBy": request.caller or None,
        "delegatedManagedIdentityResourceId": None,
        "description": given.get("description"),
    }
    return properties


def _refuse_twin(cloud: Cloud, properties: dict[str, Any], own_id: str) -> None:
    same = ("roleDefinitionId", "principalId", "scope")
    for one in _all(cloud):
        alike = all(one["properties"][name].lower() == properties[name].lower() for name in same)
        if alike and one["id"].lower() != own_id.lower():
            name = one["name"].replace("-", "")
            message = f"The role assignment already exists. The ID of the conflicting role assignment is {name}."
            raise ArmError(409, "RoleAssignmentExists", message)


def delete(cloud: Cloud, request: Request) -> Reply:
    found = _find(cloud, request)
    if found is None:
        return Reply(204)
    if cloud.records.get("role-assignment", _id(request)) is None:
        message = "The last owner of the subscription can't be removed."
        raise gateway_error(409, "LastOwnerCannotBeRemoved", message)
    cloud.records.delete("role-assignment", _id(request))
    return Reply(200, found)
