"""What the VM's agent and its handler of run commands do otherwise than one would think: a create copes, or says the
way out."""

from __future__ import annotations

import pytest

VM = "Microsoft.Compute/virtualMachines"
ACTIONS = ["request", "serve"]
# Of the clock that does not wait: what is at work here takes real time, and each look at it seconds of that clock.
HOUR = 3600.0


def vm_path(group: str) -> str:
    return f"/resourceGroups/{group}/providers/{VM}/web1"


def run_commands(world, group) -> list[str]:
    return [one["name"] for one in world.arm.call("GET", f"{vm_path(group)}/runCommands").body["value"]]


def finished(world, group, certificates):
    again = world.create(group, certificates, HOUR)
    assert again.error is None, again.text
    assert again.host.proof.reachable and run_commands(world, group) == []


@pytest.mark.parametrize("action", ACTIONS)
def test_an_agent_that_is_restarted_in_the_middle_costs_the_time_and_the_way_out_is_told(
        world, group, certificates, action):
    world.faults(run_command=[{"command": f"dockervm-{action}-*", "outcome": "hangs"}])
    first = world.create(group, certificates)
    assert "(60 s) is over" in first.error.message and "The VM 'web1' was kept" in first.error.message
    restart, again, *_ = first.error.recommendations
    assert restart.endswith(f"Restarting the VM helps then: az vm restart -g {group} -n web1")
    assert f"az dockervm create -g {group} -n web1" in again
    world.arm.done("POST", f"{vm_path(group)}/restart")
    world.rest(group)
    world.faults()
    finished(world, group, certificates)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("state", ["Running", "Pending", "Unknown"])
def test_a_view_that_comes_after_the_put_is_waited_for(world, group, certificates, state, action):
    world.faults(run_command=[{"command": f"dockervm-{action}-*", "view": state, "view_seconds": 0.03}])
    made = world.create(group, certificates, HOUR)
    assert made.error is None, made.text
    assert run_commands(world, group) == []


@pytest.mark.parametrize("action", ACTIONS)
def test_a_script_that_the_handler_has_killed_is_called_so(world, group, certificates, action):
    """It says Failed and -1, never TimedOut."""
    world.faults(run_command=[{"command": f"dockervm-{action}-*", "outcome": "timed_out"}])
    first = world.create(group, certificates, HOUR)
    assert f"The host's set-up ('{action}') did not end in the time allowed" in first.error.message
    world.faults()
    finished(world, group, certificates)


def test_a_vm_that_azure_does_not_find_right_after_it_was_made_is_asked_again(world, group, certificates):
    world.faults({"do": "answer", "status": 404, "code": "ParentResourceNotFound", "message": "Nobody is here.",
                  "method": "PUT", "type": f"{VM}/runCommands", "times": 4})
    made = world.create(group, certificates, HOUR)
    assert made.error is None, made.text
    assert world.met() == 4
