"""What a VM is to stand in, carry and be told by: whether it is there, where it is, and whether it can be."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from azext_dockervm.advice import host_messages, option_values, region_commands, vm_commands
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.offers import ZONES
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import AzureRefused, Conflict, InvalidValue
from azext_dockervm.flow.workers import run_in_parallel
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import Look, filling, unknown_if_forbidden
from azext_dockervm.preflight.named import check_region, there
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.named import Named
from azext_dockervm.spec.placement import Identity

SET, PPG, DIAGNOSTICS = "--availability-set", "--ppg", "--boot-diagnostics-storage"
# https://learn.microsoft.com/azure/virtual-machines/boot-diagnostics: neither premium storage nor zone-redundant.
NO_DIAGNOSTICS = ("premium", "_zrs", "_gzrs", "_ragzrs")


def check_zone(spec: HostSpec, found: Found) -> None:
    """A public address of another zone, an earlier try's or one that was named, which no VM of this one can have."""
    zones = (found.public_ip or {}).get("zones") or []
    asked = spec.placement.zone
    if found.vm is None and asked and len(zones) == 1 and zones[0] != asked:
        raise Conflict(f"The public IP address '{(found.public_ip or {})['name']}' is in zone {zones[0]}, not in zone "
                       f"{asked}. It was left as it is.",
                       (option_values.in_zone(zones[0]), option_values.OTHER_NAME))


def check(spec: HostSpec, found: Found) -> None:
    """What the size can have, and what stands in a zone of its own already."""
    if found.vm is not None:
        return
    can, zone, size = found.capabilities or {}, spec.placement.zone, spec.machine.size
    if spec.placement.is_spot and can.get("LowPriorityCapable", "").lower() == "false":
        raise InvalidValue(f"--priority: the size {size} can't be had as a Spot VM.",
                           region_commands.list_sizes(spec.location, spec.subscription))
    has = can.get(ZONES)
    if zone and has is not None and zone not in has.split(","):
        where = f"only in its zones {has}" if has else "in none of its zones"
        raise InvalidValue(f"--zone: {spec.location} has the size {size} {where}, as far as this subscription may have "
                           "it.", region_commands.list_zonal_sizes(spec.location, spec.subscription, size))
    for disk in found.attached:
        of_disk = disk.get("zones") or []
        everywhere = str((disk.get("sku") or {}).get("name")).upper().endswith("_ZRS")
        if "location" in disk and not everywhere and of_disk != ([zone] if zone else []):
            where = f"in zone {of_disk[0]}" if of_disk else "in no zone"
            raise InvalidValue(f"--attach-data-disks: the disk '{disk['name']}' is {where}, and a VM takes disks of "
                               "its own zone.", option_values.in_zone(of_disk[0]) if of_disk else None)


def remarks(spec: HostSpec, found: Found) -> list[str]:
    if found.vm is not None:
        return []
    kept_up = spec.placement.shutdown_time is not None and spec.disks.ephemeral
    return [*([host_messages.vanishes(spec)] if spec.placement.vanishes else []),
            *([host_messages.not_shut_down(spec)] if kept_up else [])]


def _availability_set(azure: Azure, spec: HostSpec, named: Named) -> str:
    kind, group = kinds.AVAILABILITY_SET, named.group_or(spec.group)
    advice = f"Those that there are: {vm_commands.list_availability_sets(group, spec.subscription)}"
    found = there(azure, spec, kind, named, SET, advice)
    check_region(found, spec, kind, SET, advice)
    if (found.get("sku") or {}).get("name", "Aligned").lower() != "aligned":
        raise InvalidValue(f"{SET}: '{named.name}' takes no VMs with managed disks.", advice)
    _check_same_group(spec, found)
    return str(found["id"])


def _check_same_group(spec: HostSpec, availability_set: Resource) -> None:
    asked = spec.placement.proximity_group
    has = ((availability_set.get("properties") or {}).get("proximityPlacementGroup") or {}).get("id")
    if asked is not None and has and not asked.means(has, spec.group):
        raise InvalidValue(f"{PPG}: the availability set '{availability_set['name']}' is in the proximity placement "
                           f"group '{names.id_parts(has)[1]}', and its VMs can't be in another.",
                           option_values.example(PPG, has))


