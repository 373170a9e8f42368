"""The supervisor of one guest: a small process that outlives the server, boots the guest and reboots it when it asks.

Run as `python -m localazure.machines.nspawn.supervisor FOLDER` inside the network's namespace and in a mount namespace
of its own, so that the guest's mounts go with it whatever happens. Standard library only. FOLDER/boot.json, read before
each boot, says how:
    {"root", "lower", "upper", "work", "sys": folders, "link": [[command, ...]], "device": the guest's link here,
     "files": {path below root: text}, "nspawn": [word, ...], "supervisor_groups": [folder], "guest_groups": [folder],
     "stop_timeout": seconds}
FOLDER/disks.json, read at the start and at SIGHUP, is the set of data disks (supervisor_disks.py).
It holds a lock on FOLDER/supervisor.lock while it lives and keeps FOLDER/supervisor.json up to date:
    {"pid", "nspawn": pid|null, "boots": count, "ended": null|"stopped"|"powered-off"|"failed", "status": code|null,
     "disks": generation of disks.json that is in effect, "disks_error": text|null}
The guest's console is FOLDER/console.log. SIGTERM shuts the guest down and ends the supervisor.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from localazure.machines.nspawn.imds import MetadataService
from localazure.machines.nspawn.supervisor_disks import GuestDisks

# systemd-nspawn's exit status when the guest asked for a reboot.
REBOOT = 133
# A guest that reboots faster than this is broken; it is not booted again at once.
SHORTEST_LIFE_S = 0.5
# Joins the groups before "--" and becomes the command behind it.
ENTER = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"'


class Supervisor:
    """One guest's life."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan = self.read_plan()
        self.disks = GuestDisks(folder, self.leader)
        self.stopping = False
        self.guest: subprocess.Popen[bytes] | None = None
        self.state = {
            "pid": os.getpid(), "nspawn": None, "boots": 0, "ended": None, "status": None, "disks": None,
            "disks_error": None,
        }  # fmt: skip

    def read_plan(self) -> dict:
        """How to boot now: addresses may have changed since the last boot."""
        return json.loads((self.folder / "boot.json").read_text())

    def live(self) -> None:
        """Boot until the guest ends for another reason than a reboot."""
        for group in self.plan["supervisor_groups"]:
            Path(group, "cgroup.procs").write_text(str(os.getpid()))
        signal.signal(signal.SIGTERM, self.on_sigterm)
        signal.signal(signal.SIGALRM, self.on_alarm)
        signal.signal(signal.SIGHUP, self.on_sighup)
        self.on_sighup()
        self.mount()
        self.disks.watch_partitions()
        status = REBOOT
        while status == REBOOT and not self.stopping:
            born = time.monotonic()
            status = self.boot()
            if status == REBOOT and time.monotonic() - born < SHORTEST_LIFE_S:
                time.sleep(SHORTEST_LIFE_S)
        self.end_guest()
        ended = "stopped" if self.stopping else ("powered-off" if status == 0 else "failed")
        self.state.update(nspawn=None, status=status, ended=ended)
        self.save()

    def mount(self) -> None:
        """The guest's disk, an overlay; and a /sys that shows this namespace's links, where nspawn looks for them.

        It is read-only: then systemd-nspawn does not wait for a udev that never sees these links.
        """
        layers = f"lowerdir={self.plan['lower']},upperdir={self.plan['upper']},workdir={self.plan['work']}"
        # By mount(2): fsconfig(2) takes 255 bytes an option, and a variant's layers are more.
        command(["env", "LIBMOUNT_FORCE_MOUNT2=always", "mount", "-t", "overlay", "overlay", "-o", layers,
                 self.plan["root"]])  # fmt: skip
        fresh = self.plan["sys"]
        command(["mount", "-t", "sysfs", "-o", "ro", "sysfs", fresh])
        command(["mount", "--rbind", "/sys/fs/cgroup", f"{fresh}/fs/cgroup"])
        command(["mount", "--move", fresh, "/sys"])

    def boot(self) -> int:
        """Boot once and wait for the end; the status of systemd-nspawn."""
        self.plan = self.read_plan()
        for words in self.plan["link"]:
            command(words)
        for path, text in self.plan["files"].items():
            write_below(Path(self.plan["root"]), path, text)
        service = MetadataService(self.folder, self.plan["device"])
        try:
            with (self.folder / "console.log").open("ab") as console:
                self.guest = subprocess.Popen(
                    ["/bin/sh", "-c", ENTER, "enter", *self.plan["guest_groups"], "--", *self.plan["nspawn"]],
                    stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
                )  # fmt: skip
            self.state.update(nspawn=self.guest.pid, boots=self.state["boots"] + 1)
            self.save()
            if self.stopping:  # the signal came between the last look and the start
                self.on_sigterm()
            return self.guest.wait()
        finally:
            service.close()

    def leader(self) -> int | None:
        """The guest's process 1, the child of systemd-nspawn; None while there is none."""
        nspawn = None if self.guest is None else self.guest.pid
        try:
            children = Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split()
        except OSError:
            return None
        return int(children[0]) if children else None

    def end_guest(self) -> None:
        """The guest's process 1 outlives a killed systemd-nspawn: nothing of the guest may go on unsupervised."""
        for _ in range(200):
            pids = {pid for group in self.plan["guest_groups"] for pid in processes_below(group)}
            if not pids:
                return
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def on_sigterm(self, *_: object) -> None:
        """Ask the guest to shut down, and end systemd-nspawn at the deadline."""
        self.stopping = True
        if self.guest is not None:
            signal.alarm(self.plan["stop_timeout"])
            self.guest.terminate()

    def on_alarm(self, *_: object) -> None:
        """The guest did not end in time."""
        if self.guest is not None:
            self.guest.kill()

    def on_sighup(self, *_: object) -> None:
        """Take up the set of data disks as it is now."""
        self.state["disks"], self.state["disks_error"] = self.disks.take_up()
        self.save()

    def save(self) -> None:
        """Say what is going on, in one step."""
        fresh = self.folder / "supervisor.new"
        fresh.write_text(json.dumps(self.state))
        os.replace(fresh, self.folder / "supervisor.json")


