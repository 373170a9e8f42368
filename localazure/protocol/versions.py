"""The resource types, and the api-versions that each knows: those of the SDKs and of az, and public older ones."""

from __future__ import annotations

from collections.abc import Sequence

from localazure.protocol.errors import ArmError, gateway_error

COMPUTE = (
    "2015-05-01-preview 2015-06-15 2016-03-30 2016-04-30-preview 2016-08-30 2017-03-30 2017-12-01 2018-04-01 "
    "2018-06-01 2018-10-01 2019-03-01 2019-07-01 2019-12-01 2020-06-01 2020-12-01 2021-03-01 2021-04-01 2021-07-01 "
    "2021-11-01 2022-03-01 2022-08-01 2022-11-01 2023-03-01 2023-07-01 2023-09-01 2024-03-01 2024-07-01 2024-11-01 "
    "2025-04-01 2025-11-01 2026-03-01 2026-04-01"
).split()
DISKS = (
    "2016-04-30-preview 2017-03-30 2018-04-01 2018-06-01 2018-09-30 2019-03-01 2019-07-01 2019-11-01 2020-05-01 "
    "2020-06-30 2020-09-30 2020-12-01 2021-04-01 2021-08-01 2021-12-01 2022-03-02 2022-07-02 2023-01-02 2023-04-02 "
    "2023-10-02 2024-03-02 2025-01-02 2026-03-02"
).split()
GALLERIES = (
    "2018-06-01 2019-03-01 2019-07-01 2019-12-01 2020-09-30 2021-07-01 2021-10-01 2022-01-03 2022-03-03 2022-08-03 "
    "2023-07-03 2024-03-03 2025-03-03 2026-03-03"
).split()
SKUS = "2017-03-30 2017-09-01 2019-04-01 2021-07-01".split()
NETWORK = (
    "2014-12-01-preview 2015-05-01-preview 2015-06-15 2016-03-30 2016-06-01 2016-07-01 2016-08-01 2016-09-01 "
    "2016-10-01 2016-11-01 2016-12-01 2017-03-01 2017-04-01 2017-06-01 2017-08-01 2017-09-01 2017-10-01 2017-11-01 "
    "2018-01-01 2018-02-01 2018-03-01 2018-04-01 2018-05-01 2018-06-01 2018-07-01 2018-08-01 2018-10-01 2018-11-01 "
    "2018-12-01 2019-02-01 2019-04-01 2019-06-01 2019-07-01 2019-08-01 2019-09-01 2019-11-01 2019-12-01 2020-03-01 "
    "2020-04-01 2020-05-01 2020-06-01 2020-07-01 2020-08-01 2020-11-01 2021-02-01 2021-03-01 2021-05-01 2021-08-01 "
    "2021-12-01 2022-01-01 2022-05-01 2022-07-01 2022-09-01 2022-11-01 2023-02-01 2023-04-01 2023-05-01 2023-06-01 "
    "2023-09-01 2023-11-01 2024-01-01 2024-03-01 2024-05-01 2024-07-01 2024-10-01 2025-01-01 2025-03-01 2025-05-01 "
    "2025-07-01 2025-09-01 2026-01-01 2026-03-01"
).split()
RESOURCES = (
    "2014-04-01-preview 2015-01-01 2015-11-01 2016-02-01 2016-06-01 2016-07-01 2016-09-01 2017-05-10 2017-08-01 "
    "2018-01-01 2018-02-01 2018-05-01 2018-06-01 2018-07-01 2018-08-01 2018-09-01 2018-11-01 2019-03-01 2019-05-01 "
    "2019-05-10 2019-06-01 2019-07-01 2019-08-01 2019-10-01 2019-11-01 2020-01-01 2020-05-01 2020-06-01 2020-08-01 "
    "2020-10-01 2021-01-01 2021-04-01 2022-01-01 2022-09-01 2022-12-01 2023-07-01 2024-03-01 2024-07-01 2024-08-01 "
    "2024-11-01 2025-03-01 2025-04-01 2025-11-01"
).split()

# Since when a subnet says whether it has outbound access by default (Azure's change log of the subnet's template), and
# since when one is private where nothing is said ("Private subnets by default", Azure Networking Blog: the version came
# after 2026-03-31).
OUTBOUND_ACCESS_SINCE = "2023-05-01"
PRIVATE_SUBNETS_SINCE = "2025-07-01"

LOCKS = "2015-01-01 2015-05-01-preview 2015-06-01 2016-09-01 2017-04-01 2020-05-01".split()
ROLES = (
    "2014-04-01-preview 2014-10-01-preview 2015-06-01 2015-07-01 2016-07-01 2017-05-01 2017-09-01 2017-10-01-preview "
    "2018-01-01-preview 2018-07-01 2018-09-01-preview 2019-04-01-preview 2020-03-01-preview 2020-04-01-preview "
    "2020-08-01-preview 2020-10-01-preview 2021-04-01-preview 2022-01-01-preview 2022-04-01 2022-05-01-preview"
).split()
SCHEDULES = "2015-05-21-preview 2016-05-15 2018-09-15".split()
MARKETPLACE = "2015-06-01 2021-01-01".split()
FEATURES = "2014-08-01-preview 2015-12-01 2021-07-01".split()
IDENTITIES = (
    "2015-08-31-preview 2018-11-30 2021-09-30-preview 2022-01-31-preview 2023-01-31 2023-07-31-preview 2024-11-30 "
    "2025-01-31-preview 2025-05-31-preview"
).split()

