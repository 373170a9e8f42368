"""An image as it is read, platform, managed or of a gallery: what it asks of a VM, and what makes no host of it."""

from __future__ import annotations

import pytest

from azext_dockervm.body import image

PLAN = {"name": "a", "publisher": "b", "product": "c"}


def of(**properties):
    return {"properties": properties}


@pytest.mark.parametrize(("value", "trusted"), [
    ("TrustedLaunch", True), ("TrustedLaunchSupported", True), ("TrustedLaunchAndConfidentialVmSupported", True),
    ("trustedlaunchsupported", True), ("ConfidentialVmSupported", False), ("ConfidentialVM", False)])
def test_trusted_launch_where_the_image_is_of_it(value, trusted):
    features = [{"name": "IsHibernateSupported", "value": "True"}, {"name": "SecurityType", "value": value}]
    assert image.is_trusted(of(hyperVGeneration="V2", features=features)) is trusted
    assert not image.is_trusted(of(hyperVGeneration="V1", features=features))
    assert image.demands_trusted_launch(of(features=features)) is (value == "TrustedLaunch")


@pytest.mark.parametrize(("told", "architecture"), [
    ("x64", "amd64"), ("Arm64", "arm64"), ("ARM64", "arm64"), (None, None), ("Other", None)])
def test_the_architecture_in_the_words_of_linux(told, architecture):
    assert image.architecture(of(architecture=told)) == architecture


def test_what_a_managed_image_tells_of_its_disks():
    managed = of(storageProfile={"osDisk": {"diskSizeGB": 64}, "dataDisks": [{"lun": 3}, {"lun": 1}]})
    assert (image.disk_size_gb(managed), image.data_disk_luns(managed)) == (64, [1, 3])


def test_where_nothing_is_told_nothing_is_asked():
    for one in (None, {}, of(), of(features=None, plan=None, purchasePlan={}), of(hyperVGeneration="V2")):
        assert not image.is_trusted(one) and not image.demands_trusted_launch(one) and image.plan(one) is None
        assert image.architecture(one) is None and image.disk_size_gb(one) is None and image.data_disk_luns(one) == []


def test_the_plan_has_a_name_in_a_gallery_and_another_one_in_the_marketplace():
    assert image.plan(of(plan=PLAN)) == image.plan(of(purchasePlan={**PLAN, "promotionCode": None})) == PLAN


@pytest.mark.parametrize(("properties", "words"), [
    ({"osType": "Windows"}, "an image of Windows"),
    ({"storageProfile": {"osDisk": {"osType": "Windows"}}}, "of Windows"),
    ({"osDiskImage": {"operatingSystem": "Windows"}}, "of Windows"), ({"osState": "Specialized"}, "is specialized"),
    ({"storageProfile": {"osDisk": {"osType": "Linux", "osState": "Specialized"}}}, "is specialized"),
    ({"features": [{"name": "SecurityType", "value": "ConfidentialVM"}]}, "only confidential VMs")])
def test_what_makes_no_host(properties, words):
    assert words in image.why_no_host(of(**properties))


@pytest.mark.parametrize("properties", [
    {}, {"osType": "Linux", "osState": "Generalized"}, {"osDiskImage": {"operatingSystem": "Linux"}},
    {"storageProfile": {"osDisk": {"osType": "Linux", "osState": "Generalized"}}},
    {"features": [{"name": "SecurityType", "value": "ConfidentialVmSupported"}]}])
def test_what_does(properties):
    assert image.why_no_host(of(**properties)) is None
