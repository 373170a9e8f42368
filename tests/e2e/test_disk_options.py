"""One booted host with disks as asked for; deleted and made again, it finds on an attached disk what it left there."""

from __future__ import annotations

import pytest
from fleet import Host
from local_azure import GROUP

pytestmark = pytest.mark.machines

NAME, REGION = "depot", "uksouth"
AT = ("-g", GROUP, "-n", NAME)
LUNS = "/dev/disk/azure/scsi1"


def make(local_azure, fleet, folder, *words) -> Host:
    created = local_azure.az("dockervm", "create", *AT, "-l", REGION, "-dc", folder,
                             "--ssh-key-values", f"{fleet.ssh_key}.pub", *words).succeeded()
    return Host(local_azure, NAME, created, created.json)


def let_go(local_azure, folder, data_disks: str) -> None:
    local_azure.az("dockervm", "delete", *AT, "-dc", folder, "--data-disks", data_disks, "--yes").succeeded()


def disks(local_azure) -> dict[str, dict]:
    """Those of the host's region by name."""
    return {disk["name"]: disk for disk in local_azure.query("disk", "list", "-g", GROUP) if disk["location"] == REGION}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("depot")


@pytest.fixture(scope="module")
def first(local_azure, fleet, folder):
    yield make(local_azure, fleet, folder, "--data-disk-sizes-gb", "4", "6", "--os-disk-size-gb", "40",
               "--storage-sku", "os=StandardSSD_LRS", "0=Premium_LRS", "1=Standard_LRS",
               "--os-disk-caching", "ReadOnly", "--data-disk-caching", "0=ReadOnly")


def test_the_guest_sees_its_data_disks_and_docker_can_keep_data_on_one(first):
    assert first.run(f"ls {LUNS}").split() == ["lun0", "lun1"]
    sizes = first.run(f"blockdev --getsize64 {LUNS}/lun0 {LUNS}/lun1").split()
    assert [int(size) // 2**30 for size in sizes] == [4, 6]
    first.run(f"mkfs.ext4 -q {LUNS}/lun1 && mkdir -p /data && mount {LUNS}/lun1 /data")
    first.run("echo 'since 2014' >/data/log; umount /data")
    assert first.docker("info").code == 0


def test_azure_shows_the_disks_as_they_were_asked_for(first, local_azure):
    storage = local_azure.query("vm", "show", *AT)["storageProfile"]
    os_disk = storage["osDisk"]
    assert (os_disk["diskSizeGB"], os_disk["caching"], os_disk["managedDisk"]["storageAccountType"]) == (
        40, "ReadOnly", "StandardSSD_LRS")
    assert [(one["lun"], one["diskSizeGB"], one["caching"], one["managedDisk"]["storageAccountType"])
            for one in storage["dataDisks"]] == [(0, 4, "ReadOnly", "Premium_LRS"), (1, 6, "None", "Standard_LRS")]
    assert disks(local_azure)[os_disk["name"]]["diskSizeGB"] == 40


def test_what_is_changed_for_a_host_that_exists_is_said_and_not_done(first, local_azure, fleet, folder):
    again = make(local_azure, fleet, folder, "--data-disk-sizes-gb", "4", "6", "--os-disk-caching", "None")
    assert "Not applied: --os-disk-caching" in again.created.stderr
    assert "--data-disk-sizes-gb" not in again.created.stderr
    assert len(disks(local_azure)) == 3


@pytest.fixture(scope="module")
def kept(first, local_azure, folder):
    """The data disks of the first host once it is gone."""
    mine = [one["name"] for one in local_azure.query("vm", "show", *AT)["storageProfile"]["dataDisks"]]
    let_go(local_azure, folder, "keep")
    return mine


@pytest.fixture(scope="module")
def second(kept, local_azure, fleet, folder):
    """Of the same name, with one of the disks that the first one left and a new one."""
    yield make(local_azure, fleet, folder, "--data-disk-sizes-gb", "5", "--attach-data-disks", kept[1])


@pytest.mark.long
def test_the_host_that_went_left_its_data_disks_alone(kept, local_azure):
    left = disks(local_azure)
    assert set(left) == set(kept) and {disk["diskState"] for disk in left.values()} == {"Unattached"}


@pytest.mark.long
def test_what_was_on_the_disk_is_found_again(second, kept, local_azure):
    assert second.run(f"mkdir -p /data && mount {LUNS}/lun1 /data && cat /data/log && umount /data") == "since 2014"
    there = disks(local_azure)
    assert there[kept[1]]["managedBy"].endswith(f"/{NAME}") and there[kept[0]]["diskState"] == "Unattached"
    assert len(there) == 4      # those two, the OS disk and the new one: nothing has the name of another


@pytest.mark.long
def test_deleting_takes_the_new_disk_and_never_the_attached_one(second, kept, local_azure, folder):
    let_go(local_azure, folder, "delete")
    assert set(disks(local_azure)) == set(kept)
    for name in kept:
        local_azure.az("disk", "delete", "-g", GROUP, "-n", name, "--yes").succeeded()
