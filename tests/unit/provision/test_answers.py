"""What the set-up script answers, as values."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from provision_azure import block

from azext_dockervm.errors import HostFailed
from azext_dockervm.provision.script import join
from azext_dockervm.provision.script.answer import REASONS, Answer, encoded, in_words, parse_answer
from azext_dockervm.provision.script.join import set_up_script

CSR = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"


def test_an_answer_with_a_request():
    answer = parse_answer(block("action: request", "result: ok", "csr:", *CSR.splitlines(), "engine: 26.1.5"), "r1")
    assert answer == Answer(True, {"run": "r1", "action": "request", "result": "ok", "csr": CSR, "engine": "26.1.5"})


def test_lines_may_end_as_on_windows():
    output = block("result: ok", "csr:", *CSR.splitlines()).replace("\n", "\r\n")
    assert parse_answer(output, "r1")["csr"] == CSR


def test_the_last_block_counts():
    text = block("result: failed") + block("result: ok", "engine: 26.1.5")
    answer = parse_answer(text, "r1")
    assert answer.ok and answer["engine"] == "26.1.5"


def test_what_stands_around_the_block_is_no_part_of_it():
    answer = parse_answer("result: failed\n" + block("result: ok") + "run: older\n", "r1")
    assert answer == Answer(True, {"run": "r1", "result": "ok"})


@pytest.mark.parametrize(("output", "shown"), [
    ("", "nothing"), ("Killed", "Killed"), ("dockervm-begin\nrun: r1\n", "dockervm-begin run: r1"),
    ("dockervm-end\ndockervm-begin\n", "dockervm-end dockervm-begin"), ("dockervm-end\n", "dockervm-end"),
    ("a" + " b\n" * 200, "b " * 149 + "b")])
def test_no_block_is_a_failure_that_quotes_the_end_of_what_the_host_said(output, shown):
    with pytest.raises(HostFailed) as caught:
        parse_answer(output, "r1")
    said = caught.value.message.partition("It said: ")[2]
    assert said.strip() == shown and len(said) <= 300


def test_an_older_run_s_answer_is_not_taken_for_this_one_s():
    for output in (block("result: ok", run="older"), "dockervm-begin\nresult: ok\ndockervm-end\n"):
        with pytest.raises(HostFailed, match="another run"):
            parse_answer(output, "r1")


def test_a_missing_value_is_named():
    with pytest.raises(HostFailed, match="'csr'"):
        parse_answer(block("result: ok"), "r1")["csr"]


def test_a_value_may_hold_colons_and_a_line_none():
    answer = parse_answer(block("result: ok", "expires: 2026-01-05T03:04:09Z", "alone"), "r1")
    assert answer["expires"] == "2026-01-05T03:04:09Z" and answer["alone"] == ""


def test_only_ok_is_ok():
    assert not parse_answer(block("result: failed"), "r1").ok and not parse_answer(block(), "r1").ok


def test_a_failed_answer_keeps_what_was_told_before_it_failed():
    answer = parse_answer(block("action: check", "result: failed", "authority: aa bb", "reason: certificate-expired",
                                "detail: the server certificate ended", "detail:   on Monday  "), "r1")
    assert not answer.ok and answer["authority"].split() == ["aa", "bb"]
    assert answer.reason == "certificate-expired"
    assert answer.details == ("the server certificate ended", "on Monday")


def test_a_failure_without_a_reason_has_an_unknown_one():
    assert parse_answer(block("result: failed"), "r1").reason == "unknown reason"


def test_text_of_many_lines_travels_as_one_word():
    assert base64.b64decode(encoded("größe\nb\n")) == "größe\nb\n".encode()
    assert encoded(b"PEM\n") == encoded("PEM\n") == "UEVNCg=="


def test_the_script_is_one_for_sh():
    assert set_up_script("check").startswith("#!/bin/sh\n") and "DOCKERVM_ACTION" in set_up_script("check")


# Why it failed, for people


def failures_of_the_script() -> set[str]:
    """Each word by which a part of the script fails."""
    text = "\n".join(path.read_text() for path in Path(join.__file__).parent.glob("*.sh"))
    direct = re.findall(r"\bfail(?:_[a-z_]+)? ([a-z]+(?:-[a-z]+)*)(?= [\"'\\$])", text)
    return {*direct, *re.findall(r"permanent_error=[\"']([a-z-]+) ", text), *re.findall(r"\breason=([a-z-]+)", text)}


def test_each_failure_of_the_script_has_words_for_people_and_no_other_has():
    assert len(failures_of_the_script()) > 40
    assert failures_of_the_script() == set(REASONS)


def test_a_failure_that_is_not_known_loses_its_hyphens():
    assert in_words("not-set-up") == "Docker is not set up" and in_words("some-new-trouble") == "some new trouble"
