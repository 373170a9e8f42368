"""MemoryPlatform: machines that exist only as records, for tests of the ARM side; it keeps what it was told."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from localazure.machines.machine import (
    FirewallRule,
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
        self.extension_result = RunResult(0, "enabled", "")
        self.create_error: MachineError | None = None
        self.gate = threading.Event()  # while it is clear, boots and extensions wait
        self.gate.set()

    def start(self) -> None:
        pass

    def stop(self) -> None:
        self.gate.set()

    def destroy(self) -> None:
        self.machines.clear()

    def network_put(self, network: Network) -> None:
        self.networks[network.id] = network

    def network_delete(self, network_id: str) -> None:
        self.networks.pop(network_id, None)

    def machine_create(self, spec: MachineSpec) -> None:
        assert spec.network_id in self.networks
        self.gate.wait(10)
        if self.create_error is not None:
            raise self.create_error
        self.machines[spec.id] = spec
        self.states[spec.id] = "running"

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
        for kept in (self.machines, self.states, self.exposed, self.firewalls):
            kept.pop(machine_id, None)  # type: ignore[attr-defined]

    def machine_state(self, machine_id: str) -> str:
        return self.states.get(machine_id, "absent")

    def machine_expose(self, machine_id: str, address: PublicAddress | None) -> None:
        self.exposed[machine_id] = address

    def machine_firewall(self, machine_id: str, rules: Sequence[FirewallRule] | None) -> None:
        self.firewalls[machine_id] = None if rules is None else list(rules)

    def machine_run(
        self, machine_id: str, script: str, arguments: Sequence[tuple[str, str]] = (), timeout: float = 5400,
        user: str | None = None,
    ) -> RunResult:  # fmt: skip
        environment = {"PATH": "/usr/bin:/bin", **dict(arguments)}
        try:
            done = subprocess.run(
                ["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=timeout
            )
        except subprocess.TimeoutExpired:
            return RunResult(124, "", "", timed_out=True)
        return RunResult(done.returncode, done.stdout, done.stderr)

    def machine_extension(
        self, machine_id: str, publisher: str, type_name: str, settings: dict[str, Any], protected: dict[str, Any]
    ) -> RunResult:
        self.gate.wait(10)
        self.extensions.append((publisher, type_name, settings, protected))
        return self.extension_result
