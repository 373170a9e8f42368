"""What may sit on an engine's port instead of one, and what is said of it: each kind of failure in plain words."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import urllib3.connection

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.engine import tls, wait
from azext_dockervm.engine.client import engine_state
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import client_context, handshake, turns_strangers_away
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.flow import trace
from azext_dockervm.flow.trace import Trace


def failure(endpoint: Endpoint, call: Callable = handshake) -> EngineUnreachable:
    with pytest.raises(EngineUnreachable) as caught:
        call(endpoint, 5.0)
    return caught.value


@pytest.fixture(name="listen")
def bare_listener(folder):
    """listen(answer) → the Endpoint of a port whose every connection ``answer`` gets."""
    with contextlib.ExitStack() as stack:
        def start(answer: Callable[[socket.socket], None]) -> Endpoint:
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve() -> None:
                with contextlib.suppress(OSError):      # the test is over
                    while True:
                        client, _ = server.accept()
                        with client, contextlib.suppress(OSError):
                            answer(client)

            threading.Thread(target=serve, daemon=True).start()
            return Endpoint("127.0.0.1", server.getsockname()[1], folder)

        yield start


@pytest.fixture(name="listen_tls")
def tls_listener(listen, folder, tmp_path):
    """listen_tls(reply) → the Endpoint of a port that shakes hands, reads what is asked and says ``reply``."""
    credential = CertificateStore(folder).load_authority().issue_server(ServerIdentity.parse(["127.0.0.1"]))
    (tmp_path / "server.pem").write_bytes(credential.certificate_pem + credential.key_pem.reveal())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")

    def start(*replies: bytes, pause: float = 0.0) -> Endpoint:
        def answer(client: socket.socket) -> None:
            with context.wrap_socket(client, server_side=True) as secured:
                secured.recv(4096)
                for reply in replies:
                    time.sleep(pause)
                    secured.sendall(reply)
                secured.unwrap()

        return listen(answer)

    return start


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def in_plain_http(client: socket.socket) -> None:
    client.recv(4096)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_a_port_that_resets_or_closes_is_not_waited_for_as_a_silent_one(listen):
    reset_by = failure(listen(reset))
    assert reset_by.kind == "rejected" and "closed the connection" in reset_by.cause
    closed_by = failure(listen(lambda client: client.recv(4096)))
    assert closed_by.kind == "rejected" and "closed the connection" in closed_by.cause


def test_a_port_without_tls_is_named_so_with_the_reason(listen):
    found = failure(listen(in_plain_http))
    assert found.kind == "protocol" and "does not speak TLS as expected: " in found.cause
    assert "WRONG_VERSION_NUMBER" in found.cause or "wrong version number" in found.cause.lower()


def test_no_route_is_named_with_the_system_s_own_words(folder, monkeypatch):
    def no_route(*_arguments, **_options):
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    monkeypatch.setattr(socket, "create_connection", no_route)
    found = failure(Endpoint("192.0.2.1", 4243, folder))
    assert found.kind == "other" and found.cause == "192.0.2.1:4243 can't be reached: No route to host"


def test_an_error_without_words_of_its_own_is_still_named(folder, monkeypatch):
    def odd(*_arguments, **_options):
        raise OSError("odd")

    monkeypatch.setattr(socket, "create_connection", odd)
    assert failure(Endpoint("192.0.2.1", 4243, folder)).cause.endswith("can't be reached: odd")


@pytest.mark.parametrize("replies", [
    (b"HTTP/1.1 403 Forbidden\r\n\r\n",),
    (b"HTTP/1.1 404 Not Found\r\nX: a 200 b\r\n\r\n",),
    (b"SSH-2.0 200 welcome\r\n\r\n",),
])
def test_what_shakes_hands_and_is_no_engine_is_not_believed(listen_tls, replies):
    found = failure(listen_tls(*replies))
    assert found.kind == "protocol" and "is not a Docker engine" in found.cause


def test_an_answer_in_pieces_is_put_together(listen_tls):
    handshake(listen_tls(b"HTTP/1.1 2", b"00 OK\r\n", b"\r\n", b""), 5.0)


def test_an_answer_that_breaks_off_is_not_waited_for(listen_tls):
    handshake(listen_tls(b"HTTP/1.1 200 OK\r\n"), 5.0)


def test_an_answer_that_comes_byte_by_byte_is_not_waited_for_for_ever(listen_tls, monkeypatch):
    """Each byte begins a socket's own time-out anew."""
    monkeypatch.setattr(tls, "GRACE_SECONDS", 0.1)
    began = time.monotonic()
    error = failure(listen_tls(*[b"H"] * 40, pause=0.1), lambda endpoint, _timeout: handshake(endpoint, timeout=0.5))
    assert error.kind == "timeout" and "does not answer in time" in error.cause and time.monotonic() - began < 3


def test_an_answer_without_an_end_is_not_read_for_ever(listen_tls):
    assert failure(listen_tls(*[b"x" * 65536] * 4000)).kind == "protocol"


def test_a_handshake_without_an_answer_proves_nothing(listen_tls):
    found = failure(listen_tls())
    assert found.kind == "rejected" and "closed the connection" in found.cause


