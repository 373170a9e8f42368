"""The storage profile: the OS disk as it is asked for, new data disks, and those that are there."""

from __future__ import annotations

from fake_azure import SUBSCRIPTION
from specs import changed, host_spec

from azext_dockervm.azure import names
from azext_dockervm.body import storage
from azext_dockervm.spec import disk_rules
from azext_dockervm.spec.disks import ByDisk, Disks
from azext_dockervm.spec.words import DOCKER, OS

SPEC = host_spec("demo", "web1")
IMAGE = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
PLAIN = {"createOption": "FromImage", "caching": "ReadWrite", "deleteOption": "Delete"}


def profile(asked, image=None, **there):
    return storage.profile(changed(SPEC, disks=asked), "abc123", image, storage.There(**there))


def test_where_nothing_is_asked_azure_decides():
    assert profile(Disks()) == {"imageReference": IMAGE, "osDisk": PLAIN}


def test_the_os_disk_as_it_is_asked_for():
    disks = Disks(os_size_gb=64, os_caching="ReadOnly", skus=ByDisk(each=((OS, "StandardSSD_LRS"),)))
    assert profile(disks, encryption_set={"id": "/keys"})["osDisk"] == {
        **PLAIN, "caching": "ReadOnly", "diskSizeGB": 64,
        "managedDisk": {"storageAccountType": "StandardSSD_LRS", "diskEncryptionSet": {"id": "/keys"}}}


def test_an_ephemeral_one_is_local_and_read_only_cached():
    assert profile(Disks(ephemeral=True, skus=ByDisk("Premium_LRS")))["osDisk"] == {
        **PLAIN, "caching": "ReadOnly", "diffDiskSettings": {"option": "Local"}}
    placed = profile(Disks(ephemeral=True, placement="NvmeDisk"))["osDisk"]
    assert placed["diffDiskSettings"] == {"option": "Local", "placement": "NvmeDisk"}


def test_data_disks_outlive_their_vm_and_are_named_by_the_run():
    disks = Disks(data_sizes_gb=(8, 16), skus=ByDisk(each=((1, "UltraSSD_LRS"),)),
                  data_caching=ByDisk(each=((0, "ReadOnly"), (2, "None"))),
                  attached=disk_rules.check_attached(["kept"]))
    assert profile(disks, disks=({"id": "/kept"},))["dataDisks"] == [
        {"lun": 0, "createOption": "Empty", "deleteOption": "Detach", "caching": "ReadOnly",
         "name": "web1_data0_abc123", "diskSizeGB": 8},
        {"lun": 1, "createOption": "Empty", "deleteOption": "Detach", "name": "web1_data1_abc123", "diskSizeGB": 16,
         "managedDisk": {"storageAccountType": "UltraSSD_LRS"}},
        {"lun": 2, "createOption": "Attach", "deleteOption": "Detach", "caching": "None",
         "managedDisk": {"id": "/kept"}}]
    assert storage.made_disks(changed(SPEC, disks=disks), "abc123", None) == ["web1_data0_abc123", "web1_data1_abc123"]


def test_an_image_s_own_data_disks_are_in_a_list_that_has_others():
    """Azure refuses one without them, and makes them by itself where there is no list."""
    image = {"properties": {"storageProfile": {"dataDisks": [{"lun": 1}, {"lun": 0}]}}}
    assert "dataDisks" not in profile(Disks(), image)
    made = profile(Disks(data_sizes_gb=(8,)), image)["dataDisks"]
    assert made[:2] == [{"lun": 0, "createOption": "FromImage"}, {"lun": 1, "createOption": "FromImage"}]
    assert (made[2]["lun"], made[2]["name"]) == (2, "web1_data2_abc123")


def test_a_disk_s_name_is_none_that_azure_refuses():
    longest = names.data_disk("a" * 64, 63, "0123456789ab")
    assert len(longest) == 80 and longest.endswith("a_data63_0123456789ab")


def test_ultra_disks_are_a_capability_of_the_vm():
    ultra = Disks(data_sizes_gb=(8,), skus=ByDisk(each=((0, "UltraSSD_LRS"),)))
    assert storage.capabilities(ultra, storage.NOTHING) == {"ultraSSDEnabled": True}
    attached = storage.There(disks=({"id": "/a", "sku": {"name": "UltraSSD_LRS"}},))
    assert storage.capabilities(Disks(), attached) == {"ultraSSDEnabled": True}
    for there in (storage.NOTHING, storage.There(disks=({"id": "/a"}, {"id": "/b", "sku": {"name": "Premium_LRS"}}))):
        assert storage.capabilities(Disks(data_sizes_gb=(8,)), there) is None


def test_docker_s_own_disk_comes_after_all_others_and_is_one_of_them():
    disks = Disks(data_sizes_gb=(8,), docker_size_gb=32, attached=disk_rules.check_attached(["kept"]),
                  skus=ByDisk("StandardSSD_LRS", ((DOCKER, "Premium_LRS"),)),
                  data_caching=ByDisk(each=((DOCKER, "ReadOnly"),)))
    assert profile(disks, disks=({"id": "/kept"},))["dataDisks"][2:] == [
        {"lun": 2, "createOption": "Empty", "deleteOption": "Detach", "caching": "ReadOnly",
         "name": "web1_data2_abc123", "diskSizeGB": 32, "managedDisk": {"storageAccountType": "Premium_LRS"}}]
    spec = changed(SPEC, disks=disks)
    assert storage.made_disks(spec, "abc123", None) == ["web1_data0_abc123", "web1_data2_abc123"]
    assert storage.docker_disk(spec, "abc123", None) == "web1_data2_abc123"


def test_docker_s_own_disk_may_be_there():
    disks = Disks(docker_there=disk_rules.check_docker_disk("kept"), attached=disk_rules.check_attached(["other"]))
    assert profile(disks, disks=({"id": "/other"}, {"id": "/kept"}))["dataDisks"] == [
        {"lun": 0, "createOption": "Attach", "deleteOption": "Detach", "managedDisk": {"id": "/other"}},
        {"lun": 1, "createOption": "Attach", "deleteOption": "Detach", "managedDisk": {"id": "/kept"}}]


def test_what_the_tag_says_of_it():
    def noted(text):
        asked = Disks(docker_there=disk_rules.check_docker_disk(text))
        return storage.docker_disk(changed(SPEC, disks=asked), "r", None)

    def in_group(group, name):
        return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/disks/{name}"

    assert noted("kept") == "kept" and noted(in_group("other", "kept")) == in_group("other", "kept")
    longest = in_group("g" * 90, "d" * (256 - len(in_group("g" * 90, ""))))     # a tag's value has 256 characters
    assert noted(longest) == longest and noted(longest + "d") == longest.rpartition("/")[2] + "d"
    assert storage.docker_disk(SPEC, "r", None) is None
