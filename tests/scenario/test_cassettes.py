"""The cassettes themselves: no secret, nothing volatile, a head; and a replay that really is one."""

from __future__ import annotations

import base64
import re
import socket
import unittest

import pytest
import test_create
import yaml
from cassettes import SecretFound, Serializer
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from processors import MOMENT, NOBODY, Secrets
from replay import NetworkUsed
from scenario import GROUP, HOST, LIVE, RECORDINGS

pytestmark = pytest.mark.skipif(LIVE, reason="about what was recorded, not for while it is")

CASSETTES = sorted(RECORDINGS.glob("*.yaml"))
# What no cassette may hold, wherever it stands.
SECRETS = {
    "key": r"PRIVATE KEY|-----BEGIN (?!CERTIFICATE REQUEST-----\s+<made)",
    "key or certificate in base64": r"LS0tLS1|\bMI[GI][A-Za-z0-9+/]{16}|\bMHcCAQEE",
    "token": r"(?i)bearer|\beyJ[A-Za-z0-9_-]{8}|(?<!microsoft\.)authorization|client_secret|refresh_token",
    "SSH key": r"\bAAAA[BC][0-9A-Za-z+/]{8}|\bssh-(rsa|ed25519) ",
    "signature": r"[?&](sig|s|t|c|h)=",
}
VOLATILE = {
    "id": rf"(?i)\b(?!{NOBODY[:24]})[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\b",
    "date": rf"\b20\d\d-\d\d-\d\dT(?<!{MOMENT[:11]})",
    "address of this machine": r"(?<!DNS:)localhost|127\.0\.0\.1:\d|/root/|/home/(?!skipper)|/tmp/",
    "name of one recording": r"(?i)dockervm-scenario-|\.test\b",
    "request": r"(?i)x-ms-|request-id",
}


def fields(value):
    """Every (name, value) in a cassette."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield name, one
            yield from fields(one)
    elif isinstance(value, list):
        for one in value:
            yield from fields(one)


def leaks(text: str) -> list[str]:
    """What is wrong with the text of a cassette."""
    found = [f"{kind}: {hit[0]}" for kind, pattern in {**SECRETS, **VOLATILE}.items()
             for hit in re.finditer(pattern, text)]
    return found + [f"{name} is not scrubbed" for name, value in fields(yaml.safe_load(text))
                    if name in Secrets.FIELDS and value not in (None, f"<{name}>")]


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_a_cassette_holds_no_secret_and_nothing_of_one_recording_alone(path):
    assert leaks(path.read_text()) == []


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_a_cassette_is_small_and_says_where_it_was_recorded(path):
    head = yaml.safe_load(path.read_text())["recorded"]
    assert re.match(r"Local Azure \d|Azure \(", head["against"]) and "azure-mgmt-compute" in head["with"]
    assert path.stat().st_size < 100_000


def key() -> str:
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


PLANTED = [key(), base64.b64encode(key().encode()).decode(), key().splitlines()[1], "Authorization: Bearer x",
           "eyJ0eXAiOiJKV1QiLCJhbGciOi", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE", "https://x/operations/1?s=abc",
           "7e9cbbfd-26e9-5dd5-baf1-0786b4508b74", "2026-11-24T17:03:11Z", "https://localhost:40001/x",
           "web1.westus.cloudapp.record.test", "dockervm-scenario-x7f3"]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda text: text[:12])
def test_the_search_finds_what_is_planted(planted):
    assert leaks(yaml.dump({"interactions": [{"value": planted}]}))


def test_the_search_finds_a_field_that_was_forgotten():
    assert leaks(yaml.dump({"a": [{"protectedSettings": {"certs": {}}}]})) == ["protectedSettings is not scrubbed"]
    assert leaks(yaml.dump({"a": [{"adminPassword": "<adminPassword>"}]})) == []


def interaction(text: str) -> dict:
    return {"request": {"method": "GET", "uri": "https://management.azure.com/x?api-version=any", "body": None},
            "response": {"status": {"code": 200, "message": ""}, "headers": {}, "body": {"string": text}}}


@pytest.mark.parametrize("form", ["{0}", "in a sentence {0} of Azure's", "base64"])
def test_a_cassette_with_a_secret_of_its_recording_is_not_written(form):
    secret = "Aa1+a-password-of-this-run"
    text = base64.b64encode(secret.encode()).decode() if form == "base64" else form.format(secret)
    with pytest.raises(SecretFound) as raised:
        Serializer({}, [secret]).serialize({"interactions": [interaction(text)]})
    assert secret not in str(raised.value)
    assert Serializer({}, ["another-one"]).serialize({"interactions": [interaction(text)]})


def test_what_is_written_is_read_again():
    cassette = {"interactions": [interaction('{"a": [1, "true", "1.0", null], "name": "0123"}')]}
    again = Serializer().deserialize(Serializer().serialize(cassette))["interactions"][0]
    assert again["response"]["body"] == {"string": '{"a": [1, "true", "1.0", null], "name": "0123"}'}
    assert again["request"]["uri"] == "https://management.azure.com/x?api-version=any"


def polled(path: str, count: int) -> list[dict]:
    operation = "https://management.azure.com/subscriptions/s/operations/1?api-version=any"
    begun, waits, done = interaction("{}"), interaction('{"status": "InProgress"}'), interaction('{"status": "Done"}')
    begun["request"] |= {"method": "PUT", "uri": f"https://management.azure.com{path}?api-version=any"}
    begun["response"]["headers"] = {"azure-asyncoperation": [operation]}
    for one in (waits, done):
        one["request"]["uri"] = operation
    return [begun, *[waits] * count, done]


@pytest.mark.parametrize(("path", "kept"), [("/networkInterfaces/web1VMNic", 2), ("/virtualMachines/web1", 3)])
def test_how_often_a_slow_operation_was_asked_for_does_not_show(path, kept):
    slow, slower = ({"interactions": polled(path, count)} for count in (1, 7))
    text = Serializer().serialize(slow)
    assert Serializer().serialize(slower) == text and text.count("- request:") == kept


# Replays that must fail, run as pytest would run them.


class Probe(test_create.CreateTest):
    """What a replay must not let pass."""

    def test_create_by_run_command(self):
        {"network": self._network, "other": self._other, "fewer": lambda: None}[self.act]()

    def _network(self):
        with pytest.raises(NetworkUsed):
            socket.create_connection(("192.0.2.1", 80), 1)
        with pytest.raises(NetworkUsed):
            socket.socket().connect(("192.0.2.1", 80))

    def _other(self):
        self.create("--dns-name", "another").succeeded()


Probe.__test__ = False


@pytest.mark.parametrize(("act", "said"), [
    ("network", "192.0.2.1"), ("other", "asked for but not recorded"), ("fewer", "recorded but not asked for")])
def test_a_replay_fails_that_uses_the_network_or_asks_for_something_else(act, said):
    probe = Probe("test_create_by_run_command")
    probe.act = act
    result = unittest.TestResult()
    probe.run(result)
    assert said in "".join(text for _, text in result.failures + result.errors)


def test_hosts_and_groups_have_the_names_of_every_replay():
    text = (RECORDINGS / "create_by_run_command.yaml").read_text()
    assert f"resourceGroups/{GROUP}/" in text and f"virtualMachines/{HOST}?" in text
