"""The proof of a host: a verified call from here, else the host's own word; never an open door or another's host."""

from __future__ import annotations

import ssl
import time

import pytest
from door_process import signing_request
from provision_azure import AzureOfOneVm, by_action, parameters, said
from specs import host_spec

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.engine.endpoint import Endpoint
from azext_dockervm.errors import DeadlinePassed, EngineUnreachable, HostFailed, Interrupted
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.provision import proof
from azext_dockervm.provision.proof import Proof
from azext_dockervm.provision.run_commands import RunCommands
from azext_dockervm.provision.script.answer import encoded
from azext_dockervm.provision.target import Address, Provisioned, Target

pytestmark = pytest.mark.usefixtures("clock")

WHERE = Address("web1.example", "20.1.2.3", "10.0.0.4")
REFUSED = EngineUnreachable("nothing listens there", kind="refused")


def issued() -> bytes:
    identity = ServerIdentity.for_host("web1.example", "20.1.2.3", "10.0.0.4")
    return Authority.create().issue_server(identity).certificate_pem


@pytest.fixture(name="certificate", scope="module")
def server_certificate() -> bytes:
    return issued()


class Host:
    """A host as it is seen from here: each look gives the next of ``looks``, and the last one for ever.

    A look is an error, or whether the engine turns strangers away. ``shown`` is the certificate that it shows.
    """

    def __init__(self, monkeypatch, folder, certificate):
        self.folder, self.certificate = folder, certificate
        self.shown = ssl.PEM_cert_to_DER_cert(certificate.decode())
        self.looks = [True]
        self.waits = []
        self.azure = AzureOfOneVm()
        self.version = {"version": {"Version": "26.1.5"}}
        monkeypatch.setattr(proof, "until_answering", self.until_answering)
        monkeypatch.setattr(proof, "turns_strangers_away", self.turns_strangers_away)
        monkeypatch.setattr(proof, "engine_state", lambda endpoint: self.version)

    def until_answering(self, endpoint, deadline, drops=None):
        assert endpoint == Endpoint("web1.example", 2376, self.folder)
        self.waits.append(deadline.remaining())
        return self.shown

    def turns_strangers_away(self, _endpoint):
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return look

    def prove(self, checked=True, deadline=None, patience=None, known=True):
        spec = host_spec("g", "web1", port=2376, subscription="sub")
        target = Target(self.azure, spec, "r1", RunCommands(self.azure, spec, "r1"))
        of = Provisioned.of("run-command", self.certificate, checked)
        provisioned = of if known else Provisioned(of.provisioner, of.fingerprint, of.expires, checked)
        return proof.prove(target, WHERE, provisioned, self.folder, deadline or Deadline(600), patience)


@pytest.fixture(name="host")
def host_seen_from_here(monkeypatch, tmp_path, certificate):
    return Host(monkeypatch, tmp_path, certificate)


def test_a_host_that_answers_is_proven_and_not_asked_further(host, clock):
    assert host.prove() == Proof(True, "26.1.5", None)
    assert host.azure.sent == [] and clock[0] == 1000


@pytest.mark.parametrize("checked", [True, False])
def test_an_engine_that_goes_away_after_its_first_answer_is_looked_at_again(host, checked):
    host.looks = [REFUSED, REFUSED, True]
    assert host.prove(checked) == Proof(True, "26.1.5", None)
    assert host.azure.sent == []


@pytest.mark.parametrize(("checked", "given", "seconds", "waited"), [
    (True, None, 600, 30), (False, None, 600, 90), (True, 5, 600, 5), (False, 0, 600, 0), (True, None, 10, 10)])
def test_how_long_a_call_is_tried(host, clock, checked, given, seconds, waited):
    """The host has checked itself: only names and firewalls can be in the way. Else its engine may yet restart."""
    host.looks = [REFUSED]
    assert host.prove(checked, Deadline(seconds), given) == Proof(False, None, "nothing listens there")
    assert host.waits[0] == waited and waited - 1 <= clock[0] - 1000 <= waited


def test_a_look_comes_about_every_second(host, clock):
    host.looks = [REFUSED]
    host.prove()
    assert 28 <= len(host.waits) <= 33


