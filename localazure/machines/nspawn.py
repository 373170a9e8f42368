"""Machines that boot for real: systemd-nspawn guests with their own cloud-init, sshd and Docker, in own networks.

What is kept on this machine, and where:
    <state>/machines/            records.py's files; per machine boot.json, supervisor.*, console.log, upper/, docker/
    /run/localazure, /run/netns  slots.py, bridge.py
    cgroups localazure-<instance>, links laz<tag>-*, nft table localazure_<instance>, a block in /etc/hosts
Mounts live in the supervisors' own mount namespaces. destroy() finds all of it by the instance's name alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from localazure.machines import bridge, firewall, guest, handlers, hosts, image, provision
from localazure.machines.agent import check_script
from localazure.machines.bridge import Bridge, Exposed
from localazure.machines.machine import (
    RUN_TIMEOUT_S,
    FirewallRule,
    MachineError,
    MachineSpec,
    Network,
    Platform,
    PublicAddress,
    RunResult,
)
from localazure.machines.records import MachineRecord, NetworkRecord, Records, free_number
from localazure.machines.slots import Registry, Slot, host_networks, routed_slots

# How many guests start() boots side by side: each is busy for a second or two.
PARALLEL_BOOTS = 4


class NspawnPlatform(Platform):
    """The machines of one instance."""

    kind = "nspawn"

    def __init__(self, state_dir: Path, instance: str) -> None:
        self.state_dir = state_dir
        self.instance = instance
        self._records = Records(state_dir / "machines")
        self._registry = Registry()
        self._lock = threading.RLock()  # networks, machines' records, everything of this machine's network
        self._machine_locks: dict[str, threading.RLock] = {}
        self._networks: dict[str, NetworkRecord] = {}
        self._machines: dict[str, MachineRecord] = {}
        self._slot: Slot | None = None
        self._bridge: Bridge | None = None
        self._image: image.Image | None = None

    # -- the platform as a whole

    @property
    def public_pool(self) -> Sequence[str]:  # type: ignore[override]
        """Known after start()."""
        return self._ready_slot().addresses

    def start(self) -> None:
        if os.geteuid() != 0:
            raise MachineError("NotRoot", "machines that boot for real need root; take fake ones otherwise")
        self._image = image.ensure_image()
        image.claim(self._image, self.instance, self.state_dir)
        self._slot = self._registry.acquire(self.instance, self.state_dir, routed_slots(), host_networks)
        self._bridge = Bridge(self.instance, self._slot, self._registry)
        with self._lock:
            self._networks = self._records.networks()
            self._machines = self._records.machines()
            self._bridge.prepare()
            for record in self._networks.values():
                self._bridge.put(record.network, record.number)
            for network_id in self._networks:
                self._load(network_id)
            self._publish()
        with ThreadPoolExecutor(PARALLEL_BOOTS) as pool:
            list(pool.map(self._adopt, list(self._machines.values())))

    def stop(self) -> None:
        """Nothing to do: supervisors are processes of their own."""

    def destroy(self) -> None:
        found = self._registry.find(self.instance)
        if found is not None and found[1] != self.state_dir and found[1].exists():
            raise MachineError("InstanceInUse", f"instance {self.instance!r} belongs to the folder {found[1]}")
        with self._lock:
            guest.kill_instance(self.instance, self._records.folder)
            pools = [str(slot.pool) for slot in routed_slots() if found is not None and found[0] == slot.index]
            bridge.destroy(self.instance, pools)
            guest.remove_leftovers(self.instance, self._records.folder)
            with self._registry.locked():
                hosts.update(self.instance, {})
            image.release(self.instance)
            self._registry.release(self.instance, last=self._leave_machine)
            self._networks, self._machines, self._slot, self._bridge = {}, {}, None, None

    def _leave_machine(self) -> None:
        """The last instance goes: what the tools made for themselves goes too."""
        bridge.unmount_namespaces(self._registry)
        guest.remove_nspawn_folders()

    # -- networks

    def network_put(self, network: Network) -> None:
        with self._lock:
            known = self._networks.get(network.id)
            number = free_number(list(self._networks.values())) if known is None else known.number
            self._networks[network.id] = NetworkRecord(network, number)
            self._records.save_networks(self._networks)
            self._ready_bridge().put(network, number)
            self._load(network.id)

    def network_delete(self, network_id: str) -> None:
        with self._lock:
            if any(record.spec.network_id == network_id for record in self._machines.values()):
                raise MachineError("NetworkInUse", f"network {network_id} still has machines")
            if self._networks.pop(network_id, None) is not None:
                self._records.save_networks(self._networks)
            self._ready_bridge().remove(network_id)

    # -- a machine's life

    def machine_create(self, spec: MachineSpec) -> None:
        provision.check_names(spec)
        with self._machine_lock(spec.id):
            with self._lock:
                if spec.id in self._machines:
                    raise MachineError("MachineExists", f"machine {spec.id} exists already")
                if spec.network_id not in self._networks:
                    raise MachineError("NetworkNotFound", f"there is no network {spec.network_id}")
                base = self._ready_image()
                record = MachineRecord(spec, image=str(base.root))
                self._keep(record)
            try:
                machine = self._guest(record)
                machine.make_disk(spec)
                with self._lock:
                    self._load(spec.network_id)
                machine.boot()
                machine.wait_until_ready()
            except BaseException:
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
                if record.spec.network_id in self._networks:
                    self._load(record.spec.network_id)
                self._publish()

    def machine_state(self, machine_id: str) -> str:
        with self._lock:
            record = self._machines.get(machine_id)
        return "absent" if record is None else self._guest(record).state()

    # -- a machine's network

    def machine_expose(self, machine_id: str, address: PublicAddress | None) -> None:
        with self._lock:
            if address is not None and address.address not in self.public_pool:
                raise MachineError("UnknownAddress", f"{address.address} is no public address of this instance")
            record = self._change(machine_id, lambda known: replace(known, address=address))
            self._load(record.spec.network_id)
            self._publish()

    def machine_firewall(self, machine_id: str, rules: Sequence[FirewallRule] | None) -> None:
        kept = None if rules is None else tuple(rules)
        with self._lock:
            before = self._record(machine_id)
            self._change(machine_id, lambda known: replace(known, rules=kept))
            try:
                self._load(before.spec.network_id)
            except MachineError:
                self._change(machine_id, lambda known: replace(known, rules=before.rules))
                raise

    # -- commands in a machine

    def machine_run(
        self,
        machine_id: str,
        script: str,
        arguments: Sequence[tuple[str, str]] = (),
        timeout: float = RUN_TIMEOUT_S,
        user: str | None = None,
    ) -> RunResult:
        check_script(script, arguments)
        return self._guest(self._record(machine_id)).run(script, arguments, timeout, user)

    def machine_extension(
        self, machine_id: str, publisher: str, type_name: str, settings: dict[str, Any], protected: dict[str, Any]
    ) -> RunResult:
        record = self._record(machine_id)
        machine = self._guest(record)
        scene = handlers.Scene(machine.run, record.spec.admin_username)
        return handlers.enable(scene, publisher, type_name, settings, protected)

    # -- within

    def _adopt(self, record: MachineRecord) -> None:
        """Bring one machine to where it should be after the server was away."""
        machine = self._guest(record)
        with self._machine_lock(record.spec.id):
            if not record.created:
                self.machine_delete(record.spec.id)
            elif machine.supervised():
                return
            else:
                # Without its supervisor a guest could neither reboot nor be stopped cleanly.
                machine.kill()
                if record.running and not machine.ended_by_itself():
                    machine.boot()

    def _load(self, network_id: str) -> None:
        """Enforce the rules of all machines of a network; callers hold the lock."""
        machines = [record for record in self._machines.values() if record.spec.network_id == network_id]
        ports = [
            firewall.Port(
                link=bridge.guest_link(record.spec.id),
                private_ip=record.spec.private_ip,
                public_ip=None if record.address is None else record.address.address,
                rules=record.rules,
            )
            for record in machines
        ]
        self._ready_bridge().load(self._networks[network_id].network, ports)

    def _publish(self) -> None:
        """Routes and names of public addresses on this machine; callers hold the lock."""
        shown = [(record, record.address) for record in self._machines.values() if record.address is not None]
        self._ready_bridge().route(
            [Exposed(address.address, self._networks[record.spec.network_id].number) for record, address in shown]
        )
        names = {address.fqdn: address.address for _, address in shown if address.fqdn}
        with self._registry.locked():
            hosts.update(self.instance, names)

    def _guest(self, record: MachineRecord) -> guest.Guest:
        folder = self._records.machine_folder(record.spec.id)
        return guest.Guest(self.instance, record, folder, self._ready_bridge().namespace(record.spec.network_id))

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

    def _machine_lock(self, machine_id: str) -> threading.RLock:
        with self._lock:
            return self._machine_locks.setdefault(machine_id, threading.RLock())

    def _ready_slot(self) -> Slot:
        if self._slot is None:
            raise MachineError("NotStarted", "the platform has not been started")
        return self._slot

    def _ready_bridge(self) -> Bridge:
        if self._bridge is None:
            raise MachineError("NotStarted", "the platform has not been started")
        return self._bridge

    def _ready_image(self) -> image.Image:
        if self._image is None:
            raise MachineError("NotStarted", "the platform has not been started")
        return self._image