def processes_below(group: str) -> set[int]:
    """The processes of a control group and of those below it."""
    found: set[int] = set()
    for folder, _, _ in os.walk(group):
        with suppress(OSError):  # it went meanwhile
            found |= {int(word) for word in Path(folder, "cgroup.procs").read_text().split() if word != "0"}
    return found


def write_below(root: Path, path: str, text: str) -> None:
    """Replace a file of the guest; a link that its owner put there is not followed."""
    target = root / path
    if not target.parent.resolve().is_relative_to(root.resolve()):
        return  # a folder that leads out of the guest is the guest's own mischief
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.write_text(text)
    fresh.chmod(0o644)
    os.replace(fresh, target)


def command(words: list[str]) -> None:
    """Run one command: "write FILE VALUE" is our own, and one that begins with "-" may fail."""
    if words[0] == "write":
        Path(words[1]).write_text(words[2])
        return
    tolerated = words[0].startswith("-")
    done = subprocess.run(
        [words[0].lstrip("-"), *words[1:]], stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True
    )
    if done.returncode != 0 and not tolerated:
        raise SystemExit(f"{' '.join(words)}: {done.stderr.strip()}")


def main() -> None:
    """Supervise the guest of the folder that is named."""
    folder = Path(sys.argv[1])
    # Whoever sees the lock held may send it; the disks are read after that.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with (folder / "supervisor.lock").open("w") as lock:
        take(lock)
        Supervisor(folder).live()


def take(lock: TextIO) -> None:
    """Hold the lock. Whoever asks whether a supervisor lives holds it for an instant, so one failure means nothing."""
    for _ in range(100):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(0.02)
    raise SystemExit("the guest has a supervisor already")


if __name__ == "__main__":
    main()
