"""Asking an existing host how it is, which changes nothing there."""

from __future__ import annotations

import ssl

import pytest
from fake_azure import shown
from specs import changed, host_spec

from azext_dockervm.azure import kinds, names
from azext_dockervm.certs.summary import describe
from azext_dockervm.errors import AzureRefused, Conflict, EngineUnreachable, HostFailed
from azext_dockervm.host import adopt, look
from azext_dockervm.preflight.survey import survey
from azext_dockervm.provision.run_commands import RunCommands
from azext_dockervm.provision.script.answer import Answer

ADDRESS = "web1.westus.cloudapp.azure.com:4243"
DROPPED = EngineUnreachable("something drops the packets", kind="timeout")


@pytest.fixture
def standing(cloud, command, store, finished):
    """standing() → how web1 stands; nothing may have changed there."""
    def look_at():
        azure = command.azure()
        asked, found = survey(azure, host_spec())
        spec = adopt.adapted(asked, found)
        try:
            return look.look_at(azure, spec, found, RunCommands(azure, spec, "run1"), store.load_authority(), store)
        finally:
            assert set(cloud.host().asked()) <= {"check"}
            assert all(shown(one).startswith("PUT runCommands/web1/dockervm-check-run1")
                       for one in cloud.log if one.method != "GET")

    return look_at


def says(cloud, *errors):
    cloud.engine_says = list(errors)


def unreachable(cloud):
    says(cloud, DROPPED)


def certificate(cloud):
    return describe(cloud.host().files.certificate)


# By TLS from here


def test_an_engine_that_answers_is_not_asked_further(cloud, standing):
    now = standing()
    assert (now.port, now.reason, now.unreachable) == (4243, "", None)
    assert now.provisioned.fingerprint == certificate(cloud).fingerprint and not now.provisioned.checked
    assert now.provisioned.provisioner == "run-command"
    assert now.provisioned.certificate == ssl.DER_cert_to_PEM_cert(
        ssl.PEM_cert_to_DER_cert(cloud.host().files.certificate.decode())).encode()
    assert cloud.host().asked() == [] and cloud.engines.knocks[-1] == ADDRESS


def test_the_port_of_the_tag_is_asked(cloud, standing):
    cloud.retag(kinds.VM, "web1", dockervm_port="2376")
    cloud.engines.knocks.clear()
    says(cloud, DROPPED)
    standing()
    assert cloud.engines.knocks == ["web1.westus.cloudapp.azure.com:2376"]


@pytest.mark.parametrize("kind", ["rejected", "refused", "protocol", "other"])
def test_a_bad_moment_is_looked_at_three_times(cloud, standing, kind):
    reset = EngineUnreachable("closed the connection", kind=kind)
    cloud.engines.knocks.clear()
    says(cloud, reset, reset)
    assert standing().unreachable is None and cloud.host().asked() == []
    assert len(cloud.engines.knocks) == look.LOOKS == 3 and cloud.clock.pauses[-2:] == [1, 1]


def test_after_three_the_host_itself_is_asked(cloud, standing):
    reset = EngineUnreachable("closed the connection", kind="rejected")
    cloud.engines.knocks.clear()
    says(cloud, reset, reset, reset, reset)
    now = standing()
    assert len(cloud.engines.knocks) == 3 and cloud.host().asked() == ["check"]
    assert now.unreachable == "closed the connection" and not now.reason


@pytest.mark.parametrize("kind", ["timeout", "dns", "certificate", "expired", "files"])
def test_what_stays_as_it_is_is_not_looked_at_again(cloud, standing, kind):
    cloud.engines.knocks.clear()
    says(cloud, EngineUnreachable("no", kind=kind))
    assert standing().unreachable == "no" and len(cloud.engines.knocks) == 1


@pytest.mark.parametrize("seen", [True, False])
def test_a_certificate_that_ends_soon_is_a_reason(cloud, standing, monkeypatch, seen):
    monkeypatch.setattr(names, "RENEWAL_DAYS", 2000)
    if not seen:
        unreachable(cloud)
    now = standing()
    assert now.reason.startswith("its server certificate ends on") and now.provisioned.expires
    assert now.unreachable == (None if seen else DROPPED.cause)


# By its own word


def test_a_sound_host_that_does_not_answer_from_here(cloud, standing):
    unreachable(cloud)
    now = standing()
    own = certificate(cloud)
    assert (now.port, now.reason, now.unreachable) == (4243, "", DROPPED.cause)
    assert (now.provisioned.fingerprint, now.provisioned.expires) == (own.fingerprint, own.not_after)
    assert now.provisioned.checked and now.provisioned.certificate is None


def test_a_host_that_lost_its_address_is_asked_itself(cloud, standing):
    cloud.change(kinds.PUBLIC_IP, "web1PublicIP", dnsSettings=None, ipAddress=None)
    cloud.engines.knocks.clear()
    assert standing().unreachable == "it has no public address with a name" and not cloud.engines.knocks


def test_a_host_without_a_name_is_asked_by_its_number(cloud, standing):
    cloud.change(kinds.PUBLIC_IP, "web1PublicIP", dnsSettings=None)
    cloud.engines.knocks.clear()
    assert standing().unreachable is None and cloud.engines.knocks == ["20.0.0.1:4243"]


