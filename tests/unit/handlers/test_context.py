"""``context …`` and ``create --docker-context`` as az calls them: what is written, refused before that, and told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
from azure.cli.core import azclierror

from azext_dockervm.azure import kinds
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.contexts.store import ContextStore
from azext_dockervm.handlers import cert, context, create, enable

HOST = {"resource_group_name": "g", "vm_name": "web1"}
FQDN = "web1.westus.cloudapp.azure.com"
PASSWORD = "Tall-Ships_2014+Docker"


def created(cmd, folder, **typed):
    return create.create(cmd, **HOST, cert_dir=str(folder), admin_password=PASSWORD, provisioner="run-command", **typed)


@pytest.fixture
def made(cmd, cloud, folder, capsys) -> dict:
    """What ``create`` answered about ``web1``; what it said and asked is forgotten."""
    answer = created(cmd, folder)
    capsys.readouterr()
    cloud.log.clear()
    return answer


@pytest.fixture
def contexts(docker_client) -> ContextStore:
    return ContextStore()


@pytest.fixture
def foreign(docker_client):
    """Makes a context by docker itself."""
    if not shutil.which("docker"):
        pytest.skip("there is no docker client (docker-cli)")

    def make(name, host="tcp://10.0.0.1:2375"):
        subprocess.run(["docker", "context", "create", name, "--docker", f"host={host}"], check=True,
                       capture_output=True)

    return make


def put(cmd, folder, **typed):
    return context.create(cmd, **HOST, cert_dir=str(folder), **typed)


def refused(call, kind=azclierror.ValidationError):
    with pytest.raises(kind) as told:
        call()
    return told.value.error_msg, " ".join(told.value.recommendations)


def endpoint(contexts, name="web1"):
    return contexts.existing(name).docker_host


# create


def test_two_requests_side_by_side_give_a_context_of_the_host_s_name(cmd, cloud, made, folder, contexts, capsys):
    assert put(cmd, folder) == {
        "name": "web1", "description": "Docker host web1 on Azure, kept by dockervm", "dockerHost": f"tcp://{FQDN}:4243",
        "current": False, "host": made["id"], "stale": False, "certDir": str(folder), "outcome": "created"}
    assert sorted(one.name for one in cloud.log) == ["web1", "web1PublicIP"]
    assert "The context 'web1' was created." in capsys.readouterr().err
    assert endpoint(contexts) == made["dockerHost"]


def test_the_same_again_tells_what_it_did(cmd, cloud, made, folder, capsys):
    put(cmd, folder)
    assert put(cmd, folder)["outcome"] == "left"
    assert "The context 'web1' was left as it was." in capsys.readouterr().err
    cloud.retag(kinds.VM, "web1", dockervm_port="2376")
    assert put(cmd, folder)["dockerHost"] == f"tcp://{FQDN}:2376"
    assert "The context 'web1' was refreshed." in capsys.readouterr().err


def test_another_name_and_a_tunnel(cmd, cloud, made, folder, contexts):
    put(cmd, folder, context_name="far", via="LOCALHOST:2376")
    assert endpoint(contexts, "far") == "tcp://localhost:2376" and contexts.get("web1") is None


@pytest.mark.parametrize(("via", "told"), [
    ("10.0.0.4:2376", "The host's certificate names these two"), ("example.com:1", "no near end of a tunnel"),
    ("2376", "no near end of a tunnel"), ("127.0.0.1:0", "'0' is not a valid port"), ("127.0.0.1:", "not a valid port"),
    ("tcp://127.0.0.1:2376", "no near end of a tunnel")])
def test_what_can_t_be_a_tunnel_s_near_end_is_refused_with_the_reason(cmd, cloud, made, folder, docker_client, via,
                                                                      told):
    message, advice = refused(lambda: put(cmd, folder, via=via), azclierror.InvalidArgumentValueError)
    assert message.startswith("--via: ") and told in message and "--via 127.0.0.1:2376" in advice
    assert not cloud.log and not docker_client.exists()


def test_use_makes_it_the_current_one(cmd, cloud, made, folder, contexts, capsys):
    assert put(cmd, folder, use=True)["current"] is True and contexts.current() == "web1"
    said = capsys.readouterr().err
    assert "The current context is 'web1'." in said and "WARNING" not in said


@pytest.mark.parametrize(("variable", "value"), [("DOCKER_HOST", "tcp://10.0.0.1:2375"), ("DOCKER_CONTEXT", "web9")])
def test_use_tells_that_the_environment_wins(cmd, cloud, made, folder, monkeypatch, capsys, variable, value):
    monkeypatch.setenv(variable, value)
    assert put(cmd, folder, use=True)["current"] is False
    said = capsys.readouterr().err
    assert f"WARNING: {variable} is set, and docker takes it before the context 'web1'. " in said
    assert f"To remove it: unset {variable}" in said


@pytest.mark.parametrize(("tag", "value"), [("dockervm_port", "many"), ("dockervm_ca", None),
                                            ("dockervm_schema", "2")])
def test_a_tag_that_a_hand_has_spoilt_is_named(cmd, cloud, made, folder, docker_client, tag, value):
    cloud.retag(kinds.VM, "web1", **{tag: value})
    message, advice = refused(lambda: put(cmd, folder))
    assert f"the tag {tag.replace('_', '-')} is " in message
    assert f"az dockervm create -g g -n web1 -dc {folder}" in advice and not docker_client.exists()


def test_a_host_of_another_authority_is_refused_with_both_fingerprints(cmd, cloud, made, folder, other, docker_client):
    message, advice = refused(lambda: put(cmd, other))
    mine, theirs = (CertificateStore(one).authority_fingerprints()[0][:16] for one in (folder, other))
    assert mine in message and theirs in message and f"enable -g g -n web1 --replace-trust -dc {other}" in advice
    assert not docker_client.exists()


def test_certificates_that_are_no_good_are_told_before_azure_is_asked(cmd, cloud, made, folder, docker_client):
    (folder / "cert.pem").write_bytes(b"no certificate")
    message, _ = refused(lambda: put(cmd, folder))
    assert "cert.pem" in message and not cloud.log and not docker_client.exists()


def test_lost_folder_is_told_with_the_command_that_opens_the_host_again(cmd, cloud, made, tmp_path, docker_client):
    message, advice = refused(lambda: put(cmd, tmp_path / "lost"))
    assert "holds no certificates, and the host 'web1' trusts" in message and not docker_client.exists()
    assert "az dockervm enable -g g -n web1 --replace-trust" in advice and "cert create" not in advice


def test_a_name_that_is_another_s_is_told_before_azure_is_asked(cmd, cloud, made, folder, foreign, contexts):
    foreign("web1")
    message, advice = refused(lambda: put(cmd, folder))
    assert "'web1' that dockervm did not make" in message and "--context-name" in advice and not cloud.log
    assert endpoint(contexts) == "tcp://10.0.0.1:2375"


def test_a_host_whose_name_docker_does_not_take_needs_another(cmd, cloud, folder):
    with pytest.raises(azclierror.InvalidArgumentValueError, match="--context-name: 'a' can't be the name"):
        context.create(cmd, resource_group_name="g", vm_name="a", cert_dir=str(folder))


def test_keys_that_others_can_read_are_warned_of(cmd, cloud, made, folder, capsys):
    (folder / "key.pem").chmod(0o644)
    put(cmd, folder)
    assert f"WARNING: {folder / 'key.pem'}" in capsys.readouterr().err


# list, show, use, remove


def test_all_are_listed_ours_by_their_hosts(cmd, cloud, made, folder, foreign, monkeypatch):
    put(cmd, folder, use=True)
    foreign("mine")
    CertificateStore(folder).replace()
    cloud.log.clear()
    listed = {one["name"]: one for one in context.list_contexts(cmd)}
    assert list(listed) == ["default", "mine", "web1"] and not cloud.log
    assert {name for name, one in listed.items() if one["current"]} == {"web1"}
    assert [listed[name]["host"] for name in listed] == [None, None, made["id"]]
    assert [listed[name]["stale"] for name in listed] == [None, None, True]


def test_a_current_context_that_is_gone_and_a_damaged_one_are_warned_of(cmd, cloud, made, folder, docker_client,
                                                                        capsys):
    put(cmd, folder)
    (docker_client / "config.json").write_text('{"currentContext": "gone"}')
    meta = next((docker_client / "contexts/meta").glob("*/meta.json"))
    meta.write_text("{")
    assert [one["name"] for one in context.list_contexts(cmd)] == ["default"]
    said = capsys.readouterr().err
    assert f"WARNING: {meta} is damaged" in said and "az dockervm context use -n default" in said


def test_show_is_about_the_current_one_unless_one_is_named(cmd, cloud, made, folder):
    put(cmd, folder)
    assert context.show(cmd)["name"] == "default" and context.show(cmd)["current"]
    context.use(cmd, context_name="web1")
    assert context.show(cmd) == context.show(cmd, context_name="web1")
    assert context.show(cmd)["host"] == made["id"]
    with pytest.raises(azclierror.ResourceNotFoundError):
        context.show(cmd, context_name="none")


def test_use_takes_others_contexts_too_and_goes_back(cmd, foreign, contexts):
    foreign("mine")
    assert context.use(cmd, context_name="mine")["current"] and contexts.current() == "mine"
    assert context.use(cmd, context_name="default")["current"] and contexts.current() == "default"


def test_remove_asks_and_takes_no_for_an_answer(cmd, cloud, made, folder, contexts, answers, capsys):
    put(cmd, folder)
    answers["Remove it?"] = False
    with pytest.raises(azclierror.ManualInterrupt):
        context.remove(cmd, context_name="web1")
    assert contexts.get("web1") and made["id"] in capsys.readouterr().err
    answers["Remove it?"] = True
    context.remove(cmd, context_name="web1")
    assert contexts.get("web1") is None and "The context 'web1' was removed." in capsys.readouterr().err


def test_with_yes_nobody_is_asked(cmd, cloud, made, folder, contexts, answers):
    put(cmd, folder)
    assert context.remove(cmd, context_name="web1", yes=True) is None and contexts.get("web1") is None


def test_the_current_one_is_removed_by_force_only(cmd, cloud, made, folder, contexts):
    put(cmd, folder, use=True)
    message, advice = refused(lambda: context.remove(cmd, context_name="web1", yes=True))
    assert "is the current one" in message and "az dockervm context use -n default" in advice and "--force" in advice
    context.remove(cmd, context_name="web1", yes=True, force=True)
    assert contexts.get("web1") is None and contexts.current() == "default"


def test_one_that_the_environment_makes_the_current_one_is_left_by_that_way(cmd, cloud, made, folder, monkeypatch):
    put(cmd, folder)
    monkeypatch.setenv("DOCKER_CONTEXT", "web1")
    _, advice = refused(lambda: context.remove(cmd, context_name="web1", yes=True))
    assert "unset DOCKER_CONTEXT" in advice


@pytest.mark.parametrize(("name", "told", "command"), [
    ("mine", "not made by dockervm", "docker context rm mine"),
    ("default", "docker's own", "az dockervm context list")])
def test_what_is_not_ours_is_not_removed_by_force_either(cmd, foreign, contexts, name, told, command):
    foreign("mine")
    message, advice = refused(lambda: context.remove(cmd, context_name=name, force=True, yes=True))
    assert told in message and command in advice and contexts.get("mine")


# create --docker-context


@pytest.mark.parametrize(("asked", "name"), [(True, "web1"), ("shop", "shop")])
def test_a_finished_host_gets_its_context_and_the_line_to_type_says_it(cmd, cloud, folder, contexts, capsys, asked,
                                                                       name):
    answer = created(cmd, folder, docker_context=asked)
    assert answer["dockerContext"] == name and endpoint(contexts, name) == answer["dockerHost"]
    assert contexts.existing(name).is_of(answer["id"])
    said = capsys.readouterr().err
    assert f"Now type: docker --context {name} info" in said and "Refreshed" not in said


def test_without_it_none_is_made(cmd, cloud, folder, docker_client):
    assert created(cmd, folder)["dockerContext"] is None and not docker_client.exists()


@pytest.mark.parametrize("asked", [True, "web1", "a b", "default"])
def test_a_name_that_can_t_be_had_is_refused_before_anything_is_made(cmd, cloud, folder, foreign, asked):
    foreign("web1")
    with pytest.raises((azclierror.ValidationError, azclierror.InvalidArgumentValueError)):
        created(cmd, folder, docker_context=asked)
    assert not cloud.log and not cloud.asked


def test_a_context_that_fails_leaves_the_host_a_success_with_the_command_that_makes_it(cmd, cloud, folder, capsys,
                                                                                       docker_client):
    docker_client.mkdir()
    (docker_client / "contexts").write_text("a file")
    answer = created(cmd, folder, docker_context="shop")
    said = capsys.readouterr().err
    assert answer["reachable"] and answer["dockerContext"] is None
    assert f"az dockervm context create -g g -n web1 --context-name shop -dc {folder}" in said
    assert "Now type: docker --tlsverify" in said


def test_a_create_that_goes_on_says_the_option_again():
    from azext_dockervm.options.arguments import given
    from azext_dockervm.options.commands import options_of

    def words(value):
        return given(options_of("create"), {"docker_context": value})["docker_context"].words

    assert (words(True), words("shop")) == (("--docker-context",), ("--docker-context", "shop"))


# What changes certificates or hosts is followed


def test_a_host_whose_port_moves_takes_its_contexts_along_but_for_tunnels(cmd, cloud, made, folder, contexts, capsys):
    put(cmd, folder)
    put(cmd, folder, context_name="far", via="127.0.0.1:2376")
    created(cmd, folder, docker_port=5000)
    assert (endpoint(contexts), endpoint(contexts, "far")) == (f"tcp://{FQDN}:5000", "tcp://127.0.0.1:2376")
    assert "Refreshed in the docker client: 'web1'." in capsys.readouterr().err


def test_a_client_certificate_that_is_issued_again_reaches_the_contexts(cmd, cloud, made, folder, contexts, capsys):
    put(cmd, folder)
    (folder / "key.pem").unlink()
    cert.create(cmd, cert_dir=str(folder))
    assert contexts.is_stale(contexts.existing("web1")) is False
    assert "Refreshed in the docker client: 'web1'." in capsys.readouterr().err


def test_create_hands_on_the_client_certificate_that_it_issued(cmd, cloud, made, folder, contexts):
    put(cmd, folder)
    (folder / "key.pem").unlink()
    created(cmd, folder)
    assert contexts.is_stale(contexts.existing("web1")) is False


def test_a_new_authority_leaves_the_contexts_what_opens_their_hosts_until_these_trust_it(cmd, cloud, made, folder,
                                                                                        contexts, capsys):
    put(cmd, folder)
    cert.create(cmd, cert_dir=str(folder), force=True, yes=True)
    assert contexts.is_stale(contexts.existing("web1")) is True
    said = capsys.readouterr().err
    subscription = made["id"].split("/")[2]
    assert f"az dockervm enable -g g -n web1 --replace-trust -dc {folder} --subscription {subscription}" in said
    enable.enable(cmd, **HOST, cert_dir=str(folder), replace_trust=True, yes=True)
    assert contexts.is_stale(contexts.existing("web1")) is False


def test_a_host_that_trusts_another_folder_takes_its_contexts_there(cmd, cloud, made, folder, other, contexts):
    put(cmd, folder)
    enable.enable(cmd, **HOST, cert_dir=str(other), replace_trust=True, yes=True)
    found = contexts.existing("web1")
    assert found.cert_dir == other and contexts.is_stale(found) is False


def test_what_can_t_be_followed_is_a_warning(cmd, cloud, made, folder, docker_client, capsys):
    put(cmd, folder)
    (folder / "key.pem").unlink()
    root = docker_client / "contexts"
    os.unlink(root / ".dockervm.lock")
    (root / ".dockervm.lock").mkdir()
    assert cert.create(cmd, cert_dir=str(folder))["clientIssued"]
    assert "Contexts of the docker client may still have earlier certificates" in capsys.readouterr().err


def test_who_has_no_context_of_ours_hears_nothing_of_them(cmd, cloud, made, folder, foreign, docker_client, capsys):
    foreign("mine")
    before = {path: path.stat().st_mtime_ns for path in docker_client.rglob("*")}
    cert.create(cmd, cert_dir=str(folder), force=True, yes=True)
    assert "docker client" not in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in docker_client.rglob("*")} == before
    assert json.loads(next((docker_client / "contexts/meta").glob("*/meta.json")).read_text())["Name"] == "mine"
