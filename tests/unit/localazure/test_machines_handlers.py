"""Extension handlers take and refuse what the genuine ones do."""

from __future__ import annotations

import base64
import gzip

import pytest

from localazure.machines.handlers import Scene, custom_script, custom_script_settings, docker_settings, enable
from localazure.machines.machine import RunResult

EXTENSIONS = "Microsoft.Azure.Extensions"
TLS = "--tlsverify --tlscacert=/etc/docker/ca.pem --tlscert=/etc/docker/cert.pem --tlskey=/etc/docker/key.pem"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CERTS = {"certs": {"ca": b64("CA"), "cert": b64("CERT"), "key": b64("KEY")}}


class Guest:
    """Remembers what was run and answers as told."""

    def __init__(self, result: RunResult | None = None) -> None:
        self.result = result or RunResult(0, "", "")
        self.environment: dict[str, str] = {}

    def run(self, script, arguments, timeout):
        self.environment = dict(arguments)
        return self.result

    def enable(self, type_name, public, protected=None):
        return enable(Scene(self.run, "azureuser"), EXTENSIONS, type_name, public, protected or {})


def test_port_and_options_become_the_daemons_arguments():
    settings = docker_settings({"docker": {"port": "4243", "options": ["-D", "--dns=8.8.8.8"]}}, CERTS)
    assert settings.arguments == f"-H=fd:// {TLS} -H=0.0.0.0:4243 -D --dns=8.8.8.8"
    assert settings.certificates == (b"CA", b"CERT", b"KEY")


def test_a_port_without_all_certificates_is_an_open_door():
    settings = docker_settings({"docker": {"port": "4243"}}, {"certs": {"ca": b64("CA"), "cert": b64("CERT")}})
    assert settings.arguments == "-H=fd:// -H=0.0.0.0:4243"
    assert settings.certificates is None


def test_names_are_read_without_regard_to_case_and_unknown_ones_ignored():
    settings = docker_settings({"Docker": {"PORT": "1"}, "other": 1}, {"Certs": None})
    assert settings.port == "1"


def test_text_that_is_no_base64_is_taken_as_it_is():
    settings = docker_settings({}, {"certs": {"ca": "-----BEGIN", "cert": f"{b64('CERT')}\n", "key": "S0V\r\nZ"}})
    assert settings.certificates == (b"-----BEGIN", b"CERT", b"KEY")


@pytest.mark.parametrize(
    ("public", "protected", "said"),
    [
        ({"docker": {"port": 4243}}, {}, "cannot unmarshal number into Go value docker.port of type string"),
        ({"docker": "x"}, {}, "cannot unmarshal string into Go value docker of type object"),
        ({"docker": {"options": "-D"}}, {}, "failed to unmarshal public settings"),
        ({"docker": {"options": [1]}}, {}, "cannot unmarshal number"),
        ({}, {"certs": {"ca": ["x"]}}, "failed to unmarshal protected settings"),
        ({"azure-environment": "Mars"}, {}, "invalid environment name: Mars"),
    ],
)
def test_settings_of_the_wrong_type_fail(public, protected, said):
    guest = Guest()
    result = guest.enable("DockerExtension", public, protected)
    assert result.exit_code == 1 and said in result.stderr and not guest.environment


def test_the_handlers_own_words_are_the_error():
    result = Guest(RunResult(1, "log", "noise\nexit status 1\n")).enable("dockerextension", {})
    assert result.stderr == "enable failed: ERROR: exit status 1"


def test_login_fails_as_docker_knows_no_email_any_more():
    result = Guest().enable("DockerExtension", {}, {"login": {"username": "u", "password": "hidden"}})
    assert result.exit_code == 1 and result.stderr.endswith("'docker login' failed")


def test_an_unknown_handler_says_so():
    result = enable(Scene(Guest().run, "u"), "Contoso", "Thing", {}, {})
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
    assert custom_script(packed) == b"#!/bin/sh\necho\n"
    assert custom_script_settings({"fileUris": ["http://a/x"]}, {"script": b64("x")}) == ("", b"x", ("http://a/x",))


def test_custom_script_quotes_its_output():
    result = Guest(RunResult(7, "out", "err")).enable("CustomScript", {"commandToExecute": "x"})
    assert "exit status=7" in result.stderr and "[stdout]\nout\n[stderr]\nerr" in result.stderr