# Every resource type that is served, with its versions: what `provider list` and `show` tell.
TYPES: dict[str, list[str]] = {
    "Microsoft.Authorization/locks": LOCKS,
    "Microsoft.Authorization/permissions": ROLES,
    "Microsoft.Authorization/roleAssignments": ROLES,
    "Microsoft.Authorization/roleDefinitions": ROLES,
    "Microsoft.Compute/availabilitySets": COMPUTE,
    "Microsoft.Compute/diskEncryptionSets": [one for one in DISKS if one >= "2019-07-01"],
    "Microsoft.Compute/disks": DISKS,
    "Microsoft.Compute/galleries": GALLERIES,
    "Microsoft.Compute/galleries/images": GALLERIES,
    "Microsoft.Compute/galleries/images/versions": GALLERIES,
    "Microsoft.Compute/images": COMPUTE,
    "Microsoft.Compute/locations": sorted({*COMPUTE, *DISKS, *GALLERIES}),
    "Microsoft.Compute/locations/operations": COMPUTE,
    "Microsoft.Compute/locations/publishers": COMPUTE,
    "Microsoft.Compute/locations/runCommands": COMPUTE,
    "Microsoft.Compute/locations/usages": COMPUTE,
    "Microsoft.Compute/locations/vmSizes": COMPUTE,
    "Microsoft.Compute/proximityPlacementGroups": COMPUTE,
    "Microsoft.Compute/skus": SKUS,
    "Microsoft.Compute/snapshots": DISKS,
    "Microsoft.Compute/sshPublicKeys": [one for one in COMPUTE if one >= "2019-12-01"],
    "Microsoft.Compute/virtualMachines": COMPUTE,
    "Microsoft.Compute/virtualMachines/extensions": COMPUTE,
    "Microsoft.Compute/virtualMachines/runCommands": COMPUTE,
    "Microsoft.DevTestLab/schedules": SCHEDULES,
    "Microsoft.Features/features": FEATURES,
    "Microsoft.Features/providers": FEATURES,
    "Microsoft.Features/subscriptionFeatureRegistrations": FEATURES,
    "Microsoft.ManagedIdentity/Identities": IDENTITIES,
    "Microsoft.ManagedIdentity/userAssignedIdentities": IDENTITIES,
    "Microsoft.MarketplaceOrdering/agreements": MARKETPLACE,
    "Microsoft.Network/applicationSecurityGroups": NETWORK,
    "Microsoft.Network/locations": NETWORK,
    "Microsoft.Network/locations/CheckDnsNameAvailability": NETWORK,
    "Microsoft.Network/locations/operationResults": NETWORK,
    "Microsoft.Network/locations/operations": NETWORK,
    "Microsoft.Network/locations/usages": NETWORK,
    "Microsoft.Network/natGateways": [one for one in NETWORK if one >= "2019-02-01"],
    "Microsoft.Network/networkInterfaces": NETWORK,
    "Microsoft.Network/networkSecurityGroups": NETWORK,
    "Microsoft.Network/networkSecurityGroups/securityRules": NETWORK,
    "Microsoft.Network/publicIPAddresses": NETWORK,
    "Microsoft.Network/virtualNetworks": NETWORK,
    "Microsoft.Network/virtualNetworks/subnets": NETWORK,
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings": NETWORK,
    "Microsoft.Resources/deployments": RESOURCES,
    "Microsoft.Resources/deployments/operations": RESOURCES,
    "Microsoft.Resources/providers": RESOURCES,
    "Microsoft.Resources/resourceGroups": RESOURCES,
    "Microsoft.Resources/resources": RESOURCES,
    "Microsoft.Resources/subscriptions": RESOURCES,
    "Microsoft.Resources/tags": RESOURCES,
    "Microsoft.Resources/tenants": RESOURCES,
}
_LOWERED = {name.lower(): known for name, known in TYPES.items()}
_BY_NAMESPACE = {"microsoft.compute": COMPUTE, "microsoft.network": NETWORK, "microsoft.resources": RESOURCES}


def namespaces() -> list[str]:
    """The provider namespaces, in their usual spelling."""
    return sorted({name.split("/")[0] for name in TYPES})


def of_type(full_type: str) -> list[str]:
    """The versions of a type, oldest first; a type that TYPES does not name has those of its namespace."""
    lowered = full_type.lower()
    return _LOWERED.get(lowered) or _BY_NAMESPACE[lowered.split("/")[0]]


def check(full_type: str, api_version: str | None, location: str = "") -> str:
    """The version asked for; raises ArmError when it is missing or unknown, naming those that are known."""
    if not api_version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise gateway_error(400, "MissingApiVersionParameter", message)
    known = of_type(full_type)
    if api_version not in known:
        raise refusal(full_type, api_version, location, known)
    return api_version


def refusal(full_type: str, api_version: str, location: str, known: Sequence[str]) -> ArmError:
    """That a version is not served for a type, there; it names those that are (`known`, oldest first)."""
    newest_first = ", ".join(reversed(known))
    namespace, _, type_name = full_type.partition("/")
    if namespace == "Microsoft.Resources":
        message = f"The api-version '{api_version}' is invalid. The supported versions are '{newest_first}'."
        return gateway_error(400, "InvalidApiVersionParameter", message)
    return gateway_error(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location '{location}' and API version '{api_version}' for "
        f"type '{type_name}'. The supported api-versions are '{newest_first}'.",
    )
