"""Run commands: their names, how an answer is waited for, what a failure means, and that none is left behind."""

from __future__ import annotations

import pytest
from provision_azure import AzureOfOneVm, by_action, one_after_the_other, parameters, said
from specs import changed, host_spec

from azext_dockervm.errors import AzureRefused, DeadlinePassed, HostFailed, HostGone, Interrupted, NotFound
from azext_dockervm.flow import trace
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.request import Ref
from azext_dockervm.flow.step import DEADLINE
from azext_dockervm.flow.trace import Trace
from azext_dockervm.provision import run_commands
from azext_dockervm.provision.run_commands import RunCommands
from azext_dockervm.provision.script.answer import Answer
from azext_dockervm.provision.script.join import set_up_script

pytestmark = pytest.mark.usefixtures("clock")

SPEC = host_spec("g", "web1", tags={"env": "test"}, subscription="sub")
PUT_IT = "Microsoft.Compute/virtualMachines/runCommands"


def commands_on(azure, spec=SPEC):
    return RunCommands(azure, spec, "r1")


def ask(commands, action="serve", deadline=None, **values):
    return commands.run(commands.request(action, values), deadline or Deadline(600))


# What is sent


def test_a_request_says_what_the_script_is_to_do_and_until_when():
    request = commands_on(AzureOfOneVm()).request("serve", {"DOCKERVM_CERT": Ref("certificate"), "DOCKERVM_EMPTY": ""})
    assert (request.method, request.kind, request.group) == ("PUT", PUT_IT, "g")
    assert request.names == ("web1", "dockervm-serve-r1")
    values = parameters(request)
    assert isinstance(values.pop("DOCKERVM_TIMEOUT"), Ref)
    assert values == {"DOCKERVM_ACTION": "serve", "DOCKERVM_RUN_ID": "r1", "DOCKERVM_PORT": "4243",
                      "DOCKERVM_CERT": Ref("certificate")}
    assert request.body["properties"]["source"] == {"script": set_up_script("serve")}
    assert request.body["tags"] == {"env": "test", "dockervm-host": "web1", "dockervm-run": "r1"}


@pytest.mark.parametrize(("seconds", "azure_s", "script_s"), [
    (1200, 1200, "1080"), (300, 300, "200"), (360, 360, "240"), (61, 61, "41"), (5, 60, "40"), (0, 60, "40"),
    (5400, 5400, "5280"), (9000, 5400, "5280"), (float("inf"), 5400, "5280")])
def test_the_script_gives_up_before_azure_and_azure_before_its_own_limit(seconds, azure_s, script_s):
    request = commands_on(AzureOfOneVm()).request("serve", {}).resolved({DEADLINE: Deadline(seconds)})
    assert request.body["properties"]["timeoutInSeconds"] == azure_s
    assert parameters(request)["DOCKERVM_TIMEOUT"] == script_s


def test_no_two_run_commands_of_a_run_have_one_name():
    """The agent takes a new one of a name that it remembers for done."""
    commands = commands_on(AzureOfOneVm())
    assert not commands.planned
    names = [commands.request(action, {}).names[-1] for action in ("check", "check", "serve", "check")]
    assert names == ["dockervm-check-r1", "dockervm-check-r1-2", "dockervm-serve-r1", "dockervm-check-r1-3"]
    assert commands.planned and commands.sent == []


def test_a_host_that_is_known_better_by_now_has_the_same_run_commands():
    azure = AzureOfOneVm()
    commands = commands_on(azure)
    moved = commands.on(changed(SPEC, port=2376))
    ask(commands, "check")
    ask(moved, "check")
    assert azure.names("PUT") == ["dockervm-check-r1", "dockervm-check-r1-2"] == commands.sent == moved.sent
    assert [parameters(one)["DOCKERVM_PORT"] for one in azure.sent] == ["4243", "2376"]


