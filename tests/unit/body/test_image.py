"""An image as it is read, platform, managed or of a gallery: what it asks of a VM, and what makes no host of it."""

from __future__ import annotations

import pytest

from azext_dockervm.body import image

TRUSTED = {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}}
PLAN = {"name": "a", "publisher": "b", "product": "c"}


def of(**properties):
    return {"properties": properties}


@pytest.mark.parametrize(("value", "trusted"), [
    ("TrustedLaunch", True), ("TrustedLaunchSupported", True), ("TrustedLaunchAndConfidentialVmSupported", True),
    ("trustedlaunchsupported", True), ("ConfidentialVmSupported", False), ("ConfidentialVM", False)])
def test_trusted_launch_where_the_image_is_of_it(value, trusted):
    features = [{"name": "IsHibernateSupported", "value": "True"}, {"name": "SecurityType", "value": value}]
    assert image.security_profile(of(hyperVGeneration="V2", features=features)) == (TRUSTED if trusted else None)
    assert image.security_profile(of(hyperVGeneration="V1", features=features)) is None


def test_where_nothing_is_told_nothing_is_asked():
    for one in (None, {}, of(), of(features=None, plan=None, purchasePlan={}), of(hyperVGeneration="V2")):
        assert image.security_profile(one) is None and image.plan(one) is None


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
