"""The security profile: what the image is of, and what is asked for."""

from __future__ import annotations

from specs import changed, host_spec

from azext_dockervm.body import security
from azext_dockervm.spec.disks import Disks

SPEC = host_spec()
OF_IMAGE = {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}}
TRUSTED = {"properties": {"hyperVGeneration": "V2", "features": [
    {"name": "SecurityType", "value": "TrustedLaunchSupported"}]}}


def test_nothing_is_said_where_nothing_is_asked_for():
    assert security.profile(SPEC, None) is None and security.profile(SPEC, TRUSTED) == OF_IMAGE


def test_encryption_on_the_server_stands_beside_it():
    asked = changed(SPEC, disks=Disks(encryption_at_host=True))
    assert security.profile(asked, None) == {"encryptionAtHost": True}
    assert security.profile(asked, TRUSTED) == {**OF_IMAGE, "encryptionAtHost": True}
