"""Compute's models: how its bodies are read. Names ignore case, unknown members and values are refused as by Compute.

Compute deserializes strictly: a member that its model does not have is refused, and names are found without regard to
case. `read` answers with a copy in the model's own spelling, so that providers look at one spelling only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localazure.protocol.errors import ArmError

# A model is an Obj, an Enum, a list with the model of its members, or ANY: whatever it holds is left as it is.
Model = Any
ANY: Model = None


@dataclass(frozen=True)
class Enum:
    """A text out of a fixed set; the case of the answer is the model's."""

    type: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Obj:
    """An object: the name of its type, for messages, and its members."""

    type: str
    members: dict[str, Model]


def obj(type_name: str, words: str = "", **members: Model) -> Obj:
    """An object with members of any value (`words`, separated by spaces) and members with models of their own."""
    return Obj(type_name, {**dict.fromkeys(words.split(), ANY), **members})


def enum(type_name: str, words: str) -> Enum:
    return Enum(type_name, tuple(words.split()))


def read(value: Any, model: Model, root: str, path: str = "properties") -> Any:
    """The value in the model's spelling; `root` names the whole in targets, like "vm". Raises ArmError BadRequest.

    JSON types are not looked at here (shape.check does that): a value of the wrong type is passed on.
    """
    if isinstance(model, Obj) and isinstance(value, dict):
        known = {name.lower(): name for name in model.members}
        result = {}
        for given, inner in value.items():
            name = known.get(given.lower())
            if name is None:
                message = f"Could not find member '{given}' on object of type '{model.type}'. Path '{path}.{given}'."
                raise ArmError(400, "BadRequest", message, target=f"{root}.{path}.{given}")
            result[name] = read(inner, model.members[name], root, f"{path}.{name}")
        return result
    if isinstance(model, list) and isinstance(value, list):
        return [read(one, model[0], root, f"{path}[{at}]") for at, one in enumerate(value)]
    if isinstance(model, Enum) and isinstance(value, str):
        for known_value in model.values:
            if known_value.lower() == value.lower():
                return known_value
        message = f"Error converting value \"{value}\" to type '{model.type}'. Path '{path}'."
        raise ArmError(400, "BadRequest", message, target=f"{root}.{path}")
    return value


def out_of_range(parameter: str, value: Any, least: int, most: int) -> ArmError:
    """Compute's refusal of a number."""
    message = (
        f"The value '{value}' of parameter '{parameter}' is out of range. The value must be between '{least}' and "
        f"'{most}', inclusive."
    )
    return ArmError(400, "InvalidParameter", message, target=parameter)


# what virtual machines are described by

