"""The door of a new host: the real program, asked over real TLS, and told by its script what it may say."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from door_process import (
    PROGRAM,
    RUN,
    DoorProcess,
    certificate_message,
    client_context,
    credential_file,
    door,
    eventually,
    exchange,
    python_of,
    signing_request,
    state_message,
)

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.one_time import OneTimeIdentity
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.door.client import Door
from azext_dockervm.door.messages import Said, digest
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.flow import trace
from azext_dockervm.flow.trace import Trace

IDENTITY = ServerIdentity.parse(["web1.example"])
PYTHONS = [f"3.{minor}" for minor in range(6, 14)]


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


@pytest.mark.parametrize("version", PYTHONS)
def test_an_exchange_on_each_python(version, store):
    authority, csr = store.load_authority(), signing_request()
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN), python=python_of(version)) as program:
        program.tell_text("csr", csr)
        asked, certificate = client(program.open(), store), signed(store, csr)
        assert asked.state() == Said("waiting", csr)
        assert asked.hand_in(csr, certificate) == Said("certified", csr, digest(certificate))
        assert eventually(lambda: program.certificates() == [certificate]) and not program.errors


# What it says


def test_what_it_says_is_traced_and_nothing_of_what_it_is_asked(program, store):
    record, asked = Trace(), client(program.open(), store)
    program.tell_text("csr", signing_request())
    with trace.recording(record):
        asked.state()
        program.tell("state", "installing")
        assert eventually(lambda: asked.state().state == "installing")
        program.tell("close")
        assert program.hears("closed")
        with pytest.raises(EngineUnreachable):
            asked.state()
    assert [(one.who, one.text) for one in record.states] == [
        ("door", "waiting"), ("door", "installing"), ("door", "refused")]
    assert {call.path for call in record.calls} == {f"127.0.0.1:{program.port}"}
    assert (record.calls[-1].outcome, record.calls[-1].why) == ("failed", "refused")
    assert not re.search(r"BEGIN|MI[IG]|[0-9a-f]{40}", repr(vars(record)))


def test_it_tells_the_states_that_it_is_told(program, store):
    asked = client(program.open(), store)
    assert asked.state() == Said("waiting")
    program.tell("state", "installing")
    assert eventually(lambda: asked.state() == Said("installing"))
    csr = signing_request()
    program.tell_text("csr", csr)
    assert eventually(lambda: asked.state() == Said("installing", csr))
    program.tell("state", "starting")
    assert eventually(lambda: asked.state() == Said("starting", csr))


def test_a_failure_is_told_with_its_reason_at_once(program, store):
    asked = client(program.open(), store)
    program.tell_text("reason install-failed", "E: no such package\nE: none at all")
    assert eventually(lambda: asked.state().state == "failed")
    assert asked.state() == Said("failed", None, None, "install-failed", ("E: no such package", "E: none at all"))
    program.tell("state", "installing")
    assert eventually(lambda: asked.state() == Said("installing")), "of what went well later no reason is left"


def test_what_is_no_failure_is_told_with_each_state(program, store):
    asked = client(program.open(), store)
    program.tell("note", "silent-mirrors m.corp:443")
    program.tell("state", "installing")
    assert eventually(lambda: asked.state() == Said("installing", notes=("silent-mirrors m.corp:443",)))


def test_of_long_evidence_the_last_lines_are_told(program, store):
    """An answer has 16 KiB at most, whatever the script says; é takes twelve times its place in JSON."""
    context = client_context(program.identity, None)
    context.load_cert_chain(store.folder / "cert.pem", store.folder / "key.pem")
    program.tell_text("reason install-failed", "".join(f"{number} {'é' * 600}\n" for number in range(1000)))
    program.tell_text("csr", signing_request())
    answer = exchange(program.open(), context, state_message())
    details = json.loads(answer)["details"]
    assert 13000 < len(answer) <= 16384 and details[-1].startswith("999 éé")
    assert [line.split()[0] for line in details] == [str(number) for number in range(1000 - len(details), 1000)]


def test_evidence_of_any_bytes_breaks_nothing(program, store):
    program.tell("reason", "install-failed", "/wD+gAqbGzFtCg==")   # no UTF-8, a terminal's orders
    program.open()
    assert client(program, store).state().reason == "install-failed"
    program.tell("reason", "disk-full")
    assert eventually(lambda: client(program, store).state() == Said("failed", None, None, "disk-full", ()))


# The certificate


def test_it_takes_the_certificate_while_docker_still_installs_and_passes_it_on_once(program, store):
    csr = signing_request()
    program.tell("state", "installing")
    program.tell_text("csr", csr)
    asked, certificate = client(program.open(), store), signed(store, csr)
    assert asked.hand_in(csr, certificate) == Said("certified", csr, digest(certificate))
    assert asked.hand_in(csr, certificate).certified == digest(certificate), "the first answer may have got lost"
    assert asked.state().certified == digest(certificate)
    program.tell("state", "starting")
    assert eventually(lambda: asked.state() == Said("starting", csr, digest(certificate)))
    program.tell("close")
    program.hears("closed")
    assert program.certificates() == [certificate]


def test_a_second_certificate_is_not_taken(program, store):
    csr = signing_request()
    program.tell_text("csr", csr)
    asked, first = client(program.open(), store), signed(store, csr)
    asked.hand_in(csr, first)
    assert asked.hand_in(csr, signed(store, csr)).refusal == "other-certificate"
    assert asked.state().certified == digest(first)
    program.tell("close")
    assert program.hears("closed") and program.certificates() == [first]


def test_a_certificate_for_no_request_or_another_is_not_taken(program, store):
    csr = signing_request()
    asked = client(program.open(), store)
    assert asked.hand_in(csr, signed(store, csr)).refusal == "no-request"
    program.tell_text("csr", csr)
    assert eventually(lambda: asked.state().csr == csr)
    other = signing_request()
    assert asked.hand_in(other, signed(store, other)).refusal == "other-request"
    assert not program.certificates() and asked.state().certified is None


def test_the_host_has_one_request(program, store):
    csr = signing_request()
    program.tell_text("csr", csr)
    program.tell_text("csr", signing_request())
    assert client(program.open(), store).state().csr == csr


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


# Whom it trusts


@pytest.mark.parametrize("year", [2001, 2060])
def test_its_clock_may_be_anywhere(year, tmp_path):
    """Client, authority and its own certificate are over, or of a time that has not come yet for a clock in 1970."""
    moment = datetime(year, 1, 1, tzinfo=timezone.utc)
    authority = Authority.create(moment)
    pem = credential_file(authority.issue_client("me", moment), tmp_path)
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN, moment)) as program:
        context = client_context(program.identity, pem)
        context.verify_flags |= 0x200000    # the client's own clock is another matter
        assert b'"state": "waiting"' in exchange(program.open(), context, state_message())


def test_an_authority_need_not_be_a_root(tmp_path):
    """A company's, which another one has issued: its certificate alone is in the folder's ca.pem."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("root", "department")]
    now = datetime.now(timezone.utc)
    department = (x509.CertificateBuilder().subject_name(names[1]).issuer_name(names[0])
                  .public_key(keys[1].public_key()).serial_number(7)
                  .not_valid_before(now).not_valid_after(now + timedelta(days=9))
                  .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                  .sign(keys[0], hashes.SHA256()))
    authority = Authority.load(department.public_bytes(Encoding.PEM), keys[1].private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN)) as program:
        context = client_context(program.identity, credential_file(authority.issue_client("me"), tmp_path))
        assert b'"waiting"' in exchange(program.open(), context, state_message())