def test_a_host_that_is_not_sound_says_why(cloud, standing):
    cloud.host().engine = None
    now = standing()
    assert now.provisioned is None and now.reason == (
        f"{ADDRESS} refuses connections: nothing listens there; the host itself says: "
        "the engine does not work as set up")


def test_the_port_that_the_host_names_is_asked_where_the_tag_is_lost(cloud, standing):
    host = cloud.host()
    host.files = host.engine = type(host.files)(2376, host.files.ca, host.files.certificate)
    cloud.retag(kinds.VM, "web1", dockervm_port=None)
    now = standing()
    assert now.port == 2376 and now.provisioned.checked
    assert [values["DOCKERVM_PORT"] for _action, values in host.actions] == ["4243", "2376"]


@pytest.mark.parametrize("port", ["4243", "", "many"])
def test_it_is_asked_once_where_it_names_no_other(cloud, standing, port):
    cloud.host().engine = None
    cloud.host().says = {"port": port}
    assert standing().port == 4243 and len(cloud.host().actions) == 1


def test_it_is_asked_once_where_it_is_sound_whatever_port_it_names(cloud, standing):
    unreachable(cloud)
    cloud.host().says = {"port": "2376"}
    assert standing().port == 4243 and len(cloud.host().actions) == 1


# Whose it is


def trusts(cloud, authority):
    unreachable(cloud)
    cloud.host().says = {"authority": authority}


def test_a_host_of_another_authority_is_left_and_both_are_named(cloud, standing, store):
    trusts(cloud, "b" * 64)
    with pytest.raises(Conflict, match="left as it is") as caught:
        standing()
    mine = store.authority_fingerprints()[0]
    assert f"{'b' * 16}..., this folder's is {mine[:16]}" in caught.value.message
    assert DROPPED.cause in caught.value.message
    assert "az dockervm enable -g g -n web1 --replace-trust" in caught.value.recommendations[1]


def test_one_that_trusts_a_file_nobody_can_read_is_somebody_s(cloud, standing):
    trusts(cloud, "unknown")
    with pytest.raises(Conflict, match="can't be read"):
        standing()


def test_one_that_trusts_others_too_is_ours(cloud, standing, store):
    trusts(cloud, f"{'b' * 64} {store.authority_fingerprints()[0]}")
    assert standing().provisioned


@pytest.mark.parametrize("authority", ["none", ""])
def test_one_that_trusts_nobody_is_ours_to_set_up(cloud, standing, authority):
    trusts(cloud, authority)
    cloud.host().files = cloud.host().engine = None
    assert standing().reason.endswith("the host itself says: Docker is not set up")


def test_one_that_did_not_come_to_look_is_not_set_up_for_that(cloud, standing):
    """Another run holds its lock, or its disk is full."""
    unreachable(cloud)
    cloud.host().fails["check"] = ("busy", "another run")
    cloud.host().says = {"authority": None}
    with pytest.raises(HostFailed, match=r"\('check'\) failed: an earlier set-up is still active"):
        standing()


@pytest.mark.parametrize(("text", "found"), [
    ("none", ()), ("unknown", ()), ("", ()), ("aa bb", ("aa", "bb"))])
def test_the_authorities_that_an_answer_names(text, found):
    assert look.authorities(Answer(True, {"authority": text})) == found
    assert look.authorities(Answer(True, {})) == ()


# Who set it up


@pytest.mark.parametrize(("noted", "there", "found"), [
    ("docker-extension", False, "docker-extension"), ("run-command", True, "run-command"),
    (None, True, "docker-extension"), (None, False, "run-command"), ("magic", True, "docker-extension")])
def test_who_set_it_up_by_the_tag_else_by_the_extension(cloud, standing, noted, there, found):
    cloud.retag(kinds.VM, "web1", dockervm_provisioner=noted)
    if there:
        cloud.resources["microsoft.compute/virtualmachines/extensions", "g", "web1", "dockerextension"] = {"id": "x"}
    assert standing().provisioned.provisioner == found
    unreachable(cloud)
    assert standing().provisioned.provisioner == found


def test_where_extensions_may_not_be_read_it_is_run_command(cloud, standing):
    cloud.retag(kinds.VM, "web1", dockervm_provisioner=None)
    rule = cloud.refuse("GET", kinds.EXTENSION, "AuthorizationFailed", status=403)
    assert standing().provisioned.provisioner == "run-command"
    cloud.rules.remove(rule)
    cloud.refuse("GET", kinds.EXTENSION, "Broken", status=500)
    with pytest.raises(AzureRefused, match="Broken"):
        standing()


def test_it_may_be_another_host_by_now(cloud, store, command, finished):
    """What the spec asks for is no word of where the engine is."""
    azure = command.azure()
    asked, found = survey(azure, host_spec())
    spec = changed(adopt.adapted(asked, found), port=9999)
    now = look.look_at(azure, spec, found, RunCommands(azure, spec, "run1"), store.load_authority(), store)
    assert now.port == 4243 and now.provisioned
