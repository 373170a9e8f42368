"""What instances on one machine share: a slot of addresses each, sysctls with their original values, one lock.

All of it lies in one run folder (/run/localazure, or one of the user's own) that goes with the last instance.
"""

from __future__ import annotations

import fcntl
import hashlib
import ipaddress
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localazure.machines.foundation.commands import output
from localazure.machines.machine import MachineError

IPv4 = ipaddress.IPv4Network
PROC_SYS = Path("/proc/sys")
# Documentation addresses first (RFC 5737), then the benchmark range (RFC 2544): neither is ever a real peer.
_POOLS = (*IPv4("198.51.100.0/24").subnets(new_prefix=26), *IPv4("198.18.0.0/20").subnets(new_prefix=26))
_LINKS = tuple(IPv4("198.19.0.0/16").subnets(new_prefix=24))


@dataclass(frozen=True)
class Slot:
    """The addresses of one instance: `pool` are its public addresses, `links` join this machine to its networks."""

    index: int
    pool: IPv4
    links: IPv4

    @property
    def addresses(self) -> tuple[str, ...]:
        """Public addresses, without those that people take for a network's or a broadcast."""
        return tuple(str(address) for address in self.pool.hosts())[:-1]

    @property
    def service_address(self) -> str:
        """The last public address: where this machine itself offers the instance's services to it and to guests."""
        return str(self.pool[-2])

    @property
    def host_address(self) -> str:
        """The address under which guests see this machine."""
        return str(self.links[1])

    def network_address(self, number: int) -> str:
        """The link address of network `number` (0-250)."""
        return str(self.links[number + 2])


def routed_slots() -> tuple[Slot, ...]:
    """All slots of guests that are reached by routes of this machine."""
    return tuple(Slot(index, pool, _LINKS[index]) for index, pool in enumerate(_POOLS))


def loopback_slots(uid: int) -> tuple[Slot, ...]:
    """All slots of machines that live on loopback addresses; users differ in the second number.

    `links` are the machines' own addresses here, at which they are always reached.
    """
    second = 64 + uid % 60
    return tuple(
        Slot(index, IPv4(f"127.{second}.{index}.0/24"), IPv4(f"127.{second + 60}.{index}.0/24"))
        for index in range(1, 129)
    )


def addresses_in_use(routes: str, interfaces: str, resolvers: Iterable[str]) -> list[IPv4]:
    """Networks that this machine already uses, from `ip -j route`, `ip -j address` and its resolvers.

    Blackhole routes are not counted: they are how slots themselves look.
    """
    used = [
        IPv4(route["dst"], strict=False)
        for route in json.loads(routes or "[]")
        if route["dst"] != "default" and route.get("type") != "blackhole" and not route.get("dev", "").startswith("laz")
    ]
    for link in json.loads(interfaces or "[]"):
        if not link.get("ifname", "").startswith("laz"):
            used += [
                IPv4(f"{info['local']}/{info['prefixlen']}", strict=False)
                for info in link.get("addr_info", [])
                if info.get("family") == "inet" and not info.get("label", "").startswith("lo:laz")
            ]
    for resolver in resolvers:
        address = ipaddress.ip_address(resolver)
        if address.version == 4:
            used.append(IPv4(f"{address}/32"))
    return used


def host_networks() -> list[IPv4]:
    """Networks in use on this machine now."""
    return addresses_in_use(
        output(["ip", "-j", "-4", "route", "show", "table", "all"]), output(["ip", "-j", "address"]), resolvers()
    )


def resolvers(paths: Sequence[str] = ("/etc/resolv.conf",)) -> list[str]:
    """The name servers of this machine, zone ids cut off."""
    found: list[str] = []
    for path in paths:
        try:
            lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver":
                found.append(words[1].split("%")[0])
    return found


def tag_of(instance: str) -> str:
    """Five hexadecimal digits for names that must be short, such as links."""
    return hashlib.sha256(instance.encode()).hexdigest()[:5]


def run_folder() -> Path:
    """Where this user's instances keep what they share."""
    if os.geteuid() == 0:
        return Path("/run/localazure")
    base = os.environ.get("XDG_RUNTIME_DIR")
    return Path(base) / "localazure" if base else Path(tempfile.gettempdir()) / f"localazure-{os.geteuid()}"


