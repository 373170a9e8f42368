"""The command line's part: python -m localazure behavior show|set|reset|check."""

from __future__ import annotations

import sys
from pathlib import Path

from localazure.behavior import config
from localazure.behavior.values import BehaviorError
from localazure.instance import Instance, InstanceError


def run(instance: Instance, action: str, file: str | None) -> int:
    """Do one of the actions; returns the exit status. Raises InstanceError."""
    path = instance.behavior
    if action == "check":
        return _check(file, path)
    if action == "show":
        print(path.read_text() if path.exists() else "{}")
        return 0
    if not instance.folder.exists():
        raise InstanceError(f"Local Azure '{instance.name}' has no state: start it first.")
    if action == "reset":
        path.unlink(missing_ok=True)
        print(f"{path} is removed; nothing is set.")
        return 0
    assert file is not None, "the parser asks for one"
    data = _bytes(file)
    found = _parsed(data, file, " Nothing is changed.")
    config.write(path, data)
    print(f"{path}: {found.summary()}")
    return 0


def _bytes(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InstanceError(f"{file} can't be read: {error.strerror}") from None


def _parsed(data: bytes, file: str, more: str = "") -> config.Config:
    try:
        return config.parse(data)
    except BehaviorError as error:
        raise InstanceError(f"{_said(file)}: {error}.{more}") from None


def _said(file: str) -> str:
    return "standard input" if file == "-" else file


def _check(file: str | None, own: Path) -> int:
    if file is None and not own.exists():
        raise InstanceError(f"{own}: there is no such file, so nothing goes wrong on purpose.")
    source = file or str(own)
    print(f"{_said(source)}: {_parsed(_bytes(source), source).summary()}")
    return 0
