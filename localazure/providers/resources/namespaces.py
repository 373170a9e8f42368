"""Provider namespaces (some have no types here): regions, api-versions, and whether the subscription is registered."""

from __future__ import annotations

from typing import Any

from localazure.arm.admission import FREE_NAMESPACES, registration
from localazure.arm.cloud import Cloud
from localazure.protocol import versions
from localazure.protocol.errors import ArmError, gateway_error, invalid_namespace
from localazure.protocol.locations import DISPLAY_NAMES
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers.common import spelled

_KIND = "Microsoft.Resources/providers"
# What a registration usually takes, in seconds.
_DURATION_S = 30.0
# Applications of Microsoft's own that a namespace lets act in the subscription: (application, role definition).
_AUTHORIZATIONS = {
    "Microsoft.Compute": ("60e6cd67-9c8c-4951-9b3c-23c25a2169af", "e4770acb-272e-4dc8-87f3-12f44a612224"),
    "Microsoft.Network": ("2cf9eb86-36b5-49dc-86ae-9a63135dfa8c", "13ba9ab4-19f0-4804-adc4-14ece36cc7a1"),
}
_RECORD = "registration"
# Namespaces of Azure of which nothing is here. Tools register for them before they know whether they need them.
_WITHOUT_TYPES = [f"Microsoft.{name}" for name in (
    "AAD Advisor AlertsManagement ApiManagement App AppConfiguration Attestation Automation Batch Billing BotService "
    "Cache Cdn ClassicCompute ClassicInfrastructureMigrate ClassicNetwork ClassicStorage CognitiveServices Confluent "
    "Consumption ContainerInstance ContainerRegistry ContainerService CostManagement CustomProviders DBforMariaDB "
    "DBforMySQL DBforPostgreSQL DataFactory DataLakeAnalytics DataLakeStore DataMigration DataProtection Databricks "
    "DesktopVirtualization Devices DocumentDB EventGrid EventHub GuestConfiguration HDInsight "
    "HealthcareApis Insights KeyVault Kusto Logic MachineLearningServices Maintenance ManagedServices Management Maps "
    "MarketplaceOrdering Migrate MixedReality NotificationHubs OperationalInsights OperationsManagement "
    "PolicyInsights PowerBIDedicated RecoveryServices Relay ResourceGraph ResourceHealth Search Security "
    "SecurityInsights SerialConsole ServiceBus ServiceFabric SignalRService Sql Storage StreamAnalytics Web"
).split()]  # fmt: skip


def routes() -> list[Route]:
    at = "/subscriptions/{subscription}/providers"
    return [
        Route("GET", at, list_providers, _KIND),
        Route("GET", f"{at}/{{namespace}}", get_provider, _KIND),
        Route("POST", f"{at}/{{namespace}}/register", register, _KIND),
        Route("POST", f"{at}/{{namespace}}/unregister", unregister, _KIND),
        Route("GET", "/providers", list_providers, _KIND),
        Route("GET", "/providers/{namespace}", get_provider, _KIND),
    ]


def _type(namespace: str, full_type: str) -> dict[str, Any]:
    name = full_type.split("/", 1)[1]
    known = versions.of_type(full_type)
    finished = [one for one in known if not one.endswith("-preview")]
    top = "/" not in name and name not in ("locations", "operations") and namespace not in FREE_NAMESPACES
    return {
        "resourceType": name,
        "locations": DISPLAY_NAMES if namespace not in FREE_NAMESPACES else [],
        "apiVersions": list(reversed(known)),
        "defaultApiVersion": (finished or known)[-1],
        "capabilities": "CrossResourceGroupResourceMove, SupportsTags, SupportsLocation" if top else "None",
    }


def _provider(cloud: Cloud, namespace: str) -> dict[str, Any]:
    found = [_AUTHORIZATIONS[namespace]] if namespace in _AUTHORIZATIONS else []
    return {
        "id": f"/subscriptions/{cloud.settings.subscription}/providers/{namespace}",
        "namespace": namespace,
        "authorizations": [{"applicationId": one, "roleDefinitionId": role} for one, role in found],
        "resourceTypes": [_type(namespace, one) for one in versions.TYPES if one.startswith(f"{namespace}/")],
        "registrationState": _state(cloud, namespace),
        "registrationPolicy": "RegistrationFree" if namespace in FREE_NAMESPACES else "RegistrationRequired",
    }


def _state(cloud: Cloud, namespace: str) -> str:
    """As `registration`; a namespace without types is not registered until somebody does it."""
    untouched = namespace in _WITHOUT_TYPES and cloud.records.get(_RECORD, namespace) is None
    return "NotRegistered" if untouched else registration(cloud, namespace)


def _namespaces() -> list[str]:
    return sorted([*versions.namespaces(), *_WITHOUT_TYPES])


def list_providers(cloud: Cloud, request: Request) -> Reply:
    return listing([_provider(cloud, namespace) for namespace in _namespaces()])


def _namespace(request: Request) -> str:
    asked = request.params["namespace"]
    namespace = spelled(asked, _namespaces())
    if namespace is None:
        raise invalid_namespace(asked)
    return namespace


def get_provider(cloud: Cloud, request: Request) -> Reply:
    return Reply(200, _provider(cloud, _namespace(request)))


def register(cloud: Cloud, request: Request) -> Reply:
    """Answers at once with Registering; the namespace can be used from then on."""
    return _change(cloud, _namespace(request), "Registering", "Registered")


def unregister(cloud: Cloud, request: Request) -> Reply:
    namespace = _namespace(request)
    if namespace in FREE_NAMESPACES:
        message = f"The resource provider '{namespace}' can't be unregistered."
        raise gateway_error(400, "InvalidResourceNamespaceUnregistration", message)
    used = [one for one in cloud.store.all() if one.id.namespace.lower() == namespace.lower()]
    if used:
        message = f"Cannot unregister the resource provider '{namespace}', as the subscription has resources of it."
        details = [{"code": "SubscriptionHasResources", "target": str(one.id), "message": one.type} for one in used[:5]]
        raise ArmError(409, "CannotUnregisterNamespaceInUse", message, details=details)
    return _change(cloud, namespace, "Unregistering", "Unregistered")


def _change(cloud: Cloud, namespace: str, passing: str, final: str) -> Reply:
    if _state(cloud, namespace) not in (passing, final):
        cloud.records.put(_RECORD, namespace, {"state": passing})

        async def finish() -> None:
            await cloud.operations.pause(_DURATION_S)
            if registration(cloud, namespace) == passing:
                cloud.records.put(_RECORD, namespace, {"state": final})

        cloud.background(finish())
    return Reply(200, _provider(cloud, namespace))


def settle(cloud: Cloud) -> None:
    """End what the last server left half-way."""
    for namespace in _namespaces():
        passing = registration(cloud, namespace)
        if passing in ("Registering", "Unregistering"):
            cloud.records.put(_RECORD, namespace, {"state": passing.replace("ing", "ed")})
