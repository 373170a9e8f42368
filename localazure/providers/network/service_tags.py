"""Service tags: the names that rules may use for groups of addresses, which of them have an effect here, their list."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import locations
from localazure.protocol.request import Reply, Request
from localazure.protocol.router import Route

# What guests can be reached from or can reach: the platform enforces these. No other tag matches an address here.
ENFORCED = ("VirtualNetwork", "Internet", "AzureLoadBalancer")
# https://learn.microsoft.com/azure/virtual-network/service-tags-overview#available-service-tags
_REGIONAL = (
    "ApiManagement", "AppConfiguration", "AppService", "AzureBackup", "AzureCloud", "AzureContainerRegistry",
    "AzureCosmosDB", "AzureDatabricks", "AzureDevOps", "AzureEventGrid", "AzureKeyVault", "AzureMonitor",
    "BatchNodeManagement", "CognitiveServicesManagement", "DataFactory", "EventHub", "GatewayManager",
    "GuestAndHybridManagement", "HDInsight", "LogicApps", "MicrosoftContainerRegistry", "PowerPlatformInfra",
    "ServiceBus", "ServiceFabric", "Sql", "SqlManagement", "Storage", "StorageSyncService",
)  # fmt: skip
_GLOBAL = (
    "ActionGroup", "ApplicationInsightsAvailability", "AppServiceManagement", "AutonomousDevelopmentPlatform",
    "AzureActiveDirectory", "AzureActiveDirectoryDomainServices", "AzureAdvancedThreatProtection", "AzureAPIForFHIR",
    "AzureArcInfrastructure", "AzureAttestation", "AzureBotService", "AzureCognitiveSearch", "AzureConnectors",
    "AzureDataExplorerManagement", "AzureDataLake", "AzureDeviceUpdate", "AzureDigitalTwins",
    "AzureFrontDoor.Backend", "AzureFrontDoor.FirstParty", "AzureFrontDoor.Frontend", "AzureInformationProtection",
    "AzureIoTHub", "AzureMachineLearning", "AzureManagedGrafana", "AzureOpenDatasets", "AzurePlatformDNS",
    "AzurePlatformIMDS", "AzurePlatformLKM", "AzureResourceManager", "AzureSecurityCenter", "AzureSentinel",
    "AzureSignalR", "AzureSiteRecovery", "AzureSphere", "AzureSpringCloud", "AzureStack", "AzureTrafficManager",
    "AzureUpdateDelivery", "AzureWebPubSub", "AzureWindowsVirtualDesktop", "ChaosStudio", "CognitiveServicesFrontend",
    "DataFactoryManagement", "Dynamics365ForMarketingEmail", "M365ManagementActivityApi", "MicrosoftAzureFluidRelay",
    "MicrosoftCloudAppSecurity", "MicrosoftDefenderForEndpoint", "OneDsCollector", "PowerBI", "PowerQueryOnline",
    "SCCservice", "SerialConsole", "StorageMover", "WindowsAdminCenter", "WindowsVirtualDesktop",
)  # fmt: skip
_ALWAYS_THERE = frozenset(("AzurePlatformDNS", "AzurePlatformIMDS", "AzurePlatformLKM"))
_BY_NAME = {name.lower(): name for name in (*ENFORCED, *_REGIONAL, *_GLOBAL)}


def spelled(tag: str) -> str | None:
    """A tag as Azure writes it, Storage.WestUS for one region's part; None when it is no tag."""
    name, dot, region = tag.partition(".")
    whole = _BY_NAME.get(tag.lower())
    if whole is not None or not dot:
        return whole
    service = _BY_NAME.get(name.lower())
    if service not in _REGIONAL:
        return None
    return f"{service}.{_in_tags(region.lower())}" if region.lower() in locations.REGIONS else None


def _in_tags(region: str) -> str:
    """A region as tags have it: WestUS."""
    return locations.REGIONS[region][0].replace(" ", "")


def routes() -> list[Route]:
    at = "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/serviceTags"
    return [Route("GET", at, list_tags, "Microsoft.Network/locations")]


def list_tags(cloud: Cloud, request: Request) -> Reply:
    """All tags that can be downloaded, each with its regional parts. None has addresses: no such service is here."""
    location = locations.in_path(request.params["location"], "Microsoft.Network/locations", request.api_version)
    values = []
    for name in sorted((*_REGIONAL, *(set(_GLOBAL) - _ALWAYS_THERE))):
        values.append(_value(name, name, ""))
        if name in _REGIONAL:
            values += [_value(f"{name}.{_in_tags(region)}", name, region) for region in locations.REGIONS]
    return Reply(
        200,
        {
            "name": "Public",
            "id": f"/subscriptions/{cloud.settings.subscription}/providers/Microsoft.Network/serviceTags/Public",
            "type": "Microsoft.Network/serviceTags",
            "location": location,
            "changeNumber": "1",
            "cloud": "Public",
            "values": values,
            "nextLink": "",
        },
    )


def _value(name: str, service: str, region: str) -> dict[str, Any]:
    return {
        "name": name,
        "id": name,
        "serviceTagChangeNumber": "1",
        "properties": {
            "changeNumber": "1", "region": region, "state": "GA", "networkFeatures": ["API", "NSG", "UDR", "FW"],
            "systemService": service, "addressPrefixes": [],
        },
    }  # fmt: skip
