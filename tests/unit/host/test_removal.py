"""Deleting a host: all that create made goes, nothing else does, and the same command goes on with what is left."""

from __future__ import annotations

import contextlib

import pytest
from fake_azure import Heard
from specs import host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.errors import AzureRefused, Conflict, DeadlinePassed, DockerVMError, Interrupted, NotFound
from azext_dockervm.flow.cancellation import Cancellation
from azext_dockervm.flow.deadline import Deadline
from azext_dockervm.flow.step import printed
from azext_dockervm.host import remains
from azext_dockervm.host.removal import Removal, loss

VNET, NSG, PIP, NIC, VM = (kinds.VIRTUAL_NETWORK, kinds.SECURITY_GROUP, kinds.PUBLIC_IP, kinds.NETWORK_INTERFACE,
                           kinds.VM)
PARTS = {NIC: "web1VMNic", PIP: "web1PublicIP", NSG: "web1NSG"}
NETWORK = "dockervm-westus-vnet"
AGAIN = "To go on: az dockervm delete -g g -n web1"
OURS = {"dockervm-host": "web1"}


class Deletion:
    """``delete`` as the handler calls it."""

    def __init__(self, cloud) -> None:
        self.cloud, self.heard, self.cancellation = cloud, Heard(), Cancellation()

    def found(self, name="web1", data_disks_go=False, seconds=1200.0):
        azure = self.cloud.azure(Deadline(seconds, self.cancellation))
        there = remains.find(azure, host_spec(name=name), data_disks_go)
        return Removal(azure, there, self.heard)

    def __call__(self, **values) -> None:
        self.found(**values).carry_out()

    def failing(self, kind, **values):
        with pytest.raises(kind) as caught:
            self(**values)
        return caught.value


@pytest.fixture
def delete(cloud):
    return Deletion(cloud)


def nothing_is_left(cloud):
    return cloud.resources == {} and cloud.hosts == {}


@pytest.mark.parametrize("kind", [VM, NSG, NIC], ids=lambda kind: kind.noun)
def test_a_first_read_that_fails_is_told_with_the_command_that_tries_again(cloud, delete, finished, kind):
    cloud.refuse("GET", kind, "Broken", status=500)
    error = delete.failing(AzureRefused, data_disks_go=True)
    assert error.message.endswith("Nothing was changed.")
    assert error.recommendations[-1] == "To try again: az dockervm delete -g g -n web1 --data-disks delete"


# A host


def test_all_that_create_has_made_goes_the_network_with_the_last_host(cloud, delete, finished):
    delete()
    assert nothing_is_left(cloud)
    assert cloud.writes() == ["DELETE virtualMachines/web1", "DELETE networkSecurityGroups/web1NSG",
                              f"DELETE virtualNetworks/{NETWORK}"]
    assert list(delete.heard.done) == ["vm", "network_interface", "public_ip", "security_group", "network"]


def test_what_stands_on_what_goes_first_in_steps_that_can_be_printed(cloud, delete, finished):
    planned = printed(delete.found().steps())
    assert [(one["step"], one["after"], one["request"]["method"]) for one in planned] == [
        ("vm", [], "DELETE"), ("network_interface", ["vm"], "DELETE"), ("public_ip", ["network_interface"], "DELETE"),
        ("security_group", ["network_interface"], "DELETE"),
        ("network", ["network_interface", "security_group"], "DELETE")]
    assert cloud.writes() == []


def test_the_network_stays_while_another_host_is_in_it(cloud, command, delete, finished):
    command.create(name="web2")
    delete()
    assert "virtualMachines/web2".lower() in {one.lower() for one in cloud.there()}
    assert cloud.find(VNET, NETWORK) and not [one for one in cloud.there() if "web1" in one]
    assert delete.heard.done["network"] == "kept, something else is in it"
    delete(name="web2")
    assert nothing_is_left(cloud)


