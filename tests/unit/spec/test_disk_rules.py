"""Disks as they are asked for: how they are numbered, which value each has, and az's defaults."""

from __future__ import annotations

import pytest

from azext_dockervm.errors import ConflictingArguments, DockerVMError, InvalidValue
from azext_dockervm.spec import disk_rules
from azext_dockervm.spec.disks import ByDisk, DataDisk, Disks
from azext_dockervm.spec.words import OS

SHARED = disk_rules.check_attached(["a", "b"])


def test_one_value_is_for_every_disk_and_several_are_each_for_one():
    assert disk_rules.check_skus(["premium_lrs"]) == ByDisk("Premium_LRS")
    each = disk_rules.check_skus(["OS=Premium_LRS", "0=standardssd_lrs", "12=UltraSSD_LRS"])
    assert each == ByDisk(each=((OS, "Premium_LRS"), (0, "StandardSSD_LRS"), (12, "UltraSSD_LRS")))
    assert [each.of(disk) for disk in (OS, 0, 1, 12)] == ["Premium_LRS", "StandardSSD_LRS", None, "UltraSSD_LRS"]
    assert (each.luns, ByDisk("x").of(7), ByDisk().of(OS)) == ([0, 12], "x", None)


def test_new_disks_come_first_and_then_those_that_are_there():
    disks = Disks(data_sizes_gb=(8, 16), attached=SHARED, skus=ByDisk("Premium_LRS"),
                  data_caching=ByDisk(each=((1, "None"), (3, "ReadOnly"))))
    assert disks.data_disks() == [
        DataDisk(0, 8, "Premium_LRS"), DataDisk(1, 16, "Premium_LRS", "None"), DataDisk(2, there=SHARED[0]),
        DataDisk(3, caching="ReadOnly", there=SHARED[1])]


def test_the_image_s_own_disks_keep_their_places():
    disks = Disks(data_sizes_gb=(8, 16), attached=SHARED[:1])
    assert [disk.lun for disk in disks.data_disks(taken=(0, 2))] == [1, 3, 4]


@pytest.mark.parametrize(("disks", "size", "caching"), [
    (Disks(), "Standard_D2s_v5", "ReadWrite"), (Disks(), "Standard_L8s_v3", "None"),
    (Disks(), "standard_l8as_v3", "None"),
    (Disks(ephemeral=True), "Standard_L8s_v3", "ReadOnly"), (Disks(ephemeral=True), "Standard_D2ds_v5", "ReadOnly"),
    (Disks(os_caching="None"), "Standard_D2s_v5", "None")])
def test_what_of_the_os_disk_is_cached_where_nothing_is_said(disks, size, caching):
    assert disk_rules.os_caching(disks, size) == caching


@pytest.mark.parametrize("disks", [
    Disks(), Disks(os_size_gb=4095, skus=ByDisk("StandardSSD_ZRS")),
    Disks(ephemeral=True, os_size_gb=2040, os_caching="ReadOnly", placement="ResourceDisk"),
    # Of the one type for all disks an ephemeral OS disk takes nothing.
    Disks(ephemeral=True, skus=ByDisk("Premium_LRS"), data_sizes_gb=(8,)),
    Disks(ephemeral=True, skus=ByDisk(each=((OS, "Standard_LRS"),))),
    Disks(data_sizes_gb=(65536, 4), skus=ByDisk(each=((0, "PremiumV2_LRS"), (1, "UltraSSD_LRS")))),
    Disks(data_sizes_gb=(4095,), data_caching=ByDisk("ReadOnly")), Disks(data_sizes_gb=(32767,)),
    Disks(data_sizes_gb=(8, 9), skus=ByDisk(each=((1, "UltraSSD_LRS"),)),
          data_caching=ByDisk(each=((0, "ReadOnly"),)))])
def test_what_goes_together(disks):
    disk_rules.check_together(disks, "Standard_D2s_v5", image_brings_disks=False)


def test_no_storage_optimized_size_caches_anything_but_an_ephemeral_disk():
    disk_rules.check_together(Disks(os_caching="None", data_sizes_gb=(8,), data_caching=ByDisk("None")),
                              "Standard_L8s_v3", image_brings_disks=False)
    disk_rules.check_together(Disks(ephemeral=True, os_caching="ReadOnly"), "Standard_L8s_v3", image_brings_disks=False)


def test_disks_of_an_image_are_counted_once_they_are_known():
    """--storage-sku 1=... with one new disk is wrong, unless the image has one of its own at 0."""
    disks = Disks(data_sizes_gb=(8,), skus=ByDisk(each=((1, "Premium_LRS"),)))
    disk_rules.check_together(disks, "Standard_D2s_v5", image_brings_disks=True)
    disk_rules.check_luns(disks, taken=[0])
    for wrong in ([], [0, 1]):
        with pytest.raises(ConflictingArguments, match="no new data disk with the LUN 1"):
            disk_rules.check_luns(disks, taken=wrong)


@pytest.mark.parametrize(("disks", "sku"), [
    (Disks(skus=ByDisk("Premium_LRS")), "Premium_LRS"), (Disks(skus=ByDisk("Premium_LRS"), ephemeral=True), None),
    (Disks(), None)])
def test_an_ephemeral_disk_has_no_storage(disks, sku):
    assert disks.os_sku == sku


@pytest.mark.parametrize(("disks", "says", "advice"), [
    (Disks(data_sizes_gb=(32768,)), "32767", ""),
    (Disks(ephemeral=True, os_size_gb=2041), "--os-disk-size-gb: an ephemeral OS disk has 2040 GB at most.", "2040")])
def test_what_is_too_large(disks, says, advice):
    with pytest.raises(DockerVMError) as caught:
        disk_rules.check_together(disks, "Standard_D2s_v5", image_brings_disks=False)
    assert says in caught.value.message and advice in " ".join(caught.value.recommendations)


def test_docker_s_own_disk_is_the_last_and_has_a_key_of_its_own():
    disks = Disks(data_sizes_gb=(8,), docker_size_gb=16,
                  skus=disk_rules.check_skus(["0=Premium_LRS", "DOCKER=Standard_LRS"]),
                  data_caching=disk_rules.check_data_caching(["docker=ReadOnly"]))
    disk_rules.check_together(disks, "Standard_D2s_v5", image_brings_disks=False)
    assert [(one.lun, one.sku, one.caching) for one in disks.data_disks()] == [
        (0, "Premium_LRS", None), (1, "Standard_LRS", "ReadOnly")]
    taken = disks.docker_disk(taken=(0, 1))
    assert taken is not None and (taken.lun, taken.key) == (3, "docker")
    assert Disks(data_sizes_gb=(8,)).docker_disk() is None


@pytest.mark.parametrize("typed", [["10", "20"], ["10,20"], ["10,", "20"], ["10, 20"]])
def test_data_disk_sizes_are_separated_by_spaces_or_commas(typed):
    assert disk_rules.check_data_sizes(typed) == (10, 20)


def test_a_comma_between_words_is_no_size():
    with pytest.raises(InvalidValue, match="'x' is not a valid size of a data disk"):
        disk_rules.check_data_sizes(["10,x"])
