"""The real door program as a process of its own, told and heard as the set-up script does, and strangers before it."""

from __future__ import annotations

import base64
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from azext_dockervm.certs.one_time import OneTimeIdentity

PROGRAM = Path(__file__).parents[2] / "azext_dockervm/provision/script/door.py"
RUN = "0123456789ab"
# For what happens at once, on a machine that is busy with other things.
PATIENCE_SECONDS = 20.0


def in_a_hurry(folder: Path) -> Path:
    """The program with a second for a connection instead of ten, so that nobody has to wait."""
    text = PROGRAM.read_text()
    assert text.count("CONNECTION_SECONDS = 10\n") == 1
    copy = folder / "door.py"
    copy.write_text(text.replace("CONNECTION_SECONDS = 10\n", "CONNECTION_SECONDS = 1\n"))
    return copy


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def signing_request() -> str:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(
        ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


class DoorProcess:
    """``said`` are the lines of its standard output, ``errors`` those of its standard error."""

    def __init__(self, ca_pem: bytes, identity: OneTimeIdentity, python: Sequence[str] = (sys.executable,),
                 program: Path = PROGRAM) -> None:
        self.identity, self.port = identity, free_port()
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

    def open(self, address: str = "127.0.0.1") -> DoorProcess:
        self.tell("open", self.port, address)
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
        """Those that it has passed on."""
        return [base64.b64decode(line.split()[1]).decode() for line in list(self.said)
                if line.startswith("certificate")]

    def ends(self) -> int:
        return self.process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        with suppress(BrokenPipeError):
            self.process.stdin.close()


@contextmanager
def door(ca_pem: bytes, identity: OneTimeIdentity, **options) -> Iterator[DoorProcess]:
    made = DoorProcess(ca_pem, identity, **options)
    try:
        yield made
    finally:
        made.close()


def client_context(identity: OneTimeIdentity, pem: Path | None) -> ssl.SSLContext:
    """Of a client that shows the certificate in ``pem`` (with its key), none where it is None."""
    context = ssl.create_default_context(cadata=identity.certificate_pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if pem is not None:
        context.load_cert_chain(pem)
    return context


def exchange(door: DoorProcess, context: ssl.SSLContext, message: bytes, address: str = "127.0.0.1") -> bytes:
    """The answer to one message; b"" where the door ended the connection."""
    try:
        with socket.create_connection((address, door.port), timeout=PATIENCE_SECONDS) as plain:
            with context.wrap_socket(plain, server_hostname=door.identity.name) as secured:
                secured.sendall(message)
                return read(secured)
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
