"""The engine seen from here: verified always, strangers refused, and a plain reason for everything that fails."""

from __future__ import annotations

import shutil
import socket
import ssl
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.certs.summary import describe
from azext_dockervm.engine.client import engine_state
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake, turns_strangers_away
from azext_dockervm.engine.wait import until_answering
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.flow.deadline import Deadline


def kind_of_failure(endpoint, timeout=1.0) -> str:
    with pytest.raises(EngineUnreachable) as caught:
        handshake(endpoint, timeout)
    return caught.value.kind


def test_a_handshake_shows_the_server_s_certificate(serve):
    assert "DNS:localhost" in describe(handshake(serve())).names


def test_the_sdk_gets_version_state_and_containers(serve):
    state = engine_state(serve())
    assert state["version"]["Version"] == "26.1.5" and state["info"]["Images"] == 3
    assert [one["Id"] for one in state["containers"]] == ["c1"]


def test_who_may_not_list_containers_still_gets_the_engine_s_state(serve):
    state = engine_state(serve(forbidden=("/containers/json",)))
    assert state["version"]["Version"] == "26.1.5" and state["containers"] == []


def test_the_environment_of_requests_can_not_replace_the_authority(serve, monkeypatch):
    import certifi

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert engine_state(serve())["version"]["Version"] == "26.1.5"


def test_an_authority_that_only_strict_verification_refuses_is_believed(serve, folder, monkeypatch):
    """Python 3.13's default; docker-machine's and most hand-made authorities lack what it wants."""
    lenient = ssl.create_default_context

    def strict(*arguments, **options):
        context = lenient(*arguments, **options)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    shutil.rmtree(folder)
    folder.mkdir()
    hand_made_authority(folder)
    CertificateStore(folder).ensure()
    monkeypatch.setattr(ssl, "create_default_context", strict)
    endpoint = serve()
    handshake(endpoint)
    assert turns_strangers_away(endpoint)
    assert engine_state(endpoint)["version"]["Version"] == "26.1.5"


def hand_made_authority(folder: Path) -> None:
    """A CA without key identifiers and key usage, as `openssl req -x509` with a bare configuration makes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hand-made")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False).sign(key, hashes.SHA256()))
    (folder / "ca.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "ca-key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def test_a_server_of_another_authority_is_not_believed(serve):
    assert kind_of_failure(serve(authority=Authority.create())) == "certificate"


def test_a_certificate_for_another_name_is_not_believed(serve):
    endpoint = serve(names=("elsewhere.example",))
    assert kind_of_failure(endpoint) == "certificate"
    with pytest.raises(EngineUnreachable):
        engine_state(endpoint)


def test_somebody_else_s_client_certificate_is_turned_away(serve, folder, tmp_path):
    endpoint = serve()
    stranger = CertificateStore(tmp_path / "stranger")
    stranger.ensure()
    shutil.copy(folder / "ca.pem", stranger.folder / "ca.pem")
    assert kind_of_failure(replace(endpoint, folder=stranger.folder)) == "rejected"


def test_an_engine_that_asks_for_certificates_turns_strangers_away(serve):
    assert turns_strangers_away(serve())


def test_an_open_door_is_noticed(serve):
    assert not turns_strangers_away(serve(ask=False))


def test_a_closed_port_a_silent_one_and_an_unknown_name(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert kind_of_failure(Endpoint("127.0.0.1", port, folder)) == "refused"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert kind_of_failure(Endpoint("127.0.0.1", silent.getsockname()[1], folder), timeout=0.3) == "timeout"
    assert kind_of_failure(Endpoint("no-such-host.invalid", 4243, folder)) == "dns"


def test_a_missing_file_is_named_and_not_waited_for(serve, folder):
    endpoint = serve()
    (folder / "key.pem").unlink()
    with pytest.raises(EngineUnreachable, match="key.pem"):
        until_answering(endpoint, Deadline(60))


def test_waiting_ends_with_the_last_thing_seen(folder):
    with pytest.raises(EngineUnreachable) as caught:
        until_answering(Endpoint("no-such-host.invalid", 4243, folder), Deadline(1.5))
    assert caught.value.kind == "dns"
