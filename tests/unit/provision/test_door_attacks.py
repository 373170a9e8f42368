"""Strangers at the door of a new host: on the path, first to knock, and with messages of every kind."""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from door_process import (
    RUN,
    DoorProcess,
    certificate_message,
    client_context,
    credential_file,
    door,
    eventually,
    exchange,
    python_of,
    read,
    signing_request,
    state_message,
)

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.one_time import OneTimeIdentity

STATE = state_message()
# Their OpenSSLs and ssl modules differ: before 3.7 there is no minimum_version, before 3.8 no num_tickets.
each_python = pytest.mark.parametrize("program", ["3.6", "3.7", "3.8", "3.10", "3.13"], indirect=True)


@pytest.fixture(name="authority", scope="module")
def certificate_authority() -> Authority:
    return Authority.create()


@pytest.fixture(name="mine", scope="module")
def client_certificate(authority, tmp_path_factory) -> Path:
    return credential_file(authority.issue_client("me"), tmp_path_factory.mktemp("mine"))


@pytest.fixture(name="csr", scope="module")
def request_of_the_host() -> str:
    return signing_request()


@pytest.fixture(name="program")
def door_program(authority, csr, request):
    """Parametrized, on the Python of that version."""
    python = python_of(request.param) if hasattr(request, "param") else (sys.executable,)
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN), python=python) as made:
        made.tell_text("csr", csr)
        yield made.open()


def still_serves(program: DoorProcess, mine: Path) -> bool:
    return b'"state": "waiting"' in exchange(program, client_context(program.identity, mine), STATE)


# Who knocks


def test_who_has_no_certificate_is_told_nothing_though_he_knocks_first(program, mine):
    assert exchange(program, client_context(program.identity, None), STATE) == b""
    assert still_serves(program, mine)


@each_python
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("name", ["of its own", "of the authority"])
def test_who_has_a_certificate_of_another_authority_is_told_nothing(program, mine, tmp_path, authority, csr, name,
                                                                    version):
    other = Authority.create()
    if name == "of the authority":
        other = named_as(authority)
    context = client_context(program.identity, credential_file(other.issue_client("me"), tmp_path))
    context.minimum_version = context.maximum_version = version
    assert exchange(program, context, certificate_message(authority, csr)) == b""
    assert not program.certificates() and still_serves(program, mine)
    assert eventually(lambda: any("127.0.0.1: CERTIFICATE_VERIFY_FAILED" in line for line in program.errors))


def named_as(authority: Authority) -> Authority:
    """With the other's subject, and a key of its own."""
    name = x509.load_pem_x509_certificate(authority.certificate_pem).subject
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    pem = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
           .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=9))
           .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
           .sign(key, hashes.SHA256())).public_bytes(Encoding.PEM)
    return Authority.load(pem, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def test_a_server_s_certificate_of_the_authority_does_not_make_a_client(program, mine, authority, tmp_path):
    """Another host of the same folder, which somebody has broken into, is no client."""
    pem = credential_file(authority.issue_server(ServerIdentity.parse(["other.example"])), tmp_path)
    assert exchange(program, client_context(program.identity, pem), STATE) == b""
    assert still_serves(program, mine)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_run_s_own_certificate_does_not_make_a_client(program, mine, authority, csr, tmp_path, version):
    """Who has read this run's custom data shows what is in them."""
    context = client_context(program.identity, credential_file(program.identity, tmp_path))
    context.minimum_version = context.maximum_version = version
    for message in (STATE, certificate_message(authority, csr)):
        assert exchange(program, context, message) == b""
    assert not program.certificates() and still_serves(program, mine)


@each_python
@pytest.mark.filterwarnings("ignore:.*is deprecated")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_not_spoken(program, mine, version):
    context = client_context(program.identity, mine)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = version, version
    assert exchange(program, context, STATE) == b""
    assert still_serves(program, mine)


@each_python
def test_tls_1_2_is_spoken_and_what_was_said_stays_secret_when_the_key_is_known(program, mine):
    """By TLS 1.3 no other exchange of keys is possible."""
    context, ciphers = client_context(program.identity, mine), []
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    answer = exchange(program, context, STATE, looked_at=lambda secured: ciphers.append(secured.cipher()))
    assert b'"waiting"' in answer
    [(name, version, _bits)] = ciphers
    assert name.startswith("ECDHE") and version == "TLSv1.2"


@pytest.mark.parametrize("text", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"SSH-2.0-x\r\n",
                                  b"\x16\x03\x01\xff\xff" + b"A" * 70000, b"", STATE],
                         ids=["http", "ssh", "endless hello", "nothing", "plain"])
