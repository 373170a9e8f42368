"""One booted guest: its disk, its supervisor, its state, commands in it; and the end of all guests of an instance."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from localazure.machines import bridge, provision, supervisor
from localazure.machines.agent import GuestAgent
from localazure.machines.cgroups import MachineCgroups
from localazure.machines.commands import run, succeeds
from localazure.machines.machine import RUN_TIMEOUT_S, MachineError, MachineSpec, RunResult
from localazure.machines.records import MachineRecord
from localazure.machines.slots import tag_of

# A boot takes two seconds, or ten on a loaded machine; custom data may delay sshd for longer.
READY_TIMEOUT_S = 180.0
# systemd gives a unit 10 s (rootfs/etc/systemd/system.conf.d) and its last processes as long again.
STOP_TIMEOUT_S = 25
POLL_S = 0.05
NSPAWN_RUN = Path("/run/systemd/nspawn")
# Containers need most capabilities. The clock and the kernel's modules are this machine's own.
NSPAWN_OPTIONS = (
    "--quiet", "--boot", "--register=no", "--keep-unit", "--private-users=no", "--resolv-conf=off", "--timezone=off",
    "--link-journal=no", "--console=read-only", "--capability=all",
    "--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE", "--system-call-filter=add_key keyctl bpf",
)  # fmt: skip


class Guest:
    """One guest of an instance; holds nothing but what its folder and its processes say."""

    def __init__(self, instance: str, record: MachineRecord, folder: Path, namespace: Path) -> None:
        self._instance = instance
        self._record = record
        self._folder = folder
        self._namespace = namespace
        self._cgroups = MachineCgroups(instance, record.spec.id)
        self._agent = GuestAgent(folder, self._cgroups)

    def make_disk(self, spec: MachineSpec) -> None:
        """The guest's layers over the image, provisioned. `spec` is the full one, with its secrets."""
        for name in ("root", "sys", "upper", "work", "docker", "runs"):
            (self._folder / name).mkdir(mode=0o700)
        disk = provision.Disk(Path(self._record.image), self._folder / "upper")
        shutil.copystat(disk.lower, disk.upper)
        (self._folder / "docker").chmod(0o710)
        provision.provision(disk, spec)

    def boot(self) -> None:
        """Start the supervisor, which boots the guest."""
        spec = self._record.spec
        self._cgroups.kill()
        self._cgroups.create(spec.cpus, spec.memory_mib)
        (self._folder / "supervisor.json").unlink(missing_ok=True)
        (self._folder / "boot.json").write_text(json.dumps(self._plan()), encoding="utf-8")
        with (self._folder / "supervisor.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    "nsenter", f"--net={self._namespace}", "unshare", "--mount", "--propagation", "private",
                    sys.executable, "-I", "-S", supervisor.__file__, str(self._folder),
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/",
                # Its overlay is nobody else's, and lock files would stay in /run.
                env={"PATH": os.environ.get("PATH", os.defpath), "SYSTEMD_NSPAWN_LOCK": "0"},
            )  # fmt: skip
        # It holds its lock once it lives; a process that ended before that has said why in its log.
        while not self.supervised():
            if process.poll() is not None:
                raise MachineError("BootFailed", f"the guest's supervisor ended: {self._last_lines('supervisor.log')}")
            time.sleep(POLL_S / 5)

    def wait_until_ready(self, timeout: float = READY_TIMEOUT_S) -> int:
        """The guest's process 1 once it takes commands; waits through a reboot of the guest."""
        deadline = time.monotonic() + timeout
        while True:
            leader = self._agent.ready()
            if leader is not None:
                return leader
            if not self.supervised():
                raise MachineError("MachineNotRunning", f"the machine does not run: {self._last_lines('console.log')}")
            if time.monotonic() > deadline:
                said = self._last_lines("console.log")
                raise MachineError("NotReady", f"the guest was not ready after {timeout:.0f} s: {said}")
            time.sleep(POLL_S)

    def state(self) -> str:
        """ "running" | "starting" | "stopped"."""
        if not self.supervised():
            return "stopped"
        return "running" if self._agent.ready() is not None else "starting"

    def supervised(self) -> bool:
        """Whether the supervisor lives: it holds a lock for as long."""
        try:
            with (self._folder / "supervisor.lock").open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def ended_by_itself(self) -> bool:
        """Whether the guest was shut down from inside, so that nobody may boot it again unasked."""
        return self._supervisor_state().get("ended") == "powered-off"

    def shut_down(self) -> None:
        """Shut down cleanly, and by force after the deadline."""
        pid = self._supervisor_state().get("pid")
        if self.supervised() and pid is not None:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_TIMEOUT_S + 5
            while self.supervised() and time.monotonic() < deadline:
                time.sleep(POLL_S)
        self.kill()

    def kill(self) -> None:
        """End every process of the guest at once."""
        self._cgroups.kill()

    def remove(self) -> None:
        """End it and remove its disk."""
        kill_supervisors(self._folder)
        self._cgroups.remove()
        link = bridge.guest_link(self._record.spec.id)
        succeeds(["nsenter", f"--net={self._namespace}", "ip", "link", "delete", link])
        _remove_nspawn_files(nspawn_name(self._instance, self._record.spec.id))
        shutil.rmtree(self._folder, ignore_errors=False)

    def run(
        self,
        script: str,
        arguments: Sequence[tuple[str, str]] = (),
        timeout: float = RUN_TIMEOUT_S,
        user: str | None = None,
    ) -> RunResult:
        """Run a script in the guest, waiting first for one that is booting."""
        return self._agent.run(self.wait_until_ready(), script, arguments, timeout, user)

    def _plan(self) -> dict[str, object]:
        spec, folder = self._record.spec, self._folder
        root = str(folder / "root")
        return {
            "root": root,
            "lower": self._record.image,
            "upper": str(folder / "upper"),
            "work": str(folder / "work"),
            "sys": str(folder / "sys"),
            "link": bridge.guest_link_commands(spec.id, spec.mac, spec.private_ip, spec.subnet_prefix),
            "nspawn": [
                "systemd-nspawn", f"--directory={root}", f"--machine={nspawn_name(self._instance, spec.id)}",
                f"--hostname={spec.hostname}", f"--bind={folder / 'docker'}:/var/lib/docker",
                f"--network-interface={bridge.inner_link(spec.id)}:host0", *NSPAWN_OPTIONS,
            ],
            "supervisor_groups": [str(path) for path in self._cgroups.folders("supervisor")],
            "guest_groups": [str(path) for path in self._cgroups.folders("guest")],
            "stop_timeout": STOP_TIMEOUT_S,
        }  # fmt: skip

    def _supervisor_state(self) -> dict[str, object]:
        try:
            return json.loads((self._folder / "supervisor.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    def _last_lines(self, name: str) -> str:
        try:
            text = (self._folder / name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return "it has not been booted"
        return "\n".join(text.splitlines()[-8:]) or "it said nothing"


def nspawn_name(instance: str, machine_id: str) -> str:
    """What systemd-nspawn calls the guest in its own files."""
    return f"laz{tag_of(instance)}-{machine_id}"


def kill_supervisors(folder: Path) -> None:
    """End the supervisors of all guests whose folder is this one or below it, wherever they are."""
    while pids := list(_supervisors(folder)):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(POLL_S / 5)


def _supervisors(folder: Path) -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:  # it ended while the list was read
            continue
        texts = [word.decode(errors="replace") for word in words]
        ours = any(text.endswith("machines/supervisor.py") for text in texts)
        below = any(Path(text) == folder or folder in Path(text).parents for text in texts if text.startswith("/"))
        if ours and below and state != "Z":
            yield int(entry.name)


def kill_instance(instance: str, folder: Path) -> None:
    """End all guests of an instance, its supervisors first so that none boots again, and remove its groups."""
    kill_supervisors(folder)
    MachineCgroups(instance).remove()


def remove_leftovers(instance: str, folder: Path) -> None:
    """Remove the machines' folder and systemd-nspawn's own files."""
    prefix = nspawn_name(instance, "")
    for path in (*NSPAWN_RUN.glob(f"*/{prefix}*"), *NSPAWN_RUN.glob(f"{prefix}*")):
        _remove_nspawn_files(path.name)
    for mount in reversed(_mounts_below(folder)):
        run(["umount", "--lazy", mount])
    if folder.exists():
        shutil.rmtree(folder)


def remove_nspawn_folders() -> None:
    """Remove systemd-nspawn's own folders in /run as far as they are empty; others may use them."""
    for folder in (NSPAWN_RUN / "locks", NSPAWN_RUN / "propagate", NSPAWN_RUN / "unix-export", NSPAWN_RUN):
        with suppress(OSError):
            folder.rmdir()
    with suppress(OSError):
        NSPAWN_RUN.parent.rmdir()


def _mounts_below(folder: Path) -> list[Path]:
    mounts = [Path(line.split()[4]) for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [mount for mount in mounts if folder in mount.parents]


def _remove_nspawn_files(name: str) -> None:
    for path in NSPAWN_RUN.glob(f"*/{name}"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
