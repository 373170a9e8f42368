"""Options that say where a host stands, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azext_dockervm.advice import option_values, vm_commands
from azext_dockervm.azure import type_names
from azext_dockervm.errors import ConflictingArguments
from azext_dockervm.options.option import Option, Vm, filled
from azext_dockervm.spec import placement_rules, rules
from azext_dockervm.spec.words import EVICTION_POLICIES, LICENSE_TYPES, PRIORITIES

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec

GROUP = "Placement and cost"


def _region(text: str) -> str:
    """az's own type asks Azure for its regions while it parses; this one only folds case and spaces. What else az says
    of every argument of this name stays: ``az config set defaults.location``."""
    return filled(text).replace(" ", "").lower()


def _another_zone(spec: HostSpec, vm: Vm) -> str | None:
    has = vm.get("zones") or []
    if [spec.placement.zone] == has:
        return None
    return f"the host is in zone {has[0]}, and a VM keeps its zone" if has else "the host is in no zone, and stays so"


def _another_set(spec: HostSpec, vm: Vm) -> str | None:
    asked, has = spec.placement.availability_set, (vm["properties"].get("availabilitySet") or {}).get("id")
    if asked is None or asked.means(has, spec.group):
        return None
    return "a VM keeps the availability set that it was made in, or stays without one"


def _another_proximity_group(spec: HostSpec, vm: Vm) -> str | None:
    asked, has = spec.placement.proximity_group, (vm["properties"].get("proximityPlacementGroup") or {}).get("id")
    if asked is None or asked.means(has, spec.group):
        return None
    change = vm_commands.update(spec, "--ppg", str(asked))
    return f"a VM is moved only while it is deallocated.\n{vm_commands.while_deallocated(spec, change)}"


def _another_priority(spec: HostSpec, vm: Vm) -> str | None:
    has = vm["properties"].get("priority") or "Regular"
    if spec.placement.priority in (None, has):
        return None
    return f"the host's priority is {has}, and a VM keeps its priority"


def _another_policy(spec: HostSpec, vm: Vm) -> str | None:
    if spec.placement.eviction_policy == vm["properties"].get("evictionPolicy"):
        return None
    return "a VM keeps the eviction policy that it was made with"


def _another_price(spec: HostSpec, vm: Vm) -> str | None:
    asked = spec.placement.max_price
    if asked is None or asked == (vm["properties"].get("billingProfile") or {}).get("maxPrice"):
        return None
    change = vm_commands.update(spec, "--max-price", f"{asked:g}")
    return f"the limit is changed only while the VM is deallocated.\n{vm_commands.while_deallocated(spec, change)}"


def _another_license(spec: HostSpec, vm: Vm) -> str | None:
    asked = spec.placement.license_type
    if asked is None or asked == (vm["properties"].get("licenseType") or "None"):
        return None
    return f"the host keeps its license.\nTo change it: {vm_commands.update(spec, '--license-type', asked)}"


def check_placement(spec: HostSpec) -> None:
    """What was typed and goes with Spot alone, and Spot with what it can't stand beside."""
    asked = spec.placement
    for name, flag in (("eviction_policy", "--eviction-policy"), ("max_price", "--max-price")):
        if name in spec.given and not asked.is_spot:
            raise ConflictingArguments(f"{flag} is for VMs with --priority Spot, SpotPlus or Low only.",
                                       option_values.for_spot_alone(flag))
    # Azure refuses the other policy then (kubernetes-sigs/cluster-api-provider-azure#2579).
    if asked.is_spot and spec.disks.ephemeral and not asked.vanishes:
        raise ConflictingArguments(
            f"--priority {asked.priority} with --ephemeral-os-disk needs --eviction-policy Delete: a VM with such a "
            "disk can't be deallocated.", option_values.EVICTED_FOR_GOOD)
    # https://learn.microsoft.com/azure/virtual-machines/error-codes-spot: AzureSpotVMNotSupportedInAvailabilitySet.
    if asked.is_spot and asked.availability_set is not None:
        raise ConflictingArguments(f"--priority {asked.priority} and --availability-set exclude each other: Azure "
                                   "takes no Spot VMs into availability sets.", option_values.LEAVE_ONE_OUT)


PLACEMENT = (
    Option("location", "--location -l", "Region, as 'westus' or \"West US\".",
           default_in_words="the resource group's", typed_example="westus", read=_region,
           check=rules.check_location, place="location",
           parser={"completer": "regions"}),
    Option("zone", "--zone -z", "Availability zone of the VM and of the public address that is made for it.", GROUP,
           default_in_words="none", read=filled, check=placement_rules.check_zone, place="placement.zone",
           only_new=True, excludes={"availability_set": option_values.ZONE_OR_SET}, not_applied=_another_zone),
    Option("availability_set", "--availability-set", "Name or id of an availability set that is there.", GROUP,
           default_in_words="none", read=filled, place="placement.availability_set", only_new=True,
           check=lambda text: rules.resource_name_or_id(text, "--availability-set", type_names.AVAILABILITY_SET),
           not_applied=_another_set, parser={"completer": "availability_sets"}),
    Option("proximity_placement_group", "--ppg", "Name or id of a proximity placement group that is there.", GROUP,
           default_in_words="none", read=filled, place="placement.proximity_group", only_new=True,
           check=lambda text: rules.resource_name_or_id(text, "--ppg", type_names.PROXIMITY_GROUP),
           not_applied=_another_proximity_group, parser={"completer": "proximity_groups"}),
)
COST = (
    Option("priority", "--priority", "Spot: a VM at a lower price, which Azure takes away when it needs the room; "
           "SpotPlus: less often, in regions that have it. Low is Spot's first name.", GROUP,
           default_in_words="Regular", example="Spot", choices=PRIORITIES, place="placement.priority",
           only_new=True, not_applied=_another_priority),
    Option("eviction_policy", "--eviction-policy", "What becomes of a Spot VM that Azure takes away. Deallocate: its "
           "disk stays, and costs; 'az vm start' starts it when there is room again. Delete: the VM and its disk "
           "vanish.", GROUP,
           default_in_words="Deallocate", example="Delete", choices=EVICTION_POLICIES,
           place="placement.eviction_policy", only_new=True, not_applied=_another_policy),
    Option("max_price", "--max-price", "Most US dollars that a Spot VM may cost an hour, with five decimal places at "
           "most; Azure takes it away when it would cost more. -1: no limit.", GROUP,
           default_in_words="-1", typed_example="0.05", read=placement_rules.parse_price,
           place="placement.max_price", only_new=True, not_applied=_another_price),
    Option("license_type", "--license-type", "License that you have for the image's operating system.", GROUP,
           default_in_words="none, the image's own price", choices=LICENSE_TYPES,
           place="placement.license_type", only_new=True, not_applied=_another_license),
)
