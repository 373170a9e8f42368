"""All hosts: which VMs are hosts, how many requests that takes, what may not be read, and who answers."""

from __future__ import annotations

import pytest

from azext_dockervm.azure import kinds
from azext_dockervm.errors import AzureRefused, EngineUnreachable, NotFound
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.host import listing

VM = kinds.VM
HOST = {"dockervm-host": "x", "dockervm-port": "4243"}


@pytest.fixture
def several(cloud, finished):
    """web1 of g, more in other groups, and what is no host."""
    cloud.groups |= {"A": "eastus", "b": "westus"}
    for group, name, tags in (("b", "web2", HOST), ("A", "web3", HOST), ("g", "db", {"owner": "me"}),
                              ("g", "WEB0", HOST)):
        vm = cloud.put(VM, name, group=group, body={
            "location": "westus", "tags": tags, "properties": {
                "networkProfile": {"networkInterfaces": []}, "osProfile": {},
                "storageProfile": {"imageReference": {}}}})
        vm["properties"]["instanceView"] = {"statuses": [{"code": f"PowerState/state of {name}"}]}
    cloud.log.clear()


def listed(cloud, group=None):
    return [(host.group, host.name, host.power_state) for host in listing.hosts(cloud.azure(), group, "mine")]


WEB0, WEB1, WEB2, WEB3 = (("g", "WEB0", "state of WEB0"), ("g", "web1", "running"), ("b", "web2", "state of web2"),
                          ("A", "web3", "state of web3"))


def test_all_hosts_of_the_subscription_by_group_and_name_in_two_requests(cloud, several):
    assert listed(cloud) == [WEB3, WEB2, WEB0, WEB1]
    assert sorted(one.names for one in cloud.sent("LIST", VM)) == [("",), ("status_only", "")] and len(cloud.log) == 2


def test_those_of_a_group_alone(cloud, several):
    assert listed(cloud, "g") == [WEB0, WEB1] and len(cloud.log) == 2


def test_none_is_no_error(cloud):
    assert listed(cloud) == []


@pytest.fixture
def without_states(cloud):
    """Azure lists power states for the subscription only, and this login has rights on one group."""
    def refused(_azure, request):
        if request.names == ("status_only", ""):
            raise AzureRefused("not allowed", code="AuthorizationFailed", status=403)

    cloud.when("LIST", VM, refused)


def test_rights_on_one_group_are_enough_then_each_host_there_is_asked_and_no_other_vm(cloud, several, without_states):
    assert listed(cloud, "g") == [WEB0, WEB1]
    assert sorted(one.name for one in cloud.sent("GET", VM)) == ["WEB0", "web1"]


@pytest.mark.parametrize("gone", [True, False])
def test_a_state_that_can_t_be_read_is_unknown(cloud, several, without_states, gone):
    if gone:
        cloud.when("GET", VM, lambda _azure, _request: cloud.remove(VM, "web1"), name="web1")
    else:
        cloud.refuse("GET", VM, "AuthorizationFailed", name="web1", status=403)
    assert listed(cloud, "g") == [WEB0, ("g", "web1", "unknown")]


def test_any_other_refusal_is_told(cloud, several):
    cloud.refuse("LIST", VM, "Broken", status=500)
    with pytest.raises(AzureRefused, match="Broken"):
        listed(cloud)


def test_a_group_that_is_not_there_is_told_with_the_command_that_lists_groups(cloud, monkeypatch):
    cloud.when("LIST", VM, NotFound("list every VM of 'none': ..."), times=1)
    with pytest.raises(NotFound, match="The resource group 'none' does not exist") as caught:
        listing.hosts(cloud.azure(), "none", "mine")
    assert caught.value.recommendations == ("Those that there are: az group list -o table --subscription mine",)


# Dialling


def dialled(cloud, folder):
    azure = cloud.azure()
    found = listing.located(azure, None, listing.hosts(azure, None, None))
    return {host.name: answer for host, answer in listing.dial(found, folder, Deadline(60))}


def test_an_engine_that_answers_shows_its_certificate(cloud, finished, store):
    answer = dialled(cloud, store.folder)["web1"]
    assert answer.reason is None and answer.expires == finished.provisioned.expires


def test_one_that_does_not_says_why(cloud, finished, store):
    cloud.engine_says = [EngineUnreachable("something drops the packets", kind="timeout")]
    answer = dialled(cloud, store.folder)["web1"]
    assert answer.reason == "something drops the packets" and answer.cause.key == "dropped" and answer.expires is None


def test_what_is_off_or_has_no_endpoint_is_not_dialled(cloud, several, store):
    for name, group in (("web2", "b"), ("web3", "A")):
        cloud.change(VM, name, group=group, instanceView={"statuses": [{"code": "PowerState/running"}]})
    cloud.find(VM, "web3", group="A")["tags"] |= {"dockervm-fqdn": "x", "dockervm-port": "none"}
    answers = dialled(cloud, store.folder)
    assert answers["WEB0"].cause.key == "off"
    assert answers["web2"].cause.key == "unfinished" and answers["web3"].cause.key == "unfinished"
    assert answers["web1"].reason is None
