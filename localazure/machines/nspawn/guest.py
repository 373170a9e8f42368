"""One booted guest: its disk, its supervisor, its state, commands in it; and the end of all guests of an instance."""

from __future__ import annotations

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

from localazure import files
from localazure.machines.foundation.commands import run, succeeds
from localazure.machines.foundation.disk_files import DiskFolder
from localazure.machines.foundation.instance_registry import tag_of
from localazure.machines.foundation.mounts import mount_points
from localazure.machines.foundation.records import MachineRecord, remove_machine_folder, write_json
from localazure.machines.machine import RUN_TIMEOUT_S, DataDisk, MachineError, MachineSpec, RunResult
from localazure.machines.nspawn import namespaces, provision, supervisor, variants
from localazure.machines.nspawn.agent import GuestAgent
from localazure.machines.nspawn.cgroups import MachineCgroups
from localazure.machines.nspawn.provision import NETWORK_FILE

# A boot takes two seconds, or ten on a loaded machine; custom data may delay sshd for longer.
READY_TIMEOUT_S = 180.0
# systemd gives a unit 10 s (rootfs/etc/systemd/system.conf.d) and its last processes as long again.
STOP_TIMEOUT_S = 25
POLL_S = 0.05
# A supervisor takes up a set of disks at once; it may be busy with a boot for a moment.
DISKS_TIMEOUT_S = 20.0
PACKAGES = str(Path(__file__).resolve().parents[3])
SHOW_DISKS = "/usr/lib/localazure/data-disks"
# By these names a supervisor is known; the second one's guest was booted by an earlier version.
SUPERVISORS = (supervisor.__name__, "localazure.machines.supervisor")
NSPAWN_RUN = Path("/run/systemd/nspawn")
# Containers need most capabilities. The clock and the kernel's modules are this machine's own.
NSPAWN_OPTIONS = (
    "--quiet", "--boot", "--register=no", "--keep-unit", "--private-users=no", "--resolv-conf=off", "--timezone=off",
    "--link-journal=no", "--console=read-only", "--capability=all",
    "--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE", "--system-call-filter=add_key keyctl bpf",
)  # fmt: skip


