"""What both platforms are built on: records of networks and machines, disks, extensions, the instance's addresses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from localazure.machines.foundation import hosts_file
from localazure.machines.foundation.address_blocks import AddressBlock
from localazure.machines.foundation.disk_files import DiskFolder, check_disks
from localazure.machines.foundation.guest_identity import check_names
from localazure.machines.foundation.instance_registry import InstanceRegistry
from localazure.machines.foundation.records import MachineRecord, NetworkRecord, Records, free_number, write_json
from localazure.machines.handlers import dispatch
from localazure.machines.handlers.context import HandlerContext
from localazure.machines.machine import (
    OF_ITS_TIME,
    DataDisk,
    Guise,
    MachineError,
    MachineSpec,
    Network,
    Platform,
    PublicAddress,
    RunResult,
)


class RecordedPlatform(Platform):
    """A platform that remembers in the instance's folder what it was asked for. `_lock` guards the records."""

    def __init__(self, state_dir: Path, instance: str, registry: InstanceRegistry) -> None:
        self.state_dir = state_dir
        self.instance = instance
        self._records = Records(state_dir / "machines")
        self._disks = DiskFolder(self._records.folder / "disks")
        self._registry = registry
        self._lock = threading.RLock()
        self._networks: dict[str, NetworkRecord] = {}
        self._machines: dict[str, MachineRecord] = {}
        self._births: dict[str, object] = {}  # tells a machine from an earlier one of the same id
        self._block: AddressBlock | None = None

    @property
    def public_pool(self) -> Sequence[str]:  # type: ignore[override]
        """Known after start()."""
        return self._ready_block().addresses

    @property
    def service_address(self) -> str:  # type: ignore[override]
        """Known after start()."""
        return self._ready_block().service_address

    def disk_create(self, disk_id: str, size_gib: int) -> None:
        self._disks.create(disk_id, size_gib)

    def disk_resize(self, disk_id: str, size_gib: int) -> None:
        self._disks.resize(disk_id, size_gib)

    def disk_delete(self, disk_id: str) -> None:
        with self._lock:
            if self._owners(disk_id):
                raise MachineError("DiskInUse", f"disk {disk_id} belongs to a machine")
            self._disks.delete(disk_id)

    def machine_metadata(self, machine_id: str, instance: dict[str, Any]) -> None:
        with self._lock:
            self._record(machine_id)
            write_json(self._records.machine_folder(machine_id) / "metadata.json", instance)

    def machine_extension(
        self, machine_id: str, publisher: str, type_name: str, settings: dict[str, Any], protected: dict[str, Any],
        guise: Guise = OF_ITS_TIME,
    ) -> RunResult:  # fmt: skip
        return dispatch.enable(self._handler_context(machine_id, guise), publisher, type_name, settings, protected)

    def machine_extension_remove(
        self, machine_id: str, publisher: str, type_name: str, guise: Guise = OF_ITS_TIME
    ) -> RunResult:
        return dispatch.remove(self._handler_context(machine_id, guise), publisher, type_name)

    # -- for those that are built on this

    def _handler_context(self, machine_id: str, guise: Guise) -> HandlerContext:
        self._with_agent(machine_id)
        born = self._birth(machine_id)

        def run(script: str, arguments: Sequence[tuple[str, str]], timeout: float) -> RunResult:
            # A handler takes several steps: none of them is for the next machine of the same id.
            if self._birth(machine_id) is not born:
                raise MachineError("MachineNotFound", f"machine {machine_id} was deleted")
            return self.machine_run(machine_id, script, arguments, timeout, thoroughly=True)

        return HandlerContext(run, guise)

    def _with_agent(self, machine_id: str) -> MachineRecord:
        """The machine's record. Raises MachineError unless its agent takes commands."""
        record = self._record(machine_id)
        if not record.spec.agent:
            raise MachineError("NoAgent", "the machine has no agent")
        return record

    def _birth(self, machine_id: str) -> object:
        with self._lock:
            self._record(machine_id)
            return self._births.setdefault(machine_id, object())

    def _check_new(self, spec: MachineSpec) -> None:
        """Raise MachineError unless there can be a machine like this; callers hold the lock."""
        check_names(spec)
        if spec.id in self._machines:
            raise MachineError("MachineExists", f"machine {spec.id} exists already")
        if spec.network_id not in self._networks:
            raise MachineError("NetworkNotFound", f"there is no network {spec.network_id}")
        self._check_disks(spec.id, spec.data_disks)

    def _ready_block(self) -> AddressBlock:
        if self._block is None:
            raise MachineError("NotStarted", "the platform has not been started")
        return self._block

    def _keep_network(self, network: Network) -> NetworkRecord:
        """Put a network on record, under the number that it has already or a free one."""
        known = self._networks.get(network.id)
        number = free_number(list(self._networks.values())) if known is None else known.number
        self._networks[network.id] = NetworkRecord(network, number)
        self._records.save_networks(self._networks)
        return self._networks[network.id]

    def _refuse_used(self, network_id: str) -> None:
        if any(record.spec.network_id == network_id for record in self._machines.values()):
            raise MachineError("NetworkInUse", f"network {network_id} still has machines")

    def _forget_network(self, network_id: str) -> None:
        if self._networks.pop(network_id, None) is not None:
            self._records.save_networks(self._networks)

    def _check_address(self, address: PublicAddress | None) -> None:
        if address is not None and address.address not in self.public_pool:
            raise MachineError("UnknownAddress", f"{address.address} is not a public address of this instance")

    def _publish_names(self, addresses: Iterable[PublicAddress]) -> None:
        """Let this machine know the names of public addresses, and of the registry where there is one."""
        names = {address.fqdn: address.address for address in addresses if address.fqdn} | self._services()
        with self._registry.locked():
            hosts_file.update(self.instance, names)

    def _services(self) -> dict[str, str]:
        """What this machine itself offers to guests, by name."""
        return {self.service_name: self.service_address} if self.service_name else {}

    def _owners(self, disk_id: str) -> list[MachineRecord]:
        """The machines that have a disk: one, or none."""
        records = self._machines.values()
        return [record for record in records if any(disk.id == disk_id for disk in record.spec.data_disks)]

    def _check_disks(self, machine_id: str, disks: Sequence[DataDisk]) -> None:
        """Raise MachineError unless a machine can have these disks together: they exist, and no other has them."""
        for disk in disks:
            self._disks.existing(disk.id)
        others = [record for other, record in self._machines.items() if other != machine_id]
        check_disks(disks, [disk for record in others for disk in record.spec.data_disks])

    def _keep(self, record: MachineRecord) -> None:
        self._machines[record.spec.id] = record
        self._records.save_machine(record)

    def _record(self, machine_id: str) -> MachineRecord:
        with self._lock:
            record = self._machines.get(machine_id)
        if record is None:
            raise MachineError("MachineNotFound", f"there is no machine {machine_id}")
        return record

    def _change(self, machine_id: str, change: Callable[[MachineRecord], MachineRecord]) -> MachineRecord:
        with self._lock:
            record = change(self._record(machine_id))
            self._keep(record)
            return record

    def _respec(self, machine_id: str, **changes: Any) -> MachineRecord:
        return self._change(machine_id, lambda known: replace(known, spec=replace(known.spec, **changes)))
