"""What client and door say to each other: one line of JSON each way, at most 16 KiB."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.printable import printable

VERSION = 1
MOST_BYTES = 16384
# Of what a failed host tells: as much as a run command's answer has room for.
MOST_LINES, LINE_LENGTH = 40, 220

WAITING, INSTALLING, CERTIFIED, STARTING, FAILED = "waiting", "installing", "certified", "starting", "failed"
IN_WORDS = {
    WAITING: "it has begun",
    INSTALLING: "it installs Docker",
    CERTIFIED: "it has its certificate, and installs Docker",
    STARTING: "it starts the engine",
    FAILED: "its set-up has failed",
}


@dataclass(frozen=True)
class Said:
    """An answer of the door. ``csr`` is the host's signing request (PEM), ``certified`` the SHA-256 (hex) of the
    certificate that it has accepted; ``reason`` and ``details`` are of a set-up that has failed, ``refusal`` of a
    message that was turned away; ``notes`` begin with a word that says what each is about. What is for people is
    cleaned of control characters."""

    state: str = ""
    csr: str | None = None
    certified: str | None = None
    reason: str = ""
    details: tuple[str, ...] = ()
    refusal: str = ""
    notes: tuple[str, ...] = ()


def state_request(run_id: str) -> bytes:
    return _line({"v": VERSION, "run": run_id, "op": "state"})


def certificate_request(run_id: str, csr: str, certificate: str) -> bytes:
    return _line({"v": VERSION, "run": run_id, "op": "certificate", "csr_sha256": digest(csr), "cert": certificate})


def digest(pem: str) -> str:
    return hashlib.sha256(pem.encode()).hexdigest()


def parse(answer: bytes, run_id: str) -> Said:
    """Raises ``EngineUnreachable`` of the kind protocol for what no door of this run says."""
    if not answer.endswith(b"\n") or len(answer) > MOST_BYTES:
        raise _garbage()
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise _garbage() from error
    if not isinstance(said, dict) or said.get("v") != VERSION or said.get("run") != run_id:
        raise _garbage()
    if "error" in said:
        return Said(refusal=printable(_text(said, "error"))[:40])
    state, details, notes = _text(said, "state"), said.get("details", []), said.get("notes", [])
    if state not in IN_WORDS or not isinstance(details, list) or not isinstance(notes, list):
        raise _garbage()
    return Said(state, _text_or_none(said, "csr"), _text_or_none(said, "certified"),
                printable(_text_or_none(said, "reason") or "")[:40], _lines(details), notes=_lines(notes))


def _lines(said: list[Any]) -> tuple[str, ...]:
    return tuple(printable(line, LINE_LENGTH) for line in said[:MOST_LINES] if isinstance(line, str))


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise _garbage()
    return value


def _text_or_none(said: dict[str, Any], name: str) -> str | None:
    return None if said.get(name) is None else _text(said, name)


def _garbage() -> EngineUnreachable:
    return EngineUnreachable("what answers there does not speak as the new host would", kind="protocol")
