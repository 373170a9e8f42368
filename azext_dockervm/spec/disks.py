"""The disks of a host: that of its operating system, data disks that are made with it, those that are there already,
and one of these that holds all of Docker's data."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import count

from azext_dockervm.spec.named import Named
from azext_dockervm.spec.words import DOCKER, OS


@dataclass(frozen=True)
class ByDisk:
    """A value for every disk, or one for each of some: ``each`` has ``OS``, ``DOCKER`` or a LUN first."""

    every: str | None = None
    each: tuple[tuple[str | int, str], ...] = ()

    def of(self, disk: str | int) -> str | None:
        return dict(self.each).get(disk, self.every)

    @property
    def values(self) -> list[str | None]:
        return [self.every, *(value for _, value in self.each)]

    @property
    def luns(self) -> list[int]:
        """Those that are named."""
        return [disk for disk, _ in self.each if isinstance(disk, int)]


@dataclass(frozen=True)
class DataDisk:
    """One of a host's: ``there`` names one that exists, all others are made, of ``size_gb``. ``is_dockers``: it holds
    all of Docker's data."""

    lun: int
    size_gb: int | None = None
    sku: str | None = None
    caching: str | None = None
    there: Named | None = None
    is_dockers: bool = False

    @property
    def key(self) -> str | int:
        """How options name it."""
        return DOCKER if self.is_dockers else self.lun


@dataclass(frozen=True)
class Disks:
    """What is None or empty is left to Azure. Sizes are in GB as Azure counts them (GiB). ``ephemeral``: the OS disk is
    local to the VM's server, at ``placement``, and is lost with it. Docker's own disk is a new one of
    ``docker_size_gb`` or ``docker_there``; ``docker_lun`` is where the host finds it, known once the image is or the
    VM, which may have one that was not asked for this time."""

    os_size_gb: int | None = None
    os_caching: str | None = None
    ephemeral: bool = False
    placement: str | None = None
    encryption_set: Named | None = None
    encryption_at_host: bool = False
    skus: ByDisk = field(default_factory=ByDisk)
    data_sizes_gb: tuple[int, ...] = ()
    data_caching: ByDisk = field(default_factory=ByDisk)
    attached: tuple[Named, ...] = ()
    docker_size_gb: int | None = None
    docker_there: Named | None = None
    docker_lun: int | None = None

    def data_disks(self, taken: Collection[int] = ()) -> list[DataDisk]:
        """As az numbers them: new ones first, then those that are there, each at the first LUN that is free; Docker's
        own comes last. ``taken`` are those of disks that the image brings along."""
        wanted: list[tuple[int | None, Named | None, bool]] = [
            *((size, None, False) for size in self.data_sizes_gb), *((None, one, False) for one in self.attached)]
        if self.has_docker_disk:
            wanted.append((self.docker_size_gb, self.docker_there, True))
        free = (lun for lun in count() if lun not in taken)
        return [self._data_disk(DataDisk(lun, size, there=there, is_dockers=is_dockers))
                for (size, there, is_dockers), lun in zip(wanted, free, strict=False)]

    def _data_disk(self, disk: DataDisk) -> DataDisk:
        """With its type, which only a new one can be given, and its caching."""
        return replace(disk, sku=self.skus.of(disk.key) if disk.size_gb else None,
                       caching=self.data_caching.of(disk.key))

    @property
    def has_docker_disk(self) -> bool:
        """Whether one was asked for."""
        return self.docker_size_gb is not None or self.docker_there is not None

    def docker_disk(self, taken: Collection[int] = ()) -> DataDisk | None:
        """As ``data_disks``."""
        return next((disk for disk in self.data_disks(taken) if disk.is_dockers), None)

    @property
    def there(self) -> tuple[Named, ...]:
        """Those that are there already, in the order of ``data_disks``."""
        return (*self.attached, self.docker_there) if self.docker_there else self.attached

    @property
    def os_sku(self) -> str | None:
        """None for an ephemeral OS disk, which has no storage of its own."""
        return None if self.ephemeral else self.skus.of(OS)
