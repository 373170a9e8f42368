"""The docker-extension provisioner: its steps, by image and by what an earlier run has left; the key that travels."""

from __future__ import annotations

import base64
import io
import json

import pytest
from provision_azure import AzureOfOneVm, by_action, parameters, said
from specs import host_spec

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.summary import describe
from azext_dockervm.errors import AzureRefused, AzureUnreachable, HostFailed, NotFound
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.execute import PlanFailed, execute
from azext_dockervm.flow.step import printed
from azext_dockervm.output.progress import Lines
from azext_dockervm.provision.docker_extension import encoded_secret, steps
from azext_dockervm.provision.run_commands import RunCommands
from azext_dockervm.provision.target import ADDRESS, AUTHORITY, PROVISIONED, Address, Provisioned, Target
from azext_dockervm.secret import Secret
from azext_dockervm.spec.machine import Image

OLD = Image.parse("Canonical:UbuntuServer:16.04-LTS:latest")
WHERE = Address("web1.example", "20.1.2.3", "10.0.0.4")


@pytest.fixture(name="authority", scope="module")
def certificate_authority() -> Authority:
    return Authority.create()


def target_of(azure, resumed=False, finished=False, **values):
    spec = host_spec("g", "web1", user="me", **values)
    return Target(azure, spec, "r1", RunCommands(azure, spec, "r1"), resumed, finished)


def order(target, after=("vm",)):
    """Key of each step → what it waits for."""
    return {one.key: one.waits_for for one in steps(target, after)}


def set_up(target, authority):
    return execute(steps(target, ()), Lines(None), Deadline(600), {AUTHORITY: authority, ADDRESS: WHERE})


FIRST = {"certificate": {AUTHORITY, ADDRESS}}


def test_on_an_image_of_its_era_the_extension_does_all():
    assert order(target_of(AzureOfOneVm(), image=OLD)) == {
        **FIRST, "extension": {"vm", "certificate", AUTHORITY}, "restart": {"extension"},
        PROVISIONED: {"restart", "certificate"}}
    plan = steps(target_of(AzureOfOneVm(), image=OLD), ())
    assert [one.key for one in plan if one.quiet] == [PROVISIONED]


def test_on_a_younger_image_docker_is_there_before_it():
    assert order(target_of(AzureOfOneVm())) == {
        **FIRST, "prepare": {"vm"}, "extension": {"prepare", "certificate", AUTHORITY}, "restart": {"extension"},
        PROVISIONED: {"restart", "certificate"}}


@pytest.mark.parametrize(("values", "further"), [
    ({}, ["restart"]), ({"ssh_port": 22}, ["restart"]), ({"ssh_port": 2222}, ["ssh", "restart"]),
    ({"resumed": True}, ["restart"]),
    ({"resumed": True, "finished": True, "ssh_port": 2222}, ["ssh", "restart"])])
def test_what_the_handler_can_t_do_the_script_does_after_it_one_after_the_other(values, further):
    plan = order(target_of(AzureOfOneVm(), image=OLD, **values))
    assert list(plan) == ["certificate", "extension", *further, PROVISIONED]
    for before, key in zip(["extension", *further], further, strict=False):
        assert plan[key] == {before}
    assert plan[PROVISIONED] == {further[-1], "certificate"}


def test_a_new_host_works_without_what_keeps_its_settings_and_says_so(authority):
    azure = AzureOfOneVm(by_action({"restart": said("reason: no-systemd", result="failed")}))
    heard = io.StringIO()
    target = target_of(azure, image=OLD)
    results = execute(steps(target, ()), Lines(heard), Deadline(600), {AUTHORITY: authority, ADDRESS: WHERE})
    assert results[PROVISIONED].provisioner == "docker-extension"
    assert "An upgrade of Docker on 'web1' would take its settings away" in heard.getvalue()
    assert "does not run systemd" in heard.getvalue() and "az dockervm create -g g -n web1" in heard.getvalue()
    with pytest.raises(PlanFailed, match="does not run systemd"):
        set_up(target_of(azure, image=OLD, resumed=True), authority)


def test_a_host_that_was_finished_is_prepared_already():
    assert "prepare" not in order(target_of(AzureOfOneVm(), resumed=True, finished=True))
    assert "prepare" in order(target_of(AzureOfOneVm(), resumed=True))


def test_the_extension_gets_key_and_certificate_of_one_pair(authority):
    azure = AzureOfOneVm()
    results = set_up(target_of(azure, image=OLD, port=2376), authority)
    request = azure.sent[0]
    assert (request.method, request.group, request.names) == ("PUT", "g", ("web1", "DockerExtension"))
    assert request.kind == "Microsoft.Compute/virtualMachines/extensions"
    settings, certs = (request.body["properties"][one] for one in ("settings", "protectedSettings"))
    assert settings["docker"] == {"port": "2376", "options": [
        "--live-restore", "--log-driver=json-file", "--log-opt=max-size=10m", "--log-opt=max-file=3"]}
    issued = results["certificate"]
    assert base64.b64decode(certs["certs"]["ca"]) == authority.certificate_pem
    assert base64.b64decode(certs["certs"]["cert"]) == issued.certificate_pem
    assert isinstance(certs["certs"]["key"], Secret)
    assert base64.b64decode(certs["certs"]["key"].reveal()) == issued.key_pem.reveal()
    assert "IP:20.1.2.3" in describe(issued.certificate_pem).names
    assert results[PROVISIONED] == Provisioned.of("docker-extension", issued.certificate_pem, checked=False)


