"""The registry's two processes: one that is open to everyone who reaches it, and one that asks for a login.

They share one store, so that what is pushed with a login can be pulled without. Both end with the server.
"""

from __future__ import annotations

import json
import os
import secrets
import ssl
import subprocess
import time
from pathlib import Path

import bcrypt

from localazure.files import write_private
from localazure.machines.machine import Platform
from localazure.registry import LOGIN_PORT, OPEN_PORT, USER
from localazure.registry.client import Client, Login, RegistryError
from localazure.registry.debian import unpacked
from localazure.registry.images import busybox

# `docker pull busybox` through a mirror asks for library/busybox.
REPOSITORIES = ("busybox", "library/busybox")
_START_TIMEOUT_S = 20.0


class RegistryService:
    """The registry of one instance, in a folder of its own, at the platform's address for services."""

    def __init__(self, folder: Path, tls: Path, platform: Platform) -> None:
        self._folder = folder
        self._tls = tls
        self._platform = platform
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start both processes and store the image. Blocking; raises PackageError, RegistryError, OSError."""
        program = unpacked("docker-registry") / "usr/bin/docker-registry"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        login = self._login()
        try:
            for port in (OPEN_PORT, LOGIN_PORT):
                self._spawn(program, port)
            for port in (OPEN_PORT, LOGIN_PORT):
                self._wait(port)
            self._push(login)
        except BaseException:  # also a cancelled start leaves no process behind
            self.stop()
            raise

    def stop(self) -> None:
        """End both processes."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes = []

    def _login(self) -> Login:
        """The one user; the password stays the same for the life of the instance."""
        path = self._folder / "password"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(18).encode())
        password = path.read_text()
        hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=5)).decode()
        write_private(self._folder / "htpasswd", f"{USER}:{hashed}\n".encode())
        return Login(USER, password)

    def _spawn(self, program: Path, port: int) -> None:
        path = self._folder / f"{port}.json"  # the configuration is YAML, of which JSON is a part
        write_private(path, json.dumps(self._configuration(port)).encode())
        # The kernel ends it with this process, however that ends: nothing is left after a crash.
        command = ["setpriv", "--pdeathsig", "KILL", str(program), "serve", str(path)]
        log = os.open(self._folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._processes.append(
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder, env={})
            )
        finally:
            os.close(log)

    def _configuration(self, port: int) -> dict[str, object]:
        value: dict[str, object] = {
            "version": 0.1,
            "log": {"accesslog": {"disabled": True}, "level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(self._folder / "storage")}, "delete": {"enabled": True}},
            "http": {
                "addr": f"{self._platform.service_address}:{port}",
                "secret": secrets.token_hex(16),
                "tls": {
                    "certificate": str(self._tls / "registry.pem"),
                    "key": str(self._tls / "registry-key.pem"),
                },
            },
        }
        if port == LOGIN_PORT:
            value["auth"] = {"htpasswd": {"realm": "Local Azure", "path": str(self._folder / "htpasswd")}}
        return value

    def _client(self, port: int, login: Login | None = None) -> Client:
        context = ssl.create_default_context(cafile=str(self._tls / "ca.pem"))
        return Client(self._platform.service_address, port, context, self._platform.service_name, login)

    def _wait(self, port: int) -> None:
        client = self._client(port)
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not client.answers():
            ended = next((process for process in self._processes if process.poll() is not None), None)
            if ended is not None or time.monotonic() > deadline:
                lines = (self._folder / "log").read_text(errors="replace").splitlines()[-3:]
                at = f"{self._platform.service_address}:{port}"
                raise RegistryError(f"docker-registry does not answer at {at}: {' / '.join(lines)}")
            time.sleep(0.05)

    def _push(self, login: Login) -> None:
        client = self._client(LOGIN_PORT, login)
        image = busybox()
        for repository in REPOSITORIES:
            client.push(image, repository, "latest")
        client.close()
