"""A create, all of it real but the machine and the time: the extension, the SDKs, HTTP, the ARM of Local Azure."""

from __future__ import annotations

import socket
import time
from types import SimpleNamespace
from typing import Any

import pytest
from fault_world import World
from hurried_clock import HurriedClock
from read_rounds import Rounds, conducted

from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.flow import cancellation, deadline

VERSION = {"version": {"Version": "26.1.5+memory"}}
# Local Azure's own Retry-After is as short as its operations: an endless one would be asked for ten thousand times.
SHORTEST_PAUSE_SECONDS = 0.5


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("arm"))
    yield world
    world.arm.stop()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """Made once: what is tried here is what Azure does."""
    folder = tmp_path_factory.mktemp("home") / ".docker"
    CertificateStore(folder).ensure()
    return folder


@pytest.fixture
def world(server, clock):
    yield server
    server.faults()


@pytest.fixture
def clock(server, monkeypatch):
    """Time that nobody waits for; engines are those of ``server``."""
    import docker

    clock = HurriedClock()

    def wait(switch: cancellation.Cancellation, seconds: float) -> None:
        time.sleep(0.001)       # the server has its turn
        if not switch.cancelled:
            clock.sleep(max(seconds, SHORTEST_PAUSE_SECONDS))

    monkeypatch.setattr(deadline, "time", clock)
    monkeypatch.setattr(cancellation.Cancellation, "wait", wait)
    reached = SimpleNamespace(**{**vars(socket),
                                 "create_connection": lambda *_where, **_more: server.platform.latest.engine.connect()})
    monkeypatch.setattr("azext_dockervm.engine.tls.socket", reached)
    monkeypatch.setattr(docker, "APIClient", _EngineClient)
    return clock


@pytest.fixture
def group(world):
    """A resource group of the test's own, gone after it: the next one's host wants the same DNS label."""
    name = world.new_group()
    yield name
    world.faults()
    world.arm.done("DELETE", f"/resourceGroups/{name}")


@pytest.fixture
def rounds(monkeypatch) -> Rounds:
    """The reads from now on, until the first write."""
    return conducted(monkeypatch)


class _EngineClient:
    """In place of the Docker SDK's client."""

    def __init__(self, *_arguments: Any, **_options: Any) -> None: ...

    def version(self) -> dict[str, str]:
        return VERSION["version"]

    def info(self) -> dict[str, Any]:
        return {}

    def containers(self) -> list[Any]:
        return []

    def close(self) -> None: ...
