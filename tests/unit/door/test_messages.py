"""The words at the door: what is sent, and what of an answer is believed."""

from __future__ import annotations

import hashlib
import json

import pytest

from azext_dockervm.door import messages
from azext_dockervm.door.messages import Said, parse
from azext_dockervm.errors import EngineUnreachable

RUN = "0123456789ab"


def line(**members):
    return json.dumps({"v": 1, "run": RUN, **members}).encode() + b"\n"


def test_what_is_asked_is_one_line_of_json():
    assert messages.state_request(RUN) == b'{"v":1,"run":"0123456789ab","op":"state"}\n'
    sent = messages.certificate_request(RUN, "the request\n", "the certificate\n")
    assert sent.endswith(b"}\n") and sent.count(b"\n") == 1
    assert json.loads(sent) == {"v": 1, "run": RUN, "op": "certificate", "cert": "the certificate\n",
                                "csr_sha256": hashlib.sha256(b"the request\n").hexdigest()}


def test_a_state_is_read():
    assert parse(line(state="installing", csr="PEM", certified=None), RUN) == Said("installing", "PEM")
    assert parse(line(state="certified", csr="PEM", certified="ab"), RUN) == Said("certified", "PEM", "ab")


def test_a_failure_is_read_without_what_would_move_the_cursor():
    said = parse(line(state="failed", csr=None, certified=None, reason="install-failed\x1b[2J",
                      details=["E: no\x07 such package", 7]), RUN)
    assert said == Said("failed", reason="install-failed\\x1b[2J", details=("E: no\\x07 such package",))


def test_notes_are_read_as_lines_without_what_would_move_the_cursor():
    answer = json.dumps({"v": 1, "run": RUN, "state": "installing", "notes": ["a\x1b[2J", 7, "b"]}).encode() + b"\n"
    assert parse(answer, RUN).notes == ("a\\x1b[2J", "b")


def test_what_is_too_long_is_cut():
    said = parse(line(state="failed", csr=None, certified=None, reason="r" * 100, details=["d" * 500] * 20), RUN)
    assert len(said.reason) <= 40 and max(map(len, said.details)) <= 221 and len(said.details) == 20
    many = parse(line(state="failed", csr=None, certified=None, reason="r", details=["d"] * 100), RUN)
    assert len(many.details) == messages.MOST_LINES


def test_a_refusal_is_read():
    assert parse(line(error="other-request"), RUN) == Said(refusal="other-request")


@pytest.mark.parametrize("answer", [
    b"", b"\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"null\n", b"[]\n", b"[" * 10_000 + b"\n", b"\xff\xfe\n",
    line(state="installing", csr=None, certified=None)[:-1],
    json.dumps({"v": 1, "run": "another-run1", "state": "waiting"}).encode() + b"\n",
    json.dumps({"v": 2, "run": RUN, "state": "waiting"}).encode() + b"\n",
    line(state="done"), line(state=None), line(), line(state="waiting", csr=7), line(state="waiting", certified=[]),
    line(state="failed", details="text"), line(error=None), line(state="waiting", csr="x" * 20_000),
], ids=str)
def test_what_no_door_of_this_run_says_is_not_believed(answer):
    with pytest.raises(EngineUnreachable) as caught:
        parse(answer, RUN)
    assert caught.value.kind == "protocol"