def test_all_calls_end_by_the_deadline():
    azure, deadline = AzureOfOneVm(), Deadline(600)
    commands = commands_on(azure)
    ask(commands, deadline=deadline)
    commands.delete(lambda _text: None, False, deadline)
    assert azure.deadlines and all(one is deadline for one in azure.deadlines)


# A VM that Azure does not know everywhere yet


def test_a_vm_that_azure_does_not_find_yet_is_asked_again(clock):
    azure = AzureOfOneVm()
    azure.refusals = [NotFound("the parent resource could not be found")] * 3
    assert ask(commands_on(azure)).ok
    assert azure.names("PUT") == ["dockervm-serve-r1"] and clock[0] == 1015


def test_one_that_is_really_gone_is_not_waited_for(clock):
    azure = AzureOfOneVm()
    azure.refusals, azure.vm = [NotFound("the parent resource could not be found")], None
    with pytest.raises(HostGone):
        ask(commands_on(azure))
    assert clock[0] == 1000


@pytest.mark.parametrize(("seconds", "waited"), [(600, 60), (33, 30)])
def test_it_is_asked_for_a_minute_and_not_beyond_the_deadline(clock, seconds, waited):
    azure = AzureOfOneVm()
    azure.refusals = [NotFound("not found")] * 100
    with pytest.raises(NotFound):
        ask(commands_on(azure), deadline=Deadline(seconds))
    assert clock[0] - 1000 == waited


def test_any_other_refusal_is_raised_at_once(clock):
    azure = AzureOfOneVm()
    azure.refusals = [AzureRefused("no")]
    commands = commands_on(azure)
    with pytest.raises(AzureRefused):
        ask(commands)
    assert clock[0] == 1000
    assert commands.sent == ["dockervm-serve-r1"], "it may have come into being all the same, and is deleted"


# Waiting for the answer


def test_an_answer_is_waited_for_though_the_put_has_ended(clock):
    views = ({"executionState": "Running"}, {"executionState": "Pending"}, None, {}, {"executionState": "Unknown"},
             said("engine: 26.1.5"))
    answer = ask(commands_on(AzureOfOneVm(one_after_the_other(*views))))
    assert answer == Answer(True, {"run": "r1", "result": "ok", "engine": "26.1.5"})
    assert clock[0] == 1020, "asked every four seconds"


def test_the_states_of_a_run_command_are_traced():
    record = Trace()
    views = ({"executionState": "Pending"}, {"executionState": "Running"}, {"executionState": "Running"}, said())
    with trace.recording(record):
        ask(commands_on(AzureOfOneVm(one_after_the_other(*views))))
    assert [(one.who, one.text) for one in record.states] == [
        ("run command 'serve'", text) for text in ("sent", "Pending", "Running", "Succeeded")]


def test_one_that_works_is_waited_for_until_the_deadline(clock):
    with pytest.raises(DeadlinePassed, match="'dockervm-serve-r1' is Running"):
        ask(commands_on(AzureOfOneVm(lambda _request: {"executionState": "Running"})))
    assert clock[0] == 1600


@pytest.mark.parametrize("refusals", [[], [DeadlinePassed("over")]])
def test_where_it_never_ends_the_agent_may_have_been_restarted(refusals):
    azure = AzureOfOneVm(lambda _request: {"executionState": "Running"})
    azure.refusals = refusals
    with pytest.raises(DeadlinePassed) as caught:
        ask(commands_on(azure))
    [advice] = caught.value.recommendations
    assert "agent was restarted" in advice and advice.endswith("az vm restart -g g -n web1 --subscription sub")


def test_a_state_that_stays_unknown_is_given_up_after_a_minute(clock):
    with pytest.raises(HostFailed, match="ended as Unknown"):
        ask(commands_on(AzureOfOneVm(lambda _request: {})))
    assert 1059 <= clock[0] <= 1061


