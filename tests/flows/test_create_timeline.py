"""``create --timeline`` on a whole create: all that was asked of Azure is in it, and nothing that opens anything."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

import pytest
from azure.core.pipeline.transport import RequestsTransport
from flow_cloud import PASSWORD

from azext_dockervm.spec.words import PROVISIONERS

ERA = ("--image", "Canonical:UbuntuServer:18.04-LTS:latest")
TAG = "registry-password-MARKED-8fKq2"
SVG = "{http://www.w3.org/2000/svg}"
# What stands in bodies and may stand in a picture: names of what is made, and where.
OPEN = ("id", "name", "location", "type", "publisher", "offer", "sku", "version")


class Wire:
    """Every request that leaves this process by the SDKs, and what of it opens something."""

    def __init__(self) -> None:
        self.requests = 0
        self.secrets: set[str] = set()

    def heard(self, request: Any) -> None:
        self.requests += 1
        self.secrets |= {word for word in (request.headers.get("Authorization") or "").split() if len(word) > 10}
        self.secrets |= {value for name, value in parse_qsl(urlsplit(request.url).query)
                         if name.lower() != "api-version" and len(value) > 5}
        data = getattr(request, "content", None) or getattr(request, "data", None)
        for value in leaves(json.loads(data) if data else None):
            self.secrets |= set(lines(value))


def leaves(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name not in OPEN:
                yield from leaves(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from leaves(value)
    elif isinstance(tree, str):
        yield tree


def lines(value: str) -> Iterator[str]:
    """Of a value its long lines, as it is, as base64 has them, and compressed: of a script, a key, custom data."""
    yield from (line.strip() for line in value.splitlines() if len(line.strip()) >= 16)
    try:
        data = base64.b64decode(value, validate=True)
        decoded = (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()
    except ValueError:
        return
    if len(value) > 40:
        yield from lines(decoded)


@pytest.fixture
def wire(monkeypatch):
    found, send = Wire(), RequestsTransport.send

    def sending(self, request, **options):
        found.heard(request)
        return send(self, request, **options)

    monkeypatch.setattr(RequestsTransport, "send", sending)
    return found


@pytest.fixture
def file(tmp_path):
    return tmp_path / "create.svg"


def texts(file, *classes):
    return [one.text for one in ElementTree.parse(file).getroot().iter(f"{SVG}text")
            if set(classes) <= set(one.get("class").split())]


def requests_told(file) -> int:
    return int(re.search(r"(\d+) requests", file.read_text(encoding="utf-8")).group(1))


@pytest.mark.parametrize("provisioner", PROVISIONERS)
def test_nothing_that_opens_anything_is_in_it(cloud, wire, file, provisioner):
    made = cloud.create("--provisioner", provisioner, "-p", PASSWORD, "--tags", f"registry={TAG}", "--timeline",
                        file).succeeded()
    text = html.unescape(file.read_text(encoding="utf-8"))
    key = (cloud.folder() / "ca-key.pem").read_text()
    own = {*lines(key), *lines((cloud.folder() / "key.pem").read_text())}
    assert {TAG, PASSWORD} <= wire.secrets and len(wire.secrets) > 100, "they were sent"
    assert {secret for secret in wire.secrets | own if secret in text} <= {made.json["fqdn"]}
    assert not re.search(r"sig=|[?&]t=|Bearer|BEGIN|eyJ", text)


def test_each_request_is_in_it(cloud, wire, file):
    cloud.create("--provisioner", "run-command", "--timeline", file).succeeded()
    handshakes = sum(text.startswith("TLS ") for text in texts(file, "path"))
    assert handshakes == 1 and requests_told(file) == wire.requests + handshakes
    assert {"PUT virtualMachines/web1", "PUT networkSecurityGroups/web1NSG", "GET operation of Microsoft.Compute",
            "PATCH virtualMachines/web1"} <= set(texts(file, "path"))
    assert {"run command 'request'", "run command 'serve'", "engine"} <= set(texts(file, "head"))


def test_what_took_over_comes_after_what_failed(cloud, file):
    cloud.behavior(conditions={"extension": [{"type": "DockerExtension", "outcome": "failed"}]})
    cloud.create(*ERA, "--timeline", file).succeeded()
    steps = texts(file, "head")
    assert steps.index("install the Docker VM extension") < steps.index("delete the Docker VM extension") \
        < steps.index("install Docker and make the server's key on the host")
    assert texts(file, "why") == ["failed: VMExtensionProvisioningError"]
    assert "done in" in ElementTree.parse(file).getroot().findtext(f"{SVG}title")


def test_a_create_that_fails_has_one_too_and_the_same_create_replaces_it(cloud, file):
    cloud.behavior(conditions={"allocation_failed": [{"size": "*"}]})
    failed = cloud.create("--provisioner", "run-command", "--timeline", file)
    assert failed.code == 1 and "AllocationFailed" in failed.stderr and f"is drawn in {file}" in failed.stderr
    assert "failed: AllocationFailed" in texts(file, "why") and any(
        text.startswith("undo: ") for text in texts(file, "head"))
    assert f"--timeline {file}" in failed.stderr or "Try again" in failed.stderr
    cloud.behavior()
    cloud.create("--provisioner", "run-command", "--timeline", file).succeeded()
    assert texts(file, "why") == []


def test_a_refused_request_is_told_by_its_status_and_repeated(cloud, file):
    cloud.behavior(rules=[{"do": "answer", "status": 503, "code": "Busy", "message": TAG, "method": "GET",
                           "type": "Microsoft.Network/networkInterfaces", "times": 2}])
    cloud.create("--provisioner", "run-command", "--timeline", file).succeeded()
    text = file.read_text(encoding="utf-8")
    assert "GET: HTTP 503" in text and "attempt 3" in text and TAG not in text


@pytest.mark.parametrize(("words", "code", "says"), [
    (("--timeline", "-"), 2, "stdout has the result"), (("--timeline", ""), 2, "the value is empty"),
    (("--timeline", "/no/such/folder/x.svg"), 1, "there is no folder /no/such/folder"),
    (("--timeline", "/dev/null"), 1, "/dev/null is no plain file")])
def test_a_file_that_can_t_be_had_is_refused_before_the_first_request(cloud, wire, words, code, says):
    refused = cloud.create("--provisioner", "run-command", *words)
    assert refused.code == code and says in refused.stderr and wire.requests == 0
