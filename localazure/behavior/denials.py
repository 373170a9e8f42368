"""Denials: what permissions, policies and a disabled subscription refuse, in the service's words."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from localazure.behavior.conditions import Condition, Conditions
from localazure.behavior.paths import action_of, fits_any, scope_of, type_of
from localazure.protocol import ids
from localazure.protocol.errors import ArmError, gateway_error
from localazure.protocol.request import Request

# Resources that others join need this permission too, on each that a body names.
_JOINED = (
    "Microsoft.Network/virtualNetworks/subnets", "Microsoft.Network/publicIPAddresses",
    "Microsoft.Network/networkSecurityGroups", "Microsoft.Network/networkInterfaces",
    "Microsoft.Network/applicationSecurityGroups", "Microsoft.Network/natGateways",
)  # fmt: skip
_POLICY = "/providers/Microsoft.Authorization"
# Operations lie below the subscription's regions; who has rights on one group only follows what was begun there.
_OPERATION = re.compile(r"/(disk)?operation(s|results|statuses)/[^/]+/?$", re.IGNORECASE)


# The authentication context that mandatory MFA asks for, as sign-in writes it into tokens.
_MULTI_FACTOR = "p1"
# What a security rule says for everybody.
_ANY_SOURCE = ("*", "Internet", "0.0.0.0/0", "::/0", "any")


def refuse(
    conditions: Conditions, request: Request, claims: Mapping[str, Any], subscription: str, tags: Mapping[str, str]
) -> None:
    """Raise ArmError for a request that permissions, the subscription's state or a policy forbid. `tags` are those that
    the resource has: a policy looks at what it would be."""
    _refuse_without_factors(conditions, request, claims)
    _refuse_unauthorized(conditions, request, claims)
    if conditions.read_only and request.method not in ("GET", "HEAD") and "subscription" in request.params:
        raise gateway_error(
            409,
            "ReadOnlyDisabledSubscription",
            f"The subscription '{subscription}' is disabled and therefore marked as read only. You cannot perform any "
            "write actions on this subscription until it is re-enabled.",
        )
    if request.method in ("PUT", "PATCH") and isinstance(request.body, dict):
        for policy in conditions.all("policy"):
            if _violates(policy, request, tags):
                raise PolicyDenial(policy, request, subscription)


def _refuse_without_factors(conditions: Conditions, request: Request, claims: Mapping[str, Any]) -> None:
    """Mandatory MFA: people's changes need a token with the context p1, which a claims challenge asks for; applications
    are exempt. As Azure answers (azure-cli#31699)."""
    is_person = claims.get("idtyp") == "user"
    if is_person and _MULTI_FACTOR in (claims.get("acrs") or ()):
        return
    for one in conditions.all("mfa"):
        if (
            (is_person or one.get("applications"))
            and fits_any(request.method, one.get("method", ("PUT", "DELETE")))
            and fits_any(type_of(request.method, request.path), one.get("type", ("*",)))
            and fits_any(request.path, one.get("scope", ("*",)))
        ):
            asked = json.dumps({"access_token": {"acrs": {"essential": True, "values": [_MULTI_FACTOR]}}},
                               separators=(",", ":"))  # fmt: skip
            challenge = (
                f'Bearer realm="", authorization_uri="{request.base_url}/common/oauth2/authorize", '
                f'error="insufficient_claims", claims="{base64.b64encode(asked.encode()).decode()}"'
            )
            name = request.path.rstrip("/").rpartition("/")[2]
            raise ArmError(401, "RequestDisallowedByPolicy", f"Resource '{name}' was disallowed by policy. Reasons: "
                           "'MFA is required'. See error details for policy resource IDs.", target=name, gateway=True,
                           headers={"WWW-Authenticate": challenge})  # fmt: skip


def _refuse_unauthorized(conditions: Conditions, request: Request, claims: Mapping[str, Any]) -> None:
    told = [str(claims.get(name, "")) for name in ("oid", "appid", "upn")]
    denied = tuple(
        one for one in conditions.all("denied") if any(fits_any(text, one.get("who", ("*",))) for text in told)
    )
    if not denied or request.method == "GET" and _OPERATION.search(request.path):
        return
    action, scope = action_of(request.method, request.path), scope_of(request.path)
    who = f"The client '{claims.get('appid', '')}' with object id '{claims.get('oid', '')}'"
    if _is_denied(denied, action, scope):
        raise gateway_error(
            403,
            "AuthorizationFailed",
            f"{who} does not have authorization to perform action '{action}' over scope '{scope}' or the scope is "
            "invalid. If access was recently granted, please refresh your credentials.",
        )
    if request.method not in ("PUT", "PATCH"):
        return
    for named in ids.named_in(request.body):
        join = f"{type_of('PUT', named)}/join/action"
        joinable = any(join.lower() == f"{one}/join/action".lower() for one in _JOINED)
        if joinable and not named.lower().startswith(scope.lower() + "/") and _is_denied(denied, join, named):
            raise gateway_error(
                403,
                "LinkedAuthorizationFailed",
                f"{who} has permission to perform action '{action}' on scope '{scope}'; however, it does not have "
                f"permission to perform action(s) '{join}' on the linked scope(s) '{named}' (respectively) or the "
                "linked scope(s) are invalid.",
            )


def _is_denied(denied: tuple[Condition, ...], action: str, scope: str) -> bool:
    return any(fits_any(action, one["action"]) and fits_any(scope, one.get("scope", ("*",))) for one in denied)


def _violates(policy: Condition, request: Request, tags: Mapping[str, str]) -> bool:
    body = request.body
    region = str(body.get("location") or "").replace(" ", "")
    if request.method == "PUT" or "tags" in body:
        tags = body["tags"] if isinstance(body.get("tags"), dict) else {}
    wanted = policy.get("without_tag")
    return (
        fits_any(type_of(request.method, request.path), policy.get("type", ("*",)))
        and fits_any(request.path, policy.get("scope", ("*",)))
        and ("region" not in policy or fits_any(region, policy["region"]))
        and (wanted is None or wanted.lower() not in (name.lower() for name in tags))
        and (not policy.get("any_source") or _open_rule(request) is not None)
    )


def _open_rule(request: Request) -> tuple[str, str] | None:
    """The source by which a security rule of a body lets in everybody, and where a policy finds it; None for none."""
    full_type = type_of(request.method, request.path).lower()
    properties = request.body.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    alias = "Microsoft.Network/networkSecurityGroups/securityRules"
    if full_type.endswith("/securityrules"):
        source = _any_source(properties)
        return (source, f"{alias}/sourceAddressPrefix") if source else None
    for one in properties.get("securityRules") or () if full_type.endswith("/networksecuritygroups") else ():
        source = _any_source(one.get("properties") or {}) if isinstance(one, dict) else None
        if source:
            return source, f"{alias}[*].sourceAddressPrefix"
    return None


def _any_source(rule: Mapping[str, Any]) -> str | None:
    if str(rule.get("access")).lower() != "allow" or str(rule.get("direction")).lower() != "inbound":
        return None
    sources = [rule.get("sourceAddressPrefix"), *(rule.get("sourceAddressPrefixes") or ())]
    known = {one.lower() for one in _ANY_SOURCE}
    return next((one for one in sources if isinstance(one, str) and one.lower() in known), None)


class PolicyDenial(ArmError):
    """RequestDisallowedByPolicy, with the policy's identifiers and what it looked at."""

    def __init__(self, policy: Condition, request: Request, subscription: str) -> None:
        assignment, definition = policy["assignment"], policy.get("definition", policy["assignment"])
        assignment_name, definition_name = (
            str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}"))[:24].replace("-", "")
            for kind, name in (("assignment", assignment), ("definition", definition))
        )
        at = f"/subscriptions/{subscription}{_POLICY}"
        identifiers = [
            {
                "policyAssignment": {"name": assignment, "id": f"{at}/policyAssignments/{assignment_name}"},
                "policyDefinition": {"name": definition, "id": f"{at}/policyDefinitions/{definition_name}"},
            }
        ]
        name = request.path.rstrip("/").rpartition("/")[2]
        told = json.dumps(identifiers, separators=(",", ":"))
        message = f"Resource '{name}' was disallowed by policy. Policy identifiers: '{told}'."
        super().__init__(403, "RequestDisallowedByPolicy", message, target=name, gateway=True)
        self.info = {
            "evaluationDetails": {"evaluatedExpressions": _expressions(policy, request)},
            "policyDefinitionId": identifiers[0]["policyDefinition"]["id"],
            "policyDefinitionName": definition_name,
            "policyDefinitionDisplayName": definition,
            "policyDefinitionEffect": "deny",
            "policyAssignmentId": identifiers[0]["policyAssignment"]["id"],
            "policyAssignmentName": assignment_name,
            "policyAssignmentDisplayName": assignment,
            "policyAssignmentScope": f"/subscriptions/{subscription}",
            "policyAssignmentParameters": {},
        }

    def error(self) -> dict[str, Any]:
        return {**super().error(), "additionalInfo": [{"type": "PolicyViolation", "info": self.info}]}


def _expressions(policy: Condition, request: Request) -> list[dict[str, Any]]:
    """What the policy's rule has looked at, as the service tells it (evaluationDetails)."""
    full_type = type_of(request.method, request.path)
    found: list[dict[str, Any]] = [_field("type", full_type, "Equals", full_type)]
    if "region" in policy:
        found.append(_field("location", list(policy["region"]), "In", str(request.body.get("location"))))
    if "without_tag" in policy:
        found.append(_field(f"tags[{policy['without_tag']}]", "false", "Exists"))
    open_rule = _open_rule(request) if policy.get("any_source") else None
    if open_rule is not None:
        source, alias = open_rule
        path = "properties.sourceAddressPrefix"
        path = f"properties.securityRules[*].{path}" if "[*]" in alias else path
        found.append({**_field(alias, list(_ANY_SOURCE), "In", source), "path": path})
    return found


def _field(name: str, target: Any, operator: str, value: str | None = None) -> dict[str, Any]:
    """One evaluated condition; what is not there has no value."""
    return {
        "result": "True", "expressionKind": "Field", "expression": name, "path": name,
        **({} if value is None else {"expressionValue": value}), "targetValue": target, "operator": operator,
    }  # fmt: skip