def test_one_that_another_create_has_deleted_before_its_answer_was_read_is_named():
    """Two terminals make one host: who ends first tidies up what has ended."""
    views = [{"executionState": "Running"}] + [None] * 99
    with pytest.raises(HostFailed, match="'dockervm-serve-r1' was deleted, perhaps by another"):
        ask(commands_on(AzureOfOneVm(one_after_the_other(*views))))


def test_one_whose_state_is_unknown_after_a_long_time_at_work_is_looked_at_no_more(clock):
    views = [{"executionState": "Running"}] * 30 + [{}]
    with pytest.raises(HostFailed, match="ended as Unknown"):
        ask(commands_on(AzureOfOneVm(one_after_the_other(*views))))


# What an end means


@pytest.mark.parametrize("view", [{"executionState": "TimedOut"}, {"executionState": "Failed", "exitCode": -1}])
def test_a_time_out_is_called_one(view):
    """The Linux handler never says TimedOut: it reports Failed with exit code -1."""
    with pytest.raises(HostFailed, match="'serve'.*did not end in the time allowed"):
        ask(commands_on(AzureOfOneVm(lambda _request: view)))


@pytest.mark.parametrize(("view", "told"), [
    ({"executionState": "Failed", "exitCode": 127, "error": "sh: not\n  found"},
     "ended as Failed, exit code 127: sh: not found"),
    ({"executionState": "Canceled", "executionMessage": "stopped"}, "ended as Canceled, exit code None: stopped"),
    ({"executionState": "Failed", "exitCode": 1, "output": "killed"}, "exit code 1: killed"),
    ({"executionState": "Canceled", "exitCode": -1}, "ended as Canceled, exit code -1: "),
    ({"executionState": "Failed", "exitCode": 1, "error": "x" * 400}, ": " + "x" * 300)])
def test_an_end_without_an_answer_quotes_what_azure_tells(view, told):
    with pytest.raises(HostFailed) as caught:
        ask(commands_on(AzureOfOneVm(lambda _request: view)))
    assert caught.value.message.endswith(told) and "'serve'" in caught.value.message


@pytest.mark.parametrize(("state", "code"), [("Failed", -1), ("Failed", 1), ("Canceled", None)])
def test_a_host_that_has_answered_is_heard_whatever_azure_calls_its_end(state, code):
    view = said("reason: docker-start-failed", result="failed", state=state, code=code)
    with pytest.raises(HostFailed, match="Docker does not start"):
        ask(commands_on(AzureOfOneVm(lambda _request: view)))


def test_an_end_that_is_called_succeeded_without_an_answer_is_a_failure():
    with pytest.raises(HostFailed, match="did not answer"):
        ask(commands_on(AzureOfOneVm(lambda _request: {"executionState": "Succeeded", "output": "hello"})))


def test_the_answer_must_be_this_run_s():
    with pytest.raises(HostFailed, match="another run"):
        ask(commands_on(AzureOfOneVm(lambda _request: said(run="r0"))))


def test_a_failure_that_the_host_tells_is_raised_with_its_words():
    view = said("reason: docker-start-failed", "detail: port in use", "detail: by nginx", result="failed")
    with pytest.raises(HostFailed) as caught:
        ask(commands_on(AzureOfOneVm(lambda _request: view)), "check")
    assert caught.value.message == ("The host's set-up ('check') failed: Docker does not start. The host says:\n"
                                    "    port in use\n    by nginx")


def test_who_wants_to_hear_of_a_failure_gets_it_as_an_answer():
    commands = commands_on(AzureOfOneVm(by_action({"check": said("reason: no-key", result="failed")})))
    answer = commands.try_to_run(commands.request("check", {}), Deadline(600))
    assert not answer.ok and answer.reason == "no-key"
    assert commands.sent == ["dockervm-check-r1"]


# Tidying


def deleted(azure, leftovers=False):
    """What is warned of while the run commands are deleted."""
    warned = []
    commands = commands_on(azure)
    ask(commands, "check")
    ask(commands, "serve")
    commands.delete(warned.append, leftovers, Deadline(120))
    return warned


