"""What the set-up script answers, as values; which provisioner is chosen; custom data and daemon.json."""

from __future__ import annotations

import base64
import json

import pytest

from azext_dockervm.errors import HostFailed, InvalidValue
from azext_dockervm.provision import base, custom_data, daemon, run_command
from azext_dockervm.provision.script import parse_answer, set_up_script
from azext_dockervm.spec import HostSpec, Image

CSR = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"


def block(*lines, run="r1"):
    return "\n".join(["noise from apt", "dockervm-begin", f"run: {run}", *lines, "dockervm-end", ""])


def test_an_answer_with_a_request():
    answer = parse_answer(block("action: request", "result: ok", "csr:", *CSR.splitlines()), "r1")
    assert answer.ok and answer["csr"] == CSR


def test_the_last_block_counts():
    text = block("result: failed") + block("result: ok", "engine: 26.1.5")
    assert parse_answer(text, "r1")["engine"] == "26.1.5"


@pytest.mark.parametrize("output", ["", "Killed", "dockervm-begin\nrun: r1\n"])
def test_no_block_is_a_failure_that_quotes_the_host(output):
    with pytest.raises(HostFailed, match="did not answer"):
        parse_answer(output, "r1")


def test_an_older_run_s_answer_is_not_taken_for_this_one_s():
    with pytest.raises(HostFailed, match="another run"):
        parse_answer(block("result: ok", run="older"), "r1")


def test_a_missing_value_is_named():
    with pytest.raises(HostFailed, match="'csr'"):
        parse_answer(block("result: ok"), "r1")["csr"]


def test_a_failure_carries_the_host_s_own_words():
    view = {"executionState": "Failed", "exitCode": 1,
            "output": block("action: serve", "result: failed", "reason: docker-start-failed", "detail: port in use")}
    with pytest.raises(HostFailed) as caught:
        run_command._answer(view, "serve", "r1")
    assert "docker-start-failed" in caught.value.message and "port in use" in caught.value.message


def test_a_time_out_is_called_one():
    with pytest.raises(HostFailed, match="time allowed"):
        run_command._answer({"executionState": "TimedOut"}, "serve", "r1")


@pytest.mark.parametrize(("changes", "published", "expected"), [
    ({}, True, "docker-extension"),
    ({}, False, "run-command"),
    ({}, None, "run-command"),
    ({"ssh_port": 22}, True, "docker-extension"),
    ({"ssh_port": 2222}, True, "run-command"),
    ({"image": Image.parse("Debian:debian-13:13-gen2:latest")}, True, "run-command"),
    ({"image": Image.parse("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/i")}, True,
     "run-command"),
    ({"provisioner": "run-command"}, True, "run-command"),
    ({"provisioner": "docker-extension", "ssh_port": 2222}, True, "docker-extension"),
])
def test_the_choice_of_a_provisioner(changes, published, expected):
    choice = base.choose(HostSpec("g", "web1", location="westus", **changes), published)
    assert choice.provisioner == expected
    assert choice.fallback == (changes.get("provisioner") is None and expected == "docker-extension")


def test_an_extension_that_the_region_does_not_publish_can_t_be_asked_for():
    with pytest.raises(InvalidValue, match="eastus2"):
        base.choose(HostSpec("g", "web1", location="eastus2", provisioner="docker-extension"), False)


def test_custom_data_fits_azure_s_limit_and_is_the_set_up_script():
    data = custom_data.head_start()
    assert len(base64.b64encode(data)) <= custom_data.LIMIT
    assert data.startswith(b"#!/bin/sh\nDOCKERVM_ACTION=install\n") and set_up_script().encode() in data


def test_the_engine_always_verifies():
    settings = json.loads(daemon.daemon_json(4243))
    assert settings["tlsverify"] is True and settings["live-restore"] is True and settings["log-driver"] == "local"
    assert settings["hosts"] == ["fd://", "tcp://0.0.0.0:4243"]
