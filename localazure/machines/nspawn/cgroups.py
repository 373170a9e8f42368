"""Control groups of guests: one tree per machine under every controller, on cgroup v1, v2 or both side by side.

<tree>/localazure-<instance>/<machine>/supervisor     the supervisor and systemd-nspawn
<tree>/localazure-<instance>/<machine>/guest          the guest, limited in CPU and memory
<tree>/localazure-<instance>/<machine>/guest/[payload/]localazure-agent/<run>      commands of the agent
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from localazure.machines.machine import MachineError

# The kernel's usual scheduling period; a quota of cpus * period is the limit.
CPU_PERIOD_US = 100_000
KILL_TIMEOUT_S = 15.0
AGENT = "localazure-agent"


@dataclass(frozen=True)
class Tree:
    """One mounted hierarchy. `controllers` is empty for v1's named one; `unified` says v2."""

    mount: Path
    controllers: frozenset[str]
    unified: bool


def mounted_trees(mountinfo: str) -> tuple[Tree, ...]:
    """The hierarchies in the text of /proc/self/mountinfo, the one that every process is in (v2, systemd) first."""
    trees: dict[str, Tree] = {}
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        mount = Path(left.split()[4].replace("\\040", " "))
        if kind == "cgroup2":
            trees.setdefault("cgroup2", Tree(mount, frozenset(), True))
        elif kind == "cgroup":
            words = options.split(",")
            known = frozenset(word for word in words if word not in ("rw", "ro") and "=" not in word)
            trees.setdefault(options, Tree(mount, known, False))
    named = [tree for tree in trees.values() if not tree.unified and not tree.controllers]
    unified = [tree for tree in trees.values() if tree.unified]
    others = [tree for tree in trees.values() if not tree.unified and tree.controllers]
    return (*unified, *named, *others)


class MachineCgroups:
    """The groups of one machine, or of a whole instance when `machine_id` is empty."""

    def __init__(self, instance: str, machine_id: str = "", trees: tuple[Tree, ...] | None = None) -> None:
        self.trees = trees if trees is not None else mounted_trees(Path("/proc/self/mountinfo").read_text())
        if not self.trees:
            raise MachineError("NoCgroups", "no control groups are mounted on this machine")
        self._path = Path(f"localazure-{instance}") / machine_id
        self.pure_v2 = len(self.trees) == 1 and self.trees[0].unified

    def folders(self, name: str = "") -> list[Path]:
        """The folders of this machine's group `name` in every tree."""
        return [tree.mount / self._path / name for tree in self.trees]

    def make_run(self, name: str) -> list[Path]:
        """The groups of one command of the agent, made: it counts as the guest's, and can be ended as a whole."""
        groups = []
        for tree in self.trees:
            # On v2 the guest's processes are in groups below "payload", and none may be in one that has children.
            group = self._guest_root(tree) / AGENT / name
            for folder in (group.parent, group):
                folder.mkdir(exist_ok=True)
                if "cpuset" in tree.controllers:
                    self._inherit_cpuset(tree, folder)
            groups.append(group)
        return groups

    def kill_run(self, name: str) -> None:
        """End all processes of one command."""
        self._kill_in([self._guest_root(tree) / AGENT / name for tree in self.trees])

    def remove_run(self, name: str) -> None:
        """Remove a command's groups, unless something that it left in the background still needs them."""
        for tree in self.trees:
            group = self._guest_root(tree) / AGENT / name
            with suppress(OSError):
                group.rmdir()

    def create(self, cpus: int, memory_mib: int) -> None:
        """Make the groups of a machine and limit its guest."""
        for tree in self.trees:
            guest = tree.mount / self._path / "guest"
            if tree.unified and self.pure_v2:
                self._pass_controllers_down(tree)
            for group in (guest.parent, guest, guest.with_name("supervisor")):
                group.mkdir(parents=True, exist_ok=True)
                if "cpuset" in tree.controllers:
                    self._inherit_cpuset(tree, group)
            self._limit(tree, guest, cpus, memory_mib)

    def processes(self, name: str = "") -> set[int]:
        """All processes in this machine's group `name` and below, by any tree."""
        return _processes_in(self.folders(name))

    def leader(self) -> int | None:
        """The guest's process 1 as this machine numbers it, None when the guest does not run."""
        for pid in sorted(self.processes("guest")):
            levels = _pid_levels(pid)
            # Two levels, the inner number 1; a container's process 1 has a third level.
            if len(levels) == 2 and levels[1] == 1:
                return pid
        return None

    def kill(self, name: str = "") -> None:
        """End all processes of the group at once and wait until they are gone."""
        self._kill_in(self.folders(name))

    @staticmethod
    def _kill_in(folders: list[Path]) -> None:
        deadline = time.monotonic() + KILL_TIMEOUT_S
        while pids := _processes_in(folders):
            for pid in pids:
                _signal(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise MachineError("ProcessesLeft", f"processes of a machine could not be ended: {sorted(pids)}")
            time.sleep(0.02)

    def remove(self) -> None:
        """Remove the groups; their processes are ended first. The instance's folder goes with its last machine."""
        self.kill()
        for folder in self.folders():
            for group in sorted(_folders(folder), key=lambda path: len(path.parts), reverse=True):
                _remove_group(group)
            if self._path.name != self._path.parts[0] and folder.parent.is_dir() and not any(_children(folder.parent)):
                _remove_group(folder.parent)

    def _guest_root(self, tree: Tree) -> Path:
        guest = tree.mount / self._path / "guest"
        return guest / "payload" if (guest / "payload").is_dir() else guest

    def _limit(self, tree: Tree, guest: Path, cpus: int, memory_mib: int) -> None:
        memory = str(memory_mib * 1024 * 1024)
        settings = {
            "memory.limit_in_bytes": memory,
            "memory.max": memory,
            "cpu.cfs_quota_us": str(cpus * CPU_PERIOD_US),
            "cpu.max": f"{cpus * CPU_PERIOD_US} {CPU_PERIOD_US}",
        }
        for name, value in settings.items():
            # The file exists where the tree has the controller; v2 without it has none.
            if (guest / name).exists():
                try:
                    (guest / name).write_text(value)
                except OSError as error:
                    if error.errno != errno.EBUSY:
                        raise
                    raise MachineError("MemoryInUse", f"the machine uses more than {memory_mib} MiB now") from error
        if "cpuset" in tree.controllers:
            online = _cpu_list((guest.parent / "cpuset.cpus").read_text())
            _set_cpus(guest, set(online[: max(cpus, 1)]))
        elif (guest / "cpuset.cpus").exists():
            online = _cpu_list((guest.parent / "cpuset.cpus.effective").read_text())
            (guest / "cpuset.cpus").write_text(",".join(str(cpu) for cpu in online[: max(cpus, 1)]))

    def _pass_controllers_down(self, tree: Tree) -> None:
        group = tree.mount
        for part in ("", *self._path.parts):
            group = group / part
            group.mkdir(exist_ok=True)
            known = (group / "cgroup.controllers").read_text().split()
            wanted = [name for name in ("cpu", "cpuset", "io", "memory", "pids") if name in known]
            enabled = (group / "cgroup.subtree_control").read_text().split()
            if missing := [name for name in wanted if name not in enabled]:
                (group / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in missing))

    @staticmethod
    def _inherit_cpuset(tree: Tree, group: Path) -> None:
        """A v1 cpuset is born empty and takes no process until it names processors and memory."""
        chain = [group, *group.parents]
        for folder in reversed(chain[: chain.index(tree.mount)]):
            for name in ("cpuset.cpus", "cpuset.mems"):
                if not (folder / name).read_text().strip():
                    (folder / name).write_text((folder.parent / name).read_text().strip())


