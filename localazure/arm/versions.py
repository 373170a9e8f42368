"""The api-versions that each resource type knows: those of the SDKs and of az's own commands, and public older ones."""

from __future__ import annotations

from localazure.arm.errors import gateway_error

COMPUTE = (
    "2015-06-15 2016-03-30 2017-03-30 2017-12-01 2018-04-01 2018-06-01 2018-10-01 2019-03-01 2019-07-01 2019-12-01 "
    "2020-06-01 2020-12-01 2021-03-01 2021-04-01 2021-07-01 2021-11-01 2022-03-01 2022-08-01 2022-11-01 2023-03-01 "
    "2023-07-01 2023-09-01 2024-03-01 2024-07-01 2024-11-01 2025-04-01 2025-11-01 2026-03-01 2026-04-01"
).split()
DISKS = (
    "2018-04-01 2018-06-01 2018-09-30 2019-03-01 2019-07-01 2019-11-01 2020-05-01 2020-06-30 2020-09-30 2020-12-01 "
    "2021-04-01 2021-08-01 2021-12-01 2022-03-02 2022-07-02 2023-01-02 2023-04-02 2023-10-02 2024-03-02 2025-01-02 "
    "2026-03-02"
).split()
SKUS = "2017-03-30 2017-09-01 2019-04-01 2021-07-01".split()
NETWORK = (
    "2015-06-15 2016-09-01 2016-12-01 2017-03-01 2017-06-01 2017-08-01 2017-09-01 2017-10-01 2017-11-01 2018-01-01 "
    "2018-02-01 2018-04-01 2018-06-01 2018-07-01 2018-08-01 2018-10-01 2018-11-01 2018-12-01 2019-02-01 2019-04-01 "
    "2019-06-01 2019-07-01 2019-08-01 2019-09-01 2019-11-01 2019-12-01 2020-03-01 2020-04-01 2020-05-01 2020-06-01 "
    "2020-07-01 2020-08-01 2020-11-01 2021-02-01 2021-03-01 2021-05-01 2021-08-01 2021-12-01 2022-01-01 2022-05-01 "
    "2022-07-01 2022-09-01 2022-11-01 2023-02-01 2023-04-01 2023-05-01 2023-06-01 2023-09-01 2023-11-01 2024-01-01 "
    "2024-03-01 2024-05-01 2024-07-01 2024-10-01 2025-01-01 2025-03-01 2025-05-01 2025-07-01 2025-09-01 2026-01-01 "
    "2026-03-01"
).split()
RESOURCES = (
    "2014-04-01-preview 2015-01-01 2015-11-01 2016-02-01 2016-06-01 2016-07-01 2016-09-01 2017-05-10 2017-08-01 "
    "2018-01-01 2018-02-01 2018-05-01 2018-06-01 2018-07-01 2018-08-01 2018-09-01 2018-11-01 2019-03-01 2019-05-01 "
    "2019-05-10 2019-06-01 2019-07-01 2019-08-01 2019-10-01 2019-11-01 2020-01-01 2020-05-01 2020-06-01 2020-08-01 "
    "2020-10-01 2021-01-01 2021-04-01 2022-01-01 2022-09-01 2022-12-01 2023-07-01 2024-03-01 2024-07-01 2024-08-01 "
    "2024-11-01 2025-03-01 2025-04-01 2025-11-01"
).split()

# Where a version was needed first, the vnets of newer calls differ: subnets without outbound access by default.
PRIVATE_SUBNETS_SINCE = "2025-07-01"

# Status URLs of Compute carry the version of the call that started the operation: a VM's or a disk's.
_BY_TYPE = {
    "microsoft.compute/disks": DISKS,
    "microsoft.compute/skus": SKUS,
    "microsoft.compute/locations": sorted({*COMPUTE, *DISKS}),
}
_BY_NAMESPACE = {"microsoft.compute": COMPUTE, "microsoft.network": NETWORK, "microsoft.resources": RESOURCES}


def of_type(full_type: str) -> list[str]:
    """The versions of a type, oldest first."""
    lowered = full_type.lower()
    return _BY_TYPE.get(lowered) or _BY_NAMESPACE[lowered.split("/")[0]]


def check(full_type: str, api_version: str | None, location: str = "") -> str:
    """The version asked for; raises ArmError when it is missing or unknown, naming those that are known."""
    if not api_version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise gateway_error(400, "MissingApiVersionParameter", message)
    known = of_type(full_type)
    if api_version not in known:
        newest_first = ", ".join(reversed(known))
        namespace, _, type_name = full_type.partition("/")
        if namespace == "Microsoft.Resources":
            message = f"The api-version '{api_version}' is invalid. The supported versions are '{newest_first}'."
            raise gateway_error(400, "InvalidApiVersionParameter", message)
        raise gateway_error(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '{location}' and API version '{api_version}' for "
            f"type '{type_name}'. The supported api-versions are '{newest_first}'.",
        )
    return api_version
