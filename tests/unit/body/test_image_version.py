"""Versions of a gallery's image: which one is booted, and what it has of disks."""

from __future__ import annotations

import pytest

from azext_dockervm.body import image, image_version


def version(name: str, *regions: str, excluded: bool = False, **more) -> dict:
    targets = {"targetRegions": [{"name": region} for region in regions]} if regions else {}
    return {"name": name, "properties": {"publishingProfile": {**targets, "excludeFromLatest": excluded}, **more}}


@pytest.mark.parametrize(("versions", "name"), [
    ([], None), ([version("1.9.0", "West US"), version("1.10.0", "westus")], "1.10.0"),
    ([version("1.0.0", "westus"), version("2.0.0", "eastus")], "1.0.0"),
    ([version("1.0.0", "westus"), version("2.0.0", "westus", excluded=True)], "1.0.0"),
    ([version("1.0.0", "eastus")], None),
    # As a gallery that is shared shows them.
    ([{"name": "1.0.0", "properties": {}}, {"name": "3.0.0", "properties": {"excludeFromLatest": True}}], "1.0.0"),
    ([version("1.0.0", "westus"), {"name": "2.0.0", "properties": {"publishingProfile": {"targetRegions": [
        {"name": "West US", "excludeFromLatest": True}]}}}], "1.0.0")])
def test_the_newest_in_the_region_is_booted(versions, name):
    found = image_version.booted(versions, "westus")
    assert (found and found["name"]) == name


@pytest.mark.parametrize("size", ["sizeInGB", "diskSizeGB"])
def test_its_disks_are_told_as_those_of_a_managed_image(size):
    storage = {"osDiskImage": {size: 64}, "dataDiskImages": [{"lun": 3}, {"lun": 0}]}
    found = image_version.with_disks({"properties": {"osType": "Linux"}}, version("1.0.0", storageProfile=storage))
    assert (image.data_disk_luns(found), image.disk_size_gb(found)) == ([0, 3], 64)
    assert image.why_no_host(found) is None


def test_one_that_tells_of_no_disks():
    found = image_version.with_disks({"properties": {}}, version("1.0.0"))
    assert (image.data_disk_luns(found), image.disk_size_gb(found)) == ([], None)
