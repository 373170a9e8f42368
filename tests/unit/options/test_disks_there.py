"""Disks that were asked of a host that exists: what its VM has of them, and what changes the rest."""

from __future__ import annotations

import pytest
from fake_azure import SUBSCRIPTION
from specs import changed, host_spec

from azext_dockervm.options.commands import option_of
from azext_dockervm.options.disks import DISKS
from azext_dockervm.options.existing import not_applied
from azext_dockervm.spec.disks import Disks

KEPT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/G/providers/Microsoft.Compute/disks/Kept"
KEYS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/own"
OS = {"name": "os1", "diskSizeGB": 30, "caching": "ReadWrite", "managedDisk": {"storageAccountType": "Premium_LRS"}}
DATA = [{"lun": 0, "name": "d0", "diskSizeGB": 8, "caching": "None",
         "managedDisk": {"storageAccountType": "Premium_LRS"}},
        {"lun": 1, "name": "Kept", "managedDisk": {"id": KEPT}}]


def vm(os=None, data=None, **properties):
    return {"id": "/vm", "properties": {"storageProfile": {"osDisk": {**OS, **(os or {})}, "dataDisks": data or DATA},
                                        **properties}}


def told(name, value, there=None, **disks):
    """What is said of one option as it was typed."""
    option = option_of("create", name)
    asked = {option.place.partition(".")[2]: option.checked(value), **disks}
    spec = changed(host_spec(), disks=Disks(**asked), typed={option.shortest: ("x",)})
    found = not_applied(spec, there or vm())
    assert len(found) < 2
    return found[0].partition(": ")[2] if found else None


@pytest.mark.parametrize(("name", "value", "there"), [
    ("os_disk_size_gb", "30", None), ("storage_sku", ["Premium_LRS"], None), ("storage_sku", ["os=Premium_LRS"], None),
    ("os_caching", "ReadWrite", None), ("ephemeral_os_disk", "false", None), ("data_disk_sizes_gb", ["8"], None),
    ("ephemeral_os_disk", "true", vm({"diffDiskSettings": {"option": "Local"}})),
    ("ephemeral_os_disk_placement", "CacheDisk", vm({"diffDiskSettings": {"placement": "CacheDisk"}})),
    ("attach_data_disks", ["kept"], None), ("attach_data_disks", [KEPT.lower()], None),
    ("os_disk_encryption_set", "OWN", vm({"managedDisk": {"diskEncryptionSet": {"id": KEYS}}})),
    ("encryption_at_host", "true", vm(securityProfile={"encryptionAtHost": True})),
    ("encryption_at_host", "false", None)])
def test_what_the_vm_has_is_not_named(name, value, there):
    assert told(name, value, there) is None


def while_deallocated(change):
    return ("To change it, which stops the host meanwhile:\n    az vm deallocate -g g -n web1\n"
            f"    {change}\n    az vm start -g g -n web1")


@pytest.mark.parametrize(("name", "value", "there", "says"), [
    ("os_disk_size_gb", "64", None,
     "the host's OS disk has 30 GB.\n"
     + while_deallocated("az disk update -g g -n os1 --size-gb 64")),
    ("os_disk_size_gb", "20", None,
     "the host's OS disk has 30 GB, and disks do not shrink"),
    ("os_disk_size_gb", "20", vm({"diskSizeGB": None}),
     "the host keeps its OS disk.\n"
     + while_deallocated("az disk update -g g -n os1 --size-gb 20")),
    ("storage_sku", ["StandardSSD_LRS"], None,
     "the disk 'os1' keeps its type.\n"
     + while_deallocated("az disk update -g g -n os1 --sku StandardSSD_LRS")),
    ("os_caching", "None", None,
     "the OS disk's is ReadWrite.\nTo change it: az vm update -g g -n web1 --disk-caching os=None"),
    ("ephemeral_os_disk", "true", None, "a VM's OS disk stays in Azure's storage"),
    ("ephemeral_os_disk", "false", vm({"diffDiskSettings": {"option": "Local"}}),
     "a VM's OS disk stays on its own server"),
    ("ephemeral_os_disk_placement", "CacheDisk", None, "a VM's OS disk stays where it is"),
    ("data_disk_sizes_gb", ["8", "16"], None,
     "no data disks are made for a host that exists.\nTo add one: "
     "az vm disk attach -g g --vm-name web1 -n DISK --new --size-gb 16"),
    ("attach_data_disks", ["kept", "more"], None,
     "'more' is not attached.\nTo do that: az vm disk attach -g g --vm-name web1 -n more"),
    ("os_disk_encryption_set", "own", None,
     "the OS disk keeps its encryption.\n"
     + while_deallocated("az disk update -g g -n os1 --encryption-type EncryptionAtRestWithCustomerKey "
                        "--disk-encryption-set own")),
    ("encryption_at_host", "true", None,
     "it is off.\n"
     + while_deallocated("az vm update -g g -n web1 --set securityProfile.encryptionAtHost=true")),
    ("encryption_at_host", "false", vm(securityProfile={"encryptionAtHost": True}), "it is on.\n"
     + while_deallocated("az vm update -g g -n web1 --set securityProfile.encryptionAtHost=false"))])
def test_what_it_has_not_is_told_with_the_command_that_changes_it(name, value, there, says):
    assert told(name, value, there) == says


def test_values_of_single_data_disks_are_compared_with_theirs():
    sizes = {"data_sizes_gb": (8,)}
    assert told("storage_sku", ["0=Premium_LRS"], **sizes) is None
    assert told("storage_sku", ["0=Standard_LRS"], **sizes).startswith("the disk 'd0' keeps its type")
    assert told("data_caching", ["None"], **sizes) is None
    assert told("data_caching", ["0=ReadOnly"], **sizes) == (
        "the data disks keep theirs.\nTo change it: az vm update -g g -n web1 --disk-caching 0=ReadOnly")


@pytest.mark.parametrize("option", DISKS, ids=lambda option: option.name)
def test_a_vm_of_which_azure_tells_nothing_is_no_error(option):
    assert option.only_new and option.not_applied
    option.not_applied(changed(host_spec(), disks=Disks()), {"id": "/vm", "properties": {}})
