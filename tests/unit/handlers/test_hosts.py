"""``list``, ``show``, ``delete`` and ``wait`` from what az parsed to what az prints."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest
from azure.cli.core import azclierror
from azure.core.exceptions import ResourceNotFoundError

from azext_dockervm.azure import kinds
from azext_dockervm.certs.store import CertificateStore
from azext_dockervm.contexts.store import ContextStore
from azext_dockervm.handlers import create, hosts, info, shared

HOST = {"resource_group_name": "g", "vm_name": "web1"}
QUESTION = "Delete the host 'web1'?"


@pytest.fixture
def made(cmd, cloud, folder, capsys) -> dict:
    answer = create.create(cmd, **HOST, cert_dir=str(folder), admin_password="Tall-Ships_2014+Docker")
    capsys.readouterr()
    cloud.log.clear()
    return answer


def deleted(cmd, folder, **typed):
    return hosts.delete(cmd, **HOST, cert_dir=str(folder), **typed)


def test_list_and_show_tell_the_same_of_a_host(cmd, made, folder):
    one, = hosts.list_hosts(cmd)
    shown = hosts.show(cmd, **HOST)
    assert {**one, "addressFrom": "azure"} == shown
    assert shown["adminUser"] and shown["ssh"] is None and one["dockerHost"] == made["dockerHost"]
    assert one["addressFrom"] == "tag", "who may write tags can write another's address there"
    assert one["provisioner"] == "cloud-init" and one["finished"] is None, "its tags went with the VM"
    assert hosts.list_hosts(cmd, resource_group_name="g") == [one]


def test_list_dials_where_it_is_told_to(cmd, cloud, made, folder, other):
    one, = hosts.list_hosts(cmd, check=True, cert_dir=str(folder))
    assert (one["reachable"], one["engineUnreachable"]) == (True, None)
    one, = hosts.list_hosts(cmd, check=True, cert_dir=str(other))
    assert one["reachable"] is False and one["engineUnreachable"]
    assert hosts.list_hosts(cmd)[0]["reachable"] is None


@pytest.mark.parametrize("group", ["", "a/b"])
def test_a_group_that_can_t_be_is_refused(cmd, cloud, group):
    with pytest.raises(azclierror.InvalidArgumentValueError, match="--resource-group"):
        hosts.list_hosts(cmd, resource_group_name=group)


def test_show_of_what_is_not_there(cmd, cloud):
    with pytest.raises(azclierror.ResourceNotFoundError, match="There is no VM 'web1'"):
        hosts.show(cmd, **HOST)


def test_delete_says_what_goes_asks_and_answers_nothing(cmd, cloud, made, folder, answers, capsys):
    answers[QUESTION] = True
    assert deleted(cmd, folder) is None and cloud.resources == {}
    told = capsys.readouterr().err
    assert "This deletes the host 'web1': the VM 'web1'" in told and "another certificate authority" not in told


def test_delete_changes_nothing_where_the_answer_is_no(cmd, cloud, made, folder, answers):
    answers[QUESTION] = False
    with pytest.raises(azclierror.ManualInterrupt, match="Nothing was changed"):
        deleted(cmd, folder)
    assert cloud.writes() == []


def test_delete_with_yes_asks_nobody(cmd, cloud, made, folder, answers):
    deleted(cmd, folder, yes=True)
    assert cloud.resources == {}


def test_delete_tells_that_a_host_may_be_a_colleague_s(cmd, cloud, made, folder, other, answers, capsys):
    answers[QUESTION] = True
    deleted(cmd, other)
    assert "it may be a colleague's" in capsys.readouterr().err


def test_certificates_in_disorder_are_no_reason_not_to_delete(cmd, cloud, made, folder):
    (folder / "ca.pem").write_bytes(b"no certificate")
    deleted(cmd, folder, yes=True)
    assert cloud.resources == {}


def test_thinking_it_over_costs_none_of_the_time_allowed(cmd, cloud, made, folder, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("azext_dockervm.handlers.hosts.time.monotonic", lambda: clock[0])

    def thinks(_question, default):
        clock[0] += 1000
        cloud.clock.now += 1000
        return True

    monkeypatch.setattr("knack.prompting.prompt_y_n", thinks)
    deleted(cmd, folder, timeout="60s")
    assert cloud.resources == {}


def test_delete_waits_for_nothing_where_it_is_told_so(cmd, cloud, made, folder):
    deleted(cmd, folder, yes=True, no_wait=True)
    assert cloud.writes() == ["DELETE virtualMachines/web1"]


@pytest.mark.parametrize(("typed", "goes"), [({}, "Detach"), ({"data_disks": "KEEP"}, "Detach"),
                                             ({"data_disks": "delete"}, "Delete")])
def test_data_disks_are_kept_unless_they_shall_go(cmd, cloud, made, folder, typed, goes):
    disk = {"lun": 0, "name": "data0", "deleteOption": "Detach" if goes == "Delete" else "Delete"}
    cloud.find(kinds.VM, "web1")["properties"]["storageProfile"]["dataDisks"] = [disk]
    settled = []
    cloud.when("DELETE", kinds.VM, lambda _azure, _request: settled.append(
        cloud.find(kinds.VM, "web1")["properties"]["storageProfile"]["dataDisks"][0]["deleteOption"]))
    deleted(cmd, folder, yes=True, **typed)
    assert settled == [goes]


# What only a tag leads to: whoever may write tags writes them on anything

def victims(cloud, **tags):
    """An address and a disk that nothing uses at the moment, and a network; each somebody else's."""
    marked = {"dockervm-host": "web1", **tags}
    cloud.put(kinds.PUBLIC_IP, "prod-ip", body={"location": "westus", "tags": marked, "properties": {}})
    cloud.put(kinds.DISK, "prod-data", body={"location": "westus", "tags": marked, "properties": {}})
    cloud.put(kinds.SECURITY_GROUP, "web1NSG", body={
        "location": "westus", "tags": {"dockervm-host": "web1"}, "properties": {"securityRules": []}})


