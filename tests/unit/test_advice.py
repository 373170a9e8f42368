"""What users are told to type: complete, quoted for their shell, and never more than they meant."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from azext_dockervm import advice
from azext_dockervm.advice import advised
from azext_dockervm.errors import AzureRefused, NotFound
from azext_dockervm.secret import Secret
from azext_dockervm.shell import typed
from azext_dockervm.spec import HostSpec, Image

SPEC = HostSpec("my(group)", "web1", location="westus", subscription="sub 1", dns_label="mine", ssh_port=2222,
                typed={"-l": ("westus",), "--size": ("Standard_D4s_v5",), "-p": (), "-e": ("2222",),
                       "--dns-name": ("mine",), "-dc": ("my certs",), "--tags": ("env=test",)})
CREATE = "az dockervm create -g 'my(group)' -n web1"


def test_the_command_that_goes_on_has_all_that_was_typed_but_what_a_vm_keeps():
    assert advice.create_command(SPEC) == (
        f"{CREATE} -l westus -e 2222 -dc 'my certs' --tags env=test --subscription 'sub 1'")


def test_where_there_is_no_vm_yet_the_command_repeats_login_and_machine_but_no_password():
    command = advice.create_command(replace(SPEC, admin_password=Secret("Very-secret-1")), anew=True)
    assert command == (f"{CREATE} -l westus --size Standard_D4s_v5 -p -e 2222 --dns-name mine -dc 'my certs' "
                       "--tags env=test --subscription 'sub 1'")


def test_commands_are_quoted_as_the_system_s_shell_wants_them(monkeypatch):
    words = ["-dc", "/a b/docker", "x"]
    assert typed(words) == "-dc '/a b/docker' x"
    monkeypatch.setattr(os, "name", "nt")
    assert typed(words) == '-dc "/a b/docker" x'


def every_message():
    """Errors with all that the room words, for a spec in which everything was typed."""
    yield advice.kept(AzureRefused("no", code="SkuNotAvailable"), SPEC)
    yield advice.belongs_to_others(SPEC, "because")
    yield from (advised(AzureRefused("no", code=code), SPEC) for code in advice.ADVICE)


def test_each_command_is_one_line_that_names_the_subscription(monkeypatch):
    monkeypatch.setattr(os, "name", "nt")
    for text in (text for error in every_message() for text in error.recommendations):
        assert "&&" not in text and "\n" not in text and "'my(group)' -n" not in text, text
        command = text.partition(": az ")[2]
        if command and not command.startswith(("login", "account list")):
            assert '--subscription "sub 1"' in command, text


@pytest.mark.parametrize(("code", "words"), [
    ("SkuNotAvailable", "az vm list-skus --resource-type virtualMachines -l westus"),
    ("QuotaExceeded", "az vm list-usage -l westus"),
    ("ResourcePurchaseValidationFailed", "--urn Debian:debian-13:13-gen2:latest"), ("AuthorizationFailed", "my(group)"),
])
def test_a_refusal_that_is_known_says_what_to_type(code, words):
    spec = replace(SPEC, image=Image.parse("Debian:debian-13:13-gen2:latest"))
    assert words in advised(AzureRefused("no", code=code), spec).recommendations[0]


def test_a_request_too_many_is_no_quota():
    """Compute's throttling has the code of a quota that is used up."""
    throttled, quota = (advised(AzureRefused("no", code="OperationNotAllowed", status=status), SPEC).recommendations
                        for status in (429, 409))
    assert "try again in some minutes" in throttled[0] and "list-usage" not in throttled[0]
    assert "list-usage" in quota[0]


def test_advice_that_is_there_and_unknown_codes_are_left_alone():
    assert advised(AzureRefused("no", "do this", code="SkuNotAvailable"), SPEC).recommendations == ("do this",)
    assert advised(AzureRefused("no", code="Unheard"), SPEC).recommendations == ()
    assert advised(NotFound("no"), SPEC).recommendations == ()


def test_an_error_of_az_keeps_its_recommendations():
    class Login(Exception):
        recommendations = ["az login"]

    error = advice.as_ours(Login("expired"), SPEC)
    assert error.message == "Login: expired" and error.recommendations == ("az login",)


def test_the_warning_of_a_certificate_that_ends_says_when_and_what_to_type():
    assert advice.renewal(SPEC, "2026-12-01T00:00:00Z", 1).startswith(
        "The server certificate of 'web1' ends on 2026-12-01T00:00:00Z, in 1 day. To renew it: az dockervm create")
    assert " ended on 2026-12-01T00:00:00Z. " in advice.renewal(SPEC, "2026-12-01T00:00:00Z", -1)
