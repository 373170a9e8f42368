"""Options of Docker's own disk: the data disk that holds all of Docker's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azext_dockervm.advice import disk_commands
from azext_dockervm.advice.option_values import ONE_DOCKER_DISK
from azext_dockervm.azure import names
from azext_dockervm.options.option import Gap, Option, Vm, filled
from azext_dockervm.spec import disk_rules

if TYPE_CHECKING:
    from azext_dockervm.spec.host import HostSpec

_GROUP = "Storage"
_NONE_LATER = "a host that exists keeps Docker's data where it is, on its OS disk"


def _another_size(spec: HostSpec, vm: Vm) -> str | None:
    from azext_dockervm.body import virtual_machine

    name, asked = _docker_disk(vm), spec.disks.docker_size_gb or 0
    if name is None:
        return _NONE_LATER
    noted = names.tag(vm, names.TAG_DOCKER_DISK) or name
    has = virtual_machine.data_disk_size_gb(vm, name)
    if has == asked:
        return None
    told = f"Docker's own disk, '{name}', has {has} GB" if has else f"Docker's own disk, '{name}', keeps its size"
    if has and has > asked:
        return f"{told}, and disks do not shrink"
    return f"{told}.\n{disk_commands.grow_docker_disk(spec, noted, asked)}"


def _another_disk(spec: HostSpec, vm: Vm) -> str | None:
    name, asked = _docker_disk(vm), spec.disks.docker_there
    if name is None:
        return _NONE_LATER
    if asked is None or asked.name.lower() == name.lower():
        return None
    return f"Docker's own disk is '{name}', and stays that"


def _docker_disk(vm: Vm) -> str | None:
    from azext_dockervm.body import virtual_machine

    return virtual_machine.docker_disk(vm)[0]


def _extension_alone(spec: HostSpec) -> str | None:
    """On such an image no script of ours runs before the extension, which starts Docker where its package has it."""
    from azext_dockervm.spec.extension_era import is_of_extension_era

    if not spec.disks.has_docker_disk or not is_of_extension_era(spec.machine.image):
        return None
    return "on an image of its own era the Docker VM extension can't give Docker a disk of its own"


_GAPS = (Gap("docker-extension", _extension_alone),)

DOCKER_DISK = (
    Option("docker_disk_size_gb", "--docker-disk-size-gb",
           "Size in GB of a new data disk for Docker's data alone: images, containers and volumes. The host formats it "
           "once, mounts it at every boot, and keeps Docker down where the disk is missing. Deleting the host keeps "
           "the disk unless it is told otherwise.", _GROUP, default_in_words="none; Docker's data lies on the OS disk",
           read=filled, check=disk_rules.check_docker_size, place="disks.docker_size_gb", only_new=True,
           not_applied=_another_size, excludes={"docker_disk": ONE_DOCKER_DISK}, gaps=_GAPS),
    Option("docker_disk", "--docker-disk",
           "Name or resource id of a data disk that is there, for Docker's data. It is formatted only where it is "
           "blank: what another host's Docker has left on it is there again. It is never deleted with the host.",
           _GROUP, read=filled, check=disk_rules.check_docker_disk, place="disks.docker_there", only_new=True,
           not_applied=_another_disk, excludes={"docker_disk_size_gb": ONE_DOCKER_DISK}, gaps=_GAPS,
           parser={"completer": "disks"}),
)
