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

    def enable(self, type_name, public, protected=None, publisher=EXTENSIONS):
        return enable(HandlerContext(self.run, OF_ITS_TIME), publisher, type_name, public, protected or {})


def test_an_unknown_handler_says_so():
    result = enable(HandlerContext(Guest().run, OF_ITS_TIME), "Contoso", "Thing", {}, {})
    assert result.exit_code == 1 and "Contoso.Thing" in result.stderr


@pytest.mark.parametrize(
    ("publisher", "name"),
    [
        ("Microsoft.Azure.Security.LinuxAttestation", "GuestAttestation"),
        ("Microsoft.OSTCExtensions", "LinuxDiagnostic"),
        ("Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent"),
    ],
)
def test_what_is_published_without_a_handler_never_succeeds(publisher, name):
    guest = Guest()
    result = guest.enable(name, {}, publisher=publisher)
    assert (result.exit_code, result.stderr) == (1, f"Local Azure's agent has no handler for {publisher}.{name}")
    assert guest.environment == {}


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


def enable_older(guest, public, protected=None):
    return guest.enable("CustomScriptForLinux", public, protected, "Microsoft.OSTCExtensions")


@pytest.mark.parametrize(
    ("command", "run"), [("echo a  'b c'", "echo a 'b c'"), ("echo a > /b; id", "echo a '>' '/b;' id")]
)
@pytest.mark.parametrize("part", ["public", "protected"])
def test_the_older_custom_script_runs_a_program_without_a_shell(command, run, part):
    guest = Guest(RunResult(0, "out", "err"))
    settings = {"public": {"fileUris": ["http://a/x"], "timestamp": 1}, "protected": {}}
    settings[part]["commandToExecute"] = command
    result = enable_older(guest, settings["public"], settings["protected"])
    assert (result.exit_code, result.stderr) == (0, "Script is finished.\n---stdout---\nout\n---errout---\nerr\n")
    assert (guest.environment["HANDLER_COMMAND"], guest.environment["HANDLER_FILES"]) == (run, "http://a/x")


def test_the_older_custom_script_tells_of_a_program_that_failed():
    result = enable_older(Guest(RunResult(7, "", "no")), {"commandToExecute": "x"})
    assert result.exit_code == 1 and result.stderr.startswith("Script returned an error.\n")


@pytest.mark.parametrize(
    ("public", "protected", "said"),
    [
        ({}, {}, "CommandToExecute is empty or invalid."),
        ({"commandToExecute": "echo 'a"}, {}, "No closing quotation"),
        ({"commandToExecute": "x"}, {"storageAccountName": "a", "storageAccountKey": "b"}, "Local Azure has no"),
    ],
)
def test_the_older_custom_script_refuses(public, protected, said):
    guest = Guest()
    result = enable_older(guest, public, protected)
    assert result.exit_code == 1 and said in result.stderr and not guest.environment