@pytest.mark.parametrize("change", [
    {"virtualNetworkPeerings": [{"id": "x"}]}, {"subnets": [{"name": "hosts", "id": "/1"}, {"name": "db", "id": "/2"}]},
    {"subnets": [{"name": "hosts", "id": "/1", "properties": {"routeTable": {"id": "x"}}}]}])
def test_a_network_that_somebody_has_built_on_stays(cloud, delete, finished, change):
    cloud.change(VNET, NETWORK, **change)
    delete()
    assert list(cloud.there()) == [f"virtualnetworks/{NETWORK}"]


def test_a_network_of_that_name_that_dockervm_did_not_make_is_never_touched(cloud, delete, finished):
    cloud.retag(VNET, NETWORK, dockervm_shared=None)
    assert loss(delete.found().remains, ()).endswith(f" Kept: the virtual network '{NETWORK}'.")
    delete()
    assert list(cloud.there()) == [f"virtualnetworks/{NETWORK}"]


def test_an_interface_that_is_shown_for_a_while_yet_is_waited_for(cloud, delete, finished):
    removal = delete.found()
    left_behind = dict(cloud.find(NIC, "web1VMNic"))
    key = next(key for key in cloud.resources if key[-1] == "web1vmnic")

    def lingers(_azure, _request):
        cloud.resources[key] = left_behind
        cloud.clock.meanwhile = [lambda: cloud.resources.pop(key)]

    cloud.when("GET", VNET, lingers, times=1)
    removal.carry_out()
    assert nothing_is_left(cloud) and 2 in cloud.clock.pauses


def test_a_network_that_azure_does_not_let_go_at_once_is_tried_again(cloud, delete, finished):
    """Its subnet is in use for some seconds after the interface has gone, though no read shows by whom."""
    cloud.refuse("DELETE", VNET, "InUseSubnetCannotBeDeleted", status=400, times=4)
    delete()
    assert nothing_is_left(cloud) and not delete.heard.warned


def test_a_network_that_azure_never_lets_go_is_kept_after_half_a_minute(cloud, delete, finished):
    cloud.refuse("DELETE", VNET, "InUseSubnetCannotBeDeleted", status=400)
    began = cloud.clock.now
    delete()
    assert delete.heard.done["network"] == "kept, Azure says that something is still in it"
    assert 25 < cloud.clock.now - began < 45


@pytest.mark.parametrize(("change", "option", "forced"), [
    ({}, False, True), ({"createOption": "Empty"}, False, False), ({"createOption": "Empty"}, True, True),
    ({"createOption": "Attach"}, True, False)], ids=["none", "made and kept", "made and deleted", "attached"])
def test_a_vm_of_which_no_disk_stays_is_not_shut_down_first(cloud, delete, finished, change, option, forced):
    if change:
        cloud.find(VM, "web1")["properties"]["storageProfile"]["dataDisks"] = [{"lun": 0, "name": "data", **change}]
    delete(data_disks_go=option)
    assert [one.force for one in cloud.sent("DELETE", VM)] == [forced]
    assert not any(one.force for kind in (NIC, NSG, PIP) for one in cloud.sent("DELETE", kind))


def test_a_vm_whose_os_disk_stays_is_shut_down_first(cloud, delete, finished):
    cloud.find(VM, "web1")["properties"]["storageProfile"]["osDisk"]["deleteOption"] = "Detach"
    delete()
    assert [one.force for one in cloud.sent("DELETE", VM)] == [False]


def test_a_host_that_moves_in_at_the_last_moment_keeps_the_network(cloud, command, delete, finished):
    def moves_in(_azure, _request):
        cloud.put(PIP, "web2PublicIP", body={"location": "westus", "tags": {"dockervm-host": "web2"},
                                             "properties": {}})
        raise AzureRefused("in use", code="InUseSubnetCannotBeDeleted", status=400)

    cloud.when("DELETE", VNET, moves_in)
    delete()
    assert delete.heard.done["network"] == "kept, another host is being made or deleted"


# What is not the host's own


