"""What the subscription lets a new host have: quotas of vCPUs and addresses, and locks.

Both lists of quotas also tell of a subscription that has never used Microsoft.Compute or Microsoft.Network: where the
login may, the first of them registers it, else what is to be typed is told before anything is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from azext_dockervm.advice import limits as advice
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import LOCKS
from azext_dockervm.azure.offers import Usages
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import AzureRefused, AzureUnreachable, DeadlinePassed, Obstacle
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import Answer, Look, filling, is_new
from azext_dockervm.spec.host import HostSpec

# A create does without these reads; lists of quotas have hung in single regions (azure-powershell#15265).
PATIENCE_SECONDS = 20.0
# Of all quotas of addresses the only one that is about ours: PublicIPAddresses counts Basic ones by now, of which
# nobody may have any.
ADDRESSES = "standardskupublicipaddresses"
CORES = "cores"
# https://learn.microsoft.com/azure/virtual-machines/spot-vms: Spot VMs have a quota of their own, for all families.
SPOT_CORES = "lowprioritycores"
# Azure's code for a subscription that has never used a namespace.
UNREGISTERED = "MissingSubscriptionRegistration"
READ_ONLY, CAN_NOT_DELETE = "readonly", "cannotdelete"
# Standard_D2as_v5: D, vCPUs, as, v5; some of the vCPUs may be switched off (Standard_E4-2s_v5).
_SIZE = re.compile(r"Standard_([A-Z]+)\d+(?:-\d+)?([a-z]*)(?:_(v\d+))?", re.IGNORECASE)


def if_told(ask: Callable[[Azure, HostSpec], Answer]) -> Callable[[Azure, HostSpec, Found], Answer | None]:
    def read(azure: Azure, spec: HostSpec, _found: Found) -> Answer | None:
        deadline = azure.deadline
        try:
            return ask(azure.until(deadline.within(PATIENCE_SECONDS)), spec)
        except (AzureRefused, AzureUnreachable, DeadlinePassed) as error:
            if deadline.passed or isinstance(error, AzureRefused) and error.code == UNREGISTERED:
                raise
            return None
    return read


LOOKS: tuple[Look, ...] = (
    filling("compute_usages", if_told(lambda azure, spec: azure.compute_usages(spec.location or "")), is_new),
    filling("network_usages", if_told(lambda azure, spec: azure.network_usages(spec.location or "")), is_new),
    filling("locks", if_told(lambda azure, spec: azure.locks(spec.group)), is_new))


def check_quota(spec: HostSpec, found: Found) -> None:
    """Of vCPUs in the region and in the size's family, and of addresses. Where the vCPUs are not known one is looked
    for: a quota that is used up has none."""
    if found.vm is not None:
        return
    needed, usages = found.cores or 1, found.compute_usages or {}
    quotas = ((CORES, "the subscription"), (family(spec.machine.size, usages), "the size's family"))
    for name, whose in ((SPOT_CORES, "the subscription's Spot VMs"),) if spec.placement.is_spot else quotas:
        used, limit = usages.get(name, (0, needed))
        if used + needed > limit:
            raise Obstacle(f"The quota does not suffice: '{spec.machine.size}' takes {needed} vCPU"
                           f"{'' if needed == 1 else 's'}, and of the {limit} of {whose} in {spec.location} {used} are "
                           "in use.", advice.for_cores(spec))
    used, limit = (found.network_usages or {}).get(ADDRESSES, (0, 1))
    if spec.public_ip is not None and found.public_ip is None and used >= limit:
        raise Obstacle(f"The quota does not suffice: all {limit} public IP addresses (Standard) that the subscription "
                       f"may have in {spec.location} are in use.", advice.for_addresses(spec))


def family(size: str, usages: Usages) -> str:
    """The name of a size's own quota among ``usages``; empty where none of them is known to be it."""
    found = _SIZE.fullmatch(size)
    if found is None:
        return ""
    letters, features, version = (part or "" for part in found.groups())
    names = [features]
    if letters.upper() == "M" or (letters.upper() == "B" and not version):
        names.append(re.sub("[lm]", "", features))      # the amount of memory is no family there: B1ls, B2ms, M64ms
    quotas = (f"standard{letters}{one}{version}family".lower() for one in names)
    return next((quota for quota in quotas if quota in usages), "")


def check_locks(spec: HostSpec, found: Found) -> None:
    locked = next(_locks(found, READ_ONLY), None)
    if locked is not None:
        raise Obstacle(f"The lock '{locked['name']}' of {_scope(locked)} allows no change: nothing can be made in the "
                       f"resource group '{spec.group}'.", advice.for_a_lock(spec, locked["id"]))


def remarks(spec: HostSpec, found: Found) -> Iterator[str]:
    """A host can be made under such a lock, and not be deleted again."""
    for lock in _locks(found, CAN_NOT_DELETE):
        yield (f"The lock '{lock['name']}' of {_scope(lock)} forbids deletions: as long as it is there, a create that "
               f"fails can't be undone, and the host can't be deleted. {' '.join(advice.for_a_lock(spec, lock['id']))}")


def _locks(found: Found, level: str) -> Iterator[Resource]:
    """Those of the group and of what is around it; what is in it has its own."""
    group = f"{(found.group or {}).get('id', '')}/".lower()
    return (lock for lock in found.locks or () if lock["properties"]["level"].lower() == level
            and group.startswith(f"{_locked(lock)}/".lower()))


def _locked(lock: Resource) -> str:
    """The id of what it is on."""
    scope: str = lock["id"]
    return scope.lower().partition(f"/providers/{LOCKS.type}/".lower())[0]


def _scope(lock: Resource) -> str:
    return "the resource group" if "/resourcegroups/" in _locked(lock) else "the subscription"
