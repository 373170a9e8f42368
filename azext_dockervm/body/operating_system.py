"""The OS profile of a host's VM: its name, who logs in, what its first boot is given."""

from __future__ import annotations

import base64
from typing import Any

from azext_dockervm.body.resource import Resource
from azext_dockervm.flow.request import Ref
from azext_dockervm.secret import Secret
from azext_dockervm.spec.host import HostSpec


def profile(spec: HostSpec, custom_data: bytes | Secret[str] | Ref | None) -> Resource:
    """``custom_data`` that is secret, or is to be made of what an earlier step gives, comes encoded."""
    linux: Resource = {"disablePasswordAuthentication": spec.login.password is None}
    if spec.login.ssh_keys:
        path = f"/home/{spec.login.user}/.ssh/authorized_keys"
        linux["ssh"] = {"publicKeys": [{"path": path, "keyData": key} for key in spec.login.ssh_keys]}
    made: dict[str, Any] = {"computerName": spec.name, "adminUsername": spec.login.user, "linuxConfiguration": linux}
    if spec.login.password is not None:
        made["adminPassword"] = spec.login.password
    if custom_data is not None:
        made["customData"] = base64.b64encode(custom_data).decode() if isinstance(custom_data, bytes) else custom_data
    return made
