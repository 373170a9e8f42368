"""Knocking at the real door program: who is believed there, and what of what is said."""

from __future__ import annotations

import ssl

import pytest
from door_process import RUN, door, eventually, free_port, signing_request

from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.one_time import OneTimeIdentity
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.door import client
from azext_dockervm.door.client import Door
from azext_dockervm.door.messages import Said, digest
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.flow import trace


@pytest.fixture(name="store", scope="module")
def certificate_store(tmp_path_factory) -> CertificateStore:
    made = CertificateStore(tmp_path_factory.mktemp("store") / "docker")
    made.ensure()
    return made


@pytest.fixture(name="program")
def door_program(store):
    with door(store.load_authority().certificate_pem, OneTimeIdentity.create(RUN)) as made:
        yield made.open()


def knock(program, store, **changed) -> Door:
    values = {"address": "127.0.0.1", "port": program.port, "run_id": RUN, "identity": program.identity,
              "folder": store.folder, **changed}
    return Door(**values)


def test_from_the_state_to_the_certificate(program, store):
    csr = signing_request()
    program.tell_text("csr", csr)
    program.tell("state", "installing")
    asked = knock(program, store)
    assert eventually(lambda: asked.state() == Said("installing", csr))
    certificate = store.load_authority().sign_request(csr, ServerIdentity.parse(["web1"])).decode()
    assert asked.hand_in(csr, certificate) == Said("certified", csr, digest(certificate))


@pytest.mark.parametrize("name", [RUN, "another-run1"])
def test_a_certificate_of_another_run_is_not_believed_whatever_name_it_bears(program, store, name):
    with pytest.raises(EngineUnreachable) as caught:
        knock(program, store, identity=OneTimeIdentity.create(name)).state()
    assert caught.value.kind == "certificate"


def test_the_right_certificate_under_another_name_is_not_believed(program, store):
    renamed = OneTimeIdentity("other.dockervm.invalid", program.identity.certificate_pem, program.identity.key_pem)
    with pytest.raises(EngineUnreachable) as caught:
        knock(program, store, identity=renamed).state()
    assert caught.value.kind == "certificate"


def test_a_certificate_of_the_folder_s_own_authority_for_this_very_run_is_not_believed(store):
    """Only one certificate is: whoever has got another by that name, from whomever, is not the new host."""
    authority, mine = store.load_authority(), OneTimeIdentity.create(RUN)
    issued = authority.issue_server(ServerIdentity.parse([mine.name]))
    with door(authority.certificate_pem, OneTimeIdentity(mine.name, issued.certificate_pem, issued.key_pem)) as other:
        with pytest.raises(EngineUnreachable) as caught:
            knock(other.open(), store, identity=mine).state()
    assert caught.value.kind == "certificate"


def test_who_is_not_of_the_folder_is_turned_away(program, tmp_path):
    other = CertificateStore(tmp_path / "other")
    other.ensure()
    with pytest.raises(EngineUnreachable) as caught:
        knock(program, other).state()
    assert caught.value.kind == "rejected"


def test_nobody_there(program, store):
    with pytest.raises(EngineUnreachable) as caught:
        knock(program, store, port=free_port()).state()
    assert caught.value.kind == "refused"


def test_nothing_before_tls_1_2_is_spoken(program, store):
    assert knock(program, store)._context().minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_knock_that_nobody_hears_is_over_before_the_next_is_due(program, store, monkeypatch):
    """A dropped packet is sent again after a second; a door that opens in the next one is found then."""
    asked = []

    def exchange(_address, _context, _question, timeout, connect_timeout):
        asked.append((timeout, connect_timeout))
        raise EngineUnreachable("dropped", kind="timeout")

    monkeypatch.setattr(client, "exchange", exchange)
    with pytest.raises(EngineUnreachable):
        knock(program, store).state()
    assert asked == [(5.0, 2.0)]


def test_what_the_door_says_and_where_nobody_answers_is_traced(program, store):
    seen = trace.Trace()
    with trace.recording(seen):
        knock(program, store).state()
        with pytest.raises(EngineUnreachable):
            knock(program, store, port=free_port()).state()
        knock(program, store).hand_in("x", "x")
    assert [one.text for one in seen.states] == ["waiting", "refused", "refuses"]
