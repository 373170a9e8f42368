"""A fake machine becomes a Docker host by its custom data alone: the real script and door, and a client that signs."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable

import pytest
from fake_support import MACHINE, PATIENCE_S, PORT, eventually, fake_platform, make, refused, root_of

from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.one_time import OneTimeIdentity
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.door.messages import digest
from azext_dockervm.provision import custom_data
from azext_dockervm.provision.daemon import daemon_json
from azext_dockervm.provision.script.answer import encoded
from azext_dockervm.spec.engine import Engine

RUN = "0123456789ab"
NAME = "web1.example.test"


@pytest.fixture
def platform(tmp_path, monkeypatch):
    with fake_platform(tmp_path, monkeypatch) as platform:
        yield platform


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> CertificateStore:
    made = CertificateStore(tmp_path_factory.mktemp("store") / "docker")
    made.ensure()
    return made


@pytest.fixture(scope="module")
def identity() -> OneTimeIdentity:
    return OneTimeIdentity.create(RUN)


class Client:
    """Plain TLS with the folder's client certificate."""

    def __init__(self, address: str, store: CertificateStore, identity: OneTimeIdentity) -> None:
        self.address, self.store, self.identity = address, store, identity

    def exchange(self, trusted: bytes, name: str, message: bytes) -> tuple[bytes, bytes]:
        """The answer, and the certificate that was shown."""
        context = ssl.create_default_context(cadata=trusted.decode())
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_cert_chain(self.store.folder / "cert.pem", self.store.folder / "key.pem")
        with socket.create_connection((self.address, PORT), timeout=PATIENCE_S) as plain:
            with context.wrap_socket(plain, server_hostname=name) as line:
                line.sendall(message)
                shown = line.getpeercert(binary_form=True) or b""
                return b"".join(iter(lambda: line.recv(65536), b"")), shown

    def ask(self, op: str = "state", **members: str) -> dict:
        message = json.dumps({"v": 1, "run": RUN, "op": op, **members}).encode() + b"\n"
        return json.loads(self.exchange(self.identity.certificate_pem, self.identity.name, message)[0])

    def wait(self, met: Callable[[dict], object]) -> dict:
        """Ask until it is met → that answer."""
        last: dict = {}

        def asked() -> object:
            nonlocal last
            try:
                last = self.ask()
            except ConnectionRefusedError:  # "refused" means wait
                return False
            return met(last)

        eventually(asked, lambda: last)
        return last

    def engine(self) -> tuple[bytes, bytes]:
        request = b"GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        return self.exchange(self.store.load_authority().certificate_pem, NAME, request)


@pytest.fixture
def client(platform, store, identity) -> Client:
    """Of a machine that boots with the fast lane's custom data."""
    host = {"DOCKERVM_PORT": str(PORT), "DOCKERVM_USER": "azureuser",
            "DOCKERVM_DAEMON_JSON": encoded(daemon_json(Engine(PORT)))}
    data = custom_data.fast_lane(
        host, run_id=RUN, authority=store.load_authority().certificate_pem,
        door_certificate=identity.certificate_pem, door_key=identity.key_pem.reveal())  # fmt: skip
    return Client(make(platform, custom_data=data), store, identity)


def log_of(platform) -> str:
    return (root_of(platform) / "var/log/cloud-init-output.log").read_text()


def test_the_engine_serves_with_what_was_signed_at_the_door(platform, client, store):
    csr = client.wait(lambda said: said["csr"])["csr"]
    certificate = store.load_authority().sign_request(csr, ServerIdentity.parse([NAME])).decode()
    assert client.ask("certificate", csr_sha256=digest(csr), cert=certificate)["certified"] == digest(certificate)
    done = platform.machine_run(MACHINE, "cloud-init status --wait --long", timeout=PATIENCE_S)
    assert done.exit_code == 0, (done.stdout, log_of(platform))
    answer, shown = client.engine()
    assert answer.endswith(b"\r\n\r\nOK") and shown == ssl.PEM_cert_to_DER_cert(certificate)
    instance = (root_of(platform) / "var/lib/cloud/data/instance-id").read_text()
    marker = (root_of(platform) / "var/lib/dockervm/closed").read_text()
    assert marker == f"run {RUN}\ninstance {instance}"
    platform.machine_restart(MACHINE)
    assert client.engine() == (answer, shown)


def test_a_machine_that_is_reset_while_its_door_stands_has_none_any_more(platform, client):
    client.wait(lambda said: said["csr"])
    platform.machine_restart(MACHINE)
    assert platform.machine_run(MACHINE, "cloud-init status --wait").exit_code == 0
    assert refused(client.address)


def test_run_commands_take_over_by_stopping_the_unit(platform, client):
    client.wait(lambda said: said["csr"])
    assert platform.machine_run(MACHINE, "systemctl stop dockervm-door.service").exit_code == 0
    assert refused(client.address)
    assert platform.machine_run(MACHINE, "cloud-init status --wait", timeout=PATIENCE_S).exit_code == 0
