"""One Local Azure of these tests' own, the unmodified az logged in to it, and the distribution's docker client."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shlex
import signal
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from ready_az import ReadyAz
from running import PATIENCE_SECONDS, Finished, Running, run

ROOT = Path(__file__).resolve().parents[2]
GROUP = "e2e"
# Commands of the extension that are run as users run them; `env` looks at the processes above it.
STARTED = ("create", "enable", "delete", "env")


def instance_name(kind: str) -> str:
    """The name of this checkout's own instance; a second run beside the first takes another by TEST_INSTANCE."""
    own = hashlib.sha256(str(ROOT).encode()).hexdigest()[:4]
    return os.environ.get("TEST_INSTANCE") or f"{kind}-{own}"


def cache() -> Path:
    """The folder of images and Python environments, as script/lib.sh finds it."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("DOCKERVM_CACHE") or Path(base) / "az-dockervm")


class LocalAzure:
    """An instance by its name. ``folder`` is its state, ``home`` what az and docker take for the user's home."""

    def __init__(self, name: str) -> None:
        self.name = name
        base = Path("/var/lib/localazure") if os.geteuid() == 0 else Path.home() / ".local/state/localazure"
        self.folder = Path(os.environ.get("LOCALAZURE_HOME") or base) / name
        self.home = self.folder / "home"
        self.environment: dict[str, str] = {}
        self._started: list[Running] = []
        self._ready: tuple[dict[str, str], ReadyAz] | None = None
        self._making_ready = threading.Lock()
        self._token = ""

    # the instance

    def up(self, machines: str = "nspawn", *options: str) -> None:
        """Start it, log az in, and install the extension from its wheel: all by the scripts that users take."""
        self._start(machines, options)
        extension = self._script("az", "extension", "show", "-n", "dockervm").succeeded().json
        assert extension["extensionType"] == "whl"
        # az keeps a log file of all that it would show with --debug, so that secrets can be searched for there too.
        self.environment |= {"AZURE_LOGGING_ENABLE_LOG_FILE": "yes",
                             "AZURE_EXTENSION_DIR": str(Path(extension["path"]).parent)}

    def up_for_stock_az(self, *options: str) -> None:
        """Start it with fake machines, for az without any extension."""
        self._start("fake", options)
        self.environment |= {"AZURE_EXTENSION_DIR": str(self.home / "no-extensions")}

    def serve(self, machines: str, *options: str) -> None:
        """Start its server, also after a crash, and nothing else."""
        words = ("up", "--instance", self.name, "--machines", machines, *options)
        self._script("localazure", *words, timeout=900).succeeded()

    def _start(self, machines: str, options: tuple[str, ...]) -> None:
        self.serve(machines, *options)
        self.home.mkdir(exist_ok=True)
        # From a folder that is not the repository: python would prefer the sources there to the wheel.
        group = ("group", "create", "-n", GROUP, "-l", "West US", "-o", "none")
        self._script("az", *group, timeout=900).succeeded()
        exported = self._script("localazure", "env", "--instance", self.name).succeeded().stdout
        settings = dict(word.split("=", 1) for word in shlex.split(exported) if "=" in word)
        # With several --ids az starts threads, which trip over the classes of its generated commands: a result is
        # missing now and then.
        self.environment = {**self._base(), **settings, "HOME": str(self.home),
                            "AZURE_CORE_DISABLE_CONCURRENT_IDS": "yes"}

    def at_home(self, home: Path) -> LocalAzure:
        """The same instance and login for somebody with another home; the caller's to end."""
        other = LocalAzure(self.name)
        other.home, other.environment = home, {**self.environment, "HOME": str(home)}
        return other

    def down(self) -> Finished:
        return self._script("localazure", "down", "--instance", self.name, timeout=300)

    def _script(self, name: str, *words: str, timeout: float = PATIENCE_SECONDS) -> Finished:
        folder = self.home if self.home.is_dir() else Path("/")
        return run([ROOT / "script" / name, *words], self._base(), folder, timeout=timeout)

    def _base(self) -> dict[str, str]:
        """The tests' own environment without what would send az or docker elsewhere."""
        foreign = ("DOCKER_", "AZURE_", "LOCALAZURE_", "REQUESTS_CA_BUNDLE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        if os.environ.get("LOCALAZURE_HOME"):
            kept["LOCALAZURE_HOME"] = os.environ["LOCALAZURE_HOME"]
        return {**kept, "DOCKERVM_CACHE": str(cache()), "LOCALAZURE_INSTANCE": self.name, "LC_ALL": "C.UTF-8"}

    @property
    def subscription(self) -> str:
        return self.environment["LOCALAZURE_SUBSCRIPTION"]

    @property
    def server_pid(self) -> int:
        return json.loads((self.folder / "server.json").read_text())["pid"]

    # the clients

    def start(self, *words: object) -> Running:
        """az, in the background."""
        running = Running([cache() / "az/bin/az", *words], self.environment, self.home)
        self._started.append(running)
        return running

    def az(self, *words: object) -> Finished:
        """az to its end, by a fork, which spares most of a second; what makes and changes hosts by the program."""
        if words[0] == "dockervm" and words[1] in STARTED:
            return self.start(*words).finish()
        return self.ready_az().run(words, self.home)

    def ready_az(self) -> ReadyAz:
        """az in the environment of now, ready to be forked."""
        with self._making_ready:
            if self._ready is None or self._ready[0] != self.environment:
                self._close_ready()
                self._ready = dict(self.environment), ReadyAz(cache() / "az/bin/az", self.environment)
            return self._ready[1]

    def _close_ready(self) -> None:
        if self._ready:
            self._ready[1].close()
            self._ready = None

    def end_all(self) -> None:
        """End what still runs of az, after a failure or Ctrl-C."""
        self._close_ready()
        for running in self._started:
            if running.alive:
                running.signal(signal.SIGKILL)
                running.finish()

    def query(self, *words: object) -> Any:
        """What an az command that must succeed answers, as values."""
        return self.az(*words, "-o", "json").succeeded().json

    def docker(self, *words: object, timeout: float = 60, **more: str) -> Finished:
        """The docker client, with nothing but the folder of certificates in its home."""
        return run(["docker", *words], {**self.environment, **more}, self.home, timeout=timeout)

    def in_guest(self, host: str, script: str) -> str:
        """What a script says on a host; entered directly, because Azure's own run command takes seconds each time."""
        leader = self._leader(host)
        assert leader, f"'{host}' does not run"
        return run(["nsenter", "-t", leader, "-m", "-n", "-p", "-u", "-i", "sh", "-c", script]).stdout.strip()

    def boot(self, host: str) -> str | None:
        """Tells one boot of a host from another: its first process and when that began. None while there is none."""
        leader = self._leader(host)
        return leader and f"{leader} {Path(f'/proc/{leader}/stat').read_text().rpartition(')')[2].split()[19]}"

    def _leader(self, host: str) -> str | None:
        """The host's process 1 as this machine numbers it: a child of systemd-nspawn."""
        try:
            nspawn = json.loads((self._machine(host) / "supervisor.json").read_text())["nspawn"]
            children = Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split()
            return next((pid for pid in children if re.search(r"^NSpid:\s+\d+\s+1$", _status(pid), re.M)), None)
        except FileNotFoundError:   # it ends or begins just now
            return None

    def disk(self, host: str) -> Path:
        """What a host has written to its own disk, as a folder of this machine; all of a fake one's."""
        machine = self._machine(host)
        return machine / "upper" if (machine / "upper").exists() else machine / "root"

    def _machine(self, host: str) -> Path:
        for record in self.folder.glob("machines/*/machine.json"):
            if json.loads(record.read_text())["spec"]["hostname"] == host:
                return record.parent
        raise AssertionError(f"there is no machine '{host}'")

    # the service itself, for what a test needs but does not test: az takes a second for each call

    def arm(self, method: str, path: str, api_version: str, body: dict[str, Any] | None = None) -> Any:
        """One call, as an administrator; an answer of 400 and more raises HTTPError."""
        if not self._token:
            secret = Path(self.environment["LOCALAZURE_CLIENT_SECRET_FILE"]).read_text()
            form = urlencode({"grant_type": "client_credentials", "scope": f"{self._endpoint}/.default",
                              "client_id": self.environment["LOCALAZURE_CLIENT_ID"], "client_secret": secret})
            url = f"{self._endpoint}/{self.environment['LOCALAZURE_TENANT']}/oauth2/v2.0/token"
            self._token = self._call(Request(url, form.encode()))["access_token"]
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        url = f"{self._endpoint}{path}?api-version={api_version}"
        return self._call(Request(url, data, headers, method=method))

    def _call(self, request: Request) -> Any:
        handler = HTTPSHandler(context=ssl.create_default_context(cafile=str(self.folder / "tls/ca.pem")))
        with build_opener(ProxyHandler({}), handler).open(request, timeout=PATIENCE_SECONDS) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    @property
    def _endpoint(self) -> str:
        return self.environment["LOCALAZURE_ENDPOINT"]

    def group_path(self, name: str) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{name}"

    # what Azure has

    def parts(self, host: str) -> set[str]:
        """Types and names of everything that carries a host's tag."""
        return {f"{one['type'].rpartition('/')[2]}/{one['name']}"
                for one in self.query("resource", "list", "--tag", f"dockervm-host={host}")}

    def requests(self) -> Requests:
        """The requests that Local Azure answers from now on."""
        return Requests(self.folder / "server.log")


@contextmanager
def with_fake_machines(kind: str, *options: str) -> Iterator[LocalAzure]:
    """An instance of this process's own, cleaned before and after; az is logged in to it, without any extension."""
    name = instance_name(kind)
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        name = f"{name}-{worker}"
    azure = LocalAzure(name)
    with (cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)    # two runs of one checkout: the second one waits
        if azure.folder.exists():
            azure.down().succeeded()    # what a killed run left
        try:
            azure.up_for_stock_az(*options)
            yield azure
        finally:
            azure.end_all()
            if azure.folder.exists():
                azure.down().succeeded()


class Requests:
    """What Local Azure's log says since this was made."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._begin = log.stat().st_size

    def __contains__(self, pattern: str) -> bool:
        return self.count(pattern) > 0

    def count(self, pattern: str) -> int:
        with self._log.open("rb") as log:
            log.seek(self._begin)
            return len(re.findall(pattern, log.read().decode(errors="replace")))


def _status(pid: str) -> str:
    return Path(f"/proc/{pid}/status").read_text()


def eventually(check: Callable[[], Any], what: str, timeout: float = 60.0) -> Any:
    """The first true answer of ``check``."""
    deadline = time.monotonic() + timeout
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.5)
