"""The disks of a host: that of its operating system, data disks that are made with it, those that are there already."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import count

from azext_dockervm.spec.named import Named
from azext_dockervm.spec.words import OS


@dataclass(frozen=True)
class ByDisk:
    """A value for every disk, or one for each of some: ``each`` has ``OS`` or a LUN first."""

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
    """One of a host's: ``there`` names one that exists, all others are made, of ``size_gb``."""

    lun: int
    size_gb: int | None = None
    sku: str | None = None
    caching: str | None = None
    there: Named | None = None


@dataclass(frozen=True)
class Disks:
    """What is None or empty is left to Azure. Sizes are in GB as Azure counts them (GiB). ``ephemeral``: the OS disk is
    local to the VM's server, at ``placement``, and is lost with it."""

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

    def data_disks(self, taken: Collection[int] = ()) -> list[DataDisk]:
        """As az numbers them: new ones first, then those that are there, each at the first LUN that is free. ``taken``
        are those of disks that the image brings along."""
        free = (lun for lun in count() if lun not in taken)
        return [*(DataDisk(lun, size, self.skus.of(lun), self.data_caching.of(lun))
                  for size, lun in zip(self.data_sizes_gb, free, strict=False)),
                *(DataDisk(lun, caching=self.data_caching.of(lun), there=one)
                  for one, lun in zip(self.attached, free, strict=False))]

    @property
    def os_sku(self) -> str | None:
        """None for an ephemeral OS disk, which has no storage of its own."""
        return None if self.ephemeral else self.skus.of(OS)
