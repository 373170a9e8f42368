"""A managed run command's body, and how it says that it has ended."""

from __future__ import annotations

import pytest
from specs import host_spec

from azext_dockervm.body import run_command
from azext_dockervm.flow.request import Ref, printed
from azext_dockervm.secret import Secret


def test_the_body_carries_script_and_parameters_and_waits_for_the_end():
    """A script that fails ends as Succeeded: its own answer is read instead."""
    address = Ref("address", "fqdn")
    body = run_command.body(host_spec("demo", "web1", tags={"team": "a"}), "r1", "echo hello",
                            {"DOCKERVM_ACTION": "serve", "DOCKERVM_NAMES": address, "DOCKERVM_SSH_PORT": ""},
                            Ref("deadline"))
    assert body == {
        "location": "westus", "tags": {"team": "a", "dockervm-host": "web1", "dockervm-run": "r1"},
        "properties": {
            "source": {"script": "echo hello"},
            "parameters": [{"name": "DOCKERVM_ACTION", "value": "serve"},
                           {"name": "DOCKERVM_NAMES", "value": address}],
            "asyncExecution": False, "treatFailureAsDeploymentFailure": False, "timeoutInSeconds": Ref("deadline")}}


def test_what_is_secret_goes_the_way_that_azure_shows_to_nobody():
    body = run_command.body(host_spec("demo", "web1"), "r1", "echo", {"OPEN": "a", "HIDDEN": Secret("b")}, 60)
    assert body["properties"]["parameters"] == [{"name": "OPEN", "value": "a"}]
    assert body["properties"]["protectedParameters"] == [{"name": "HIDDEN", "value": Secret("b")}]
    assert "b" not in str(printed(body["properties"]["protectedParameters"][0]["value"]))


@pytest.mark.parametrize("found", [None, {}, {"properties": None}, {"properties": {"instanceView": None}}])
def test_one_that_is_not_there_or_says_nothing_is_unknown(found):
    view = run_command.instance_view(found)
    assert view == {} and run_command.execution_state(view) == "Unknown"


@pytest.mark.parametrize(("state", "ended", "at_work"), [
    ("Succeeded", True, False), ("Failed", True, False), ("TimedOut", True, False), ("Canceled", True, False),
    ("Running", False, True), ("Pending", False, True), ("Unknown", False, False)])
def test_which_states_are_an_end(state, ended, at_work):
    view = run_command.instance_view({"properties": {"instanceView": {"executionState": state}}})
    assert run_command.execution_state(view) == state
    assert (state in run_command.ENDED, state in run_command.AT_WORK) == (ended, at_work)


@pytest.mark.parametrize(("state", "view", "ended"), [
    ("Succeeded", {"executionState": "Succeeded"}, True), ("Succeeded", {"executionState": "Running"}, False),
    ("Failed", {"executionState": "Running"}, False), ("Failed", None, True),
    ("Failed", {"executionState": "Pending"}, True),
    ("Creating", {"executionState": "Pending"}, False), ("Creating", None, False),
    ("Succeeded", None, False)])
def test_one_that_azure_could_not_even_hand_over_has_ended_too(state, view, ended):
    found = {"properties": {"provisioningState": state, "instanceView": view}}
    assert run_command.has_ended(found) is ended and not run_command.has_ended(None)
