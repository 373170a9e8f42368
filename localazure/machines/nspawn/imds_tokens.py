"""Tokens of a VM's managed identities, as its metadata service gives them. Standard library only.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token describes it. What is
signed is what sign-in itself signs, but with a key of the identity's own: who reads that makes no tokens of others.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

LIFETIME_S = 24 * 3600 - 1
VERSIONS = ("2018-02-01", "2019-08-01", "2019-08-15", "2020-06-01", "2021-02-01", "2021-12-13")
# Query parameters that choose one of several identities → the member that they look at.
_CHOICES = {"client_id": "clientId", "object_id": "principalId", "msi_res_id": "resourceId", "mi_res_id": "resourceId"}

Answer = tuple[int, Any]


def answer(query: dict[str, str], identity: dict[str, Any] | None, now: float | None = None) -> Answer:
    """`identity` is the document's: who signs, and the VM's identities; None for a VM without one."""
    if query.get("api-version") not in VERSIONS:
        return _refused("Required query variable 'api-version' is missing or not supported")
    resource = query.get("resource")
    if not resource:
        return _refused("Required query variable 'resource' is missing")
    found = _chosen(query, (identity or {}).get("assigned") or [])
    if isinstance(found, str) or identity is None:
        return _refused(str(found))
    began = int(time.time() if now is None else now)
    return 200, {
        "access_token": _token(identity, found, resource, began), "client_id": found["clientId"],
        "expires_in": str(LIFETIME_S), "expires_on": str(began + LIFETIME_S), "ext_expires_in": str(LIFETIME_S),
        "not_before": str(began), "resource": resource, "token_type": "Bearer",
    }  # fmt: skip


def _chosen(query: dict[str, str], assigned: list[dict[str, Any]]) -> dict[str, Any] | str:
    """The identity that is asked for, the system's where none is named; or why there is none."""
    wanted = [(member, query[name]) for name, member in _CHOICES.items() if query.get(name)]
    fitting = [one for one in assigned
               if all(str(one.get(member)).lower() == value.lower() for member, value in wanted)]  # fmt: skip
    own = [one for one in fitting if one["system"]]
    if not wanted and own:
        return own[0]
    if len(fitting) > 1:
        return (
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the "
            "token request"
        )
    return fitting[0] if fitting else "Identity not found"


def _token(signer: dict[str, Any], identity: dict[str, Any], resource: str, began: int) -> str:
    claims = {
        "aud": resource, "iss": signer["issuer"], "iat": began, "nbf": began, "exp": began + LIFETIME_S,
        "appid": identity["clientId"], "appidacr": "2", "idp": signer["issuer"], "idtyp": "app",
        "oid": identity["principalId"], "sub": identity["principalId"], "tid": signer["tenant"], "ver": "1.0",
        "xms_mirid": identity["resourceId"],
    }  # fmt: skip
    signed = ".".join(_encode(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
    return f"{signed}.{_encode(hmac.new(bytes.fromhex(identity['key']), signed.encode(), hashlib.sha256).digest())}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _refused(description: str) -> Answer:
    return 400, {"error": "invalid_request", "error_description": description}