def _set_cpus(group: Path, cpus: set[int]) -> None:
    """Change a v1 cpuset, which must contain those below it: they shrink before it and grow after it."""
    before = _cpus_of(group)
    below = sorted(_folders(group), key=lambda path: len(path.parts))[1:]
    for folder in reversed(below):
        kept = _cpus_of(folder) & cpus
        if not _cpus_of(folder) <= cpus:
            _write_cpus(folder, kept or cpus & before or cpus)
    _write_cpus(group, cpus)
    for folder in below:
        # What had all of the old ones has all of the new ones; a smaller choice is the guest's own.
        if _cpus_of(folder) == before & cpus:
            _write_cpus(folder, cpus)


def _cpus_of(group: Path) -> set[int]:
    text = (group / "cpuset.cpus").read_text().strip()
    return set(_cpu_list(text)) if text else set()


def _write_cpus(group: Path, cpus: set[int]) -> None:
    with suppress(FileNotFoundError):  # a group of the guest's that has gone meanwhile
        (group / "cpuset.cpus").write_text(",".join(str(cpu) for cpu in sorted(cpus)))


def _cpu_list(text: str) -> list[int]:
    """ "0-2,5" → [0, 1, 2, 5]."""
    cpus: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    return cpus


def _processes_in(folders: list[Path]) -> set[int]:
    found: set[int] = set()
    for folder in folders:
        for group in _folders(folder):
            found |= _pids(group / "cgroup.procs")
    return found


def _pids(procs: Path) -> set[int]:
    try:
        return {int(word) for word in procs.read_text().split() if word != "0"}
    except OSError:  # the group went away between listing and reading
        return set()


def _pid_levels(pid: int) -> list[int]:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("NSpid:"):
                return [int(word) for word in line.split()[1:]]
    except (OSError, ValueError):  # the process ended meanwhile
        pass
    return []


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _children(folder: Path) -> Iterator[Path]:
    try:
        return iter([path for path in folder.iterdir() if path.is_dir()])
    except FileNotFoundError:
        return iter(())


def _folders(folder: Path) -> list[Path]:
    """The folder and all below it. Groups go away meanwhile: os.walk passes over them, glob doesn't."""
    return [Path(path) for path, _, _ in os.walk(folder)]


def _remove_group(group: Path) -> None:
    """rmdir with a little patience: a group stays busy for a moment after its last process."""
    for attempt in range(50):
        try:
            group.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            if attempt == 49:
                raise
            time.sleep(0.02)
