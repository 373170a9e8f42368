"""What a failed create tells the user to type, and what it must never undo."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from azext_dockervm import names
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.errors import AzureRefused, Conflict, NotFound
from azext_dockervm.output.progress import Silent
from azext_dockervm.plan import advice, host
from azext_dockervm.plan.advice import advised
from azext_dockervm.plan.preflight import Found
from azext_dockervm.provision import base
from azext_dockervm.secret import Secret
from azext_dockervm.shell import typed
from azext_dockervm.spec import HostSpec, Image

SPEC = HostSpec("my(group)", "web1", location="westus", subscription="sub 1", dns_label="mine", ssh_port=2222)


def test_the_command_that_goes_on_has_all_that_was_asked_for():
    assert advice.create_command(SPEC) == (
        "az dockervm create -g 'my(group)' -n web1 --subscription 'sub 1' -l westus -u azureuser -e 2222 "
        "--dns-name mine")


def test_commands_are_quoted_as_the_system_s_shell_wants_them(monkeypatch):
    words = ["-dc", "/a b/docker", "x"]
    assert typed(words) == "-dc '/a b/docker' x"
    monkeypatch.setattr(os, "name", "nt")
    assert typed(words) == '-dc "/a b/docker" x'


@pytest.mark.parametrize(("code", "words"), [
    ("SkuNotAvailable", "az vm list-skus -l westus"), ("QuotaExceeded", "az vm list-usage -l westus"),
    ("ResourcePurchaseValidationFailed", "--urn Debian:debian-13:13-gen2:latest"), ("AuthorizationFailed", "my(group)"),
])
def test_a_refusal_that_is_known_says_what_to_type(code, words):
    spec = replace(SPEC, image=Image.parse("Debian:debian-13:13-gen2:latest"))
    assert words in advised(AzureRefused("no", code=code), spec).recommendations[0]


def test_advice_that_is_there_and_unknown_codes_are_left_alone():
    assert advised(AzureRefused("no", "do this", code="SkuNotAvailable"), SPEC).recommendations == ("do this",)
    assert advised(AzureRefused("no", code="Unheard"), SPEC).recommendations == ()
    assert advised(NotFound("no"), SPEC).recommendations == ()


def test_an_error_of_az_keeps_its_recommendations():
    class Login(Exception):
        recommendations = ["az login"]

    error = advice.as_ours(Login("expired"), SPEC)
    assert error.message == "Login: expired" and error.recommendations == ("az login",)


@pytest.mark.parametrize(("machine", "runs"), [
    (None, False),
    ({"tags": {names.TAG_RUN: "mine"}, "properties": {}}, False),
    ({"tags": {names.TAG_RUN: "another"}, "properties": {}}, True),
    ({"tags": {names.TAG_RUN: "mine"}, "properties": {"instanceView": {"statuses": [{"code": "PowerState/running"}]}}},
     True),
])
def test_a_vm_that_runs_or_that_another_terminal_makes_is_not_undone(machine, runs):
    class Azure:
        def virtual_machine(self, _group, _name):
            return machine

    run = host._Create(Azure(), host.Prepared(SPEC, Found(), base.Choice("auto", "")), None, Silent())
    run.run_id = "mine"
    assert run._machine_runs() is runs


def test_where_there_is_no_vm_yet_the_command_repeats_login_and_tags_but_no_password():
    spec = replace(SPEC, login_words=("-p",), tags={"env": "test"}, admin_password=Secret("Very-secret-1"))
    command = advice.create_command(spec, anew=True)
    assert command.endswith(" -p --tags env=test") and "Very-secret-1" not in command
    assert " -p" not in advice.create_command(spec)


MACHINE = {"id": "/vm", "tags": {names.TAG_HOST: "web1", names.TAG_PROVISIONER: "run-command"}, "properties": {
    "hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "osProfile": {"adminUsername": "azureuser"},
    "storageProfile": {"imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server",
                                          "version": "latest"}}}}


def test_what_an_existing_host_does_not_get_is_said():
    assert advice.not_applied(replace(SPEC, provisioner="run-command"), MACHINE) == []
    asked = replace(SPEC, size="Standard_D4s_v5", image=Image.parse("Debian:debian-13:13-gen2:latest"),
                    login_words=("-p",), provisioner="docker-extension")
    told = advice.not_applied(asked, MACHINE)
    assert [text.split(":")[0] for text in told] == ["--size", "--image", "-p", "--provisioner"]
    assert "az vm resize" in told[0] and "az vm user update" in told[2]


def test_a_finished_host_is_not_taken_over_with_an_empty_folder(tmp_path):
    store = CertificateStore(tmp_path / "empty")
    run = host._Create(None, host.Prepared(SPEC, Found(vm=MACHINE), base.Choice("run-command", "")), store, Silent())
    with pytest.raises(Conflict, match="left as it is"):
        run.carry_out()
    assert not store.folder.exists()
