"""Subscriptions, tenants and locations."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol.locations import REGIONS, WITHOUT_ZONES
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route

_KIND = "Microsoft.Resources/subscriptions"


def routes() -> list[Route]:
    subscription = "/subscriptions/{subscription}"
    return [
        Route("GET", "/subscriptions", list_subscriptions, _KIND),
        Route("GET", subscription, get_subscription, _KIND),
        Route("GET", f"{subscription}/locations", list_locations, _KIND),
        Route("GET", "/tenants", list_tenants, _KIND),
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
    return listing([_location(cloud, name) for name in REGIONS])


def _location(cloud: Cloud, name: str) -> dict[str, Any]:
    display, geography, latitude, longitude = REGIONS[name]
    body = {
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
    }  # fmt: skip
    if name not in WITHOUT_ZONES:
        body["availabilityZoneMappings"] = [
            {"logicalZone": zone, "physicalZone": f"{name}-az{zone}"} for zone in ("1", "2", "3")
        ]
    return body
