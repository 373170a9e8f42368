"""The door of a new host: the real program, asked over real TLS, and told by its script what it may say."""

from __future__ import annotations

import socket
import ssl
from datetime import datetime, timezone

import pytest
from door_process import PROGRAM, RUN, DoorProcess, door, eventually, exchange, signing_request

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.one_time import OneTimeIdentity
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.door.client import Door
from azext_dockervm.door.messages import Said, digest
from azext_dockervm.errors import EngineUnreachable

IDENTITY = ServerIdentity.parse(["web1.example"])


@pytest.fixture(name="store", scope="module")
def certificate_store(tmp_path_factory) -> CertificateStore:
    made = CertificateStore(tmp_path_factory.mktemp("store") / "docker")
    made.ensure()
    return made


@pytest.fixture(name="program")
def door_program(store):
    with door(store.load_authority().certificate_pem, OneTimeIdentity.create(RUN)) as made:
        yield made


def client(program: DoorProcess, store: CertificateStore) -> Door:
    return Door("127.0.0.1", program.port, RUN, program.identity, store.folder)


def signed(store, csr):
    return store.load_authority().sign_request(csr, IDENTITY).decode()


def test_it_tells_the_states_that_it_is_told(program, store):
    asked = client(program.open(), store)
    assert asked.state() == Said("waiting")
    program.tell("state", "installing")
    assert eventually(lambda: asked.state() == Said("installing"))
    csr = signing_request()
    program.tell_text("csr", csr)
    assert eventually(lambda: asked.state() == Said("installing", csr))
    program.tell_text("reason install-failed", "E: no such package\nE: none at all")
    program.tell("state", "failed")
    assert eventually(lambda: asked.state().state == "failed")
    assert asked.state() == Said("failed", csr, None, "install-failed", ("E: no such package", "E: none at all"))


def test_it_takes_the_certificate_while_docker_still_installs_and_passes_it_on_once(program, store):
    csr = signing_request()
    program.tell("state", "installing")
    program.tell_text("csr", csr)
    asked, certificate = client(program.open(), store), signed(store, csr)
    assert asked.hand_in(csr, certificate) == Said("certified", csr, digest(certificate))
    assert asked.hand_in(csr, certificate).certified == digest(certificate), "the first answer may have got lost"
    assert asked.state().certified == digest(certificate)
    program.tell("close")
    program.hears("closed")
    assert program.certificates() == [certificate]


def test_a_second_certificate_is_not_taken(program, store):
    csr = signing_request()
    program.tell_text("csr", csr)
    asked, first = client(program.open(), store), signed(store, csr)
    asked.hand_in(csr, first)
    assert asked.hand_in(csr, signed(store, csr)).refusal == "other-certificate"
    assert asked.state().certified == digest(first) and len(program.certificates()) == 1


def test_a_certificate_for_no_request_or_another_is_not_taken(program, store):
    csr = signing_request()
    asked = client(program.open(), store)
    assert asked.hand_in(csr, signed(store, csr)).refusal == "no-request"
    program.tell_text("csr", csr)
    assert eventually(lambda: asked.state().csr == csr)
    other = signing_request()
    assert asked.hand_in(other, signed(store, other)).refusal == "other-request"
    assert not program.certificates() and asked.state().certified is None


def test_of_another_run_it_knows_nothing(program, store):
    csr = signing_request()
    program.tell_text("csr", csr)
    strange = Door("127.0.0.1", program.open().port, "another-run1", program.identity, store.folder)
    with pytest.raises(EngineUnreachable, match="does not speak as the new host would"):
        strange.hand_in(csr, signed(store, csr))
    assert not program.certificates()


def test_a_client_believes_no_door_of_another_run(program, store):
    other = Door("127.0.0.1", program.open().port, RUN, OneTimeIdentity.create(RUN), store.folder)
    with pytest.raises(EngineUnreachable) as caught:
        other.state()
    assert caught.value.kind == "certificate"


def test_the_port_is_free_once_it_has_said_so_and_may_be_opened_again(program, store):
    asked = client(program.open(), store)
    asked.state()
    # A connection that is open keeps the port no more than those that are just over.
    with socket.create_connection(("127.0.0.1", program.port)) as idle:
        assert eventually(lambda: asked.state().state == "waiting")
        program.tell("close")
        program.hears("closed")
        with socket.create_server(("127.0.0.1", program.port)) as engine:
            assert engine.getsockname()[1] == program.port
            idle.settimeout(5)
            assert idle.recv(1) == b""
    program.open()
    assert asked.state() == Said("waiting")


def test_a_port_that_is_taken_is_told_and_nothing_breaks(program, store):
    with socket.create_server(("127.0.0.1", program.port)):
        program.tell("open", program.port, "127.0.0.1")
        assert "in use" in program.hears("cannot")
    assert client(program.open(), store).state() == Said("waiting")


def test_both_families_are_served_where_it_is_told_so(program, store):
    program.open("::")
    assert client(program, store).state() == Said("waiting")
    six = Door("::1", program.port, RUN, program.identity, store.folder)
    assert six.state() == Said("waiting")


def test_it_ends_with_its_script_and_after_its_time(store):
    authority = store.load_authority().certificate_pem
    with door(authority, OneTimeIdentity.create(RUN)) as one:
        one.open().process.stdin.close()
        assert one.ends() == 0
    with door(authority, OneTimeIdentity.create(RUN)) as other:
        other.open().tell("seconds", 0)
        assert other.ends() == 0


def test_its_clock_may_be_anywhere(tmp_path):
    """Client, authority and its own certificate are of a time that has not come yet, as it is for a clock in 1970."""
    later = datetime(2060, 1, 1, tzinfo=timezone.utc)
    authority = Authority.create(later)
    credential = authority.issue_client("me", later)
    pem = tmp_path / "client.pem"
    pem.write_bytes(credential.certificate_pem + credential.key_pem.reveal())
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN, later)) as program:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE     # the client's own clock is another matter
        context.load_cert_chain(pem)
        assert b'"state": "waiting"' in exchange(program.open(), context, b'{"v":1,"run":"%s","op":"state"}\n'
                                                 % RUN.encode())


def test_nothing_in_it_is_expanded_by_systemd_and_no_secret_is_told(program, store):
    assert "$" not in PROGRAM.read_text()
    client(program.open(), store).state()
    program.tell("nonsense")
    program.tell("close")
    program.hears("closed")
    key = program.identity.key_pem.reveal().decode().splitlines()[1]
    assert not [line for line in program.said + program.errors if key in line or "KEY" in line] and not program.errors
