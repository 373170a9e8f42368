"""The command line's part: python -m localazure temper show|set|reset|check."""

from __future__ import annotations

import sys
from pathlib import Path

from localazure.instance import Instance, InstanceError
from localazure.temper import config
from localazure.temper.values import TemperError


def run(instance: Instance, action: str, file: str | None) -> int:
    """Do one of the actions; returns the exit status. Raises InstanceError."""
    path = instance.temper
    if action == "check":
        return _check(Path(file) if file else path)
    if action == "show":
        print(path.read_text() if path.exists() else "{}")
        return 0
    if not instance.folder.exists():
        raise InstanceError(f"Local Azure '{instance.name}' has no state: start it first.")
    if action == "reset":
        path.unlink(missing_ok=True)
        print(f"{path} is removed; nothing is set.")
        return 0
    if file is None:
        raise InstanceError("temper set needs a FILE; - is stdin.")
    data = _bytes(file)
    try:
        found = config.parse(data)
    except TemperError as error:
        source = "standard input" if file == "-" else file
        raise InstanceError(f"{source}: {error}. Nothing is changed.") from None
    config.write(path, data)
    print(f"{path}: {found.summary()}")
    return 0


def _bytes(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InstanceError(f"{file} can't be read: {error.strerror}") from None


def _check(path: Path) -> int:
    if not path.exists():
        raise InstanceError(f"{path}: there is no such file")
    try:
        print(f"{path}: {config.load(path).summary()}")
    except TemperError as error:
        raise InstanceError(f"{path}: {error}") from None
    return 0
