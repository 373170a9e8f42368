"""What Compute refuses in a new VM: names, user names, passwords, keys, custom data, images, disks and interfaces."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

from localazure.arm.cloud import Cloud
from localazure.machines.machine import Secret
from localazure.protocol import ids, reserved_names
from localazure.protocol.errors import ArmError, invalid_parameter, reference_not_found
from localazure.providers import kinds
from localazure.providers.common import missing_property
from localazure.providers.compute import disk_kinds, disks, encryption_sets, ephemeral_disks, key_pairs, spot
from localazure.providers.compute.image_catalog import Image, find, lacking
from localazure.providers.compute.sizes import Size, check_account_type
from localazure.providers.network import nic_reservations, references
from localazure.store.resources import Resource

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
_PATCHING = {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"}
_CUSTOM_DATA_BYTES = 65535
_CUSTOM_DATA_BASE64 = 87380  # what that is in base64
_DISK_LIMIT_GB = 4095
# What a VM's disks are where nobody says: all sizes here have premium storage.


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
    parts = [reference.get(name) or "" for name in ("publisher", "offer", "sku", "version")]
    for name, value in zip(("publisher", "offer", "sku", "version"), parts, strict=True):
        if not value:
            raise missing_property(f"imageReference.{name}")
    found = find(*parts[:3])
    version = parts[3]
    if found is not None and version == "latest":
        version = found.versions[-1]
    if found is None or version not in found.versions:
        why = lacking(*parts[:3]) or (
            "Verify that all fields in the storage profile are correct. For more details about storage profile "
            "information, please refer to https://aka.ms/storageprofile"
        )
        message = f"The platform image '{':'.join(parts)}' is not available. {why}"
        raise ArmError(404, "PlatformImageNotFound", message, target="imageReference")
    return found, version


def os_disk(
    cloud: Cloud, vm: ids.ResourceId, location: str, disk: dict[str, Any], tag: str, size: Size
) -> dict[str, Any]:
    """The OS disk as it is kept; `tag` makes the default name unique, `size` is the VM's."""
    option = disk.get("createOption") or "FromImage"
    if option.lower() != "fromimage":
        message = f"Local Azure makes OS disks from platform images only, not by createOption '{option}'."
        raise ArmError(409, "OperationNotAllowed", message, target="osDisk.createOption")
    local = ephemeral_disks.settings(disk, size)
    sku = (disk.get("managedDisk") or {}).get("storageAccountType") or (
        ephemeral_disks.ACCOUNT_TYPE if local else size.account_type
    )
    known = disk_kinds.sku_of(sku, "osDisk.managedDisk.storageAccountType")
    check_account_type(size, known, "osDisk.managedDisk.storageAccountType")
    size_gb = disk.get("diskSizeGB") or disks.OS_DISK_GB
    if not disks.OS_DISK_GB <= size_gb <= _DISK_LIMIT_GB:
        message = (
            f"The specified disk size {size_gb} GB is invalid: from {disks.OS_DISK_GB} (the image's own) to "
            f"{_DISK_LIMIT_GB} GB."
        )
        raise invalid_parameter("osDisk.diskSizeGB", message)
    if local:
        ephemeral_disks.check_room(local["placement"], size_gb, size)
    name = disk.get("name") or f"{vm.name}_OsDisk_1_{tag}"
    identifier = ids.resource_id(vm.subscription, vm.group, disks.KIND, name)
    disks.refuse_taken_name(cloud, identifier, vm)
    _refuse_other_id(disk, identifier)
    disk_kinds.refuse_write_accelerator(disk, size.name)
    kept: dict[str, Any] = {
        "osType": "Linux",
        "name": name,
        "createOption": "FromImage",
        "caching": disk.get("caching") or "ReadWrite",
        "managedDisk": {"storageAccountType": known, "id": str(identifier)},
        "deleteOption": disk.get("deleteOption") or "Detach",
        "diskSizeGB": size_gb,
    }
    encrypted = encryption_sets.of_managed_disk(cloud, disk.get("managedDisk"), location, "osDisk")
    if encrypted:
        kept["managedDisk"]["diskEncryptionSet"] = {"id": encrypted["diskEncryptionSetId"]}
    if local:
        kept["diffDiskSettings"] = local
    if disk.get("writeAcceleratorEnabled") is not None:
        kept["writeAcceleratorEnabled"] = disk["writeAcceleratorEnabled"]
    return kept