class Registry:
    """The run folder: who has which slot, and which sysctls were changed."""

    # flock() belongs to an open file, so threads of one process need a lock of their own as well.
    _threads = threading.RLock()

    def __init__(self, folder: Path | None = None, kind: str = "routed") -> None:
        self.folder = folder or run_folder()
        self._slots = self.folder / f"{kind}.json"
        self._sysctls = self.folder / "sysctls.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of all instances of this machine; not reentrant across processes."""
        with self._threads:
            while True:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                with (self.folder / "lock").open("w") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    if not _same_file(self.folder / "lock", lock.fileno()):
                        continue  # the last instance went and took the folder with it while this one waited
                    yield
                    return

    def acquire(self, instance: str, state_dir: Path, slots: Sequence[Slot], used: Callable[[], list[IPv4]]) -> Slot:
        """The instance's slot: the one that it had, or the first free one that collides with nothing.

        The run folder is gone after a reboot of this machine; then the file machines/slot says which one it had.
        """
        memory = state_dir / "machines" / "slot"
        with self.locked():
            taken = self._read(self._slots)
            mine = taken.get(instance)
            if mine is not None:
                if Path(mine["state_dir"]) != state_dir and Path(mine["state_dir"]).exists():
                    raise MachineError(
                        "InstanceInUse",
                        f"an instance {instance!r} with the folder {mine['state_dir']} is on this machine",
                    )
                slot = next(slot for slot in slots if slot.index == mine["slot"])
            else:
                before = int(memory.read_text()) if memory.exists() else -1
                wanted = sorted(slots, key=lambda slot: slot.index != before)
                slot = self._free_slot(wanted, {entry["slot"] for entry in taken.values()}, used())
            taken[instance] = {"slot": slot.index, "state_dir": str(state_dir)}
            self._write(self._slots, taken)
            memory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            memory.write_text(str(slot.index))
            return slot

    def find(self, instance: str) -> tuple[int, Path] | None:
        """Slot number and folder of an instance, None when it has none."""
        if not self._slots.exists():
            return None
        entry = self._read(self._slots).get(instance)
        return None if entry is None else (entry["slot"], Path(entry["state_dir"]))

    def once(self, mark: str) -> bool:
        """True the first time that any instance asks for this mark; callers hold the lock."""
        file = self.folder / mark
        if file.exists():
            return False
        file.touch()
        return True

    def release(self, instance: str, last: Callable[[], None] | None = None) -> None:
        """Give the slot back. The last one restores sysctls, calls `last` and removes the folder."""
        if not self.folder.exists():
            return
        with self.locked():
            taken = self._read(self._slots)
            taken.pop(instance, None)
            self._write(self._slots, taken)
            if not taken:
                self._slots.unlink()
                if not any(path != self._sysctls for path in self.folder.glob("*.json")):
                    self._restore_sysctls()
                    if last is not None:
                        last()
                    shutil.rmtree(self.folder)

    def set_sysctl(self, path: str, value: str, follow: Sequence[str] = ()) -> None:
        """Set a sysctl of this machine (its path below /proc/sys) and remember what it was.

        `follow` are patterns of others that the kernel changes with it: they get their values back after it.
        """
        file = PROC_SYS / path
        before = file.read_text().strip()
        if before == value:
            return
        with self.locked():
            saved = self._read(self._sysctls)
            if path not in saved:
                saved[path] = before
                for other in (found for pattern in follow for found in sorted(PROC_SYS.glob(pattern))):
                    saved[str(other.relative_to(PROC_SYS))] = other.read_text().strip()
            self._write(self._sysctls, saved)
            file.write_text(value)

    def _restore_sysctls(self) -> None:
        for path, value in self._read(self._sysctls).items():
            file = PROC_SYS / path
            if file.exists() and file.read_text().strip() != value:  # its interface may be gone
                file.write_text(value)
        self._sysctls.unlink(missing_ok=True)

    def _free_slot(self, slots: Sequence[Slot], taken: set[int], used: list[IPv4]) -> Slot:
        for slot in slots:
            if slot.index not in taken and not any(net.overlaps(slot.pool) or net.overlaps(slot.links) for net in used):
                return slot
        raise MachineError("NoAddresses", "all address ranges for public addresses are taken by instances or routes")

    @staticmethod
    def _read(path: Path) -> dict:
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    @staticmethod
    def _write(path: Path, content: dict) -> None:
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(content), encoding="utf-8")
        os.replace(fresh, path)


def _same_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
