"""Subscriptions, tenants, locations, and the provider namespaces with their types, regions and api-versions."""

from __future__ import annotations

from typing import Any

from localazure.arm import versions
from localazure.arm.cloud import Cloud
from localazure.arm.errors import gateway_error
from localazure.arm.locations import DISPLAY_NAMES, REGIONS
from localazure.arm.request import Reply, Request, listing
from localazure.arm.router import Route

_KIND = "Microsoft.Resources/subscriptions"
_NAMESPACES = {
    "Microsoft.Compute": (
        "virtualMachines virtualMachines/extensions virtualMachines/runCommands disks skus locations "
        "locations/publishers locations/vmSizes locations/usages locations/operations locations/runCommands"
    ).split(),
    "Microsoft.Network": (
        "virtualNetworks virtualNetworks/subnets networkSecurityGroups networkSecurityGroups/securityRules "
        "networkInterfaces publicIPAddresses locations locations/operations locations/operationResults "
        "locations/CheckDnsNameAvailability locations/usages"
    ).split(),
    "Microsoft.Resources": "subscriptions resourceGroups resources tags providers tenants".split(),
}


def routes() -> list[Route]:
    subscription = "/subscriptions/{subscription}"
    return [
        Route("GET", "/subscriptions", list_subscriptions, _KIND),
        Route("GET", subscription, get_subscription, _KIND),
        Route("GET", f"{subscription}/locations", list_locations, _KIND),
        Route("GET", "/tenants", list_tenants, _KIND),
        Route("GET", f"{subscription}/providers", list_providers, _KIND),
        Route("GET", f"{subscription}/providers/{{namespace}}", get_provider, _KIND),
        Route("POST", f"{subscription}/providers/{{namespace}}/register", get_provider, _KIND),
        Route("POST", f"{subscription}/providers/{{namespace}}/unregister", refuse_unregister, _KIND),
        Route("GET", "/providers", list_providers, _KIND),
        Route("GET", "/providers/{namespace}", get_provider, _KIND),
    ]


def _subscription(cloud: Cloud) -> dict[str, Any]:
    settings = cloud.settings
    return {
        "id": f"/subscriptions/{settings.subscription}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": settings.subscription,
        "tenantId": settings.tenant,
        "displayName": f"Local Azure ({settings.instance}, machines: {settings.machines})",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off",
        },
    }  # fmt: skip


def list_subscriptions(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, {"value": [_subscription(cloud)], "count": {"type": "Total", "value": 1}})


def get_subscription(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, _subscription(cloud))


def list_tenants(cloud: Cloud, request: Request) -> Reply:
    tenant = cloud.settings.tenant
    name = f"Local Azure {cloud.settings.instance}"
    return listing(
        [
            {
                "id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": name, "tenantCategory": "Home",
                "defaultDomain": cloud.settings.suffix, "domains": [cloud.settings.suffix], "countryCode": "US",
                "tenantType": "AAD",
            }
        ]
    )  # fmt: skip


def list_locations(cloud: Cloud, request: Request) -> Reply:
    return listing(
        [
            {
                "id": f"/subscriptions/{cloud.settings.subscription}/locations/{name}",
                "name": name,
                "type": "Region",
                "displayName": display,
                "regionalDisplayName": f"({geography}) {display}",
                "metadata": {
                    "regionType": "Physical", "regionCategory": "Recommended", "geographyGroup": geography,
                    "geography": geography, "latitude": latitude, "longitude": longitude, "physicalLocation": "",
                    "pairedRegion": [],
                },
            }
            for name, (display, geography, latitude, longitude) in REGIONS.items()
        ]
    )  # fmt: skip


def _provider(cloud: Cloud, namespace: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{cloud.settings.subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": [
            {
                "resourceType": name,
                "locations": DISPLAY_NAMES,
                "apiVersions": list(reversed(versions.of_type(f"{namespace}/{name}"))),
                "defaultApiVersion": versions.of_type(f"{namespace}/{name}")[-1],
                "capabilities": "SupportsTags, SupportsLocation",
            }
            for name in _NAMESPACES[namespace]
        ],
    }


def list_providers(cloud: Cloud, request: Request) -> Reply:
    return listing([_provider(cloud, namespace) for namespace in _NAMESPACES])


def _namespace(request: Request) -> str:
    asked = request.params["namespace"]
    for namespace in _NAMESPACES:
        if namespace.lower() == asked.lower():
            return namespace
    raise gateway_error(404, "InvalidResourceNamespace", f"The resource namespace '{asked}' is invalid.")


def get_provider(cloud: Cloud, request: Request) -> Reply:
    """Also the answer to `register`: every namespace that exists here is registered already."""
    return Reply(200, _provider(cloud, _namespace(request)))


def refuse_unregister(cloud: Cloud, request: Request) -> Reply:
    namespace = _namespace(request)
    message = f"Cannot unregister namespace '{namespace}': Local Azure always has it registered."
    raise gateway_error(409, "SubscriptionHasOngoingRegistrations", message)
