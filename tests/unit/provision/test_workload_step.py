"""What a host is to run, as one run command: what it is told, and what becomes of what it answers."""

from __future__ import annotations

import base64
import gzip

import pytest
from provision_azure import AzureOfOneVm, parameters, said
from specs import host_spec

from azext_dockervm.errors import AzureRefused, DeadlinePassed, Interrupted
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.step import DEADLINE, Step
from azext_dockervm.provision import workload
from azext_dockervm.provision.run_commands import RunCommands
from azext_dockervm.provision.target import Target
from azext_dockervm.provision.workload import LEAST_SECONDS, Outcome, Service
from azext_dockervm.secret import Secret
from azext_dockervm.spec import env_file
from azext_dockervm.spec.workload import ComposeFile, RegistryLogin, Workload

LOGINS = (RegistryLogin("a.io:5000", "robot$x y", Secret("päss w\"rd")), RegistryLogin("b.io", "you", Secret("x")))
ALL = Workload(LOGINS, ComposeFile("services: {web: {}}\n", "compose.yaml", None, "app", builds=True),
               env_file.parse("TOKEN=s3cret\n"))


def done(step: Step) -> Outcome:
    deadline = Deadline(600)
    return step.do({DEADLINE: deadline}, deadline)


def performed(answer, asked: Workload = ALL) -> tuple[Outcome, AzureOfOneVm]:
    azure = AzureOfOneVm(lambda _request: answer)
    spec = host_spec(workload=asked)
    step = workload.step(Target(azure, spec, "r1", RunCommands(azure, spec, "r1")))
    return done(step), azure


def protected(azure: AzureOfOneVm) -> dict[str, bytes]:
    given = azure.sent[0].body["properties"]["protectedParameters"]
    return {one["name"]: base64.b64decode(one["value"].reveal()) for one in given}


def test_what_the_script_is_told():
    _outcome, azure = performed(said())
    told, open_ones = protected(azure), parameters(azure.sent[0])
    server, user, password, *second = told["DOCKERVM_LOGINS"].decode().split()
    assert (server, base64.b64decode(user).decode(), base64.b64decode(password).decode()) == (
        "a.io:5000", "robot$x y", "päss w\"rd") and second[0] == "b.io"
    assert gzip.decompress(told["DOCKERVM_COMPOSE_FILE"]).decode() == "services: {web: {}}\n"
    assert gzip.decompress(told["DOCKERVM_COMPOSE_ENV"]).decode() == "TOKEN=s3cret\n"
    assert set(told["DOCKERVM_HIDDEN"].decode().splitlines()) == {"päss w\"rd", "päss w\\\"rd", "s3cret"}
    assert (open_ones["DOCKERVM_PROJECT"], open_ones["DOCKERVM_BUILDS"]) == ("app", "1")
    assert open_ones["DOCKERVM_ACTION"] == "compose" and "DOCKERVM_LOGINS" not in open_ones


def test_the_same_is_told_in_the_same_bytes():
    """So a dry run can be compared with what is sent."""
    assert workload.parameters(ALL) == workload.parameters(ALL)


def test_of_logins_alone_no_project_is_told():
    _outcome, azure = performed(said(), Workload(ALL.logins))
    assert set(protected(azure)) == {"DOCKERVM_LOGINS", "DOCKERVM_HIDDEN"}
    assert not {"DOCKERVM_PROJECT", "DOCKERVM_BUILDS"} & parameters(azure.sent[0]).keys()


def test_what_the_host_answers():
    outcome, _azure = performed(said("logins: a.io:5000 b.io", "containers: 3",
                                     "services: db|running|;web|exited (1)|0.0.0.0:80->80/tcp,[::]:80->80/tcp"))
    assert outcome.logged_in == ("a.io:5000", "b.io") and (outcome.containers, outcome.state) == (3, "running")
    assert outcome.services == (Service("db", "running"), Service(
        "web", "exited (1)", ("0.0.0.0:80->80/tcp", "[::]:80->80/tcp"))) and outcome.broken == ("web",)


def test_a_failure_is_an_outcome_with_the_hosts_words():
    outcome, _azure = performed(said("logins: a.io:5000", "reason: login-refused", "detail: unauthorized",
                                     result="failed", code=1))
    assert outcome.state == "failed" and outcome.logged_in == ("a.io:5000",)
    assert "a registry refuses the login" in outcome.problem and "    unauthorized" in outcome.problem


@pytest.mark.parametrize("line", ["services: ;;|;a", "containers: many", "containers: ²", "logins:", "services:"])
def test_a_host_that_answers_nonsense_ends_nothing(line):
    outcome, _azure = performed(said(line))
    assert outcome.problem is None and outcome.containers == len(outcome.services)


@pytest.mark.parametrize("error", [AzureRefused("no", code="Unheard", status=409), DeadlinePassed("the time is over")])
def test_what_azure_refuses_is_an_outcome_too(error):
    azure, spec = AzureOfOneVm(), host_spec(workload=ALL)
    azure.refusals = [error]
    outcome = done(workload.step(Target(azure, spec, "r1", RunCommands(azure, spec, "r1"))))
    assert outcome.state == "failed" and error.message in outcome.problem and outcome.advice == error.recommendations


def test_who_stops_it_ends_it():
    azure, spec = AzureOfOneVm(), host_spec(workload=ALL)
    azure.refusals = [Interrupted("Stopped")]
    with pytest.raises(Interrupted):
        done(workload.step(Target(azure, spec, "r1", RunCommands(azure, spec, "r1"))))


@pytest.mark.parametrize(("left", "has"), [(1000.0, 1000.0), (20.0, LEAST_SECONDS)])
def test_images_are_pulled_also_where_the_host_has_used_up_the_time(left, has):
    step = workload.step(Target(AzureOfOneVm(), host_spec(workload=ALL), "r1",
                                RunCommands(AzureOfOneVm(), host_spec(), "r1")))
    assert step.limit(Deadline(left)).remaining() == pytest.approx(has, abs=5)


@pytest.mark.parametrize(("asked", "title"), [
    (Workload(LOGINS), "log in to a.io:5000, b.io"),
    (Workload(compose=ALL.compose), "bring the Compose project 'app' up"),
    (ALL, "log in to a.io:5000, b.io and bring the Compose project 'app' up")])
def test_its_title_says_what_it_does(asked, title):
    azure = AzureOfOneVm()
    step = workload.step(Target(azure, host_spec(workload=asked), "r1", RunCommands(azure, host_spec(), "r1")))
    assert step.title == title
    assert step.detail(Outcome(asked, services=(Service("web", "running"),))) == "web running"
    assert step.detail(Outcome(asked, problem="no")) == "not all of it"
