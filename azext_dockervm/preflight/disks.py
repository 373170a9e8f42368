"""What a host's disks stand on: disks that are attached, the set that encrypts, what size and subscription allow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from azext_dockervm.advice import disk_commands, option_values, region_commands
from azext_dockervm.advice.option_values import example
from azext_dockervm.azure import kinds, names
from azext_dockervm.azure.calls import Azure
from azext_dockervm.azure.kinds import Kind
from azext_dockervm.azure.offers import Capabilities
from azext_dockervm.body import image as image_body
from azext_dockervm.body.resource import Resource
from azext_dockervm.errors import InvalidValue
from azext_dockervm.flow.workers import run_in_parallel
from azext_dockervm.preflight.found import Found
from azext_dockervm.preflight.look import Look, filling, unknown_if_forbidden
from azext_dockervm.preflight.named import check_region, there
from azext_dockervm.spec import disk_rules
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.named import Named
from azext_dockervm.spec.words import NVME

ATTACH, ATTACH_DOCKERS = "--attach-data-disks", "--docker-disk"
ENCRYPT = "--os-disk-encryption-set"
ENCRYPTION_AT_HOST = "EncryptionAtHost"
# A disk in such a state has its contents copied, or waits for them.
_NOT_READY = frozenset({"activesas", "activesasfrozen", "readytoupload", "activeupload"})
# Where an ephemeral OS disk may lie: the capability that tells how much room is there, and what makes GiB of it. From
# the script in https://learn.microsoft.com/azure/virtual-machines/ephemeral-os-disks-faq.
_ROOM = {"CacheDisk": ("CachedDiskBytes", 2**30), "ResourceDisk": ("MaxResourceVolumeMB", 1024),
         NVME: ("NvmeDiskSizeInMiB", 1024)}


def _attached(azure: Azure, spec: HostSpec, found: Found) -> tuple[Resource, ...]:
    disks = run_in_parallel({str(disk): partial(_disk, azure, spec, found, disk) for disk in spec.disks.there},
                            azure.deadline)
    return tuple(disks[str(disk)] for disk in spec.disks.there)


def _disk(azure: Azure, spec: HostSpec, found: Found, named: Named) -> Resource:
    """Free, and where the VM will be; of one that may not be read the id alone."""
    advice = disk_commands.list_disks(named.group_or(spec.group), spec.subscription)
    option = ATTACH if named in spec.disks.attached else ATTACH_DOCKERS
    disk = there(azure, spec, kinds.DISK, named, option, advice)
    if "location" not in disk:
        return disk
    _check_free(spec, disk, option)
    state = disk["properties"].get("diskState") or ""
    if state.lower() in _NOT_READY:
        raise InvalidValue(f"{option}: the disk '{named.name}' is in the state {state}: its contents are being copied.",
                           advice)
    check_region(disk, spec, kinds.DISK, option, advice)
    _check_zone(spec, disk, option)
    _check_subscription(found, disk, kinds.DISK, option)
    return disk


def _check_free(spec: HostSpec, disk: Resource, option: str) -> None:
    """A VM of the host's own name, which is about to be made anew, may still hold it for some seconds."""
    owner = disk.get("managedBy") or ""
    if not owner or (disk["properties"].get("maxShares") or 1) > 1:
        return
    group, vm = names.id_parts(owner)
    if (group.lower(), vm.lower()) != (spec.group.lower(), spec.name.lower()):
        raise InvalidValue(f"{option}: the disk '{disk['name']}' is attached to the VM '{vm}'.",
                           f"To detach it: {disk_commands.detach(group, vm, disk['name'], spec.subscription)}")


def _check_zone(spec: HostSpec, disk: Resource, option: str) -> None:
    """A disk of one zone is for VMs there, any other for VMs of no zone; those with copies in all zones are for all."""
    zones, asked = disk.get("zones") or [], spec.placement.zone
    if (disk.get("sku") or {}).get("name", "").endswith("_ZRS") or zones == ([asked] if asked else []):
        return
    where = f"in zone {zones[0]}" if zones else "in no zone"
    raise InvalidValue(f"{option}: the disk '{disk['name']}' is {where}, and the host "
                       f"{f'in zone {asked}' if asked else 'in none'}.",
                       option_values.in_zone(zones[0]) if zones else option_values.IN_NO_ZONE)


def _encryption_set(azure: Azure, spec: HostSpec, found: Found) -> Resource | None:
    named = spec.disks.encryption_set
    if named is None:
        return None
    advice = disk_commands.list_encryption_sets(named.group_or(spec.group), spec.subscription)
    keys = there(azure, spec, kinds.DISK_ENCRYPTION_SET, named, ENCRYPT, advice)
    check_region(keys, spec, kinds.DISK_ENCRYPTION_SET, ENCRYPT, advice)
    _check_subscription(found, keys, kinds.DISK_ENCRYPTION_SET, ENCRYPT)
    if "confidential" in ((keys.get("properties") or {}).get("encryptionType") or "").lower():
        raise InvalidValue(f"{ENCRYPT}: '{named.name}' is for confidential VMs only, and dockervm makes none.", advice)
    return keys


def _check_subscription(found: Found, resource: Resource, kind: Kind, option: str) -> None:
    mine = (found.group or {}).get("id", "").split("/")[2:3]
    if mine and resource["id"].split("/")[2].lower() != mine[0].lower():
        raise InvalidValue(f"{option}: the {kind.noun} '{resource['name']}' is in another subscription than the host, "
                           "and Azure takes none of those.")


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


ATTACHED = filling("attached", _attached, lambda spec, found: found.vm is None and bool(spec.disks.there))
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


def settled(spec: HostSpec, found: Found) -> HostSpec:
    """The spec of a new host with where its Docker's own disk will be."""
    disk = spec.disks.docker_disk(image_body.data_disk_luns(found.image))
    return spec if disk is None or found.vm is not None else spec.having({"disks.docker_lun": disk.lun})


def check(spec: HostSpec, found: Found) -> None:
    """What the size and the image allow, of a host that is yet to be made."""
    if found.vm is not None:
        return
    brought = image_body.data_disk_luns(found.image)
    disk_rules.check_luns(spec.disks, brought)
    _check_number(spec, found, len(brought))
    least = image_body.disk_size_gb(found.image)
    if least and spec.disks.os_size_gb and spec.disks.os_size_gb < least:
        raise InvalidValue(f"--os-disk-size-gb: the image's own disk has {least} GB; an OS disk of it can't be smaller "
                           f"than that ({spec.disks.os_size_gb} GB).")
    if found.capabilities is not None:
        _check_size(spec, found.capabilities, least)


def _check_number(spec: HostSpec, found: Found, brought: int) -> None:
    asked = len(spec.disks.data_disks())
    if asked and found.most_data_disks is not None and asked + brought > found.most_data_disks:
        raise InvalidValue(f"--size: a VM of the size {spec.machine.size} can have {found.most_data_disks} data disks, "
                           f"not {asked + brought}.", _sizes(spec))


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
