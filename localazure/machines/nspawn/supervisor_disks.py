"""A guest's data disks as its supervisor holds them: loop devices by disks.json, the guest's list, its partitions.

FOLDER/disks.json is {"generation": number, "disks": [{"image": path, "lun": n, "read_only": bool, "leaving": bool}]}. A
leaving disk is no longer in the guest's list but still attached, so that the guest can end its file systems first.
The guest's list is FOLDER/platform/disks, a line "LUN MAJOR:MINOR" per disk, bound read-only into the guest.
"""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from localazure.machines.nspawn.loop_devices import MAJOR, LoopDevice

# linux/netlink.h: what the kernel tells of its devices, in group 1.
NETLINK_KOBJECT_UEVENT, KERNEL_GROUP = 15, 1


class GuestDisks:
    """The loop devices of one guest. `leader` says its process 1, if any."""

    def __init__(self, folder: Path, leader: Callable[[], int | None]) -> None:
        self._file = folder / "disks.json"
        self._list = folder / "platform" / "disks"
        self._leader = leader
        self._devices: dict[str, LoopDevice] = {}

    def take_up(self) -> tuple[int, str | None]:
        """Attach and let go as the file says; the file's generation, and what went wrong."""
        plan = json.loads(self._file.read_text())
        wanted = {disk["image"]: disk for disk in plan["disks"]}
        error = None
        for image, device in list(self._devices.items()):
            if image not in wanted or wanted[image]["read_only"] != device.read_only:
                self._devices.pop(image).close()
        for image, disk in wanted.items():
            try:
                if image in self._devices:
                    self._devices[image].grow()
                else:
                    self._devices[image] = LoopDevice(Path(image), disk["read_only"])
            except OSError as failure:
                error = f"{image}: {failure.strerror}"
        shown = [disk for disk in wanted.values() if not disk["leaving"] and disk["image"] in self._devices]
        lines = [f"{disk['lun']} {MAJOR}:{self._devices[disk['image']].number}\n" for disk in shown]
        fresh = self._list.with_name("disks.new")
        fresh.write_text("".join(lines))
        os.replace(fresh, self._list)
        return plan["generation"], error

    def watch_partitions(self) -> None:
        """Make devices for partitions as the guest makes them: it has no udev that would."""
        events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT)
        events.bind((0, KERNEL_GROUP))
        threading.Thread(target=self._follow, args=(events,), daemon=True).start()

    def _follow(self, events: socket.socket) -> None:
        while True:
            try:
                text = events.recv(65536)
            except OSError:  # more events than the buffer holds
                continue
            words = dict(word.split("=", 1) for word in text.decode(errors="replace").split("\0") if "=" in word)
            match = re.fullmatch(r"loop(\d+)p(\d+)", words.get("DEVNAME", ""))
            if match and int(match[1]) in [device.number for device in list(self._devices.values())]:
                with suppress(OSError):  # the guest is going down
                    self._show_partition(words, f"loop{match[1]}", match[2])

    def _show_partition(self, words: dict[str, str], disk: str, part: str) -> None:
        leader = self._leader()
        if leader is None:
            return
        devices = Path(f"/proc/{leader}/root/dev")
        node = devices / words["DEVNAME"]
        links = {devices / f"{name.name}{part}": words["DEVNAME"] for name in devices.glob("sd[a-z]*")
                 if name.is_symlink() and os.readlink(name) == disk}  # fmt: skip
        for folder, up in (("disk/azure/scsi1", "../../.."), ("disk/azure/data/by-lun", "../../../..")):
            for name in (devices / folder).glob("*"):
                if name.is_symlink() and os.readlink(name) == f"{up}/{disk}":
                    links[name.with_name(f"{name.name}-part{part}")] = f"{up}/{words['DEVNAME']}"
        for path in (node, *links):
            path.unlink(missing_ok=True)
        if words.get("ACTION") != "remove":
            os.mknod(node, 0o660 | stat.S_IFBLK, os.makedev(int(words["MAJOR"]), int(words["MINOR"])))
            os.chmod(node, 0o660)
            for path, target in links.items():
                path.symlink_to(target)
