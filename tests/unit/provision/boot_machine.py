"""A machine at its first boot: the fast lane's custom data as cloud-init runs it, and a client at its door."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from script_machine import STAND_INS, Answer, Machine, encoded, openssl

from azext_dockervm.provision import custom_data

RUN = "run-1"
INSTANCE = "b9a4e0c6-0001"
# The unit is a process with the descriptors that systemd-run was given; what is forbidden to it is systemd's to keep.
SYSTEMD_RUN = """
[ ! -e "$root/switch/no-unit" ] || { echo 'Failed to start transient service unit' >&2; exit 1; }
while :; do case $1 in -*) shift ;; *) break ;; esac; done
echo $$ >"$root/run/door.pid"
unset DOCKERVM_ROOT
exec "$@"
"""
STOP_DOOR = """
case "$*" in 'stop dockervm-door.service') kill "$(cat "$root/run/door.pid")" ;; esac
"""
# It begins when it is let go on, and then installs what is asked for in $root/switch/installs: a line of sh.
APT = """
while [ -e "$root/switch/apt-hold" ]; do /bin/sleep 0.02; done
[ ! -e "$root/switch/installs" ] || . "$root/switch/installs"
"""
Exchange = dict[str, Any]


class FirstBoot:
    """``machine`` boots for the first time, with custom data of its own; ``changes`` are to what that says."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine, self.folder, self.run = machine, folder, RUN
        folder.mkdir()
        machine.add_tool("systemd-run", SYSTEMD_RUN)
        machine.add_tool("systemctl", STAND_INS["systemctl"] + STOP_DOOR)
        machine.add_tool("apt-get", APT + STAND_INS["apt-get"])
        (machine.tools / "cloud-init").write_text(f"#!{sys.executable} -s\n")
        (machine.tools / "cloud-init").chmod(0o755)
        self.become(INSTANCE)
        self.key, self.certificate = self.folder / "key.pem", self.folder / "cert.pem"
        self._self_signed()
        self.client = self.folder / "client.pem"
        self._client()
        self._process: subprocess.Popen[str] | None = None

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, "it was not started"
        return self._process

    def become(self, instance: str) -> None:
        """What cloud-init calls this machine; another name is another machine."""
        path = self.machine.file("/var/lib/cloud/data/instance-id")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(instance + "\n")

    @property
    def marker(self) -> list[str]:
        path = self.machine.file("/var/lib/dockervm/closed")
        return path.read_text().splitlines() if path.exists() else []

    def note(self, *lines: str) -> None:
        path = self.machine.file("/var/lib/dockervm/closed")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines))

    def script(self, user: str = "azureuser", host: Mapping[str, str] | None = None, **changes: Any) -> str:
        values = {
            "run_id": self.run,
            "authority": self.machine.authority().read_bytes(), "door_certificate": self.certificate.read_bytes(),
            "door_key": self.key.read_bytes(), **changes}
        known = {"DOCKERVM_PORT": str(self.machine.port), "DOCKERVM_SSH_PORT": "", "DOCKERVM_USER": user,
                 "DOCKERVM_DAEMON_JSON": encoded(json.dumps(self.machine.daemon_json())), **(host or {})}
        return gzip.decompress(custom_data.fast_lane(known, **values)).decode()

    def start(self, before: str = "", timeout: int = 30, path: str = "", **changes: Any) -> subprocess.Popen[str]:
        """``before`` stands in front of the script, as its own first lines would; ``path`` stands for PATH."""
        script = self.folder / "part-001"
        script.write_text(before + self.script(**changes))
        machine = self.machine
        self._process = subprocess.Popen(
            [*machine.shell, str(script)], text=True, start_new_session=True,
            env={"PATH": path or f"{machine.tools}:{os.environ['PATH']}", "DOCKERVM_ROOT": str(machine.root),
                 "DOCKERVM_TIMEOUT": str(timeout)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return self._process

    def end(self, seconds: float = 20) -> Answer:
        """Wait for the script → its answer; nothing of it is left."""
        stdout, stderr = self.process.communicate(timeout=seconds)
        answer = Answer.of(self.process.returncode, stdout, stderr)
        assert (answer.facts["result"] == "ok") == (self.process.returncode == 0), stderr
        assert self.leftovers() == [], stderr
        assert not self.door_lives()
        return answer

    def leftovers(self) -> list[Path]:
        folders = [self.machine.file("/run/dockervm/door"), self.machine.file("/run/dockervm-door")]
        return self.machine.leftovers() + [folder for folder in folders if folder.exists()]

    def boot(self, **changes: Any) -> Answer:
        self.start(**changes)
        return self.end()

    # The client

    def ask(self, op: str = "state", **more: str) -> Exchange:
        """One exchange; OSError where nobody answers."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.load_cert_chain(self.client)
        name = f"{self.run}.dockervm.invalid"
        with socket.create_connection(("127.0.0.1", self.machine.port), timeout=5) as plain, \
                context.wrap_socket(plain, server_hostname=name) as door:
            door.sendall(json.dumps({"v": 1, "run": self.run, "op": op, **more}).encode() + b"\n")
            with door.makefile("rb") as answer:
                line = answer.readline()
        if not line:
            raise ConnectionError("the door gave no answer")
        answered: Exchange = json.loads(line)
        assert (answered["v"], answered["run"]) == (1, self.run)
        return answered

    def wait_for(self, met: Callable[[Exchange], object], seconds: float = 10) -> Exchange:
        """Ask until ``met`` → that answer."""
        last: object = None
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                answer = self.ask()
            except OSError as error:
                last = error
            else:
                last = answer
                if met(answer):
                    return answer
            time.sleep(0.02)
        raise AssertionError(f"the last was {last!r}; {self._said()}")

    def wait_for_state(self, state: str) -> Exchange:
        return self.wait_for(lambda answer: answer["state"] == state)

    def request(self) -> str:
        return str(self.wait_for(lambda answer: answer["csr"])["csr"])

    def hand_in(self, certificate: str | None = None) -> str:
        """Sign what the door asks for and hand it in → the certificate."""
        csr = self.request()
        certificate = certificate or self.machine.sign(csr)
        answer = self.ask("certificate", csr_sha256=digest(csr), cert=certificate)
        assert answer["certified"] == digest(certificate), answer
        return certificate

    # What is at work

    def door_lives(self) -> bool:
        path = self.machine.file("/run/door.pid")
        return path.exists() and lives(int(path.read_text()))

    def wait_until(self, met: Callable[[], object], seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while not met():
            assert time.monotonic() < end, self._said()
            time.sleep(0.02)

    def held(self, name: str = "apt-hold") -> Callable[[], None]:
        """Whatever installs Docker waits → the function that lets it go on."""
        self.machine.switch(name)
        return self.machine.file(f"/switch/{name}").unlink

    def lock_is_free(self) -> bool:
        lock = self.machine.file("/run/dockervm/lock")
        return subprocess.run(["flock", "-n", str(lock), "true"]).returncode == 0

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()

    def _said(self) -> str:
        said = self.machine.file("/run/dockervm/door/said")
        log = self.machine.file("/run/dockervm/door/log")
        return " | ".join(path.read_text() for path in (said, log) if path.exists())

    # Certificates

    def _self_signed(self) -> None:
        configuration = self.folder / "door.cnf"
        configuration.write_text(f"[req]\nprompt=no\ndistinguished_name=n\nx509_extensions=x\n[n]\nCN={self.run}\n"
                                 f"[x]\nsubjectAltName=DNS:{self.run}.dockervm.invalid\n")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                "-config", str(configuration), "-keyout", str(self.key), "-out", str(self.certificate))

    def _client(self) -> None:
        key = self.folder / "client-key.pem"
        csr = openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      "/CN=client", "-keyout", str(key))
        self.machine.authority()
        self.client.write_text(self.machine.sign(csr) + key.read_text())


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def content(path: Path) -> bytes:
    """Nothing of what is gone meanwhile."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for one in found:
        for task in Path("/proc").glob(f"{one}/task/*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def path_without(tool: str, folder: Path, first: Path) -> str:
    """A PATH that has all tools of this computer but one."""
    folder.mkdir()
    for place in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
        for path in Path(place).iterdir() if Path(place).is_dir() else ():
            if path.name != tool and not (folder / path.name).exists():
                (folder / path.name).symlink_to(path)
    return f"{first}:{folder}"
