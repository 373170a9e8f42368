"""The door of az dockervm on fake machines: the real program, at each machine's own Docker port."""

from __future__ import annotations

import base64
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from door_process import PROGRAM, RUN, client_context, exchange
from fake_pki import PORT, Pki
from fake_support import MACHINE, OPEN, enable, eventually, fake_platform, make, own_address, refused, root_of

from azext_dockervm.certs.one_time import OneTimeIdentity
from localazure.machines.fake import relay
from localazure.machines.machine import FirewallRule, PublicAddress

# As the set-up script starts it: orders by a FIFO, answers into a file.
SCRIPT = f"""#!/bin/sh
cd "$DOCKERVM_ROOT/run"
mkfifo orders
: >said
echo $$ >pid
systemd-run --quiet --pipe --collect --unit=dockervm-door --property=DynamicUser=yes \\
    python3 -I '{PROGRAM}' <orders >said
echo ended >>said
"""


@pytest.fixture
def platform(tmp_path, monkeypatch):
    with fake_platform(tmp_path, monkeypatch) as platform:
        yield platform


class DoorOfMachine:
    """A machine's first boot with nothing but a door; the test is its script."""

    def __init__(self, platform, pki, machine_id=MACHINE, public=0) -> None:
        self.folder = root_of(platform, machine_id) / "run"
        self.address = make(platform, machine_id, custom_data=SCRIPT.encode(), public=public)
        self.own, self.port = own_address(platform, machine_id), PORT
        eventually((self.folder / "pid").exists)
        self._orders = (self.folder / "orders").open("w")
        self.identity = OneTimeIdentity.create(RUN)
        self.context = client_context(self.identity, pki.both("client"))
        self.tell("run", RUN)
        for word, text in (("authority", pki.folder.joinpath("ca.pem").read_bytes()),
                           ("certificate", self.identity.certificate_pem), ("key", self.identity.key_pem.reveal())):
            self.tell(word, base64.b64encode(text).decode())

    def tell(self, *words: object) -> None:
        self._orders.write(" ".join(map(str, words)) + "\n")
        self._orders.flush()

    def close(self) -> None:
        self._orders.close()

    @property
    def said(self) -> list[str]:
        return (self.folder / "said").read_text().splitlines()

    def open(self) -> DoorOfMachine:
        self.tell("open", PORT)
        self.hears(f"open {PORT}")
        return self

    def hears(self, line: str) -> None:
        """As its last word."""
        eventually(lambda: self.said[-1:] == [line], lambda: self.said)

    def answers(self, address: str) -> bool:
        return b'"state": "waiting"' in exchange(self, self.context, STATE, address)


STATE = b'{"v": 1, "run": "%s", "op": "state"}\n' % RUN.encode()


@pytest.fixture
def door(platform, pki: Pki) -> Iterator[DoorOfMachine]:
    with closing(DoorOfMachine(platform, pki)) as made:
        yield made


def test_each_machine_has_a_door_of_its_own_at_the_same_port(platform, pki, door):
    assert refused(door.address) and refused(door.own)
    door.open()
    with closing(DoorOfMachine(platform, pki, "0b0b0b0b", public=1)) as other:
        other.open()
        for one, another in ((door, other), (other, door)):
            for address in (one.address, one.own):
                assert one.answers(address)
                assert exchange(another, another.context, STATE, address) == b""    # the wrong certificate
    assert refused("127.0.0.1")     # it listens nowhere else
    assert door.answers(door.address)


def test_rules_and_the_public_address_decide_who_gets_to_it(platform, door):
    platform.machine_firewall(MACHINE, None)
    door.open()
    assert refused(door.address) and door.answers(door.own)
    platform.machine_firewall(MACHINE, OPEN)
    assert door.answers(door.address)
    other = FirewallRule("other", 100, "Inbound", "Allow", "Tcp", ("*",), ("*",), ("*",), (str(PORT + 1),))
    platform.machine_firewall(MACHINE, [other])
    assert refused(door.address)
    platform.machine_firewall(MACHINE, OPEN)
    platform.machine_expose(MACHINE, None)
    assert refused(door.address)
    second = platform.public_pool[3]
    platform.machine_expose(MACHINE, PublicAddress(second, None))
    assert door.answers(second) and refused(door.address)


