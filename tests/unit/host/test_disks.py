"""A host's data disks from end to end: made, attached, undone, kept, found again."""

from __future__ import annotations

import pytest
from fake_azure import Heard, never_ran
from specs import host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.errors import AzureRefused, NotFound
from azext_dockervm.host import remains
from azext_dockervm.host.removal import Removal, loss
from azext_dockervm.spec import disk_rules
from azext_dockervm.spec.disks import ByDisk, Disks

VM, DISK = kinds.VM, kinds.DISK
ASKED = Disks(data_sizes_gb=(8, 16), data_caching=ByDisk(each=((1, "ReadOnly"),)),
              attached=disk_rules.check_attached(["mine"]))


@pytest.fixture
def mine(cloud):
    """A disk of somebody's own."""
    cloud.put(DISK, "mine", body={"location": "westus", "tags": {"owner": "me"}, "properties": {"diskSizeGB": 4}})


@pytest.fixture
def host(cloud, command, mine):
    made = command.create(disks=ASKED, provisioner="run-command")
    command.anew()
    cloud.log.clear()
    return made


def disks(cloud) -> list[str]:
    return sorted(one.partition("/")[2] for one in cloud.there() if one.startswith("disks/"))


def run_of(cloud) -> str:
    return cloud.tags()["dockervm-run"]


def deleted(cloud, data_disks_go=False):
    heard = Heard()
    removal = Removal(cloud.azure(), remains.find(cloud.azure(), host_spec(), data_disks_go), heard)
    told = loss(removal.remains, ())
    removal.carry_out()
    return told


def test_they_are_made_and_attached_with_the_vm_in_one_request(cloud, command, mine):
    made = command.create(disks=ASKED, provisioner="run-command")
    run = run_of(cloud)
    assert disks(cloud) == ["mine", f"web1_data0_{run}", f"web1_data1_{run}"]
    sent = cloud.sent("PUT", VM)[0].body["properties"]["storageProfile"]["dataDisks"]
    assert [(one["lun"], one["createOption"], one["deleteOption"], one.get("caching")) for one in sent] == [
        (0, "Empty", "Detach", None), (1, "Empty", "Detach", "ReadOnly"), (2, "Attach", "Detach", None)]
    assert cloud.find(DISK, "mine")["managedBy"] == made.vm["id"] and not cloud.sent("PUT", DISK)


def test_nothing_is_written_on_a_disk_that_was_there(cloud, host):
    assert cloud.find(DISK, "mine")["tags"] == {"owner": "me"}


def test_the_same_create_again_leaves_them_alone(cloud, command, host):
    command.create(disks=ASKED)
    assert not [one for one in cloud.writes() if "disks" in one] and "mine" in disks(cloud)


# A create that fails


def fails_at_once(cloud):
    cloud.refuse("PUT", VM, "SkuNotAvailable", status=409)


def fails_late(cloud):
    """Azure has made the disks, and leaves the VM in Failed."""
    def fails(_azure, _request):
        cloud.change(VM, "web1", **never_ran())
        raise AzureRefused("no room", code="AllocationFailed", status=200)

    cloud.when("PUT", VM, fails, afterwards=True, times=1)


@pytest.mark.parametrize("fail", [fails_at_once, fails_late])
def test_new_disks_are_undone_and_those_that_were_there_are_not(cloud, command, mine, fail):
    fail(cloud)
    error = command.failing(AzureRefused, disks=ASKED)
    assert disks(cloud) == ["mine"] and not cloud.find(DISK, "mine").get("managedBy")
    assert "What was made has been undone" in error.message and not cloud.sent("DELETE", DISK, "mine")


def test_they_are_undone_although_another_run_s_vm_has_taken_the_name(cloud, command, mine):
    """Their names are this run's."""
    def taken(azure, request):
        fails = never_ran()
        cloud.change(VM, "web1", **fails)
        raise AzureRefused("no room", code="AllocationFailed", status=200)

    cloud.when("PUT", VM, taken, afterwards=True)
    cloud.when("DELETE", VM, lambda _azure, _request: cloud.retag(DISK, [
        one for one in disks(cloud) if "data0" in one][0], dockervm_run="other"), times=1)
    command.failing(AzureRefused, disks=ASKED)
    assert disks(cloud) == ["mine"]


def test_a_disk_that_can_t_be_undone_is_told(cloud, command):
    fails_late(cloud)
    cloud.refuse("DELETE", DISK, "ScopeLocked")
    error = command.failing(AzureRefused, disks=Disks(data_sizes_gb=(8,)))
    assert "Not all that was made could be undone" in error.message


@pytest.fixture
def ruin(cloud, host):
    """A VM that never ran, left by a run that was killed."""
    cloud.change(VM, "web1", **never_ran())
    cloud.retag(VM, "web1", dockervm_provisioner=None)
    return disks(cloud)


def test_a_vm_that_never_ran_is_made_anew_with_its_disks(cloud, command, ruin):
    command.create(disks=ASKED)
    assert len(disks(cloud)) == 3 and set(ruin) & set(disks(cloud)) == {"mine"}
    assert cloud.find(DISK, "mine")["managedBy"].endswith("/web1")


def test_one_of_them_that_can_t_go_is_told_and_stands_in_no_way(cloud, command, ruin):
    cloud.refuse("DELETE", DISK, "ScopeLocked")
    command.create(disks=ASKED)
    assert len(disks(cloud)) == 5
    assert f"Not deleted: the disk '{ruin[1]}' (ScopeLocked said Azure)." in command.heard.warned


# Deleting


def test_they_stay_unless_they_shall_go(cloud, host):
    before = disks(cloud)
    told = deleted(cloud)
    assert all(f"the data disk '{disk}'" in told.partition("Kept: ")[2] for disk in before)
    assert disks(cloud) == before and not any(cloud.find(DISK, disk).get("managedBy") for disk in before)


def test_what_was_there_before_never_goes(cloud, host):
    told = deleted(cloud, data_disks_go=True)
    going, _, kept = told.partition("Kept: ")
    assert going.count("the data disk") == 2 and kept == "the data disk 'mine'."
    assert disks(cloud) == ["mine"]


def test_whatever_somebody_has_set_on_it(cloud, host):
    for disk in cloud.find(VM, "web1")["properties"]["storageProfile"]["dataDisks"]:
        disk["deleteOption"] = "Delete"
    deleted(cloud, data_disks_go=True)
    assert disks(cloud) == ["mine"]


def test_disks_that_a_killed_run_has_left_are_found_when_their_vm_is_gone(cloud, host):
    deleted(cloud)
    cloud.put(DISK, "system", body={"location": "westus", "tags": {"dockervm-host": "web1"},
                                    "properties": {"osType": "Linux"}})
    with pytest.raises(NotFound) as caught:
        remains.find(cloud.azure(), host_spec(), False)
    assert "There is the data disk 'web1_data0_" in caught.value.message
    told = deleted(cloud, data_disks_go=True)
    assert told.count("the disk 'web1_data") == 2 and disks(cloud) == ["mine", "system"]


def test_those_of_a_host_that_was_made_anew_under_the_name_are_not_taken_for_them(cloud, command, host):
    kept = disks(cloud)
    deleted(cloud)
    command.create(disks=Disks(data_sizes_gb=(4,)), provisioner="run-command")
    deleted(cloud, data_disks_go=True)
    assert disks(cloud) == kept


def test_who_may_not_list_disks_has_none(cloud, host):
    deleted(cloud)
    cloud.refuse("LIST", DISK, "AuthorizationFailed", status=403)
    with pytest.raises(NotFound):
        remains.find(cloud.azure(), host_spec(), True)
