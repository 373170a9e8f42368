"""az disk and az vm disk."""

from __future__ import annotations

import pytest
from compute_support import make_vm

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def home(azure):
    """A group with a VM "box" that all tests of this file share."""
    azure.az("group", "create", "-n", "diskgroup", "-l", "westus", "-o", "none").succeeded()
    make_vm(azure, "diskgroup", "box")
    yield "diskgroup"
    azure.az("group", "delete", "-n", "diskgroup", "--yes", "--no-wait")


def _disks(azure, home):
    found = azure.query("vm", "show", "-g", home, "-n", "box")["storageProfile"]["dataDisks"]
    return {one["name"]: one for one in found}


def test_disk_create_show_list_and_delete(azure, home):
    at = ("-g", home, "-n", "plain")
    made = azure.query("disk", "create", *at, "--size-gb", "32", "--sku", "StandardSSD_LRS")
    assert (made["diskState"], made["sku"]["name"]) == ("Unattached", "StandardSSD_LRS")
    azure.az("disk", "wait", *at, "--created").succeeded()
    assert azure.query("disk", "show", *at)["diskSizeGB"] == 32
    assert "plain" in [one["name"] for one in azure.query("disk", "list", "-g", home)]
    azure.az("disk", "delete", *at, "--yes").succeeded()
    assert azure.az("disk", "show", *at).code == 3


def test_disk_update(azure, home):
    at = ("-g", home, "-n", "grows")
    azure.az("disk", "create", *at, "--size-gb", "100").succeeded()
    assert azure.query("disk", "update", *at, "--size-gb", "200")["tier"] == "P15"
    assert azure.query("disk", "update", *at, "--sku", "Standard_LRS")["sku"]["name"] == "Standard_LRS"
    refused = azure.az("disk", "update", *at, "--size-gb", "10")
    assert refused.code == 1
    assert "ResizeDiskError" in refused.stderr


def test_disk_copies_are_refused_in_plain_words(azure, home):
    azure.az("disk", "create", "-g", home, "-n", "origin", "--size-gb", "4").succeeded()
    refused = azure.az("disk", "create", "-g", home, "-n", "copy", "--source", "origin")
    assert refused.code == 1
    assert "Local Azure" in refused.stderr


def test_vm_disk_attach_new_and_detach(azure, home):
    at = ("-g", home, "--vm-name", "box", "--name", "fresh")
    azure.az("vm", "disk", "attach", *at, "--new", "--size-gb", "8", "--sku", "Premium_LRS").succeeded()
    assert (_disks(azure, home)["fresh"]["diskSizeGB"], _disks(azure, home)["fresh"]["lun"]) == (8, 0)
    assert azure.query("disk", "show", "-g", home, "-n", "fresh")["diskState"] == "Attached"
    refused = azure.az("disk", "delete", "-g", home, "-n", "fresh", "--yes")
    assert refused.code == 1
    assert "is attached to VM" in refused.stderr
    azure.az("vm", "disk", "detach", *at).succeeded()
    assert "fresh" not in _disks(azure, home)
    azure.az("disk", "delete", "-g", home, "-n", "fresh", "--yes").succeeded()


def test_vm_disk_attach_existing_with_lun_and_caching(azure, home):
    azure.az("disk", "create", "-g", home, "-n", "kept", "--size-gb", "4").succeeded()
    at = ("-g", home, "--vm-name", "box", "--name", "kept")
    azure.az("vm", "disk", "attach", *at, "--lun", "7", "--caching", "ReadOnly").succeeded()
    disk = _disks(azure, home)["kept"]
    assert (disk["lun"], disk["caching"]) == (7, "ReadOnly")
    azure.az("vm", "disk", "detach", *at, "--force-detach").succeeded()
    assert azure.query("disk", "show", "-g", home, "-n", "kept")["diskState"] == "Unattached"


def test_vm_disk_attach_and_detach_several_by_id(azure, home):
    names = ("one", "two")
    disks = [azure.query("disk", "create", "-g", home, "-n", name, "--size-gb", "4")["id"] for name in names]
    azure.az("vm", "disk", "attach", "-g", home, "--vm-name", "box", "--disk-ids", *disks).succeeded()
    assert set(names) <= set(_disks(azure, home))
    azure.az("vm", "disk", "detach", "-g", home, "--vm-name", "box", "--disk-ids", *disks).succeeded()
    assert not set(names) & set(_disks(azure, home))


def test_vm_disk_attach_refuses_more_than_the_size_takes(azure, home):
    for number in range(len(_disks(azure, home)), 4):
        azure.az("vm", "disk", "attach", "-g", home, "--vm-name", "box", "--name", f"many{number}", "--new",
                 "--size-gb", "1").succeeded()
    refused = azure.az("vm", "disk", "attach", "-g", home, "--vm-name", "box", "--name", "many4", "--new",
                       "--size-gb", "1")
    assert refused.code == 1
    assert "maximum number of data disks allowed to be attached to a VM of this size is 4" in refused.stderr


def test_disk_encryption_sets(azure, home):
    at = ("-g", home, "-n", "keys")
    key = "https://vault1.vault.azure.net/keys/mine/0123456789abcdef0123456789abcdef"
    made = azure.query("disk-encryption-set", "create", *at, "--key-url", key, "--mi-system-assigned")
    assert made["identity"]["type"] == "SystemAssigned" and made["activeKey"]["keyUrl"] == key
    azure.az("disk-encryption-set", "wait", *at, "--created").succeeded()
    assert [one["name"] for one in azure.query("disk-encryption-set", "list", "-g", home)] == ["keys"]
    newer = key[:-1] + "0"
    assert azure.query("disk-encryption-set", "update", *at, "--key-url", newer)["activeKey"]["keyUrl"] == newer
    disk = azure.query("disk", "create", "-g", home, "-n", "secret", "--size-gb", "4", "--encryption-type",
                       "EncryptionAtRestWithCustomerKey", "--disk-encryption-set", "keys")
    assert disk["encryption"]["diskEncryptionSetId"] == azure.query("disk-encryption-set", "show", *at)["id"]
    assert azure.query("disk-encryption-set", "list-associated-resources", *at) == [disk["id"]]
    refused = azure.az("disk-encryption-set", "delete", *at)
    assert refused.code == 1 and "associated" in refused.stderr
    azure.az("disk", "delete", "-g", home, "-n", "secret", "--yes").succeeded()
    azure.az("disk-encryption-set", "delete", *at).succeeded()