def test_those_of_this_run_are_deleted():
    azure = AzureOfOneVm()
    azure.others = {"dockervm-old": said()}
    assert deleted(azure) == []
    assert azure.names("DELETE") == ["dockervm-check-r1", "dockervm-serve-r1"]
    assert {(one.kind, one.group, one.names[0]) for one in azure.sent} == {(PUT_IT, "g", "web1")}


def test_leftovers_of_killed_runs_go_but_not_those_at_work_nor_other_people_s():
    azure = AzureOfOneVm()
    azure.others = {"dockervm-old": said(), "theirs": said(), "my-dockervm-": said(),
                    "dockervm-busy": {"executionState": "Running"}, "dockervm-new": {},
                    "dockervm-failed": {"executionState": "Failed"}, "dockervm-gone": None}
    assert deleted(azure, leftovers=True) == []
    assert azure.names("DELETE") == ["dockervm-check-r1", "dockervm-serve-r1", "dockervm-old", "dockervm-failed"]


def test_a_leftover_that_azure_could_not_even_hand_over_goes_too():
    azure = AzureOfOneVm()
    azure.others = {"dockervm-refused": {}}
    found = azure.get
    azure.get = lambda *names: ({"properties": {"provisioningState": "Failed"}} if names[-1] == "dockervm-refused"
                                else found(*names))
    deleted(azure, leftovers=True)
    assert azure.names("DELETE")[-1] == "dockervm-refused"


def test_a_name_may_be_listed_after_the_vm_s():
    azure = AzureOfOneVm()
    azure.list = lambda *_names: [{"name": "web1/dockervm-old"}, {"name": "web1/dockervm-check-r1"}]
    azure.others = {"dockervm-old": said()}
    deleted(azure, leftovers=True)
    assert azure.names("DELETE") == ["dockervm-check-r1", "dockervm-serve-r1", "dockervm-old"]


def test_what_can_t_be_deleted_is_a_warning_with_the_command_and_the_others_go():
    azure = AzureOfOneVm()
    azure.stubborn = {"dockervm-check-r1": AzureRefused("The agent is silent.")}
    [warning] = deleted(azure)
    assert warning.startswith("The agent is silent. ")
    assert "az vm run-command delete -g g --vm-name web1 -n dockervm-check-r1 --yes --subscription sub" in warning
    assert azure.names("DELETE") == ["dockervm-serve-r1"]


def test_leftovers_that_can_t_be_listed_are_a_warning():
    azure = AzureOfOneVm()
    azure.listed = AzureRefused("not allowed")
    assert deleted(azure, leftovers=True) == ["not allowed"]
    assert azure.names("DELETE") == ["dockervm-check-r1", "dockervm-serve-r1"]


def test_ctrl_c_ends_the_tidying():
    azure = AzureOfOneVm()
    azure.stubborn = {"dockervm-check-r1": Interrupted("Stopped by Ctrl-C")}
    with pytest.raises(Interrupted):
        deleted(azure)
    azure = AzureOfOneVm()
    azure.others = {"dockervm-old": Interrupted("Stopped by Ctrl-C")}
    with pytest.raises(Interrupted):
        deleted(azure, leftovers=True)


def test_a_failure_in_words_has_reason_and_details():
    failed = run_commands.failure("serve", Answer(False, {"reason": "no-space"}, ("disk full",)), SPEC)
    assert failed.message == "The host's set-up ('serve') failed: no space. The host says:\n    disk full"
    assert failed.recommendations == ()


def test_what_a_killed_run_has_started_may_hold_its_lock():
    """The handler kills the script alone."""
    failed = run_commands.failure("serve", Answer(False, {"reason": "busy"}, ("it has not ended",)), SPEC)
    [advice] = failed.recommendations
    assert "holds its lock" in advice and advice.endswith("az vm restart -g g -n web1 --subscription sub")
