"""A new host's first boot without a machine: what the script in its custom data does, and what its door says."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shlex
import ssl
from typing import TYPE_CHECKING

from azext_dockervm.errors import EngineUnreachable

if TYPE_CHECKING:
    from fake_host import FakeHost

WORKS, REFUSES, DROPS, STRANGE = "works", "refuses", "drops", "strange"
# Something else answers there: with a certificate of its own, by closing, or in words of its own.
PROXY, CLOSES, GARBAGE = "proxy", "closes", "garbage"


def settings(custom_data: str) -> dict[str, str]:
    """The variables at the head of the script, of a VM's custom data as its body has it."""
    text = base64.b64decode(custom_data)
    if text.startswith(b"\x1f\x8b"):
        text = gzip.decompress(text)
    lines = text.decode().splitlines()
    pairs = [shlex.split(line)[0].partition("=") for line in lines if line.startswith("DOCKERVM_") and "=" in line]
    return {name: value for name, _, value in pairs}


class FakeDoor:
    """``behaves`` is one of the words above, or the reason of a set-up that fails. Each knock finds the next state."""

    def __init__(self, host: FakeHost, values: dict[str, str], behaves: str) -> None:
        from fake_host import signing_request

        self.host, self.values, self.behaves = host, values, behaves
        self.csr, self.certificate, self.knocks = signing_request("docker-host", "DNS:localhost"), None, 0
        self.said: list[dict] = []

    def answer(self, message: bytes, name: str) -> tuple[bytes, bytes]:
        """What ``engine.tls.exchange`` gives."""
        self.knocks += 1
        if self.behaves == DROPS:
            raise EngineUnreachable("it does not answer: something drops the packets", kind="timeout")
        if self.behaves == REFUSES or self.knocks == 1:
            raise EngineUnreachable("it refuses connections: nothing listens there", kind="refused")
        if self.behaves == PROXY or self.host.engine is not None:
            raise EngineUnreachable("its certificate can't be verified", kind="certificate")
        if self.behaves == CLOSES:
            raise EngineUnreachable("it closed the connection", kind="rejected")
        shown = base64.b64decode(self.values["DOCKERVM_DOOR_CERT"])
        assert name == f"{self.values['DOCKERVM_RUN_ID']}.dockervm.invalid"
        if self.behaves == GARBAGE:
            return b"HTTP/1.1 400 Bad Request\r\n\r\n", ssl.PEM_cert_to_DER_cert(shown.decode())
        said = self._said(json.loads(message))
        self.said.append(said)
        return json.dumps(said).encode() + b"\n", ssl.PEM_cert_to_DER_cert(shown.decode())

    def _said(self, asked: dict) -> dict:
        head = {"v": 1, "run": self.values["DOCKERVM_RUN_ID"]}
        assert asked["run"] == head["run"]
        if asked["op"] == "certificate" and self.behaves == STRANGE:
            return {**head, "error": "other-certificate"}
        if asked["op"] == "certificate":
            assert asked["csr_sha256"] == hashlib.sha256(self.csr.encode()).hexdigest()
            self.certificate = asked["cert"]
        certified = hashlib.sha256(self.certificate.encode()).hexdigest() if self.certificate else None
        state = {**head, "state": "installing", "csr": self.csr, "certified": certified}
        if self.behaves not in (WORKS, STRANGE):
            return {**state, "state": "failed", "reason": self.behaves, "details": ["what the host says"]}
        if self.certificate and asked["op"] == "state":
            self.host.first_boot({**self.values, "DOCKERVM_CERT": base64.b64encode(self.certificate.encode()).decode()})
            return {**state, "state": "starting"}
        return {**state, "state": "certified"} if self.certificate else state
