"""The folder that stands for a fake machine's file system, the tools beside it, and the end of what runs in it."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

from localazure import files
from localazure.machines.fake import first_boot, guest_tools, mounts
from localazure.machines.foundation.disk_files import DiskFolder
from localazure.machines.foundation.guest_identity import UID, ovf_environment
from localazure.machines.machine import MachineSpec

# Tools of this machine that scripts in a fake machine may use: they change nothing but what they are told to.
HARMLESS = (
    "awk", "base64", "basename", "bash", "cat", "chmod", "cmp", "cp", "curl", "cut", "date", "dd", "df", "diff",
    "dirname", "echo", "env", "expr", "false", "find", "flock", "gawk", "grep", "gzip", "head", "id", "kill", "ln",
    "ls", "mawk", "md5sum", "mkdir", "mkfifo", "mktemp", "mv", "nohup", "od", "openssl", "printf", "ps", "python3",
    "readlink", "realpath", "rm", "rmdir", "sed", "seq", "setsid", "sh", "sha256sum", "sleep", "sort", "stat", "sync",
    "tail", "tar", "tee", "test", "timeout", "touch", "tr", "true", "uname", "uniq", "wc", "xargs",
)  # fmt: skip
SSH_UNIT = "[Service]\nExecStart=/usr/sbin/sshd -D\n"
SSHD_CONFIG = "Include /etc/ssh/sshd_config.d/*.conf\n"
DISK_LINKS = "dev/disk/azure/scsi1"


def make(folder: Path, spec: MachineSpec) -> None:
    """The folders root/ and bin/ of a new machine."""
    root = folder / "root"
    for name in ("etc/ssh/sshd_config.d", "lib/systemd/system", "var/log", "run", "root", "var/lib/waagent"):
        (root / name).mkdir(parents=True)
    (root / "etc/hostname").write_text(f"{spec.hostname}\n")
    (root / "etc/os-release").write_text('ID=localazure\nPRETTY_NAME="Local Azure fake machine"\n')
    (root / "etc/ssh/sshd_config").write_text(SSHD_CONFIG)
    (root / "lib/systemd/system/ssh.service").write_text(SSH_UNIT)
    document = root / "var/lib/waagent/ovf-env.xml"
    document.touch(0o600)
    document.write_text(ovf_environment(spec))
    name, home = spec.admin_username, root / "home" / spec.admin_username
    (root / "etc/passwd").write_text(f"{name}:x:{UID}:{UID}::/home/{name}:/bin/bash\n")
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    (home / ".ssh/authorized_keys").write_text("".join(f"{key.strip()}\n" for key in spec.ssh_keys))
    if spec.cloud_init:
        first_boot.prepare(root, spec.custom_data or b"")
    elif spec.custom_data is not None:
        files.write_private(root / "var/lib/waagent/CustomData", base64.b64encode(spec.custom_data))
    tools = folder / "bin"
    tools.mkdir()
    absent = guest_tools.DOCKER_TOOLS if spec.cloud_init else (*guest_tools.DOCKER_TOOLS, "cloud-init")
    for tool in guest_tools.TOOLS:
        if tool not in absent:
            guest_tools.write_tool(tools, tool)


def clear_run(root: Path) -> None:
    """Nothing below /run outlives a boot."""
    shutil.rmtree(root / "run", ignore_errors=True)
    (root / "run").mkdir(exist_ok=True)


def link_disks(root: Path, spec: MachineSpec, disks: DiskFolder) -> None:
    """Links to the images of the machine's data disks where Azure's images have those to the devices."""
    links = root / DISK_LINKS
    links.mkdir(parents=True, exist_ok=True)
    wanted = {f"lun{disk.lun}": disks.path(disk.id) for disk in spec.data_disks}
    for link in links.iterdir():
        if link.name not in wanted or link.readlink() != wanted[link.name]:
            link.unlink()
    for name, image in wanted.items():
        if not (links / name).is_symlink():
            (links / name).symlink_to(image)
    shutil.rmtree(root / mounts.BY_UUID, ignore_errors=True)
    mounts.show(root, list(wanted.values()))


def link_tools(folder: Path) -> None:
    """The folder of harmless tools, shared by an instance's machines."""
    folder.mkdir(exist_ok=True)
    for tool in HARMLESS:
        found = shutil.which(tool)
        if found is not None and not (folder / tool).is_symlink():
            (folder / tool).symlink_to(found)


def kill_processes_with(mark: str) -> None:
    """Kill all processes with the mark, those too that they start meanwhile."""
    while pids := processes_with(mark):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def processes_with(mark: str) -> list[int]:
    """Processes of this user born with this variable: a script's children, sessions of their own included."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or is somebody else's
            if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found
