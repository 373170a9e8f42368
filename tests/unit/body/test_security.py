"""The security profile: what image and size are of, and what is asked for."""

from __future__ import annotations

import pytest
from specs import changed, host_spec

from azext_dockervm.body import security
from azext_dockervm.spec.disks import Disks
from azext_dockervm.spec.security import Security

SPEC = host_spec()


def of_image(value="TrustedLaunchSupported", generation="V2"):
    return {"properties": {"hyperVGeneration": generation, "features": [{"name": "SecurityType", "value": value}]}}


def profile(image, size="Standard_D2s_v5", standard=False, **asked):
    return security.profile(changed(SPEC, size=size, security=Security(**asked)), image, standard)


def trusted(secure_boot=True, vtpm=True):
    return {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": secure_boot, "vTpmEnabled": vtpm}}


@pytest.mark.parametrize(("image", "size", "made"), [
    (None, "Standard_D2s_v5", None), (of_image(), "Standard_D2s_v5", trusted()),
    (of_image(), "Standard_D2ps_v6", trusted()),
    # Of these sizes Azure makes no such VM.
    (of_image(), "Standard_D2ps_v5", None), (of_image(), "Standard_D2_v3", None), (of_image(), "standard", trusted()),
    (of_image("ConfidentialVmSupported"), "Standard_D2s_v5", None),
    (of_image(generation="V1"), "Standard_D2s_v5", None)])
def test_where_nothing_is_asked_it_is_as_image_and_size_have_it(image, size, made):
    assert profile(image, size) == made


@pytest.mark.parametrize(("asked", "made"), [
    ({"secure_boot": False}, trusted(secure_boot=False)), ({"vtpm": False}, trusted(vtpm=False)),
    ({"type": "TrustedLaunch", "secure_boot": False, "vtpm": True}, trusted(secure_boot=False))])
def test_each_part_can_be_left_out(asked, made):
    assert profile(of_image(), **asked) == made


@pytest.mark.parametrize("asked", [{"type": "TrustedLaunch"}, {"secure_boot": True}, {"vtpm": True}])
def test_what_is_asked_for_is_sent_for_an_image_of_which_nothing_is_known(asked):
    assert profile(None, **asked) == trusted()


def test_what_is_switched_off_is_not_spoken_of_where_there_is_none():
    assert profile(None, secure_boot=False, vtpm=False) is None


def test_a_standard_vm_is_named_only_to_those_who_may_name_it():
    """Azure refuses the word where the feature is not registered, and makes such a VM where nothing is said."""
    assert profile(of_image(), type="Standard") is None
    assert profile(of_image(), type="Standard", standard=True) == {"securityType": "Standard"}
    assert profile(of_image(), standard=True) == trusted()


def test_encryption_on_the_server_stands_beside_it():
    asked = changed(SPEC, disks=Disks(encryption_at_host=True))
    assert security.profile(asked, None) == {"encryptionAtHost": True}
    assert security.profile(asked, of_image()) == {**trusted(), "encryptionAtHost": True}
