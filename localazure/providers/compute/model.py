"""Compute's words for bodies that can't be read, and the models that are no VM's: extensions, run commands, disks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from localazure.protocol.errors import ArmError
from localazure.protocol.request import Request
from localazure.providers import model
from localazure.providers.model import ANY, READ_ONLY, REFERENCE, Model, NotHere, enum, named, obj

_ENVELOPE = "ResourceDefinition"


def resource(properties: Model, **members: Model) -> Model:
    """The whole body of a resource with these properties. What is refused at its top, Resource Manager refuses."""
    front = {**named("id name type etag systemData managedBy", READ_ONLY), "location": ANY, "tags": ANY}
    return obj(_ENVELOPE, **front, properties=properties, **members)


@dataclass(frozen=True)
class _Refusals:
    """Of a resource that targets call `root`, like "vm"."""

    root: str

    def unknown(self, type_name: str, name: str, path: str) -> ArmError:
        if type_name == _ENVELOPE:
            return model.FRONT_DOOR.unknown(type_name, name, path)
        return self.unreadable(f"Could not find member '{name}' on object of type '{type_name}'. Path '{path}'.", path)

    def unreadable(self, message: str, path: str) -> ArmError:
        return ArmError(400, "BadRequest", message, target=f"{self.root}.{path}")

    def not_here(self, what: NotHere, path: str) -> ArmError:
        message = f"Local Azure has no {what.words}."
        return ArmError(409, "OperationNotAllowed", message, target=path.removeprefix("properties."))


def read(request: Request, whole: Model, root: str) -> Request:
    """The request with its body as it is read; `root` names the resource in targets, like "vm". Raises ArmError."""
    body = model.read(request.body, whole, _Refusals(root))
    body["properties"] = body.get("properties") or {}
    return replace(request, body=body)


def out_of_range(parameter: str, value: Any, least: int, most: int) -> ArmError:
    """Compute's refusal of a number."""
    message = (
        f"The value '{value}' of parameter '{parameter}' is out of range. The value must be between '{least}' and "
        f"'{most}', inclusive."
    )
    return ArmError(400, "InvalidParameter", message, target=parameter)


EXTENDED_LOCATION = NotHere("ExtendedLocation", "edge zones (extendedLocation)")
ENCRYPTION_SETS = NotHere("DiskEncryptionSet", "disk encryption sets")
WINDOWS = NotHere("Windows", "Windows")
OS_TYPE = enum("OperatingSystemTypes", "Linux", "Windows", WINDOWS)
_KEY_VAULT = NotHere("KeyVault", "key vaults to take protected settings from")
EVENTS_POLICY = obj(
    "ScheduledEventsPolicy",
    **named(
        "userInitiatedRedeploy userInitiatedReboot allInstancesDown",
        obj("AutomaticApproval", automaticallyApprove=bool),
    ),
    scheduledEventsAdditionalPublishingTargets=obj(
        "ScheduledEventsAdditionalPublishingTargets",
        eventGridAndResourceGraph=obj("EventGridAndResourceGraph", enable=bool, scheduledEventsApiVersion=str),
    ),
)

# extensions and run commands

_EXTENSION = obj(
    "VirtualMachineExtensionProperties",
    **named("publisher type typeHandlerVersion forceUpdateTag", str),
    **named("autoUpgradeMinorVersion enableAutomaticUpgrade suppressFailures", bool),
    **named("settings protectedSettings", dict),
    provisionAfterExtensions=[str], protectedSettingsFromKeyVault=_KEY_VAULT,
    **named("instanceView provisioningState", READ_ONLY),
)  # fmt: skip
EXTENSION = resource(_EXTENSION)
_PARAMETERS = [obj("RunCommandInputParameter", name=str, value=str)]
_IDENTITIES = NotHere("BlobIdentity", "storage accounts to reach with a managed identity")
_BLOBS = NotHere("StorageAccount", "storage accounts: read the output in the instance view")
_RUN_COMMAND = obj(
    "VirtualMachineRunCommandProperties",
    source=obj(
        "VirtualMachineRunCommandScriptSource",
        **named("script scriptUri commandId", str),
        scriptUriManagedIdentity=_IDENTITIES,
        galleryScriptReferenceId=NotHere("Gallery", "galleries to take scripts from"),
        scriptShell=enum(
            "ScriptShellTypes", "Default", "Powershell7", NotHere("ScriptShell", "Powershell for scripts (scriptShell)")
        ),
    ),
    **named("parameters protectedParameters", _PARAMETERS),
    **named("asyncExecution treatFailureAsDeploymentFailure", bool),
    **named("runAsUser runAsPassword", str),
    timeoutInSeconds=int,
    **named("outputBlobUri errorBlobUri", _BLOBS),
    **named("outputBlobManagedIdentity errorBlobManagedIdentity", _IDENTITIES),
    **named("instanceView provisioningState", READ_ONLY),
)  # fmt: skip
RUN_COMMAND = resource(_RUN_COMMAND)
ACTION = obj("RunCommandInput", commandId=str, script=[str], parameters=_PARAMETERS)

# disks

