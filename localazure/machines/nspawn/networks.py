"""The networks of booted guests: rules, public addresses, which this machine has joined; and their records."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from localazure.machines.foundation.address_blocks import routed_blocks
from localazure.machines.foundation.instance_registry import InstanceRegistry
from localazure.machines.foundation.recorded_platform import RecordedPlatform
from localazure.machines.foundation.records import MachineRecord
from localazure.machines.machine import FirewallRule, MachineError, Network, PublicAddress
from localazure.machines.nspawn import firewall, guest, image, namespaces
from localazure.machines.nspawn.namespaces import Exposed, NetworkNamespaces


class NspawnNetworks(RecordedPlatform):
    """What NspawnPlatform is built on."""

    def __init__(self, state_dir: Path, instance: str) -> None:
        # The registry's lock also guards everything of this machine's network.
        super().__init__(state_dir, instance, InstanceRegistry())
        self._machine_locks: dict[str, threading.RLock] = {}
        self._leaving: set[str] = set()  # disks that a guest is letting go of
        self._namespaces: NetworkNamespaces | None = None
        self._image: image.Image | None = None

    # -- networks

    def network_put(self, network: Network) -> None:
        with self._lock:
            self._ready_namespaces().put(network, self._keep_network(network).number)
            self._load(network.id)

    def network_delete(self, network_id: str) -> None:
        with self._lock:
            self._refuse_used(network_id)
            with self._records.network_lock():
                joined = self._records.joined()
                if network_id in joined:
                    self._records.save_joined([one for one in joined if one != network_id])
            self._forget_network(network_id)
            self._ready_namespaces().remove(network_id)

    def network_join(self, network_id: str, joined: bool) -> None:
        """Works beside a running server, from a platform that was not started."""
        found = self._registry.find(self.instance)
        if found is None or found[1] != self.state_dir:
            raise MachineError("NotStarted", f"no machines of instance {self.instance!r} run on this machine")
        block = next(block for block in routed_blocks() if block.index == found[0])
        networks = NetworkNamespaces(self.instance, block, self._registry)
        with self._records.network_lock():
            record = self._records.networks().get(network_id)
            if record is None:
                raise MachineError("NetworkNotFound", f"there is no network {network_id}")
            before = self._records.joined()
            for prefix in record.network.prefixes if joined else ():
                if taken := networks.taken_by(prefix, record.number):
                    raise MachineError("PrefixInUse", f"this machine can't join {prefix}: it belongs to {taken}")
            self._records.save_joined({*before, network_id} if joined else {*before} - {network_id})
            networks.join(record.network, record.number, joined)

    # -- a machine's network

    def machine_expose(self, machine_id: str, address: PublicAddress | None) -> None:
        with self._lock:
            self._check_address(address)
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

    def machine_readdress(self, machine_id: str, private_ip: str, subnet_prefix: str) -> None:
        with self._machine_lock(machine_id):
            with self._lock:
                record = self._respec(machine_id, private_ip=private_ip, subnet_prefix=subnet_prefix)
                self._load(record.spec.network_id)
            self._guest(record).readdress()

    # -- within

    def _load(self, network_id: str) -> None:
        """Enforce the rules of all machines of a network; callers hold the lock."""
        machines = [record for record in self._machines.values() if record.spec.network_id == network_id]
        ports = [
            firewall.Port(
                link=namespaces.guest_link(record.spec.id),
                private_ip=record.spec.private_ip,
                public_ip=None if record.address is None else record.address.address,
                rules=record.rules,
            )
            for record in machines
        ]
        known = self._networks[network_id]
        with self._records.network_lock():
            joined = network_id in self._records.joined()
            self._ready_namespaces().load(known.network, ports, joined)
            if joined:  # its prefixes may have changed, or this machine has been restarted
                self._ready_namespaces().join(known.network, known.number, True)

    def _publish(self) -> None:
        """Routes and names of public addresses on this machine; callers hold the lock."""
        shown = [(record, record.address) for record in self._machines.values() if record.address is not None]
        self._ready_namespaces().route(
            [Exposed(address.address, self._networks[record.spec.network_id].number) for record, address in shown]
        )
        self._publish_names([address for _, address in shown])

    def _guest(self, record: MachineRecord) -> guest.Guest:
        folder = self._records.machine_folder(record.spec.id)
        namespace = self._ready_namespaces().namespace(record.spec.network_id)
        return guest.Guest(self.instance, record, folder, namespace, self._disks)

    def _machine_lock(self, machine_id: str) -> threading.RLock:
        with self._lock:
            return self._machine_locks.setdefault(machine_id, threading.RLock())

    def _ready_namespaces(self) -> NetworkNamespaces:
        if self._namespaces is None:
            raise MachineError("NotStarted", "the platform has not been started")
        return self._namespaces

    def _ready_image(self) -> image.Image:
        if self._image is None:
            raise MachineError("NotStarted", "the platform has not been started")
        return self._image
