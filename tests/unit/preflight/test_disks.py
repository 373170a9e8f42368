"""What a host's disks stand on: read where it was asked for, refused before anything is made."""

from __future__ import annotations

import pytest
from bad_values.disks import disk, encryption_set
from fake_azure import GROUP, SUBSCRIPTION
from specs import changed, host_spec

from azext_dockervm.azure import kinds
from azext_dockervm.errors import InvalidValue
from azext_dockervm.preflight.disks import ephemeral_rooms
from azext_dockervm.preflight.survey import survey
from azext_dockervm.spec import disk_rules
from azext_dockervm.spec.disks import Disks
from azext_dockervm.spec.machine import Image
from azext_dockervm.spec.placement import Placement

SPEC = host_spec(location=None)
OTHER_SUBSCRIPTION = "00000000-0000-0000-0000-000000000002"


def disk_id(subscription=SUBSCRIPTION, group=GROUP, name="data"):
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/disks/{name}"


def asking(**disks):
    """Disks are named as they are typed."""
    if "attached" in disks:
        disks["attached"] = disk_rules.check_attached(disks["attached"])
    if "encryption_set" in disks:
        disks["encryption_set"] = disk_rules.check_encryption_set(disks["encryption_set"])
    return changed(SPEC, disks=Disks(**disks))


def see(cloud, **disks):
    return survey(cloud.azure(), asking(**disks))[1]


def refused(cloud, **disks):
    with pytest.raises(InvalidValue) as caught:
        see(cloud, **disks)
    assert not cloud.writes()
    return caught.value


def test_a_host_that_asks_for_none_of_it_costs_no_read_more(cloud):
    see(cloud)
    assert not [one for one in cloud.log if one.kind in (kinds.DISK.type, kinds.DISK_ENCRYPTION_SET.type)]
    assert not {"size_offer", "feature_state"} & set(cloud.asked)
    see(cloud, data_sizes_gb=(8,), os_size_gb=64)
    assert not {"size_offer", "feature_state"} & set(cloud.asked)


def test_nor_does_one_that_exists(cloud, finished):
    cloud.capabilities, cloud.features = {"EphemeralOSDiskSupported": "False"}, {}
    found = see(cloud, attached=["none"], encryption_set="none", ephemeral=True, encryption_at_host=True)
    assert found.attached == () and found.encryption_set is None and found.capabilities is None


def test_disks_are_found_in_the_order_in_which_they_were_named(cloud):
    disk()(cloud)
    cloud.put(kinds.DISK, "other", group="else", body={"location": "West US", "properties": {"maxShares": 2},
                                                       "managedBy": "/x/y/z/r/p/n/k/web9"})
    found = see(cloud, attached=[disk_id(group="else", name="other"), "data"])
    assert [one["name"] for one in found.attached] == ["other", "data"]
    assert found.disks.disks == found.attached


def test_a_disk_that_the_vm_which_is_made_anew_still_holds_is_free(cloud):
    disk(managedBy=f"/subscriptions/s/resourceGroups/{GROUP.upper()}/providers/Microsoft.Compute/virtualMachines/WEB1")(
        cloud)
    assert see(cloud, attached=["data"]).attached


def test_what_may_not_be_read_is_taken_on_trust_by_its_id(cloud):
    for kind in (kinds.DISK, kinds.DISK_ENCRYPTION_SET):
        cloud.refuse("GET", kind, "AuthorizationFailed", status=403)
    cloud.forbidden = {"feature_state", "size_offer"}
    elsewhere = disk_id(group="their")
    found = see(cloud, attached=["data", elsewhere], encryption_set="own", encryption_at_host=True, ephemeral=True)
    assert [one["id"] for one in found.attached] == [disk_id(), elsewhere]
    assert found.encryption_set["id"].endswith("/diskEncryptionSets/own") and found.capabilities is None


def test_what_is_in_another_subscription_is_refused(cloud):
    disk()(cloud)
    cloud.find(kinds.DISK, "data")["id"] = disk_id(OTHER_SUBSCRIPTION)
    assert "another subscription" in refused(cloud, attached=["data"]).message


def test_an_encryption_set_is_found(cloud):
    encryption_set()(cloud)
    found = see(cloud, encryption_set="own")
    assert found.encryption_set["name"] == "own" and found.disks.encryption_set is found.encryption_set