@pytest.mark.parametrize(("kind", "checked", "asked"), [
    ("refused", True, False), ("timeout", True, False), ("name", True, False), ("certificate", True, True),
    ("expired", True, True), ("rejected", True, True), ("protocol", True, True), ("refused", False, True)])
def test_where_no_call_gets_through_the_host_is_asked_if_it_may_be_to_blame(host, kind, checked, asked):
    host.looks = [EngineUnreachable("why", kind=kind)]
    assert host.prove(checked) == Proof(False, None, "why")
    assert [parameters(one)["DOCKERVM_ACTION"] for one in host.azure.sent] == ["check"] * asked


def test_the_host_looks_for_the_certificate_that_was_made_for_it(host, certificate):
    host.looks = [REFUSED]
    host.prove(checked=False)
    assert parameters(host.azure.sent[0])["DOCKERVM_CERT"] == encoded(certificate)
    host.prove(checked=False, known=False)
    assert "DOCKERVM_CERT" not in parameters(host.azure.sent[1])


def test_a_host_that_says_it_is_not_sound_is_a_failure_with_its_words(host):
    host.looks = [REFUSED]
    host.azure = AzureOfOneVm(by_action({"check": said("reason: engine-down", "detail: oom", result="failed")}))
    with pytest.raises(HostFailed, match="engine down(.|\n)*oom"):
        host.prove(checked=False)


def test_files_of_our_own_that_can_t_be_read_are_not_waited_for(host, clock):
    host.looks = [EngineUnreachable("no key.pem", kind="files")]
    assert host.prove() == Proof(False, None, "no key.pem")
    assert clock[0] == 1000 and len(host.waits) == 1


def test_an_open_door_is_no_proof_and_is_told_to_be_closed(host):
    host.looks = [False]
    with pytest.raises(HostFailed, match="open door") as caught:
        host.prove()
    [command] = caught.value.recommendations
    assert command == ("az network nsg rule delete -g g --nsg-name web1NSG -n allow-docker --subscription sub")


def test_a_host_that_shows_another_certificate_is_not_the_one_that_was_set_up(host):
    host.shown = issued()
    with pytest.raises(HostFailed, match="another certificate"):
        host.prove()


def test_ctrl_c_ends_the_proof(host):
    host.looks = [REFUSED]
    deadline = Deadline(600)
    deadline.cancellation.cancel()
    with pytest.raises(Interrupted, match="nothing listens there"):
        host.prove(deadline=deadline)


def test_a_deadline_that_passed_says_what_was_seen(host, clock):
    host.looks = [REFUSED]
    host.azure = AzureOfOneVm(lambda _request: {"executionState": "Running"})
    with pytest.raises(DeadlinePassed, match="Running"):
        host.prove(checked=False, deadline=Deadline(20))


def test_an_engine_that_answers_pings_and_nothing_else_holds_no_command_beyond_its_deadline(host, clock, monkeypatch):
    def silent(_endpoint):
        clock[0] += 601
        time.sleep(10)

    monkeypatch.setattr(proof, "engine_state", silent)
    began = time.perf_counter()
    with pytest.raises(DeadlinePassed, match="asking tcp://web1.example:2376 for its version"):
        host.prove(deadline=Deadline(600))
    assert time.perf_counter() - began < 5


def test_another_certificate_of_this_authority_for_the_same_key_is_as_good(host, signed_twice):
    """Two terminals that finish one host at once: each signs the host's one request, one certificate is in use."""
    host.certificate, shown = signed_twice
    host.shown = ssl.PEM_cert_to_DER_cert(shown.decode())
    assert host.certificate != shown and host.prove().reachable
    with pytest.raises(HostFailed, match="shows another certificate"):
        host.prove(known=False)


@pytest.fixture(name="signed_twice")
def two_certificates_for_one_key() -> tuple[bytes, bytes]:
    authority, identity = Authority.create(), ServerIdentity.for_host("web1.example", "20.1.2.3", "10.0.0.4")
    csr = signing_request()
    return authority.sign_request(csr, identity), authority.sign_request(csr, identity)
