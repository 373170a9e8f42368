"""``create``, ``enable`` and ``info`` from what az parsed to what az prints."""

from __future__ import annotations

from inspect import signature
from types import SimpleNamespace

import pytest
from azure.cli.core import azclierror
from fake_azure import running
from knack.events import EVENT_CLI_SUCCESSFUL_EXECUTE

from azext_dockervm.azure import kinds
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.errors import EngineUnreachable
from azext_dockervm.flow.request import to_bytes
from azext_dockervm.handlers import create, enable, info

HOST = {"resource_group_name": "g", "vm_name": "web1"}
PASSWORD = "Tall-Ships_2014+Docker"
QUESTION = "Replace its trust?"


def created(cmd, folder, **typed):
    return create.create(cmd, **HOST, cert_dir=str(folder), admin_password=PASSWORD, provisioner="run-command", **typed)


def enabled(cmd, folder, **typed):
    return enable.enable(cmd, **HOST, cert_dir=str(folder), **{"replace_trust": True, **typed})


@pytest.fixture
def made(cmd, cloud, folder, capsys) -> dict:
    """What ``create`` answered about ``web1``, whose authority is ``folder``'s; what it said is forgotten."""
    answer = created(cmd, folder)
    capsys.readouterr()
    cloud.log.clear()
    cloud.host().actions.clear()
    return answer


def trusts(cloud, folder) -> bool:
    return cloud.host().files.ca == (folder / "ca.pem").read_bytes() == cloud.host().engine.ca


def test_az_sees_the_options_of_a_handler_as_of_any_function():
    assert str(signature(create.create)).startswith("(cmd, *, resource_group_name, vm_name")


def test_create_makes_a_host_and_tells_where_it_is(cmd, cloud, folder, capsys, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name, path=None: f"/usr/bin/{name}")
    answer = created(cmd, folder)
    assert (answer["name"], answer["resourceGroup"], answer["certDir"], answer["reachable"]) \
        == ("web1", "g", str(folder), True)
    assert "Now type: docker --tlsverify" in (said := capsys.readouterr().err) and answer["fqdn"] in said
    assert trusts(cloud, folder) and cmd.cli_ctx.events == {}


def test_create_gives_the_vm_the_password_and_prints_it_nowhere(cmd, cloud, folder, capsys):
    answer = created(cmd, folder)
    (sent,) = cloud.sent("PUT", kinds.VM)
    assert PASSWORD.encode() in to_bytes(sent.body)
    assert PASSWORD not in str(answer) + "".join(capsys.readouterr())


def test_create_makes_a_key_pair_where_nothing_opens_the_vm_and_says_so(cmd, cloud, folder, capsys, tmp_path,
                                                                       monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    create.create(cmd, **HOST, cert_dir=str(folder), provisioner="run-command")
    (sent,) = cloud.sent("PUT", kinds.VM)
    assert (tmp_path / ".ssh/id_rsa.pub").read_bytes().split()[1] in to_bytes(sent.body)
    assert "a key pair was made" in capsys.readouterr().err


def test_create_ends_with_4_where_the_host_can_t_be_reached_from_here(cmd, cloud, folder):
    cloud.engine_says = [EngineUnreachable("something drops the packets", kind="timeout")] * 500
    assert created(cmd, folder)["reachable"] is False
    with pytest.raises(SystemExit) as end:
        cmd.cli_ctx.events[EVENT_CLI_SUCCESSFUL_EXECUTE](None)
    assert end.value.code == 4


@pytest.mark.parametrize("typed", [{}, {"ssh_port": "22"}])
def test_create_outside_its_own_sources_says_so_soon_with_the_command_that_widens_them(cmd, cloud, folder, capsys,
                                                                                      typed):
    began = cloud.clock.now
    assert created(cmd, folder, sources=["203.0.113.0/24"], **typed)["reachable"] is False
    said = capsys.readouterr().err
    assert "Only 203.0.113.0/24 may reach Docker on 'web1', and this computer may be outside that range." in said
    command = next(line for line in said.splitlines() if line.startswith("To let this computer in too: "))
    assert "az dockervm create -g g -n web1 " in command and "--sources 203.0.113.0/24 me" in command
    assert "docker --tlsverify" not in said and cloud.clock.now - began < 40


@pytest.mark.parametrize(("typed", "told"), [
    ({}, "Docker (port 4243) is open to the Internet. "),
    ({"ssh_port": "22"}, "Docker (port 4243) and SSH (port 22) are open to the Internet. "),
    ({"sources": ["*"]}, "Docker (port 4243): open to the Internet, as asked."),
    ({"sources": ["10.1.0.0/16"]}, "Who may reach Docker (port 4243): 10.1.0.0/16.")])
def test_create_says_who_may_reach_docker_and_ssh(cmd, cloud, folder, capsys, typed, told):
    created(cmd, folder, **typed)
    said = capsys.readouterr().err
    assert told in said and ("To let in this computer alone: az dockervm create" in said) is ("sources" not in typed)


@pytest.mark.parametrize("command", [created, enabled])
def test_certificates_that_are_no_good_are_told_before_azure_is_asked(cmd, cloud, folder, command):
    (folder / "ca.pem").write_bytes(b"no certificate")
    with pytest.raises(azclierror.AzCLIError) as refused:
        command(cmd, folder)
    assert "ca.pem" in refused.value.error_msg and not cloud.log and not cloud.asked


@pytest.mark.parametrize("command", [created, enabled])
def test_keys_that_others_can_read_are_warned_of(cmd, cloud, made, folder, capsys, command):
    (folder / "key.pem").chmod(0o644)
    command(cmd, folder)
    assert f"WARNING: {folder / 'key.pem'}" in capsys.readouterr().err


def test_create_asks_for_no_password_when_its_folder_is_no_good(cmd, cloud, folder, monkeypatch):
    monkeypatch.setattr("azext_dockervm.handlers.login.admin_password", lambda typed: pytest.fail("asked"))
    (folder / "ca.pem").write_bytes(b"no certificate")
    with pytest.raises(azclierror.AzCLIError):
        created(cmd, folder)


def test_a_home_folder_that_can_t_be_written_is_told_before_azure_is_asked(cmd, cloud, tmp_path, in_read_only,
                                                                           monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))

    def refused() -> str:
        with pytest.raises(azclierror.FileOperationError) as error:
            create.create(cmd, **HOST, admin_password=PASSWORD)
        return f"{error.value.error_msg} {error.value.recommendations} {cloud.log} {cloud.asked}"

    said = in_read_only(home, refused)
    assert said.startswith(f"{home}/.docker can't be written: ")
    assert said.endswith("['Choose another folder with --docker-cert-dir (-dc).'] [] []")


