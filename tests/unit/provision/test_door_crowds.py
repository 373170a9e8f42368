"""A crowd before the door of a new host: slow, many, and quick to come back; the right client gets in all the same."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from door_process import (
    RUN,
    DoorProcess,
    client_context,
    credential_file,
    door,
    eventually,
    exchange,
    read,
    signing_request,
    state_message,
)

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.one_time import OneTimeIdentity
from azext_dockervm.provision.script.door import KNOWN_SOURCES, Door, source_of

AT_ONCE, PER_SOURCE = 32, 4
# A record of a handshake, of 512 bytes that never come.
HELLO = b"\x16\x03\x01\x02\x00\x01"


@pytest.fixture(name="authority", scope="module")
def certificate_authority() -> Authority:
    return Authority.create()


@pytest.fixture(name="mine", scope="module")
def client_certificate(authority, tmp_path_factory) -> Path:
    return credential_file(authority.issue_client("me"), tmp_path_factory.mktemp("mine"))


@pytest.fixture(name="program")
def door_program(authority):
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN)) as made:
        made.tell("patience", 60)    # what ends a connection here is never the clock, but where a test says so
        made.tell_text("csr", signing_request())
        yield made.open()


@pytest.fixture(name="crowd")
def crowd_of_connections() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as made:
        yield made


def serves(program: DoorProcess, mine: Path, **how) -> bool:
    return b'"state": "waiting"' in exchange(program, client_context(program.identity, mine), state_message(), **how)


def slow(crowd: contextlib.ExitStack, program: DoorProcess, source: str, said: bytes = HELLO,
         address: str = "127.0.0.1") -> socket.socket:
    """A connection that begins, and then says no more."""
    made = crowd.enter_context(socket.create_connection((address, program.port), 20, (source, 0)))
    made.sendall(said)
    return made


def proven(crowd: contextlib.ExitStack, program: DoorProcess, mine: Path, source: str) -> ssl.SSLSocket:
    """A client with a certificate that asks nothing. By TLS 1.2 a handshake ends on the server's side first."""
    context = client_context(program.identity, mine)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    made = crowd.enter_context(context.wrap_socket(
        socket.create_connection(("127.0.0.1", program.port), 20, (source, 0)), server_hostname=program.identity.name))
    made.sendall(b" ")
    return made


def is_ended(connection: socket.socket) -> bool:
    connection.settimeout(0.02)
    try:
        return socket.socket.recv(connection, 1, socket.MSG_PEEK) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def ended(connections: list[socket.socket]) -> list[int]:
    return [number for number, one in enumerate(connections) if is_ended(one)]


# Slow


@pytest.mark.parametrize("at", ["hello", "message"])
def test_a_connection_has_its_seconds_however_it_trickles(program, mine, crowd, at):
    program.tell("patience", 1)     # of ten, so that nobody has to wait
    assert serves(program, mine)
    made = slow(crowd, program, "127.0.0.1") if at == "hello" else proven(crowd, program, mine, "127.0.0.1")
    started = time.monotonic()
    while trickles(made) and time.monotonic() < started + 15:
        time.sleep(0.05)
    assert 0.5 < time.monotonic() - started < 15
    assert serves(program, mine)


@pytest.mark.long
def test_it_has_ten_seconds(authority, crowd):
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN)) as program:
        made, started = slow(crowd, program.open(), "127.0.0.1"), time.monotonic()
        assert eventually(lambda: is_ended(made)) and 9 < time.monotonic() - started < 15


def trickles(connection: socket.socket) -> bool:
    """Whether one byte more is taken."""
    try:
        connection.sendall(b" ")
        return not is_ended(connection)
    except OSError:
        return False


def test_who_does_not_read_his_answer_is_waited_for_no_longer(program, mine, crowd):
    program.tell("patience", 1)
    program.tell_text("reason failed", "x" * 16384)
    for _ in range(PER_SOURCE):
        made = proven(crowd, program, mine, "127.0.0.5")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        made.sendall(state_message())
    time.sleep(1.5)
    assert b"failed" in exchange(program, client_context(program.identity, mine), state_message(), source="127.0.0.5")


# Many


def test_one_source_has_four_places_and_takes_nobody_else_s(program, mine, crowd):
    held = [slow(crowd, program, "127.0.0.9") for _ in range(PER_SOURCE + 2)]
    other = slow(crowd, program, "127.0.0.10")
    assert eventually(lambda: ended(held) == [0, 1]), "its own oldest make room"
    assert not is_ended(other) and serves(program, mine)


def test_behind_the_same_address_as_slow_ones_the_right_client_gets_in(program, mine, crowd):
    """An office, or a provider, shows many people as one address."""
    held = [slow(crowd, program, "127.0.0.1") for _ in range(PER_SOURCE)]
    for _ in range(3):
        assert serves(program, mine)
    assert ended(held)[:1] == [0], "the oldest made room"


