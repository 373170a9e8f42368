"""What to do about Azure's refusals, by their codes: the command to type next."""

from __future__ import annotations

from azext_dockervm.errors import AzureRefused, DockerVMError
from azext_dockervm.spec import HostSpec

_SIZES = "Sizes that can be had there: az vm list-skus -l {location} --resource-type virtualMachines -o table"
_CAPACITY = "Try again later, or take another --size or --location."
_QUOTA = "Your quota and what is used of it: az vm list-usage -l {location} -o table"
_TERMS = "Accept the image's terms, once for each subscription: az vm image terms accept --urn {image}"

ADVICE = {
    "SkuNotAvailable": _SIZES,
    "AllocationFailed": _CAPACITY,
    "ZonalAllocationFailed": _CAPACITY,
    "OverconstrainedAllocationRequest": _CAPACITY,
    "QuotaExceeded": _QUOTA,
    "OperationNotAllowed": _QUOTA,      # Azure's code for the quota of cores; its message tells this from other causes
    "PublicIPCountLimitReached": "Addresses used and allowed: az network list-usages -l {location} -o table",
    "MarketplacePurchaseEligibilityFailed": _TERMS,
    "ResourcePurchaseValidationFailed": _TERMS,
    "AuthorizationFailed": "Ask an owner of the subscription for the role Contributor on the group '{group}'. If you "
                           "were just given it, log in anew: az login",
    "RequestDisallowedByPolicy": "The policies that apply: az policy assignment list -g {group} "
                                 "--disable-scope-strict-match -o table",
    "ScopeLocked": "The locks that apply: az lock list -g {group} -o table",
    "ReadOnlyDisabledSubscription": "Your subscriptions: az account list -o table; choose one with --subscription.",
}


def advised(error: DockerVMError, spec: HostSpec) -> DockerVMError:
    """The same error, with a recommendation where it has none and the code is known."""
    if isinstance(error, AzureRefused) and not error.recommendations and error.code in ADVICE:
        text = ADVICE[error.code].format(group=spec.group, location=spec.location or "REGION", image=spec.image)
        error.recommendations = (text,)
    return error