def test_a_younger_image_is_prepared_with_compose_for_the_user_who_logs_in(authority):
    azure = AzureOfOneVm()
    set_up(target_of(azure), authority)
    assert azure.names("PUT") == ["dockervm-install-r1", "DockerExtension", "dockervm-restart-r1"]
    values = parameters(azure.sent[0])
    assert (values["DOCKERVM_ACTION"], values["DOCKERVM_COMPOSE"], values["DOCKERVM_USER"]) == ("install", "1", "me")


def test_further_actions_know_the_port_of_ssh(authority):
    azure = AzureOfOneVm()
    set_up(target_of(azure, resumed=True, image=OLD, ssh_port=2222), authority)
    assert azure.names("PUT") == ["DockerExtension", "dockervm-ssh-r1", "dockervm-restart-r1"]
    assert [parameters(one)["DOCKERVM_SSH_PORT"] for one in azure.sent[1:]] == ["2222", "2222"]
    azure = AzureOfOneVm()
    set_up(target_of(azure, resumed=True, image=OLD), authority)
    assert "DOCKERVM_SSH_PORT" not in parameters(azure.sent[1])


@pytest.mark.parametrize(("values", "told"), [
    ({}, "closed"), ({"engine.container_metadata": True}, "open"), ({"resumed": True}, "closed"),
    ({"resumed": True, "finished": True}, None)])
def test_on_an_image_of_its_era_the_last_action_sets_whom_the_metadata_service_answers(authority, values, told):
    azure = AzureOfOneVm()
    set_up(target_of(azure, image=OLD, **values), authority)
    assert azure.names("PUT")[-1] == "dockervm-restart-r1"
    assert parameters(azure.sent[-1]).get("DOCKERVM_CONTAINER_METADATA") == told


def test_on_a_younger_image_the_first_action_sets_it(authority):
    azure = AzureOfOneVm()
    set_up(target_of(azure), authority)
    assert [parameters(one).get("DOCKERVM_CONTAINER_METADATA") for one in azure.sent
            if one.names[-1] != "DockerExtension"] == ["closed", None]


@pytest.mark.parametrize("refusal", [AzureRefused("VMExtensionHandlerError"), NotFound("no such publisher")])
def test_a_failure_names_the_way_without_it(authority, refusal):
    azure = AzureOfOneVm()
    azure.refusals = [refusal]
    with pytest.raises(PlanFailed) as caught:
        set_up(target_of(azure, image=OLD), authority)
    cause = caught.value.cause
    assert isinstance(cause, HostFailed) and refusal.message in cause.message
    assert len(cause.recommendations) == 1 and "--provisioner run-command" in cause.recommendations[0]
    assert cause.__cause__ is refusal


def test_a_host_that_was_finished_is_not_told_to_be_made_in_another_way(authority):
    azure = AzureOfOneVm()
    azure.refusals = [AzureRefused("VMExtensionHandlerError")]
    with pytest.raises(PlanFailed) as caught:
        set_up(target_of(azure, resumed=True, finished=True, image=OLD), authority)
    assert caught.value.cause.recommendations == ()


def test_a_network_that_is_away_says_nothing_of_the_extension(authority):
    azure = AzureOfOneVm()
    azure.refusals = [AzureUnreachable("no route")]
    with pytest.raises(PlanFailed) as caught:
        set_up(target_of(azure, image=OLD), authority)
    assert isinstance(caught.value.cause, AzureUnreachable)


def test_a_host_that_can_t_be_prepared_gets_no_extension(authority):
    azure = AzureOfOneVm(by_action({"install": said("reason: no-network", result="failed")}))
    with pytest.raises(PlanFailed, match="no network"):
        set_up(target_of(azure), authority)
    assert azure.names("PUT") == ["dockervm-install-r1"]


def test_the_printed_plan_shows_no_key(authority):
    [shown] = [one for one in printed(steps(target_of(AzureOfOneVm(), image=OLD), ())) if one["step"] == "extension"]
    assert shown["request"]["name"] == "web1/DockerExtension"
    assert shown["request"]["body"]["properties"]["protectedSettings"] == {"certs": {
        "ca": "<authority.certificate_pem: encoded>", "cert": "<certificate.certificate_pem: encoded>",
        "key": "<certificate.key_pem: encoded secret>"}}
    azure = AzureOfOneVm()
    set_up(target_of(azure, image=OLD), authority)
    assert "<redacted>" in json.dumps(azure.sent[0].printed())


def test_an_encoded_secret_is_a_secret():
    assert encoded_secret(Secret(b"PEM\n")) == Secret("UEVNCg==")
