"""What Compute refuses in a new VM: names, user names, passwords, keys, custom data, images, disks and interfaces."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.machines.machine import Secret
from localazure.protocol import ids, reserved_names, shape
from localazure.protocol.errors import ArmError, invalid_parameter, reference_not_found
from localazure.providers import kinds
from localazure.providers.common import missing_property, spelled
from localazure.providers.compute import disk_kinds, disks, model
from localazure.providers.compute.image_catalog import Image, find, of_windows
from localazure.providers.network import nic_reservations, references
from localazure.store.resources import Resource

SHAPE: dict[str, Any] = {
    "zones": [str],
    "identity": {"type": str},
    "plan": dict,
    "properties": {
        "hardwareProfile": {"vmSize": str},
        "storageProfile": {
            "imageReference": {"publisher": str, "offer": str, "sku": str, "version": str, "id": str},
            "osDisk": {
                "name": str, "createOption": str, "caching": str, "deleteOption": str, "diskSizeGB": int,
                "managedDisk": {"storageAccountType": str, "id": str},
            },
            "dataDisks": [{
                "lun": int, "name": str, "createOption": str, "caching": str, "deleteOption": str, "diskSizeGB": int,
                "toBeDetached": bool, "writeAcceleratorEnabled": bool,
                "managedDisk": {"storageAccountType": str, "id": str},
            }],
        },
        "osProfile": {
            "computerName": str, "adminUsername": str, "adminPassword": str, "customData": str,
            "linuxConfiguration": {
                "disablePasswordAuthentication": bool,
                "provisionVMAgent": bool,
                "ssh": {"publicKeys": [{"path": str, "keyData": str}]},
                "patchSettings": dict,
            },
        },
        "networkProfile": {
            "networkInterfaces": [{"id": str, "properties": {"primary": bool, "deleteOption": str}}],
            "networkInterfaceConfigurations": [dict],
        },
        "availabilitySet": shape.SUB_RESOURCE,
        "proximityPlacementGroup": shape.SUB_RESOURCE,
        "host": dict, "hostGroup": dict, "virtualMachineScaleSet": dict, "capacityReservation": dict,
        "applicationProfile": dict,
        "securityProfile": {"securityType": str, "uefiSettings": dict},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": bool, "storageUri": str}},
        "userData": str,
        "priority": str,
    },
}  # fmt: skip

_RESERVED_USERS = set(
    "administrator admin user user1 test user2 test1 user3 admin1 1 123 a actuser adm admin2 aspnet backup console "
    "david guest john owner root server sql support support_388945a0 sys test2 test3 user4 user5 video".split()
)
_REFUSED_PASSWORDS = set(
    "abc@123 P@$$w0rd P@ssw0rd P@ssword123 Pa$$word pass@word1 Password! Password1 Password22 iloveyou!".split()
)
_USER = re.compile(r"^[a-z_][a-z0-9_.-]{0,63}$", re.I)
_PASSWORD_RULE = (
    "The supplied password must be between 6-72 characters long and must satisfy at least 3 of password complexity "
    "requirements from the following:\r\n1) Contains an uppercase character\r\n2) Contains a lowercase character\r\n"
    "3) Contains a numeric digit\r\n4) Contains a special character\r\n5) Control characters are not allowed"
)
_CUSTOM_DATA_BYTES = 65535
_CUSTOM_DATA_BASE64 = 87380  # what that is in base64
_DISK_LIMIT_GB = 4095
# What a VM's disks are where nobody says: all sizes here have premium storage.
DEFAULT_SKU = "Premium_LRS"


@dataclass(frozen=True)
class Credentials:
    """How the admin user signs in, and the custom data; lives as long as the create operation, is never stored."""

    password: Secret | None
    keys: tuple[str, ...]
    custom_data: bytes | None = field(repr=False)


def image(given: dict[str, Any]) -> tuple[Image, str]:
    """The platform image of a body and its exact version; raises ArmError PlatformImageNotFound."""
    reference = given.get("imageReference") or {}
    if not reference:
        raise missing_property("imageReference")
    if reference.get("id"):
        message = f"The image '{reference['id']}' could not be found; Local Azure has platform images only."
        raise ArmError(404, "NotFound", message)
    parts = [reference.get(name) or "" for name in ("publisher", "offer", "sku", "version")]
    for name, value in zip(("publisher", "offer", "sku", "version"), parts, strict=True):
        if not value:
            raise missing_property(f"imageReference.{name}")
    found = find(*parts[:3])
    version = parts[3]
    if found is not None and version == "latest":
        version = found.versions[-1]
    if of_windows(parts[0]):
        message = f"The platform image '{':'.join(parts)}' is not available. Local Azure has Linux images only."
        raise ArmError(404, "PlatformImageNotFound", message, target="imageReference")
    if found is None or version not in found.versions:
        raise ArmError(
            404,
            "PlatformImageNotFound",
            f"The platform image '{':'.join(parts)}' is not available. Verify that all fields in the storage profile "
            "are correct. For more details about storage profile information, please refer to https://aka.ms/storageprofile",
            target="imageReference",
        )
    return found, version


def os_disk(cloud: Cloud, vm: ids.ResourceId, given: dict[str, Any], tag: str) -> dict[str, Any]:
    """The OS disk as it is kept; `tag` makes the default name unique."""
    disk = given.get("osDisk") or {}
    option = disk.get("createOption") or "FromImage"
    if option.lower() != "fromimage":
        message = f"Local Azure makes OS disks from platform images only, not by createOption '{option}'."
        raise ArmError(409, "OperationNotAllowed", message, target="osDisk.createOption")
    sku = (disk.get("managedDisk") or {}).get("storageAccountType") or DEFAULT_SKU
    known = disk_kinds.sku_of(sku, "osDisk.managedDisk.storageAccountType")
    size = disk.get("diskSizeGB") or disks.OS_DISK_GB
    if not disks.OS_DISK_GB <= size <= _DISK_LIMIT_GB:
        message = (
            f"The specified disk size {size} GB is invalid: from {disks.OS_DISK_GB} (the image's own) to "
            f"{_DISK_LIMIT_GB} GB."
        )
        raise invalid_parameter("osDisk.diskSizeGB", message)
    name = disk.get("name") or f"{vm.name}_OsDisk_1_{tag}"
    identifier = ids.resource_id(vm.subscription, vm.group, disks.KIND, name)
    disks.refuse_taken_name(cloud, identifier, vm)
    return {
        "osType": "Linux",
        "name": name,
        "createOption": "FromImage",
        "caching": disk.get("caching") or "ReadWrite",
        "managedDisk": {"storageAccountType": known, "id": str(identifier)},
        "deleteOption": delete_option(disk.get("deleteOption"), "osDisk.deleteOption"),
        "diskSizeGB": size,
    }


def delete_option(value: str | None, target: str) -> str:
    """ "Delete" or "Detach" (the default)."""
    known = spelled(value or "Detach", ("Delete", "Detach"))
    if known is not None:
        return known
    raise invalid_parameter(target, f"The value '{value}' of parameter '{target}' is invalid: Delete or Detach.")


def os_profile(vm_name: str, given: dict[str, Any] | None) -> tuple[dict[str, Any], Credentials]:
    """The OS profile as it is kept, without any secret, and the secrets beside it."""
    if not given:
        raise missing_property("osProfile")
    computer = given.get("computerName") or vm_name
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?", computer):
        raise invalid_parameter(
            "computerName",
            "Linux host name cannot exceed 64 characters in length or contain the following characters: "
            "` ~ ! @ # $ % ^ & * ( ) = + _ [ ] { } \\ | ; : ' \" , < > / ?.",
        )
    reserved_names.refuse(kinds.VM, computer)
    user = _user(given.get("adminUsername"))
    linux = given.get("linuxConfiguration") or {}
    if given.get("windowsConfiguration"):
        raise invalid_parameter(
            "windowsConfiguration", "The property 'windowsConfiguration' is not allowed for a Linux image."
        )
    keys = tuple(_key(one, user) for one in (linux.get("ssh") or {}).get("publicKeys") or [])
    no_password = bool(linux.get("disablePasswordAuthentication"))
    # Not even looked at where nobody signs in by it: many templates send their parameter "adminPasswordOrKey" as both.
    password = None if no_password else given.get("adminPassword")
    if no_password and not keys:
        message = "Authentication using either SSH or by user name and password must be enabled in Linux profile."
        raise invalid_parameter("linuxConfiguration", message)
    if not no_password and not password:
        raise missing_property("adminPassword")
    if password:
        _check_password(password)
    linux_kept: dict[str, Any] = {"disablePasswordAuthentication": no_password}
    if keys:
        linux_kept["ssh"] = {"publicKeys": [{"path": _key_path(user), "keyData": key} for key in keys]}
    linux_kept["provisionVMAgent"] = linux.get("provisionVMAgent", True) is not False
    linux_kept["patchSettings"] = linux.get("patchSettings") or {
        "patchMode": "ImageDefault",
        "assessmentMode": "ImageDefault",
    }
    kept = {
        "computerName": computer,
        "adminUsername": user,
        "linuxConfiguration": linux_kept,
        "secrets": [],
        "allowExtensionOperations": given.get("allowExtensionOperations", True) is not False,
        "requireGuestProvisionSignal": True,
    }
    return kept, Credentials(Secret(password) if password else None, keys, custom_data(given.get("customData")))


def _user(user: str | None) -> str:
    if not user:
        raise missing_property("osProfile.adminUsername")
    if user.lower() in _RESERVED_USERS:
        raise invalid_parameter("adminUsername", "The Admin Username specified is not allowed.")
    if len(user) > 64:
        raise invalid_parameter(
            "adminUsername", "The Admin Username specified must be between 1 and 64 characters long."
        )
    if not _USER.fullmatch(user) or user.endswith("."):
        raise invalid_parameter(
            "adminUsername", "The Admin Username specified is not allowed: it has special characters."
        )
    return user


def _check_password(password: str) -> None:
    classes = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")
    met = sum(bool(re.search(one, password)) for one in classes)
    if not 6 <= len(password) <= 72 or met < 3 or any(ord(sign) < 32 or ord(sign) == 127 for sign in password):
        raise invalid_parameter("adminPassword", _PASSWORD_RULE)
    if password in _REFUSED_PASSWORDS:
        raise invalid_parameter(
            "adminPassword", "The supplied password is not allowed: it is one of the well-known ones."
        )


def _key_path(user: str) -> str:
    return f"/home/{user}/.ssh/authorized_keys"


def _key(given: dict[str, Any], user: str) -> str:
    target = "linuxConfiguration.ssh.publicKeys"
    path = given.get("path") or _key_path(user)
    if path != _key_path(user):
        message = (
            f"Destination path for SSH public keys is currently limited to its default value {_key_path(user)} due to "
            "a known issue in Linux provisioning agent."
        )
        raise invalid_parameter(f"{target}.path", message)
    key = (given.get("keyData") or "").strip()
    algorithm, _, rest = key.partition(" ")
    try:
        blob = base64.b64decode(rest.split(" ")[0], validate=True)
    except binascii.Error:
        blob = b""
    # The blob begins with the algorithm's name, preceded by its length in four bytes.
    if not algorithm or not key.isprintable() or blob[4 : 4 + len(algorithm)] != algorithm.encode():
        raise invalid_parameter(
            f"{target}.keyData", "The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid."
        )
    return key


def custom_data(text: str | None) -> bytes | None:
    """Custom data in clear; raises ArmError when it is no base64 or too long."""
    if not text:
        return None
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        data = b"\0" * (_CUSTOM_DATA_BYTES + 1)
    if len(data) > _CUSTOM_DATA_BYTES:
        message = (
            "Custom data in OSProfile must be in Base64 encoding and with a maximum length of "
            f"{_CUSTOM_DATA_BASE64} characters."
        )
        raise invalid_parameter("customData", message)
    return data


def interfaces(cloud: Cloud, vm: ids.ResourceId, location: str, given: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The network interfaces of a VM as they are kept; each must exist in the VM's region and be free."""
    profile = given or {}
    found = profile.get("networkInterfaces") or []
    if profile.get("networkInterfaceConfigurations"):
        message = "Local Azure takes existing network interfaces only, no networkInterfaceConfigurations."
        raise ArmError(409, "OperationNotAllowed", message, target="networkInterfaceConfigurations")
    if not found:
        raise missing_property("networkProfile")
    if len(found) > 1:
        raise ArmError(
            409, "OperationNotAllowed", "Local Azure gives a VM one network interface.", target="networkInterfaces"
        )
    kept = []
    for one in found:
        path = "properties.networkProfile.networkInterfaces[0].id"
        nic = cloud.store.get(ids.parse(one.get("id") or "", path))
        if nic is None or nic.type != kinds.NIC or nic.state == "Deleting":
            raise ArmError(404, "NotFound", f"Resource {one['id']} not found.")
        if nic.location != location:
            raise reference_not_found(str(nic.id), str(vm))
        _refuse_taken(cloud, vm, nic)
        properties = one.get("properties") or {}
        option = delete_option(properties.get("deleteOption"), "networkInterfaces.properties.deleteOption")
        kept.append({"id": str(nic.id), "properties": {"primary": True, "deleteOption": option}})
    return kept


