"""Azure's and az's rules for disks, as pure checks of what a user types.

Limits: https://learn.microsoft.com/azure/virtual-machines/disks-types and .../ephemeral-os-disks. Each function returns
the value in its normal form, or raises an error whose message names the rule.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from azext_dockervm.advice import option_values
from azext_dockervm.advice.option_values import example
from azext_dockervm.azure import type_names
from azext_dockervm.errors import ConflictingArguments, InvalidValue
from azext_dockervm.printable import printable
from azext_dockervm.spec import rules
from azext_dockervm.spec.words import CACHES, DOCKER, NO_CACHE, OS, READ_ONLY, SKUS, WITHOUT_CACHE

if TYPE_CHECKING:
    from azext_dockervm.spec.disks import ByDisk, DataDisk, Disks
    from azext_dockervm.spec.named import Named

LARGEST_OS_GB = 4095
LARGEST_EPHEMERAL_GB = 2040
LARGEST_GB, LARGEST_WITHOUT_CACHE_GB = 32767, 65536
SMALLEST_GB = {"UltraSSD_LRS": 4}
# "Disk caching isn't supported for disks 4 TiB and larger."
LARGEST_CACHED_GB = 4095
MOST_DATA_DISKS = 64
# Disks that are local to the VM's server have no storage that could be chosen; az and Azure know this one for them.
OF_EPHEMERAL = "Standard_LRS"
# Sizes whose own NVMe disks are what they are for: `az vm create` refuses any cache there (_vm_utils.py). It does not
# know those of AMD by their names, of which their page says the same (Lasv3: "Premium Storage caching: Not Supported").
_STORAGE_OPTIMIZED = r"_L\d+[a-z]*s"
_CACHING = example("--data-disk-caching", "0=None")
_SKU = example("--storage-sku", "os=Premium_LRS", "0=StandardSSD_LRS")


def check_os_size(text: str) -> int:
    return _gigabytes(text, LARGEST_OS_GB, "an OS disk", example("--os-disk-size-gb", 64))


def check_data_sizes(texts: Iterable[str]) -> tuple[int, ...]:
    """Separated by spaces, as az has it, or by commas. Each may be as large as the largest type allows;
    ``check_together`` knows the type."""
    advice = example("--data-disk-sizes-gb", 128, 512)
    words = [word for text in texts for word in re.split(r"[,\s]+", text) if word]
    sizes = tuple(_gigabytes(word, LARGEST_WITHOUT_CACHE_GB, "a data disk", advice) for word in words)
    if len(sizes) > MOST_DATA_DISKS:
        raise InvalidValue(f"--data-disk-sizes-gb: {len(sizes)} data disks; no VM can have more than "
                           f"{MOST_DATA_DISKS}.")
    return sizes


def _gigabytes(text: str, most: int, what: str, advice: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7 and 1 <= int(text) <= most):
        raise InvalidValue(f"--size: '{printable(text)}' is not a valid size of {what}: it must be a whole number of "
                           f"GB from 1 to {most}.", advice)
    return int(text)


def check_skus(texts: Iterable[str]) -> ByDisk:
    return _by_disk(list(texts), "--storage-sku", SKUS, _SKU, os_too=True)


def check_data_caching(texts: Iterable[str]) -> ByDisk:
    return _by_disk(list(texts), "--data-disk-caching", CACHES, _CACHING, os_too=False)


def _by_disk(words: list[str], option: str, values: tuple[str, ...], advice: str, os_too: bool) -> ByDisk:
    """One value for every disk, or LUN=VALUE for each that is meant; in any case, as az takes them."""
    from azext_dockervm.spec.disks import ByDisk

    known = {value.lower(): value for value in values}

    def value_of(text: str) -> str:
        if text.lower() not in known:
            raise InvalidValue(f"{option}: '{printable(text)}' is none of {', '.join(values)}.", advice)
        return known[text.lower()]

    if len(words) == 1 and "=" not in words[0]:
        return ByDisk(value_of(words[0]))
    each: dict[str | int, str] = {}
    for word in words:
        disk, equals, value = word.partition("=")
        if not equals:
            raise InvalidValue(f"{option}: '{printable(word)}' names no disk; one value is for all disks, several are "
                               f"written {'os=VALUE, ' if os_too else ''}docker=VALUE or LUN=VALUE.", advice)
        at = _disk(disk, option, advice, os_too)
        if at in each:
            raise InvalidValue(f"{option}: '{printable(disk)}' is given twice.", advice)
        each[at] = value_of(value)
    return ByDisk(each=tuple(each.items()))


def _disk(text: str, option: str, advice: str, os_too: bool) -> str | int:
    if text.lower() == DOCKER or (os_too and text.lower() == OS):
        return text.lower()
    if not (text.isascii() and text.isdigit() and len(text) < 3 and int(text) < MOST_DATA_DISKS):
        others = "none of 'os', 'docker' and" if os_too else "neither 'docker' nor"
        raise InvalidValue(f"{option}: '{printable(text)}' is {others} the LUN of a data disk; data disks are counted "
                           "from 0.", advice)
    return int(text)


def check_attached(texts: Iterable[str]) -> tuple[Named, ...]:
    named = tuple(rules.resource_name_or_id(text, "--attach-data-disks", type_names.DISK) for text in texts)
    if len({str(one).lower() for one in named}) < len(named):
        raise InvalidValue("--attach-data-disks: a disk is named twice.")
    return named


def check_docker_size(text: str) -> int:
    return _gigabytes(text, LARGEST_WITHOUT_CACHE_GB, "a data disk", example("--docker-disk-size-gb", 128))


def check_docker_disk(text: str) -> Named:
    return rules.resource_name_or_id(text, "--docker-disk", type_names.DISK)


def check_encryption_set(text: str) -> Named:
    return rules.resource_name_or_id(text, "--os-disk-encryption-set", type_names.DISK_ENCRYPTION_SET)


# What no option shows by itself


def check_together(disks: Disks, size: str, image_brings_disks: bool) -> None:
    """``image_brings_disks``: it may, and then they take LUNs, which only Azure knows."""
    _check_os_disk(disks, size)
    if not image_brings_disks:
        check_luns(disks)
    _check_data_disks(disks.data_disks())
    cached = any(value not in (None, NO_CACHE) for value in disks.data_caching.values)
    if cached and _is_storage_optimized(size):
        raise ConflictingArguments(f"--data-disk-caching: sizes such as {size} take no cache but None.", _CACHING)


def os_caching(disks: Disks, size: str) -> str:
    """What is asked for, else az's default."""
    if disks.os_caching:
        return disks.os_caching
    if disks.ephemeral:
        return READ_ONLY
    return NO_CACHE if _is_storage_optimized(size) else "ReadWrite"


