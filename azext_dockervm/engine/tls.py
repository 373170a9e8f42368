"""A bare TLS handshake with an engine: who answers, with which certificate, and does it turn strangers away."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.waiting import Call

# X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL's x509_vfy.h.
CERTIFICATE_HAS_EXPIRED = 10
# Others of them: CERT_NOT_YET_VALID, DEPTH_ZERO_SELF_SIGNED_CERT, HOSTNAME_MISMATCH, IP_ADDRESS_MISMATCH.
WHY = {9: "early", 18: "self-signed", 62: "name", 64: "name"}
# Of a ping's answer, its head; an engine's has some 300 bytes.
MOST_BYTES = 65536
# For all of an exchange beside the time-out of its parts: names are resolved without one, and a server that sends a
# byte now and then begins it anew with each.
GRACE_SECONDS = 1.0
PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"


def client_context(endpoint: Endpoint, with_certificate: bool = True) -> ssl.SSLContext:
    """A context that trusts the folder's certificate authority alone.

    Python 3.13 switches VERIFY_X509_STRICT on, which turns away the authorities of docker-machine and of most handbooks
    (no key identifiers, no key usage). The docker client takes them, so they are taken here.
    """
    context = ssl.create_default_context(cafile=str(endpoint.ca))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if with_certificate:
        context.load_cert_chain(str(endpoint.certificate), str(endpoint.key))
    return context


def handshake(endpoint: Endpoint, timeout: float = 5.0) -> bytes:
    """A verified handshake with the client certificate, and a ping → the server's certificate (DER).

    Under TLS 1.3 a refusal of the client arrives after the handshake, so only an answered ping proves anything.
    Raises ``EngineUnreachable`` whose ``kind`` is files, dns, refused, timeout, certificate, expired, rejected,
    protocol or other.
    """
    missing = endpoint.missing_file()
    if missing is not None:
        raise EngineUnreachable(f"the certificate file {missing} is missing", kind="files")
    try:
        context = client_context(endpoint)
    except (ssl.SSLError, OSError) as error:
        raise EngineUnreachable(f"the certificates in {endpoint.folder} can't be loaded: {_reason(error)}",
                                kind="files") from error
    reply, certificate = _exchange(endpoint, context, timeout)
    if not reply.startswith(b"HTTP/1.") or b" 200 " not in reply.split(b"\r\n", 1)[0]:
        raise EngineUnreachable(f"what answers at {endpoint.docker_host} is not a Docker engine", kind="protocol")
    return certificate


def turns_strangers_away(endpoint: Endpoint, timeout: float = 5.0) -> bool:
    """Whether a client without a certificate gets no answer."""
    try:
        reply, _ = _exchange(endpoint, client_context(endpoint, False), timeout)
    except EngineUnreachable as error:
        if error.kind == "rejected":
            return True
        raise
    return b"200" not in reply.split(b"\r\n", 1)[0]


@dataclass(frozen=True)
class Question:
    """What is sent once a connection is secured, and how the answer to it ends. ``name`` is whom the server's
    certificate has to name, the host that is dialled where it is None. ``most`` is in bytes."""

    text: bytes = PING
    ends_with: bytes = b"\r\n\r\n"
    most: int = MOST_BYTES
    name: str | None = None


def exchange(address: tuple[str, int], context: ssl.SSLContext, question: Question, timeout: float,
             connect_timeout: float | None = None) -> tuple[bytes, bytes]:
    """One question → the answer and the server's certificate (DER), in ``timeout`` seconds and a little. Raises
    ``EngineUnreachable``, whose kinds ``handshake`` tells."""
    call = Call(lambda: _exchanged(address, context, question, timeout, connect_timeout or timeout))
    call.wait(timeout + GRACE_SECONDS)
    if not call.has_ended:
        raise EngineUnreachable(f"{address[0]}:{address[1]} does not answer in time", kind="timeout")
    return call.result(Deadline.never(), "it has ended")


def _exchange(endpoint: Endpoint, context: ssl.SSLContext, timeout: float) -> tuple[bytes, bytes]:
    return exchange((endpoint.host, endpoint.port), context, Question(), timeout)


def _exchanged(dialled: tuple[str, int], context: ssl.SSLContext, question: Question, timeout: float,
               connect_timeout: float) -> tuple[bytes, bytes]:
    address = f"{dialled[0]}:{dialled[1]}"
    try:
        with socket.create_connection(dialled, timeout=connect_timeout) as plain:
            plain.settimeout(timeout)
            # What follows the end of the handshake does not wait for that to be acknowledged: 40 ms, or a round trip.
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with context.wrap_socket(plain, server_hostname=question.name or dialled[0]) as secured:
                certificate = secured.getpeercert(binary_form=True) or b""     # a server always shows one
                secured.sendall(question.text)
                return _read(secured, question), certificate
    except socket.gaierror as error:
        raise EngineUnreachable(f"the name {dialled[0]} does not resolve from here", kind="dns") from error
    except ssl.SSLCertVerificationError as error:
        kind = "expired" if error.verify_code == CERTIFICATE_HAS_EXPIRED else "certificate"
        raise EngineUnreachable(f"the certificate of {address} can't be verified: {error.verify_message}",
                                kind=kind, why=WHY.get(error.verify_code, "")) from error
    except ssl.SSLError as error:
        kind, said = _meaning(error)
        raise EngineUnreachable(f"{address} {said}", kind=kind) from error
    except (ConnectionResetError, ConnectionAbortedError, BrokenPipeError) as error:
        raise EngineUnreachable(f"{address} closed the connection", kind="rejected") from error
    except TimeoutError as error:
        raise EngineUnreachable(f"{address} does not answer: a firewall or a network security group on the way "
                                "drops the packets, or the VM is off", kind="timeout") from error
    except ConnectionRefusedError as error:
        raise EngineUnreachable(f"{address} refuses connections: nothing listens there", kind="refused") from error
    except OSError as error:
        raise EngineUnreachable(f"{address} can't be reached: {_reason(error)}", kind="other") from error


def _meaning(error: ssl.SSLError) -> tuple[str, str]:
    """Who refuses sends an alert and closes; whether the alert or the reset is seen first is chance."""
    if "ALERT" in (error.reason or ""):
        return "rejected", f"rejected this client's certificate: {_reason(error)}"
    closed = (ssl.SSL_ERROR_EOF, ssl.SSL_ERROR_SYSCALL, ssl.SSL_ERROR_ZERO_RETURN)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) or error.errno in closed:
        return "rejected", "closed the connection"
    return "protocol", f"does not speak TLS as expected: {_reason(error)}"


def _read(secured: ssl.SSLSocket, question: Question) -> bytes:
    reply = b""
    while question.ends_with not in reply and len(reply) < question.most:
        part = secured.recv(4096)
        if not part:
            break
        reply += part
    if not reply:
        raise ConnectionResetError("no answer")
    return reply


def _reason(error: OSError) -> str:
    return getattr(error, "reason", None) or error.strerror or str(error)