CACHING = enum("CachingTypes", "None ReadOnly ReadWrite")
DELETE_OPTION = enum("DeleteOptions", "Delete Detach")
CREATE_OPTION = enum("DiskCreateOptionTypes", "FromImage Empty Attach Copy Restore")
STORAGE_TYPE = enum(
    "StorageAccountType",
    "Standard_LRS StandardSSD_LRS StandardSSD_ZRS Premium_LRS Premium_ZRS UltraSSD_LRS PremiumV2_LRS",
)
_MANAGED_DISK = obj(
    "ManagedDiskParameters", "id diskEncryptionSet securityProfile", storageAccountType=STORAGE_TYPE
)
_OS_DISK = obj(
    "OSDisk", "encryptionSettings name vhd image writeAcceleratorEnabled diffDiskSettings diskSizeGB",
    osType=enum("OperatingSystemTypes", "Linux Windows"), caching=CACHING, createOption=CREATE_OPTION,
    managedDisk=_MANAGED_DISK, deleteOption=DELETE_OPTION,
)  # fmt: skip
DATA_DISK = obj(
    "DataDisk", "lun name vhd image writeAcceleratorEnabled diskSizeGB sourceResource toBeDetached diskIOPSReadWrite "
    "diskMBpsReadWrite", caching=CACHING, createOption=CREATE_OPTION, managedDisk=_MANAGED_DISK,
    detachOption=enum("DiskDetachOptionTypes", "ForceDetach"), deleteOption=DELETE_OPTION,
)  # fmt: skip
_STORAGE = obj(
    "StorageProfile", "diskControllerType alignRegionalDisksToVMZone",
    imageReference=obj(
        "ImageReference", "id publisher offer sku version exactVersion sharedGalleryImageId communityGalleryImageId"
    ),
    osDisk=_OS_DISK, dataDisks=[DATA_DISK],
)  # fmt: skip
_LINUX = obj(
    "LinuxConfiguration", "disablePasswordAuthentication provisionVMAgent enableVMAgentPlatformUpdates",
    ssh=obj("SshConfiguration", publicKeys=[obj("SshPublicKey", "path keyData")]),
    patchSettings=obj(
        "LinuxPatchSettings", "automaticByPlatformSettings",
        patchMode=enum("LinuxVMGuestPatchMode", "ImageDefault AutomaticByPlatform"),
        assessmentMode=enum("LinuxPatchAssessmentMode", "ImageDefault AutomaticByPlatform"),
    ),
)  # fmt: skip
_OS_PROFILE = obj(
    "OSProfile", "computerName adminUsername adminPassword customData windowsConfiguration secrets "
    "allowExtensionOperations requireGuestProvisionSignal", linuxConfiguration=_LINUX,
)  # fmt: skip
_NETWORK = obj(
    "NetworkProfile", "networkApiVersion networkInterfaceConfigurations",
    networkInterfaces=[obj(
        "NetworkInterfaceReference", "id",
        properties=obj("NetworkInterfaceReferenceProperties", "primary", deleteOption=DELETE_OPTION),
    )],
)  # fmt: skip
VM = obj(
    "VirtualMachineProperties",
    # the last line is read-only: ignored in what is sent
    "additionalCapabilities applicationProfile availabilitySet billingProfile capacityReservation extensionsTimeBudget "
    "host hostGroup licenseType platformFaultDomain proximityPlacementGroup resiliencyProfile scheduledEventsPolicy "
    "scheduledEventsProfile userData virtualMachineScaleSet "
    "instanceView provisioningState timeCreated vmId",
    hardwareProfile=obj("HardwareProfile", "vmSize vmSizeProperties"),
    storageProfile=_STORAGE, osProfile=_OS_PROFILE, networkProfile=_NETWORK,
    diagnosticsProfile=obj(
        "DiagnosticsProfile", bootDiagnostics=obj("BootDiagnostics", "enabled storageUri")
    ),
    priority=enum("VirtualMachinePriorityTypes", "Regular Low Spot"),
    evictionPolicy=enum("VirtualMachineEvictionPolicyTypes", "Deallocate Delete"),
    securityProfile=obj(
        "SecurityProfile", "uefiSettings encryptionAtHost encryptionIdentity proxyAgentSettings",
        securityType=enum("SecurityTypes", "Standard TrustedLaunch ConfidentialVM"),
    ),
)  # fmt: skip
EXTENSION = obj(
    "VirtualMachineExtensionProperties",
    "publisher type typeHandlerVersion autoUpgradeMinorVersion enableAutomaticUpgrade forceUpdateTag settings "
    "protectedSettings protectedSettingsFromKeyVault provisionAfterExtensions suppressFailures instanceView "
    "provisioningState",
)
RUN_COMMAND = obj(
    "VirtualMachineRunCommandProperties",
    "parameters protectedParameters asyncExecution runAsUser runAsPassword timeoutInSeconds outputBlobUri errorBlobUri "
    "outputBlobManagedIdentity errorBlobManagedIdentity treatFailureAsDeploymentFailure instanceView provisioningState",
    source=obj(
        "VirtualMachineRunCommandScriptSource",
        "script scriptUri commandId scriptUriManagedIdentity galleryScriptReferenceId scriptShell",
    ),
)
DISK = obj(
    "DiskProperties",
    "availabilityPolicy burstingEnabled completionPercent dataAccessAuthMode diskAccessId diskIOPSReadOnly "
    "diskIOPSReadWrite diskMBpsReadOnly diskMBpsReadWrite diskSizeGB encryption encryptionSettingsCollection "
    "hyperVGeneration maxShares optimizedForFrequentAttach purchasePlan securityProfile supportedCapabilities "
    "supportsHibernation tier "
    "burstingEnabledTime diskSizeBytes diskState isArmResource LastOwnershipUpdateTime propertyUpdatesInProgress "
    "provisioningState shareInfo timeCreated uniqueId",
    osType=enum("OperatingSystemTypes", "Linux Windows"),
    networkAccessPolicy=enum("NetworkAccessPolicy", "AllowAll AllowPrivate DenyAll"),
    publicNetworkAccess=enum("PublicNetworkAccess", "Enabled Disabled"),
    creationData=obj(
        "CreationData",
        "storageAccountId imageReference galleryImageReference sourceUri sourceResourceId sourceUniqueId "
        "uploadSizeBytes logicalSectorSize securityDataUri securityMetadataUri performancePlus elasticSanResourceId "
        "provisionedBandwidthCopySpeed instantAccessDurationMinutes",
        createOption=enum(
            "DiskCreateOption",
            "Empty Attach FromImage Import Copy Restore Upload CopyStart ImportSecure UploadPreparedSecure "
            "CopyFromSanSnapshot",
        ),
    ),
)
