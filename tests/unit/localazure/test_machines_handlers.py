"""Extension handlers take and refuse what the genuine ones do."""

from __future__ import annotations

import base64
import gzip

import pytest

from localazure.machines.handlers import custom_script
from localazure.machines.handlers.context import HandlerContext
from localazure.machines.handlers.dispatch import enable
from localazure.machines.machine import OF_ITS_TIME, RunResult

EXTENSIONS = "Microsoft.Azure.Extensions"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Guest:
    """Remembers what was run and answers as told."""

    def __init__(self, result: RunResult | None = None) -> None:
        self.result = result or RunResult(0, "", "")
        self.environment: dict[str, str] = {}

    def run(self, script, arguments, timeout):
        self.environment = dict(arguments)
        return self.result

    def enable(self, type_name, public, protected=None):
        return enable(HandlerContext(self.run, OF_ITS_TIME), EXTENSIONS, type_name, public, protected or {})


def test_an_unknown_handler_says_so():
    result = enable(HandlerContext(Guest().run, OF_ITS_TIME), "Contoso", "Thing", {}, {})
    assert result.exit_code == 1 and "Contoso.Thing" in result.stderr


@pytest.mark.parametrize(
    ("public", "protected"),
    [
        ({}, {}),
        ({"commandToExecute": "a"}, {"commandToExecute": "b"}),
        ({"script": "YQ=="}, {"script": "YQ=="}),
        ({"commandToExecute": "a"}, {"script": "YQ=="}),
        ({"commandToExecute": "a", "fileUris": ["http://a/x"]}, {"fileUris": ["http://a/y"]}),
        ({"script": "no base64!"}, {}),
    ],
)
def test_custom_script_refuses_contradictions(public, protected):
    result = Guest().enable("CustomScript", public, protected)
    assert result.exit_code == 1 and result.stderr.startswith("Enable failed: ")


def test_custom_script_may_be_zipped_and_have_line_ends_of_dos():
    packed = base64.b64encode(gzip.compress(b"#!/bin/sh\r\necho\r\n")).decode()
    assert custom_script.decoded(packed) == b"#!/bin/sh\necho\n"
    assert custom_script.checked_settings({"fileUris": ["http://a/x"]}, {"script": b64("x")}) == ("", b"x", ("http://a/x",))


def test_custom_script_quotes_its_output():
    result = Guest(RunResult(7, "out", "err")).enable("CustomScript", {"commandToExecute": "x"})
    assert "exit status=7" in result.stderr and "[stdout]\nout\n[stderr]\nerr" in result.stderr
