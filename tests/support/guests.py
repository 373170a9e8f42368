"""Guests on a platform of a test's own: made by few words, asked by short scripts, gone at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from localazure.machines.machine import FirewallRule, MachineSpec, Network, RunResult, Subnet
from localazure.machines.nspawn.platform import NspawnPlatform

PREFIX = "10.0.0.0/16"
ANY = ("*",)


def rule(
    priority: int, access: str, ports: str = "*", protocol: str = "Tcp", source: str = "*", direction: str = "Inbound",
    target: str = "*",
) -> FirewallRule:  # fmt: skip
    """A security rule in one line."""
    return FirewallRule(
        f"r{priority}", priority, direction, access, protocol, (source,), ANY, (target,), tuple(ports.split(","))
    )


class Guests:
    """A platform with guests. `folder` is the test's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.instance = f"e2e-{uuid.uuid4().hex[:6]}"
        self.platform = NspawnPlatform(folder / "state", self.instance)
        self.key = folder / "id"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)

    def network(self, network_id: str, *subnets: str, prefix: str = PREFIX) -> None:
        """Make a network."""
        named = tuple(Subnet(f"s{number}", subnet) for number, subnet in enumerate(subnets))
        self.platform.network_put(Network(network_id, (prefix,), named))

    def create(self, machine: str, network: str, address: str, **changes: Any) -> None:
        """Boot a guest with a small size and this test's key."""
        values = {
            "hostname": f"m{machine}", "admin_username": "azureuser", "admin_password": None,
            "ssh_keys": (self.key.with_suffix(".pub").read_text(),), "custom_data": None, "cloud_init": False,
            "subnet_prefix": f"{address.rpartition('.')[0]}.0/24", "cpus": 1, "memory_mib": 1024,
            "mac": f"00:0d:3a:00:{machine[2:4]}:{machine[:2]}", **changes,
        }  # fmt: skip
        self.platform.machine_create(MachineSpec(id=machine, network_id=network, private_ip=address, **values))

    def run(self, machine: str, script: str, **more: Any) -> RunResult:
        """Run a script as root, whatever its status."""
        return self.platform.machine_run(machine, script, **more)

    def says(self, machine: str, script: str) -> str:
        """What a script that must succeed prints."""
        result = self.run(machine, script, timeout=120)
        assert result.exit_code == 0, f"{script}: {result.stdout}{result.stderr}"
        return result.stdout.strip()

    def again(self) -> None:
        """A new server takes over: another platform on the same folder."""
        self.platform = NspawnPlatform(self.folder / "state", self.instance)
        self.platform.start()


def loop_devices(folder: Path) -> list[str]:
    """The loop devices of this machine whose images lie below a folder."""
    shown = subprocess.run(["losetup", "--noheadings", "--output", "NAME,BACK-FILE"], capture_output=True, text=True)
    return [line for line in shown.stdout.splitlines() if str(folder) in line]


def on_booted_guests(*tools: str) -> list[pytest.MarkDecorator]:
    """A module's marks. ``tools`` are what its tests call on this machine besides what guests need."""
    needed = ("systemd-nspawn", "mmdebstrap", "nft", "ip", "ssh", "ssh-keygen", "losetup", *tools)
    return [pytest.mark.machines,
            pytest.mark.skipif(os.geteuid() != 0, reason="guests are booted by root"),
            pytest.mark.skipif(any(shutil.which(tool) is None for tool in needed), reason="tools are missing")]
