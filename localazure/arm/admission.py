"""Admission: what Resource Manager itself checks before a provider is asked: subscription, version, group, scope,
locks, registration."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import ids, reserved_names, versions
from localazure.protocol.errors import ArmError, gateway_error, resource_not_found
from localazure.protocol.request import Request
from localazure.protocol.router import Route

GROUPS = "Microsoft.Resources/resourceGroups"
LOCKS = "Microsoft.Authorization/locks"
# Namespaces that every subscription has, whether it wants or not.
FREE_NAMESPACES = ("Microsoft.Authorization", "Microsoft.Features", "Microsoft.Resources")
_WRITES = ("PUT", "PATCH", "POST")


def admit(cloud: Cloud, route: Route, params: dict[str, str], query: dict[str, str]) -> str:
    """Check path and api-version, and give subscription and group their own spelling; returns the api-version."""
    subscription = params.get("subscription")
    if subscription is not None and subscription.lower() != cloud.settings.subscription:
        message = f"The subscription '{subscription}' could not be found."
        raise gateway_error(404, "SubscriptionNotFound", message)
    if subscription is not None:
        params["subscription"] = cloud.settings.subscription
    api_version = query.get("api-version", "")
    if route.kind:
        versions.check(route.kind, api_version, params.get("location", ""))
    elif not api_version:
        versions.check("Microsoft.Resources/resources", api_version)
    if "group" in params and route.kind != GROUPS:
        # A group that goes can still be read, and what is in it deleted.
        group = (cloud.writable_group if route.method in _WRITES else cloud.group)(params["group"])
        params["group"] = group.name
    if "scope" in params:
        params["scope"] = _scope(cloud, params["scope"])
    return api_version


def _scope(cloud: Cloud, scope: str) -> str:
    """A scope in the spelling of what it names; raises ArmError when that does not exist."""
    parts = scope.split("/")[1:]
    if not parts:
        return ""
    subscription = f"/subscriptions/{cloud.settings.subscription}"
    if len(parts) == 2 and parts[0].lower() == "subscriptions":
        return subscription
    if len(parts) == 4 and parts[2].lower() == "resourcegroups":
        return f"{subscription}/resourceGroups/{cloud.group(parts[3]).name}"
    try:
        identifier = ids.parse(scope)
    except ArmError:
        message = "The request did not have a subscription or a valid tenant level resource provider."
        raise gateway_error(404, "MissingSubscription", message) from None
    holder = cloud.store.holder(identifier)
    if holder is None:
        names = "/".join(identifier.names)
        raise resource_not_found(f"{identifier.type}/{names}", identifier.group)
    return str(holder.id) if ids.key(holder.id) == ids.key(identifier) else str(identifier)


def refuse_locked(cloud: Cloud, request: Request) -> None:
    """Raise ArmError ScopeLocked when a lock on what the path names, around it, or (deletions) in it forbids this."""
    if request.method not in (*_WRITES, "DELETE") or request.kind == LOCKS:
        return
    locks = cloud.records.all("lock")
    if not locks:
        return
    deletes = request.method == "DELETE"
    target = request.path.rstrip("/").lower()
    found = set()
    for lock in locks:
        scope = lock["scope"].lower()
        around = target == scope or target.startswith(scope + "/")
        inside = deletes and scope.startswith(target + "/")
        if (around or inside) and (deletes or lock["properties"]["level"] == "ReadOnly"):
            found.add(lock["scope"])
    if found:
        what = "delete" if deletes else "write"
        message = (
            f"The scope '{request.path}' cannot perform {what} operation because following scope(s) are locked: "
            f"'{','.join(sorted(found))}'. Please remove the lock and try again."
        )
        raise gateway_error(409, "ScopeLocked", message)


def refuse_reserved(request: Request) -> None:
    """Raise ArmError ReservedResourceName for a name that Azure keeps for itself."""
    if request.method == "PUT":
        reserved_names.refuse(request.kind, request.path.rstrip("/").rpartition("/")[2])


def registration(cloud: Cloud, namespace: str) -> str:
    """Registered, Registering, Unregistering or Unregistered; a namespace that nobody touched is registered."""
    record = cloud.records.get("registration", namespace)
    return record["state"] if record else "Registered"


def refuse_unregistered(cloud: Cloud, request: Request) -> None:
    """Raise ArmError when the subscription is not registered for the namespace of what is written, or for one that is
    asked what it has in a region."""
    namespace = request.kind.split("/")[0]
    writes = request.method in _WRITES and "group" in request.params
    asks_region = "location" in request.params and "group" not in request.params
    if not (writes or asks_region) or namespace in FREE_NAMESPACES:
        return
    if registration(cloud, namespace) in ("Registered", "Registering"):
        return
    message = (
        f"The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how "
        "to register subscriptions."
    )
    detail: dict[str, Any] = {"code": "MissingSubscriptionRegistration", "target": namespace, "message": message}
    refusal = gateway_error(409, "MissingSubscriptionRegistration", message)
    refusal.details = [detail]
    raise refusal
