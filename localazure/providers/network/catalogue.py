"""What a region offers to networks: quotas and their use, endpoint services, services that subnets are delegated to."""

from __future__ import annotations

from typing import Any

from localazure.arm.cloud import Cloud
from localazure.protocol import locations
from localazure.protocol.request import Reply, Request, listing
from localazure.protocol.router import Route
from localazure.providers import kinds
from localazure.providers.common import spelled

_KIND = "Microsoft.Network/locations"
# https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
# (name, what it is called, limit (None: the addresses of this instance), type that counts)
_QUOTAS = (
    ("VirtualNetworks", "Virtual Networks", 1000, kinds.VNET),
    ("StaticPublicIPAddresses", "Static Public IP Addresses", None, kinds.PUBLIC_IP),
    ("NetworkSecurityGroups", "Network Security Groups", 5000, kinds.NSG),
    ("PublicIPAddresses", "Public IP Addresses - Basic", 0, ""),
    ("StandardSkuPublicIpAddresses", "Public IPv4 Addresses - Standard", None, kinds.PUBLIC_IP),
    ("NetworkInterfaces", "Network Interfaces", 65536, kinds.NIC),
    ("ApplicationSecurityGroups", "Application Security Groups.", 3000, kinds.ASG),
    ("LoadBalancers", "Load Balancers", 1000, ""),
    ("RouteTables", "Route Tables", 600, ""),
)
# Limits within a resource, of which the service tells the size alone.
_INNER_QUOTAS = (
    ("SecurityRulesPerNetworkSecurityGroup", "Security rules per Network Security Group", 1000),
    ("SubnetsPerVirtualNetwork", "Subnets per Virtual Network", 3000),
    ("DnsServersPerVirtualNetwork", "DNS servers per Virtual Network", 25),
    ("SecurityRuleAddressesOrPortsPerNetworkSecurityGroup",
     "Security rules addresses or ports per Network Security Group", 4000),
    ("PeeringsPerVirtualNetwork", "Peerings per Virtual Network", 500),
)  # fmt: skip
_ENDPOINT_SERVICES = (
    "Microsoft.Storage", "Microsoft.Sql", "Microsoft.AzureActiveDirectory", "Microsoft.AzureCosmosDB", "Microsoft.Web",
    "Microsoft.KeyVault", "Microsoft.EventHub", "Microsoft.ServiceBus", "Microsoft.ContainerRegistry",
    "Microsoft.CognitiveServices", "Microsoft.Storage.Global",
)  # fmt: skip
_JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"
_ACTION = "Microsoft.Network/virtualNetworks/subnets/action"
_PREPARE = "Microsoft.Network/virtualNetworks/subnets/prepareNetworkPolicies/action"
_UNPREPARE = "Microsoft.Network/virtualNetworks/subnets/unprepareNetworkPolicies/action"
_DELEGATIONS = {
    "Microsoft.Web/serverFarms": (_ACTION,),
    "Microsoft.Web/hostingEnvironments": (_ACTION,),
    "Microsoft.ContainerInstance/containerGroups": (_ACTION,),
    "Microsoft.App/environments": (_JOIN,),
    "Microsoft.Netapp/volumes": ("Microsoft.Network/networkinterfaces/*", _JOIN),
    "Microsoft.Sql/managedInstances": (_JOIN, _PREPARE, _UNPREPARE),
    "Microsoft.Databricks/workspaces": (_JOIN, _PREPARE, _UNPREPARE),
    "Microsoft.DBforPostgreSQL/flexibleServers": (_JOIN,),
    "Microsoft.DBforMySQL/flexibleServers": (_JOIN,),
    "Microsoft.ContainerService/managedClusters": (_JOIN,),
    "Microsoft.Network/dnsResolvers": (_JOIN,),
    "Microsoft.Network/applicationGateways": (_JOIN,),
    "Microsoft.Logic/integrationServiceEnvironments": (_ACTION,),
    "Microsoft.ServiceNetworking/trafficControllers": (_JOIN,),
    "Microsoft.MachineLearningServices/workspaces": (_JOIN,),
    "GitHub.Network/networkSettings": (_JOIN,),
}


def routes() -> list[Route]:
    at = "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}"
    in_group = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/locations/{location}"
    return [
        Route("GET", f"{at}/usages", list_usages, f"{_KIND}/usages"),
        Route("GET", f"{at}/virtualNetworkAvailableEndpointServices", list_endpoint_services, _KIND),
        Route("GET", f"{at}/availableDelegations", list_delegations, _KIND),
        Route("GET", f"{in_group}/availableDelegations", list_delegations, _KIND),
    ]


def endpoint_service(name: str) -> str | None:
    """A service that endpoints can lead to, in its own spelling."""
    return spelled(name, _ENDPOINT_SERVICES)


def delegation_actions(service: str) -> list[str] | None:
    """What a service may do to a subnet that is delegated to it; None when it takes no subnets."""
    known = spelled(service, _DELEGATIONS)
    return None if known is None else list(_DELEGATIONS[known])


def _location(request: Request) -> str:
    return locations.in_path(request.params["location"], _KIND, request.api_version)


def list_usages(cloud: Cloud, request: Request) -> Reply:
    """The region's quotas; those of public addresses are what this instance has."""
    location = _location(request)
    usages = []
    for name, text, limit, full_type in _QUOTAS:
        used = sum(one.location == location for one in cloud.store.of_type(full_type)) if full_type else 0
        most = len(cloud.platform.public_pool) if limit is None else limit
        usages.append(_usage(cloud, location, name, text, used, most))
    usages += [_usage(cloud, location, name, text, 0, limit) for name, text, limit in _INNER_QUOTAS]
    return listing(usages)


def _usage(cloud: Cloud, location: str, name: str, text: str, used: int, limit: int) -> dict[str, Any]:
    at = f"/subscriptions/{cloud.settings.subscription}/providers/Microsoft.Network/locations/{location}"
    return {
        "currentValue": used, "id": f"{at}/usages/{name}", "limit": limit, "isAdjustable": False,
        "name": {"localizedValue": text, "value": name}, "unit": "Count",
    }  # fmt: skip


def list_endpoint_services(cloud: Cloud, request: Request) -> Reply:
    _location(request)
    at = f"/subscriptions/{cloud.settings.subscription}/providers/Microsoft.Network/virtualNetworkEndpointServices"
    return listing(
        [
            {"name": one, "id": f"{at}/{one}", "type": "Microsoft.Network/virtualNetworkEndpointServices"}
            for one in _ENDPOINT_SERVICES
        ]
    )


def list_delegations(cloud: Cloud, request: Request) -> Reply:
    _location(request)
    at = f"/subscriptions/{cloud.settings.subscription}/providers/Microsoft.Network/availableDelegations"
    return listing(
        [
            {
                "name": (name := service.replace("/", ".")), "id": f"{at}/{name}", "serviceName": service,
                "type": "Microsoft.Network/availableDelegations", "actions": list(actions),
            }
            for service, actions in _DELEGATIONS.items()
        ]
    )  # fmt: skip
