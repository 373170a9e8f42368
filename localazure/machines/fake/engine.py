"""The fake engine: one process per instance that listens for all its fake machines, and outlives the server.

For each running machine it opens what the machine's private folder configures: the Docker ports with the configured TLS
files, and sshd's ports, where a greeting is all there is. It listens on the machine's own loopback address, and on the
public one for those ports that the security rules let in. The engine answers /_ping, /version and /info, and says in
both that it is a fake. Run as `python engine.py FOLDER SOCKET`; beside its own
modules it needs the standard library only.

On the unix socket SOCKET it takes one JSON line per connection: {"machine", "action", "unit"} with action start, stop,
restart, is-active, version, sync (read the machine's listen.json again), door or quit, and answers with one JSON line.
{"action": "door", "port"} is heeded for as long as the connection stands: what comes to the public address at this port
is passed on to the machine's own address, where something listens that is not the engine.
FOLDER/<machine>/listen.json is the platform's word: {"own", "public": address|null, "running", "open": [[first, last]]}
with the ports that are open to the public address. FOLDER/<machine>/units.json is the engine's memory: active units.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import functools
import json
import os
import re
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from pathlib import Path

if not __package__:  # started alone: nobody has put the package's folder on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from localazure.machines.fake import docker_config, guest_tools, relay

VERSION = "0.0.0-fake"
API_VERSION = "1.45"
GREETING = b"SSH-2.0-LocalAzure_fake_machine_without_shell\r\n"
IDLE_TIMEOUT_S = 60
LINGER_S = 2
LONGEST_LINE = 64 * 1024
LONGEST_BODY = 1024 * 1024


class Listener:
    """A listening TCP socket whose connections are served by a thread each.

    Threads and plain sockets, because asyncio's TLS closes without the alert that tells a stranger why.
    """

    def __init__(self, address: str, port: int, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._socket = socket.create_server((address, port), backlog=100)
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the client went away again
            connection, _ = self._socket.accept()
            connection.settimeout(IDLE_TIMEOUT_S)
            threading.Thread(target=self._guarded, args=(connection,), daemon=True).start()

    def _guarded(self, connection: socket.socket) -> None:
        # Strangers, port scans and clients that go away are nothing to report; ssl.SSLError is an OSError.
        with contextlib.suppress(OSError, ValueError):
            self._serve(connection)
        connection.close()

    def close(self) -> None:
        """Listen no more; connections live on."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()


