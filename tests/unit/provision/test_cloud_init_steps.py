"""The fast lane's steps: what they wait for, whom they believe, and when run commands take over."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from provision_azure import AzureOfOneVm
from specs import host_spec

from azext_dockervm.azure import names
from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.summary import describe, iso
from azext_dockervm.door import client
from azext_dockervm.door.messages import Said, digest
from azext_dockervm.errors import CertificateError, DeadlinePassed, EngineUnreachable, HostFailed, HostSilent
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.execute import PlanFailed, execute
from azext_dockervm.flow.step import COURSE, Course, Step
from azext_dockervm.output.progress import Silent
from azext_dockervm.provision import cloud_init
from azext_dockervm.provision.cloud_init import CERTIFICATE, ENGINE, REQUEST, Lane, Order, takes_over
from azext_dockervm.provision.run_commands import RunCommands
from azext_dockervm.provision.target import ADDRESS, AUTHORITY, PROVISIONED, Address, Provisioned, Target
from azext_dockervm.spec.machine import Image

WHERE = Address("web1.example", "20.1.2.3", "10.0.0.4")
DROPPED = EngineUnreachable("20.1.2.3:4243 does not answer", kind="timeout")
REFUSED = EngineUnreachable("20.1.2.3:4243 refuses connections", kind="refused")
NOT_THE_DOOR = EngineUnreachable("the certificate can't be verified", kind="certificate")


@pytest.fixture(name="authority", scope="module")
def certificate_authority() -> Authority:
    return Authority.create()


@pytest.fixture(name="csr", scope="module")
def signing_request() -> str:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(
        ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


class Heard(Silent):
    def __init__(self) -> None:
        super().__init__(None)
        self.said: list[str] = []
        self.warned: list[str] = []

    def warn(self, text: str) -> None:
        self.warned.append(text)

    def say(self, text: str) -> None:
        self.said.append(text)


class Run:
    """A lane whose door says what a test lists; the last thing again and again. ``taken`` are certificates that were
    handed in, ``tried`` those whose answer got lost, too; ``dialled`` is where the door was looked for. The engine
    answers once the door has said all."""

    def __init__(self, monkeypatch, authority, *says, vm=lambda: None, engine=True, **values):
        self.says, self.tried, self.taken, self.heard = list(says), [], [], Heard()
        self.dialled = set()
        spec = host_spec(user="me", **values)
        self.order = Order.of(spec, "0123456789ab")
        self.target = Target(AzureOfOneVm(), spec, "0123456789ab", RunCommands(AzureOfOneVm(), spec, "0123456789ab"))
        self.lane = Lane(self.target, self.order, Path("folder"), self.heard, "vm")
        self.authority, self.vm = authority, vm
        monkeypatch.setattr(client.Door, "state", lambda door: self.next(door))
        monkeypatch.setattr(client.Door, "hand_in", lambda door, *handed: self.hand_in(door, *handed))

        def handshake(endpoint):
            if not engine:
                raise EngineUnreachable("no engine", kind="certificate")
            self.engine = endpoint
            return b"DER"

        monkeypatch.setattr(cloud_init, "handshake", handshake)

    def next(self, door):
        self.dialled.add((door.address, door.port))
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if isinstance(said, Exception):
            raise said
        return said

    def hand_in(self, door, csr, certificate):
        self.tried.append(certificate)
        said = self.next(door)
        self.taken.append((csr, certificate))
        if said.certified == "yes":
            return Said(said.state, said.csr, digest(certificate))
        return said

    def carry_out(self, seconds=3000.0):
        vm = Step("vm", "make the VM", lambda _results, _deadline: self.vm())
        return execute([vm, *self.lane.steps()], self.heard, Deadline(seconds),
                       {AUTHORITY: self.authority, ADDRESS: WHERE})

    def failing(self, **values):
        with pytest.raises(PlanFailed) as caught:
            self.carry_out(**values)
        return caught.value.cause


@pytest.fixture(name="run")
def lane(monkeypatch, clock, authority):
    return lambda *says, **values: Run(monkeypatch, authority, *says, **values)


def test_the_steps_need_the_address_and_not_the_vm(run):
    steps = run(REFUSED).lane.steps()
    assert {one.key: one.waits_for for one in steps} == {
        REQUEST: {ADDRESS, AUTHORITY}, CERTIFICATE: {REQUEST, AUTHORITY, ADDRESS},
        ENGINE: {CERTIFICATE, REQUEST, ADDRESS}, PROVISIONED: {ENGINE, CERTIFICATE}}
    assert [one.key for one in steps if one.quiet] == [PROVISIONED]


def test_from_a_shut_port_to_an_engine(run, csr, authority):
    made = run(DROPPED, REFUSED, Said("waiting"), Said("installing", csr), Said("installing", csr, "yes"),
               Said("certified", csr), Said("starting", csr), REFUSED, NOT_THE_DOOR)
    provisioned = made.carry_out()[PROVISIONED]
    assert isinstance(provisioned, Provisioned) and provisioned.provisioner == "cloud-init"
    assert provisioned.checked is False, "the proof from here is all that tells"
    assert [text.partition("says: ")[2] for text in made.heard.said][:2] == ["it has begun.", "it installs Docker."]
    [(asked, certificate)] = made.taken
    assert asked == csr and provisioned.certificate == certificate.encode()
    assert set(describe(certificate).names) >= {"DNS:web1.example", "IP:20.1.2.3", "IP:10.0.0.4"}
    assert made.dialled == {("20.1.2.3", 4243)}, "who asks for a new name too early leaves a no in the resolvers"
    assert (made.engine.host, made.engine.port) == ("20.1.2.3", 4243), "the name may not be known everywhere yet"
    assert made.heard.said == [
        "'web1' says: it has begun.", "'web1' says: it installs Docker.",
        "'web1' says: it has its certificate, and installs Docker.", "'web1' says: it starts the engine."]


def test_what_it_says_with_its_request_is_told_too(run, csr):
    made = run(Said("installing", csr), Said("certified", csr), NOT_THE_DOOR)
    made.carry_out()
    assert made.heard.said == ["'web1' says: it installs Docker.",
                               "'web1' says: it has its certificate, and installs Docker."]


def test_mirrors_that_the_host_can_t_reach_are_a_warning_once(run, csr):
    silent = ("silent-mirrors m.corp:443", "of-a-later-version x")
    made = run(Said("installing", notes=silent), Said("installing", csr, notes=silent),
               Said("installing", csr, "yes", notes=silent), NOT_THE_DOOR)
    made.carry_out()
    (told,) = made.heard.warned
    assert told.startswith("--registry-mirrors: m.corp:443 does not answer the host")


def test_what_the_tags_promise_is_what_is_signed(run, csr, authority):
    made = run(Said("installing", csr), Said("installing", csr, "yes"), NOT_THE_DOOR)
    provisioned = made.carry_out()[PROVISIONED]
    assert made.order.tags[names.TAG_PROVISIONER] == "cloud-init"
    assert made.order.expires(authority) == iso(provisioned.expires)


def test_a_lost_answer_is_handed_in_again_with_the_same_certificate(run, csr):
    lost = EngineUnreachable("closed the connection", kind="rejected")
    made = run(Said("installing", csr), lost, Said("installing", csr, "yes"), NOT_THE_DOOR)
    # What does not answer as the door does is looked at as an engine, which it is not yet.
    made.lane._engine_answers = lambda seen, _endpoint: seen is NOT_THE_DOOR
    made.carry_out()
    assert len(made.tried) == 2 and len(set(made.tried)) == 1


@pytest.mark.parametrize("second", [
    Said(refusal="other-request"), Said(refusal="other-certificate"), Said("certified", "another request"),
    Said("certified", None, "f" * 64)], ids=str)
def test_one_certificate_for_one_request_and_none_for_another(run, csr, second):
    made = run(Said("installing", csr), second)
    error = made.failing()
    assert isinstance(error, HostSilent) and "another" in str(error) and takes_over(error)
    assert len(made.taken) == 1


def test_a_failure_that_the_host_tells_ends_it_at_once_in_the_host_s_words(run, csr, clock):
    before = clock[0]
    made = run(Said("installing", csr), Said("failed", csr, reason="install-failed", details=("E: none", "404")))
    error = made.failing()
    assert isinstance(error, HostFailed)
    assert str(error).endswith("failed: Docker could not be installed. The host says:\n    E: none\n    404")
    assert not error.recommendations
    assert "'web1' says: its set-up has failed: Docker could not be installed." in made.heard.said
    assert clock[0] - before < 5
    assert takes_over(error) is None, "the same script would fail again"


@pytest.mark.parametrize(("reason", "words"), [
    ("certificate-invalid", "a restart sets it; then the same command again: az vm restart -g g -n web1"),
    ("docker-config-invalid", "--daemon-json, --engine-options or")])
def test_what_there_is_to_do_about_a_failure_is_said_as_for_run_commands(run, csr, reason, words):
    error = run(Said("installing", csr), Said("failed", csr, reason=reason, details=("so",))).failing()
    assert [words in text for text in error.recommendations] == [True]


@pytest.mark.parametrize(("what", "words"), [(DROPPED, "for 20 seconds"), (REFUSED, "90 seconds after")],
                         ids=lambda value: getattr(value, "kind", ""))
def test_a_host_that_does_not_come_forward_is_left_to_run_commands(run, what, words):
    error = run(what).failing()
    assert isinstance(error, HostSilent) and words in str(error) and "'web1' did not come forward" in str(error)
    assert takes_over(error) == f"{error} run-command takes over."


@pytest.mark.parametrize(("image", "words"), [
    ("AzureLinux4", "for 90 seconds"), ("MicrosoftCBLMariner:azure-linux-3:3-gen2:latest", "for 90 seconds"),
    ("Debian13", "for 20 seconds")])
def test_an_image_with_a_firewall_of_its_own_is_given_the_time_to_open_it(run, image, words):
    assert words in str(run(DROPPED, image=Image.parse(image)).failing())


@pytest.mark.parametrize("seen", [NOT_THE_DOOR, REFUSED], ids=["another program answers", "it only holds the port"])
def test_a_port_that_another_program_took_before_the_engine_is_noticed_within_a_minute(run, csr, clock, seen):
    made = run(Said("installing", csr), Said("installing", csr, "yes"), Said("starting", csr), seen, engine=False)
    error, since = made.failing(), clock[0]
    assert since - 1000 < 60 and "run-command takes over" in takes_over(error)
    assert ("another program answers at its Docker port" in str(error)) is (seen is NOT_THE_DOOR)


def test_nobody_waits_for_a_host_whose_vm_was_not_made(run):
    def fails():
        raise CertificateError("no VM")

    assert str(run(REFUSED, vm=fails).failing()) == "no VM"


@pytest.mark.parametrize(("number", "results"), [(0, {}), (2, {REQUEST: "csr", CERTIFICATE: b"certificate"})])
def test_a_step_at_the_door_ends_at_once_when_the_run_has_failed(run, clock, authority, number, results):
    step, since = run(REFUSED).lane.steps()[number], clock[0]
    with pytest.raises(HostSilent, match="The VM was not made"):
        step.do({COURSE: Course(has_failed=True), ADDRESS: WHERE, AUTHORITY: authority, **results}, Deadline(3000))
    assert clock[0] == since


def test_the_run_s_time_is_a_reason_too(run):
    error = run(REFUSED, vm=lambda: None).failing(seconds=30)
    assert isinstance(error, DeadlinePassed) and "refuses connections" in str(error) and takes_over(error)


def test_an_engine_that_shows_another_certificate_is_not_taken_for_the_host(run, csr):
    made = run(Said("installing", csr), Said("installing", csr, "yes"), NOT_THE_DOOR, engine=False)
    assert "120 seconds after its last words" in str(made.failing())


def test_sshd_stays_as_it_is_unless_another_port_is_asked_for():
    """An empty value, since the environment may have one."""
    assert cloud_init.told(host_spec())["DOCKERVM_SSH_PORT"] == ""
    assert cloud_init.told(host_spec(ssh_port=2222))["DOCKERVM_SSH_PORT"] == "2222"


def test_the_order_has_one_key_and_one_moment(authority):
    order = Order(host_spec(user="me"), "0123456789ab", datetime.now(timezone.utc) - timedelta(hours=1))
    assert order.identity is order.identity
    assert order.expires(authority) == iso(authority.server_expiry(order.moment))