def _refuse_taken(cloud: Cloud, vm: ids.ResourceId, nic: Resource) -> None:
    user = references.vm_of(cloud, nic)
    if user is not None and ids.key(user.id) != ids.key(vm):
        message = f"Network Interface {nic.id} is used by existing resource {user.id}."
        raise ArmError(400, "NicInUse", message, details=[])
    nic_reservations.refuse_reserved(cloud, nic.id, vm)


def body(value: dict[str, Any]) -> dict[str, Any]:
    """The properties of a VM body in the model's spelling, their JSON types right. Raises ArmError."""
    given: dict[str, Any] = model.read(value.get("properties") or {}, model.VM, "vm")
    shape.check({**value, "properties": given}, SHAPE)
    return given


# Members for which there is nothing here: they are refused rather than passed over.
_ABSENT = {
    "host": "dedicated hosts", "hostGroup": "dedicated hosts", "virtualMachineScaleSet": "scale sets",
    "capacityReservation": "capacity reservations", "applicationProfile": "gallery applications",
}  # fmt: skip


def refuse_unsupported(given: dict[str, Any], generation: str) -> None:
    """Raise ArmError for what a VM can't have here, or not with its image or priority."""
    for name, words in _ABSENT.items():
        value = given.get(name)
        if value and any(inner for inner in value.values()):
            raise ArmError(409, "OperationNotAllowed", f"Local Azure has no {words}.", target=name)
    if (given.get("osProfile") or {}).get("secrets"):
        message = "Local Azure has no key vaults to take the secrets of a VM from."
        raise ArmError(409, "OperationNotAllowed", message, target="osProfile.secrets")
    security = (given.get("securityProfile") or {}).get("securityType")
    if security == "ConfidentialVM":
        message = "Local Azure has no confidential VMs."
        raise ArmError(409, "OperationNotAllowed", message, target="securityProfile.securityType")
    if security == "TrustedLaunch" and generation != "V2":
        message = (
            "Use of TrustedLaunch setting is not supported for the provided image. Please select Trusted Launch "
            "Supported Gen2 OS Image. For more information, see https://aka.ms/TrustedLaunch-FAQ."
        )
        raise ArmError(400, "BadRequest", message)
    if given.get("evictionPolicy") and given.get("priority") not in ("Spot", "Low"):
        message = (
            "Eviction policy can be set only on Azure Spot Virtual Machines. For more information, see "
            "http://aka.ms/AzureSpot/errormessages."
        )
        raise ArmError(409, "OperationNotAllowed", message)


def user_data(given: dict[str, Any]) -> str | None:
    """The user data of a body, in base64; raises ArmError when it is none or too long."""
    data: str | None = given.get("userData")
    try:
        custom_data(data)  # the same rule
    except ArmError:
        raise invalid_parameter("userData", "User data must be in Base64 encoding and at most 64 KB.") from None
    return data or None
