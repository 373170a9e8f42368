"""The security profile of a host's VM: Trusted Launch, and encryption on the VM's own server."""

from __future__ import annotations

from azext_dockervm.body import image as image_body
from azext_dockervm.body.resource import Resource
from azext_dockervm.spec import sizes
from azext_dockervm.spec.host import HostSpec
from azext_dockervm.spec.words import STANDARD, TRUSTED_LAUNCH


def profile(spec: HostSpec, image: Resource | None, standard_is_known: bool = False) -> Resource | None:
    """None where nothing is asked for, neither by the user nor by the image.

    ``standard_is_known``: the subscription may say that a VM shall be without (its feature UseStandardSecurityType is
    registered, azure-cli#33280). To all others Azure gives such a VM where nothing is said, and refuses the word.
    """
    made: Resource = {"encryptionAtHost": True} if spec.disks.encryption_at_host else {}
    if is_trusted_launch(spec, image):
        made |= {"securityType": TRUSTED_LAUNCH, "uefiSettings": {
            "secureBootEnabled": spec.security.secure_boot is not False,
            "vTpmEnabled": spec.security.vtpm is not False}}
    elif spec.security.type == STANDARD and standard_is_known:
        made["securityType"] = STANDARD
    return made or None


def is_trusted_launch(spec: HostSpec, image: Resource | None) -> bool:
    """Where it is asked for; where nothing is, as `az vm create` does it: where the image has it. Some sizes have not,
    of which az makes no VM then."""
    if spec.security.wants_trusted_launch:
        return True
    size = sizes.parse(spec.machine.size)
    return spec.security.type is None and image_body.is_trusted(image) and (size is None or size.has_trusted_launch)