@pytest.mark.parametrize("command", [created, enabled])
def test_in_a_cloud_shell_without_storage_the_loss_of_the_folder_is_told_once(cmd, cloud, made, folder, capsys, command,
                                                                             monkeypatch):
    monkeypatch.setenv("ACC_CLOUD", "PROD")
    monkeypatch.setenv("HOME", str(folder.parent))
    command(cmd, folder)
    assert capsys.readouterr().err.count(f"WARNING: {folder} is lost when the session ends") == 1


# enable


def test_enable_wants_to_be_told_what_to_enable(cmd, cloud, made, other):
    with pytest.raises(azclierror.RequiredArgumentMissingError) as refused:
        enabled(cmd, other, replace_trust=False)
    assert refused.value.error_msg.startswith("Say what to enable: --replace-trust")
    assert "az dockervm enable --help" in " ".join(refused.value.recommendations) and not cloud.log


def test_enable_with_yes_asks_nobody_and_makes_the_host_trust_the_folder(cmd, cloud, made, other, answers, capsys):
    answer = enabled(cmd, other, yes=True)
    said = capsys.readouterr().err
    assert trusts(cloud, other) and (answer["id"], answer["certDir"]) == (made["id"], str(other))
    assert "This cuts off everybody" in said and f"--tlscacert={other}" in said


def test_enable_asks_before_it_cuts_anybody_off(cmd, cloud, made, other, answers):
    answers[QUESTION] = True
    enabled(cmd, other)
    assert answers == {} and trusts(cloud, other)


def test_the_time_that_somebody_thinks_it_over_is_none_of_the_command_s(cmd, cloud, made, other, monkeypatch):
    def long_thought(_question, default):
        cloud.clock.now += 5000
        return True

    monkeypatch.setattr("azext_dockervm.handlers.enable.time", SimpleNamespace(monotonic=cloud.clock.monotonic))
    monkeypatch.setattr("knack.prompting.prompt_y_n", long_thought)
    enabled(cmd, other)
    assert trusts(cloud, other)


def test_after_a_no_the_host_is_as_it_was_and_nothing_is_left_in_azure(cmd, cloud, made, folder, other, answers):
    answers[QUESTION] = False
    before = cloud.there()
    with pytest.raises(azclierror.AzCLIError, match="Nothing was changed") as refused:
        enabled(cmd, other)
    assert answers == {} and trusts(cloud, folder) and cloud.host().asked() == ["check"]
    assert cloud.there() == before and "Nothing was changed" in refused.value.error_msg


def test_enable_asks_nobody_about_a_host_that_trusts_the_folder_already(cmd, cloud, made, folder, answers):
    assert enabled(cmd, folder)["id"] == made["id"] and trusts(cloud, folder)


# info


def test_info_tells_of_the_vm_and_of_its_engine(cmd, cloud, made, folder):
    shown = info.info(cmd, **HOST, cert_dir=str(folder))
    assert (shown["id"], shown["dockerHost"], shown["certDir"]) == (made["id"], made["dockerHost"], str(folder))
    assert shown["engine"]["version"] == made["engineVersion"] and shown["engineUnreachable"] is None


def test_info_names_the_command_that_starts_it_in_the_subscription_that_was_asked(cmd, cloud, made, folder):
    cmd.cli_ctx.data["subscription_id"] = "mine"
    cloud.change(kinds.VM, "web1", instanceView=running("deallocated"))
    shown = info.info(cmd, **HOST, cert_dir=str(folder))
    assert shown["engine"] is None and shown["advice"] == ["To start it: az vm start -g g -n web1 --subscription mine"]


def test_info_with_the_wrong_folder_says_which_option_names_another(cmd, cloud, made, other):
    shown = info.info(cmd, **HOST, cert_dir=str(other))
    assert shown["cause"] == "other-authority" and "-dc FOLDER" in shown["advice"][0]


def test_info_warns_of_a_port_that_is_published_and_closed(cmd, cloud, made, folder, capsys):
    cloud.host().containers = [{"Ports": [{"PublicPort": 8080, "Type": "tcp"}]}]
    assert info.info(cmd, **HOST, cert_dir=str(folder))["closedPorts"] == ["8080/tcp"]
    assert "8080/tcp" in capsys.readouterr().err


def test_info_reads_no_more_than_it_shows(cmd, cloud, made, folder):
    info.info(cmd, **HOST, cert_dir=str(folder))
    assert cloud.writes() == []


def test_a_store_is_that_of_the_folder_that_was_named(folder):
    from azext_dockervm.handlers import shared

    store = shared.certificate_store({"cert_dir": str(folder)})
    assert isinstance(store, CertificateStore) and store.folder == folder