def foreign(cloud, kind, name, **properties):
    return cloud.put(kind, name, body={"location": "westus", "tags": {"owner": "me"}, "properties": properties})


def given_by_others(cloud, option):
    """A second interface, a second address, a data disk, all to go with the VM where ``option`` is Delete."""
    subnet = cloud.find(VNET, NETWORK)["properties"]["subnets"][0]["id"]
    address = foreign(cloud, PIP, "theirs")
    second = foreign(cloud, NIC, "second", ipConfigurations=[{"name": "one", "properties": {"subnet": {"id": subnet}}}])
    vm, own = cloud.find(VM, "web1"), cloud.find(NIC, "web1VMNic")
    vm["properties"]["networkProfile"]["networkInterfaces"].append(
        {"id": second["id"], "properties": {"primary": False, "deleteOption": option}})
    second["properties"]["virtualMachine"] = {"id": vm["id"]}
    own["properties"]["ipConfigurations"].append({"name": "two", "properties": {
        "subnet": {"id": subnet}, "publicIPAddress": {"id": address["id"], "properties": {"deleteOption": option}}}})
    vm["properties"]["storageProfile"]["dataDisks"] = [
        {"lun": 0, "name": "data0", "managedDisk": {"id": "/d"}, "deleteOption": option}]
    cloud.log.clear()


@pytest.mark.parametrize("option", ["Delete", "Detach"])
def test_what_others_have_given_the_vm_stays(cloud, delete, finished, option):
    given_by_others(cloud, option)
    removal, settled = delete.found(), []
    cloud.when("DELETE", VM, lambda _azure, _request: settled.append(
        cloud.find(VM, "web1")["properties"]["storageProfile"]["dataDisks"][0]["deleteOption"]))
    told = loss(removal.remains, ())
    assert told.endswith("Kept: the network interface 'second'; the data disk 'data0'.")
    removal.carry_out()
    assert cloud.there() == {"networkinterfaces/second", "publicipaddresses/theirs", f"virtualnetworks/{NETWORK}"}
    assert settled == ["Detach"]
    changes = ["PUT networkInterfaces/web1VMNic", "PATCH virtualMachines/web1"]
    assert cloud.writes()[:2] == changes if option == "Delete" else cloud.writes()[0] == "DELETE virtualMachines/web1"


@pytest.mark.parametrize("option", ["Delete", "Detach"])
def test_data_disks_go_where_that_is_asked_for(cloud, delete, finished, option):
    given_by_others(cloud, option)
    settled = []
    cloud.when("DELETE", VM, lambda _azure, _request: settled.append(
        cloud.find(VM, "web1")["properties"]["storageProfile"]["dataDisks"][0]["deleteOption"]))
    told = loss(delete.found(data_disks_go=True).remains, ())
    assert "the data disk 'data0'" in told.partition("Kept")[0] and "data0" not in told.partition("Kept")[2]
    delete(data_disks_go=True)
    assert settled == ["Delete"]


@pytest.mark.parametrize(("kind", "name"), PARTS.items(), ids=lambda one: one if isinstance(one, str) else "")
def test_a_part_that_bears_the_name_and_not_the_tag_stays_and_is_named(cloud, delete, finished, kind, name):
    cloud.retag(kind, name, dockervm_host=None)
    told = loss(delete.found().remains, ())
    assert f"Kept: the {kind.noun} '{name}', which dockervm did not make, or whose tags were lost" in told
    assert f"the {kind.noun} '{name}'" not in told.partition("Kept")[0]
    delete()
    # What stands behind an interface that stays, stays too.
    kept = {found for found, name in PARTS.items() if cloud.find(found, name)}
    assert kept == ({NIC, PIP, NSG} if kind is NIC else {kind})
    assert not cloud.find(VM, "web1")


