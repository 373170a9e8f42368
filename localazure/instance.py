"""Instance: the folder of one Local Azure, its server.json, and the lock that tells whether its server runs."""

from __future__ import annotations

import fcntl
import json
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from localazure.behavior import config as behavior_config
from localazure.files import replace_private
from localazure.settings import Settings

DEFAULT = "default"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,20}")
# The namespace under which an instance's subscription and tenant get ids that stay the same each time it comes up.
_IDS = uuid.UUID("6d0b4c8e-5f0d-4c56-9a43-2f3c0a4b7e11")


class InstanceError(Exception):
    """Something about an instance stands in the way; the message says what and what to do."""


def home() -> Path:
    """The folder of all instances."""
    if os.environ.get("LOCALAZURE_HOME"):
        return Path(os.environ["LOCALAZURE_HOME"])
    if os.geteuid() == 0:
        return Path("/var/lib/localazure")
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "localazure"


class Instance:
    """One Local Azure by its name."""

    def __init__(self, name: str = DEFAULT) -> None:
        if not _NAME.fullmatch(name):
            raise InstanceError(
                f"'{name}' is not a valid instance name: it takes a letter, then up to 20 letters, digits or '-', all "
                "lower case."
            )
        self.name = name
        self.folder = home() / name

    @property
    def server_json(self) -> Path:
        return self.folder / "server.json"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def tls(self) -> Path:
        return self.folder / "tls"

    @property
    def store(self) -> Path:
        return self.folder / "store.sqlite"

    @property
    def ca_bundle(self) -> Path:
        return self.folder / "ca-bundle.pem"

    @property
    def registry(self) -> Path:
        return self.folder / "registry"

    @property
    def behavior(self) -> Path:
        return self.folder / behavior_config.NAME

    @property
    def azure_config(self) -> Path:
        return self.folder / "azure"

    @property
    def suffix(self) -> str:
        """The DNS suffix of everything in it; .test is reserved, so no real name is ever shadowed."""
        return f"{self.name}.test"

    def prepare(self) -> None:
        """Make the folders, for their owner only."""
        for folder in (self.folder, self.azure_config, self.folder / "home"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)

    def new_settings(self, machines: str, **chosen: Any) -> Settings:
        """Settings for a start; subscription and tenant depend on the name alone."""
        subscription, tenant = (str(uuid.uuid5(_IDS, f"{self.name}/{kind}")) for kind in ("subscription", "tenant"))
        return Settings(self.name, subscription, tenant, self.suffix, machines, **chosen)

    def read(self) -> dict[str, Any]:
        """server.json, or {} when it is not there or unreadable (a crash while it was written)."""
        try:
            value = json.loads(self.server_json.read_text())
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def settings(self) -> Settings:
        """The settings in server.json; raises InstanceError when there are none."""
        value = self.read()
        try:
            return Settings(**{name: value[name] for name in Settings.__dataclass_fields__})
        except KeyError as error:
            raise InstanceError(f"{self.server_json} has no {error}: take the instance down and up again.") from None

    def write(self, settings: Settings, **more: Any) -> None:
        """Replace server.json in one step."""
        replace_private(self.server_json, json.dumps({**asdict(settings), **more}, indent=2).encode())

    # who runs

    @property
    def _server_lock(self) -> Path:
        return self.folder / "server.lock"

    def hold_server_lock(self) -> int:
        """Taken by the server for its whole life, with its pid in the file. InstanceError when another has it."""
        descriptor = os.open(self._server_lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise InstanceError(f"Local Azure '{self.name}' runs already.") from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        return descriptor

    def server_pid(self) -> int | None:
        """The pid of the server that runs now, or None.

        The lock goes with the process that holds it, so a pid of a server that died is never taken for a live one.
        """
        try:
            descriptor = os.open(self._server_lock, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(descriptor, 32).decode()
            return int(text) if text.isdigit() else None
        finally:
            os.close(descriptor)
        return None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One `up` or `down` of an instance at a time. The file lies beside the folder, which `down` removes."""
        home().mkdir(mode=0o755, parents=True, exist_ok=True)
        path = home() / f".{self.name}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