def disk_controller(storage: dict[str, Any], size: Size) -> str:
    """The kind of controller that the disks of a VM hang on; raises ArmError for one that its size lacks."""
    kind = str(storage.get("diskControllerType") or "SCSI")
    if kind not in size.controllers:
        message = f"The diskControllerType '{kind}' is not supported for VM size {size.name}: {size.controllers} is."
        raise invalid_parameter("storageProfile.diskControllerType", message)
    return kind


def _refuse_other_id(disk: dict[str, Any], own: ids.ResourceId) -> None:
    given = (disk.get("managedDisk") or {}).get("id")
    if given and ids.key(given) != ids.key(own):
        message = "The osDisk.managedDisk.id of an existing disk can't be given to a VM that is made from an image."
        raise invalid_parameter("osDisk.managedDisk.id", message)




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
    linux_kept["patchSettings"] = {**_PATCHING, **(linux.get("patchSettings") or {})}
    if linux.get("enableVMAgentPlatformUpdates") is not None:
        linux_kept["enableVMAgentPlatformUpdates"] = linux["enableVMAgentPlatformUpdates"]
    kept = {
        "computerName": computer,
        "adminUsername": user,
        "linuxConfiguration": linux_kept,
        "secrets": [],
        "allowExtensionOperations": given.get("allowExtensionOperations", True) is not False,
        "requireGuestProvisionSignal": True,
    }
    plain_keys = tuple(key.strip() for key in keys)
    return kept, Credentials(Secret(password) if password else None, plain_keys, custom_data(given.get("customData")))


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
    kept = given.get("keyData") or ""
    if not key_pairs.is_public_key(kept):
        raise invalid_parameter(
            f"{target}.keyData", "The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid."
        )
    return kept


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
        option = properties.get("deleteOption") or "Detach"
        kept.append({"id": str(nic.id), "properties": {"primary": True, "deleteOption": option}})
    return kept


def _refuse_taken(cloud: Cloud, vm: ids.ResourceId, nic: Resource) -> None:
    user = references.vm_of(cloud, nic)
    if user is not None and ids.key(user.id) != ids.key(vm):
        message = f"Network Interface {nic.id} is used by existing resource {user.id}."
        raise ArmError(400, "NicInUse", message, details=[])
    nic_reservations.refuse_reserved(cloud, nic.id, vm)


def refuse_unsupported(given: dict[str, Any], generation: str) -> None:
    """Raise ArmError for what a VM can't have with its image or priority."""
    profile = given.get("osProfile") or {}
    if profile.get("requireGuestProvisionSignal") is False:
        raise invalid_parameter("requireGuestProvisionSignal", "The requireGuestProvisionSignal of a VM must be true.")
    if profile.get("windowsConfiguration"):
        message = "The property 'windowsConfiguration' is not allowed for a Linux image."
        raise invalid_parameter("windowsConfiguration", message)
    security = (given.get("securityProfile") or {}).get("securityType")
    if security == "TrustedLaunch" and generation != "V2":
        message = (
            "Use of TrustedLaunch setting is not supported for the provided image. Please select Trusted Launch "
            "Supported Gen2 OS Image. For more information, see https://aka.ms/TrustedLaunch-FAQ."
        )
        raise ArmError(400, "BadRequest", message)
    spot.check(given)


def refuse_unregistered(cloud: Cloud, given: dict[str, Any]) -> None:
    """Raise ArmError for what the subscription has to register a feature for."""
    if not (given.get("securityProfile") or {}).get("encryptionAtHost"):
        return
    record = cloud.records.get("feature", "Microsoft.Compute/EncryptionAtHost")
    if (record or {}).get("state") != "Registered":
        message = (
            "The property 'securityProfile.encryptionAtHost' is not valid because the "
            "'Microsoft.Compute/EncryptionAtHost' feature is not enabled for this subscription."
        )
        raise ArmError(400, "InvalidParameter", message, target="securityProfile.encryptionAtHost")


def user_data(given: dict[str, Any]) -> str | None:
    """The user data of a body, in base64; raises ArmError when it is none or too long."""
    data: str | None = given.get("userData")
    try:
        custom_data(data)  # the same rule
    except ArmError:
        raise invalid_parameter("userData", "User data must be in Base64 encoding and at most 64 KB.") from None
    return data or None
