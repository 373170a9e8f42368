"""The real door program as a process of its own, told and heard as the set-up script does, and strangers before it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from azext_dockervm.certs.authority import Authority, Credential
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.certs.one_time import OneTimeIdentity

PROGRAM = Path(__file__).parents[2] / "azext_dockervm/provision/script/door.py"
RUN = "0123456789ab"
# For what happens at once, on a machine that is busy with other things.
PATIENCE_SECONDS = 20.0


def free_port() -> int:
    """Below those that Linux gives to connections (32768 and up), of which one could have it on some address."""
    while True:
        port = random.randrange(20000, 32768)
        with suppress(OSError), socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True):
            return port


def state_message(**changed: object) -> bytes:
    return json.dumps({"v": 1, "run": RUN, "op": "state", **changed}).encode() + b"\n"


def certificate_message(authority: Authority, csr: str, **changed: object) -> bytes:
    certificate = authority.sign_request(csr, ServerIdentity.parse(["web1"])).decode()
    return state_message(op="certificate", csr_sha256=hashlib.sha256(csr.encode()).hexdigest(), cert=certificate,
                         **changed)


def signing_request() -> str:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(
        ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


@cache
def python_of(version: str) -> tuple[str, ...]:
    """The interpreter of this version, as a command; skips the test where it is not here, on PATH or in pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for command in (f"python{version}", *map(str, pyenv.glob(f"versions/{version}.*/bin/python3"))):
        with suppress(FileNotFoundError):
            found = subprocess.run([command, "-c", "import sys; print(sys.executable)"], text=True, capture_output=True)
            if found.returncode == 0:
                return (found.stdout.strip(),)
    pytest.skip(f"Python {version} is not here")


def credential_file(credential: Credential | OneTimeIdentity, folder: Path) -> Path:
    """Certificate and key in one file, as the ssl module takes them."""
    pem = folder / "credential.pem"
    pem.write_bytes(credential.certificate_pem + credential.key_pem.reveal())
    return pem


class DoorProcess:
    """``said`` are the lines of its standard output, ``errors`` those of its standard error."""

    def __init__(self, ca_pem: bytes, identity: OneTimeIdentity, python: Sequence[str] = (sys.executable,),
                 program: Path = PROGRAM) -> None:
        self.identity, self.port, self.python = identity, free_port(), python
        self.process = subprocess.Popen([*python, "-I", str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        self._told_at = 0
        self.errors: list[str] = []
        self._heard = threading.Condition()
        for stream, lines in ((self.process.stdout, self.said), (self.process.stderr, self.errors)):
            threading.Thread(target=self._listen, args=(stream, lines), daemon=True).start()
        self.tell("run", RUN)
        self.tell_text("authority", ca_pem.decode())
        self.tell_text("certificate", identity.certificate_pem.decode())
        self.tell_text("key", identity.key_pem.reveal().decode())

    def _listen(self, stream, lines: list[str]) -> None:
        for line in stream:
            with self._heard:
                lines.append(line.rstrip("\n"))
                self._heard.notify_all()

    def tell(self, *words: object) -> None:
        self._told_at = len(self.said)
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def tell_text(self, word: str, text: str) -> None:
        self.tell(word, base64.b64encode(text.encode()).decode())

    def open(self, *address: str) -> DoorProcess:
        self.tell("open", self.port, *address)
        assert self.hears("open", "cannot").startswith("open"), self.said
        return self

    def hears(self, *words: str) -> str:
        """The line that begins with one of these since it was last told something; waits for it."""
        def found() -> str | None:
            return next((line for line in self.said[self._told_at:] if line.startswith(words)), None)

        with self._heard:
            assert self._heard.wait_for(found, PATIENCE_SECONDS), f"no {words} in {self.said} {self.errors}"
            return str(found())

    def certificates(self) -> list[str]:
        """Those that it has passed on and that have been read so far."""
        return [base64.b64decode(line.split()[1]).decode() for line in list(self.said)
                if line.startswith("certificate")]

    def ends(self) -> int:
        return self.process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        """As its script's end does it."""
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(PATIENCE_SECONDS)
        finally:
            self.process.kill()


@contextmanager
def door(ca_pem: bytes, identity: OneTimeIdentity, **options) -> Iterator[DoorProcess]:
    made = DoorProcess(ca_pem, identity, **options)
    try:
        yield made
    finally:
        made.close()
    assert not [line for line in made.errors if "Traceback" in line], made.errors


def client_context(identity: OneTimeIdentity, pem: Path | None) -> ssl.SSLContext:
    """Of a client that shows the certificate in ``pem`` (with its key), none where it is None."""
    context = ssl.create_default_context(cadata=identity.certificate_pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if pem is not None:
        context.load_cert_chain(pem)
    return context


def exchange(door: DoorProcess, context: ssl.SSLContext, message: bytes, address: str = "127.0.0.1",
             source: str = "", looked_at: Callable[[ssl.SSLSocket], object] = bool) -> bytes:
    """The answer to one message; b"" where the door ended the connection. ``looked_at`` is given the connection once
    the answer is there."""
    try:
        with socket.create_connection((address, door.port), PATIENCE_SECONDS, (source, 0) if source else None) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with context.wrap_socket(plain, server_hostname=door.identity.name) as secured:
                secured.sendall(message)
                answer = read(secured)
                looked_at(secured)
                return answer
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
        return b""


def read(connection: socket.socket) -> bytes:
    """All until the other end has no more."""
    answer = b""
    try:
        while part := connection.recv(65536):
            answer += part
    except (ConnectionResetError, ssl.SSLError):
        pass
    return answer


def eventually(holds, seconds: float = PATIENCE_SECONDS) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
