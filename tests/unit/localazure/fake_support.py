"""An instance with fake machines for one test, and machines of it that a test can do with."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fake_pki import PORT, Pki

from localazure.machines.fake.platform import FakePlatform
from localazure.machines.foundation import hosts_file
from localazure.machines.machine import (
    OF_ITS_TIME,
    FirewallRule,
    Guise,
    MachineSpec,
    Network,
    PublicAddress,
    RunResult,
    Subnet,
)

MACHINE = "0a0a0a0a"
OPEN = (FirewallRule("docker", 100, "Inbound", "Allow", "Tcp", ("*",), ("*",), ("*",), (str(PORT),)),)
# For what takes no time, on a machine that is busy with other things.
PATIENCE_S = 20.0


@contextmanager
def fake_platform(folder: Path, monkeypatch) -> Iterator[FakePlatform]:
    """Destroyed at the end, with nothing left of it."""
    monkeypatch.setattr(hosts_file, "HOSTS", folder / "hosts")
    (folder / "hosts").write_text("127.0.0.1 localhost\n")
    platform = FakePlatform(folder / "state", f"unit-{uuid.uuid4().hex[:8]}")
    platform.start()
    platform.network_put(Network("aaaaaaaa", ("10.0.0.0/16",), (Subnet("default", "10.0.0.0/24"),)))
    yield platform
    platform.destroy()
    assert not (folder / "state/machines").exists()
    assert (folder / "hosts").read_text() == "127.0.0.1 localhost\n"
    assert not platform._engine.socket.exists()


def make(platform: FakePlatform, machine_id: str = MACHINE, *, custom_data: bytes | None = b"#cloud-config\n",
         cloud_init: bool = True, delay: float = 0.0, lists: float = 0.0, installation: float = 0.0,
         public: int = 0) -> str:
    """A machine with an open Docker port; its public address, one of the instance's by number."""
    platform.machine_create(
        MachineSpec(machine_id, "web1", "azureuser", None, (), custom_data, cloud_init, "aaaaaaaa", "10.0.0.4",
                    "10.0.0.0/24", "00:0d:3a:00:00:01", 2, 2048, cloud_init_delay_s=delay,
                    package_lists_s=lists, installation_s=installation)
    )  # fmt: skip
    address = platform.public_pool[public]
    platform.machine_expose(machine_id, PublicAddress(address, f"web{public + 1}.example.test"))
    platform.machine_firewall(machine_id, OPEN)
    return address


def enable(platform: FakePlatform, pki: Pki, guise: Guise = OF_ITS_TIME) -> RunResult:
    """Have the Docker VM extension start the machine's engine."""
    certs = {"ca": pki.base64("ca"), "cert": pki.base64("server"), "key": pki.base64("server-key")}
    settings = {"docker": {"port": str(PORT), "options": ["--live-restore"]}}
    return platform.machine_extension(
        MACHINE, "Microsoft.Azure.Extensions", "DockerExtension", settings, {"certs": certs}, guise
    )


def root_of(platform: FakePlatform, machine_id: str = MACHINE) -> Path:
    """The folder that stands for the machine's file system."""
    return platform.state_dir / "machines" / machine_id / "root"


def own_address(platform: FakePlatform, machine_id: str = MACHINE) -> str:
    return (platform.state_dir / "machines" / machine_id / "own-address").read_text()


def refused(address: str, port: int = PORT) -> bool:
    try:
        socket.create_connection((address, port), timeout=2).close()
    except ConnectionRefusedError:
        return True
    return False


def command_lines() -> bytes:
    """Of all processes, zombies not among them."""
    lines: list[bytes] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            lines.append(path.read_bytes())
    return b"\n".join(lines)


def eventually(met: Callable[[], object], seen: Callable[[], object] = str) -> None:
    """`seen` tells what there is instead."""
    until = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < until, seen()
        time.sleep(0.01)