class FakeMachine:
    """The listeners of one machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.listeners: dict[str, list[Listener]] = {"docker": [], "ssh": [], "door": []}
        self.door: int | None = None  # the port
        self.units = _read(folder / "units.json") or {"docker": False, "ssh": True}

    async def sync(self) -> None:
        """Listen as the platform and the private folder say now."""
        for unit, active in self.units.items():
            await self.close(unit)
            if active and self.listen["running"]:
                # After a start of the process there is nobody to tell: the reason is in the machine's log.
                with contextlib.suppress(docker_config.ConfigError, OSError):
                    await self.open(unit)
        if not self.listen["running"]:
            self.door = None  # it has ended with the machine
        with contextlib.suppress(OSError):
            await self.set_door(self.door)

    @property
    def listen(self) -> dict:
        return _read(self.folder / "listen.json") or {"own": "", "public": None, "running": False, "open": []}

    async def start(self, unit: str) -> None:
        """What `systemctl start` does. Raises ConfigError or OSError when it fails."""
        await self.close(unit)
        self.remember(unit, False)
        await self.open(unit)
        self.remember(unit, True)

    async def stop(self, unit: str) -> None:
        await self.close(unit)
        self.remember(unit, False)

    async def close(self, unit: str) -> None:
        for listener in self.listeners[unit]:
            listener.close()
        self.listeners[unit] = []

    async def open(self, unit: str) -> None:
        try:
            if unit == "docker":
                config = docker_config.daemon_config(self.root)
                context = tls_context(config)
                for port in config.ports:
                    await self.listen_on(unit, port, context)
            else:
                for port in guest_tools.ssh_ports(self.root):
                    # Ports below 1024 are not everybody's; a greeting is not worth failing for.
                    with contextlib.suppress(PermissionError):
                        await self.listen_on(unit, port, None)
        except (docker_config.ConfigError, OSError) as error:
            await self.close(unit)
            self.log(f"failed to start {unit}: {error}")
            raise
        self.log(f"{unit} started")

    async def listen_on(self, unit: str, port: int, context: ssl.SSLContext | None) -> None:
        answer = self.serve_ssh if unit == "ssh" else functools.partial(self.serve_docker, context)
        for address in (self.listen["own"], *self.public(port)):
            self.listeners[unit].append(Listener(address, port, answer))

    def public(self, port: int) -> list[str]:
        """The public address, where the machine has one and the security rules let in this port."""
        said = self.listen
        is_open = any(first <= port <= last for first, last in said["open"])
        return [said["public"]] if said["public"] and is_open else []

    async def set_door(self, port: int | None) -> None:
        """What listens at this port of the own address is there for the public one, too; None: nothing is."""
        await self.close("door")
        self.door = port
        for address in () if port is None else self.public(port):
            answer = functools.partial(relay.pass_on, (self.listen["own"], port))
            self.listeners["door"].append(Listener(address, port, answer))

    def serve_docker(self, context: ssl.SSLContext | None, connection: socket.socket) -> None:
        """Answer requests of one connection until it closes or asks to."""
        if context is not None:
            connection = handshake(context, connection)
        with connection, connection.makefile("rb") as requests:
            while line := requests.readline(LONGEST_LINE).decode("latin-1").strip():
                headers = list(iter(lambda: requests.readline(LONGEST_LINE).decode("latin-1").strip().lower(), ""))
                lengths = [int(header.partition(":")[2]) for header in headers if header.startswith("content-length:")]
                requests.read(min(sum(lengths), LONGEST_BODY))
                connection.sendall(self.respond(line))
                if "connection: close" in headers:
                    break

    def respond(self, line: str) -> bytes:
        """The response to one request line."""
        method, target = [*line.split(" "), "", ""][:2]
        path = re.sub(r"^/v[0-9.]+(?=/)", "", target.partition("?")[0])
        answers = {"/version": self.version, "/info": self.info, "/containers/json": list, "/images/json": list}
        if path == "/_ping":
            return http(200, b"OK" if method == "GET" else b"", "text/plain")
        if method == "GET" and path in answers:
            return http(200, json.dumps(answers[path]()).encode(), "application/json")
        message = {"message": f"Local Azure's fake engine does not know {method} {path}"}
        return http(501, json.dumps(message).encode(), "application/json")

    def version(self) -> dict:
        about = {
            "ApiVersion": API_VERSION, "MinAPIVersion": "1.24", "GitCommit": "fake", "GoVersion": "none", "Os": "linux",
            "Arch": os.uname().machine, "KernelVersion": os.uname().release, "BuildTime": "never",
        }  # fmt: skip
        details = {**about, "Experimental": "false", "fake": "true"}
        return {
            "Platform": {"Name": "Local Azure fake engine"}, "Version": VERSION, **about, "Experimental": False,
            "Components": [{"Name": "Engine", "Version": VERSION, "Details": details}],
        }  # fmt: skip

    def info(self) -> dict:
        settings = _settings(self.root)
        return {
            "ID": f"fake-{self.folder.name}", "Name": (self.root / "etc/hostname").read_text().strip(),
            "ServerVersion": VERSION, "OperatingSystem": "Local Azure fake machine (no containers)",
            "OSType": "linux", "Architecture": "x86_64", "KernelVersion": os.uname().release, "Driver": "fake",
            "LoggingDriver": settings.get("log-driver", "json-file"),
            "LiveRestoreEnabled": docker_config.truth(settings.get("live-restore")),
            "Containers": 0, "ContainersRunning": 0, "ContainersPaused": 0, "ContainersStopped": 0, "Images": 0,
            "NCPU": os.cpu_count() or 1, "MemTotal": 0, "CgroupDriver": "none", "Labels": ["localazure.fake=true"],
            "Swarm": {"LocalNodeState": "inactive"}, "Warnings": ["This is Local Azure's fake engine."],
            "SecurityOptions": [], "Plugins": {"Volume": [], "Network": [], "Authorization": None, "Log": []},
            "Runtimes": {}, "DockerRootDir": "/var/lib/docker", "RegistryConfig": {}, "DriverStatus": [],
        }  # fmt: skip

    def serve_ssh(self, connection: socket.socket) -> None:
        """Say what this is and close."""
        with connection:
            connection.sendall(GREETING)

    def remember(self, unit: str, active: bool) -> None:
        self.units[unit] = active
        fresh = self.folder / "units.new"
        fresh.write_text(json.dumps(self.units))
        os.replace(fresh, self.folder / "units.json")

    def log(self, line: str) -> None:
        log = self.root / "var/log/docker.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as file:
            file.write(f"{line}\n")


class FakeEngine:
    """All machines of one instance."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.machines: dict[str, FakeMachine] = {}
        self.ended = asyncio.Event()

    async def load(self) -> None:
        for file in self.folder.glob("*/listen.json"):
            await self.machine(file.parent.name).sync()

    def machine(self, name: str) -> FakeMachine:
        if name not in self.machines:
            self.machines[name] = FakeMachine(self.folder / name)
        return self.machines[name]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question, one answer."""
        question: dict = {}
        with contextlib.suppress(OSError):
            try:
                question = json.loads(await reader.readline())
                answer = await self.answer(question)
            except (docker_config.ConfigError, OSError, ValueError, KeyError) as error:
                answer = {"ok": False, "error": str(error)}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
            if answer["ok"] and question["action"] == "door":
                await reader.read()  # until the other side has ended
                await self.machine(question["machine"]).set_door(None)
        writer.close()

    async def answer(self, question: dict) -> dict:
        action, unit = question["action"], question.get("unit", "docker")
        if action == "quit":
            self.ended.set()
            return {"ok": True}
        name = question["machine"]
        machine = self.machine(name)
        if not machine.folder.is_dir():
            for known in list(machine.listeners):
                await machine.close(known)
            del self.machines[name]
        elif action == "sync":
            await machine.sync()
        elif action == "door":
            await machine.set_door(question["port"])
        elif action == "version":
            active = machine.units["docker"] and machine.listen["running"]
            return {"ok": True, "version": VERSION if active else None}
        elif action == "is-active":
            return {"ok": True, "active": machine.units.get(unit, False)}
        elif unit in machine.units:
            if action == "stop":
                await machine.stop(unit)
            elif action == "restart" or not (machine.units[unit] and machine.listeners[unit]):
                await machine.start(unit)
        return {"ok": True}


def tls_context(config: docker_config.DaemonConfig) -> ssl.SSLContext | None:
    """TLS as configured; None for plain TCP, which a real daemon offers as well. Raises ConfigError."""
    if not config.tls or not config.ports:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(str(config.certificate), str(config.key))
        if config.verify:
            context.load_verify_locations(str(config.ca))
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise docker_config.ConfigError(f"could not load the TLS files of the daemon: {error}") from error
    return context


def handshake(context: ssl.SSLContext, connection: socket.socket) -> socket.socket:
    """The connection in TLS. A stranger gets the alert: closing with its request unread would reset it away."""
    with connection.dup() as plain:
        try:
            return context.wrap_socket(connection, server_side=True)
        except ssl.SSLError:
            plain.settimeout(LINGER_S)
            plain.shutdown(socket.SHUT_WR)
            while plain.recv(LONGEST_LINE):
                pass
            raise


def http(status: int, body: bytes, kind: str) -> bytes:
    """One HTTP/1.1 response."""
    reason = {200: "OK", 501: "Not Implemented"}[status]
    head = (
        f"HTTP/1.1 {status} {reason}\r\nApi-Version: {API_VERSION}\r\nOstype: linux\r\n"
        f"Docker-Experimental: false\r\nServer: LocalAzure-fake-engine/{VERSION} (linux)\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _settings(root: Path) -> dict[str, object]:
    try:
        return docker_config.daemon_config(root).settings
    except docker_config.ConfigError:  # changed since the start; the running engine has its old ones
        return {}


def _read(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


async def live(folder: Path, address: str) -> None:
    """Listen until told to quit."""
    engine = FakeEngine(folder)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, engine.ended.set)
    await engine.load()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(address)
    server = await asyncio.start_unix_server(engine.serve, address)
    await engine.ended.wait()
    server.close()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(address)


def main() -> None:
    """One engine per folder."""
    folder, address = Path(sys.argv[1]), sys.argv[2]
    os.umask(0o077)
    with (folder / "engine.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("this instance has a fake engine already") from None
        lock.write(str(os.getpid()))
        lock.flush()
        asyncio.run(live(folder, address))


if __name__ == "__main__":
    main()
