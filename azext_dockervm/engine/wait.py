"""Waiting until an engine answers from here, with the last thing seen when the patience ends."""

from __future__ import annotations

from typing import Any

from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.engine.tls import handshake
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.flow import trace

# Waiting mends none of these.
FINAL = frozenset({"files"})


def until_answering(endpoint: Endpoint, deadline: Any, drops: int | None = None) -> bytes:
    """Try a verified handshake until it works → the server's certificate (DER). ``drops``: how many times without any
    answer are enough.

    Raises the last ``EngineUnreachable`` when ``deadline`` passes, ``Interrupted`` on Ctrl-C.
    """
    dropped = 0
    while True:
        try:
            with trace.call("TLS", f"{endpoint.host}:{endpoint.port}"):
                certificate = handshake(endpoint, timeout=max(1.0, min(5.0, deadline.remaining())))
            trace.state("engine", "answers")
            return certificate
        except EngineUnreachable as error:
            trace.state("engine", error.kind)
            dropped += error.kind == "timeout"
            if error.kind in FINAL or dropped == drops or deadline.remaining() < 1:
                raise
            deadline.sleep(min(1.0, deadline.remaining() / 2), error.cause)
