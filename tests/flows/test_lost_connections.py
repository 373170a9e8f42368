"""Connections that are lost at a bad moment, and changes that somebody else makes meanwhile."""

from __future__ import annotations

import pytest
from flow_cloud import HOST

from azext_dockervm.host import certify
from localazure.protocol.ids import short_id

VM = "Microsoft.Compute/virtualMachines"


def lose(cloud, method: str, kind: str, **more) -> None:
    cloud.behavior(rules=[{"do": "reset", "when": "after", "method": method, "type": kind, **more}])


def test_one_at_the_last_step_does_not_fail_a_verified_host(cloud):
    """azure-core repeats no PATCH."""
    lose(cloud, "PATCH", VM, times=1)
    made = cloud.create("--provisioner", "run-command").succeeded()
    assert made.json["reachable"] is True and "this failed" not in made.stderr
    assert cloud.tags()["dockervm-provisioner"] == "run-command"
    assert cloud.run_commands() == []


def test_tags_that_can_t_be_written_are_a_warning_and_written_by_the_next_create(cloud):
    cloud.behavior(rules=[{"do": "answer", "status": 403, "code": "AuthorizationFailed", "message": "Not you.",
                         "method": "PATCH", "type": VM}])
    made = cloud.create("--provisioner", "run-command").succeeded()
    assert "The host works, but this failed: note the host's data" in made.stderr and "Not you" in made.stderr
    assert f"az dockervm create -g {cloud.group} -n {HOST}" in made.stderr
    assert made.json["reachable"] is True and cloud.run_commands() == []
    cloud.behavior()
    assert cloud.create().succeeded().json == made.json
    assert cloud.tags()["dockervm-provisioner"] == "run-command"


def test_an_extension_that_may_not_be_read_is_none(cloud):
    made = cloud.host()
    cloud.retag(dockervm_provisioner=None)
    cloud.behavior(rules=[{"do": "answer", "status": 403, "code": "AuthorizationFailed", "message": "Not you.",
                         "method": "GET", "type": f"{VM}/extensions"}])
    assert cloud.create().succeeded().json == made


@pytest.mark.parametrize("effect", ["reset", "close"])
def test_the_vm_s_put_that_is_sent_again_does_not_undo_what_it_made(cloud, effect):
    cloud.behavior(rules=[{"do": effect, "when": "after", "method": "PUT", "type": VM, "times": 1}])
    made = cloud.create("--provisioner", "run-command").succeeded()
    assert made.json["reachable"] is True and "Undoing" not in made.stderr
    assert len([one for one in cloud.parts() if one.startswith("virtualMachines/")]) == 1


def test_a_vm_that_azure_can_t_place_after_a_lost_answer_keeps_azure_s_reason(cloud):
    cloud.behavior(rules=[{"do": "reset", "when": "after", "method": "PUT", "type": VM, "times": 1}],
                 conditions={"allocation_failed": [{"size": "*"}]})
    failed = cloud.create("--provisioner", "run-command")
    assert failed.code == 1 and "AllocationFailed" in failed.stderr and "has been undone" in failed.stderr
    assert not any(one.endswith(HOST) for one in cloud.parts())


def test_a_vm_that_another_terminal_has_just_made_is_left_to_it(cloud):
    """Found by nobody at the survey, there at the PUT: Azure is told never to change a VM that exists."""
    from test_parts import in_the_middle
    from test_ruin import _body

    body = _body(cloud)
    body["tags"]["dockervm-run"] = "another"
    cloud.behavior(latencies={"Microsoft.Network/publicIPAddresses/write": 120})
    cloud.mark()
    other = in_the_middle(cloud, rf"PUT \S+/{HOST}PublicIP", lambda: cloud.arm("PUT", VM, HOST, body))
    refused = cloud.create("--provisioner", "run-command")
    other.result(30)
    assert refused.code == 1 and "Another create has made the VM" in refused.stderr
    assert "was left to it" in refused.stderr
    assert cloud.tags()["dockervm-run"] == "another"
    assert f"networkSecurityGroups/{HOST}NSG" in cloud.parts()


def after_the_proof(monkeypatch, act) -> None:
    """Does something between the proof and the tags."""
    real = certify.prove

    def prove(*arguments, **options):
        proven = real(*arguments, **options)
        act()
        return proven

    monkeypatch.setattr(certify, "prove", prove)


def test_somebody_else_s_tags_stay(cloud, monkeypatch):
    """Written by a person or a policy while the host was being set up."""
    after_the_proof(monkeypatch, lambda: cloud.retag(cost_center="42"))
    cloud.host("--tags", "env=test")
    assert cloud.tags()["cost-center"] == "42" and cloud.tags()["env"] == "test"


def test_what_somebody_changes_of_a_host_s_old_tags_stays_changed(cloud, monkeypatch):
    cloud.host("--tags", "env=test", "owner=me")
    after_the_proof(monkeypatch, lambda: cloud.retag(env="prod", owner=None))
    cloud.create("--tags", "team=a").succeeded()
    tags = cloud.tags()
    assert (tags["env"], tags["team"]) == ("prod", "a") and "owner" not in tags


def test_a_host_that_is_deleted_at_the_last_moment_is_one_clear_error(cloud, monkeypatch):
    from local_azure import eventually

    def delete() -> None:
        cloud.arm("DELETE", VM, HOST)
        eventually(lambda: cloud.vm() is None, "the VM is gone", 30)

    cloud.host()
    after_the_proof(monkeypatch, delete)
    failed = cloud.create()
    assert failed.code == 3 and f"The VM '{HOST}' has been deleted meanwhile" in failed.stderr
    assert "was kept" not in failed.stderr
    assert f"To make the host anew: az dockervm create -g {cloud.group} -n {HOST}" in failed.stderr


def test_run_commands_of_a_killed_run_are_deleted_by_the_next_one(cloud):
    cloud.behavior(rules=[{"do": "answer", "status": 403, "code": "AuthorizationFailed", "message": "Not you.",
                         "method": "DELETE", "type": f"{VM}/runCommands"}])
    made = cloud.create("--provisioner", "run-command").succeeded()
    assert "az vm run-command delete" in made.stderr and len(cloud.run_commands()) == 2
    foreign = f"{HOST}/runCommands/theirs"
    cloud.behavior()
    cloud.arm("PUT", VM, foreign, {"location": "westus", "properties": {"source": {"script": "true"}}})
    cloud.settled(VM, foreign)
    cloud.create().succeeded()
    assert cloud.run_commands() == ["theirs"]


def test_what_a_killed_run_has_started_keeps_its_lock_and_the_next_run_waits_for_it(cloud):
    """As the genuine handler leaves it: it kills the script at its time-out, and none of its children."""
    cloud.host()
    holder = ("#!/bin/sh\ncd $DOCKERVM_ROOT/run/dockervm && exec 9>lock && flock 9 || exit\n"
              "(sleep 7; touch ended) & wait")
    cloud.arm("PUT", VM, f"{HOST}/runCommands/holder", {"location": "westus", "properties": {
        "timeoutInSeconds": 1, "source": {"script": holder}}})
    cloud.settled(VM, f"{HOST}/runCommands/holder")
    ended = cloud.instance.folder / "machines" / short_id(cloud.vm()["id"]) / "root/run/dockervm/ended"
    assert not ended.exists()
    moved = cloud.create("-dp", "2376").succeeded()
    assert moved.json["reachable"] is True and ended.exists(), "it has waited for the lock"
