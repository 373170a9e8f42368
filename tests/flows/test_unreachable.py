"""A sound host that can't be reached from here: left alone, said aloud, and seen by scripts."""

from __future__ import annotations

import pytest
from flow_cloud import HOST


@pytest.fixture
def out_of_reach(cloud):
    """A finished host whose port is open to somebody else only."""
    before = cloud.host()
    certificate = cloud.engine_certificate()
    with cloud.narrowed():
        cloud.mark()
        yield cloud, before
    assert cloud.engine_certificate() == certificate, "the engine was disturbed"


def test_it_is_left_alone_and_the_exit_code_is_4(out_of_reach):
    cloud, before = out_of_reach
    again = cloud.create()
    assert again.code == 4
    assert again.json == {**before, "reachable": False, "engineVersion": None}
    assert cloud.asked("check") and not cloud.asked("request") and not cloud.asked("serve")
    assert "works, as the host itself has checked, but it can't be reached from here" in again.stderr
    assert cloud.run_commands() == []


@pytest.mark.parametrize(("words", "stdout"), [
    (("-o", "none"), ""), (("--query", "reachable", "-o", "tsv"), "false\n"),
    (("--query", "dockerPort", "-o", "json"), "4243\n")])
def test_the_exit_code_is_4_however_the_result_is_printed(out_of_reach, words, stdout):
    cloud, _ = out_of_reach
    again = cloud.create("--only-show-errors", *words)
    assert (again.code, again.stdout) == (4, stdout)
    assert again.stderr.startswith("WARNING: ") and "can't be reached from here" in again.stderr
    assert [line.split(":")[0] for line in again.stderr.splitlines()] == [
        "WARNING", "To look at the host and start its engine"], "the alert with its way on, and nothing else"


def test_a_new_host_that_is_out_of_reach_ends_with_4_too(cloud):
    made = cloud.create("--provisioner", "run-command", "--sources", "192.0.2.7", "--only-show-errors")
    assert made.code == 4 and made.json["reachable"] is False
    rules = cloud.get("Microsoft.Network/networkSecurityGroups", "web1NSG")["properties"]["securityRules"]
    assert [rule["properties"]["sourceAddressPrefix"] for rule in rules] == ["192.0.2.7"]


def test_an_agent_that_is_silent_is_told_with_what_mends_it(out_of_reach):
    cloud, _ = out_of_reach
    cloud.behavior(conditions={"agent": [{"state": "unavailable"}]})
    failed = cloud.create()
    cloud.behavior()
    assert failed.code == 1 and f"az vm restart -g {cloud.group} -n {HOST}" in failed.stderr
    assert not cloud.asked("serve")


def test_a_host_that_can_t_say_how_it_is_is_not_set_up(out_of_reach, monkeypatch):
    """Another run of the set-up script holds its lock, or its disk is full: no word on the engine."""
    from azext_dockervm.provision.run_commands import RunCommands
    from azext_dockervm.provision.script.answer import Answer

    cloud, _ = out_of_reach
    cloud.retag(dockervm_ca=None)
    busy = Answer(False, {"reason": "busy"}, ("another run of this script has not ended",))
    monkeypatch.setattr(RunCommands, "try_to_run", lambda *_arguments, **_more: busy)
    refused = cloud.create()
    assert refused.code == 1 and "another run of this script has not ended" in refused.stderr
    assert not cloud.asked("request") and not cloud.asked("serve")