def _proximity_group(azure: Azure, spec: HostSpec, named: Named) -> str:
    kind, group = kinds.PROXIMITY_GROUP, named.group_or(spec.group)
    advice = f"Those that there are: {vm_commands.list_proximity_groups(group, spec.subscription)}"
    found = there(azure, spec, kind, named, PPG, advice)
    check_region(found, spec, kind, PPG, advice)
    return str(found["id"])


def _identity(azure: Azure, spec: HostSpec, user: Named) -> Resource:
    make = vm_commands.create_identity(user.group_or(spec.group), user.name, spec.location, spec.subscription)
    return there(azure, spec, kinds.USER_IDENTITY, user, "--assign-identity", f"To make it: {make}")


def _identities(azure: Azure, spec: HostSpec, asked: Identity) -> tuple[str, ...]:
    looks = {str(user): partial(_identity, azure, spec, user) for user in asked.users}
    return tuple(str(found["id"]) for found in run_in_parallel(looks, azure.deadline).values())


def _diagnostics(azure: Azure, spec: HostSpec, asked: str) -> str | None:
    """The URI of the blobs. A storage account's name says nothing of its group: az too looks through all of them."""
    if not asked or "://" in asked:
        return asked or None
    advice = f"Those that there are: {vm_commands.list_storage_accounts(spec.subscription)}"
    try:
        listed = azure.list_all(kinds.STORAGE_ACCOUNT, name=asked)
        found = azure.get(kinds.STORAGE_ACCOUNT, *names.id_parts(listed[0]["id"])) if listed else None
    except AzureRefused as error:
        if error.status != 403:
            raise
        by_uri = option_values.example(DIAGNOSTICS, f"https://{asked}.blob.core.windows.net/")
        raise InvalidValue(f"{DIAGNOSTICS}: this login may not look for the storage account '{asked}'; name it by the "
                           "URI of its blobs.", by_uri) from error
    if found is None:
        raise InvalidValue(f"{DIAGNOSTICS}: this subscription has no storage account '{asked}'.", advice)
    check_region(found, spec, kinds.STORAGE_ACCOUNT, DIAGNOSTICS, advice)
    sku = str((found.get("sku") or {}).get("name"))
    blobs = (found["properties"].get("primaryEndpoints") or {}).get("blob")
    if not blobs or any(word in sku.lower() for word in NO_DIAGNOSTICS):
        raise InvalidValue(f"{DIAGNOSTICS}: '{asked}' can't hold boot diagnostics: it is of the kind {sku}; they take "
                           "Standard_LRS, Standard_GRS and Standard_RAGRS.", advice)
    return str(blobs)


def find_schedule(azure: Azure, spec: HostSpec) -> Resource | None:
    """The host's daily shutdown, without its properties: its own provider may not be asked, since a subscription that
    never used it would be registered for it."""
    return next((one for one in unknown_if_forbidden(lambda: azure.list(kinds.SCHEDULE, spec.group))() or ()
                 if one["name"].lower() == names.schedule(spec.name).lower()), None)


def _shutdown_is_set(spec: HostSpec, found: Found) -> bool:
    return spec.placement.shutdown_time is not None and (found.vm is None or "auto_shutdown" in spec.given)


def _of_new(field: str, read: Callable[[Azure, HostSpec, Any], Any], place: str = "") -> Look:
    """``read`` gets what was asked for of a host that is not there yet; ``place`` where the placement has it by another
    name than what was found."""
    def asked(spec: HostSpec) -> Any:
        return getattr(spec.placement, place or field)

    return filling(field, lambda azure, spec, _found: read(azure, spec, asked(spec)),
                   lambda spec, found: found.vm is None and asked(spec) is not None)


LOOKS: tuple[Look, ...] = (
    _of_new("availability_set", _availability_set),
    _of_new("proximity_group", _proximity_group),
    _of_new("identities", _identities, "identity"),
    _of_new("diagnostics", _diagnostics),
    filling("schedule", lambda azure, spec, _found: find_schedule(azure, spec), _shutdown_is_set))
