"""What Azure has and Local Azure has not: resource types with the words for them, and their refusals."""

from __future__ import annotations

from localazure.protocol.errors import ArmError

# Types that are never made here. None of them is found, their lists are empty, and a PUT is refused.
TYPES = {
    "Microsoft.Authorization/policyAssignments": "policies",
    "Microsoft.Compute/capacityReservationGroups": "capacity reservations",
    "Microsoft.Compute/cloudServices": "cloud services",
    "Microsoft.Compute/diskAccesses": "private access to disks",
    "Microsoft.Compute/hostGroups": "dedicated hosts",
    "Microsoft.Compute/restorePointCollections": "restore points",
    "Microsoft.Compute/snapshots": "snapshots",
    "Microsoft.Compute/virtualMachineScaleSets": "scale sets",
    "Microsoft.KeyVault/vaults": "key vaults",
    "Microsoft.Network/applicationGateways": "application gateways",
    "Microsoft.Network/azureFirewalls": "firewalls",
    "Microsoft.Network/bastionHosts": "Bastion",
    "Microsoft.Network/connections": "connections of gateways",
    "Microsoft.Network/customIpPrefixes": "IP prefixes of one's own",
    "Microsoft.Network/ddosProtectionPlans": "DDoS protection plans",
    "Microsoft.Network/dnsZones": "DNS zones",
    "Microsoft.Network/expressRouteCircuits": "ExpressRoute",
    "Microsoft.Network/firewallPolicies": "firewalls",
    "Microsoft.Network/ipGroups": "IP groups",
    "Microsoft.Network/loadBalancers": "load balancers",
    "Microsoft.Network/localNetworkGateways": "gateways between networks",
    "Microsoft.Network/networkManagers": "network managers",
    "Microsoft.Network/networkWatchers": "network watchers",
    "Microsoft.Network/privateDnsZones": "private DNS zones",
    "Microsoft.Network/privateEndpoints": "private endpoints",
    "Microsoft.Network/privateLinkServices": "private link services",
    "Microsoft.Network/publicIPPrefixes": "prefixes of public IP addresses",
    "Microsoft.Network/routeTables": "route tables",
    "Microsoft.Network/serviceEndpointPolicies": "policies for service endpoints",
    "Microsoft.Network/virtualNetworkGateways": "gateways between networks",
    "Microsoft.Network/virtualWans": "virtual WANs",
    "Microsoft.Resources/deploymentScripts": "deployment scripts",
    "Microsoft.Resources/deploymentStacks": "deployment stacks",
    "Microsoft.Resources/templateSpecs": "template specs",
    "Microsoft.Storage/storageAccounts": "storage accounts",
}
_LOWERED = {name.lower(): name for name in TYPES}


def find(full_type: str) -> str | None:
    """The absent type that this is or is below, in its own spelling."""
    return _LOWERED.get("/".join(full_type.lower().split("/")[:2]))


def refusal(known: str) -> ArmError:
    """What is said when an absent type is written."""
    name = known.rpartition("/")[2]
    return not_supported(name[0].upper() + name[1:], f"Local Azure has no {TYPES[known]}.")


def not_supported(what: str, message: str) -> ArmError:
    """A refusal of something that Azure can; `what` begins its code."""
    return ArmError(400, f"{what}NotSupportedByLocalAzure", message)