_COPIES = NotHere("DiskCopy", "disks that are made from something else than nothing (creationData)")
_SHARING = NotHere("DiskSharing", "disks that several VMs share")
CONFIDENTIAL = NotHere("ConfidentialVM", "confidential VMs")
DISK_ENCRYPTION = NotHere("DiskEncryption", "Azure Disk Encryption (encryptionSettings)")
_SECURITY_TYPES = (
    "ConfidentialVM_VMGuestStateOnlyEncryptedWithPlatformKey ConfidentialVM_DiskEncryptedWithPlatformKey "
    "ConfidentialVM_DiskEncryptedWithCustomerKey ConfidentialVM_NonPersistedTPM"
)
_CREATE_OPTIONS = (
    "Empty Attach FromImage Import Copy Restore Upload CopyStart ImportSecure UploadPreparedSecure CopyFromSanSnapshot"
)
_CREATION_DATA = obj(
    "CreationData",
    createOption=enum("DiskCreateOption", _CREATE_OPTIONS),
    **named("imageReference galleryImageReference", _COPIES),
    **named(
        "storageAccountId sourceUri sourceResourceId uploadSizeBytes securityDataUri securityMetadataUri "
        "elasticSanResourceId provisionedBandwidthCopySpeed instantAccessDurationMinutes",
        _COPIES,
    ),
    logicalSectorSize=NotHere("LogicalSectorSize", "disks whose sectors have a size of choice (logicalSectorSize)"),
    performancePlus=bool,
    sourceUniqueId=READ_ONLY,
)
_DISK = obj(
    "DiskProperties",
    osType=OS_TYPE,
    hyperVGeneration=enum("HyperVGeneration", "V1 V2"),
    purchasePlan=obj("PurchasePlan", **named("name publisher product promotionCode", str)),
    supportedCapabilities=obj(
        "SupportedCapabilities",
        **named("diskControllerTypes architecture supportedSecurityOption", str), acceleratedNetwork=bool,
    ),
    creationData=_CREATION_DATA,
    **named("diskSizeGB diskIOPSReadWrite diskMBpsReadWrite maxShares", int),
    **named("diskIOPSReadOnly diskMBpsReadOnly", _SHARING),
    encryptionSettingsCollection=DISK_ENCRYPTION,
    encryption=obj(
        "Encryption",
        type=enum(
            "EncryptionType", "EncryptionAtRestWithPlatformKey EncryptionAtRestWithCustomerKey "
                              "EncryptionAtRestWithPlatformAndCustomerKeys",
        ),
        diskEncryptionSetId=str,
    ),
    networkAccessPolicy=enum("NetworkAccessPolicy", "AllowAll AllowPrivate DenyAll"),
    publicNetworkAccess=enum("PublicNetworkAccess", "Enabled Disabled"),
    dataAccessAuthMode=enum("DataAccessAuthMode", "AzureActiveDirectory None"),
    diskAccessId=NotHere("DiskAccess", "disk accesses, which are private links to disks (diskAccessId)"),
    tier=str,
    **named("burstingEnabled optimizedForFrequentAttach supportsHibernation", bool),
    securityProfile=obj(
        "DiskSecurityProfile",
        securityType=enum("DiskSecurityTypes", "TrustedLaunch Standard", _SECURITY_TYPES, CONFIDENTIAL),
        secureVMDiskEncryptionSetId=ENCRYPTION_SETS,
        confidentialVMVersion=READ_ONLY,
    ),
    availabilityPolicy=obj(
        "AvailabilityPolicy", actionOnDiskDelay=enum("AvailabilityPolicyDiskDelay", "None AutomaticReattach")
    ),
    **named(
        "burstingEnabledTime completionPercent diskSizeBytes diskState isArmResource LastOwnershipUpdateTime "
        "propertyUpdatesInProgress provisioningState shareInfo timeCreated uniqueId",
        READ_ONLY,
    ),
)  # fmt: skip
DISK = resource(
    _DISK, sku=obj("DiskSku", name=str, tier=READ_ONLY), zones=[str], extendedLocation=EXTENDED_LOCATION,
    managedByExtended=READ_ONLY,
)  # fmt: skip
AVAILABILITY_SET = resource(
    obj(
        "AvailabilitySetProperties",
        **named("platformFaultDomainCount platformUpdateDomainCount", int),
        proximityPlacementGroup=REFERENCE, scheduledEventsPolicy=EVENTS_POLICY,
        **named("virtualMachines statuses virtualMachineScaleSetMigrationInfo", READ_ONLY),
    ),
    sku=obj("Sku", name=str, **named("tier capacity", NotHere("Sku", "tiers or capacities of availability sets"))),
)  # fmt: skip
PROXIMITY_GROUP = resource(
    obj(
        "ProximityPlacementGroupProperties",
        proximityPlacementGroupType=enum("ProximityPlacementGroupType", "Standard Ultra"),
        intent=obj("ProximityPlacementGroupPropertiesIntent", vmSizes=[str]),
        **named("virtualMachines virtualMachineScaleSets availabilitySets colocationStatus", READ_ONLY),
    ),
    zones=[str],
)