def test_what_is_no_tls_gets_no_word_of_the_state(program, mine, text):
    with socket.create_connection(("127.0.0.1", program.port), timeout=5) as plain:
        plain.sendall(text)
        with suppress(OSError):     # the door may have gone away by now
            plain.shutdown(socket.SHUT_WR)
        answer = read(plain)
    assert b"waiting" not in answer and b"CERTIFICATE" not in answer
    assert still_serves(program, mine)


# On the path


@each_python
def test_a_recorded_session_that_is_sent_again_gives_nothing(program, mine, authority, csr):
    """Not even to a door with the same key and the same request that has no certificate yet."""
    recorded: list[bytes] = []
    with recording(program, recorded) as port:
        program.port, real = port, program.port
        assert b'"certified"' in exchange(program, client_context(program.identity, mine),
                                          certificate_message(authority, csr))
        program.port = real
    assert eventually(program.certificates) and b"".join(recorded)
    with door(authority.certificate_pem, program.identity, python=program.python) as twin:
        twin.tell_text("csr", csr)
        for one in (program, twin.open()):
            with socket.create_connection(("127.0.0.1", one.port), timeout=5) as plain:
                with suppress(OSError):     # the door may have gone away by now
                    for part in recorded:
                        plain.sendall(part)
                    plain.shutdown(socket.SHUT_WR)
                read(plain)
        assert still_serves(twin, mine) and not twin.certificates()
    assert len(program.certificates()) == 1


class recording:
    """Somebody on the path who passes everything on and keeps what the client sends."""

    def __init__(self, program: DoorProcess, kept: list[bytes]) -> None:
        self.port, self.kept = program.port, kept
        self.server = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> int:
        threading.Thread(target=self._serve, daemon=True).start()
        return int(self.server.getsockname()[1])

    def __exit__(self, *_error) -> None:
        self.server.close()

    def _serve(self) -> None:
        here, _peer = self.server.accept()
        there = socket.create_connection(("127.0.0.1", self.port))
        back = threading.Thread(target=self._pass_on, args=(there, here, None), daemon=True)
        back.start()
        self._pass_on(here, there, self.kept)

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket, kept: list[bytes] | None) -> None:
        try:
            while part := one.recv(65536):
                if kept is not None:
                    kept.append(part)
                other.sendall(part)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass


# Messages


BEGIN, LINE, END = "-----BEGIN CERTIFICATE-----\n", "A" * 64 + "\n", "-----END CERTIFICATE-----\n"
NO_CERTIFICATE = {
    "no certificate": "x", "an empty one": "", "two": (BEGIN + LINE * 9 + END) * 2, "no lines": BEGIN + END,
    "a key": (BEGIN + LINE * 3 + END).replace("CERTIFICATE", "PRIVATE KEY"),
    "text before": "x\n" + BEGIN + LINE * 9 + END, "text after": BEGIN + LINE * 9 + END + "x",
    "a line more": BEGIN + LINE * 9 + END + "\n", "a list": [BEGIN],
    "other line ends": (BEGIN + LINE * 9 + END).replace("\n", "\r\n"), "a large one": BEGIN + LINE * 200 + END,
    "half a character": BEGIN + "\ud800" * 9 + "\n" + LINE * 9 + END,
    "an order": BEGIN + LINE * 3 + "state failed\n" + END,
}
BAD = {
    "no object": b"[]\n", "null": b"null\n", "empty": b"\n", "a word": b"state\n", "a text": b'"state"\n',
    "two lines": b"\n" + STATE, "two messages": STATE + STATE, "text behind": STATE[:-1] + b"x\n",
    "a member twice": b'{"v":1,"run":"%s","op":"state","op":"state"}\n' % RUN.encode(),
    "deep lists": b"[" * 16000 + b"\n", "deep objects": b'{"v":' * 3000 + b"\n",
    "no UTF-8": b'{"v":1,"run":"\xff"}\n', "UTF-16": STATE[:-1].decode().encode("utf-16") + b"\n",
    "a byte order mark": b"\xef\xbb\xbf" + STATE,
    "NaN": b'{"v":NaN}\n', "a huge number": b'{"v":' + b"9" * 16000 + b"}\n", "a huge power": b'{"v":1e999999}\n',
    "an operation more": state_message(op="settings"), "an operation of another type": state_message(op=["state"]),
    "no operation": state_message(op=None), "a version as text": state_message(v="1"),
    "true for one": state_message(v=True), "one as a fraction": state_message(v=1.0),
    "another version": state_message(v=2), "no version": state_message(v=None),
    "a member more": state_message(ca="x"), "a run of another type": state_message(run=7),
    "no run": b'{"v":1,"op":"state"}\n', "too long": b"x" * 16384,
    "too long, with its end": b"{" + b" " * 16383 + b"}\n",
    **{name: state_message(op="certificate", csr_sha256="0", cert=cert) for name, cert in NO_CERTIFICATE.items()},
}


