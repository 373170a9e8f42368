"""The supervisor of one guest: a small process that outlives the server, boots the guest and reboots it when it asks.

Run as `python supervisor.py FOLDER` inside the network's namespace and in a mount namespace of its own, so that the
guest's mounts go with it whatever happens. It needs nothing but the standard library. FOLDER/boot.json says how:
    {"root", "lower", "upper", "work", "sys": folders, "link": [[command, ...]], "nspawn": [word, ...],
     "supervisor_groups": [folder], "guest_groups": [folder], "stop_timeout": seconds}
It holds a lock on FOLDER/supervisor.lock while it lives and keeps FOLDER/supervisor.json up to date:
    {"pid", "nspawn": pid|null, "boots": count, "ended": null|"stopped"|"powered-off"|"failed", "status": code|null}
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
from pathlib import Path
from typing import TextIO

# systemd-nspawn's exit status when the guest asked for a reboot.
REBOOT = 133
# A guest that reboots faster than this is broken; it is not booted again at once.
SHORTEST_LIFE_S = 0.5


class Supervisor:
    """One guest's life."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan = json.loads((folder / "boot.json").read_text())
        self.stopping = False
        self.guest: subprocess.Popen[bytes] | None = None
        self.state = {"pid": os.getpid(), "nspawn": None, "boots": 0, "ended": None, "status": None}

    def live(self) -> None:
        """Boot until the guest ends for another reason than a reboot."""
        for group in self.plan["supervisor_groups"]:
            join(group)
        signal.signal(signal.SIGTERM, self.on_sigterm)
        signal.signal(signal.SIGALRM, self.on_alarm)
        self.save()
        self.mount()
        status = REBOOT
        while status == REBOOT and not self.stopping:
            born = time.monotonic()
            status = self.boot()
            if status == REBOOT and time.monotonic() - born < SHORTEST_LIFE_S:
                time.sleep(SHORTEST_LIFE_S)
        ended = "stopped" if self.stopping else ("powered-off" if status == 0 else "failed")
        self.state.update(nspawn=None, status=status, ended=ended)
        self.save()

    def mount(self) -> None:
        """The guest's disk, an overlay; and a /sys that shows this namespace's links, where nspawn looks for them.

        It is read-only: then systemd-nspawn does not wait for a udev that never sees these links.
        """
        layers = f"lowerdir={self.plan['lower']},upperdir={self.plan['upper']},workdir={self.plan['work']}"
        command(["mount", "-t", "overlay", "overlay", "-o", layers, self.plan["root"]])
        fresh = self.plan["sys"]
        command(["mount", "-t", "sysfs", "-o", "ro", "sysfs", fresh])
        command(["mount", "--rbind", "/sys/fs/cgroup", f"{fresh}/fs/cgroup"])
        command(["mount", "--move", fresh, "/sys"])

    def boot(self) -> int:
        """Boot once and wait for the end; the status of systemd-nspawn."""
        for words in self.plan["link"]:
            command(words)
        with (self.folder / "console.log").open("ab") as console:
            self.guest = subprocess.Popen(
                [
                    sys.executable, "-I", "-S", __file__, "--enter", *self.plan["guest_groups"], "--",
                    *self.plan["nspawn"],
                ],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
            )  # fmt: skip
        self.state.update(nspawn=self.guest.pid, boots=self.state["boots"] + 1)
        self.save()
        if self.stopping:  # the signal came between the last look and the start
            self.on_sigterm()
        return self.guest.wait()

    def on_sigterm(self, *_: object) -> None:
        """Ask the guest to shut down, and end systemd-nspawn at the deadline.

        The guest's process 1 outlives a killed systemd-nspawn: who asked for the stop then ends the guest's group.
        """
        self.stopping = True
        if self.guest is not None:
            signal.alarm(self.plan["stop_timeout"])
            self.guest.terminate()

    def on_alarm(self, *_: object) -> None:
        """The guest did not end in time."""
        if self.guest is not None:
            self.guest.kill()

    def save(self) -> None:
        """Say what is going on, in one step."""
        fresh = self.folder / "supervisor.new"
        fresh.write_text(json.dumps(self.state))
        os.replace(fresh, self.folder / "supervisor.json")


def join(group: str) -> None:
    """Put this process into a control group."""
    Path(group, "cgroup.procs").write_text(str(os.getpid()))


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


def enter(words: list[str]) -> None:
    """Join the groups before "--" and become the command behind it."""
    cut = words.index("--")
    for group in words[:cut]:
        join(group)
    os.execvp(words[cut + 1], words[cut + 1 :])


def main() -> None:
    """Supervise the guest of the folder that is named, or enter groups for a child."""
    if sys.argv[1] == "--enter":
        enter(sys.argv[2:])
    folder = Path(sys.argv[1])
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
