"""MemoryPlatform: machines that exist only as records, for tests of the ARM side; it keeps what it was told."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from localazure.machines.machine import (
    OF_ITS_TIME,
    DataDisk,
    FirewallRule,
    Guise,
    MachineError,
    MachineSpec,
    Network,
    Platform,
    PublicAddress,
    RunResult,
)


class MemoryPlatform(Platform):
    """Scripts run in a plain shell with their arguments as environment; extensions succeed unless told otherwise."""

    kind = "memory"
    service_address = "127.0.0.1"

    def __init__(self, state_dir: Path, instance: str = "test") -> None:
        self.state_dir = state_dir
        self.instance = instance
        self.public_pool = [f"127.77.0.{number}" for number in range(1, 50)]
        self.networks: dict[str, Network] = {}
        self.machines: dict[str, MachineSpec] = {}
        self.states: dict[str, str] = {}
        self.exposed: dict[str, PublicAddress | None] = {}
        self.firewalls: dict[str, list[FirewallRule] | None] = {}
        self.extensions: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = []
        self.guises: list[Guise] = []  # what the guest passed for, by extension that was enabled
        self.extension_result = RunResult(0, "enabled", "")
        self.joined: set[str] = set()
        self.disks: dict[str, int] = {}  # id → GiB
        self.metadata: dict[str, dict[str, Any]] = {}
        self.agents: dict[str, bool] = {}  # machines whose agent a test made absent (False)
        self.consoles: dict[str, str] = {}
        self.create_error: MachineError | None = None
        self.unblocked = threading.Event()  # while it is clear, boots and extensions wait
        self.unblocked.set()

    def start(self) -> None:
        pass

    def stop(self) -> None:
        self.unblocked.set()

    def destroy(self) -> None:
        self.machines.clear()

    def network_put(self, network: Network) -> None:
        self.networks[network.id] = network

    def network_delete(self, network_id: str) -> None:
        self.networks.pop(network_id, None)

    def network_join(self, network_id: str, joined: bool) -> None:
        assert network_id in self.networks
        (self.joined.add if joined else self.joined.discard)(network_id)

    def disk_create(self, disk_id: str, size_gib: int) -> None:
        self.disks.setdefault(disk_id, size_gib)

    def disk_resize(self, disk_id: str, size_gib: int) -> None:
        if size_gib < self.disks[disk_id]:
            raise MachineError("DiskTooSmall", f"disk {disk_id} can't be made smaller")
        self.disks[disk_id] = size_gib

    def disk_delete(self, disk_id: str) -> None:
        if any(disk.id == disk_id for spec in self.machines.values() for disk in spec.data_disks):
            raise MachineError("DiskInUse", f"disk {disk_id} belongs to a machine")
        self.disks.pop(disk_id, None)

    def machine_create(self, spec: MachineSpec) -> None:
        assert spec.network_id in self.networks
        assert all(disk.id in self.disks for disk in spec.data_disks)
        self.unblocked.wait(10)
        if self.create_error is not None:
            raise self.create_error
        self.machines[spec.id] = spec
        self.states[spec.id] = "running"
        self.consoles[spec.id] = f"{spec.hostname} booted\n"

    def _set(self, machine_id: str, state: str) -> None:
        if machine_id not in self.machines:
            raise MachineError("MachineAbsent", f"machine {machine_id} does not exist")
        self.states[machine_id] = state

    def machine_start(self, machine_id: str) -> None:
        self._set(machine_id, "running")

    def machine_stop(self, machine_id: str) -> None:
        self._set(machine_id, "stopped")

    def machine_restart(self, machine_id: str) -> None:
        self._set(machine_id, "running")

    def machine_delete(self, machine_id: str) -> None:
        for kept in (self.machines, self.states, self.exposed, self.firewalls, self.metadata, self.consoles):
            kept.pop(machine_id, None)  # type: ignore[attr-defined]

    def machine_state(self, machine_id: str) -> str:
        return self.states.get(machine_id, "absent")

    def machine_agent(self, machine_id: str) -> bool:
        spec = self.machines[machine_id]
        return self.states[machine_id] == "running" and self.agents.get(machine_id, spec.agent)

    def machine_console(self, machine_id: str) -> str:
        return self.consoles[machine_id]

    def _respec(self, machine_id: str, **changes: Any) -> None:
        self.machines[machine_id] = replace(self.machines[machine_id], **changes)

    def machine_disks(self, machine_id: str, disks: Sequence[DataDisk]) -> None:
        for disk in disks:
            assert disk.id in self.disks
            for other, spec in self.machines.items():
                if other != machine_id and any(known.id == disk.id for known in spec.data_disks):
                    raise MachineError("DiskInUse", f"disk {disk.id} belongs to another machine")
        self._respec(machine_id, data_disks=tuple(disks))

    def machine_size(self, machine_id: str, cpus: int, memory_mib: int) -> None:
        self._respec(machine_id, cpus=cpus, memory_mib=memory_mib)

    def machine_metadata(self, machine_id: str, instance: dict[str, Any]) -> None:
        assert machine_id in self.machines
        self.metadata[machine_id] = instance

    def machine_readdress(self, machine_id: str, private_ip: str, subnet_prefix: str) -> None:
        self._respec(machine_id, private_ip=private_ip, subnet_prefix=subnet_prefix)

    def machine_expose(self, machine_id: str, address: PublicAddress | None) -> None:
        self.exposed[machine_id] = address

    def machine_firewall(self, machine_id: str, rules: Sequence[FirewallRule] | None) -> None:
        self.firewalls[machine_id] = None if rules is None else list(rules)

    def machine_run(
        self, machine_id: str, script: str, arguments: Sequence[tuple[str, str]] = (), timeout: float = 5400,
        user: str | None = None, thoroughly: bool = False,
    ) -> RunResult:  # fmt: skip
        self._ask_agent(machine_id)
        environment = {"PATH": "/usr/bin:/bin", **dict(arguments)}
        try:
            done = subprocess.run(
                ["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=timeout
            )
        except subprocess.TimeoutExpired:
            return RunResult(124, "", "", timed_out=True)
        return RunResult(done.returncode, done.stdout, done.stderr)

    def machine_extension(
        self, machine_id: str, publisher: str, type_name: str, settings: dict[str, Any], protected: dict[str, Any],
        guise: Guise = OF_ITS_TIME,
    ) -> RunResult:  # fmt: skip
        self.unblocked.wait(10)
        self._ask_agent(machine_id)
        self.extensions.append((publisher, type_name, settings, protected))
        self.guises.append(guise)
        return self.extension_result

    def machine_extension_remove(
        self, machine_id: str, publisher: str, type_name: str, guise: Guise = OF_ITS_TIME
    ) -> RunResult:
        self._ask_agent(machine_id)
        return RunResult(0, "", "")

    def _ask_agent(self, machine_id: str) -> None:
        if not self.machine_agent(machine_id) and self.states[machine_id] == "running":
            raise MachineError("NoAgent", "the machine has no agent")