@pytest.mark.parametrize(("host", "same", "other"), [
    ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"),
    ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:3::1"),
    ("fe80::1%eth0", "fe80::2", "2001:db8::1"),
])
def test_an_ipv6_network_is_one_source(host, same, other):
    """One customer has all of it, and could come from everywhere."""
    assert source_of(host) == source_of(same) != source_of(other)


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="this kernel has no IPv6")
def test_ipv4_and_ipv6_count_apart(program, crowd):
    """127.0.0.1 comes as ::ffff:127.0.0.1."""
    held = [slow(crowd, program, "127.0.0.1") for _ in range(PER_SOURCE)]
    six = [slow(crowd, program, "::1", address="::1") for _ in range(PER_SOURCE + 1)]
    assert eventually(lambda: ended(six) == [0]) and not ended(held)


def test_many_sources_that_fill_all_places_do_not_keep_the_right_client_out(program, mine, crowd):
    held = [slow(crowd, program, f"127.0.1.{number}") for number in range(1, AT_ONCE + 9)]
    assert eventually(lambda: ended(held) == list(range(8))), "the oldest make room"
    for _ in range(3):
        assert serves(program, mine)


def test_who_has_failed_before_makes_room_first(program, mine, crowd):
    """So whoever comes back again and again, from many sources, displaces himself, not the client that is far away."""
    sources = [f"127.0.2.{number}" for number in range(1, AT_ONCE)]
    for source in sources:
        slow(crowd, program, source, b"no TLS\n")
    assert eventually(lambda: program.errors[-1:] and len(program.errors) == len(sources))
    client = socket.create_connection(("127.0.0.1", program.port), 20)
    to_door, from_door = ssl.MemoryBIO(), ssl.MemoryBIO()
    speech = client_context(program.identity, mine).wrap_bio(from_door, to_door, server_hostname=program.identity.name)
    crowd.enter_context(client)
    with contextlib.suppress(ssl.SSLWantReadError):
        speech.do_handshake()
    client.sendall(to_door.read())      # the far client's next word is on its way for a while
    for source in sources * 2:
        slow(crowd, program, source)
    displaced = 1 + 2 * len(sources) - AT_ONCE
    assert eventually(lambda: len(program.errors) == len(sources) + displaced)
    while True:
        from_door.write(client.recv(65536))
        with contextlib.suppress(ssl.SSLWantReadError):
            speech.do_handshake()
            break
    speech.write(state_message())
    client.sendall(to_door.read())
    from_door.write(client.recv(65536))
    assert b'"waiting"' in speech.read()


def test_failures_of_ever_new_sources_do_not_fill_the_memory(monkeypatch):
    """An IPv6 network of a provider has more sources than a small VM has memory."""
    monkeypatch.setattr(selectors, "PollSelector", mock.Mock)
    monkeypatch.setattr(Door, "note", lambda self, text: None)
    made = Door()
    for number in range(KNOWN_SOURCES + 10):
        one = mock.Mock(source=f"2001:db8:{number:x}::/64", proven=False)
        made.connections.append(one)
        made.end(one, "no TLS")
        assert len(made.failures) <= KNOWN_SOURCES and made.failures[one.source] == 1
    assert len(made.failures) == 10


def test_whoever_has_shown_a_certificate_is_displaced_by_nobody(program, mine, crowd):
    held = [proven(crowd, program, mine, f"127.0.3.{number // PER_SOURCE}") for number in range(AT_ONCE)]
    assert eventually(lambda: is_ended(slow(crowd, program, "127.0.4.1"))), "it is the stranger who is sent away"
    assert not serves(program, mine), "those are clients of its own authority, for ten seconds"
    held[0].sendall(state_message()[1:])
    assert b"bad-request" in read(held[0])
    held[0].close()
    assert eventually(lambda: serves(program, mine)) and not ended(held[1:])


def test_it_is_there_after_any_number_of_short_visits(program, mine):
    for number in range(300):
        with socket.create_connection(("127.0.0.1", program.port), 20, (f"127.0.5.{number % 200 + 1}", 0)) as made:
            made.sendall(HELLO[:number % 7])
    assert serves(program, mine)
    with open(f"/proc/{program.process.pid}/status") as status:
        assert int(re.search(r"Threads:\s+(\d+)", status.read())[1]) == 1


def test_nobody_fills_the_disk_by_knocking(program, mine):
    for number in range(300):
        with socket.create_connection(("127.0.0.1", program.port), 20, (f"127.0.6.{number % 200 + 1}", 0)) as made:
            made.sendall(b"no TLS\n")
    assert serves(program, mine)
    assert eventually(lambda: program.errors[-1:] == ["door: no more is noted"]) and len(program.errors) == 100
