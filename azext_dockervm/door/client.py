"""Knocking at the door of a new host: mutual TLS by the run's one-time certificate, one question a connection."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from azext_dockervm.certs.one_time import OneTimeIdentity
from azext_dockervm.door import messages
from azext_dockervm.engine.tls import Question, exchange
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.flow import trace

# For one knock, in seconds, and of it for the connection: a packet that was dropped is sent again after one second, and
# a door that opens in the next is found then.
KNOCK_SECONDS, CONNECT_SECONDS = 5.0, 2.0


@dataclass(frozen=True)
class Door:
    """``address`` is an IP address: who asks for a new name too early leaves a "no" in the resolvers on the way.
    ``folder`` has the client's certificate and key. Every method raises ``EngineUnreachable``, whose kinds
    ``engine.tls.handshake`` tells."""

    address: str
    port: int
    run_id: str
    identity: OneTimeIdentity
    folder: Path

    def state(self) -> messages.Said:
        return self._ask(messages.state_request(self.run_id))

    def hand_in(self, csr: str, certificate: str) -> messages.Said:
        """``certificate`` (PEM) was issued for the signing request ``csr``, as the door has told it."""
        return self._ask(messages.certificate_request(self.run_id, csr, certificate))

    def _ask(self, message: bytes) -> messages.Said:
        try:
            with trace.call("TLS", f"{self.address}:{self.port}"):
                said = self._said(message)
        except EngineUnreachable as error:
            trace.state("door", error.kind)
            raise
        trace.state("door", said.state or "refuses")
        return said

    def _said(self, message: bytes) -> messages.Said:
        question = Question(message, b"\n", messages.MOST_BYTES, self.identity.name)
        answer, _shown = exchange((self.address, self.port), self._context(), question, KNOCK_SECONDS, CONNECT_SECONDS)
        return messages.parse(answer, self.run_id)

    def _context(self) -> ssl.SSLContext:
        """Trusts the one certificate and nothing else, in no version of TLS before 1.2."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata=self.identity.certificate_pem.decode())
        context.load_cert_chain(str(self.folder / "cert.pem"), str(self.folder / "key.pem"))
        return context
