"""Whose a host is: another's is never touched, and its owner never disturbed."""

from __future__ import annotations

from flow_cloud import HOST

from azext_dockervm.advice.host_messages import belongs_to_others
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.host import look
from azext_dockervm.spec.host import HostSpec


def strangers_create(cloud, *words):
    cloud.az("cert", "create", "-dc", cloud.folder("other")).succeeded()
    cloud.mark()
    return cloud.create("--provisioner", "run-command", "-dc", cloud.folder("other"), *words)


def run_commands_fail(cloud) -> None:
    cloud.behavior(rules=[{"do": "fail_operation", "code": "Broken", "method": "PUT",
                         "type": "Microsoft.Compute/virtualMachines/runCommands"}])


def left_alone(cloud, refused, certificate) -> None:
    assert refused.code == 1 and refused.stdout == "", refused
    assert "was set up with other certificates" in refused.stderr and "It was left as it is" in refused.stderr
    assert "dockervm delete" not in refused.stderr
    enable = f"az dockervm enable -g {cloud.group} -n {HOST} --replace-trust -dc {cloud.folder('other')}"
    assert enable in refused.stderr
    assert not cloud.asked("request") and not cloud.asked("serve")
    assert cloud.engine_certificate() == certificate


def test_the_authority_stands_in_the_tags_from_the_vm_s_put_on(cloud):
    from azext_dockervm.certs.store import CertificateStore

    run_commands_fail(cloud)
    assert cloud.create("--provisioner", "run-command").code == 1
    assert cloud.tags()["dockervm-ca"] == CertificateStore(cloud.folder()).authority_fingerprints()[0]
    assert "dockervm-provisioner" not in cloud.tags()


def test_a_host_of_another_authority_that_can_t_be_reached_is_not_taken(cloud):
    cloud.host()
    certificate = cloud.engine_certificate()
    with cloud.narrowed():
        refused = strangers_create(cloud)
        assert not cloud.asked("check"), "the tags say it already"
    left_alone(cloud, refused, certificate)


def test_a_host_without_the_tag_is_asked_by_its_own_check_first(cloud):
    cloud.host()
    certificate = cloud.engine_certificate()
    cloud.retag(dockervm_ca=None)
    with cloud.narrowed():
        refused = strangers_create(cloud)
    assert cloud.asked("check")
    left_alone(cloud, refused, certificate)
    assert cloud.run_commands() == []


def test_an_unfinished_host_of_another_authority_is_not_taken_either(cloud):
    run_commands_fail(cloud)
    assert cloud.create("--provisioner", "run-command").code == 1
    cloud.behavior()
    refused = strangers_create(cloud)
    assert refused.code == 1 and "It was left as it is" in refused.stderr
    assert r"PUT \S+" not in cloud.requests


def test_a_folder_that_is_empty_stays_so(cloud):
    cloud.host()
    cloud.mark()
    refused = cloud.create("-dc", cloud.folder("empty"))
    assert refused.code == 1 and "this folder holds none" in refused.stderr
    assert not cloud.folder("empty").exists() and r"PUT \S+" not in cloud.requests


def test_a_colleague_s_authority_in_ca_pem_makes_his_hosts_not_mine(cloud):
    """With both in one file a docker client believes the hosts of both; signing is for one."""
    theirs, other = cloud.folder(), cloud.folder("other")
    cloud.host()
    certificate, tags = cloud.engine_certificate(), cloud.tags()
    cloud.az("cert", "create", "-dc", other).succeeded()
    (other / "ca.pem").write_bytes((other / "ca.pem").read_bytes() + (theirs / "ca.pem").read_bytes())
    for words in ((), ("-dp", "2376")):
        left_alone(cloud, strangers_create(cloud, *words), certificate)
    assert cloud.tags() == tags
    cloud.retag(dockervm_ca=None)
    left_alone(cloud, strangers_create(cloud, "-dp", "2376"), certificate)


def test_one_connection_that_is_reset_says_nothing(cloud, monkeypatch):
    """An engine that restarts, a proxy that has a bad moment."""
    before = cloud.host()
    real, left = look.handshake, [2]

    def reset_twice(endpoint):
        if left[0]:
            left[0] -= 1
            raise EngineUnreachable("closed the connection", kind="rejected")
        return real(endpoint)

    monkeypatch.setattr(look, "handshake", reset_twice)
    cloud.mark()
    again = cloud.create().succeeded()
    assert again.json == before and r"PUT \S+/runCommands" not in cloud.requests


def test_connections_that_are_reset_always_lead_to_the_host_s_own_word(cloud, monkeypatch):
    before = cloud.host()

    def reset(endpoint):
        raise EngineUnreachable("closed the connection", kind="rejected")

    monkeypatch.setattr(look, "handshake", reset)
    cloud.mark()
    again = cloud.create().succeeded()
    assert again.json == before
    assert cloud.asked("check") and not cloud.asked("request")


def test_no_advice_ever_deletes_another_s_host():
    error = belongs_to_others(HostSpec("g", "web1"), "because")
    assert not any("delete" in text for text in error.recommendations)