def test_an_expired_certificate_has_a_kind_of_its_own(serve, folder):
    years_ago = datetime.now(timezone.utc) - timedelta(days=1200)
    authority = Authority.create(years_ago)
    for name in ("ca-key.pem", "key.pem", "cert.pem"):
        (folder / name).unlink()
    (folder / "ca.pem").write_bytes(authority.certificate_pem)
    (folder / "ca-key.pem").write_bytes(authority.key_pem.reveal())
    CertificateStore(folder).ensure()
    assert failure(serve(now=years_ago)).kind == "expired"
    assert failure(serve(names=("elsewhere.example",))).kind == "certificate"
    handshake(serve())


def test_certificates_that_can_not_be_loaded_are_the_files_fault(serve, folder):
    endpoint = serve()
    (folder / "key.pem").write_text("no key\n")
    found = failure(endpoint)
    assert found.kind == "files" and f"the certificates in {folder} can't be loaded" in found.cause


def test_only_an_engine_can_turn_strangers_away(listen, listen_tls, folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert failure(Endpoint("127.0.0.1", port, folder), turns_strangers_away).kind == "refused"
    assert turns_strangers_away(listen(reset))
    assert turns_strangers_away(listen_tls(b"HTTP/1.1 403 Forbidden\r\n\r\n200\r\n"))
    assert not turns_strangers_away(listen_tls(b"HTTP/1.1 200 OK\r\n\r\n"))


def test_an_openssl_that_would_take_old_tls_does_not_get_its_way(serve, monkeypatch):
    lenient = ssl.create_default_context

    def older(*arguments, **options):
        context = lenient(*arguments, **options)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        return context

    endpoint = serve()
    monkeypatch.setattr(ssl, "create_default_context", older)
    assert client_context(endpoint).minimum_version == ssl.TLSVersion.TLSv1_2


# the Docker SDK believes whom our own handshake believes

def test_the_sdk_does_not_believe_the_world_s_authorities(serve, tmp_path, monkeypatch):
    stranger = Authority.create()
    (tmp_path / "world.pem").write_bytes(stranger.certificate_pem)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(tmp_path / "world.pem"))
    with pytest.raises(EngineUnreachable):
        engine_state(serve(authority=stranger))


def test_the_sdk_is_no_stricter_than_our_own_handshake(serve, monkeypatch):
    """urllib3 makes its own contexts, as strict as Python 3.13's."""
    def broken(*_arguments, **_options):
        raise AssertionError("the SDK made a context of its own")

    monkeypatch.setattr(urllib3.connection, "create_urllib3_context", broken)
    assert engine_state(serve())["version"]["Version"] == "26.1.5"


# waiting

class Clock:
    """A deadline whose time passes only while somebody sleeps."""

    def __init__(self, seconds: float) -> None:
        self.left, self.slept = seconds, []

    def remaining(self) -> float:
        return self.left

    def sleep(self, seconds: float, state: str) -> None:
        self.slept.append((seconds, state))
        self.left -= seconds


@pytest.fixture
def tried(monkeypatch):
    """The time-outs of the handshakes tried; each fails, but for the one after ``tried.good``."""
    class Tried(list):
        good: int | None = None
        kind = "refused"

        def __call__(self, endpoint, timeout):
            self.append(timeout)
            if self.good == len(self):
                return b"der"
            raise EngineUnreachable("nothing listens there", kind=self.kind)

    handshakes = Tried()
    monkeypatch.setattr(wait, "handshake", handshakes)
    return handshakes


ENDPOINT = Endpoint("web1.example", 4243, Path("/c"))


def test_waiting_ends_with_the_first_answer(tried):
    tried.good = 3
    clock = Clock(60)
    assert wait.until_answering(ENDPOINT, clock) == b"der"
    assert tried == [5.0, 5.0, 5.0]
    assert clock.slept == [(1.0, "nothing listens there")] * 2, "a second between two tries, and the reason is told"


def test_each_try_is_traced_with_what_came_of_it(tried):
    tried.good, record = 3, Trace()
    with trace.recording(record):
        wait.until_answering(ENDPOINT, Clock(60))
    assert [(call.method, call.path, call.outcome, call.why) for call in record.calls] == [
        ("TLS", "web1.example:4243", "failed", "refused")] * 2 + [("TLS", "web1.example:4243", "done", "")]
    assert [(one.who, one.text) for one in record.states] == [("engine", "refused"), ("engine", "answers")]


def test_waiting_uses_up_its_time_and_no_more(tried):
    clock = Clock(3.0)
    with pytest.raises(EngineUnreachable):
        wait.until_answering(ENDPOINT, clock)
    assert [seconds for seconds, _ in clock.slept] == [1.0, 1.0, 0.5] and clock.left == 0.5
    assert tried == [3.0, 2.0, 1.0, 1.0]


def test_what_waiting_does_not_mend_is_not_waited_for(tried):
    tried.kind = "files"
    clock = Clock(60)
    with pytest.raises(EngineUnreachable):
        wait.until_answering(ENDPOINT, clock)
    assert clock.slept == []
