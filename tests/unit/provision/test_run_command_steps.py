"""The run-command provisioner: the server's key stays on the host, and what Azure is sent is no secret."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from provision_azure import AzureOfOneVm, by_action, parameters, said
from specs import host_spec

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.summary import describe
from azext_dockervm.errors import HostFailed
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.execute import PlanFailed, execute
from azext_dockervm.flow.step import printed
from azext_dockervm.output.progress import Lines
from azext_dockervm.provision.daemon import daemon_json
from azext_dockervm.provision.run_command import action_step, steps
from azext_dockervm.provision.run_commands import RunCommands
from azext_dockervm.provision.target import ADDRESS, AUTHORITY, PROVISIONED, Address, Provisioned, Target
from azext_dockervm.spec.engine import Engine

WHERE = Address("web1.example", "20.1.2.3", "10.0.0.4")


@pytest.fixture(name="authority", scope="module")
def certificate_authority() -> Authority:
    return Authority.create()


def signing_request(_request):
    """What a host answers to 'request'."""
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(
        ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return said("csr:", *request.public_bytes(Encoding.PEM).decode().splitlines())


def target_of(azure, **values):
    spec = host_spec("g", "web1", user="me", **values)
    return Target(azure, spec, "r1", RunCommands(azure, spec, "r1"))


def set_up(azure, authority, **values):
    plan = steps(target_of(azure, **values), ())
    return execute(plan, Lines(None), Deadline(600), {AUTHORITY: authority, ADDRESS: WHERE})


def decoded(text):
    return base64.b64decode(text)


def test_the_steps_and_what_they_wait_for():
    plan = steps(target_of(AzureOfOneVm()), ("vm",))
    assert {one.key: one.waits_for for one in plan} == {
        "request": {"vm", ADDRESS}, "certificate": {"request", AUTHORITY, ADDRESS},
        "serve": {"certificate", AUTHORITY}, PROVISIONED: {"serve", "certificate"}}
    assert [one.quiet for one in plan] == [False, False, False, True]


def test_the_host_makes_its_request_and_gets_a_certificate_for_it(authority):
    azure = AzureOfOneVm(by_action({"request": signing_request}))
    results = set_up(azure, authority, ssh_port=2222, port=2376)
    request, serve = map(parameters, azure.sent)
    assert azure.names("PUT") == ["dockervm-request-r1", "dockervm-serve-r1"]
    assert {name: request[name] for name in request if name not in ("DOCKERVM_TIMEOUT", "DOCKERVM_RUN_ID")} == {
        "DOCKERVM_ACTION": "request", "DOCKERVM_PORT": "2376", "DOCKERVM_SUBJECT": "web1.example",
        "DOCKERVM_NAMES": "DNS:web1.example,DNS:localhost,IP:20.1.2.3,IP:10.0.0.4,IP:127.0.0.1",
        "DOCKERVM_USER": "me", "DOCKERVM_CHANNEL": "distribution", "DOCKERVM_SSH_PORT": "2222"}
    assert serve["DOCKERVM_ACTION"] == "serve" and "DOCKERVM_USER" not in serve
    assert decoded(serve["DOCKERVM_CA"]) == authority.certificate_pem
    assert decoded(serve["DOCKERVM_DAEMON_JSON"]).decode() == daemon_json(Engine(2376))
    certificate = decoded(serve["DOCKERVM_CERT"])
    assert describe(certificate).names == ("DNS:web1.example", "DNS:localhost", "IP:20.1.2.3", "IP:10.0.0.4",
                                           "IP:127.0.0.1")
    assert results[PROVISIONED] == Provisioned.of("run-command", certificate, checked=True)


def test_where_ssh_stays_closed_its_port_is_not_touched(authority):
    azure = AzureOfOneVm(by_action({"request": signing_request}))
    set_up(azure, authority)
    assert all("DOCKERVM_SSH_PORT" not in parameters(one) for one in azure.sent)


def test_no_private_key_is_in_what_is_sent(authority):
    azure = AzureOfOneVm(by_action({"request": signing_request}))
    set_up(azure, authority)
    for request in azure.sent:
        for value in parameters(request).values():
            assert "PRIVATE KEY" not in value
            if value.startswith("LS0t"):      # "---", encoded
                assert b"PRIVATE KEY" not in decoded(value)


def test_a_host_that_fails_is_not_noted_as_provisioned(authority):
    azure = AzureOfOneVm(by_action({"request": signing_request,
                                    "serve": said("reason: docker-start-failed", result="failed")}))
    with pytest.raises(PlanFailed) as caught:
        set_up(azure, authority)
    assert isinstance(caught.value.cause, HostFailed) and "Docker does not start" in str(caught.value)
    assert PROVISIONED not in caught.value.results


def test_the_printed_plan_tells_what_will_be_known_later():
    plan = steps(target_of(AzureOfOneVm()), ())
    shown = {one["step"]: one.get("request") for one in printed(plan)}
    assert shown["certificate"] is None and PROVISIONED not in shown
    values = {one["name"]: one["value"] for one in shown["serve"]["body"]["properties"]["parameters"]}
    assert values["DOCKERVM_CERT"] == "<certificate: encoded>"
    assert values["DOCKERVM_CA"] == "<authority.certificate_pem: encoded>"
    assert values["DOCKERVM_TIMEOUT"].startswith("<deadline: ")
    assert json.dumps(shown)


def test_an_action_s_result_is_the_host_s_answer():
    azure = AzureOfOneVm(by_action({"check": said("engine: 26.1.5")}))
    step = action_step(target_of(azure), "look", "check", "look at the host", {"DOCKERVM_CERT": "x"}, ("vm",))
    assert (step.key, step.title, step.waits_for) == ("look", "look at the host", {"vm"})
    results = execute([step], Lines(None), Deadline(600), {"vm": {}})
    assert results["look"].ok and results["look"]["engine"] == "26.1.5"
    assert parameters(azure.sent[0])["DOCKERVM_CERT"] == "x"