def _is_storage_optimized(size: str) -> bool:
    return re.search(_STORAGE_OPTIMIZED, size, re.IGNORECASE) is not None


def _check_os_disk(disks: Disks, size: str) -> None:
    if disks.ephemeral:
        _check_ephemeral(disks)
        return
    if disks.placement:
        raise ConflictingArguments("--ephemeral-os-disk-placement is for an ephemeral OS disk only.",
                                   option_values.EPHEMERAL_TOO)
    if _is_storage_optimized(size) and disks.os_caching not in (None, NO_CACHE):
        raise ConflictingArguments(f"--os-disk-caching: sizes such as {size} take no cache but None.",
                                   example("--os-disk-caching", NO_CACHE))
    sku = disks.skus.of(OS)
    if sku in WITHOUT_CACHE:
        rest = [f"{disk.key}={disk.sku}" for disk in disks.data_disks() if disk.sku]
        raise InvalidValue(f"--storage-sku: {sku} is for data disks only, not for the OS disk.",
                           example("--storage-sku", "os=Premium_LRS", *rest))


def _check_ephemeral(disks: Disks) -> None:
    if disks.os_caching not in (None, READ_ONLY):
        raise ConflictingArguments(f"--os-disk-caching: an ephemeral OS disk has the caching {READ_ONLY}, not "
                                   f"{disks.os_caching}.", example("--os-disk-caching", READ_ONLY))
    if (disks.os_size_gb or 0) > LARGEST_EPHEMERAL_GB:
        raise ConflictingArguments(f"--os-disk-size-gb: an ephemeral OS disk has {LARGEST_EPHEMERAL_GB} GB at most.",
                                   example("--os-disk-size-gb", LARGEST_EPHEMERAL_GB))
    # One type for all disks is then that of the data disks.
    has_others = any(disk.size_gb for disk in disks.data_disks())
    sku = dict(disks.skus.each).get(OS) if has_others else disks.skus.of(OS)
    if sku not in (None, OF_EPHEMERAL):
        raise ConflictingArguments("--storage-sku: an ephemeral OS disk lies on the VM's own server, so it has no type "
                                   "of storage.", option_values.NOT_EPHEMERAL)


