"""Fake machines, where there is no root or no systemd-nspawn: private folders, and an engine that runs no containers.

A machine is a folder that stands for its file system. Run commands and extension handlers are executed by this
machine's own shell with LOCALAZURE_ROOT and DOCKERVM_ROOT naming that folder, and a PATH with harmless tools and
stand-ins only (guest_tools.py). Nothing else confines them: a script that names absolute paths works on this machine.
At a machine's first start custom data that is a user script is run in the same way and with the same warning, in the
background (first_boot.py); other custom data is kept but not run. The instance's fake engine (engine.py) listens on
loopback addresses and says everywhere that it is a fake. A port that the security rules close is not listened on, so it
refuses at once where a real one stays silent. There are no networks between fake machines, metadata is kept where no
169.254.169.254 answers, and CPU and memory are not limited.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from localazure.machines.fake import file_system, first_boot
from localazure.machines.fake.engine_process import EngineProcess
from localazure.machines.foundation import hosts_file, scripts
from localazure.machines.foundation.address_blocks import loopback_blocks
from localazure.machines.foundation.instance_registry import InstanceRegistry, tag_of
from localazure.machines.foundation.recorded_platform import RecordedPlatform
from localazure.machines.foundation.records import MachineRecord, remove_machine_folder, write_json
from localazure.machines.foundation.security_rules import open_ports
from localazure.machines.machine import (
    RUN_TIMEOUT_S,
    DataDisk,
    FirewallRule,
    MachineError,
    MachineSpec,
    Network,
    PublicAddress,
    RunResult,
)

# A client on this machine comes from here.
CLIENT = "127.0.0.1"
# In the environment of all that a run has started: so they are found when it is ended.
RUN_MARK = "LOCALAZURE_RUN"
# Seconds within which all of a machine's runs have ended once they were killed.
LONGEST_END_S = 30.0
BOOTED = "Local Azure: a fake machine was started; no guest is booted"
HALTED = "Local Azure: the fake machine was stopped"


class FakePlatform(RecordedPlatform):
    """The fake machines of one instance."""

    kind = "fake"

    def __init__(self, state_dir: Path, instance: str) -> None:
        super().__init__(state_dir, instance, InstanceRegistry(kind="loopback"))
        self._runs: Counter[str] = Counter()
        # In the run folder: a socket's path may have 107 bytes, and the state folder's may be longer.
        self._engine = EngineProcess(self._records.folder, self._registry.folder / f"{tag_of(instance)}.sock")

    # -- the platform as a whole

    def start(self) -> None:
        folder = self._records.folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._block = self._registry.acquire(self.instance, self.state_dir, loopback_blocks(os.geteuid()), list)
        with self._lock:
            self._networks, self._machines = self._records.networks(), self._records.machines()
            file_system.link_tools(folder / "tools")
            for record in list(self._machines.values()):
                if not record.created:
                    self.machine_delete(record.spec.id)
            self._engine.start()
            self._publish()

    def stop(self) -> None:
        """Nothing to do: the engine is a process of its own."""

    def destroy(self) -> None:
        folder = self._records.folder
        with self._lock:
            self._engine.end()
            file_system.kill_processes_with(f"LOCALAZURE_FOLDER={folder}")
            if folder.exists():
                shutil.rmtree(folder)
            with self._registry.locked():
                hosts_file.update(self.instance, {})
            self._registry.release(self.instance)
            self._networks, self._machines, self._block = {}, {}, None

    # -- networks: there is no traffic between fake machines

    def network_put(self, network: Network) -> None:
        with self._lock:
            self._keep_network(network)

    def network_delete(self, network_id: str) -> None:
        with self._lock:
            self._refuse_used(network_id)
            self._forget_network(network_id)

    def network_join(self, network_id: str, joined: bool) -> None:
        if joined:
            raise MachineError("NotSupported", "fake machines have no networks that this machine could join")

    # -- data disks: files without a kernel that could mount them

    def machine_disks(self, machine_id: str, disks: Sequence[DataDisk]) -> None:
        with self._lock:
            self._check_disks(machine_id, disks)
            record = self._respec(machine_id, data_disks=tuple(disks))
            file_system.link_disks(self._root(machine_id), record.spec, self._disks)

    # -- a machine's life

    def machine_create(self, spec: MachineSpec) -> None:
        if spec.variant:
            raise MachineError("VariantNotSupportedByLocalAzure", "Local Azure's fake machines have no variants.")
        with self._lock:
            self._check_new(spec)
            self._keep(MachineRecord(spec))
            try:
                self._say(self._record(spec.id), BOOTED)
                file_system.make(self._records.machine_folder(spec.id), spec)
                file_system.link_disks(self._root(spec.id), spec, self._disks)
                if spec.metadata is not None:
                    self.machine_metadata(spec.id, spec.metadata)
                record = self._change(spec.id, lambda known: replace(known, created=True))
                self._sync(record)
                if spec.cloud_init:
                    first_boot.begin(self._root(spec.id), self._script_environment(record), spec.cloud_init_delay_s)
            except BaseException:  # whatever it was: nothing half-made stays
                self.machine_delete(spec.id)
                raise

    def machine_start(self, machine_id: str) -> None:
        with self._lock:
            before = self._record(machine_id)
            record = self._change(machine_id, lambda known: replace(known, running=True))
            if not before.running:
                self._say(record, BOOTED)
                if record.spec.cloud_init:
                    first_boot.finish(self._root(machine_id))
            self._sync(record)

    def machine_stop(self, machine_id: str) -> None:
        with self._lock:
            before = self._record(machine_id)
            record = self._change(machine_id, lambda known: replace(known, running=False))
            if before.running:
                self._say(record, HALTED)
            self._end_what_runs(machine_id)
            file_system.clear_run(self._root(machine_id))
            self._sync(record)

    def machine_restart(self, machine_id: str) -> None:
        self.machine_stop(machine_id)
        self.machine_start(machine_id)

    def machine_delete(self, machine_id: str) -> None:
        with self._lock:
            if self._machines.pop(machine_id, None) is None:
                return
            self._births.pop(machine_id, None)
        self._end_runs(machine_id)
        with self._lock:
            remove_machine_folder(self._records.machine_folder(machine_id), lambda: self._end_what_runs(machine_id))
            if self._engine.lives():
                self._engine.ask({"machine": machine_id, "action": "sync"})
            self._publish()

    def machine_state(self, machine_id: str) -> str:
        with self._lock:
            record = self._machines.get(machine_id)
            if record is None:
                return "absent"
            if not record.running:
                return "stopped"
            return "running" if self._engine.lives() else "stopped"

    def machine_agent(self, machine_id: str) -> bool:
        return self.machine_state(machine_id) == "running" and self._record(machine_id).spec.agent

    def machine_console(self, machine_id: str) -> str:
        self._record(machine_id)
        return (self._records.machine_folder(machine_id) / "console.log").read_text()

    def machine_size(self, machine_id: str, cpus: int, memory_mib: int) -> None:
        """Only noted: a fake machine is not limited."""
        with self._lock:
            self._respec(machine_id, cpus=cpus, memory_mib=memory_mib)

    def machine_readdress(self, machine_id: str, private_ip: str, subnet_prefix: str) -> None:
        """Only noted: there is no traffic between fake machines."""
        with self._lock:
            self._respec(machine_id, private_ip=private_ip, subnet_prefix=subnet_prefix)

    # -- a machine's network

    def machine_expose(self, machine_id: str, address: PublicAddress | None) -> None:
        with self._lock:
            self._check_address(address)
            self._sync(self._change(machine_id, lambda known: replace(known, address=address)))
            self._publish()

    def machine_firewall(self, machine_id: str, rules: Sequence[FirewallRule] | None) -> None:
        kept = None if rules is None else tuple(rules)
        open_ports(kept, CLIENT)  # refuses rules that can't be read before any is kept
        with self._lock:
            self._sync(self._change(machine_id, lambda known: replace(known, rules=kept)))

    # -- commands in a machine

    def machine_run(
        self,
        machine_id: str,
        script: str,
        arguments: Sequence[tuple[str, str]] = (),
        timeout: float = RUN_TIMEOUT_S,
        user: str | None = None,
        thoroughly: bool = False,
    ) -> RunResult:
        scripts.check_script(script, arguments)
        record = self._with_agent(machine_id)
        folder = self._records.machine_folder(machine_id)
        name = scripts.new_run()
        environment = {**dict(arguments), **self._script_environment(record), RUN_MARK: name}
        job = {"name": name, "script": script, "environment": environment, "user": None, "root": str(folder / "root")}

        def end(process: subprocess.Popen[bytes]) -> None:
            file_system.kill_processes_with(f"{RUN_MARK}={name}")
            process.wait()

        command = scripts.Command(
            [sys.executable, "-I", "-S", str(scripts.GUEST_RUN)], end, {"PATH": environment["PATH"], RUN_MARK: name}
        )
        with self._at_work(machine_id):
            return scripts.perform(command, job, folder / "runs" / name, timeout, thoroughly)

    # -- within

    @contextmanager
    def _at_work(self, machine_id: str) -> Iterator[None]:
        """A run of a machine that is there: its deletion ends it, and waits for that."""
        with self._lock:
            self._record(machine_id)
            self._runs[machine_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._runs[machine_id] -= 1

    def _end_runs(self, machine_id: str) -> None:
        """End what runs on a machine that takes no further run, until nobody is left who could write to its folder."""
        until = time.monotonic() + LONGEST_END_S
        while True:
            self._end_what_runs(machine_id)
            with self._lock:
                if not self._runs[machine_id]:
                    del self._runs[machine_id]
                    return
            if time.monotonic() > until:
                raise MachineError("MachineBusy", f"what runs on machine {machine_id} does not end")
            time.sleep(0.02)

    def _end_what_runs(self, machine_id: str) -> None:
        """As the end of a guest does, for what scripts have started and left."""
        file_system.kill_processes_with(f"LOCALAZURE_ROOT={self._root(machine_id)}")

    def _root(self, machine_id: str) -> Path:
        """The folder that stands for the machine's file system."""
        return self._records.machine_folder(machine_id) / "root"

    def _with_agent(self, machine_id: str) -> MachineRecord:
        if not self._record(machine_id).running:
            raise MachineError("MachineNotRunning", "the machine does not run")
        return super()._with_agent(machine_id)

    def _say(self, record: MachineRecord, text: str) -> None:
        """A line on the console: what happened to a machine of which no kernel could tell."""
        with (self._records.machine_folder(record.spec.id) / "console.log").open("a") as console:
            console.write(f"{text}\n")

    def _script_environment(self, record: MachineRecord) -> dict[str, str]:
        folder = self._records.machine_folder(record.spec.id)
        return {
            "PATH": f"{folder / 'bin'}:{self._records.folder / 'tools'}",
            "HOME": str(folder / "root/root"),
            "DOCKERVM_ROOT": str(folder / "root"),
            "DOCKERVM_ADDRESS": self._own_address(record),
            "LOCALAZURE_ROOT": str(folder / "root"),
            "LOCALAZURE_BIN": str(folder / "bin"),
            "LOCALAZURE_MACHINE": record.spec.id,
            "LOCALAZURE_ENGINE": str(self._engine.socket),
            "LOCALAZURE_LISTS_S": f"{record.spec.package_lists_s:g}",
            "LOCALAZURE_INSTALLATION_S": f"{record.spec.installation_s:g}",
            "LOCALAZURE_FOLDER": str(self._records.folder),
        }

    def _own_address(self, record: MachineRecord) -> str:
        """The machine's own loopback address; kept in its folder, since others come and go."""
        file = self._records.machine_folder(record.spec.id) / "own-address"
        if not file.exists():
            taken = {path.read_text() for path in self._records.folder.glob("*/own-address")}
            links = self._ready_block().links.hosts()
            free = next((str(address) for address in links if str(address) not in taken), None)
            if free is None:
                raise MachineError("NoAddresses", "an instance has at most 254 fake machines")
            file.write_text(free)
        return file.read_text()

    def _sync(self, record: MachineRecord) -> None:
        """Tell the engine where the machine listens; callers hold the lock."""
        folder = self._records.machine_folder(record.spec.id)
        said = {
            "own": self._own_address(record),
            "public": None if record.address is None else record.address.address,
            "running": record.running,
            "open": open_ports(record.rules, CLIENT),
        }
        write_json(folder / "listen.json", said)
        self._engine.start()
        self._engine.ask({"machine": record.spec.id, "action": "sync"})

    def _publish(self) -> None:
        self._publish_names([record.address for record in self._machines.values() if record.address is not None])
