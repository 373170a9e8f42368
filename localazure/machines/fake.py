"""Fake machines, where there is no root or no systemd-nspawn: private folders, and an engine that runs no containers.

A machine is a folder that stands for its file system. Run commands and extension handlers are executed by this
machine's own shell with LOCALAZURE_ROOT and DOCKERVM_ROOT naming that folder, and a PATH with harmless tools and
stand-ins only (fake_tools.py). Nothing else confines them: a script that names absolute paths works on this machine.
The instance's fake engine (fake_engine.py) listens on loopback addresses and says everywhere that it is a fake. A port
that the security rules close is not listened on, so it refuses at once where a real one stays silent. There are no
networks between fake machines, custom data is kept but not run, and CPU and memory are not limited.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from localazure.machines import fake_tools, firewall, handlers, hosts, provision
from localazure.machines.agent import TIMED_OUT, check_script, tail
from localazure.machines.fake_process import EngineProcess
from localazure.machines.machine import (
    RUN_TIMEOUT_S,
    FirewallRule,
    MachineError,
    MachineSpec,
    Network,
    Platform,
    PublicAddress,
    RunResult,
)
from localazure.machines.records import MachineRecord, NetworkRecord, Records, free_number
from localazure.machines.slots import Registry, Slot, loopback_slots, tag_of

# Tools of this machine that scripts in a fake machine may use: they change nothing but what they are told to.
HARMLESS = (
    "awk", "base64", "basename", "bash", "cat", "chmod", "cmp", "cp", "curl", "cut", "date", "dd", "diff", "dirname",
    "env", "expr", "false", "find", "flock", "gawk", "grep", "gzip", "head", "id", "kill", "ln", "ls", "mawk", "md5sum",
    "mkdir", "mktemp", "mv", "nohup", "od", "openssl", "printf", "ps", "python3", "readlink", "realpath", "rm", "rmdir",
    "sed", "seq", "setsid", "sh", "sha256sum", "sleep", "sort", "stat", "tail", "tar", "tee", "test", "timeout",
    "touch", "tr", "true", "uname", "uniq", "wc", "xargs",
)  # fmt: skip
# A client on this machine comes from here.
CLIENT = "127.0.0.1"
GUEST_RUN = Path(__file__).with_name("guest_run.py")
SSH_UNIT = "[Service]\nExecStart=/usr/sbin/sshd -D\n"
SSHD_CONFIG = "Include /etc/ssh/sshd_config.d/*.conf\n"
_runs = itertools.count(1)


class FakePlatform(Platform):
    """The fake machines of one instance."""

    kind = "fake"

    def __init__(self, state_dir: Path, instance: str) -> None:
        self.state_dir = state_dir
        self.instance = instance
        self._records = Records(state_dir / "machines")
        self._registry = Registry(kind="loopback")
        # In the run folder: a socket's path may have 107 bytes, and the state folder's may be longer.
        self._engine = EngineProcess(self._records.folder, self._registry.folder / f"{tag_of(instance)}.sock")
        self._lock = threading.RLock()
        self._networks: dict[str, NetworkRecord] = {}
        self._machines: dict[str, MachineRecord] = {}
        self._slot: Slot | None = None

    # -- the platform as a whole

    @property
    def public_pool(self) -> Sequence[str]:  # type: ignore[override]
        """Loopback addresses; known after start()."""
        return self._ready_slot().addresses

    def start(self) -> None:
        folder = self._records.folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._slot = self._registry.acquire(self.instance, self.state_dir, loopback_slots(os.geteuid()), list)
        with self._lock:
            self._networks, self._machines = self._records.networks(), self._records.machines()
            self._link_tools()
            for record in list(self._machines.values()):
                if not record.created:
                    self.machine_delete(record.spec.id)
            self._engine.start()
            self._publish()

    def stop(self) -> None:
        """Nothing to do: the engine is a process of its own."""

    def destroy(self) -> None:
        folder = self._records.folder
        with self._lock:
            self._engine.end()
            for pid in _processes_with(f"LOCALAZURE_FOLDER={folder}"):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if folder.exists():
                shutil.rmtree(folder)
            with self._registry.locked():
                hosts.update(self.instance, {})
            self._registry.release(self.instance)
            self._networks, self._machines, self._slot = {}, {}, None

    # -- networks: there is no traffic between fake machines

    def network_put(self, network: Network) -> None:
        with self._lock:
            known = self._networks.get(network.id)
            number = free_number(list(self._networks.values())) if known is None else known.number
            self._networks[network.id] = NetworkRecord(network, number)
            self._records.save_networks(self._networks)

    def network_delete(self, network_id: str) -> None:
        with self._lock:
            if any(record.spec.network_id == network_id for record in self._machines.values()):
                raise MachineError("NetworkInUse", f"network {network_id} still has machines")
            if self._networks.pop(network_id, None) is not None:
                self._records.save_networks(self._networks)

    # -- a machine's life

    def machine_create(self, spec: MachineSpec) -> None:
        provision.check_names(spec)
        with self._lock:
            if spec.id in self._machines:
                raise MachineError("MachineExists", f"machine {spec.id} exists already")
            if spec.network_id not in self._networks:
                raise MachineError("NetworkNotFound", f"there is no network {spec.network_id}")
            self._keep(MachineRecord(spec))
            try:
                self._make_folder(spec)
                self._sync(self._change(spec.id, lambda known: replace(known, created=True)))
            except BaseException:
                self.machine_delete(spec.id)
                raise

    def machine_start(self, machine_id: str) -> None:
        with self._lock:
            self._sync(self._change(machine_id, lambda known: replace(known, running=True)))

    def machine_stop(self, machine_id: str) -> None:
        with self._lock:
            self._sync(self._change(machine_id, lambda known: replace(known, running=False)))

    def machine_restart(self, machine_id: str) -> None:
        self.machine_stop(machine_id)
        self.machine_start(machine_id)

    def machine_delete(self, machine_id: str) -> None:
        with self._lock:
            if self._machines.pop(machine_id, None) is None:
                return
            shutil.rmtree(self._records.machine_folder(machine_id))
            if self._engine.lives():
                self._engine.ask({"machine": machine_id, "action": "sync"})
            self._publish()

    def machine_state(self, machine_id: str) -> str:
        with self._lock:
            record = self._machines.get(machine_id)
            if record is None:
                return "absent"
            if not record.running:
                return "stopped"
            return "running" if self._engine.lives() else "stopped"

    # -- a machine's network

    def machine_expose(self, machine_id: str, address: PublicAddress | None) -> None:
        with self._lock:
            if address is not None and address.address not in self.public_pool:
                raise MachineError("UnknownAddress", f"{address.address} is no public address of this instance")
            self._sync(self._change(machine_id, lambda known: replace(known, address=address)))
            self._publish()

    def machine_firewall(self, machine_id: str, rules: Sequence[FirewallRule] | None) -> None:
        kept = None if rules is None else tuple(rules)
        firewall.open_ports(kept, CLIENT)  # refuses rules that can't be read before any is kept
        with self._lock:
            self._sync(self._change(machine_id, lambda known: replace(known, rules=kept)))

    # -- commands in a machine

    def machine_run(
        self,
        machine_id: str,
        script: str,
        arguments: Sequence[tuple[str, str]] = (),
        timeout: float = RUN_TIMEOUT_S,
        user: str | None = None,
    ) -> RunResult:
        check_script(script, arguments)
        record = self._record(machine_id)
        if not record.running:
            raise MachineError("MachineNotRunning", "the machine does not run")
        folder = self._records.machine_folder(machine_id)
        name = f"{os.getpid()}-{next(_runs)}"
        run_folder = folder / "runs" / name
        run_folder.mkdir(parents=True)
        environment = {**dict(arguments), **self._script_environment(record)}
        job = {"name": name, "script": script, "environment": environment, "user": None, "root": str(folder / "root")}
        try:
            with (run_folder / "stdout").open("wb") as out, (run_folder / "stderr").open("wb") as err:
                process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(GUEST_RUN)],
                    stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True,
                    env={"PATH": environment["PATH"], "LOCALAZURE_RUN": name},
                )  # fmt: skip
                job["environment"]["LOCALAZURE_RUN"] = name
                code = _finish(process, json.dumps(job).encode(), timeout, f"LOCALAZURE_RUN={name}")
            stdout, stderr = tail(run_folder / "stdout"), tail(run_folder / "stderr")
        finally:
            shutil.rmtree(run_folder, ignore_errors=True)
        if code is None:
            return RunResult(TIMED_OUT, stdout, f"{stderr}the script did not end within {timeout:g} s\n", True)
        return RunResult(code, stdout, stderr)

    def machine_extension(
        self, machine_id: str, publisher: str, type_name: str, settings: dict[str, Any], protected: dict[str, Any]
    ) -> RunResult:
        record = self._record(machine_id)

        def run(script: str, arguments: Sequence[tuple[str, str]], timeout: float) -> RunResult:
            return self.machine_run(machine_id, script, arguments, timeout)

        scene = handlers.Scene(run, record.spec.admin_username)
        return handlers.enable(scene, publisher, type_name, settings, protected)

    # -- within

    def _make_folder(self, spec: MachineSpec) -> None:
        folder = self._records.machine_folder(spec.id)
        root = folder / "root"
        for name in ("etc/ssh/sshd_config.d", "lib/systemd/system", "var/log", "run", "root", "var/lib/waagent"):
            (root / name).mkdir(parents=True)
        (root / "etc/hostname").write_text(f"{spec.hostname}\n")
        (root / "etc/os-release").write_text('ID=localazure\nPRETTY_NAME="Local Azure fake machine"\n')
        (root / "etc/ssh/sshd_config").write_text(SSHD_CONFIG)
        (root / "lib/systemd/system/ssh.service").write_text(SSH_UNIT)
        (root / "var/lib/waagent/ovf-env.xml").write_text(provision.ovf_environment(spec))
        if spec.custom_data is not None:
            (root / "var/lib/waagent/CustomData").write_bytes(spec.custom_data)
        tools = folder / "bin"
        tools.mkdir()
        for tool in fake_tools.TOOLS:
            if tool not in fake_tools.DOCKER_TOOLS:
                fake_tools.write_tool(tools, tool)

    def _link_tools(self) -> None:
        folder = self._records.folder / "tools"
        folder.mkdir(exist_ok=True)
        for tool in HARMLESS:
            found = shutil.which(tool)
            if found is not None and not (folder / tool).is_symlink():
                (folder / tool).symlink_to(found)

    def _script_environment(self, record: MachineRecord) -> dict[str, str]:
        folder = self._records.machine_folder(record.spec.id)
        return {
            "PATH": f"{folder / 'bin'}:{self._records.folder / 'tools'}",
            "HOME": str(folder / "root/root"),
            "DOCKERVM_ROOT": str(folder / "root"),
            "DOCKERVM_ADDRESS": self._own_address(record),
            "LOCALAZURE_ROOT": str(folder / "root"),
            "LOCALAZURE_BIN": str(folder / "bin"),
            "LOCALAZURE_MACHINE": record.spec.id,
            "LOCALAZURE_ENGINE": str(self._engine.socket),
            "LOCALAZURE_FOLDER": str(self._records.folder),
        }

    def _own_address(self, record: MachineRecord) -> str:
        """The machine's own loopback address; kept in its folder, since others come and go."""
        file = self._records.machine_folder(record.spec.id) / "own-address"
        if not file.exists():
            taken = {path.read_text() for path in self._records.folder.glob("*/own-address")}
            links = self._ready_slot().links.hosts()
            free = next((str(address) for address in links if str(address) not in taken), None)
            if free is None:
                raise MachineError("NoAddresses", "an instance has at most 254 fake machines")
            file.write_text(free)
        return file.read_text()

    def _sync(self, record: MachineRecord) -> None:
        """Tell the engine where the machine listens; callers hold the lock."""
        folder = self._records.machine_folder(record.spec.id)
        said = {
            "own": self._own_address(record),
            "public": None if record.address is None else record.address.address,
            "running": record.running,
            "open": firewall.open_ports(record.rules, CLIENT),
        }
        fresh = folder / "listen.new"
        fresh.write_text(json.dumps(said))
        os.replace(fresh, folder / "listen.json")
        self._engine.start()
        self._engine.ask({"machine": record.spec.id, "action": "sync"})

    def _publish(self) -> None:
        shown = [record.address for record in self._machines.values() if record.address is not None]
        with self._registry.locked():
            hosts.update(self.instance, {address.fqdn: address.address for address in shown if address.fqdn})

    def _keep(self, record: MachineRecord) -> None:
        self._machines[record.spec.id] = record
        self._records.save_machine(record)

    def _record(self, machine_id: str) -> MachineRecord:
        with self._lock:
            record = self._machines.get(machine_id)
        if record is None:
            raise MachineError("MachineNotFound", f"there is no machine {machine_id}")
        return record

    def _change(self, machine_id: str, change: Callable[[MachineRecord], MachineRecord]) -> MachineRecord:
        record = change(self._record(machine_id))
        self._keep(record)
        return record

    def _ready_slot(self) -> Slot:
        if self._slot is None:
            raise MachineError("NotStarted", "the platform has not been started")
        return self._slot


def _finish(process: subprocess.Popen[bytes], job: bytes, timeout: float, mark: str) -> int | None:
    """Hand over the job and wait; None when the deadline passed and everything with the mark was ended."""
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:
        process.stdin.write(job)
    try:
        return process.wait(timeout=timeout)
    except subprocess.TimeoutExpired:
        while pids := _processes_with(mark):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        process.wait()
        return None


def _processes_with(mark: str) -> list[int]:
    """Processes of this user born with this variable: a script's children, sessions of their own included."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or is somebody else's
            if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found
