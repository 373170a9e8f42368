"""What instances on one machine share: a block of addresses each, sysctls with their original values, one lock.

All of it lies in one run folder (/run/localazure, or one of the user's own) that goes with the last instance.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from localazure import files
from localazure.machines.foundation.address_blocks import AddressBlock, IPv4
from localazure.machines.foundation.mounts import unmount_namespaces
from localazure.machines.machine import MachineError

PROC_SYS = Path("/proc/sys")
# The number of an instance's block, in the registry and in a file of its own. It is called what earlier versions, whose
# instances may live on this machine too, called it.
_NUMBER = "slot"
# The kind of instances whose machines have networks of their own; all others change nothing of this machine.
_ROUTED = "routed"


def tag_of(instance: str) -> str:
    """Five hexadecimal digits for names that must be short, such as links."""
    return hashlib.sha256(instance.encode()).hexdigest()[:5]


def run_folder() -> Path:
    """Where this user's instances keep what they share."""
    if os.geteuid() == 0:
        return Path("/run/localazure")
    base = os.environ.get("XDG_RUNTIME_DIR")
    return Path(base) / "localazure" if base else Path(tempfile.gettempdir()) / f"localazure-{os.geteuid()}"


class InstanceRegistry:
    """The run folder: who has which block, and which sysctls were changed."""

    # flock() belongs to an open file, so threads of one process need a lock of their own as well.
    _threads = threading.RLock()

    def __init__(self, folder: Path | None = None, kind: str = _ROUTED) -> None:
        self.folder = folder or run_folder()
        self._blocks = self._of_kind(kind)
        self._sysctls = self.folder / "sysctls.json"

    def _of_kind(self, kind: str) -> Path:
        return self.folder / f"{kind}.json"

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

    def acquire(
        self, instance: str, state_dir: Path, blocks: Sequence[AddressBlock], used: Callable[[], list[IPv4]]
    ) -> AddressBlock:
        """The instance's block: the one that it had, or the first free one that collides with nothing.

        The run folder is gone after a reboot of this machine; then the file machines/slot tells which one it had.
        """
        memory = state_dir / "machines" / _NUMBER
        with self.locked():
            taken = self._read(self._blocks)
            mine = taken.get(instance)
            if mine is not None:
                if Path(mine["state_dir"]) != state_dir and Path(mine["state_dir"]).exists():
                    raise MachineError(
                        "InstanceInUse",
                        f"an instance {instance!r} with the folder {mine['state_dir']} is on this machine",
                    )
                block = next(block for block in blocks if block.index == mine[_NUMBER])
            else:
                before = int(memory.read_text()) if memory.exists() else -1
                wanted = sorted(blocks, key=lambda block: block.index != before)
                block = self._free_block(wanted, {entry[_NUMBER] for entry in taken.values()}, used())
            taken[instance] = {_NUMBER: block.index, "state_dir": str(state_dir)}
            self._write(self._blocks, taken)
            memory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            memory.write_text(str(block.index))
            return block

    def find(self, instance: str) -> tuple[int, Path] | None:
        """Block number and folder of an instance, None when it has none."""
        if not self._blocks.exists():
            return None
        entry = self._read(self._blocks).get(instance)
        return None if entry is None else (entry[_NUMBER], Path(entry["state_dir"]))

    def once(self, mark: str) -> bool:
        """True the first time that any instance asks for this mark; callers hold the lock."""
        file = self.folder / mark
        if file.exists():
            return False
        file.touch()
        return True

    def release(self, instance: str, last: Callable[[], None] | None = None) -> None:
        """Give the block back.

        The last one of its kind calls `last`, the last one with networks of its own restores sysctls and unmounts,
        however many fakes run on, and the last one of all removes the folder.
        """
        if not self.folder.exists():
            return
        with self.locked():
            taken = self._read(self._blocks)
            taken.pop(instance, None)
            self._write(self._blocks, taken)
            if not taken:
                self._blocks.unlink()
                if last is not None:
                    last()
                if not self._of_kind(_ROUTED).exists():
                    self._restore_sysctls()
                    unmount_namespaces(self.folder)
                if not any(self.folder.glob("*.json")):
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

    def has_set(self, path: str) -> bool:
        """Whether this sysctl is as it is because of an instance."""
        return path in self._read(self._sysctls)

    def _restore_sysctls(self) -> None:
        for path, value in self._read(self._sysctls).items():
            file = PROC_SYS / path
            if file.exists() and file.read_text().strip() != value:  # its interface may be gone
                file.write_text(value)
        self._sysctls.unlink(missing_ok=True)

    def _free_block(self, blocks: Sequence[AddressBlock], taken: set[int], used: list[IPv4]) -> AddressBlock:
        for block in blocks:
            collides = any(net.overlaps(block.pool) or net.overlaps(block.links) for net in used)
            if block.index not in taken and not collides:
                return block
        raise MachineError("NoAddresses", "all address ranges for public addresses are taken by instances or routes")

    @staticmethod
    def _read(path: Path) -> dict:
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    @staticmethod
    def _write(path: Path, content: dict) -> None:
        files.replace_private(path, json.dumps(content).encode())


def _same_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
