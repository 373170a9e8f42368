"""The security profile of a host's VM: Trusted Launch, and encryption on the VM's own server."""

from __future__ import annotations

from azext_dockervm.body import image as image_body
from azext_dockervm.body.resource import Resource
from azext_dockervm.spec.host import HostSpec


def profile(spec: HostSpec, image: Resource | None) -> Resource | None:
    """None where nothing is asked for, neither by the user nor by the image."""
    made = dict(image_body.security_profile(image) or {})
    if spec.disks.encryption_at_host:
        made["encryptionAtHost"] = True
    return made or None
