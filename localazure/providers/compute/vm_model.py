"""What a virtual machine is described by: the model of its body, with what Azure has of it but Local Azure has not."""

from __future__ import annotations

from localazure.providers.compute.model import (
    CONFIDENTIAL,
    DISK_ENCRYPTION,
    EVENTS_POLICY,
    EXTENDED_LOCATION,
    OS_TYPE,
    resource,
)
from localazure.providers.model import ANY, READ_ONLY, REFERENCE, NotHere, enum, named, obj

# disks

_CACHING = enum("CachingTypes", "None ReadOnly ReadWrite")
_DELETE_OPTION = enum("DeleteOptions", "Delete Detach")
_CREATE_OPTION = enum("DiskCreateOptionTypes", "FromImage Empty Attach Copy Restore")
_STORAGE_TYPE = enum(
    "StorageAccountType",
    "Standard_LRS StandardSSD_LRS StandardSSD_ZRS Premium_LRS Premium_ZRS UltraSSD_LRS PremiumV2_LRS",
)
_SPOT_PLUS = NotHere("SpotPlus", "VMs of the priority SpotPlus")
_NVME = NotHere("NVMe", "NVMe disks to put an OS disk on (diffDiskSettings.placement)")
_UNMANAGED = NotHere("UnmanagedDisk", "unmanaged disks (vhd, image)")
_FAULT_DOMAINS = NotHere("FaultDomains", "fault domains of disks (storageFaultDomainAlignment)")
_ENCRYPTION_SET = obj("DiskEncryptionSetParameters", id=str)
_MANAGED_DISK = obj(
    "ManagedDiskParameters", id=str, storageAccountType=_STORAGE_TYPE, diskEncryptionSet=_ENCRYPTION_SET,
    securityProfile=CONFIDENTIAL,
    additionalDiskProperties=NotHere(
        "AdditionalDiskProperties", "additionalDiskProperties: change the disk by its own resource"
    ),
)  # fmt: skip
_OS_DISK = obj(
    "OSDisk",
    osType=OS_TYPE, encryptionSettings=DISK_ENCRYPTION, name=str, **named("vhd image", _UNMANAGED), caching=_CACHING,
    writeAcceleratorEnabled=bool,
    diffDiskSettings=obj(
        "DiffDiskSettings",
        option=enum("DiffDiskOptions", "Local"),
        placement=enum("DiffDiskPlacement", "CacheDisk ResourceDisk", "NvmeDisk", _NVME),
        enableFullCaching=NotHere("FullCaching", "ephemeral disks with full caching (enableFullCaching)"),
    ),
    createOption=_CREATE_OPTION, diskSizeGB=int, storageFaultDomainAlignment=_FAULT_DOMAINS,
    managedDisk=_MANAGED_DISK, deleteOption=_DELETE_OPTION,
)  # fmt: skip
_PERFORMANCE = NotHere("DiskPerformance", "disks with a performance of choice (diskIOPSReadWrite, diskMBpsReadWrite)")
_DATA_DISK = obj(
    "DataDisk",
    lun=int, name=str, **named("vhd image", _UNMANAGED), caching=_CACHING, createOption=_CREATE_OPTION, diskSizeGB=int,
    **named("writeAcceleratorEnabled toBeDetached", bool), storageFaultDomainAlignment=_FAULT_DOMAINS,
    managedDisk=_MANAGED_DISK,
    sourceResource=NotHere("DiskCopy", "data disks that are copies (sourceResource)"),
    **named("diskIOPSReadWrite diskMBpsReadWrite", _PERFORMANCE),
    detachOption=enum("DiskDetachOptionTypes", "ForceDetach"), deleteOption=_DELETE_OPTION,
)  # fmt: skip
_STORAGE = obj(
    "StorageProfile",
    imageReference=obj(
        "ImageReference", **named("id publisher offer sku version", str), exactVersion=READ_ONLY,
        **named("sharedGalleryImageId communityGalleryImageId", str),
    ),
    osDisk=_OS_DISK, dataDisks=[_DATA_DISK],
    diskControllerType=enum("DiskControllerTypes", "SCSI NVMe"),
    alignRegionalDisksToVMZone=bool,
    diskApiVersion=NotHere("DiskApiVersion", "choice of the api-version of a VM's disks (diskApiVersion)"),
)  # fmt: skip

# the guest

_LINUX = obj(
    "LinuxConfiguration",
    **named("disablePasswordAuthentication provisionVMAgent enableVMAgentPlatformUpdates", bool),
    ssh=obj("SshConfiguration", publicKeys=[obj("SshPublicKey", path=str, keyData=str)]),
    patchSettings=obj(
        "LinuxPatchSettings",
        patchMode=enum("LinuxVMGuestPatchMode", "ImageDefault AutomaticByPlatform"),
        assessmentMode=enum("LinuxPatchAssessmentMode", "ImageDefault AutomaticByPlatform"),
        automaticByPlatformSettings=obj(
            "LinuxVMGuestPatchAutomaticByPlatformSettings",
            rebootSetting=enum(
                "LinuxVMGuestPatchAutomaticByPlatformRebootSetting", "Unknown IfRequired Never Always"
            ),
            bypassPlatformSafetyChecksOnUserSchedule=bool,
        ),
    ),
)  # fmt: skip
_OS_PROFILE = obj(
    "OSProfile",
    **named("computerName adminUsername adminPassword customData", str),
    windowsConfiguration=ANY,
    linuxConfiguration=_LINUX,
    secrets=NotHere("KeyVault", "key vaults to take the secrets of a VM from (osProfile.secrets)"),
    **named("allowExtensionOperations requireGuestProvisionSignal", bool),
)
_SECURITY = obj(
    "SecurityProfile",
    uefiSettings=obj("UefiSettings", **named("secureBootEnabled vTpmEnabled", bool)),
    encryptionAtHost=bool,
    encryptionIdentity=obj("EncryptionIdentity", userAssignedIdentityResourceId=str),
    securityType=enum("SecurityTypes", "Standard TrustedLaunch", "ConfidentialVM", CONFIDENTIAL),
    proxyAgentSettings=NotHere("ProxyAgent", "metadata security protocol (proxyAgentSettings)"),
)

