"""Foreign text: wherever it comes in or goes out, no terminal obeys it and it forges no line of ours."""

from __future__ import annotations

import io
import json

import pytest

from azext_dockervm import errors, printable
from azext_dockervm.azure import names
from azext_dockervm.azure.errors import extension_error_of
from azext_dockervm.body import virtual_machine
from azext_dockervm.commands import _table
from azext_dockervm.error_map import as_az_error
from azext_dockervm.flow.step import Step
from azext_dockervm.handlers.command import command
from azext_dockervm.output.progress import Lines, live_line
from azext_dockervm.provision.script.answer import parse_answer

# A title, a colour, 8-bit CSI, a forged line, another reading direction, a letter nobody sees, half a character.
EVIL = "\x1b]0;owned\x07\x1b[31m\x9b2J\r\nTo mend it: rm -rf /\u202e\u200b\x7f\ud800"
FORGED = "To mend it: rm -rf /"


def is_harmless(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


def is_one_line(text: str) -> bool:
    return text.isprintable() and FORGED in text


@pytest.mark.parametrize("shown", [
    lambda text: printable.printable(text), lambda text: printable.one_line(text),
    lambda text: printable.harmless({text: [text]}).popitem()[1][0],
    lambda text: names.tag({"tags": {"X": text}}, "x") or "",
    lambda text: names.shown_tags({"tags": {"X": text}})["x"],
    lambda text: virtual_machine.power_state({"properties": {"instanceView": {"statuses": [
        {"code": f"PowerState/{text}"}]}}}),
    lambda text: virtual_machine.failure({"properties": {"instanceView": {"statuses": [
        {"code": "ProvisioningState/failed/X", "message": text}]}}})[1]])
def test_foreign_text_comes_in_as_one_printable_line(shown):
    assert is_one_line(shown(EVIL))


def test_a_host_s_answer_is_printable_line_by_line():
    evil = EVIL.replace("\r\n", " ")
    answer = parse_answer("\n".join([
        "dockervm-begin", "run: r", "result: failed", f"reason: {evil}", f"detail: {evil}", "dockervm-end"]), "r")
    assert answer.reason.isprintable() and all(detail.isprintable() for detail in answer.details)
    with pytest.raises(errors.HostFailed) as caught:
        parse_answer(f"no block {EVIL}", "r")
    assert is_one_line(caught.value.message)


class Response:
    status_code, headers = 409, {}

    def __init__(self, text: str) -> None:
        self._text = text

    def text(self) -> str:
        return self._text


@pytest.mark.parametrize("code", ["Broken", EVIL, 7, ["x"], {"x": 1}, None])
def test_azure_s_error_is_one_printable_line_whatever_its_code(code):
    from azure.core.exceptions import HttpResponseError

    failure = HttpResponseError("x")
    failure.response = Response(json.dumps({"error": {"code": code, "message": f"No.{EVIL}", "details": [
        {"message": f"{EVIL} more"}]}}))
    error = extension_error_of("do it", failure)
    assert is_one_line(error.message)
    assert error.code is None or error.code.isprintable()


def test_progress_keeps_its_lines_and_nothing_else_of_a_text():
    step, stream = Step("vm", EVIL, lambda _results, _deadline: None), io.StringIO()
    told = Lines(stream)
    told.say(f"first{EVIL}\nsecond")
    told.warn(EVIL)
    told.alert(EVIL)
    told.finished(step, 1.0, EVIL)
    told.failed(step, 1.0)
    assert is_harmless(stream.getvalue()) and "\nsecond\n" in stream.getvalue()
    assert is_one_line(live_line([(EVIL, 0.0)], 1.0, 200))


def test_an_error_keeps_its_lines_and_nothing_else_of_a_text():
    error = as_az_error(errors.HostFailed(f"It failed.\n    {EVIL}", [EVIL]))
    assert is_harmless(error.error_msg) and error.error_msg.startswith("It failed.\n    \\x1b]0;owned")
    assert is_harmless(error.recommendations[0])


def test_results_are_printable_and_keep_what_is_none():
    result = {"name": EVIL, "tags": {EVIL: EVIL}, "number": 7, "none": None, "list": [EVIL, True]}
    shown = command("list")(lambda _cmd, _arguments: result)(cmd())
    assert is_one_line(shown["name"]) and all(map(is_one_line, (*shown["tags"].keys(), *shown["tags"].values())))
    assert (shown["number"], shown["none"], shown["list"][1]) == (7, None, True)


def test_a_plan_keeps_the_texts_of_its_requests():
    script = "#!/bin/sh\n\techo 'é\u200d'\n"
    shown = command("list")(lambda _cmd, _arguments: {"steps": [{"script": script, "name": "\x1b\x9b"}]})(cmd())
    assert shown == {"steps": [{"script": script, "name": "\\x1b\\x9b"}]}


def test_tables_are_printable():
    row = _table("builder_rows")({"name": EVIL, "nodes": [{"name": EVIL, "context": EVIL, "dockerHost": None}]})
    assert all(is_one_line(row[0][column]) for column in ("Builder", "Node", "Context"))


def cmd():
    from types import SimpleNamespace

    return SimpleNamespace(cli_ctx=SimpleNamespace(config=SimpleNamespace(
        get=lambda _section, _option, fallback: fallback), data={}))
