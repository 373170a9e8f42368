"""The proof of a host whose engine is restarted while it is looked at."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from azext_dockervm.certs.authority import Authority
from azext_dockervm.certs.identity import ServerIdentity
from azext_dockervm.errors import EngineUnreachable, HostFailed
from azext_dockervm.plan.deadline import Deadline
from azext_dockervm.provision import proof
from azext_dockervm.provision.base import Provisioned
from azext_dockervm.spec import HostSpec


@pytest.fixture(name="certificate", scope="module")
def server_certificate() -> bytes:
    identity = ServerIdentity.for_host("web1.example", "20.1.2.3", "10.0.0.4")
    return Authority.create().issue_server(identity).certificate_pem


@pytest.fixture(name="prove")
def prove_with(monkeypatch, tmp_path, certificate):
    """prove(looks) → the proof of a host at which each look gives the next of ``looks``: an error, or whether it turns
    strangers away."""
    def prove(*looks):
        answers = iter(looks)

        def stranger(_endpoint):
            answer = next(answers)
            if isinstance(answer, EngineUnreachable):
                raise answer
            return answer

        monkeypatch.setattr(proof, "until_answering", lambda _endpoint, _deadline: certificate)
        monkeypatch.setattr(proof, "turns_strangers_away", stranger)
        monkeypatch.setattr(proof, "engine_state", lambda _endpoint: {"version": {"Version": "26.1.5"}})
        monkeypatch.setattr(Deadline, "sleep", lambda *_arguments: None)
        job = SimpleNamespace(fqdn="web1.example", azure=SimpleNamespace(deadline=Deadline(60)),
                              spec=HostSpec("g", "web1"))
        provisioned = Provisioned.of("docker-extension", certificate, checked=False)
        return proof.prove(job, provisioned, tmp_path)
    return prove


def test_an_engine_that_goes_away_after_its_first_answer_is_looked_at_again(prove):
    refused = EngineUnreachable("nothing listens there", kind="refused")
    assert prove(refused, refused, True) == proof.Proof(True, "26.1.5")


def test_an_open_door_is_no_proof(prove):
    with pytest.raises(HostFailed, match="open door"):
        prove(False)