class Guest:
    """One guest of an instance; holds nothing but what its folder and its processes say."""

    def __init__(self, instance: str, record: MachineRecord, folder: Path, namespace: Path, disks: DiskFolder) -> None:
        self._instance = instance
        self._disks = disks
        self._record = record
        self._folder = folder
        self._namespace = namespace
        self._cgroups = MachineCgroups(instance, record.spec.id)
        self._agent = GuestAgent(folder, self._cgroups)

    def make_disk(self, spec: MachineSpec, surroundings: provision.Surroundings) -> None:
        """The guest's layers over the image, provisioned. `spec` is the full one, with its secrets."""
        for name in ("root", "sys", "upper", "work", "docker", "runs", "platform"):
            (self._folder / name).mkdir(mode=0o700)
        disk = provision.Disk(variants.layers(self._record.image), self._folder / "upper")
        shutil.copystat(disk.lowers[-1], disk.upper)
        (self._folder / "docker").chmod(0o710)
        provision.provision(disk, spec, surroundings)

    def boot(self) -> None:
        """Start the supervisor, which boots the guest."""
        spec = self._record.spec
        self._cgroups.kill()
        self._cgroups.create(spec.cpus, spec.memory_mib)
        (self._folder / "supervisor.json").unlink(missing_ok=True)
        (self._folder / "platform").mkdir(exist_ok=True)  # machines of earlier versions have none
        self.write_plan()
        self._write_disks(spec.data_disks, ())
        with (self._folder / "supervisor.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    "nsenter", f"--net={self._namespace}", "unshare", "--mount", "--propagation", "private",
                    sys.executable, "-s", "-S", "-m", supervisor.__name__, str(self._folder),
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/",
                # Its overlay is nobody else's, and lock files would stay in /run.
                env={
                    "PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": PACKAGES, "SYSTEMD_NSPAWN_LOCK": "0",
                },
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
        return files.is_held(self._folder / "supervisor.lock")

    def ended_by_itself(self) -> bool:
        """Whether the guest was shut down from inside or died, so that nobody may boot it again unasked."""
        return self._supervisor_state().get("ended") in ("powered-off", "failed")

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
        link = namespaces.guest_link(self._record.spec.id)
        succeeds(["nsenter", f"--net={self._namespace}", "ip", "link", "delete", link])
        _remove_nspawn_files(nspawn_name(self._instance, self._record.spec.id))
        remove_machine_folder(self._folder)

    def run(
        self,
        script: str,
        arguments: Sequence[tuple[str, str]] = (),
        timeout: float = RUN_TIMEOUT_S,
        user: str | None = None,
        thoroughly: bool = False,
    ) -> RunResult:
        """Run a script in the guest, waiting first for one that is booting."""
        return self._agent.run(self.wait_until_ready(), script, arguments, timeout, user, thoroughly)

    def agent_answers(self) -> bool:
        """Whether commands can be run now."""
        return self._record.spec.agent and self.supervised() and self._agent.ready() is not None

    def console(self) -> str:
        """Everything of the console so far."""
        try:
            return (self._folder / "console.log").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def limit(self) -> None:
        """Hold the guest to the record's size from now on; nothing happens when it does not run."""
        if self.supervised():
            self._cgroups.create(self._record.spec.cpus, self._record.spec.memory_mib)

    def write_plan(self) -> None:
        """Say how the next boot is done."""
        write_json(self._folder / "boot.json", self._plan())

    def readdress(self) -> None:
        """Take up the record's private address, in the running guest too."""
        self.write_plan()
        if not self.supervised():
            return
        spec = self._record.spec
        for words in namespaces.readdress_commands(spec.id, spec.private_ip, spec.subnet_prefix):
            run(["nsenter", f"--net={self._namespace}", *words])
        script = (
            f"cat >/{NETWORK_FILE} <<'EOF'\n{provision.network_file(spec)}EOF\n"
            "networkctl reload && networkctl reconfigure host0 || exit 1\n"
            f"for try in $(seq 100); do\n  ip -4 -o address show dev host0 | grep -qF ' {spec.private_ip}/' && exit\n"
            "  sleep 0.1\ndone\nexit 1\n"
        )
        result = self.run(script, timeout=60.0)
        if result.exit_code != 0:
            raise MachineError("ReaddressFailed", f"the guest did not take its new address: {result.stderr.strip()}")

    def change_disks(self, before: Sequence[DataDisk]) -> None:
        """Let the guest have the record's data disks instead of those of `before`."""
        if not self.supervised():
            return
        wanted = [_identity(disk) for disk in self._record.spec.data_disks]
        leaving = [disk for disk in before if _identity(disk) not in wanted]
        if leaving:
            self._take_up_disks([disk for disk in before if disk not in leaving], leaving)
            self._show_disks()
        self._take_up_disks(self._record.spec.data_disks, ())
        self._show_disks()

    def let_go(self) -> None:
        """Take from the guest what the record does not have any more: the server was killed before it could."""
        before = self._known_disks()
        wanted = [_identity(disk) for disk in self._record.spec.data_disks]
        kept = [disk for disk in before if _identity(disk) in wanted]
        if len(kept) < len(before) and self.supervised():
            with suppress(MachineError):  # a guest that goes down takes up what is right at its next boot
                self._take_up_disks(kept, [disk for disk in before if disk not in kept])
                self._show_disks()
                self._take_up_disks(kept, ())

    def catch_up(self) -> None:
        """Take up what changed in the record while nobody told the running guest."""
        with suppress(MachineError):  # as above
            self.limit()
            plan = json.loads((self._folder / "boot.json").read_text(encoding="utf-8"))
            if plan["files"] != self._plan()["files"]:
                self.readdress()
            known = [_identity(disk) for disk in self._known_disks()]
            if sorted(known) != sorted(_identity(disk) for disk in self._record.spec.data_disks):
                self.change_disks(())

    def _known_disks(self) -> list[DataDisk]:
        """The set that the supervisor was last told, without sizes."""
        try:
            entries = json.loads((self._folder / "disks.json").read_text(encoding="utf-8"))["disks"]
        except FileNotFoundError:
            return []
        return [DataDisk(Path(entry["image"]).stem, entry["lun"], 0, entry["read_only"]) for entry in entries]

    def _take_up_disks(self, disks: Sequence[DataDisk], leaving: Sequence[DataDisk]) -> None:
        generation = self._write_disks(disks, leaving)
        pid = self._supervisor_state().get("pid")
        deadline = time.monotonic() + DISKS_TIMEOUT_S
        while pid is not None and self.supervised():
            with suppress(ProcessLookupError):
                os.kill(int(str(pid)), signal.SIGHUP)
            for _ in range(20):
                state = self._supervisor_state()
                if state.get("disks") == generation:
                    if state.get("disks_error"):
                        raise MachineError("AttachFailed", f"a data disk can't be attached: {state['disks_error']}")
                    return
                time.sleep(POLL_S / 5)
            if time.monotonic() > deadline:
                raise MachineError("AttachFailed", "the guest's supervisor does not take up its data disks")

    def _show_disks(self) -> None:
        """Have the guest make and remove devices; a guest that goes down meanwhile does it at its next boot."""
        try:
            result = self.run(SHOW_DISKS, timeout=60.0)
        except MachineError:
            if self.supervised():
                raise
            return
        if result.exit_code != 0 and self.supervised():
            raise MachineError("AttachFailed", f"the guest does not show its data disks: {result.stderr.strip()}")

    def _write_disks(self, disks: Sequence[DataDisk], leaving: Sequence[DataDisk]) -> int:
        """Write the set for the supervisor; its generation, by which one sees that it was taken up."""
        generation = time.time_ns()
        entries = [
            {
                "image": str(self._disks.existing(disk.id)), "lun": disk.lun, "read_only": disk.read_only,
                "leaving": disk in leaving,
            }
            for disk in sorted([*disks, *leaving], key=lambda disk: disk.lun)
        ]  # fmt: skip
        write_json(self._folder / "disks.json", {"generation": generation, "disks": entries})
        return generation

    def _plan(self) -> dict[str, object]:
        spec, folder = self._record.spec, self._folder
        root = str(folder / "root")
        return {
            "root": root,
            "lower": self._record.image,
            "upper": str(folder / "upper"),
            "work": str(folder / "work"),
            "sys": str(folder / "sys"),
            "link": namespaces.guest_link_commands(spec.id, spec.mac, spec.private_ip, spec.subnet_prefix),
            "device": namespaces.guest_link(spec.id),
            "files": {NETWORK_FILE: provision.network_file(spec)},
            "nspawn": [
                "systemd-nspawn", f"--directory={root}", f"--machine={nspawn_name(self._instance, spec.id)}",
                f"--hostname={spec.hostname}", f"--bind={folder / 'docker'}:/var/lib/localazure/docker",
                f"--bind-ro={folder / 'platform'}:/run/host/localazure",
                f"--network-interface={namespaces.inner_link(spec.id)}:host0", *NSPAWN_OPTIONS,
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


def _identity(disk: DataDisk) -> tuple[str, int, bool]:
    """What can't change while a disk is attached; its size can."""
    return disk.id, disk.lun, disk.read_only


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
        ours = any(text in SUPERVISORS or text.endswith("machines/supervisor.py") for text in texts)
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
    return [mount for mount in mount_points() if folder in mount.parents]


def _remove_nspawn_files(name: str) -> None:
    for path in NSPAWN_RUN.glob(f"*/{name}"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
