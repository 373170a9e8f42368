"""The port of the door: opened for both families, closed for the engine, taken by others, opened again."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from door_process import (
    PROGRAM,
    RUN,
    DoorProcess,
    client_context,
    credential_file,
    door,
    eventually,
    exchange,
    signing_request,
    state_message,
)

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.one_time import OneTimeIdentity


@pytest.fixture(name="authority", scope="module")
def certificate_authority() -> Authority:
    return Authority.create()


@pytest.fixture(name="mine", scope="module")
def client_certificate(authority, tmp_path_factory):
    return credential_file(authority.issue_client("me"), tmp_path_factory.mktemp("mine"))


@pytest.fixture(name="program")
def door_program(authority):
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN)) as made:
        yield made


def serves(program: DoorProcess, mine, address: str = "127.0.0.1") -> bool:
    return b'"state": ' in exchange(program, client_context(program.identity, mine), state_message(), address)


@contextmanager
def engine(port: int) -> Iterator[socket.socket]:
    """Listens as dockerd does for tcp://0.0.0.0: Go's runtime takes both families and sets SO_REUSEADDR."""
    with socket.socket(socket.AF_INET6) as listener:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("::", port))
        listener.listen()
        yield listener


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_all_addresses_of_both_families_are_served(program, mine, address):
    if address == "::1" and not Path("/proc/net/if_inet6").exists():
        pytest.skip("this kernel has no IPv6")
    assert serves(program.open(), mine, address)


def test_one_address_is_served_where_it_is_told_so(program, mine):
    assert serves(program.open("127.0.0.7"), mine, "127.0.0.7")
    with pytest.raises(ConnectionRefusedError):
        serves(program, mine)


def test_a_kernel_without_ipv6_is_served_by_ipv4(authority, mine):
    """As Linux says it with ipv6.disable=1."""
    without = ("import errno, runpy, socket, sys\n"
               "class NoIPv6(socket.socket):\n"
               "    def __init__(self, family=-1, *others, **more):\n"
               "        if family == socket.AF_INET6:\n"
               "            raise OSError(errno.EAFNOSUPPORT, 'Address family not supported by protocol')\n"
               "        super().__init__(family, *others, **more)\n"
               "socket.socket = NoIPv6\n"
               f"runpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n")
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN),
              python=(sys.executable, "-c", without)) as program:
        assert serves(program.open(), mine)
        program.tell("open", program.port, "::1")
        assert "Address family" in program.hears("cannot")


def test_the_port_is_the_engine_s_once_it_has_said_so(program, mine):
    """Whatever was going on: an exchange just over, one that has begun, one that knocks, and one without a word."""
    csr = signing_request()
    program.tell_text("csr", csr)
    assert serves(program.open(), mine)
    context = client_context(program.identity, mine)
    with socket.create_connection(("127.0.0.1", program.port)) as idle, \
            context.wrap_socket(socket.create_connection(("127.0.0.1", program.port)),
                                server_hostname=program.identity.name) as begun:
        begun.sendall(b'{"v":1,')
        assert serves(program, mine)
        with knocking(program.port):
            program.tell("close")
            program.hears("closed")
            with engine(program.port):
                for one in (idle, begun):
                    one.settimeout(5)
                    with suppress(ConnectionError, ssl.SSLError):   # no time-out is among these
                        assert one.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            serves(program, mine)
    assert csr.encode().splitlines()[1] in exchange(program.open(), context, state_message()), "it opens as it was"


@contextmanager
def knocking(port: int) -> Iterator[None]:
    """Somebody who connects all the time."""
    over = threading.Event()

    def knock() -> None:
        while not over.is_set():
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()

    thread = threading.Thread(target=knock)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_closed_twice_is_closed_and_opened_twice_is_open(program, mine):
    for word in ("close", "close", "open", "open"):
        program.tell(word, *[program.port][:word == "open"])
        program.hears("closed" if word == "close" else "open")
    assert serves(program, mine)


def test_a_port_that_stays_taken_is_told_and_another_serves(program, mine):
    program.tell("patience", 0)
    with engine(program.port):
        program.tell("open", program.port)
        assert program.hears("cannot") == f"cannot open port {program.port}: [Errno 98] Address already in use"
    program.tell("patience", 10)
    assert serves(program.open(), mine)


def test_a_port_that_comes_free_in_a_moment_is_waited_for(program, mine):
    """A connection that the host itself has made may have it: Linux gives out any port from 32768 on."""
    with engine(program.port):
        program.tell("open", program.port)
        program.tell("state", "nonsense")
        assert eventually(lambda: program.errors), "it goes on listening to its script"
        assert not program.said
    assert program.hears("open") and serves(program, mine)


def test_an_order_to_close_ends_the_wait_for_a_port(program, mine):
    with engine(program.port):
        program.tell("open", program.port)
        program.tell("close")
        assert program.hears("closed")
    assert program.said == ["closed"] and not eventually(lambda: len(program.said) > 1, 0.3)


def test_connections_that_linger_do_not_keep_the_port(program, mine):
    """In TIME_WAIT, as they are after the door, or an engine, has closed first."""
    with engine(program.port) as listener:
        with socket.create_connection(("127.0.0.1", program.port)) as caller:
            listener.accept()[0].close()
            assert caller.recv(1) == b""
    program.tell("patience", 0)
    program.open()
    program.tell("patience", 10)
    assert serves(program, mine)


@pytest.mark.parametrize(("word", "text", "reason"), [
    ("key", "no key", "certificate and key are damaged, or no pair"),
    ("key", "another", "certificate and key are damaged, or no pair"),
    ("certificate", "", "certificate and key are damaged, or no pair"),
    ("authority", "no certificate", "no start line"),
])
def test_what_it_cannot_show_or_trust_is_told(program, word, text, reason):
    if text == "another":
        text = OneTimeIdentity.create(RUN).key_pem.reveal().decode()
    program.tell_text(word, text)
    program.tell("open", program.port)
    assert reason in program.hears("cannot", "open")


@pytest.mark.parametrize(("argument", "reason"), [
    ("99999", "port must be 0-65535"), ("x", "invalid literal"), ("", "invalid literal"),
    ("1\u00e4\x1b", "invalid literal"), ("4243 192.0.2.7", "Cannot assign requested address")])
def test_what_it_cannot_open_is_told_in_one_printable_line(program, argument, reason):
    program.tell("open", argument)
    said = program.hears("cannot", "open")
    assert reason in said and said.isascii() and said.isprintable()


def test_before_it_knows_whose_door_it_is_it_does_not_open():
    process = subprocess.run([sys.executable, "-I", str(PROGRAM)], input="run x\nopen 4243\nclose\n", text=True,
                             capture_output=True, timeout=20)
    assert process.stdout.startswith("cannot open port 4243: ") and "missing" in process.stdout
    assert (process.returncode, process.stderr) == (0, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up its rights")
def test_a_port_that_needs_a_right_is_told(authority):
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN), python=(
            "setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable)) as program:
        program.tell("open", 443)
        assert "Permission denied" in program.hears("cannot", "open")