# what it is connected to

_INTERFACES = obj(
    "NetworkProfile",
    networkInterfaces=[obj(
        "NetworkInterfaceReference", id=str,
        properties=obj("NetworkInterfaceReferenceProperties", primary=bool, deleteOption=_DELETE_OPTION),
    )],
    networkInterfaceConfigurations=NotHere(
        "InterfaceConfigurations", "networkInterfaceConfigurations: it takes existing network interfaces only"
    ),
    networkApiVersion=NotHere("NetworkApiVersion", "networkInterfaceConfigurations for a networkApiVersion"),
    interconnectGroupProfile=NotHere("Interconnects", "interconnect groups (interconnectGroupProfile)"),
)  # fmt: skip
_HOSTS = NotHere("DedicatedHosts", "dedicated hosts")
_TERMINATION = NotHere("ScheduledEvents", "notices of a VM's end (terminateNotificationProfile)")
VM = resource(
    obj(
        "VirtualMachineProperties",
        hardwareProfile=obj(
            "HardwareProfile", vmSize=str,
            vmSizeProperties=NotHere("SizeProperties", "other numbers of vCPUs than the size's (vmSizeProperties)"),
            processorMode=NotHere("ProcessorMode", "modes of processors (processorMode)"),
        ),
        flexProfile=NotHere("FlexProfile", "sizes of preference (flexProfile)"),
        storageProfile=_STORAGE, osProfile=_OS_PROFILE, networkProfile=_INTERFACES, securityProfile=_SECURITY,
        additionalCapabilities=obj(
            "AdditionalCapabilities", **named("ultraSSDEnabled hibernationEnabled enableFips1403Encryption", bool)
        ),
        diagnosticsProfile=obj(
            "DiagnosticsProfile", bootDiagnostics=obj("BootDiagnostics", enabled=bool, storageUri=str)
        ),
        **named("availabilitySet proximityPlacementGroup", REFERENCE),
        **named("host hostGroup", _HOSTS),
        virtualMachineScaleSet=NotHere("ScaleSets", "scale sets"),
        platformFaultDomain=NotHere("ScaleSets", "scale sets, whose VMs alone choose a platformFaultDomain"),
        capacityReservation=NotHere("CapacityReservations", "capacity reservations"),
        applicationProfile=NotHere("GalleryApplications", "gallery applications"),
        interconnectBlockProfile=NotHere("Interconnects", "interconnect blocks (interconnectBlockProfile)"),
        priority=enum("VirtualMachinePriorityTypes", "Regular Low Spot", "SpotPlus", _SPOT_PLUS),
        evictionPolicy=enum("VirtualMachineEvictionPolicyTypes", "Deallocate Delete"),
        billingProfile=obj("BillingProfile", maxPrice=float),
        **named("licenseType extensionsTimeBudget userData", str),
        scheduledEventsPolicy=EVENTS_POLICY,
        scheduledEventsProfile=obj(
            "ScheduledEventsProfile", terminateNotificationProfile=_TERMINATION,
            osImageNotificationProfile=obj("OSImageNotificationProfile", enable=bool, notBeforeTimeout=str),
        ),
        resiliencyProfile=obj("ResiliencyProfile", zoneMovement=obj("ZoneMovement", isEnabled=bool)),
        **named("instanceView provisioningState timeCreated vmId", READ_ONLY),
    ),
    plan=obj("Plan", **named("name publisher product promotionCode", str)),
    identity=ANY, zones=[str], resources=READ_ONLY, extendedLocation=EXTENDED_LOCATION,
    placement=obj(
        "Placement",
        zonePlacementPolicy=enum(
            "ZonePlacementPolicyType", "Any", "Auto", NotHere("ScaleSets", "scale sets, whose zones Auto chooses")
        ),
        **named("includeZones excludeZones", [str]),
    ),
)  # fmt: skip

# the action attachDetachDataDisks

ATTACH_DETACH = obj(
    "AttachDetachDataDisksRequest",
    dataDisksToAttach=[obj(
        "DataDisksToAttach", diskId=str, lun=int, caching=_CACHING, deleteOption=_DELETE_OPTION,
        diskEncryptionSet=_ENCRYPTION_SET, writeAcceleratorEnabled=bool,
    )],
    dataDisksToDetach=[obj("DataDisksToDetach", diskId=str, detachOption=enum("DiskDetachOptionTypes", "ForceDetach"))],
)  # fmt: skip