@pytest.mark.parametrize("version", ["3.6", "3.8", "3.11", "3.13"])
def test_a_message_that_is_not_right_is_turned_away_in_a_word(version, authority, csr, mine):
    """The table on Pythons whose JSON and limits differ."""
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN), python=python_of(version)) as program:
        program.tell_text("csr", csr)
        context = client_context(program.open().identity, mine)
        for name, text in BAD.items():
            assert json.loads(exchange(program, context, text)) == {"v": 1, "run": RUN, "error": "bad-request"}, name
        assert still_serves(program, mine)
        assert not program.certificates() and not program.errors


@pytest.mark.parametrize(("size", "answer"), [(16384, b'"waiting"'), (16385, b"bad-request")])
def test_a_message_has_sixteen_kibibytes_with_its_end(program, mine, size, answer):
    assert answer in exchange(program, client_context(program.identity, mine), STATE[:-1].ljust(size - 1) + b"\n")


@pytest.mark.parametrize("text", [b"", b'{"v":1}', STATE[:-1]], ids=["nothing", "cut", "no end"])
def test_what_has_no_end_is_not_answered(program, mine, text):
    context = client_context(program.identity, mine)
    with socket.create_connection(("127.0.0.1", program.port), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname=program.identity.name) as secured:
            secured.sendall(text)
            socket.socket.shutdown(secured, socket.SHUT_WR)
            assert read(secured) == b""
    assert still_serves(program, mine)


def test_who_sends_without_end_is_cut_off(program, mine):
    context = client_context(program.identity, mine)
    with socket.create_connection(("127.0.0.1", program.port), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname=program.identity.name) as secured:
            with pytest.raises(OSError):
                for _ in range(1000):
                    secured.sendall(b"x" * 16384)
    assert still_serves(program, mine)


def test_a_digest_in_capitals_is_of_another_request(program, mine, authority, csr):
    message = json.loads(certificate_message(authority, csr))
    message["csr_sha256"] = message["csr_sha256"].upper()
    assert b"other-request" in exchange(program, client_context(program.identity, mine), json.dumps(message).encode() +
                                        b"\n")


def test_another_run_s_message_is_turned_away(program, mine, authority, csr):
    context = client_context(program.identity, mine)
    answer = json.loads(exchange(program, context, certificate_message(authority, csr, run="another-run1")))
    assert answer["error"] == "other-run" and not program.certificates()


def test_two_clients_at_once_and_one_certificate(program, mine, authority, csr):
    answers: list[bytes] = []
    messages = [certificate_message(authority, csr) for _ in range(4)]

    def hand_in(text: bytes) -> None:
        answers.append(exchange(program, client_context(program.identity, mine), text))

    threads = [threading.Thread(target=hand_in, args=(text,)) for text in messages]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    taken = [answer for answer in answers if b'"certified": "' in answer]
    assert len(taken) == 1 and sum(b"other-certificate" in answer for answer in answers) == 3
    program.tell("close")
    assert program.hears("closed") and len(program.certificates()) == 1
