"""Handlers as az calls them: an Azure in memory behind them, folders with certificates, and somebody at a terminal."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_azure import FakeCloud
from handler_calls import az_cmd, cloud_of_handlers


@pytest.fixture(autouse=True)
def docker_client(monkeypatch, tmp_path) -> Path:
    """The configuration of a docker client of the test's own, with nothing in it."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "BUILDX_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "client"))
    return tmp_path / "client"


@pytest.fixture
def cmd():
    return az_cmd()


@pytest.fixture
def cloud(monkeypatch) -> FakeCloud:
    return cloud_of_handlers(monkeypatch)


@pytest.fixture
def folder(two_authorities, tmp_path) -> Path:
    return Path(shutil.copytree(two_authorities / "mine", tmp_path / "mine"))


@pytest.fixture
def other(two_authorities, tmp_path) -> Path:
    """Of another authority."""
    return Path(shutil.copytree(two_authorities / "other", tmp_path / "other"))


@pytest.fixture
def in_read_only() -> Callable[[Path, Callable[[], str]], str]:
    """What something says while a folder can't be written: for root, who may write anything, it is mounted read-only in
    a namespace of a process of its own."""
    def answer(folder: Path, call: Callable[[], str]) -> str:
        if os.geteuid():
            folder.chmod(0o500)
            try:
                return call()
            finally:
                folder.chmod(0o700)
        readable, writable = os.pipe()
        child = os.fork()
        if not child:
            try:
                mount_read_only(folder)
                os.write(writable, call().encode())
            except PermissionError:
                os.write(writable, NO_NAMESPACE.encode())
            except BaseException as error:
                os.write(writable, repr(error).encode())
            finally:
                os._exit(0)
        os.close(writable)
        with os.fdopen(readable) as said:
            text = said.read()
        os.waitpid(child, 0)
        if text == NO_NAMESPACE:
            pytest.skip("this system lets nobody mount")
        return text
    return answer


NO_NAMESPACE = "no namespace"
CLONE_NEWNS = 0x20000       # sched.h


def mount_read_only(folder: Path) -> None:
    if ctypes.CDLL(None).unshare(CLONE_NEWNS):
        raise PermissionError(NO_NAMESPACE)
    for words in (["--make-rprivate", "/"], ["--bind", folder, folder], ["-o", "remount,bind,ro", folder]):
        subprocess.run(["mount", *map(str, words)], check=True)


@pytest.fixture
def answers(monkeypatch) -> dict:
    """Question → what somebody answers to it; one that is not here fails the test, and an answer serves once."""
    given: dict = {}
    monkeypatch.setattr("knack.prompting.prompt_y_n", lambda question, default: given.pop(question))
    return given