@pytest.mark.parametrize("tags", [{}, {"dockervm-run": "0123456789ab"}], ids=["host", "host and run"])
def test_delete_yes_leaves_and_names_what_only_a_tag_leads_to(cmd, cloud, folder, tags):
    victims(cloud, **tags)
    with pytest.raises(azclierror.ResourceNotFoundError) as refused:
        deleted(cmd, folder, yes=True, data_disks="delete")
    assert cloud.there() == {"publicipaddresses/prod-ip", "disks/prod-data", "networksecuritygroups/web1nsg"}
    for name in ("publicIPAddresses/prod-ip", "disks/prod-data", "networkSecurityGroups/web1NSG"):
        assert any("az resource delete --ids /subscriptions/" in one and name in one
                   for one in refused.value.recommendations), refused.value.recommendations


def test_delete_yes_takes_the_host_and_leaves_an_address_that_only_a_tag_leads_to(cmd, cloud, made, folder):
    cloud.put(kinds.VIRTUAL_NETWORK, "theirs", body={"location": "westus", "tags": {"dockervm-shared": "1"},
                                                     "properties": {"subnets": []}})
    cloud.put(kinds.PUBLIC_IP, "prod-ip", body={"location": "westus", "tags": {"dockervm-host": "web1"},
                                                "properties": {}})
    deleted(cmd, folder, yes=True)
    assert cloud.there() == {"publicipaddresses/prod-ip", "virtualnetworks/theirs"}


def test_delete_yes_leaves_an_empty_network_that_only_a_tag_says_is_shared(cmd, cloud, folder):
    cloud.put(kinds.VIRTUAL_NETWORK, "theirs", body={"location": "westus", "tags": {"dockervm-shared": "1"},
                                                     "properties": {"subnets": []}})
    with pytest.raises(azclierror.ResourceNotFoundError):
        deleted(cmd, folder, yes=True)
    assert cloud.there() == {"virtualnetworks/theirs"}


def test_delete_yes_takes_parts_with_the_names_and_the_run_that_a_create_gives(cmd, cloud, folder):
    tags = {"dockervm-host": "web1", "dockervm-run": "0123456789ab"}
    for kind, name in ((kinds.PUBLIC_IP, "web1PublicIP"), (kinds.DISK, "web1_data0_0123456789ab")):
        cloud.put(kind, name, body={"location": "westus", "tags": tags, "properties": {}})
    cloud.put(kinds.DISK, "web1_data1_ffffffffffff", body={"location": "westus", "tags": tags, "properties": {}})
    deleted(cmd, folder, yes=True, data_disks="delete")
    assert cloud.there() == {"disks/web1_data1_ffffffffffff"}


def test_delete_asks_about_what_only_a_tag_leads_to_by_name(cmd, cloud, folder, monkeypatch, capsys):
    victims(cloud)
    monkeypatch.setattr("knack.prompting.prompt_y_n", lambda *_arguments, **_options: True)
    deleted(cmd, folder, data_disks="delete")
    assert cloud.there() == set()


def test_wait_asks_the_engine_where_the_tags_can_t_tell_whether_the_host_is_finished(cmd, cloud, made, folder, other):
    waited = hosts.wait(cmd, **HOST, cert_dir=str(folder))
    assert waited["finished"] is True and waited["reachable"] is True
    assert hosts.wait(cmd, **HOST, cert_dir=str(other))["finished"] is None
    cloud.retag(kinds.VM, "web1", dockervm_provisioner="run-command")
    assert hosts.wait(cmd, **HOST, cert_dir=str(other)) == hosts.show(cmd, **HOST)


