"""az dockervm enable --replace-trust: for who lost the folder, or takes over a colleague's host."""

from __future__ import annotations

import shutil

import pytest
from flow_cloud import HOST

from azext_dockervm.errors import Conflict, EngineUnreachable
from azext_dockervm.handlers import shared


def enable(cloud, *words):
    return cloud.az("enable", "-g", cloud.group, "-n", HOST, "--replace-trust", *words)


@pytest.fixture(params=["run-command", "docker-extension"])
def made(cloud, request):
    """A finished host of each provisioner."""
    return cloud.create("--provisioner", request.param).succeeded().json


def test_a_lost_folder_is_mended_without_deleting_the_host(cloud, made):
    tags, old = cloud.tags(), cloud.folder().rename(cloud.folder("kept elsewhere"))
    done = enable(cloud, "--yes").succeeded()
    assert done.json["reachable"] is True
    assert {key: value for key, value in done.json.items() if key != "serverCertificateExpires"} == {
        key: value for key, value in made.items() if key != "serverCertificateExpires"}
    assert tags["dockervm-ca"] in done.stderr, "whom it cuts off"
    assert cloud.engine_certificate()
    with pytest.raises(EngineUnreachable):
        cloud.engine_certificate(old)
    after = cloud.tags()
    assert after["dockervm-ca"] != tags["dockervm-ca"]
    assert {**after, "dockervm-ca": "", "dockervm-certificate-expires": ""} == {
        **tags, "dockervm-ca": "", "dockervm-certificate-expires": ""}
    assert cloud.run_commands() == []
    assert cloud.create().succeeded().json["reachable"] is True     # mine from now on


def test_a_teammate_s_host_is_asked_for_first(cloud, monkeypatch):
    cloud.host("-dp", "2376")
    certificate = cloud.engine_certificate()
    asked = []

    def no(text, question, yes, _listener):
        asked.append((text, yes))
        raise Conflict("Nothing was changed.")

    monkeypatch.setattr(shared, "confirm", no)
    cloud.mark()
    refused = enable(cloud, "-dc", cloud.folder("mine"))
    assert refused.code == 1 and "Nothing was changed" in refused.stderr
    assert cloud.tags()["dockervm-ca"] in asked[0][0] and asked[0][1] is False
    assert not cloud.folder("mine").exists() and not cloud.asked("request") and not cloud.asked("serve")
    assert cloud.engine_certificate() == certificate and cloud.run_commands() == []


def test_whom_it_cuts_off_is_the_host_s_own_word(cloud):
    """Tags tell what somebody once ordered."""
    cloud.host()
    real = cloud.tags()["dockervm-ca"]
    cloud.retag(dockervm_ca="0" * 64)
    done = enable(cloud, "--yes", "-dc", cloud.folder("mine")).succeeded()
    assert real in done.stderr and "0" * 64 not in done.stderr


def test_without_a_terminal_it_wants_yes(cloud):
    cloud.host()
    refused = enable(cloud, "-dc", cloud.folder("mine"))
    assert refused.code == 1 and "There is no terminal to ask on" in refused.stderr and "--yes" in refused.stderr


def test_a_host_that_trusts_us_already_is_not_disturbed(cloud):
    """As after a kill between the engine's restart and the tags."""
    made = cloud.host()
    certificate = cloud.engine_certificate()
    cloud.retag(dockervm_ca="0" * 64)
    assert cloud.create().code == 1
    cloud.mark()
    done = enable(cloud).succeeded()
    assert done.json == made and "trusts the authority in" in done.stderr
    assert cloud.engine_certificate() == certificate and r"PUT \S+/runCommands" not in cloud.requests
    assert cloud.create().succeeded().json == made


def test_a_vm_that_dockervm_did_not_make_is_left_alone(cloud):
    cloud.host()
    cloud.retag(dockervm_host=None)
    cloud.mark()
    refused = enable(cloud, "--yes", "-dc", cloud.folder("mine"))
    assert refused.code == 1 and "was not made by dockervm" in refused.stderr
    assert r"PUT \S+" not in cloud.requests


@pytest.mark.parametrize("tag", [None, "²", "0", "4243"])
def test_the_port_is_the_one_on_which_the_host_listens_whatever_its_tag_says(cloud, tag):
    made = cloud.host("-dp", "2376")
    cloud.retag(dockervm_port=tag)
    shutil.rmtree(cloud.folder())
    assert enable(cloud, "--yes").succeeded().json["dockerHost"] == made["dockerHost"]
    assert cloud.tags()["dockervm-port"] == "2376"


def test_my_own_host_that_can_t_be_reached_is_not_disturbed(cloud):
    cloud.host()
    certificate = cloud.engine_certificate()
    with cloud.narrowed():
        said = enable(cloud)
    assert said.code == 4 and "trusts the authority in" in said.stderr and "cuts off" not in said.stderr
    assert cloud.engine_certificate() == certificate


@pytest.mark.long
def test_my_own_host_that_is_not_sound_cuts_off_nobody_of_mine(cloud):
    cloud.host()
    stop = {"location": "westus", "properties": {"source": {"script": "systemctl stop docker"}}}
    cloud.arm("PUT", "Microsoft.Compute/virtualMachines", f"{HOST}/runCommands/stop", stop)
    cloud.settled("Microsoft.Compute/virtualMachines", f"{HOST}/runCommands/stop")
    said = enable(cloud)
    assert said.code == 1 and "but it is not sound" in said.stderr and "cuts off everybody" not in said.stderr


def test_it_says_what_there_is_to_enable(cloud):
    said = cloud.az("enable", "-g", cloud.group, "-n", HOST)
    assert said.code == 1 and "--replace-trust" in said.stderr


def test_a_host_that_does_not_exist(cloud):
    assert enable(cloud, "--yes").code == 3


def failing(cloud, action: str) -> None:
    cloud.behavior(rules=[{"do": "fail_operation", "code": "Broken", "method": "PUT",
                         "path": f"*/runCommands/dockervm-{action}-*"}])


def test_a_host_that_can_t_be_asked_is_left_as_it_is(cloud):
    cloud.host()
    failing(cloud, "check")
    cloud.mark()
    failed = enable(cloud, "--yes", "-dc", cloud.folder("mine"))
    assert failed.code == 1 and "Nothing was changed" in failed.stderr
    assert f"To try again: az dockervm enable -g {cloud.group} -n {HOST} --replace-trust" in failed.stderr
    assert not cloud.asked("request") and not cloud.folder("mine").exists()


def test_a_failure_says_how_to_go_on(cloud):
    cloud.host()
    failing(cloud, "serve")
    failed = enable(cloud, "--yes", "-dc", cloud.folder("mine"))
    assert failed.code == 1 and "may trust either authority now" in failed.stderr
    assert f"az dockervm enable -g {cloud.group} -n {HOST} --replace-trust -dc {cloud.folder('mine')}" in failed.stderr
    cloud.behavior()
    enable(cloud, "--yes", "-dc", cloud.folder("mine")).succeeded()
