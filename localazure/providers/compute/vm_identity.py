"""Managed identities of VMs: the system's own and those that users assign."""

from __future__ import annotations

import uuid
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids, shape
from localazure.protocol.errors import ArmError
from localazure.providers import kinds
from localazure.store.resources import Resource

_SYSTEM, _USER = "SystemAssigned", "UserAssigned"
_SHAPE: dict[str, Any] = {"identity": {"type": str, "userAssignedIdentities": dict}}


def write(cloud: Cloud, vm: Resource, body: dict[str, Any], *, merge: bool) -> None:
    """Bring a VM's identities in line with a body; one without `identity` changes nothing. Raises ArmError.

    `merge` (a PATCH) keeps the assigned identities that the body does not name; null takes one away.
    """
    shape.check(body, _SHAPE)
    given = body.get("identity")
    if not given:
        return
    kinds = _kinds(given.get("type"), given)
    before = vm.extra.get("identity") or {}
    assigned = _assigned(cloud, vm, before if merge else {}, given) if _USER in kinds else {}
    if _USER in kinds and not assigned:
        message = f"The identity ids must not be null or empty for '{', '.join(kinds)}' identity type."
        raise ArmError(400, "MissingIdentityIds", message)
    if not kinds:
        vm.extra.pop("identity", None)
        return
    after: dict[str, Any] = {"type": ", ".join(kinds)}
    if _SYSTEM in kinds:
        after["principalId"] = before.get("principalId") or str(uuid.uuid4())
        after["tenantId"] = cloud.settings.tenant
    if _USER in kinds:
        after["userAssignedIdentities"] = assigned
    vm.extra["identity"] = after


def _kinds(text: str | None, given: dict[str, Any]) -> list[str]:
    """["SystemAssigned"], ["SystemAssigned", "UserAssigned"], …; [] for None."""
    parts = {part.strip().lower() for part in (text or "").split(",")}
    if parts in ({"none"}, {""}):
        return [_USER] if text is None and given.get("userAssignedIdentities") else []
    kinds = [kind for kind in (_SYSTEM, _USER) if kind.lower() in parts]
    if len(kinds) != len(parts):
        message = f"The specified identity type '{text}' is not valid: SystemAssigned, UserAssigned, both or None."
        raise ArmError(400, "InvalidIdentityType", message, target="identity.type")
    return kinds


def _assigned(cloud: Cloud, vm: Resource, before: dict[str, Any], given: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Each assigned identity with its principal and client."""
    result = dict(before.get("userAssignedIdentities") or {})
    for identifier, value in (given.get("userAssignedIdentities") or {}).items():
        result = {known: kept for known, kept in result.items() if ids.key(known) != ids.key(identifier)}
        if value is None:
            continue
        found = cloud.store.get(ids.parse(identifier, "identity.userAssignedIdentities"))
        if found is None or found.type.lower() != kinds.USER_IDENTITY.lower():
            inner = f'{{"error":{{"code":"BadRequest","message":"Resource \'{identifier}\' was not found."}}}}'
            message = (
                f"Identity operation for resource '{vm.id}' failed with error 'Failed to perform resource identity "
                f"operation. Status: 'BadRequest'. Response: '{inner}'.'."
            )
            raise ArmError(400, "FailedIdentityOperation", message)
        result[identifier] = {name: found.properties[name] for name in ("principalId", "clientId")}
    return result
