"""The hosts that the tests look at: each made once, those of different regions side by side, on demand."""

from __future__ import annotations

import gzip
import os
import pty
import subprocess
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from custom_data_cases import OF_A_HOST, SCRIPT_OF_A_HOST
from local_azure import GROUP, LocalAzure, cache
from running import Finished, run
from terminal import converse

PASSWORD = "Tall-Ships_2014+Docker"
# An image whose guest has a firewall of its own, which drops all but port 22.
IPTABLES = "LocalAzure:linux-variants:azure-linux-iptables:latest"


# What the Compose project of a host shows at its port, and what it must show nowhere.
MESSAGE = '$(id) "quoted" `id` $HOME ünï \\n\n second line: 東京 # $TOKEN=\n'
TOKEN = "Token_of-the_project.2014"
PROJECT = """
services:
  web:
    image: {registry}/busybox
    command: ["sh", "-c", "echo -n \\"$$MESSAGE\\" >/tmp/index.html; exec httpd -f -p 80 -h /tmp"]
    environment: {{MESSAGE: "${{MESSAGE}}", TOKEN: "${{TOKEN:?}}"}}
    ports: ["8080:80"]
    healthcheck: {{test: [CMD, wget, -q, -O, "-", "http://127.0.0.1/"], interval: 1s, start_period: 5s}}
"""


@dataclass(frozen=True)
class Order:
    """How a host is made. ``by`` does it, where more than running one command is needed."""

    region: str
    words: tuple[str, ...] = ()
    by: Callable[[Fleet, str, list[str]], Finished] | None = None


@dataclass(frozen=True)
class Host:
    """A finished host: its command, that command's result, and where its certificates are."""

    azure: LocalAzure
    name: str
    created: Finished
    result: dict = field(repr=False)

    @property
    def folder(self) -> Path:
        return Path(self.result["certDir"])

    @property
    def url(self) -> str:
        return self.result["dockerHost"]

    @property
    def address(self) -> tuple[str, int]:
        return self.result["fqdn"], self.result["dockerPort"]

    def docker(self, *words: object, timeout: float = 60) -> Finished:
        """The docker client as a user of this folder calls it."""
        return self.azure.docker("--tlsverify", "-H", self.url, *words, timeout=timeout,
                                 DOCKER_CERT_PATH=str(self.folder))

    def run(self, script: str) -> str:
        return self.azure.in_guest(self.name, script)

    def info(self, *words: str) -> Finished:
        return self.azure.az("dockervm", "info", "-g", GROUP, "-n", self.name, "-dc", self.folder, *words)