def test_a_registered_feature_and_a_size_that_can_are_fine(cloud):
    cloud.features, cloud.capabilities = {"EncryptionAtHost": "Registered"}, {"EncryptionAtHostSupported": "True"}
    see(cloud, encryption_at_host=True)
    assert "feature EncryptionAtHost" in cloud.asked


ROOM = {"EphemeralOSDiskSupported": "True", "CachedDiskBytes": str(50 * 2**30), "MaxResourceVolumeMB": "76800"}


@pytest.mark.parametrize(("capabilities", "rooms"), [
    (ROOM, {"CacheDisk": 50, "ResourceDisk": 75}), ({**ROOM, "EphemeralOSDiskSupported": "false"}, {}),
    ({"CachedDiskBytes": "0", "MaxResourceVolumeMB": "0"}, {}), ({}, {}),
    ({**ROOM, "NvmeDiskSizeInMiB": "112640", "SupportedEphemeralOSDiskPlacements": "NvmeDisk"}, {"NvmeDisk": 110}),
    ({**ROOM, "SupportedEphemeralOSDiskPlacements": "ResourceDisk, CacheDisk"}, {"CacheDisk": 50, "ResourceDisk": 75})])
def test_where_a_size_has_room(capabilities, rooms):
    assert ephemeral_rooms(capabilities) == rooms


@pytest.mark.parametrize("disks", [{}, {"os_size_gb": 75}, {"os_size_gb": 50, "placement": "CacheDisk"}])
def test_a_disk_that_fits_is_fine(cloud, disks):
    cloud.capabilities = ROOM
    see(cloud, ephemeral=True, **disks)


@pytest.mark.parametrize("disks", [{"os_size_gb": 76}, {"os_size_gb": 51, "placement": "CacheDisk"}])
def test_one_that_does_not_is_refused(cloud, disks):
    cloud.capabilities = ROOM
    told = refused(cloud, ephemeral=True, **disks)
    assert "has room for" in told.message and told.recommendations[0].startswith("az vm list-skus")


OWN = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/i"


def of_image(cloud, **properties):
    cloud.image = {"location": "westus", "properties": {"storageProfile": properties}}


def test_an_os_disk_is_as_large_as_its_image_at_least(cloud):
    of_image(cloud, osDisk={"diskSizeGB": 64})
    for size, fits in ((64, True), (65, True), (None, True), (63, False)):
        spec = changed(asking(os_size_gb=size), image=Image.parse(OWN))
        if fits:
            survey(cloud.azure(), spec)
        else:
            with pytest.raises(InvalidValue, match="--os-disk-size-gb: the image's own disk has 64 GB"):
                survey(cloud.azure(), spec)


def test_luns_are_checked_against_those_of_the_image(cloud):
    of_image(cloud, dataDisks=[{"lun": 0}])
    spec = changed(SPEC, image=Image.parse(OWN), disks=Disks(data_sizes_gb=(8,), skus=disk_rules.check_skus(
        ["1=Premium_LRS"])))
    survey(cloud.azure(), spec)


@pytest.mark.parametrize(("zone", "disk_zones", "sku"), [
    ("1", ["1"], "Premium_LRS"), (None, None, "Premium_LRS"), ("1", None, "Premium_ZRS"), (None, None, "Premium_ZRS")])
def test_a_disk_of_the_host_s_zone_or_of_all(cloud, zone, disk_zones, sku):
    disk(zones=disk_zones, sku={"name": sku})(cloud)
    survey(cloud.azure(), changed(asking(attached=["data"]), placement=Placement(zone=zone)))


@pytest.mark.parametrize(("disks", "image_luns", "fits"), [
    (4, [], True), (5, [], False), (3, [0], True), (4, [0], False)])
def test_a_size_takes_so_many_disks_with_those_of_the_image(cloud, disks, image_luns, fits):
    of_image(cloud, dataDisks=[{"lun": lun} for lun in image_luns])
    spec = changed(asking(data_sizes_gb=(8,) * disks), image=Image.parse(OWN))
    if fits:
        survey(cloud.azure(), spec)
    else:
        with pytest.raises(InvalidValue, match="Standard_D2s_v5 can have 4 data disks, not 5"):
            survey(cloud.azure(), spec)
    cloud.forbidden = {"sizes"}     # then nothing is known of others
    survey(cloud.azure(), changed(spec, size="Standard_X8s_v5"))
