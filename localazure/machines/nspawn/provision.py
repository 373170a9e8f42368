"""What a new guest finds on its disk at first boot: user, keys, names, network, sshd, custom data.

Everything is written into the upper layer of the guest's overlay before it boots, so provisioning costs the guest no
time and works the same with and without cloud-init. Files that the image has as well are read from it and extended.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localazure.machines.foundation.commands import run
from localazure.machines.foundation.guest_identity import UID, ovf_environment
from localazure.machines.machine import WIRE_SERVER, MachineError, MachineSpec

# The groups that Azure's images give the first user, as far as the image has them.
GROUPS = ("adm", "cdrom", "dip", "plugdev", "sudo", "video")
# Written anew before each boot, since addresses may change.
NETWORK_FILE = "etc/systemd/network/10-host0.network"
# cloud-init's first stage after the network is up; the final one, which runs scripts, waits for it.
DELAYED = "etc/systemd/system/cloud-config.service"
HOST_KEY_TYPES = ("ed25519", "ecdsa")


@dataclass(frozen=True)
class Disk:
    """A guest's layers: files are looked up in the lower ones, the uppermost of these first, and written to `upper`."""

    lowers: tuple[Path, ...]
    upper: Path

    def read(self, path: str) -> str:
        """The text of a file as the guest would see it; "" when there is none."""
        for layer in (self.upper, *self.lowers):
            if (layer / path).is_file():
                return (layer / path).read_text(encoding="utf-8")
        return ""

    def below(self, path: str) -> Path:
        """Where the image has a file or folder; a path that is not there when it has none."""
        return next((layer / path for layer in self.lowers if (layer / path).exists()), self.lowers[-1] / path)

    def folder(self, path: str, mode: int = 0o755) -> Path:
        """A folder of the upper layer. Where the image has it, mode and owner are the image's."""
        target = self.upper / path
        if target.is_dir():
            return target
        if target != self.upper:
            self.folder(str(Path(path).parent))
        target.mkdir()
        model = self.below(path)
        if model.is_dir():
            stat = model.stat()
            os.chown(target, stat.st_uid, stat.st_gid)
            mode = stat.st_mode & 0o7777
        target.chmod(mode)
        return target

    def write(self, path: str, content: str | bytes, mode: int = 0o644, group: int = 0) -> None:
        """Write a file with its mode from the first moment on."""
        target = self.folder(str(Path(path).parent)) / Path(path).name
        target.unlink(missing_ok=True)
        data = content.encode() if isinstance(content, str) else content
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode & 0o700), "wb") as file:
            os.fchown(file.fileno(), 0, group)
            os.fchmod(file.fileno(), mode)
            file.write(data)

    def append(self, path: str, line: str) -> None:
        """Add a line to a file of the image; mode and group stay."""
        stat = self.below(path).stat()
        self.write(path, f"{self.read(path)}{line}\n", stat.st_mode & 0o7777, stat.st_gid)


@dataclass(frozen=True)
class Surroundings:
    """What all guests of an instance know besides their own: names of its services, and whom these are vouched by."""

    names: Mapping[str, str] = field(default_factory=dict)  # name → address
    authority: bytes = b""  # PEM


NOTHING_ELSE = Surroundings()


def provision(disk: Disk, spec: MachineSpec, surroundings: Surroundings = NOTHING_ELSE) -> None:
    """Write all of it."""
    disk.write("etc/hostname", f"{spec.hostname}\n")
    names = "".join(f"{address} {name}\n" for name, address in surroundings.names.items())
    disk.write("etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {spec.hostname}\n::1 localhost ip6-localhost\n{names}")
    _write_authority(disk, surroundings.authority)
    if spec.agent:
        _write_user(disk, spec)
    _write_sshd(disk, spec)
    disk.write(NETWORK_FILE, network_file(spec))
    _write_agent_files(disk, spec)
    if spec.cloud_init:
        _write_seed(disk, spec)
    else:
        disk.write("etc/cloud/cloud-init.disabled", "Local Azure: this image has the agent only\n")


