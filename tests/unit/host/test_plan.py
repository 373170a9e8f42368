"""The steps to a machine: what is missing is made, what is there is used, what is broken is mended."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fake_azure import Heard, never_ran
from specs import changed, host_spec

from azext_dockervm.azure import kinds, names
from azext_dockervm.errors import AzureRefused, Conflict, DeadlinePassed
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.execute import PlanFailed, execute
from azext_dockervm.flow.step import Alternative, printed, steps_of
from azext_dockervm.host import plan
from azext_dockervm.host.making import Making
from azext_dockervm.preflight.survey import survey

SPEC = host_spec(ssh_keys=("ssh-ed25519 AAAA me",))
AUTHORITY = {"authority": SimpleNamespace(fingerprint="f" * 64)}
VNET, NSG, PIP, NIC, VM = (kinds.VIRTUAL_NETWORK, kinds.SECURITY_GROUP, kinds.PUBLIC_IP, kinds.NETWORK_INTERFACE,
                           kinds.VM)


@pytest.fixture
def heard():
    return Heard()


def planned(cloud, spec=SPEC, seconds=600.0, run_id="run1", custom_data=None, survey_by=None):
    spec, found = survey(cloud.azure(), spec)
    cloud.log.clear()
    return plan.steps(Making(cloud.azure(Deadline(seconds)), spec, found, run_id), custom_data)


def make(cloud, spec=SPEC, heard=None, seconds=600.0, **values):
    return execute(planned(cloud, spec, seconds, **values), heard or Heard(), Deadline(seconds), AUTHORITY)


def failing(cloud, **values):
    with pytest.raises(PlanFailed) as caught:
        make(cloud, **values)
    return caught.value


# From nothing


def test_all_of_it_is_made_with_what_stands_on_what(cloud):
    made = make(cloud, custom_data=b"#!/bin/sh")
    assert cloud.writes()[-2:] == ["PUT networkInterfaces/web1VMNic", "PUT virtualMachines/web1"]
    assert sorted(cloud.writes()[:-2]) == [
        "PUT networkSecurityGroups/web1NSG", "PUT publicIPAddresses/web1PublicIP",
        "PUT virtualNetworks/dockervm-westus-vnet"]
    interface = cloud.find(NIC, "web1VMNic")["properties"]
    assert interface["networkSecurityGroup"]["id"] == cloud.find(NSG, "web1NSG")["id"]
    inner = interface["ipConfigurations"][0]["properties"]
    assert inner["publicIPAddress"]["id"] == cloud.find(PIP, "web1PublicIP")["id"]
    assert inner["subnet"]["id"].endswith("/virtualNetworks/dockervm-westus-vnet/subnets/hosts")
    machine = cloud.find(VM, "web1")
    assert machine["properties"]["networkProfile"]["networkInterfaces"][0]["id"] == cloud.find(NIC, "web1VMNic")["id"]
    assert machine["tags"] == {
        "dockervm-host": "web1", "dockervm-run": "run1", "dockervm-schema": "1", "dockervm-port": "4243",
        "dockervm-fqdn": "web1.westus.cloudapp.azure.com", "dockervm-ca": "f" * 64}
    address = made["address"]
    assert (address.fqdn, address.public, address.private) == (
        "web1.westus.cloudapp.azure.com", "20.0.0.1", "10.0.0.4")


def test_what_is_made_bears_this_run_and_can_be_undone_but_for_the_network_that_is_shared(cloud):
    steps = planned(cloud)
    assert {step.key for step in steps_of(steps) if step.undo} == {
        "security_group", "public_ip", "network_interface", "vm"}
    make(cloud)
    for kind, name in ((NSG, "web1NSG"), (PIP, "web1PublicIP"), (NIC, "web1VMNic"), (VM, "web1")):
        assert cloud.tags(kind, name)["dockervm-run"] == "run1"
    assert cloud.tags(VNET, "dockervm-westus-vnet")["dockervm-shared"] == "1"


def test_nothing_is_made_before_there_is_an_authority(cloud):
    for step in steps_of(planned(cloud)):
        assert step.request is None or "authority" in step.waits_for or step.key in ("network_interface", "subnet")


def test_the_address_is_read_anew_since_the_put_s_answer_lacks_it(cloud):
    make(cloud)
    assert len(cloud.sent("GET", PIP)) == 1


def test_the_plan_is_printed_with_what_is_not_known_yet(cloud):
    shown = {one.get("step"): one.get("request", {}) for one in printed(planned(cloud))}
    assert "<network_interface.id>" in str(shown["vm"]) and "<authority.fingerprint>" in str(shown["vm"])
    assert "<public_ip: fqdn>" in str(shown["vm"]) and "<subnet.id>" in str(shown["network_interface"])
    assert "address" not in shown and "subnet" not in shown     # these write nothing


def test_what_progress_tells(cloud, heard):
    make(cloud, heard=heard)
    assert heard.done == {"security_group": "", "virtual_network": "", "vm": "", "network_interface": "10.0.0.4",
                          "public_ip": "web1.westus.cloudapp.azure.com"}
    titles = {step.key: step.title for step in steps_of(planned(cloud, host_spec(name="web2")))}
    assert titles["security_group"] == "create the network security group 'web2NSG'"
    assert titles["vm"] == "create the VM 'web2'"


# On what is there


def test_all_of_it_is_used_where_it_is_there(cloud, finished, heard):
    results = make(cloud, heard=heard)
    assert cloud.writes() == [] and heard.done == {} and not [step for step in steps_of(planned(cloud)) if step.undo]
    assert results["vm"]["name"] == "web1" and results["subnet"]["id"].endswith("/subnets/hosts")
    assert results["address"].public == "20.0.0.1" and not cloud.sent("GET", PIP)


@pytest.mark.parametrize(("kind", "name", "key"), [
    (NSG, "web1NSG", "security_group"), (PIP, "web1PublicIP", "public_ip"), (NIC, "web1VMNic", "network_interface"),
    (VNET, "dockervm-westus-vnet", "virtual_network")], ids=lambda one: one if isinstance(one, str) else "")
def test_a_part_in_failed_is_put_again_as_it_was(cloud, finished, kind, name, key):
    before = cloud.change(kind, name, provisioningState="Failed")
    rest = {**before, "properties": {**before["properties"], "provisioningState": "Succeeded"}}
    step = next(one for one in steps_of(planned(cloud)) if one.key == key)
    assert step.title.startswith(f"mend the {kind.noun} '{name}'") and step.undo is None
    make(cloud)
    assert len(cloud.writes()) == 1 and cloud.find(kind, name) == rest


def test_ports_that_are_asked_for_are_opened_in_a_group_that_is_there(cloud, finished):
    step = next(one for one in steps_of(planned(cloud, changed(SPEC, ssh_port=22))) if one.key == "security_group")
    assert step.title == "open ports in the network security group 'web1NSG'" and step.undo is None
    make(cloud, changed(SPEC, ssh_port=22))
    rules = {one["name"]: one["properties"] for one in cloud.find(NSG, "web1NSG")["properties"]["securityRules"]}
    assert rules["allow-ssh"]["destinationPortRange"] == "22"


def test_the_old_docker_port_stays_open_while_the_new_one_is_not_proven(cloud, finished):
    make(cloud, changed(SPEC, port=2376))
    rule, = cloud.find(NSG, "web1NSG")["properties"]["securityRules"]
    assert sorted(rule["properties"]["destinationPortRanges"]) == ["2376", "4243"]


def test_a_network_without_the_hosts_subnet_gets_it(cloud):
    cloud.put(VNET, "dockervm-westus-vnet", body={
        "location": "westus", "tags": {names.TAG_SHARED: "1"}, "properties": {"subnets": []}})
    make(cloud)
    assert "PUT subnets/dockervm-westus-vnet/hosts" in cloud.writes()
    assert "PUT virtualNetworks/dockervm-westus-vnet" not in cloud.writes()
    assert cloud.find(kinds.SUBNET, "dockervm-westus-vnet", "hosts")["properties"]["addressPrefix"] == "10.0.0.0/20"


def test_an_interface_without_its_address_gets_it(cloud, finished):
    del cloud.find(NIC, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"]
    cloud.remove(PIP, "web1PublicIP")
    results = make(cloud)
    assert cloud.writes() == ["PUT publicIPAddresses/web1PublicIP", "PUT networkInterfaces/web1VMNic"]
    assert results["address"].public == "20.0.0.1"


def test_a_new_group_is_attached_to_an_interface_that_has_none(cloud, finished):
    cloud.change(NIC, "web1VMNic", networkSecurityGroup=None)
    cloud.remove(NSG, "web1NSG")
    make(cloud)
    assert cloud.find(NIC, "web1VMNic")["properties"]["networkSecurityGroup"]["id"] == cloud.find(NSG, "web1NSG")["id"]


def test_a_group_that_was_there_is_the_user_s_to_attach(cloud, finished):
    cloud.change(NIC, "web1VMNic", networkSecurityGroup=None)
    make(cloud)
    assert cloud.writes() == []


def test_an_interface_waits_for_all_that_it_stands_on(cloud, finished):
    cloud.change(NIC, "web1VMNic", provisioningState="Failed")
    step = next(one for one in steps_of(planned(cloud)) if one.key == "network_interface")
    assert step.waits_for >= {"security_group", "subnet", "public_ip"}


# The label


def test_a_label_that_was_taken_meanwhile_is_replaced_with_a_warning(cloud, heard):
    steps = planned(cloud)
    other = survey(cloud.azure(), SPEC)[1].dns.other
    cloud.taken_labels = {"web1"}
    results = execute(steps, heard, Deadline(600), AUTHORITY)
    assert heard.warned == [f"DNS label: 'web1' was taken meanwhile; taking '{other}'."]
    assert results["address"].fqdn == f"{other}.westus.cloudapp.azure.com"


def test_one_that_azure_keeps_for_itself_is_replaced_too(cloud, heard):
    steps = planned(cloud)
    cloud.reserved_labels = {"web1"}
    execute(steps, heard, Deadline(600), AUTHORITY)
    assert heard.warned[0].startswith("DNS label: 'web1' holds a word that Azure keeps for itself; taking 'web1-")


def test_any_other_failure_of_the_address_is_one(cloud):
    cloud.refuse("PUT", PIP, "PublicIPCountLimitReached")
    failure = failing(cloud)
    assert failure.cause.code == "PublicIPCountLimitReached" and len(cloud.sent("PUT", PIP)) == 1


def test_a_typed_label_has_no_other(cloud):
    assert not [one for one in planned(cloud, changed(SPEC, dns_label="mine")) if isinstance(one, Alternative)]


def test_nor_has_one_that_is_the_other_already(cloud):
    cloud.taken_labels = {"web1"}
    assert not [one for one in planned(cloud) if isinstance(one, Alternative)]


def test_an_address_without_a_label_gets_one_and_is_not_undone(cloud, finished):
    cloud.change(PIP, "web1PublicIP", dnsSettings={"reverseFqdn": "r"})
    steps = planned(cloud)
    assert not [one for one in steps_of(steps) if one.key == "public_ip" and one.undo]
    assert "give the public IP address 'web1PublicIP' a DNS label" == next(
        one.title for one in steps_of(steps) if one.key == "public_ip")
    make(cloud)
    settings = cloud.find(PIP, "web1PublicIP")["properties"]["dnsSettings"]
    assert settings["domainNameLabel"] == "web1" and settings["reverseFqdn"] == "r"


# A VM whose answer got lost


def lost(code="PreconditionFailed", status=412):
    """The VM is made, and yet the PUT is refused: azure-core has sent it again."""
    def answer(_azure, _request):
        raise AzureRefused("it is there", code=code, status=status)

    return answer


@pytest.mark.parametrize("status", [409, 412])
def test_a_put_that_is_refused_because_of_itself_goes_on(cloud, status):
    cloud.when("PUT", VM, lost(status=status), afterwards=True)
    assert make(cloud)["vm"]["name"] == "web1" and len(cloud.sent("PUT", VM)) == 1


def test_it_waits_until_azure_has_made_it(cloud):
    states = ["Updating", "Succeeded"]

    def creating(azure, request):
        cloud.change(VM, "web1", provisioningState="Creating")
        cloud.clock.meanwhile = [lambda state=state: cloud.change(VM, "web1", provisioningState=state)
                                 for state in states]
        lost()(azure, request)

    cloud.when("PUT", VM, creating, afterwards=True)
    assert make(cloud)["vm"]["properties"]["provisioningState"] == "Succeeded"
    assert cloud.clock.pauses == [4, 4]


def during_creation(cloud, then):
    def creating(azure, request):
        cloud.change(VM, "web1", provisioningState="Creating")
        cloud.clock.meanwhile = [then]
        lost()(azure, request)

    cloud.when("PUT", VM, creating, afterwards=True)


def test_it_may_fail_all_the_same_with_azure_s_own_words(cloud):
    def failed():
        cloud.change(VM, "web1", **never_ran("AllocationFailed"))

    during_creation(cloud, failed)
    cause = failing(cloud).cause
    assert cause.code == "AllocationFailed" and "no room" in cause.message


def test_it_may_be_deleted_meanwhile(cloud):
    during_creation(cloud, lambda: cloud.remove(VM, "web1"))
    assert failing(cloud).cause.status == 412


def test_the_waiting_has_its_end(cloud):
    during_creation(cloud, lambda: None)
    assert isinstance(failing(cloud, seconds=60.0).cause, DeadlinePassed)


def test_a_vm_of_another_run_is_left_to_it(cloud):
    def others(azure, request):
        cloud.retag(VM, "web1", dockervm_run="run2")
        lost()(azure, request)

    cloud.when("PUT", VM, others, afterwards=True)
    cause = failing(cloud).cause
    assert isinstance(cause, Conflict) and "Another create has made the VM 'web1'" in cause.message


def test_a_refusal_without_any_vm_is_told(cloud):
    cloud.refuse("PUT", VM, "OperationNotAllowed", status=409)
    assert failing(cloud).cause.code == "OperationNotAllowed"


def test_so_is_any_other_though_the_vm_may_be_there(cloud):
    cloud.refuse("PUT", VM, "Broken", status=500, afterwards=True)
    assert failing(cloud).cause.code == "Broken" and not cloud.sent("GET", VM)


# A network that two creates make at once


@pytest.mark.parametrize("code", ["Canceled", "CanceledAndSupersededDueToAnotherOperation"])
def test_the_one_that_was_overtaken_uses_the_other_s(cloud, code):
    def overtaken(_azure, _request):
        cloud.change(VNET, "dockervm-westus-vnet", provisioningState="Updating")
        cloud.clock.meanwhile = [
            lambda: cloud.change(VNET, "dockervm-westus-vnet", provisioningState="Succeeded")]
        raise AzureRefused("overtaken", code=code)

    cloud.when("PUT", VNET, overtaken, afterwards=True)
    assert make(cloud)["vm"] and 2 in cloud.clock.pauses and len(cloud.sent("PUT", VNET)) == 1


def test_a_network_that_the_other_could_not_make_either(cloud):
    def overtaken(_azure, _request):
        cloud.change(VNET, "dockervm-westus-vnet", provisioningState="Failed")
        raise AzureRefused("overtaken", code="Canceled")

    cloud.when("PUT", VNET, overtaken, afterwards=True)
    assert failing(cloud).cause.code == "Canceled"


def test_or_that_nobody_made(cloud):
    cloud.refuse("PUT", VNET, "Canceled")
    assert failing(cloud).cause.code == "Canceled"


def test_any_other_refusal_of_the_network_is_told(cloud):
    cloud.refuse("PUT", VNET, "RequestDisallowedByPolicy", afterwards=True)
    assert failing(cloud).cause.code == "RequestDisallowedByPolicy"


def test_a_network_that_is_mended_may_be_overtaken_too(cloud, finished):
    cloud.change(VNET, "dockervm-westus-vnet", provisioningState="Failed")
    cloud.refuse("PUT", VNET, "Canceled", afterwards=True)
    assert make(cloud)["virtual_network"]["properties"]["provisioningState"] == "Succeeded"