@pytest.mark.parametrize("kind", [NSG, PIP])
def test_a_part_that_others_use_too_stays_and_is_named(cloud, delete, finished, kind):
    subnet = cloud.find(VNET, NETWORK)["properties"]["subnets"][0]["id"]
    used = cloud.find(kind, PARTS[kind])["id"]
    inner = {"subnet": {"id": subnet}} | ({"publicIPAddress": {"id": used}} if kind is PIP else {})
    if kind is PIP:
        cloud.find(NIC, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"].pop("publicIPAddress")
    foreign(cloud, NIC, "db", ipConfigurations=[{"name": "one", "properties": inner}],
            **({"networkSecurityGroup": {"id": used}} if kind is NSG else {}))
    assert f"the {kind.noun} '{PARTS[kind]}', which " in loss(delete.found().remains, ()).partition("Kept")[2]
    delete()
    assert cloud.find(kind, PARTS[kind]) and cloud.find(NIC, "db") and not cloud.find(NIC, "web1VMNic")


def test_an_interface_that_another_vm_uses_stays(cloud, delete, finished):
    cloud.resources.pop(next(key for key in cloud.resources if key[-1] == "web1"))
    cloud.change(NIC, "web1VMNic", virtualMachine={"id": cloud.find(NSG, "web1NSG")["id"] + "x"})
    assert "the network interface 'web1VMNic', which the VM 'web1NSGx' uses" in loss(delete.found().remains, ())


@pytest.mark.parametrize("tags", [{"owner": "me"}, {"dockervm-host": "web9"}, {"dockervm-port": "4243"}])
def test_a_vm_that_is_no_host_of_that_name_is_left(cloud, delete, finished, tags):
    cloud.find(VM, "web1")["tags"] = tags
    error = delete.failing(Conflict)
    assert "It was left as it is" in error.message and cloud.writes() == []
    assert bool([one for one in error.recommendations if "az tag update" in one]) is ("owner" not in tags)


def test_nothing_there_is_told_with_the_command_that_lists_hosts(cloud, delete):
    error = delete.failing(NotFound)
    assert "There is no host 'web1' in a resource group 'g', nor anything that was made for one." == error.message
    assert "az dockervm list" in error.recommendations[0]
    foreign(cloud, NSG, "web1NSG")
    assert delete.failing(NotFound).message.endswith(
        "There is the network security group 'web1NSG', which dockervm did not make, or whose tags were lost.")


def test_a_host_of_another_authority_is_told_as_such(cloud, delete, finished, store):
    found = delete.found().remains
    assert "another certificate authority" in loss(found, ("f" * 64,))
    assert "another certificate authority" not in loss(found, store.authority_fingerprints())
    assert "another certificate authority" not in loss(found, ())


def test_what_is_lost_is_named_by_its_names(cloud, delete, finished):
    cloud.find(VM, "web1")["properties"]["storageProfile"]["osDisk"]["name"] = "web1_OsDisk_1"
    assert loss(delete.found().remains, ()) == (
        "This deletes the host 'web1': the VM 'web1' with its disk 'web1_OsDisk_1' and everything on it, the network "
        "interface 'web1VMNic', the public IP address 'web1PublicIP' (web1.westus.cloudapp.azure.com), the network "
        f"security group 'web1NSG'. The virtual network '{NETWORK}', which hosts share, goes with the last of them.")
    cloud.find(VM, "web1")["properties"]["storageProfile"]["osDisk"]["deleteOption"] = "Detach"
    assert "the VM 'web1', whose disk is kept" in loss(delete.found().remains, ())


# What is left of an earlier run


@pytest.mark.parametrize("left", [
    (NSG,), (NIC, NSG), (PIP,), (NIC, PIP, NSG), (PIP, NSG)], ids=lambda left: "-".join(one.noun for one in left))
def test_the_same_command_goes_on_where_there_is_no_vm_any_more(cloud, delete, finished, left):
    for kind in PARTS.keys() - {*left}:
        if kind is PIP and NIC in left:
            cloud.find(NIC, "web1VMNic")["properties"]["ipConfigurations"][0]["properties"].pop("publicIPAddress")
        cloud.resources.pop(next(key for key in cloud.resources if key[-1] == PARTS[kind].lower()))
    cloud.resources.pop(next(key for key in cloud.resources if key[-1] == "web1"))
    cloud.hosts.clear()
    if NIC in left:
        cloud.change(NIC, "web1VMNic", virtualMachine=None)
    delete()
    assert nothing_is_left(cloud)


def test_what_has_gone_since_it_was_looked_at_is_no_error(cloud, delete, finished):
    first, second = delete.found(), delete.found()
    first.carry_out()
    second.carry_out()
    assert nothing_is_left(cloud)


@pytest.mark.parametrize("kind", [VM, NSG])
def test_what_another_run_has_made_anew_meanwhile_is_left_to_it(cloud, delete, finished, kind):
    removal = delete.found()
    cloud.retag(kind, "web1" if kind is VM else "web1NSG", dockervm_run="another")
    with pytest.raises(Conflict, match="has just been made anew by another run"):
        removal.carry_out()
    assert bool(cloud.find(VM, "web1")) is (kind is VM) and cloud.find(NSG, "web1NSG")


# Failures


@pytest.mark.parametrize("kind", [VM, *PARTS, VNET], ids=lambda kind: kind.noun)
def test_what_may_not_be_read_is_told_before_anything_is_deleted(cloud, delete, finished, kind):
    cloud.refuse("GET", kind, "AuthorizationFailed", status=403)
    error = delete.failing(AzureRefused)
    assert "the role Contributor on the resource group 'g'" in error.recommendations[0] and cloud.writes() == []


def test_a_vm_that_can_t_be_deleted_leaves_all_as_it_is(cloud, delete, finished):
    cloud.refuse("DELETE", VM, "ScopeLocked")
    error = delete.failing(AzureRefused)
    assert error.message.endswith("The VM 'web1' was not deleted.") and "az lock list" in error.recommendations[0]
    assert error.recommendations[-1] == AGAIN and cloud.writes() == ["DELETE virtualMachines/web1"]


@pytest.mark.parametrize("kind", [NSG, VNET])
def test_a_part_that_can_t_be_deleted_holds_up_no_other_and_is_told(cloud, delete, finished, kind):
    cloud.refuse("DELETE", kind, "ScopeLocked", times=1)
    error, name = delete.failing(Conflict), PARTS.get(kind, NETWORK)
    assert error.message == ("Not everything that was made for the host 'web1' could be deleted: "
                             f"the {kind.noun} '{name}': ScopeLocked said Azure.")
    assert error.recommendations == (AGAIN,) and delete.heard.warned == [f"Not deleted: the {kind.noun} '{name}'."]
    assert cloud.there() == {f"{kind.type.rpartition('/')[2]}/{name}".lower()}


def test_the_same_command_finishes_what_could_not_be_deleted(cloud, delete, finished):
    cloud.refuse("DELETE", NSG, "ScopeLocked", times=1)
    delete.failing(Conflict)
    delete()
    assert nothing_is_left(cloud)


def test_time_that_is_over_says_what_was_done_by_then(cloud, delete, finished):
    cloud.hang("DELETE", NSG)
    error = delete.failing(DeadlinePassed, seconds=100.0)
    assert "By then: delete the VM 'web1'" in error.message and error.recommendations[-1] == AGAIN


@pytest.mark.parametrize("afterwards", [True, False], ids=["sent", "not sent"])
def test_ctrl_c_is_told_with_what_becomes_of_the_vm_and_the_command_that_goes_on(cloud, delete, finished, afterwards):
    def stop(azure, _request):
        delete.cancellation.cancel("Ctrl-C")
        azure.deadline.check("waiting")

    cloud.when("DELETE", VM, stop, afterwards=afterwards)
    removal = delete.found()
    with pytest.raises(Interrupted) as caught:
        removal.carry_out()
    error = caught.value
    assert error.message.endswith("is deleted all the same." if afterwards else "The VM 'web1' was not deleted.")
    assert removal.vm_is_gone() is afterwards
    assert error.recommendations[-1] == AGAIN and cloud.find(NSG, "web1NSG")
    cloud.rules.clear()
    again = Deletion(cloud)
    again()
    assert nothing_is_left(cloud)


# Cut short, and several at once


class Killed(BaseException):
    """As kill -9 ends a process: nothing is tidied up."""


KILLED_AT = [("DELETE", VM, False), ("DELETE", VM, True), ("DELETE", NSG, False), ("DELETE", NSG, True),
             ("DELETE", VNET, False)]


@pytest.mark.parametrize(("method", "kind", "afterwards"), KILLED_AT)
def test_killed_at_any_deletion_the_same_command_finishes(cloud, delete, finished, method, kind, afterwards):
    cloud.when(method, kind, Killed(), times=1, afterwards=afterwards)
    with pytest.raises(DockerVMError):
        delete()
    assert not nothing_is_left(cloud)
    Deletion(cloud)()
    assert nothing_is_left(cloud)


@pytest.mark.parametrize("afterwards", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("method", "kind"), [("PUT", NIC), ("PATCH", VM)])
def test_killed_while_it_sees_that_nothing_of_others_goes_too(cloud, delete, finished, method, kind, afterwards):
    given_by_others(cloud, "Delete")
    cloud.when(method, kind, Killed(), times=1, afterwards=afterwards)
    with pytest.raises(DockerVMError):
        delete()
    assert cloud.find(VM, "web1")
    Deletion(cloud)()
    assert cloud.there() == {"networkinterfaces/second", "publicipaddresses/theirs", f"virtualnetworks/{NETWORK}"}


def test_a_network_that_is_all_that_is_left_is_told_as_such(cloud, delete, finished):
    for key in [key for key in cloud.resources if key[-1] != NETWORK]:
        cloud.resources.pop(key)
    assert loss(delete.found().remains, ()) == (
        f"Nothing is left of a host 'web1'. This deletes the virtual network '{NETWORK}', which hosts have shared, and "
        "in which none is left.")
    subnet = cloud.find(VNET, NETWORK)["properties"]["subnets"][0]["id"]
    foreign(cloud, NIC, "db", ipConfigurations=[{"name": "one", "properties": {"subnet": {"id": subnet}}}])
    delete.failing(NotFound)
    cloud.remove(NIC, "db")
    cloud.retag(VNET, NETWORK, dockervm_shared=None)
    delete.failing(NotFound)


def test_two_deletions_at_once(cloud, delete, finished):
    other = Deletion(cloud)
    cloud.when("DELETE", VM, lambda _azure, _request: other(), times=1)
    delete()
    assert nothing_is_left(cloud) and other.heard.done.keys() == delete.heard.done.keys()


@pytest.mark.parametrize("kind", [NSG, PIP, NIC, VM])
def test_a_deletion_in_the_middle_of_a_create(cloud, command, delete, kind):
    """The create ends in an error or, if nobody saw the other, with a host; whatever is left, each of the two commands
    does its work when it is given again."""
    cloud.when("PUT", kind, lambda _azure, _request: delete(), times=1, afterwards=True)
    with contextlib.suppress(DockerVMError):
        command.create()
    assert command.create().proof.reachable
    Deletion(cloud)()
    assert nothing_is_left(cloud)


def test_a_second_ctrl_c_says_what_may_still_go_on(cloud, delete, finished, monkeypatch):
    def at_once(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("azext_dockervm.host.removal.execute", at_once)
    error = delete.failing(Interrupted)
    assert error.message.startswith("Stopped at once. Azure goes on") and error.recommendations[-1] == AGAIN
    assert "az resource list --tag dockervm-host=web1" in error.recommendations[0]


def test_the_command_that_goes_on_says_again_that_data_disks_go(cloud, delete, finished):
    cloud.refuse("DELETE", VM, "ScopeLocked")
    assert delete.failing(AzureRefused, data_disks_go=True).recommendations[-1] == f"{AGAIN} --data-disks delete"


@pytest.mark.parametrize(("state", "gone"), [("Deleting", True), ("Succeeded", False), (None, True)])
def test_whether_the_vm_is_gone_is_looked_up(cloud, delete, finished, state, gone):
    removal = delete.found()
    if state is None:
        cloud.remove(VM, "web1")
    else:
        cloud.change(VM, "web1", provisioningState=state)
    assert removal.vm_is_gone() is gone
    cloud.refuse("GET", VM, "AuthorizationFailed", status=403)
    assert removal.vm_is_gone() is None


def test_what_can_t_be_told_of_the_vm_is_said(cloud, delete, finished):
    removal = delete.found()
    cloud.refuse("GET", VM, "AuthorizationFailed", status=403)
    with pytest.raises(AzureRefused) as caught:
        removal.carry_out()
    assert caught.value.message.endswith("The VM 'web1' may be deleted by now, or not.")


@pytest.mark.parametrize("name", ["web1", "none"])
def test_the_network_of_a_host_that_is_just_being_made_stays(cloud, delete, finished, name):
    """Its interface is not in it yet."""
    cloud.put(PIP, "web2PublicIP", body={"location": "westus", "tags": {"dockervm-host": "web2"}, "properties": {}})
    if name == "none":
        delete()
        delete.failing(NotFound, name="none")
    else:
        delete()
        assert delete.heard.done["network"] == "kept, another host is being made or deleted"
    assert cloud.find(VNET, NETWORK)


@pytest.mark.parametrize("name", ["web1", "none"])
def test_a_host_of_another_region_holds_no_network_here(cloud, delete, finished, name):
    cloud.put(PIP, "web2PublicIP", body={"location": "eastus2", "tags": {"dockervm-host": "web2"}, "properties": {}})
    if name == "none":
        for key in [key for key in cloud.resources if key[-1] not in (NETWORK, "web2publicip")]:
            cloud.resources.pop(key)
    delete(name=name)
    assert cloud.there() == {"publicipaddresses/web2publicip"}


def test_an_interface_that_still_names_the_vm_that_is_gone_goes_too(cloud, delete, finished):
    vm_id = cloud.find(VM, "web1")["id"]
    cloud.remove(VM, "web1")
    subnet = cloud.find(VNET, NETWORK)["properties"]["subnets"][0]["id"]
    nic = cloud.put(NIC, "web1VMNic", body={"location": "westus", "tags": OURS, "properties": {
        "ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": subnet}}}]}})
    cloud.change(NIC, "web1VMNic", virtualMachine={"id": vm_id.upper()})
    assert nic and "Kept" not in loss(delete.found().remains, ())
    delete()
    assert nothing_is_left(cloud)


# --no-wait


def test_the_deletion_is_sent_and_what_goes_later_is_told(cloud, delete, finished):
    given_by_others(cloud, "Delete")
    delete.found().begin()
    assert cloud.writes() == ["PUT networkInterfaces/web1VMNic", "PATCH virtualMachines/web1",
                              "DELETE virtualMachines/web1"]
    assert delete.heard.said == [
        f"When the VM is gone, this takes the network security group 'web1NSG' and the virtual network '{NETWORK}' "
        "too, the network with the last of its hosts: az dockervm delete -g g -n web1"]
    assert cloud.find(NSG, "web1NSG")


def test_without_a_vm_all_that_is_left_goes_at_once(cloud, delete, finished):
    cloud.remove(VM, "web1")
    delete.found().begin()
    assert nothing_is_left(cloud)


def test_a_vm_that_was_made_anew_meanwhile_is_left_too(cloud, delete, finished):
    removal = delete.found()
    cloud.retag(VM, "web1", dockervm_run="another")
    with pytest.raises(Conflict, match="made anew"):
        removal.begin()
    assert cloud.find(VM, "web1")