def network_file(spec: MachineSpec) -> str:
    """systemd-networkd's text for the guest's only interface."""
    subnet = ipaddress.IPv4Network(spec.subnet_prefix)
    gateway = next(subnet.hosts())
    return (
        "[Match]\nName=host0\n\n"
        f"[Network]\nAddress={spec.private_ip}/{subnet.prefixlen}\nGateway={gateway}\nDNS={WIRE_SERVER}\n"
        "IPv6AcceptRA=no\nLinkLocalAddressing=no\n"
    )


def _write_authority(disk: Disk, authority: bytes) -> None:
    """Trusted as public ones are: in the bundle that programs read, and where the bundle is made anew from."""
    bundle = "etc/ssl/certs/ca-certificates.crt"
    if authority and disk.below(bundle).exists():
        disk.write("usr/local/share/ca-certificates/local-azure.crt", authority)
        disk.append(bundle, authority.decode().strip())


def _write_user(disk: Disk, spec: MachineSpec) -> None:
    name, home = spec.admin_username, f"home/{spec.admin_username}"
    if re.search(rf"^{re.escape(name)}:", disk.read("etc/passwd"), re.MULTILINE):
        raise MachineError("InvalidUser", f"the image has a user {name!r} of its own")
    disk.append("etc/passwd", f"{name}:x:{UID}:{UID}::/{home}:/bin/bash")
    # Days since 1970 of the last change: any value but 0, which would force a new password.
    disk.append("etc/shadow", f"{name}:{_password_hash(spec)}:20000:0:99999:7:::")
    disk.write("etc/group", with_member(disk.read("etc/group"), name) + f"{name}:x:{UID}:\n")
    group_shadow = disk.below("etc/gshadow").stat()
    shadow = with_member(disk.read("etc/gshadow"), name) + f"{name}:!::\n"
    disk.write("etc/gshadow", shadow, group_shadow.st_mode & 0o7777, group_shadow.st_gid)
    for file in ("etc/subuid", "etc/subgid"):
        if disk.below(file).exists():
            disk.append(file, f"{name}:100000:65536")
    disk.write("etc/sudoers.d/90-azure-user", f"{name} ALL=(ALL) NOPASSWD:ALL\n", 0o440)
    folder = disk.folder(home, 0o750)
    skeleton = disk.below("etc/skel")
    if skeleton.is_dir():
        shutil.copytree(skeleton, folder, dirs_exist_ok=True, symlinks=True)
    if spec.ssh_keys:
        disk.folder(f"{home}/.ssh", 0o700)
        disk.write(f"{home}/.ssh/authorized_keys", "".join(f"{key.strip()}\n" for key in spec.ssh_keys), 0o600)
    for path in (folder, *folder.rglob("*")):
        os.lchown(path, UID, UID)


def with_member(groups: str, name: str) -> str:
    """The text of group or gshadow with the user in each of GROUPS that it has."""
    lines = []
    for line in groups.splitlines():
        group, _, rest = line.partition(":")
        if group in GROUPS:
            separator = "" if rest.endswith(":") else ","
            line = f"{line}{separator}{name}"
        lines.append(f"{line}\n")
    return "".join(lines)


def _password_hash(spec: MachineSpec) -> str:
    if spec.admin_password is None:
        return "!"
    # The password goes through a pipe: arguments may be seen by everybody.
    hashed = run(["openssl", "passwd", "-6", "-stdin"], stdin=spec.admin_password.reveal().encode() + b"\n")
    return hashed.stdout.decode().strip()