class Fleet:
    """Makes the hosts that the selected tests need. Those of one region are made one after the other, in order."""

    def __init__(self, azure: LocalAzure, orders: dict[str, Order], wanted: Iterable[str], folder: Path) -> None:
        self.azure = azure
        self.files = folder
        self.password_file = folder / "password"
        self.password_file.write_text(PASSWORD)
        self.custom_data = folder / "it's own.mime"
        self.custom_data.write_bytes(OF_A_HOST)
        self.own_script = folder / "own.sh"
        self.own_script.write_bytes(SCRIPT_OF_A_HOST)
        self.packed_script = folder / "own.sh.gz"
        self.packed_script.write_bytes(gzip.compress(SCRIPT_OF_A_HOST))
        self.ssh_key = folder / "id_ed25519"
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.ssh_key]).succeeded()
        self.write_project("app", PROJECT.format(registry=azure.environment["LOCALAZURE_PRIVATE_REGISTRY"]))
        self._orders = orders
        self._hosts: dict[str, Host | BaseException] = {}
        self._made = threading.Condition()
        self._closing = False
        self.names = names = [name for name in orders if name in set(wanted)]
        regions = {orders[name].region: [one for one in names if orders[one].region == orders[name].region]
                   for name in names}
        self._threads = [threading.Thread(target=self._make_all, args=(chain,), daemon=True)
                         for chain in regions.values()]
        for thread in self._threads:
            thread.start()

    def write_project(self, name: str, text: str) -> Path:
        """A folder with a Compose file and one of variables."""
        folder = self.files / name
        folder.mkdir()
        (folder / "compose.yaml").write_text(text)
        (folder / "secrets.env").write_text(f"MESSAGE='{MESSAGE}'\nTOKEN={TOKEN}\n")
        return folder

    def host(self, name: str) -> Host:
        with self._made:
            assert self._made.wait_for(lambda: name in self._hosts, 600), f"the host '{name}' was never made"
        found = self._hosts[name]
        if isinstance(found, BaseException):
            raise AssertionError(f"the host '{name}' could not be made: {found}")
        return found

    def all(self) -> list[Host]:
        """The hosts, once all have been tried; without those that could not be made."""
        self._finish()
        return [host for host in self._hosts.values() if isinstance(host, Host)]

    def _finish(self) -> None:
        for thread in self._threads:
            thread.join(600)

    def close(self) -> None:
        """Make no more; what is being made for a test that will not run any more is left half made."""
        self._closing = True
        self.azure.end_all()
        self._finish()

    def _make_all(self, names: list[str]) -> None:
        for name in names:
            if self._closing:
                return
            try:
                made: Host | BaseException = self._make(name)
            except BaseException as error:  # shown by every test that needs the host
                made = error
            with self._made:
                self._hosts[name] = made
                self._made.notify_all()

    def _make(self, name: str) -> Host:
        order = self._orders[name]
        own = [word.format(fleet=self) for word in order.words]
        words = ["dockervm", "create", "-g", GROUP, "-n", name, *own]
        if order.region != "westus":    # the group's
            words += ["-l", order.region]
        created = order.by(self, name, words) if order.by else self.azure.az(*words)
        assert created.code in (0, 4), str(created)      # 4: Docker works, but is behind a wall
        return Host(self.azure, name, created, created.json)


# Ways of making a host that need more than one command


def with_prompt(fleet: Fleet, _name: str, words: list[str]) -> Finished:
    """On a terminal of its own, where the password is typed at az's prompt; stdout goes to a file."""
    main, side = pty.openpty()
    output = fleet.files / "prompt.stdout"
    with output.open("wb") as stdout:
        # setsid gives it the terminal as its controlling one, where getpass asks.
        process = subprocess.Popen(["setsid", "--ctty", "--wait", cache() / "az/bin/az", *words], stdin=side,
                                   stdout=stdout, stderr=side, env=fleet.azure.environment, cwd=fleet.azure.home)
    os.close(side)
    shown = converse(main, process, [PASSWORD, PASSWORD])
    return Finished(tuple(map(str, words)), process.wait(), output.read_text(), shown)


class Wall:
    """Drops what this machine sends to one address and port, by a table of its own."""

    def __init__(self, azure: LocalAzure) -> None:
        self.table = f"wall_{azure.name.replace('-', '_')}"

    def raise_(self, address: str, port: int) -> None:
        for rule in (f"add table inet {self.table}",
                     f"add chain inet {self.table} out {{ type filter hook output priority -10; }}",
                     f"add rule inet {self.table} out ip daddr {address} tcp dport {port} drop"):
            run(["nft", rule]).succeeded()

    def tear_down(self) -> None:
        run(["nft", "delete", "table", "inet", self.table])


def behind_a_wall(fleet: Fleet, name: str, words: list[str]) -> Finished:
    """Made while its Docker port can't be reached from here, as behind an office's firewall."""
    running = fleet.azure.start(*words)
    running.until_said(f"create the public IP address '{name}PublicIP'")
    address = fleet.azure.query("network", "public-ip", "show", "-g", GROUP, "-n", f"{name}PublicIP")["ipAddress"]
    Wall(fleet.azure).raise_(address, 4243)
    return running.finish()
