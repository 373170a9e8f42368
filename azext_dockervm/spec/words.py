"""Azure's and az's words for what can be chosen of a host. az's help tells them, and needs no values of a host."""

from __future__ import annotations

PROVISIONERS = ("auto", "docker-extension", "cloud-init", "run-command")

# az's, in its order.
AUTHENTICATION_TYPES = ("all", "password", "ssh")
SSH_KEY_TYPES = ("Ed25519", "RSA")

TRUSTED_LAUNCH, STANDARD = "TrustedLaunch", "Standard"
SECURITY_TYPES = (TRUSTED_LAUNCH, STANDARD)

# --public-ip-address "": the host has none.
NO_PUBLIC_IP = ""
# --nsg "": the host's interface has none of its own, and its subnet's guards it.
NO_SECURITY_GROUP = ""

# The disk of the operating system, and the data disk of Docker alone, beside the LUNs of data disks.
OS = "os"
DOCKER = "docker"
READ_ONLY = "ReadOnly"
NO_CACHE = "None"
CACHES = (NO_CACHE, READ_ONLY, "ReadWrite")
ULTRA = "UltraSSD_LRS"
# Disks of these types are data disks only, and nothing on the way to them is cached:
# https://learn.microsoft.com/azure/virtual-machines/disks-types
WITHOUT_CACHE = (ULTRA, "PremiumV2_LRS")
SKUS = ("Standard_LRS", "StandardSSD_LRS", "Premium_LRS", "StandardSSD_ZRS", "Premium_ZRS", *WITHOUT_CACHE)
# Where an OS disk that is local to the VM's server lies.
NVME = "NvmeDisk"
PLACEMENTS = ("CacheDisk", NVME, "ResourceDisk")

# Low is what Spot was called before 2019-12-01. SpotPlus is a priority of its own, for which all counts that does for
# Spot (azure-cli#33881).
SPOT_PLUS = "SpotPlus"
SPOTS = ("Spot", SPOT_PLUS, "Low")
PRIORITIES = ("Regular", *SPOTS)
EVICTION_POLICIES = ("Deallocate", "Delete")
# az's for Linux (command_modules/vm/_params.py), in its order.
LICENSE_TYPES = (
    "None", "RHEL_BASE", "RHEL_BASESAPAPPS", "RHEL_BASESAPHA", "RHEL_BYOS", "RHEL_ELS_6", "RHEL_EUS", "RHEL_SAPAPPS",
    "RHEL_SAPHA", "SLES", "SLES_BYOS", "SLES_HPC", "SLES_SAP", "SLES_STANDARD", "UBUNTU", "UBUNTU_PRO")
