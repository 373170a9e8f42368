"""What the set-up script answers, as values; which provisioner is chosen; custom data and daemon.json."""

from __future__ import annotations

import base64
import json

import pytest

from azext_dockervm.errors import AzureRefused, HostFailed, InvalidValue, NotFound
from azext_dockervm.plan.deadline import Deadline
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
    answer = run_command._answer(view, "serve", "r1")
    assert not answer.ok and answer.reason == "docker-start-failed" and answer.details == ("port in use",)


@pytest.mark.parametrize("view", [{"executionState": "TimedOut"}, {"executionState": "Failed", "exitCode": -1}])
def test_a_time_out_is_called_one(view):
    with pytest.raises(HostFailed, match="time allowed"):
        run_command._answer(view, "serve", "r1")


class Host:
    """A VM's run commands: notes them, answers what it is told to, each view after the other."""

    def __init__(self, *views):
        self.deadline, self.put, self.deleted, self.views, self.others = Deadline(60), [], [], list(views), {}

    def put_run_command(self, _group, _vm, name, body):
        self.put.append((name, body))

    def run_command(self, _group, _vm, name):
        view = self.others[name] if name in self.others else self.views.pop(0)
        return {"properties": {"instanceView": view}}

    def run_commands(self, _group, _vm):
        return list(self.others)

    def delete_run_command(self, _group, _vm, name):
        if name == "dockervm-old-stubborn":
            raise AzureRefused("no")
        self.deleted.append(name)


def said(run="r1", result="ok"):
    return {"executionState": "Succeeded", "exitCode": 0, "output": block(f"result: {result}", run=run)}


SPEC = HostSpec("g", "web1", location="westus", tags={"env": "test"}, subscription="sub")


def test_a_vm_that_azure_does_not_find_yet_is_asked_again(monkeypatch):
    monkeypatch.setattr(Deadline, "sleep", lambda *_arguments: None)
    host = Host(said())
    there, misses, put = [{"name": "web1"}], [2], host.put_run_command

    def late(*arguments):
        misses[0] -= 1
        if misses[0] >= 0:
            raise NotFound("the parent resource could not be found")
        put(*arguments)

    host.put_run_command, host.virtual_machine = late, lambda _group, _name: there[0]
    assert run_command.RunCommands(host, SPEC, "r1").ask("serve").ok
    misses[0], there[0] = 1, None       # and one that is really gone is not waited for
    with pytest.raises(NotFound):
        run_command.RunCommands(host, SPEC, "r1").ask("serve")


def test_no_two_run_commands_have_one_name_and_each_has_the_user_s_tags():
    host = Host(said(), said(), said())
    commands = run_command.RunCommands(host, SPEC, "r1")
    for action in ("check", "check", "serve"):
        assert commands.ask(action).ok
    assert [name for name, _ in host.put] == ["dockervm-check-r1", "dockervm-check-r1-2", "dockervm-serve-r1"]
    assert all(body["tags"]["env"] == "test" for _, body in host.put)


def test_an_answer_is_waited_for_though_the_put_has_ended(monkeypatch):
    monkeypatch.setattr(Deadline, "sleep", lambda *_arguments: None)
    host = Host({"executionState": "Running"}, {"executionState": "Pending"}, {}, {"executionState": "Unknown"}, said())
    assert run_command.RunCommands(host, SPEC, "r1").ask("serve").ok


def test_a_state_that_stays_unknown_is_given_up(monkeypatch):
    monkeypatch.setattr(Deadline, "sleep", lambda *_arguments: None)
    monkeypatch.setattr(run_command, "UNKNOWN_SECONDS", 0.0)
    with pytest.raises(HostFailed, match="ended as Unknown"):
        run_command.RunCommands(Host({"executionState": "Unknown"}), SPEC, "r1").ask("serve")


def test_a_failure_that_the_host_tells_is_raised_with_its_words_or_answered():
    commands = run_command.RunCommands(Host(said(result="failed"), said(result="failed")), SPEC, "r1")
    assert not commands.answer_to("check").ok
    with pytest.raises(HostFailed, match="'check'"):
        commands.ask("check")


def test_leftovers_of_killed_runs_go_but_not_those_at_work_nor_other_people_s():
    host, warned = Host(said()), []
    host.others = {"dockervm-old": {"executionState": "Succeeded"}, "theirs": {"executionState": "Succeeded"},
                   "dockervm-busy": {"executionState": "Running"}, "dockervm-new": {},
                   "dockervm-old-stubborn": {"executionState": "Failed"}}
    commands = run_command.RunCommands(host, SPEC, "r1")
    commands.ask("check")
    commands.delete(warned.append, leftovers=True)
    assert host.deleted == ["dockervm-check-r1", "dockervm-old"]
    assert len(warned) == 1 and "az vm run-command delete -g g --vm-name web1 -n dockervm-old-stubborn" in warned[0]
    assert "--subscription sub" in warned[0]