def test_it_trusts_each_authority_that_it_is_given(tmp_path):
    """While one takes over from another."""
    authorities = [Authority.create() for _ in range(2)]
    with door(b"".join(one.certificate_pem for one in authorities), OneTimeIdentity.create(RUN)) as program:
        program.open()
        for one in authorities:
            context = client_context(program.identity, credential_file(one.issue_client("me"), tmp_path))
            assert b'"waiting"' in exchange(program, context, state_message())


@pytest.mark.parametrize("python", ["3.6", "3.7", "3.8", "3.10", "3.13"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_gives_no_tickets_where_python_can_forbid_them(python, version, store, tmp_path):
    """Before 3.8 it can't keep TLS 1.3 from giving the name of a session, which the door's memory has, in one."""
    names_a_session = version is ssl.TLSVersion.TLSv1_3 and python in ("3.6", "3.7")
    authority, csr = store.load_authority(), signing_request()
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN), python=python_of(python)) as program:
        program.tell_text("csr", csr)
        context = client_context(program.identity, credential_file(authority.issue_client("me"), tmp_path))
        context.maximum_version = version
        sessions = []
        exchange(program.open(), context, certificate_message(authority, csr),
                 looked_at=lambda secured: sessions.append((secured.version(), secured.session.has_ticket)))
        assert sessions == [(str(version.name).replace("v1_", "v1."), names_a_session)]


# The script


def test_it_ends_with_its_script(program):
    program.open().process.stdin.close()
    assert program.ends() == 0


def test_it_ends_when_nobody_hears_it(store):
    reader, writer = os.pipe()
    process = subprocess.Popen([sys.executable, "-I", str(PROGRAM)], stdin=subprocess.PIPE, stdout=writer,
                               stderr=subprocess.PIPE)
    os.close(writer)
    os.close(reader)
    process.stdin.write(b"close\n")
    process.stdin.flush()
    assert process.wait(20) == 1 and process.stderr.read() == b""
    process.stdin.close()


def test_it_ends_after_its_time_and_says_that_the_port_is_free(program):
    program.open().tell("seconds", 0)
    assert program.hears("closed") and program.ends() == 0


def test_what_it_does_not_understand_it_passes_over_and_does_not_repeat(program, store):
    for line in ("nonsense", "key !secret!", "state secret", "seconds secret", "\xff", ""):
        program.tell(line)
    assert client(program.open(), store).state() == Said("waiting")
    assert eventually(lambda: len(program.errors) == 6) and "secret" not in str(program.errors)


def test_its_key_is_in_no_file_and_it_tells_no_secret(program, store):
    client(program.open(), store).state()
    files = [os.readlink(path) for path in Path(f"/proc/{program.process.pid}/fd").iterdir()]
    assert {name.partition(":")[0] for name in files} <= {"pipe", "socket"}, files
    program.tell("close")
    program.hears("closed")
    key = program.identity.key_pem.reveal().decode().splitlines()[1]
    assert not [line for line in program.said + program.errors if key in line or "KEY" in line] and not program.errors


def test_it_writes_no_file(store):
    """Where not one byte may be written into any, it opens all the same. Without ``site`` (-S), by which a coverage of
    the tests would have itself loaded, and written."""
    with door(store.load_authority().certificate_pem, OneTimeIdentity.create(RUN),
              python=("prlimit", "--fsize=0", sys.executable, "-S")) as program:
        assert client(program.open(), store).state() == Said("waiting")


# Its text


def test_its_text_survives_systemd_and_any_locale():
    """As an argument of systemd-run a dollar sign would be expanded; a host of the C locale reads ASCII."""
    text = PROGRAM.read_text(encoding="utf-8")
    assert "$" not in text and text.isascii()


def test_its_text_stays_small():
    size = len(PROGRAM.read_bytes())
    assert size <= 17_500, "it travels in custom data, with all the rest"
