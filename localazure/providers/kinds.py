"""The resource types that several providers name, so that none has to import another for a name."""

from __future__ import annotations

VM = "Microsoft.Compute/virtualMachines"
EXTENSION = f"{VM}/extensions"
RUN_COMMAND = f"{VM}/runCommands"
DISK = "Microsoft.Compute/disks"
AVAILABILITY_SET = "Microsoft.Compute/availabilitySets"
SSH_KEY = "Microsoft.Compute/sshPublicKeys"
PROXIMITY_GROUP = "Microsoft.Compute/proximityPlacementGroups"
VNET = "Microsoft.Network/virtualNetworks"
SUBNET = f"{VNET}/subnets"
NIC = "Microsoft.Network/networkInterfaces"
PUBLIC_IP = "Microsoft.Network/publicIPAddresses"
NSG = "Microsoft.Network/networkSecurityGroups"
SECURITY_RULE = f"{NSG}/securityRules"
ASG = "Microsoft.Network/applicationSecurityGroups"
USER_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