def engine_starts(platform) -> tuple[int, str]:
    result = platform.machine_run(MACHINE, "systemctl restart docker.service")
    return result.exit_code, result.stderr


def test_the_engine_follows_at_the_same_port_and_not_before(platform, pki, door):
    door.open()
    result = enable(platform, pki)
    assert result.exit_code != 0 and "Address already in use" in result.stdout
    assert door.answers(door.address)
    door.tell("close")
    door.hears("closed")
    assert refused(door.address) and refused(door.own)
    assert engine_starts(platform) == (0, "")
    assert pki.get(door.address, "/_ping") == (200, b"OK")
    assert pki.get(door.own, "/_ping") == (200, b"OK")
    platform.machine_firewall(MACHINE, None)
    platform.machine_firewall(MACHINE, OPEN)
    assert pki.get(door.address, "/_ping") == (200, b"OK")


def test_where_the_engine_serves_already_it_cannot_open(platform, pki, door):
    assert enable(platform, pki).exit_code == 0
    door.tell("open", PORT)
    eventually(lambda: door.said[-1:] and door.said[-1].startswith("cannot "), lambda: door.said)
    assert pki.get(door.address, "/_ping") == (200, b"OK")


def test_it_can_open_again(platform, door):
    door.open()
    for _ in range(2):
        door.tell("close")
        door.hears("closed")
        assert refused(door.address)
        door.open()
        assert door.answers(door.address)


@pytest.mark.parametrize("end", ["stop", "close", "kill", "end of orders"])
def test_whatever_ends_it_its_place_is_free(platform, pki, door, end):
    door.open()
    if end == "stop":
        assert platform.machine_run(MACHINE, "systemctl stop dockervm-door.service").exit_code == 0
        door.hears("ended")
    elif end == "close":
        door.tell("close")
        door.hears("closed")
    elif end == "kill":     # not even the stand-in can do anything about it
        os.kill(int((door.folder / "systemd/transient/dockervm-door.service").read_text()), signal.SIGKILL)
        door.hears("ended")
        eventually(lambda: refused(door.own) and refused(door.address))
    else:
        door.close()
        door.hears("ended")
    assert refused(door.address) and refused(door.own)
    assert enable(platform, pki).exit_code == 0 and pki.get(door.address, "/_ping") == (200, b"OK")


@pytest.mark.parametrize("ended", ["machine_stop", "machine_delete"])
def test_it_ends_with_the_machine_and_does_not_come_back(platform, door, ended):
    door.open()
    getattr(platform, ended)(MACHINE)
    assert refused(door.address) and refused(door.own)
    if ended == "machine_stop":
        platform.machine_start(MACHINE)
    else:
        make(platform)
    assert refused(door.address) and refused(door.own)


def test_what_is_passed_on_comes_whole_and_its_end_as_well(tmp_path):
    """A megabyte each way; each side ends its own when it has sent all."""
    data = os.urandom(1024 * 1024)
    heard: list[bytes] = []

    def echo(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            heard.append(b"".join(iter(lambda: connection.recv(65536), b"")))
            connection.sendall(heard[0])

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=echo, args=(server,), daemon=True).start()
        here, there = socket.socketpair()
        there.settimeout(20)
        threading.Thread(target=relay.pass_on, args=(server.getsockname(), there), daemon=True).start()
        with here:
            here.settimeout(20)
            here.sendall(data)
            here.shutdown(socket.SHUT_WR)
            assert b"".join(iter(lambda: here.recv(65536), b"")) == data
    assert heard == [data]
