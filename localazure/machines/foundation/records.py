"""What a platform remembers of its networks and machines, as JSON files in the instance's folder. No secret is kept."""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from localazure import files
from localazure.machines.machine import DataDisk, FirewallRule, MachineSpec, Network, PublicAddress, Subnet


@dataclass(frozen=True)
class NetworkRecord:
    """A network and its number, which its addresses on this machine are made from."""

    network: Network
    number: int


@dataclass(frozen=True)
class MachineRecord:
    """A machine: `running` is what its owner wants, `image` the lower layers that its disk stands on ("" for fakes)."""

    spec: MachineSpec
    running: bool = True
    image: str = ""
    address: PublicAddress | None = None
    rules: tuple[FirewallRule, ...] | None = None
    created: bool = False  # False until machine_create() has returned: a crash in between leaves a half-made machine


# Beside the machines' folders: those that are on their way out.
_REMOVED = "removed"


class Records:
    """The folder `machines/` of an instance: networks.json, and <machine>/machine.json in a folder per machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def machine_folder(self, machine_id: str) -> Path:
        """Where everything of one machine lies."""
        return self.folder / machine_id

    def networks(self) -> dict[str, NetworkRecord]:
        """All networks by id."""
        content = _read(self.folder / "networks.json") or {}
        return {network_id: _network_from(entry) for network_id, entry in content.items()}

    def save_networks(self, networks: dict[str, NetworkRecord]) -> None:
        """Keep this set of networks."""
        write_json(self.folder / "networks.json", {key: asdict(record) for key, record in networks.items()})

    def joined(self) -> list[str]:
        """Ids of the networks that this machine is a member of."""
        return (_read(self.folder / "joined.json") or {}).get("networks", [])

    def save_joined(self, network_ids: Sequence[str]) -> None:
        """Keep this set."""
        write_json(self.folder / "joined.json", {"networks": sorted(network_ids)})

    @contextmanager
    def network_lock(self) -> Iterator[None]:
        """Held by whoever reads what is joined and loads rules by it, in whichever process."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / "networks.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def machines(self) -> dict[str, MachineRecord]:
        """All machines by id."""
        paths = sorted(self.folder.glob("*/machine.json"))
        found = (_machine_from(content) for path in paths if (content := _read(path)) is not None)
        return {record.spec.id: record for record in found}

    def finish_removals(self) -> None:
        """Remove what a server that was killed had begun to remove."""
        shutil.rmtree(self.folder / _REMOVED, ignore_errors=True)

    def save_machine(self, record: MachineRecord) -> None:
        """Keep one machine, without its password and custom data: the disk has what became of them."""
        bare = replace(record, spec=replace(record.spec, admin_password=None, custom_data=None, metadata=None))
        write_json(self.machine_folder(record.spec.id) / "machine.json", asdict(bare))


# Seconds after which something that writes into a removed folder is a fault.
_WRITERS_S = 10.0


def remove_machine_folder(folder: Path, end_writers: Callable[[], None] = lambda: None) -> None:
    """In one step it is no machine's any more; a server that is killed after it finishes the rest at its next start.

    `end_writers` ends what still writes into it: until that has ended a folder is never empty.
    """
    going = folder.parent / _REMOVED / folder.name
    going.parent.mkdir(exist_ok=True)
    shutil.rmtree(going, ignore_errors=True)
    folder.rename(going)
    until = time.monotonic() + _WRITERS_S
    while True:
        end_writers()
        try:
            shutil.rmtree(going)
            return
        except OSError:  # a file came, or went, meanwhile
            if not going.exists():
                return
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def free_number(networks: Sequence[NetworkRecord]) -> int:
    """The lowest number that no network has."""
    taken = {record.number for record in networks}
    return next(number for number in range(len(taken) + 1) if number not in taken)


def _network_from(entry: dict[str, Any]) -> NetworkRecord:
    plain = entry["network"]
    subnets = tuple(Subnet(**subnet) for subnet in plain["subnets"])
    return NetworkRecord(Network(plain["id"], tuple(plain["prefixes"]), subnets), entry["number"])


def _machine_from(entry: dict[str, Any]) -> MachineRecord:
    plain = dict(entry["spec"])
    plain["ssh_keys"] = tuple(plain["ssh_keys"])
    plain["data_disks"] = tuple(DataDisk(**disk) for disk in plain.get("data_disks", ()))
    address = entry["address"]
    rules = entry["rules"]
    return MachineRecord(
        spec=MachineSpec(**plain),
        running=entry["running"],
        image=entry["image"],
        address=None if address is None else PublicAddress(**address),
        rules=None if rules is None else tuple(_rule_from(rule) for rule in rules),
        created=entry["created"],
    )


def _rule_from(entry: dict[str, Any]) -> FirewallRule:
    return FirewallRule(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace a file in one step; its folder is made."""
    for folder in (path.parent.parent, path.parent):  # mode is for the last folder only
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files.replace_private(path, json.dumps(content).encode())