def _write_sshd(disk: Disk, spec: MachineSpec) -> None:
    allowed = "yes" if spec.admin_password is not None else "no"
    # cloud-init's own file, 50-cloud-init.conf, is read before this one: custom data may decide otherwise.
    disk.write("etc/ssh/sshd_config.d/60-azure.conf", f"PasswordAuthentication {allowed}\nClientAliveInterval 180\n")
    folder = disk.folder("etc/ssh")
    for kind in HOST_KEY_TYPES:
        key = folder / f"ssh_host_{kind}_key"
        run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"root@{spec.hostname}", "-f", key])


def _write_agent_files(disk: Disk, spec: MachineSpec) -> None:
    """What waagent leaves, or cloud-init in its stead: handlers read the user's name there. The password is redacted by
    both as well."""
    if not spec.agent and not spec.cloud_init:
        return
    disk.folder("var/lib/waagent", 0o700)
    disk.write("var/lib/waagent/ovf-env.xml", ovf_environment(spec), 0o600)
    if spec.custom_data is not None and not spec.cloud_init:
        disk.write("var/lib/waagent/CustomData", base64.b64encode(spec.custom_data), 0o600)


def _write_seed(disk: Disk, spec: MachineSpec) -> None:
    """cloud-init's NoCloud seed: custom data is its user-data, byte for byte."""
    seed = "var/lib/cloud/seed/nocloud"
    disk.folder(seed, 0o700)
    # JSON is YAML, and needs no quoting rules of our own.
    meta = {"instance-id": spec.id, "local-hostname": spec.hostname}
    disk.write(f"{seed}/meta-data", json.dumps(meta) + "\n", 0o600)
    disk.write(f"{seed}/user-data", spec.custom_data or b"#cloud-config\n{}\n", 0o600)
    user: dict[str, Any] = {
        "name": spec.admin_username,
        # Unlocked only when there is a password: cloud-init warns about users without any.
        "lock_passwd": spec.admin_password is None,
        "sudo": ["ALL=(ALL) NOPASSWD:ALL"],
        "shell": "/bin/bash",
    }
    if not spec.agent:
        # Nobody has made the user: cloud-init does, with all that it has.
        user["groups"] = [name for name in GROUPS if re.search(rf"^{name}:", disk.read("etc/group"), re.MULTILINE)]
        user["ssh_authorized_keys"] = list(spec.ssh_keys)
        if spec.admin_password is not None:
            user["passwd"] = _password_hash(spec)
    if spec.cloud_init_delay_s > 0:
        disk.write(f"{DELAYED}.d/50-localazure-delay.conf", delay(spec.cloud_init_delay_s))
    disk.write("etc/cloud/cloud.cfg.d/91-azure-user.cfg", json.dumps({"system_info": {"default_user": user}}) + "\n")


def delay(seconds: float) -> str:
    """Holds back the stages of cloud-init that work on custom data, at the first boot. The guest is ready meanwhile."""
    done = "/var/lib/cloud/instance/boot-finished"
    return f"[Service]\nExecStartPre=/bin/sh -c 'test -e {done} || sleep {seconds:g}'\n"


def default_document(spec: MachineSpec) -> dict[str, Any]:
    """What the metadata service answers as long as it has been told nothing else: what the platform knows by itself."""
    subnet = ipaddress.IPv4Network(spec.subnet_prefix)
    address = {"privateIpAddress": spec.private_ip, "publicIpAddress": ""}
    return {
        "compute": {
            "azEnvironment": "AzurePublicCloud",
            "name": spec.hostname,
            "osProfile": {
                "adminUsername": spec.admin_username,
                "computerName": spec.hostname,
                "disablePasswordAuthentication": "true" if spec.admin_password is None else "false",
            },
            "osType": "Linux",
            "provider": "Microsoft.Compute",
            "userData": "",
        },
        "network": {
            "interface": [
                {
                    "ipv4": {
                        "ipAddress": [address],
                        "subnet": [{"address": str(subnet.network_address), "prefix": str(subnet.prefixlen)}],
                    },
                    "ipv6": {"ipAddress": []},
                    "macAddress": spec.mac.replace(":", "").upper(),
                }
            ]
        },
    }