def check_luns(disks: Disks, taken: Collection[int] = ()) -> None:
    """That each LUN that an option names is one of a disk that the host will have."""
    found = disks.data_disks(taken)
    _check_named("--storage-sku", disks.skus, [disk.key for disk in found if disk.size_gb], "new data disk")
    _check_named("--data-disk-caching", disks.data_caching, [disk.key for disk in found], "data disk")
    if not found and disks.data_caching.every:
        raise ConflictingArguments("--data-disk-caching: the host has no data disks.", option_values.ADD_DISKS)


def _check_named(option: str, values: ByDisk, keys: Collection[int | str], what: str) -> None:
    if DOCKER in dict(values.each) and DOCKER not in keys:
        raise ConflictingArguments(f"{option}: the host has no {what} of Docker's own.", option_values.DOCKER_DISK)
    there = [key for key in keys if key != DOCKER]
    wrong = [lun for lun in values.luns if lun not in there]
    if wrong:
        has = f"there are {', '.join(map(str, there))}" if there else "there are none"
        raise ConflictingArguments(f"{option}: there is no {what} with the LUN {wrong[0]} ({has}).",
                                   option_values.COUNT_LUNS)


def _check_data_disks(found: list[DataDisk]) -> None:
    if len(found) > MOST_DATA_DISKS:
        raise ConflictingArguments(f"{len(found)} data disks, new and attached; no VM can have more than "
                                   f"{MOST_DATA_DISKS}.", option_values.FEWER_DISKS)
    named = [str(disk.there).lower() for disk in found if disk.there]
    if len(set(named)) < len(named):
        raise ConflictingArguments("--docker-disk: the same disk is one of --attach-data-disks.",
                                   option_values.LEAVE_ONE_OUT)
    for disk in found:
        _check_data_disk(disk)


def _check_data_disk(disk: DataDisk) -> None:
    if disk.size_gb is None:
        return
    option = "--docker-disk-size-gb" if disk.is_dockers else "--data-disk-sizes-gb"
    where = "for Docker" if disk.is_dockers else f"at LUN {disk.lun}"
    most = LARGEST_WITHOUT_CACHE_GB if disk.sku in WITHOUT_CACHE else LARGEST_GB
    least = SMALLEST_GB.get(disk.sku or "", 1)
    if not least <= disk.size_gb <= most:
        raise ConflictingArguments(f"{option}: {disk.size_gb} GB {where}; a disk of type "
                                   f"{disk.sku or 'Premium_LRS'} has {least} to {most} GB.", example(option, 128))
    if disk.caching in (None, NO_CACHE):
        return
    if disk.sku in WITHOUT_CACHE:
        raise ConflictingArguments(f"--data-disk-caching: nothing is cached on the way to a disk of type {disk.sku}.",
                                   example("--data-disk-caching", f"{disk.key}=None"))
    if disk.size_gb > LARGEST_CACHED_GB:
        raise ConflictingArguments(f"--data-disk-caching: a disk of 4096 GB and more, as {where}, can't be cached.",
                                   example("--data-disk-caching", f"{disk.key}=None"))
