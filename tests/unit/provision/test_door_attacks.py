"""Strangers at the door of a new host: on the path, first to knock, many at once, and with messages of every kind."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from door_process import RUN, DoorProcess, client_context, door, eventually, exchange, in_a_hurry, read, signing_request

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.one_time import OneTimeIdentity

STATE = b'{"v":1,"run":"%s","op":"state"}\n' % RUN.encode()


@pytest.fixture(name="authority", scope="module")
def certificate_authority() -> Authority:
    return Authority.create()


@pytest.fixture(name="mine", scope="module")
def client_certificate(authority, tmp_path_factory) -> Path:
    return kept(authority, tmp_path_factory.mktemp("mine"))


def kept(authority: Authority, folder: Path) -> Path:
    credential = authority.issue_client("me")
    pem = folder / "client.pem"
    pem.write_bytes(credential.certificate_pem + credential.key_pem.reveal())
    return pem


@pytest.fixture(name="csr", scope="module")
def request_of_the_host() -> str:
    return signing_request()


@pytest.fixture(name="program")
def door_program(authority, csr):
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN)) as made:
        made.tell_text("csr", csr)
        yield made.open()


def certificate_message(authority, csr, **changed) -> bytes:
    certificate = authority.sign_request(csr, ServerIdentity.parse(["web1"])).decode()
    message = {"v": 1, "run": RUN, "op": "certificate", "csr_sha256": hashlib.sha256(csr.encode()).hexdigest(),
               "cert": certificate, **changed}
    return json.dumps(message).encode() + b"\n"


def still_serves(program: DoorProcess, mine: Path) -> bool:
    return b'"state": "waiting"' in exchange(program, client_context(program.identity, mine), STATE)


# Who knocks


def test_who_has_no_certificate_is_told_nothing_though_he_knocks_first(program, mine):
    assert exchange(program, client_context(program.identity, None), STATE) == b""
    assert still_serves(program, mine)


def test_who_has_a_certificate_of_another_authority_is_told_nothing(program, mine, tmp_path, authority, csr):
    stranger = kept(Authority.create(), tmp_path)
    message = certificate_message(authority, csr)
    assert exchange(program, client_context(program.identity, stranger), message) == b""
    assert not program.certificates() and still_serves(program, mine)


def test_a_server_s_certificate_of_the_authority_does_not_make_a_client(program, mine, authority, tmp_path):
    """Another host of the same folder, which somebody has broken into, is no client."""
    credential = authority.issue_server(ServerIdentity.parse(["other.example"]))
    pem = tmp_path / "server.pem"
    pem.write_bytes(credential.certificate_pem + credential.key_pem.reveal())
    assert exchange(program, client_context(program.identity, pem), STATE) == b""
    assert still_serves(program, mine)


@pytest.mark.filterwarnings("ignore:.*is deprecated")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_not_spoken(program, mine, version):
    context = client_context(program.identity, mine)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = version, version
    assert exchange(program, context, STATE) == b""
    assert still_serves(program, mine)


def test_tls_1_2_is_spoken(program, mine):
    context = client_context(program.identity, mine)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert b'"waiting"' in exchange(program, context, STATE)


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


def test_a_recorded_session_that_is_sent_again_gives_nothing(program, mine, authority, csr):
    recorded = []
    with recording(program, recorded) as port:
        program.port, real = port, program.port
        assert b'"certified"' in exchange(program, client_context(program.identity, mine),
                                          certificate_message(authority, csr))
        program.port = real
    assert len(program.certificates()) == 1 and b"".join(recorded)
    with socket.create_connection(("127.0.0.1", program.port), timeout=5) as plain:
        for part in recorded:
            plain.sendall(part)
        plain.shutdown(socket.SHUT_WR)
        assert b"CERTIFICATE" not in read(plain)
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


# Many and slow


def slow(program: DoorProcess, source: str) -> socket.socket:
    made = socket.socket()
    made.bind((source, 0))
    made.settimeout(20)
    made.connect(("127.0.0.1", program.port))
    made.sendall(b"\x16\x03\x01")      # the beginning of a hello that never ends
    return made


def is_ended(connection: socket.socket) -> bool:
    connection.settimeout(0.05)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_one_source_has_four_places_and_takes_nobody_else_s(program, mine):
    held = [slow(program, "127.0.0.9") for _ in range(6)]
    assert eventually(lambda: sum(map(is_ended, held)) == 2), "the fifth and the sixth are sent away"
    assert still_serves(program, mine)
    for one in held:
        one.close()


def test_many_sources_that_fill_all_places_do_not_keep_the_right_client_out(program, mine):
    held = [slow(program, f"127.0.1.{number}") for number in range(1, 41)]
    assert eventually(lambda: sum(map(is_ended, held)) == 8), "the oldest of the silent ones make room"
    assert all(map(is_ended, held[:8]))
    for _ in range(3):
        assert still_serves(program, mine)
    for one in held:
        one.close()


@pytest.mark.parametrize("at", ["hello", "message"])
def test_a_connection_has_its_seconds_however_it_trickles(mine, authority, csr, tmp_path, at):
    with door(authority.certificate_pem, OneTimeIdentity.create(RUN), program=in_a_hurry(tmp_path)) as program:
        plain = socket.create_connection(("127.0.0.1", program.open().port), timeout=20)
        if at == "message":
            plain = client_context(program.identity, mine).wrap_socket(plain, server_hostname=program.identity.name)
        assert eventually(lambda: is_ended(plain) or not trickles(plain, at), 10), "ten times what it has"
        assert still_serves(program, mine)


def trickles(connection: socket.socket, at: str) -> bool:
    """Whether one byte more is taken."""
    try:
        connection.sendall(b" ") if at == "message" else connection.send(b"\x16\x03\x01"[:1])
        return True
    except OSError:
        return False


# Messages


def message(**changed) -> bytes:
    return json.dumps({"v": 1, "run": RUN, "op": "state", **changed}).encode() + b"\n"


BAD = {
    "no object": b"[]\n", "null": b"null\n", "empty": b"\n", "a word": b"state\n",
    "a member twice": b'{"v":1,"run":"%s","op":"state","op":"state"}\n' % RUN.encode(),
    "deep": b"[" * 16000 + b"\n", "no UTF-8": b'{"v":1,"run":"\xff\xfe"}\n', "NaN": b'{"v":NaN}\n',
    "a huge number": b'{"v":' + b"9" * 16000 + b"}\n", "an operation more": message(op="settings"),
    "an operation of another type": message(op=["state"]), "a version as text": message(v="1"),
    "true for one": message(v=True), "another version": message(v=2), "a member more": message(ca="x"),
    "a run of another type": message(run=7), "no run": b'{"v":1,"op":"state"}\n',
    "a certificate that is none": message(op="certificate", csr_sha256="0", cert="x"),
    "two certificates": message(op="certificate", csr_sha256="0", cert=(
        "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n") * 2),
    "a key": message(op="certificate", csr_sha256="0", cert=(
        "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n")),
    "a certificate as a list": message(op="certificate", csr_sha256="0", cert=[]),
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_a_message_that_is_not_right_is_turned_away_in_a_word(program, mine, text):
    context = client_context(program.identity, mine)
    assert json.loads(exchange(program, context, text)) == {"v": 1, "run": RUN, "error": "bad-request"}
    assert not program.certificates() and not program.errors and still_serves(program, mine)


@pytest.mark.parametrize("text", [b"x" * 16384, b'{"v":1}', STATE[:-1]], ids=["too long", "cut", "no end"])
def test_what_is_too_long_or_has_no_end_is_not_answered(program, mine, text):
    context = client_context(program.identity, mine)
    with socket.create_connection(("127.0.0.1", program.port), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname=program.identity.name) as secured:
            secured.sendall(text)
            socket.socket.shutdown(secured, socket.SHUT_WR)
            assert read(secured) == b""
    assert still_serves(program, mine)


def test_more_than_one_line_is_not_right(program, mine):
    context = client_context(program.identity, mine)
    assert b"bad-request" in exchange(program, context, b"\n\n" + STATE)


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
    assert len(program.certificates()) == 1
