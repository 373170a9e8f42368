"""The storage profile of a host's VM: the image and the disks."""

from __future__ import annotations

from azext_dockervm.body.resource import Resource
from azext_dockervm.spec.host import HostSpec


def profile(spec: HostSpec) -> Resource:
    return {"imageReference": spec.machine.image.reference,
            "osDisk": {"createOption": "FromImage", "caching": "ReadWrite", "deleteOption": "Delete"}}
