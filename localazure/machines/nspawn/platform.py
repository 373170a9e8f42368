"""Machines that boot for real: systemd-nspawn guests with their own cloud-init, sshd and Docker, in own networks.

What is kept on this machine, and where:
    <state>/machines/            what foundation/records.py keeps; per machine boot.json, supervisor.*, console.log,
                                 upper/, docker/
    /run/localazure, /run/netns  foundation/instance_registry.py, namespaces.py
    cgroups localazure-<instance>, links laz<tag>-*, nft table localazure_<instance>, a block in /etc/hosts
Mounts live in the supervisors' own mount namespaces. destroy() finds all of it by the instance's name alone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from localazure.machines.foundation import hosts_file, scripts
from localazure.machines.foundation.address_blocks import host_networks, routed_blocks
from localazure.machines.foundation.records import MachineRecord
from localazure.machines.machine import RUN_TIMEOUT_S, DataDisk, MachineError, MachineSpec, RunResult
from localazure.machines.nspawn import guest, image, namespaces, provision, variants
from localazure.machines.nspawn.namespaces import NetworkNamespaces
from localazure.machines.nspawn.networks import NspawnNetworks
from localazure.machines.nspawn.provision import default_document

# How many guests start() boots side by side: each is busy for a second or two.
PARALLEL_BOOTS = 4


class NspawnPlatform(NspawnNetworks):
    """The machines of one instance."""

    kind = "nspawn"

    # -- the platform as a whole

    def start(self) -> None:
        if os.geteuid() != 0:
            raise MachineError("NotRoot", "machines that boot for real need root; take fake ones otherwise")
        self._image = image.ensure_image()
        image.claim(self._image, self.instance, self.state_dir)
        self._block = self._registry.acquire(self.instance, self.state_dir, routed_blocks(), host_networks)
        self._namespaces = NetworkNamespaces(self.instance, self._block, self._registry)
        with self._lock:
            self._networks = self._records.networks()
            self._records.finish_removals()
            self._machines = self._records.machines()
            self._namespaces.prepare()
            for record in self._networks.values():
                self._namespaces.put(record.network, record.number)
            for network_id in self._networks:
                self._load(network_id)
            self._publish()
        machines = list(self._machines.values())
        with ThreadPoolExecutor(PARALLEL_BOOTS) as pool:
            # All let go of disks that are no longer theirs before anybody takes one.
            list(pool.map(lambda record: self._guest(record).let_go(), machines))
            list(pool.map(self._adopt, machines))

    def stop(self) -> None:
        """Nothing to do: supervisors are processes of their own."""

    def destroy(self) -> None:
        found = self._registry.find(self.instance)
        if found is not None and found[1] != self.state_dir and found[1].exists():
            raise MachineError("InstanceInUse", f"instance {self.instance!r} belongs to the folder {found[1]}")
        with self._lock:
            guest.kill_instance(self.instance, self._records.folder)
            pools = [str(block.pool) for block in routed_blocks() if found is not None and found[0] == block.index]
            namespaces.destroy(self.instance, pools)
            guest.remove_leftovers(self.instance, self._records.folder)
            with self._registry.locked():
                hosts_file.update(self.instance, {})
            image.release(self.instance)
            self._registry.release(self.instance, last=self._leave_machine)
            self._networks, self._machines, self._block, self._namespaces = {}, {}, None, None

    def _leave_machine(self) -> None:
        """The last instance goes: what the tools made for themselves goes too."""
        guest.remove_nspawn_folders()

    # -- data disks

    def disk_resize(self, disk_id: str, size_gib: int) -> None:
        super().disk_resize(disk_id, size_gib)
        with self._lock:
            owners = self._owners(disk_id)
        for owner in owners:
            with self._machine_lock(owner.spec.id):
                self._guest(owner).change_disks(owner.spec.data_disks)

    def machine_disks(self, machine_id: str, disks: Sequence[DataDisk]) -> None:
        with self._machine_lock(machine_id):
            with self._lock:
                before = self._record(machine_id).spec.data_disks
                self._check_disks(machine_id, disks)
                leaving = {disk.id for disk in before} - {disk.id for disk in disks}
                self._leaving |= leaving
                record = self._respec(machine_id, data_disks=tuple(disks))
            try:
                self._guest(record).change_disks(before)
            except MachineError:
                self._respec(machine_id, data_disks=before)
                raise
            finally:
                with self._lock:
                    self._leaving -= leaving

    def _check_disks(self, machine_id: str, disks: Sequence[DataDisk]) -> None:
        super()._check_disks(machine_id, disks)
        for disk in disks:
            if disk.id in self._leaving:
                raise MachineError("DiskInUse", f"disk {disk.id} is being detached from another machine")

    # -- a machine's life

    def machine_create(self, spec: MachineSpec) -> None:
        with self._machine_lock(spec.id):
            with self._lock:
                self._check_new(spec)
                base = self._ready_image()
            layers = variants.ensure_layers(base, spec.variant)  # the first one of a variant waits until it is built
            with self._lock:
                self._check_new(spec)
                record = MachineRecord(spec, image=layers)
                self._keep(record)
            try:
                machine = self._guest(record)
                machine.make_disk(spec, self._surroundings())
                self.machine_metadata(spec.id, spec.metadata or default_document(spec))
                with self._lock:
                    self._load(spec.network_id)
                machine.boot()
                machine.wait_until_ready()
            except BaseException:  # whatever it was: nothing half-made stays
                self.machine_delete(spec.id)
                raise
            self._change(spec.id, lambda known: replace(known, created=True))

    def machine_start(self, machine_id: str) -> None:
        with self._machine_lock(machine_id):
            record = self._change(machine_id, lambda known: replace(known, running=True))
            machine = self._guest(record)
            if machine.state() == "stopped":
                machine.boot()
            machine.wait_until_ready()

    def machine_stop(self, machine_id: str) -> None:
        with self._machine_lock(machine_id):
            record = self._change(machine_id, lambda known: replace(known, running=False))
            self._guest(record).shut_down()

    def machine_restart(self, machine_id: str) -> None:
        with self._machine_lock(machine_id):
            self.machine_stop(machine_id)
            self.machine_start(machine_id)

    def machine_delete(self, machine_id: str) -> None:
        with self._machine_lock(machine_id):
            with self._lock:
                record = self._machines.get(machine_id)
            if record is None:
                return
            self._guest(record).remove()
            with self._lock:
                del self._machines[machine_id]
                self._births.pop(machine_id, None)
                if record.spec.network_id in self._networks:
                    self._load(record.spec.network_id)
                self._publish()

    def machine_state(self, machine_id: str) -> str:
        with self._lock:
            record = self._machines.get(machine_id)
        return "absent" if record is None else self._guest(record).state()

    def machine_agent(self, machine_id: str) -> bool:
        return self._guest(self._record(machine_id)).agent_answers()

    def machine_console(self, machine_id: str) -> str:
        return self._guest(self._record(machine_id)).console()

    def machine_size(self, machine_id: str, cpus: int, memory_mib: int) -> None:
        with self._machine_lock(machine_id):
            before = self._record(machine_id).spec
            machine = self._guest(self._respec(machine_id, cpus=cpus, memory_mib=memory_mib))
            try:
                machine.limit()
            except MachineError:
                self._guest(self._respec(machine_id, cpus=before.cpus, memory_mib=before.memory_mib)).limit()
                raise

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
        return self._guest(self._with_agent(machine_id)).run(script, arguments, timeout, user, thoroughly)

    # -- within

    def _adopt(self, record: MachineRecord) -> None:
        """Bring one machine to where it should be after the server was away."""
        machine = self._guest(record)
        with self._machine_lock(record.spec.id):
            if not record.created:
                self.machine_delete(record.spec.id)
            elif machine.supervised():
                machine.catch_up()
            else:
                # Without its supervisor a guest could neither reboot nor be stopped cleanly.
                machine.kill()
                if record.running and not machine.ended_by_itself():
                    machine.boot()

    def _surroundings(self) -> provision.Surroundings:
        return provision.Surroundings(self._services(), self.authority)
