"""Fixtures of Local Azure's tests: one server for all, groups of one's own, servers that can be restarted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from arm_support import Group, LocalAzure  # noqa: E402
from fake_pki import Pki  # noqa: E402
from memory_platform import MemoryPlatform  # noqa: E402

from localazure.behavior import config  # noqa: E402


@pytest.fixture(scope="session")
def shared_arm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    arm = LocalAzure(tmp_path_factory.mktemp("localazure"))
    arm.platform.public_pool = [f"127.77.{number // 200}.{number % 200 + 1}" for number in range(1000)]
    yield arm
    arm.stop()


@pytest.fixture
def arm(shared_arm: LocalAzure) -> LocalAzure:
    """A server that tests share; each works in groups of its own."""
    shared_arm.platform.create_error = None
    shared_arm.platform.unblocked.set()
    return shared_arm


@pytest.fixture
def group(arm: LocalAzure) -> Iterator[Group]:
    """A group that goes after the test, so that the region's cores suffice for all of them."""
    group = Group(arm)
    yield group
    arm.platform.unblocked.set()
    arm.call("DELETE", group.path)


@pytest.fixture
def behavior(arm: LocalAzure) -> Iterator[Callable[..., None]]:
    """Writes behavior.json of the shared server, like behavior(rules=[...]); nothing is set after the test."""
    path = arm.folder / config.NAME
    arm.on_loop(lambda: arm.cloud.behavior.watch(path))

    def write(**members: Any) -> None:
        config.write(path, json.dumps(members).encode())
        config.load(path)  # what the server could not read is a mistake of the test

    yield write
    path.unlink(missing_ok=True)
    arm.on_loop(arm.cloud.behavior.refresh)


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


class Restartable:
    """Servers of one instance, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.platform = MemoryPlatform(folder)
        self.arm = LocalAzure(folder, self.platform)

    def restart(self) -> LocalAzure:
        """Stop without finishing anything, and start again on the same state."""
        self.arm.stop()
        self.arm = LocalAzure(self.folder, self.platform)
        return self.arm


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Restartable]:
    restartable = Restartable(tmp_path)
    yield restartable
    restartable.arm.stop()
