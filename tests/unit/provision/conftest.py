"""Machines for the set-up script, a certificate authority for them, and a clock that makes nobody wait."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from boot_machine import FirstBoot
from script_machine import SHELLS, Machine
from small_disk import may_mount

from azext_dockervm.flow.cancellation import Cancellation


@pytest.fixture(scope="module")
def ca_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authority")


@pytest.fixture(params=SHELLS)
def machine(request: pytest.FixtureRequest, tmp_path: Path, ca_folder: Path) -> Iterator[Machine]:
    shell = SHELLS[request.param]
    if shutil.which(shell[0]) is None:
        pytest.skip(f"{shell[0]} is not installed")
    with closing(Machine(tmp_path / "root", shell, ca_folder)) as made:
        yield made


@pytest.fixture
def dash_machine(tmp_path: Path, ca_folder: Path) -> Iterator[Machine]:
    """For what does not depend on the shell."""
    with closing(Machine(tmp_path / "root", SHELLS["dash"], ca_folder)) as made:
        yield made


@pytest.fixture
def first_boot(dash_machine: Machine, tmp_path: Path) -> Iterator[FirstBoot]:
    with closing(FirstBoot(dash_machine, tmp_path / "boot")) as made:
        yield made


@pytest.fixture
def any_boot(machine: Machine, tmp_path: Path) -> Iterator[FirstBoot]:
    """In each shell."""
    with closing(FirstBoot(machine, tmp_path / "boot")) as made:
        yield made


@pytest.fixture(scope="module")
def requested(tmp_path_factory: pytest.TempPathFactory, ca_folder: Path) -> Iterator[tuple[Machine, str]]:
    """A machine that has made its request, and the request; for tests that leave it as it is."""
    with closing(Machine(tmp_path_factory.mktemp("requested") / "root", SHELLS["dash"], ca_folder)) as made:
        yield made, made.request().csr


@pytest.fixture
def mounts() -> None:
    may_mount()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody really waits: whoever sleeps moves the clock, which is the list's one number."""
    now = [1000.0]

    def wait(_cancellation: Cancellation, seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(Cancellation, "wait", wait)
    return now