def test_wait_says_in_azure_core_s_words_that_it_is_gone(cmd, cloud, made):
    cloud.resources.clear()
    with pytest.raises(ResourceNotFoundError) as gone:
        hosts.wait(cmd, **HOST)
    assert gone.value.status_code == 404 and "There is no VM 'web1'" in str(gone.value)


def test_wait_tells_any_other_error_as_az_does(cmd, cloud, made):
    cloud.refuse("GET", kinds.VM, "AuthorizationFailed", status=403)
    with pytest.raises(azclierror.ForbiddenError):
        hosts.wait(cmd, **HOST)


# The docker client


@pytest.fixture
def context(made, folder) -> ContextStore:
    """With one of the host."""
    contexts, store = ContextStore(), CertificateStore(folder)
    contexts.put("shop", made["dockerHost"], made["id"], folder, store.tls_contents())
    return contexts


def names(contexts):
    return [one.name for one in contexts.contexts()[0]]


@pytest.mark.parametrize("typed", [{}, {"no_wait": True}])
def test_the_contexts_of_a_host_go_with_it_and_are_named(cmd, cloud, made, folder, context, capsys, typed):
    deleted(cmd, folder, yes=True, **typed)
    told = capsys.readouterr().err
    assert "The docker client loses the context 'shop'." in told and "The context 'shop' was removed." in told
    assert names(context) == ["default"]


def test_they_stay_while_the_host_does(cmd, cloud, made, folder, context):
    cloud.refuse("DELETE", kinds.VM, "ScopeLocked")
    with pytest.raises(azclierror.AzureResponseError):
        deleted(cmd, folder, yes=True)
    assert names(context) == ["default", "shop"]


def test_they_go_where_only_a_part_is_left(cmd, cloud, made, folder, context):
    cloud.refuse("DELETE", kinds.SECURITY_GROUP, "ScopeLocked", times=1)
    with pytest.raises(azclierror.ValidationError, match="Not everything"):
        deleted(cmd, folder, yes=True)
    assert names(context) == ["default"]


def test_a_docker_client_in_disorder_holds_up_no_deletion(cmd, cloud, made, folder, context, capsys):
    (context.client / "contexts").rename(context.client / "away")
    (context.client / "contexts").write_text("no folder")
    deleted(cmd, folder, yes=True)
    assert cloud.resources == {} and "Contexts of the docker client may still name the host" in capsys.readouterr().err


def test_contexts_that_a_killed_deletion_has_left_go_with_the_next(cmd, cloud, made, folder, context):
    cloud.resources.clear()
    with pytest.raises(azclierror.ResourceNotFoundError):
        deleted(cmd, folder, yes=True)
    assert names(context) == ["default"]


def test_a_deletion_that_fails_beside_a_create_takes_no_context_of_a_host_that_lives(cmd, cloud, made, folder, context):
    """The VM was not there yet at its look, and is when it ends."""
    vm = cloud.resources.pop(next(key for key in cloud.resources if key[-1] == "web1"))
    key = next(key for key in cloud.resources if key[-1] == "web1vmnic")

    def comes(_azure, _request):
        cloud.resources[(kinds.VM.type.lower(), key[1], "web1")] = vm

    cloud.when("DELETE", kinds.NETWORK_INTERFACE, comes, times=1)
    with pytest.raises(azclierror.AzCLIError):
        deleted(cmd, folder, yes=True)
    assert names(context) == ["default", "shop"]


def test_questions_about_several_hosts_come_one_at_a_time(cmd, monkeypatch):
    """az runs several --ids in threads."""
    told, lock = [], threading.Lock()

    def asks(question, default):
        time.sleep(0.05)
        with lock:
            told.append(question)
        return True

    monkeypatch.setattr("knack.prompting.prompt_y_n", asks)
    listener = SimpleNamespace(alert=told.append)
    threads = [threading.Thread(target=shared.confirm, args=(f"loss {one}", f"question {one}", False, listener))
               for one in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told[1::2] == [one.replace("loss", "question") for one in told[::2]]


@pytest.mark.parametrize("port", ["22", "2222"])
def test_show_has_the_line_that_logs_in_where_ssh_is_open(cmd, cloud, folder, port):
    create.create(cmd, **HOST, cert_dir=str(folder), admin_password="Tall-Ships_2014+Docker", ssh_port=port,
                  provisioner="run-command", tags={"owner": "me"})
    shown, seen = hosts.show(cmd, **HOST), info.info(cmd, **HOST, cert_dir=str(folder))
    words = "" if port == "22" else f"-p {port} "
    line = f"ssh {words}{shown['adminUser']}@web1.westus.cloudapp.azure.com"
    for one in (shown, seen):
        assert (one["ssh"], one["sshPort"], one["tags"]) == (line, int(port), {"owner": "me"})
