"""Who a guest is: names that it can have, its first user's number, and the document that its agent keeps of them."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

from localazure.machines.machine import MachineError, MachineSpec

# Of the first user, as on Azure's images.
UID = 1000
# What useradd itself refuses because it would break the lines of passwd.
_USER_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,63}")
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?")


def check_names(spec: MachineSpec) -> None:
    """Refuse names that would break the guest's own files; rules about taste are the service's."""
    if not _USER_NAME.fullmatch(spec.admin_username):
        raise MachineError("InvalidUser", f"{spec.admin_username!r} can't be the name of a Linux user")
    if not _HOST_NAME.fullmatch(spec.hostname):
        raise MachineError("InvalidHostName", f"{spec.hostname!r} can't be a host name")


def ovf_environment(spec: MachineSpec) -> str:
    """The provisioning document as it stays on the guest, for root alone: without the password, and with the custom
    data. cloud-init writes what it has parsed, so that its names have prefixes (`<ns1:CustomData>`); the agent writes
    it as it came."""
    given = "" if spec.custom_data is None else base64.b64encode(spec.custom_data).decode()
    document = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" '
        'xmlns:wa="http://schemas.microsoft.com/windowsazure">'
        "<wa:ProvisioningSection><wa:Version>1.0</wa:Version><LinuxProvisioningConfigurationSet "
        'xmlns="http://schemas.microsoft.com/windowsazure">'
        "<ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType>"
        f"<HostName>{escape(spec.hostname)}</HostName><UserName>{escape(spec.admin_username)}</UserName>"
        "<UserPassword>REDACTED</UserPassword>"
        f"<DisableSshPasswordAuthentication>{str(spec.admin_password is None).lower()}"
        f"</DisableSshPasswordAuthentication>{f'<CustomData>{given}</CustomData>' if given else ''}"
        "</LinuxProvisioningConfigurationSet></wa:ProvisioningSection></Environment>\n"
    )
    return ElementTree.tostring(ElementTree.fromstring(document), "unicode") if spec.cloud_init else document
