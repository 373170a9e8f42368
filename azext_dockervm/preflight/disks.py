"""What a host's disks stand on: disks that are attached, the set that encrypts, what size and subscription allow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from azext_dockervm.advice import disk_commands, region_commands
from azext_dockervm.advice.option_values import example
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.azure.offers import Capabilities
from azext_dockervm.body import image as image_body
from azext_dockervm.body.resource import Resource
from azext_dockervm.body.resource import region as region_of
from azext_dockervm.errors import InvalidValue
from azext_dockervm.flow.workers import run_in_parallel
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import Look, filling, unknown_if_forbidden
from azext_dockervm.spec import disk_rules
from azext_dockervm.spec.disks import NVME
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.named import Named

ENCRYPTION_AT_HOST = "EncryptionAtHost"
# A disk in such a state has its contents copied, or waits for them.
_NOT_READY = frozenset({"activesas", "activesasfrozen", "readytoupload", "activeupload"})
# Where an ephemeral OS disk may lie: the capability that tells how much room is there, and what makes GiB of it. From
# the script in https://learn.microsoft.com/azure/virtual-machines/ephemeral-os-disks-faq.
_ROOM = {"CacheDisk": ("CachedDiskBytes", 2**30), "ResourceDisk": ("MaxResourceVolumeMB", 1024),
         NVME: ("NvmeDiskSizeInMiB", 1024)}


def _attached(azure: Azure, spec: HostSpec, found: Found) -> tuple[Resource, ...]:
    disks = run_in_parallel({str(disk): partial(_disk, azure, spec, found, disk) for disk in spec.disks.attached},
                            azure.deadline)
    return tuple(disks[str(disk)] for disk in spec.disks.attached)


def _disk(azure: Azure, spec: HostSpec, found: Found, named: Named) -> Resource:
    option = "--attach-data-disks"
    disk = _named(azure, spec, kinds.DISK, named, option, disk_commands.list_disks)
    if "location" not in disk:      # taken on trust
        return disk
    owner, properties = disk.get("managedBy") or "", disk["properties"]
    # A VM of this name that is about to be made anew may still hold it for some seconds.
    mine = (spec.group.lower(), spec.name.lower())
    if owner and tuple(map(str.lower, names.id_parts(owner))) != mine and (properties.get("maxShares") or 1) == 1:
        group, vm = names.id_parts(owner)
        raise InvalidValue(f"{option}: the disk '{named}' is attached to the VM '{vm}'.",
                           f"To detach it: {disk_commands.detach(group, vm, disk['name'], spec.subscription)}")
    if (properties.get("diskState") or "").lower() in _NOT_READY:
        raise InvalidValue(f"{option}: the disk '{named}' is in the state {properties['diskState']}: its contents are "
                           "being copied.", disk_commands.list_disks(named.group_or(spec.group), spec.subscription))
    _check_place(spec, found, named, disk, option)
    return disk


def _encryption_set(azure: Azure, spec: HostSpec, found: Found) -> Resource | None:
    named, option = spec.disks.encryption_set, "--os-disk-encryption-set"
    if named is None:
        return None
    there = _named(azure, spec, kinds.DISK_ENCRYPTION_SET, named, option, disk_commands.list_encryption_sets)
    if "location" in there:
        _check_place(spec, found, named, there, option)
        if "confidential" in (there["properties"].get("encryptionType") or "").lower():
            raise InvalidValue(f"{option}: '{named}' is for confidential VMs only, and dockervm makes none.",
                               disk_commands.list_encryption_sets(named.group_or(spec.group), spec.subscription))
    return there


def _named(azure: Azure, spec: HostSpec, kind: Kind, named: Named, option: str, lists: disk_commands.Lists) -> Resource:
    """What is there by that name. Where it may not be read, its id alone: it is taken on trust."""
    group = named.group_or(spec.group)
    own = azure.resource_id(kind, group, named.name)
    known = {"id": named.id("", group) if named.subscription else own}
    there = unknown_if_forbidden(lambda: (azure.get(kind, group, named.name, subscription=named.subscription),))()
    if there is None:
        return known
    if there[0] is None:
        raise InvalidValue(f"{option}: there is no {kind.noun} '{named.name}' in the resource group '{group}'.",
                           lists(group, spec.subscription))
    return there[0]


def _check_place(spec: HostSpec, found: Found, named: Named, there: Resource, option: str) -> None:
    if region_of(there) != spec.location:
        raise InvalidValue(f"{option}: '{named}' is in {region_of(there)}, the host in {spec.location}.",
                           region_commands.OTHER_REGION)
    mine = (found.group or {}).get("id", "").split("/")[2:3]
    if mine and there["id"].split("/")[2].lower() != mine[0].lower():
        raise InvalidValue(f"{option}: '{named}' is in another subscription than the host; Azure takes none of those.")


def _feature(azure: Azure, spec: HostSpec, _found: Found) -> None:
    """Registering takes minutes, and is the subscription's owner's affair."""
    state = unknown_if_forbidden(lambda: (azure.feature_state(ENCRYPTION_AT_HOST) or "NotRegistered",))()
    if state is None or state[0] == "Registered":
        return
    waiting = " It is being registered; try again in some minutes." if state[0] == "Registering" else ""
    raise InvalidValue(f"--encryption-at-host: the subscription has not registered the feature {ENCRYPTION_AT_HOST} of "
                       f"Microsoft.Compute.{waiting}",
                       disk_commands.register_feature(ENCRYPTION_AT_HOST, spec.subscription))


def _capabilities(azure: Azure, spec: HostSpec, _found: Found) -> Capabilities | None:
    return unknown_if_forbidden(lambda: azure.size_offer(spec.location or "", spec.machine.size))()


ATTACHED = filling("attached", _attached, lambda spec, found: found.vm is None and bool(spec.disks.attached))
ENCRYPTION_SET = filling("encryption_set", _encryption_set,
                         lambda spec, found: found.vm is None and spec.disks.encryption_set is not None)
FEATURE = Look(ENCRYPTION_AT_HOST, _feature,
               wanted=lambda spec, found: found.vm is None and spec.disks.encryption_at_host)
CAPABILITIES = filling(
    "capabilities", _capabilities,
    lambda spec, found: found.vm is None and (spec.disks.ephemeral or spec.disks.encryption_at_host
                                              or spec.placement.asks_of_the_size))

LOOKS = (ATTACHED, ENCRYPTION_SET, FEATURE, CAPABILITIES)


# What follows from what was read


def check(spec: HostSpec, found: Found) -> None:
    """What the size and the image allow, of a host that is yet to be made."""
    if found.vm is not None:
        return
    disk_rules.check_luns(spec.disks, image_body.data_disk_luns(found.image))
    least = image_body.disk_size_gb(found.image)
    if least and spec.disks.os_size_gb and spec.disks.os_size_gb < least:
        raise InvalidValue(f"--os-disk-size-gb: the image's own disk has {least} GB; an OS disk of it can't be smaller "
                           f"than that ({spec.disks.os_size_gb} GB).")
    if found.capabilities is not None:
        _check_size(spec, found.capabilities, least)


def _check_size(spec: HostSpec, can: Capabilities, image_gb: int | None) -> None:
    if spec.disks.encryption_at_host and can.get("EncryptionAtHostSupported", "").lower() == "false":
        raise InvalidValue(f"--encryption-at-host: the size {spec.machine.size} does not support it.", _sizes(spec))
    if spec.disks.ephemeral:
        _check_room(spec, ephemeral_rooms(can), spec.disks.os_size_gb or image_gb or 1)


def _check_room(spec: HostSpec, rooms: Mapping[str, int], needed_gb: int) -> None:
    option, size, asked = "--ephemeral-os-disk", spec.machine.size, spec.disks.placement
    if not rooms:
        raise InvalidValue(f"{option}: the size {size} has no room for one on the VM's server; sizes with a 'd' in "
                           "their names have, such as Standard_D2ds_v5.", _sizes(spec))
    if asked and asked not in rooms:
        raise InvalidValue(f"{option}-placement: the size {size} has no {asked}; it has {', '.join(rooms)}.",
                           example(f"{option}-placement", next(iter(rooms))))
    # Azure tries cache and temporary disk by itself, NVMe disks only where they are named.
    tried = [asked] if asked else [place for place in rooms if place != NVME]
    if not tried:
        raise InvalidValue(f"{option}: the size {size} has room for one on its NVMe disks only.",
                           example(f"{option}-placement", NVME))
    most = max(rooms[place] for place in tried)
    if needed_gb > most:
        raise InvalidValue(f"{option}: it has {needed_gb} GB, and the size {size} has room for {most} GB "
                           f"({' or '.join(tried)}).", _sizes(spec))


def _sizes(spec: HostSpec) -> str:
    return region_commands.list_sizes(spec.location, spec.subscription)


def ephemeral_rooms(can: Capabilities) -> dict[str, int]:
    """Where a VM of a size can have its OS disk on its own server, and how many GiB are there."""
    if can.get("EphemeralOSDiskSupported", "").lower() == "false":
        return {}
    named = can.get("SupportedEphemeralOSDiskPlacements", "")
    places = [place.strip() for place in named.split(",")] if named else list(_ROOM)
    rooms = {place: int(can.get(name) or 0) // unit for place, (name, unit) in _ROOM.items() if place in places}
    return {place: room for place, room in rooms.items() if room}