OLD = Image.parse("Canonical:UbuntuServer:16.04-LTS:latest")


@pytest.mark.parametrize(("changes", "published", "expected"), [
    ({"image": OLD}, True, "docker-extension"),
    ({}, True, "run-command"),      # today's Ubuntu: the extension's own installation fails on it
    ({"image": OLD}, False, "run-command"),
    ({"image": OLD}, None, "run-command"),
    ({"image": OLD, "ssh_port": 22}, True, "docker-extension"),
    ({"image": OLD, "ssh_port": 2222}, True, "run-command"),
    ({"image": Image.parse("Debian:debian-13:13-gen2:latest")}, True, "run-command"),
    ({"image": Image.parse("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/i")}, True,
     "run-command"),
    ({"provisioner": "run-command", "image": OLD}, True, "run-command"),
    ({"provisioner": "docker-extension", "ssh_port": 2222}, True, "docker-extension"),
])
def test_the_choice_of_a_provisioner(changes, published, expected):
    choice = base.choose(HostSpec("g", "web1", location="westus", **changes), published)
    assert choice.provisioner == expected
    assert choice.fallback == (changes.get("provisioner") is None and expected == "docker-extension")


@pytest.mark.parametrize(("urn", "of_its_era"), [
    ("Canonical:UbuntuServer:14.04.5-LTS:latest", True), ("canonical:ubuntuserver:18.04-LTS:latest", True),
    ("Canonical:UbuntuServer:18_04-lts-gen2:latest", True), ("Canonical:UbuntuServer:20.04-LTS:latest", False),
    ("Canonical:ubuntu-24_04-lts:server:latest", False),
    ("Canonical:0001-com-ubuntu-server-jammy:22_04-lts:latest", False), ("OpenLogic:CentOS:7.5:latest", True),
    ("OpenLogic:CentOS:7_9-gen2:latest", True), ("OpenLogic:CentOS:8_5:latest", False),
    ("RedHat:RHEL:7.9:latest", True), ("RedHat:RHEL:9_4:latest", False), ("CoreOS:CoreOS:Stable:latest", True),
    ("Debian:debian-9:9:latest", False)])
def test_the_images_that_the_extension_was_made_for(urn, of_its_era):
    assert base.of_extension_era(Image.parse(urn)) is of_its_era


def test_an_extension_that_the_region_does_not_publish_can_t_be_asked_for():
    with pytest.raises(InvalidValue, match="eastus2"):
        base.choose(HostSpec("g", "web1", location="eastus2", provisioner="docker-extension"), False)


def test_custom_data_fits_azure_s_limit_and_is_the_set_up_script():
    for data in (custom_data.head_start(), custom_data.head_start(compose=True)):
        assert len(base64.b64encode(data)) <= custom_data.LIMIT
        assert data.startswith(b"#!/bin/sh\nDOCKERVM_ACTION=install\n") and set_up_script().encode() in data
        # cloud-init hands the script on as it is: its settings must reach the whole of it.
        assert (b"\nDOCKERVM_COMPOSE=1\nexport DOCKERVM_COMPOSE\n" in data) is (data != custom_data.head_start())


def test_the_engine_always_verifies():
    settings = json.loads(daemon.daemon_json(4243))
    assert settings["tlsverify"] is True and settings["live-restore"] is True
    assert settings["hosts"] == ["fd://", "tcp://0.0.0.0:4243"]


def test_the_log_driver_is_one_that_docker_s_sdk_can_read_and_is_bounded_on_every_provisioner():
    settings = json.loads(daemon.daemon_json(4243))
    assert (settings["log-driver"], settings["log-opts"]) == ("json-file", {"max-size": "10m", "max-file": "3"})
    assert daemon.extension_options() == [
        "--live-restore", "--log-driver=json-file", "--log-opt=max-size=10m", "--log-opt=max-file=3"]


def test_a_failed_answer_keeps_what_was_told_before_it_failed():
    answer = parse_answer(block("action: check", "result: failed", "authority: aa bb", "expires: 2026-01-05T03:04:09Z",
                                "reason: certificate-expired", "detail: the server certificate ended"), "r1")
    assert not answer.ok
    assert answer["authority"].split() == ["aa", "bb"] and answer["expires"] == "2026-01-05T03:04:09Z"
