"""A host without a machine: it answers run commands as the set-up script does, and becomes an engine with real TLS."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from loopback_engine import LoopbackEngine
from memory_platform import MemoryPlatform

from localazure.machines.machine import RunResult

ANSWER = "dockervm-begin\nrun: {run}\naction: {action}\n{lines}dockervm-end\n"


class MemoryHost:
    """What its set-up has come to: the files of its engine, once it was given a certificate."""

    def __init__(self) -> None:
        self.engine = LoopbackEngine()
        self._port = ""

    def act(self, values: dict[str, str]) -> str:
        """The script's answer to one action."""
        lines = {"request": self._request, "serve": self._serve, "check": self._check}.get(
            values["DOCKERVM_ACTION"], lambda _values: "result: ok\n")(values)
        return ANSWER.format(run=values["DOCKERVM_RUN_ID"], action=values["DOCKERVM_ACTION"], lines=lines)

    def _request(self, _values: dict[str, str]) -> str:
        return f"result: ok\ncsr:\n{self.engine.signing_request()}"

    def _serve(self, values: dict[str, str]) -> str:
        self.engine.serve(base64.b64decode(values["DOCKERVM_CA"]), base64.b64decode(values["DOCKERVM_CERT"]))
        self._port = values["DOCKERVM_PORT"]
        return f"result: ok\ncertificate: {_fingerprint(self.engine.certificate)}\n"

    def _check(self, values: dict[str, str]) -> str:
        if not self.engine.certificate:
            return "result: failed\nreason: not-set-up\nauthority: none\n"
        authority, certificate = self.engine.authority, self.engine.certificate
        ends = x509.load_pem_x509_certificate(certificate).not_valid_after_utc
        told = (f"authority: {_fingerprint(authority)}\ncertificate: {_fingerprint(certificate)}\n"
                f"expires: {ends:%Y-%m-%dT%H:%M:%SZ}\nport: {self._port}\n")
        return told + ("result: ok\n" if values["DOCKERVM_PORT"] == self._port else
                       "result: failed\nreason: check-failed\n")


def _fingerprint(pem: bytes) -> str:
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex()


class HostsPlatform(MemoryPlatform):
    """Each machine is a ``MemoryHost``. ``latest`` is the one that was made last: the engine that names lead to."""

    def __init__(self, state_dir: Path) -> None:
        super().__init__(state_dir)
        self.hosts: dict[str, MemoryHost] = {}
        self.latest = MemoryHost()

    def machine_run(
        self, machine_id: str, script: str, arguments: Sequence[tuple[str, str]] = (), timeout: float = 5400,
        user: str | None = None, thoroughly: bool = False,
    ) -> RunResult:  # fmt: skip
        self._ask_agent(machine_id)
        if machine_id not in self.hosts:
            self.hosts[machine_id] = self.latest = MemoryHost()
        return RunResult(0, self.hosts[machine_id].act(dict(arguments)), "")

    def machine_delete(self, machine_id: str) -> None:
        super().machine_delete(machine_id)
        self.hosts.pop(machine_id, None)
